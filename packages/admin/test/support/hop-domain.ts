// A domain in this process with every user, middle and descriptor of the table of hops.
import { pooledRandom } from '@doublehop/crypto/random';
import type { KdcProfile } from '@doublehop/delegation/profiles';
import { KDC_PROFILES } from '@doublehop/delegation/profiles';
import type { AccountKey } from '@doublehop/directory/account';
import { Directory } from '@doublehop/directory/directory';
import type { AttributeInput } from '@doublehop/directory/entry';
import { memoryStore } from '@doublehop/directory/store/memory';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { createDomainController, type DomainController } from '@doublehop/domain-controller/dc';
import { randomKeys } from '@doublehop/domain-controller/directory-keys';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import type { ClientSecret } from '@doublehop/kerberos/client/secret';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import type { KeytabEntry } from '@doublehop/kerberos/keytab';
import { principal } from '@doublehop/kerberos/names';
import { fileTimeOf } from '@doublehop/security/filetime';
import { decodeSid, domainOf, type Sid } from '@doublehop/security/sid';
import { type Cast, FORMS, MIDDLES, type MiddleKind, targetName, USERS } from './hop-cases.ts';
import { PASSWORD } from './contoso.ts';

const BASE = 'DC=contoso,DC=com';
const USERS_DN = `CN=Users,${BASE}`;
const SERVERS_DN = `CN=Computers,${BASE}`;
const PEER = { address: '127.0.0.1', port: 1, transport: 'tcp' } as const;
const random = pooledRandom();

export interface HopDomain {
  readonly controller: DomainController;
  readonly ldap: string;
  readonly kdcPort: number;
  /** A client of an account that asks the KDC without a network. */
  client(account: string, forwardable?: boolean, secret?: ClientSecret): KerberosClient;
  /** The keys of an account, as its keytab would have them. */
  keytab(account: string): readonly KeytabEntry[];
  sid(account: string): Sid;
  close(): Promise<void>;
}

/** sAMAccountName of a middle. */
export function middleAccount(kind: MiddleKind): string {
  return kind.endsWith('-user') ? kind : `${kind}$`;
}

export async function startHopDomain(profile: KdcProfile = 'windows'): Promise<HopDomain> {
  const store = memoryStore();
  const directory = new Directory({ store, clock: Date.now, random });
  await createDomain(
    directory,
    {
      dnsName: 'contoso.com',
      netbiosName: 'CONTOSO',
      administratorPassword: PASSWORD,
      controllerName: 'DC',
      controllerAliases: ['localhost'],
    },
    random,
  );
  const keys = randomKeys(random);
  await addAccounts(directory, keys);
  const controller = createDomainController({
    store,
    controllerName: 'DC',
    listen: { address: '127.0.0.1' },
    kdc: KDC_PROFILES[profile],
    clock: Date.now,
    random,
  });
  const sid = (account: string): Sid => {
    const found = controller.accounts.byName(account)?.sid ?? groupSid(controller, account);
    if (found === undefined) throw new Error(`no ${account}`);
    return found;
  };
  await addTargets(controller.directory, castOf(sid));
  const { kdcPort, ldapPort } = await controller.start();
  return {
    controller,
    kdcPort,
    ldap: `ldap://localhost:${ldapPort}`,
    sid,
    keytab: (account) => keytabOf(controller, account),
    client: (account, forwardable = true, secret = { kind: 'keys', keys }) =>
      new KerberosClient({
        transport: (_realm, request) => {
          const reply = controller.kdc.handle(request, PEER);
          return reply === undefined
            ? Promise.reject(new Error('silence'))
            : Promise.resolve(reply);
        },
        clock: Date.now,
        random,
        cache: memoryCache(),
        settings: { forwardable },
        account: {
          client: principal('CONTOSO.COM', NameType.PRINCIPAL, account),
          secret,
        },
      }),
    close: async () => {
      await controller.close();
      await store.close();
    },
  };
}

function keytabOf({ accounts }: DomainController, account: string): readonly KeytabEntry[] {
  const { kvno = 0, keys = [] } = accounts.byName(account)?.keys ?? {};
  const name = principal('CONTOSO.COM', NameType.PRINCIPAL, account);
  return keys.map((key) => ({ principal: name, timestamp: 0, kvno, key }));
}

function groupSid({ directory }: DomainController, name: string): Sid | undefined {
  const bytes = directory.find(`CN=${name},${USERS_DN}`)?.bytes('objectSid');
  return bytes === undefined ? undefined : decodeSid(bytes);
}

function castOf(sid: (account: string) => Sid): Cast {
  const middles = MIDDLES.map((kind) => sid(middleAccount(kind)));
  return {
    domain: domainOf(sid('Middles')),
    middles,
    group: sid('Middles'),
    outerGroup: sid('Outer'),
    localGroup: sid('Local'),
    otherGroup: sid('Others'),
  };
}

