import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Key } from '@doublehop/crypto/key';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { findAuthorizationData } from '@doublehop/kerberos/gss/authorization-data';
import { AdType } from '@doublehop/kerberos/iana/padata-types';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { decodeDer } from '@doublehop/wire/der';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { clientOf, serviceOf } from '../support/kerberos-client.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import { runOrThrow } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const TARGET = 'cifs/serverc.contoso.com';
const reader = fileURLToPath(new URL('samba-pac.py', import.meta.url));
const named = (text: string): Principal => parsePrincipal(text, REALM);

describe("Samba's NDR library reads the PACs that our KDC makes", () => {
  const dir = makeTempDir('pac-samba');
  let running: Contoso | undefined;

  beforeAll(async () => {
    if (whyMissing('samba') === undefined) running = await startContoso(dir);
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
  });

  function contoso(): Contoso {
    if (running === undefined) throw new Error('the domain was not started');
    return running;
  }

  /** What Samba reads out of the PAC of a ticket to `server`. */
  async function read({ ticket }: Credentials, server: string): Promise<unknown> {
    const { encPart } = decodeDer(Ticket, ticket);
    const key = contoso()
      .account(server)
      .keys?.keys.find(({ etype }) => etype === encPart.etype);
    const plain = Key.of(encPart.etype, key?.bytes ?? new Uint8Array()).decrypt(2, encPart.cipher);
    const { authorizationData = [] } = decodeDer(EncTicketPart, plain);
    const input = findAuthorizationData(authorizationData, AdType.WIN2K_PAC) ?? '';
    return JSON.parse(await runOrThrow('/usr/bin/python3', [reader], { input }));
  }

  const identity = () => {
    const { sid, rid, groups } = contoso().account('alice');
    return {
      logonInfo: {
        account: 'alice',
        domain: 'CONTOSO',
        server: 'DC',
        rid,
        primaryGroup: 513,
        groups: groups.map((group) => group.rid),
        domainSid: sid.slice(0, sid.lastIndexOf('-')),
      },
      logonName: 'alice',
      upn: ['alice@contoso.com', REALM, 'alice'],
      upnSid: sid,
    };
  };

  test('of a TGT and of a service ticket', async (ctx) => {
    requirePeers(ctx, 'samba');
    const client = clientOf(contoso());
    const secret = { kind: 'password', password: contoso().password('alice') } as const;
    const { credentials } = await client.login(named('alice'), secret);
    const ofTgt = await read(credentials, 'krbtgt');
    const { sid } = contoso().account('alice');
    // PAC_WAS_GIVEN_IMPLICITLY or PAC_WAS_REQUESTED (MS-PAC 2.14).
    expect(ofTgt).toMatchObject({ ...identity(), requester: sid, attributes: expect.any(Number) });
    const service = await read(await client.getServiceTicket(named(TARGET)), 'SERVERC$');
    const signature = { type: 16, size: 12 };
    const signatures = { 6: signature, 7: signature, 16: signature, 19: signature };
    expect(service).toMatchObject({ ...identity(), signatures });
  });

  test('of an S4U2Self ticket, and of the hop that followed', async (ctx) => {
    requirePeers(ctx, 'samba');
    await contoso().grant('ServerC', 'ServerB');
    const options = { settings: { forwardable: true } };
    const keytab = contoso().keytab('serverb');
    const service = await serviceOf(contoso(), named('SERVERB$'), keytab, options);
    const evidence = await service.impersonate(named('alice'));
    // S-1-18-2: the service asserted who it is (MS-SFU 3.2.5.1.2).
    const self = {
      logonInfo: { account: 'alice', extraSids: expect.arrayContaining(['S-1-18-2']) },
    };
    expect(await read(evidence, 'SERVERB$')).toMatchObject(self);
    const hop = await service.proxy(evidence, named(TARGET));
    expect(await read(hop, 'SERVERC$')).toMatchObject({
      ...identity(),
      delegation: { target: TARGET, services: [`SERVERB$@${REALM}`] },
    });
  });
});
