// Our domain controller with the CONTOSO domain, as a peer that foreign clients talk to.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { setGrants } from '@doublehop/delegation/grants';
import type { Account, KeySet } from '@doublehop/directory/account';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { createDomainController } from '@doublehop/domain-controller/dc';
import { passwordKeys, randomPassword, saltOf } from '@doublehop/domain-controller/directory-keys';
import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import type { PasswordEvent } from '@doublehop/domain-controller/kpasswd/audit';
import type { KdcSettings } from '@doublehop/domain-controller/kdc/settings';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import type { KeytabEntry } from '@doublehop/kerberos/keytab';
import { writeKeytab } from '@doublehop/kerberos/keytab-file';
import {
  CONTOSO,
  domainDn,
  fullName,
  type HostFacts,
  hostSpns,
  type PersonFacts,
} from '@doublehop/lab/scenario';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { clientEnv, type Peer } from '../peers/peer.ts';
import { freePort, loopbackAddress } from './ports.ts';

/** The realm of these tests; its people and hosts are the lab's. */
export const REALM = 'CONTOSO.COM';

export interface ContosoOptions {
  /** Where the KDC differs from the defaults. */
  readonly settings?: Partial<KdcSettings>;
  /** Fixed ports (those below 1024 need root); absent: free ones. */
  readonly port?: number;
  readonly ldapPort?: number;
  /** More lines of [libdefaults] for the clients. */
  readonly libdefaults?: readonly string[];
}

/** Classic constrained delegation of a middle. */
export interface ClassicDelegation {
  /** msDS-AllowedToDelegateTo. */
  readonly services: readonly string[];
  /** TRUSTED_TO_AUTH_FOR_DELEGATION: from any way of logging on. */
  readonly protocolTransition?: boolean;
}

/** The running domain, in this process. */
export interface Contoso extends Peer {
  readonly kpasswdPort: number;
  readonly ldapPort: number;
  readonly ldapsPort: number;
  /** PEM of the certificate that LDAPS shows. */
  readonly certificate: string;
  /** One event for each request that came so far. */
  readonly events: AuditEvent[];
  /** Exceptions that no request should be able to cause. */
  readonly defects: unknown[];
  /** One event for each change of a password. */
  readonly passwordEvents: PasswordEvent[];
  /** The account as the KDC sees it now: `alice`, `SERVERB$`, `krbtgt`. */
  readonly account: (name: string) => Account;
  /** Keytab of `alice`, `serverb`, …, `krbtgt`, or of `all`. */
  readonly keytab: (name: string) => string;
  /** Password of a person of the scenario. */
  readonly password: (name: string) => string;
  /** Lets these hosts, and no others, act for users towards `target` (RBCD); none: clears. */
  readonly grant: (target: string, ...middles: readonly string[]) => Promise<void>;
  /** What `middle` may do by classic delegation (KCD): absent, nothing. */
  readonly delegateTo: (middle: string, classic?: ClassicDelegation) => Promise<void>;
  /** Whether the host may have users' forwarded TGTs (unconstrained delegation). */
  readonly trustForDelegation: (host: string, trusted: boolean) => Promise<void>;
  /** Makes a person change the password before anything else. */
  readonly mustChange: (name: string) => Promise<void>;
  /** Sets an attribute of an account to one value. */
  readonly replace: (name: string, attribute: string, value: string) => Promise<void>;
  /** Seconds by which the KDC's clock differs from the clients'. */
  readonly setClockOffset: (seconds: number) => void;
}

