import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { provision } from '@doublehop/directory/provision';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import { memoryStore } from '@doublehop/directory/store/memory';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { createDomainController } from '@doublehop/domain-controller/dc';
import { decodeNetlogonResponse } from '@doublehop/security/netlogon/response';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { nodeResolver } from '@doublehop/kerberos/locate/node-resolver';
import { principal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { LdapClient } from '@doublehop/ldap/client/client';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { decodeMessage, encodeMessage } from '@doublehop/ldap/messages/message';
import { describe, expect, it } from 'vitest';
import {
  ADMIN_PASSWORD,
  ALICE,
  connectAs,
  entriesOf,
  passwordOf,
  type RunningDomain,
  serverDn,
  startDomain,
} from './support/domain.ts';

const random = pooledRandom();

async function ticketOverSockets({ endpoints }: RunningDomain, name: string, password: string) {
  const { address, kdcPort } = endpoints;
  const profile = parseProfile(`
[libdefaults]
  default_realm = CONTOSO.COM
[realms]
  CONTOSO.COM = {
    kdc = ${address}:${kdcPort}
  }
`);
  const config = krb5Config(profile);
  const resolver = nodeResolver();
  const exchange = configuredExchange(config, { resolver, random, clock: Date.now });
  const client = new KerberosClient({
    transport: (realm, request) => exchange(realm, request),
    clock: Date.now,
    random,
    cache: memoryCache(),
  });
  const me = principal('CONTOSO.COM', NameType.PRINCIPAL, name);
  await client.login(me, { kind: 'password', password });
  const service = principal('CONTOSO.COM', NameType.SRV_INST, 'cifs', 'serverc.contoso.com');
  return await client.getServiceTicket(service);
}

async function ping({ endpoints }: RunningDomain, filter: string): Promise<Uint8Array> {
  const socket = createSocket('udp4');
  const value = {
    ...({ baseObject: '', scope: 'base', derefAliases: 'never' } as const),
    sizeLimit: 0,
    timeLimit: 0,
    typesOnly: false,
    filter: parseFilter(filter),
    attributes: ['netlogon'],
  };
  const request = { messageId: 1, operation: { kind: 'searchRequest', value } as const };
  try {
    const answer = once(socket, 'message');
    socket.send(encodeMessage(request), endpoints.ldapPort, endpoints.address);
    // Sound: a datagram is a Buffer (node:dgram).
    const [message] = (await answer) as [Buffer];
    return Uint8Array.from(message);
  } finally {
    socket.close();
  }
}

describe('a domain controller', () => {
  it('answers pings on the UDP port of LDAP (MS-ADTS 6.3.3)', async () => {
    const domain = await startDomain();
    const { guid } = domain.dc.directory.get(domain.dc.domain.dn);
    const user = '(User=alice)(AAC=\\10\\00\\00\\00)';
    const asked: readonly (readonly [string, number])[] = [
      [`(DnsDomain=contoso.com)${user}`, 23],
      ['(DnsDomain=CONTOSO.COM.)(User=nobody)(AAC=\\10\\00\\00\\00)', 25],
      ['(DnsDomain=contoso.com)(User=alice)', 25],
      ['(DnsDomain=contoso.com)(User=SERVERB$)(AAC=\\80\\00\\00\\00)', 23],
      ['(DnsDomain=contoso.com)(User=SERVERB$)(AAC=\\00\\01\\00\\00)', 25],
    ];
    for (const [filter, opcode] of asked) {
      const reply = await ping(domain, `(&${filter}(NtVer=\\0e\\00\\00\\00))`);
      const size = 2 + (reply[1] ?? 0) + (reply[1] === 0x81 ? 1 : 0);
      const whole = reply[1] === 0x81 ? 3 + (reply[2] ?? 0) : size;
      const { operation } = decodeMessage(reply.subarray(0, whole));
      if (operation.kind !== 'searchEntry') throw new TypeError('no entry');
      const [netlogon] = operation.value.attributes;
      expect(netlogon?.type).toBe('Netlogon');
      expect(decodeNetlogonResponse(netlogon?.values[0] ?? new Uint8Array())).toMatchObject({
        opcode,
        domainGuid: guid,
        dnsHostName: 'dc.contoso.com',
        address: '127.0.0.1',
      });
    }
    for (const other of ['(DnsDomain=fabrikam.com)', '(DomainSid=\\01\\00)', '(NtVer=\\06)']) {
      const reply = await ping(domain, `(&${other}(NtVer=\\06))`);
      expect(decodeMessage(reply).operation.kind).toBe('searchDone');
    }
    await domain.close();
    expect(domain.defects).toEqual([]);
  });

  it('listens for the global catalog, in clear text and with TLS', async () => {
    const domain = await startDomain();
    const { address, gcPort, gcsPort } = domain.endpoints;
    for (const url of [`ldap://${address}:${gcPort}`, `ldaps://${address}:${gcsPort}`]) {
      const client = await LdapClient.connect({ url, tls: { ca: domain.dc.certificate } });
      const entries = await entriesOf(client, { base: '', scope: 'base' });
      expect(entries).toHaveLength(1);
      await client.close();
    }
    await domain.close();
  });

  it('serves KDC, LDAP and LDAPS on one directory', async () => {
    const domain = await startDomain();
    const ticket = await ticketOverSockets(domain, 'alice', passwordOf('alice'));
    expect(ticket.server.name.nameString).toEqual(['cifs', 'serverc.contoso.com']);
    expect(domain.audit.map(({ EventID, Reason }) => [EventID, Reason])).toEqual([
      [4768, 'preauth-required'],
      [4768, '-'],
      [4769, '-'],
    ]);
    const administrator = await connectAs(domain, 'Administrator');
    // What LDAP writes, the KDC heeds at once.
    const disable = { operation: 'replace', attribute: 'userAccountControl' } as const;
    await administrator.modify(ALICE, [{ ...disable, values: ['514'] }]);
    await expect(ticketOverSockets(domain, 'alice', passwordOf('alice'))).rejects.toThrow();
    expect(domain.audit.at(-1)).toMatchObject({ Reason: 'client-disabled' });
    await administrator.close();
    await domain.close();
    expect(domain.defects).toEqual([]);
    await expect(connectAs(domain, 'Administrator')).rejects.toMatchObject({
      code: 'connectError',
    });
  });

  it('answers for its names: a certificate for each of them', async () => {
    const domain = await startDomain();
    const { ldapsPort } = domain.endpoints;
    for (const servername of ['dc.contoso.com', 'dc', 'contoso.com', 'localhost']) {
      const client = await LdapClient.connect({
        url: `ldaps://127.0.0.1:${ldapsPort}`,
        tls: { ca: domain.dc.certificate, servername },
      });
      await client.close();
    }
    await domain.close();
  });

  it('takes up a store where another controller left it', async () => {
    const path = mkdtempSync(join(tmpdir(), 'dc-'));
    const first = await startDomain({ store: await lmdbStore({ path }) });
    const admin = await connectAs(first, 'Administrator');
    const change = { operation: 'add', attribute: 'location', values: ['here'] } as const;
    await admin.modify(serverDn('SERVERC'), [change]);
    await admin.close();
    await first.close();
    await first.store.close();
    const store = await lmdbStore({ path });
    const dc = createDomainController({
      store,
      controllerName: 'DC',
      listen: { address: '127.0.0.1' },
      clock: Date.now,
      random,
    });
    const second = { ...first, dc, store, endpoints: await dc.start() };
    expect(dc.domain.realm).toBe('CONTOSO.COM');
    const client = await connectAs(second, 'alice');
    const found = await entriesOf(client, {
      base: dc.domain.dn,
      filter: '(location=here)',
      attributes: ['1.1'],
    });
    expect(found.map(({ dn }) => dn)).toEqual([serverDn('SERVERC')]);
    await client.close();
    await dc.close();
    await store.close();
    rmSync(path, { recursive: true });
  });

  it('does not start on a store without a whole domain', async () => {
    const store = memoryStore();
    const make = (controllerName = 'DC') =>
      createDomainController({
        store,
        controllerName,
        listen: { address: '127.0.0.1' },
        clock: Date.now,
        random,
      });
    expect(() => make()).toThrow(expect.objectContaining({ code: 'no-domain' }));
    const directory = new Directory({ store, clock: Date.now, random });
    await provision(directory, { dnsName: 'contoso.com', netbiosName: 'CONTOSO', random });
    expect(() => make()).toThrow(expect.objectContaining({ code: 'no-krbtgt' }));
    const whole = await startDomain();
    const other = { store: whole.store, clock: Date.now, random };
    const listen = { address: '127.0.0.1' };
    expect(() => createDomainController({ ...other, controllerName: 'DC2', listen })).toThrow(
      expect.objectContaining({ code: 'config' }),
    );
    await whole.close();
  });

  it('makes no second domain in a directory', async () => {
    const directory = new Directory({ store: memoryStore(), clock: Date.now, random });
    const domain = {
      dnsName: 'corp.example',
      netbiosName: 'CORP',
      administratorPassword: ADMIN_PASSWORD,
      controllerName: 'HUB',
    };
    await createDomain(directory, domain, random);
    await expect(createDomain(directory, domain, random)).rejects.toMatchObject({
      code: 'entryAlreadyExists',
    });
    const spns = directory
      .get('CN=HUB,OU=Domain Controllers,DC=corp,DC=example')
      .values('servicePrincipalName');
    expect(spns).toContain('ldap/hub.corp.example/corp.example');
  });

  it('tells which port is taken, and leaves none behind', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const taken = blocker.address();
    const port = typeof taken === 'object' ? (taken?.port ?? 0) : 0;
    for (const which of ['kdcPort', 'kpasswdPort', 'ldapPort', 'ldapsPort']) {
      const listen = { address: '127.0.0.1', [which]: port };
      await expect(startDomain({ listen })).rejects.toMatchObject({
        code: 'listen',
        message: expect.stringContaining(`127.0.0.1:${port}`),
      });
    }
    await new Promise((resolve) => blocker.close(resolve));
  });
});
