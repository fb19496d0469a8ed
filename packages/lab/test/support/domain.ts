// The scenario's domain in this process: a directory in memory, the KDC without its sockets, hosts.
import { pooledRandom } from '@doublehop/crypto/random';
import { setGrants } from '@doublehop/delegation/grants';
import type { Account } from '@doublehop/directory/account';
import { Accounts } from '@doublehop/directory/accounts';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import type { Store } from '@doublehop/directory/store/store';
import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import { createKdc } from '@doublehop/domain-controller/kdc/kdc';
import { DEFAULT_KDC_SETTINGS } from '@doublehop/domain-controller/kdc/settings';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import type { KdcTransport } from '@doublehop/kerberos/client/context';
import { KerberosError } from '@doublehop/kerberos/errors';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { type Principal, parsePrincipal, principal } from '@doublehop/kerberos/names';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { keytabOf } from '../../src/dc/keytabs.ts';
import { populate } from '../../src/dc/populate.ts';
import { LabError } from '../../src/errors.ts';
import { Host, type HostOptions } from '../../src/hosts/host.ts';
import type { ProcessSystem } from '../../src/process/system.ts';
import { CONTOSO, fullName, hostAccount, realmOf } from '../../src/scenario.ts';

/** 2026-03-02T10:00:00Z. */
export const NOW = Date.UTC(2026, 2, 2, 10);
export const MINUTE = 60_000;
export const REALM = realmOf(CONTOSO);

const PEER = { address: '192.0.2.7', port: 50_000, transport: 'tcp' } as const;

/** The domain, with a clock that the test moves. */
export class TestDomain {
  now = NOW;
  /** How many requests came to the KDC. */
  requests = 0;
  /** Whether the KDC can be reached. */
  reachable = true;
  readonly log: string[] = [];
  /** What the KDC wrote down. */
  readonly events: AuditEvent[] = [];
  readonly store: Store = memoryStore();
  readonly directory: Directory;
  readonly accounts: Accounts;
  readonly transport: KdcTransport;
  readonly system: ProcessSystem;

  private constructor() {
    const random = pooledRandom();
    const clock = () => this.now;
    this.system = { clock, random, log: (line) => this.log.push(line) };
    this.directory = new Directory({ store: this.store, clock, random });
    this.accounts = new Accounts(this.directory);
    this.transport = async (realm) => {
      throw new KerberosError('kdc-unreachable', `no KDC of ${realm} answered`);
    };
  }

  static async make(): Promise<TestDomain> {
    const domain = new TestDomain();
    const { directory, accounts, system } = domain;
    await populate(directory, CONTOSO, system.random);
    const { dnsName, netbiosName, controller } = CONTOSO;
    const sid = directory.domain?.sid ?? 'S-1-0';
    const kdc = createKdc({
      ...system,
      domain: { realm: REALM, dnsName, netbiosName, sid, controller },
      accounts,
      settings: { ...DEFAULT_KDC_SETTINGS, maxPasswordAge: 0 },
      audit: (event) => domain.events.push(event),
      onDefect: (error) => domain.log.push(String(error)),
    });
    const unreachable = domain.transport;
    const transport: KdcTransport = async (realm, request) => {
      if (!domain.reachable) return unreachable(realm, request);
      domain.requests += 1;
      const reply = kdc.handle(request, PEER);
      if (reply === undefined) throw new Error('the KDC was silent');
      return reply;
    };
    return Object.assign(domain, { transport });
  }

  account(name: string): Account {
    const found = this.accounts.byName(name);
    if (found === undefined) throw new Error(`the scenario has no ${name}`);
    return found;
  }

  host(name: string, more: Partial<HostOptions> = {}): Host {
    const keytab = keytabOf(this.account(hostAccount(name)), REALM);
    return new Host({
      scenario: CONTOSO,
      name,
      keytab,
      transport: this.transport,
      ...this.system,
      ...more,
    });
  }

  /** Sets a flag of an account's userAccountControl (MS-ADTS 2.2.16). */
  async control(name: string, flag: number): Promise<void> {
    const account = this.account(name);
    const value = String(account.userAccountControl | flag);
    const change = {
      operation: 'replace',
      attribute: 'userAccountControl',
      values: [value],
    } as const;
    await this.directory.modify(account.dn, [change]);
  }

  /** Lets a host act for users towards services by name (msDS-AllowedToDelegateTo). */
  async allow(middle: string, ...spns: readonly string[]): Promise<void> {
    const attribute = 'msDS-AllowedToDelegateTo';
    const change = { operation: 'replace', attribute, values: spns } as const;
    await this.directory.modify(this.account(hostAccount(middle)).dn, [change]);
  }

  /** A client of a person, who has logged on. */
  async person(name: string): Promise<KerberosClient> {
    const { clock, random } = this.system;
    const cache = memoryCache();
    const client = new KerberosClient({ transport: this.transport, clock, random, cache });
    const password = CONTOSO.people.find((one) => one.name === name)?.password ?? '';
    await client.login(parsePrincipal(name, REALM), { kind: 'password', password });
    return client;
  }

  /** Lets these hosts, and no others, act for users towards `target`; none: clears. */
  async grant(target: string, ...middles: readonly string[]): Promise<void> {
    const sids = middles.map((middle) => this.account(hostAccount(middle)).sid);
    const { descriptor } = setGrants(undefined, sids);
    const values = descriptor === undefined ? [] : [encodeDescriptor(descriptor)];
    const attribute = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
    const change = { operation: 'replace', attribute, values } as const;
    await this.directory.modify(this.account(hostAccount(target)).dn, [change]);
  }
}

/** `HTTP/serverc.contoso.com`. */
export function service(host: string, kind = 'HTTP'): Principal {
  return principal(REALM, NameType.SRV_INST, kind, fullName(CONTOSO, host));
}

/** The LabError that the work ends in. */
export async function labError(work: Promise<unknown>): Promise<LabError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