/** Starts the domain below `dir`, without any grant. */
export async function startContoso(dir: string, options: ContosoOptions = {}): Promise<Contoso> {
  const random = pooledRandom();
  let offset = 0;
  const clock = () => Date.now() + offset;
  const store = memoryStore();
  await populate(new Directory({ store, clock, random }));
  const address = loopbackAddress();
  const events: AuditEvent[] = [];
  const defects: unknown[] = [];
  const passwordEvents: PasswordEvent[] = [];
  const controller = createDomainController({
    store,
    controllerName: CONTOSO.controller,
    listen: {
      address,
      kdcPort: options.port ?? (await freePort(address)),
      ldapPort: options.ldapPort ?? 0,
    },
    kdc: options.settings ?? {},
    clock,
    random,
    audit: (event) => events.push(event),
    passwordAudit: (event) => passwordEvents.push(event),
    onDefect: (error) => defects.push(error),
  });
  const { kdcPort: port, kpasswdPort, ldapPort, ldapsPort } = await controller.start();
  const { accounts, directory, certificate } = controller;

  const account = (name: string): Account => known(accounts.byName(name), name);
  mkdirSync(dir, { recursive: true });
  const keytab = (name: string): string => join(dir, `${name}.keytab`);
  await writeKeytabs(keytab, account);
  const servers = { kdc: `${address}:${port}`, kpasswd: `${address}:${kpasswdPort}` };
  const { libdefaults = [] } = options;
  return {
    realm: REALM,
    address,
    port,
    dir,
    env: clientEnv(dir, { realm: REALM, ...servers, libdefaults }),
    pid: process.pid,
    stop: () => controller.close(),
    kpasswdPort,
    ldapPort,
    ldapsPort,
    certificate,
    events,
    defects,
    passwordEvents,
    account,
    keytab,
    password: passwordOf,
    grant: (target, ...middles) => {
      const sids = middles.map((middle) => account(`${middle}$`).sid);
      const { descriptor } = setGrants(undefined, sids);
      const values = descriptor === undefined ? [] : [encodeDescriptor(descriptor)];
      return replace(directory, account(`${target}$`), RBCD, values);
    },
    delegateTo: (middle, classic) => delegate(directory, account(`${middle}$`), classic),
    trustForDelegation: (host, trusted) => trust(directory, account(`${host}$`), trusted),
    mustChange: (name) => replace(directory, account(name), 'pwdLastSet', ['0']),
    replace: (name, attribute, value) => replace(directory, account(name), attribute, [value]),
    setClockOffset: (seconds) => {
      offset = seconds * 1000;
    },
  };
}

function known(account: Account | undefined, name: string): Account {
  if (account === undefined) throw new Error(`the scenario has no ${name}`);
  return account;
}

const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
const NORMAL_ACCOUNT = 0x200;
const WORKSTATION_TRUST_ACCOUNT = 0x1000;
const TRUSTED_FOR_DELEGATION = 0x8_0000;
const NOT_DELEGATED = 0x10_0000;
const TRUSTED_TO_AUTH = 0x100_0000;

async function delegate(
  directory: Directory,
  host: Account,
  { services, protocolTransition = false }: ClassicDelegation = { services: [] },
): Promise<void> {
  const control = WORKSTATION_TRUST_ACCOUNT | (protocolTransition ? TRUSTED_TO_AUTH : 0);
  await replace(directory, host, 'msDS-AllowedToDelegateTo', services);
  await replace(directory, host, 'userAccountControl', [String(control)]);
}

async function trust(directory: Directory, host: Account, trusted: boolean): Promise<void> {
  const control = WORKSTATION_TRUST_ACCOUNT | (trusted ? TRUSTED_FOR_DELEGATION : 0);
  await replace(directory, host, 'userAccountControl', [String(control)]);
}

async function replace(
  directory: Directory,
  { dn }: Account,
  attribute: string,
  values: readonly (string | Uint8Array)[],
): Promise<void> {
  await directory.modify(dn, [{ operation: 'replace', attribute, values }]);
}

/** The domain, and the units, hosts and people of the scenario, with keys. */
async function populate(directory: Directory): Promise<void> {
  const random = pooledRandom();
  const { dnsName, netbiosName, controller: controllerName } = CONTOSO;
  const administratorPassword = passwordOf('Administrator');
  const controller = { controllerName, controllerAliases: ['localhost'] };
  const domain = { dnsName, netbiosName, administratorPassword, ...controller };
  await createDomain(directory, domain, random);
  // A new domain lets nobody change a password twice a day, nor have one with the own name in it.
  const lenient = ['minPwdAge', 'pwdProperties'].map((attribute) => {
    return { operation: 'replace', attribute, values: ['0'] } as const;
  });
  await directory.modify(domainDn(CONTOSO), lenient);
  await directory.write((writer) => {
    for (const unit of CONTOSO.organizationalUnits) {
      writer.add(`${unit},${domainDn(CONTOSO)}`, { objectClass: 'organizationalUnit' });
    }
  });
  for (const host of CONTOSO.hosts) await addHost(directory, host);
  for (const person of CONTOSO.people.filter(({ name }) => name !== 'Administrator')) {
    await addPerson(directory, person);
  }
}

