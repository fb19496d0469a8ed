import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import type { Store } from '@doublehop/directory/store/store';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import {
  createDomainController,
  type DomainController,
  type DomainControllerOptions,
  type Endpoints,
} from '@doublehop/domain-controller/dc';
import { setPassword } from '@doublehop/domain-controller/directory-keys';
import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { LdapClient } from '@doublehop/ldap/client/client';
import type { ClientEntry, LdapClientOptions, SearchOptions } from '@doublehop/ldap/client/types';

/** Passwords of the accounts below. */
export const ADMIN_PASSWORD = 'Adm1n.istrator';
export const passwordOf = (name: string): string => `Passw0rd.${name}`;

export const BASE = 'DC=contoso,DC=com';
export const SERVERS = `OU=Servers,OU=NA,${BASE}`;
export const serverDn = (name: string): string => `CN=${name},${SERVERS}`;
export const ALICE = `CN=Alice,CN=Users,${BASE}`;

/** A domain with users and servers, running on a loopback address. */
export interface RunningDomain {
  readonly dc: DomainController;
  readonly endpoints: Endpoints;
  readonly store: Store;
  readonly audit: AuditEvent[];
  /** What the services reported as their own mistakes: nothing, ever. */
  readonly defects: unknown[];
  readonly close: () => Promise<void>;
}

/** Makes CONTOSO.COM in memory: Alice, Bob, ServerB and ServerC; starts its controller. */
export async function startDomain(
  options: Partial<DomainControllerOptions> = {},
): Promise<RunningDomain> {
  const random = pooledRandom();
  const store = options.store ?? memoryStore();
  const clock = options.clock ?? Date.now;
  const directory = new Directory({ store, clock, random });
  const info = await createDomain(
    directory,
    {
      dnsName: 'contoso.com',
      netbiosName: 'CONTOSO',
      administratorPassword: ADMIN_PASSWORD,
      controllerName: 'DC',
      controllerAliases: ['localhost', '127.0.0.1'],
    },
    random,
  );
  await directory.add(`OU=NA,${BASE}`, { objectClass: 'organizationalUnit' });
  await directory.add(SERVERS, { objectClass: 'organizationalUnit' });
  for (const name of ['Alice', 'Bob']) {
    const dn = `CN=${name},CN=Users,${BASE}`;
    await directory.add(dn, {
      objectClass: 'user',
      sAMAccountName: name.toLowerCase(),
      userPrincipalName: `${name.toLowerCase()}@contoso.com`,
      userAccountControl: '512',
    });
    await setPassword(directory, info, dn, passwordOf(name.toLowerCase()));
  }
  for (const name of ['SERVERB', 'SERVERC']) {
    const host = `${name.toLowerCase()}.contoso.com`;
    await directory.add(serverDn(name), {
      objectClass: 'computer',
      sAMAccountName: `${name}$`,
      userAccountControl: '4096',
      dNSHostName: host,
      servicePrincipalName: [`HOST/${name}`, `HOST/${host}`],
    });
    await setPassword(directory, info, serverDn(name), passwordOf(name));
  }
  const audit: AuditEvent[] = [];
  const defects: unknown[] = [];
  const dc = createDomainController({
    store,
    controllerName: 'DC',
    listen: { address: '127.0.0.1' },
    clock,
    random,
    audit: (event) => audit.push(event),
    onDefect: (error) => defects.push(error),
    ...options,
  });
  const endpoints = await dc.start();
  return { dc, endpoints, store, audit, defects, close: () => dc.close() };
}

/** A connection over LDAPS that trusts the controller's certificate. */
export function connectTls({ dc, endpoints }: RunningDomain): Promise<LdapClient> {
  const url = `ldaps://127.0.0.1:${endpoints.ldapsPort}`;
  return LdapClient.connect({ url, tls: { ca: dc.certificate } });
}

/** A connection in clear text. */
export function connectClear(
  { endpoints }: RunningDomain,
  options: Partial<LdapClientOptions> = {},
): Promise<LdapClient> {
  return LdapClient.connect({ url: `ldap://127.0.0.1:${endpoints.ldapPort}`, ...options });
}

/** The connection of an account of the domain, by a simple bind over TLS. */
export async function connectAs(
  domain: RunningDomain,
  name: string,
  password: string = name === 'Administrator' ? ADMIN_PASSWORD : passwordOf(name),
): Promise<LdapClient> {
  const client = await connectTls(domain);
  await client.bindSimple(`CONTOSO\\${name}${/^[A-Z]+[BC]$/.test(name) ? '$' : ''}`, password);
  return client;
}

/** Every entry that a search returns. */
export async function entriesOf(
  client: LdapClient,
  options: SearchOptions,
): Promise<ClientEntry[]> {
  const entries: ClientEntry[] = [];
  for await (const item of client.search(options)) if (item.kind === 'entry') entries.push(item);
  return entries;
}

/** Values of an attribute as text; undefined where the entry does not have it. */
export function textsOf(entry: ClientEntry | undefined, name: string): string[] | undefined {
  const found = entry?.attributes.find(({ type }) => type === name);
  return found?.values.map((value) => Buffer.from(value).toString());
}

/** Octets of the first value of an attribute. */
export function octetsOf(entry: ClientEntry | undefined, name: string): Uint8Array | undefined {
  return entry?.attributes.find(({ type }) => type === name)?.values[0];
}

/** A ticket of a user of the domain for a service, from the controller's own KDC. */
export async function ticketFor(
  { dc }: RunningDomain,
  name: string,
  service: readonly [string, string],
  password: string = passwordOf(name),
): Promise<Credentials> {
  const peer = { address: '127.0.0.1', port: 1, transport: 'tcp' } as const;
  const client = new KerberosClient({
    transport: (_realm, request) => {
      const reply = dc.kdc.handle(request, peer);
      return reply === undefined ? Promise.reject(new Error('silence')) : Promise.resolve(reply);
    },
    clock: Date.now,
    random: pooledRandom(),
    cache: memoryCache(),
  });
  const me = principal('CONTOSO.COM', NameType.PRINCIPAL, name);
  await client.login(me, { kind: 'password', password });
  return await client.getServiceTicket(principal('CONTOSO.COM', NameType.SRV_INST, ...service));
}