const USER_ATTRIBUTES: Readonly<Record<(typeof USERS)[number], AttributeInput>> = {
  normal: { userAccountControl: '512' },
  sensitive: { userAccountControl: String(0x10_0200) },
  protected: { userAccountControl: '512' },
  disabled: { userAccountControl: '514' },
  expired: { userAccountControl: '512', accountExpires: '130000000000000000' },
  'never-at-work': { userAccountControl: '512', logonHours: new Uint8Array(21) },
  'must-change': { userAccountControl: '512' },
  'stale-password': { userAccountControl: '512' },
  locked: { userAccountControl: '512' },
};

async function addAccounts(directory: Directory, keys: readonly AccountKey[]): Promise<void> {
  const secret = { keys: { kvno: 1, keys } };
  await directory.write((writer) => {
    for (const name of USERS) {
      const attributes = { objectClass: 'user', sAMAccountName: name, ...USER_ATTRIBUTES[name] };
      writer.add(`CN=${name},${USERS_DN}`, attributes, secret);
    }
    for (const kind of MIDDLES) writer.add(middleDn(kind), middleAttributes(kind), secret);
    const members = MIDDLES.map(middleDn);
    const group = { objectClass: 'group' };
    const add = (name: string, groupType: number, member: readonly string[]): void => {
      const attributes = { ...group, sAMAccountName: name, groupType: String(groupType | 0) };
      const whole = member.length === 0 ? attributes : { ...attributes, member };
      writer.add(`CN=${name},${USERS_DN}`, whole);
    };
    add('Middles', 0x8000_0002, members);
    add('Outer', 0x8000_0002, [`CN=Middles,${USERS_DN}`]);
    add('Local', 0x8000_0004, members);
    add('Others', 0x8000_0002, []);
  });
  await directory.modify(`CN=Protected Users,${USERS_DN}`, [
    { operation: 'add', attribute: 'member', values: [`CN=protected,${USERS_DN}`] },
  ]);
  const set = async (dn: string, attribute: string, value: string): Promise<void> => {
    const change = { operation: 'replace', attribute, values: [value] } as const;
    await directory.modify(dn, [change]);
  };
  await set(`CN=must-change,${USERS_DN}`, 'pwdLastSet', '0');
  await set(`CN=stale-password,${USERS_DN}`, 'pwdLastSet', '130000000000000000');
  await set(BASE, 'maxPwdAge', '-36288000000000');
  await set(BASE, 'lockoutThreshold', '5');
  await set(BASE, 'lockoutDuration', '-18000000000');
  await set(`CN=locked,${USERS_DN}`, 'lockoutTime', String(fileTimeOf(Date.now())));
}

function middleDn(kind: MiddleKind): string {
  return `CN=${kind},${kind.endsWith('-user') ? USERS_DN : SERVERS_DN}`;
}

const EVERY_TARGET = Object.keys(FORMS).map((_, index) => `cifs/${targetName(index)}`);

function middleAttributes(kind: MiddleKind): AttributeInput {
  const trusted = kind.startsWith('trusted') ? 0x100_0000 : 0;
  const disabled = kind.startsWith('disabled') ? 2 : 0;
  const spn = kind === 'nameless-user' ? {} : { servicePrincipalName: [`HOST/${kind}`] };
  const lists = kind.endsWith('lister')
    ? { 'msDS-AllowedToDelegateTo': EVERY_TARGET }
    : kind === 'other-list'
      ? { 'msDS-AllowedToDelegateTo': ['cifs/elsewhere'] }
      : {};
  if (kind.endsWith('-user')) {
    return { objectClass: 'user', sAMAccountName: kind, userAccountControl: '512', ...spn };
  }
  const managed =
    kind === 'gmsa'
      ? { 'msDS-ManagedPasswordInterval': '30', 'msDS-SupportedEncryptionTypes': '28' }
      : {};
  return {
    objectClass: kind === 'gmsa' ? 'msDS-GroupManagedServiceAccount' : 'computer',
    sAMAccountName: middleAccount(kind),
    userAccountControl: String(0x1000 | trusted | disabled),
    ...spn,
    ...lists,
    ...managed,
  };
}

async function addTargets(directory: Directory, cast: Cast): Promise<void> {
  await directory.write((writer) => {
    for (const [index, form] of Object.values(FORMS).entries()) {
      const name = targetName(index);
      const value = form(cast);
      const list = value === undefined ? {} : { 'msDS-AllowedToActOnBehalfOfOtherIdentity': value };
      writer.add(
        `CN=${name},${SERVERS_DN}`,
        {
          objectClass: 'computer',
          sAMAccountName: `${name}$`,
          userAccountControl: '4096',
          servicePrincipalName: [`HOST/${name}`],
          ...list,
        },
        { keys: { kvno: 1, keys: randomKeys(random) } },
      );
    }
  });
}