function passwordOf(name: string): string {
  return CONTOSO.people.find((person) => person.name === name)?.password ?? '';
}

async function addHost(directory: Directory, { name, ou }: HostFacts): Promise<void> {
  const samAccountName = `${name.toUpperCase()}$`;
  const keys = await keysOf(samAccountName, randomPassword(pooledRandom()));
  const attributes = {
    objectClass: 'computer',
    sAMAccountName: samAccountName,
    userAccountControl: String(WORKSTATION_TRUST_ACCOUNT),
    dNSHostName: fullName(CONTOSO, name),
    servicePrincipalName: hostSpns(CONTOSO, name),
  };
  const dn = `CN=${name},${ou},${domainDn(CONTOSO)}`;
  await directory.write((writer) => writer.add(dn, attributes, { keys }).id);
}

async function addPerson(directory: Directory, person: PersonFacts): Promise<void> {
  const users = `CN=Users,${domainDn(CONTOSO)}`;
  const dn = `CN=${person.name},${users}`;
  const attributes = {
    objectClass: 'user',
    sAMAccountName: person.name,
    displayName: person.displayName,
    userAccountControl: String(NORMAL_ACCOUNT | (person.sensitive === true ? NOT_DELEGATED : 0)),
  };
  const keys = await keysOf(person.name, person.password);
  await directory.write((writer) => {
    writer.add(dn, attributes, { keys });
    for (const group of person.groups) {
      const change = { operation: 'add', attribute: 'member', values: [dn] } as const;
      writer.modify(`CN=${group},${users}`, [change]);
    }
  });
}

async function keysOf(samAccountName: string, password: string): Promise<KeySet> {
  const domain = { realm: REALM, dnsName: CONTOSO.dnsName };
  const salt = saltOf(domain, { samAccountName, machine: samAccountName.endsWith('$') });
  return { kvno: 1, keys: await passwordKeys(password, salt) };
}

/** A keytab for each account, computers' with the names of their services, and one with all. */
async function writeKeytabs(
  keytab: (name: string) => string,
  account: (name: string) => Account,
): Promise<void> {
  const hosts = CONTOSO.hosts.map(({ name }) => {
    const services = ['host', 'HTTP', 'cifs'].flatMap((service) =>
      [name.toLowerCase(), fullName(CONTOSO, name)].map((host) => `${service}/${host}`),
    );
    return [name.toLowerCase(), `${name.toUpperCase()}$`, services] as const;
  });
  const people = CONTOSO.people.map(({ name }) => [name.toLowerCase(), name, []] as const);
  const krbtgt = ['krbtgt', 'krbtgt', [`krbtgt/${REALM}`]] as const;
  const all: KeytabEntry[] = [];
  for (const [file, name, services] of [...hosts, ...people, krbtgt]) {
    const entries = [name, ...services].flatMap((each) => keytabEntries(each, account(name)));
    await writeKeytab(keytab(file), entries);
    all.push(...entries);
  }
  await writeKeytab(keytab('all'), all);
  // tshark drops root's rights before it reads it.
  chmodSync(keytab('all'), 0o644);
}

function keytabEntries(name: string, { keys }: Account): KeytabEntry[] {
  const nameString = name.split('/');
  const nameType = nameString.length === 1 ? NameType.PRINCIPAL : NameType.SRV_INST;
  const principal = { name: { nameType, nameString }, realm: REALM };
  return (keys?.keys ?? []).map(({ etype, bytes }) => ({
    principal,
    timestamp: 0,
    kvno: keys?.kvno ?? 0,
    key: { etype, bytes },
  }));
}
