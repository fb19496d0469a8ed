import { pooledRandom, type RandomSource } from '@doublehop/crypto/random';
import { setGrants } from '@doublehop/delegation/grants';
import type { Account } from '@doublehop/directory/account';
import { Accounts } from '@doublehop/directory/accounts';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import type { Store } from '@doublehop/directory/store/store';
import { giveManagedPassword } from '@doublehop/domain-controller/accounts/managed/passwords';
import { createDomainController, type DomainController } from '@doublehop/domain-controller/dc';
import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import { createKdc } from '@doublehop/domain-controller/kdc/kdc';
import { DEFAULT_KDC_SETTINGS } from '@doublehop/domain-controller/kdc/settings';
import { selfSignedCertificate } from '@doublehop/domain-controller/tls/self-signed';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import type { KdcTransport } from '@doublehop/kerberos/client/context';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { type Principal, principal } from '@doublehop/kerberos/names';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { keytabOf } from '../dc/keytabs.ts';
import { populate } from '../dc/populate.ts';
import { LabError } from '../errors.ts';
import { Host } from '../hosts/host.ts';
import { type Network, nameOfHost } from '../hosts/network.ts';
import type { WinRmCaller } from '../remoting/caller.ts';
import { listenRemoting, type RemotingService } from '../remoting/remoting-service.ts';
import { CONTOSO, domainDn, fullName, hostAccount, realmOf } from '../scenario.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { type FileService, listenShares } from '../shares/share-service.ts';

const ADDRESS = '127.0.0.1';
const SERVERS = ['ServerB', 'ServerC'] as const;
const REALM = realmOf(CONTOSO);

type Configurations = ReadonlyMap<string, EndpointConfiguration<WinRmCaller, HostSession>>;

/**
 * The domain of the methods, in this process alone and gone with it: the controller in memory,
 * ServerB and ServerC with their file servers and WinRM on ports of this machine.
 */
export class Stage {
  readonly events: AuditEvent[] = [];
  readonly log: string[] = [];
  readonly directory: Directory;
  readonly random: RandomSource;
  readonly #clock: () => number;
  readonly #accounts: Accounts;
  readonly #hosts = new Map<string, Host>();
  readonly #files = new Map<string, FileService>();
  readonly #remoting = new Map<string, RemotingService>();
  readonly #store: Store = memoryStore();
  #transport: KdcTransport;
  #controller: DomainController | undefined;
  #ldapPort: number | undefined;

  private constructor(clock: () => number) {
    this.#clock = clock;
    this.random = pooledRandom();
    this.directory = new Directory({ store: this.#store, clock, random: this.random });
    this.#accounts = new Accounts(this.directory);
    this.#transport = () => Promise.reject(new LabError('no-lab', 'the KDC is not there yet'));
  }

  /** `configurations` are ServerB's and ServerC's session configurations. */
  static async set(
    clock: () => number,
    configurations: (host: Host) => Promise<Configurations>,
  ): Promise<Stage> {
    const stage = new Stage(clock);
    await populate(stage.directory, CONTOSO, stage.random);
    stage.#startKdc();
    await stage.#startDirectory();
    const names = SERVERS.map((name) => fullName(CONTOSO, name));
    const tls = selfSignedCertificate({
      names,
      now: clock(),
      random: stage.random,
      keyType: 'rsa',
    });
    for (const name of SERVERS) {
      const host = stage.#host(name);
      stage.#hosts.set(name, host);
      const at = { address: ADDRESS, port: 0 };
      const log = (line: string): void => void stage.log.push(line);
      stage.#files.set(name, await listenShares(host, at, log));
      const load = async () => {
        const all = await configurations(host);
        return { tls, configuration: (wanted: string) => all.get(wanted.toLowerCase()) };
      };
      stage.#remoting.set(name, await listenRemoting(host, { http: at, https: at, load, log }));
    }
    return stage;
  }

  get clock(): () => number {
    return this.#clock;
  }

  host(name: (typeof SERVERS)[number]): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new LabError('unknown-host', `${name} is not on this stage`);
    return host;
  }

  account(name: string): Account {
    this.#accounts.refresh();
    const account = this.#accounts.byName(name);
    if (account === undefined) throw new LabError('unknown-account', `there is no account ${name}`);
    return account;
  }

  /** WinRM of a host: its URL, and where that is. */
  winRm(name: (typeof SERVERS)[number]): { readonly url: URL; readonly address: string } {
    const port = this.#remoting.get(name)?.httpPort ?? 0;
    return { url: new URL(`http://${fullName(CONTOSO, name)}:${port}/wsman`), address: ADDRESS };
  }

  /** A person at ServerA who has logged on. */
  async person(name: string): Promise<KerberosClient> {
    const [clock, random, cache] = [this.#clock, this.random, memoryCache()];
    const client = new KerberosClient({ transport: this.#transport, clock, random, cache });
    const password = passwordOf(name);
    await client.login(principal(REALM, NameType.PRINCIPAL, name), { kind: 'password', password });
    return client;
  }

  /** Replaces an attribute of an account; no values clear it. */
  async replace(
    name: string,
    attribute: string,
    values: readonly (string | Uint8Array)[],
  ): Promise<void> {
    const change = { operation: 'replace', attribute, values } as const;
    await this.directory.modify(this.account(name).dn, [change]);
  }

  /** Sets or clears a flag of userAccountControl (MS-ADTS 2.2.16). */
  async control(name: string, flag: number, isOn: boolean): Promise<void> {
    const { userAccountControl: now } = this.account(name);
    await this.replace(name, 'userAccountControl', [String(isOn ? now | flag : now & ~flag)]);
  }

  /** Lets these accounts, and no others, act for users towards ServerC. */
  async grant(...middles: readonly string[]): Promise<void> {
    const sids = middles.map((middle) => this.account(middle).sid);
    const { descriptor } = setGrants(undefined, sids);
    const values = descriptor === undefined ? [] : [encodeDescriptor(descriptor)];
    await this.replace(hostAccount('ServerC'), RBCD, values);
  }

  /** A group managed service account, whose password that host alone may retrieve. */
  async addServiceAccount(name: string, reader: string): Promise<void> {
    const dn = `CN=${name},CN=Managed Service Accounts,${domainDn(CONTOSO)}`;
    const readers = parseSddl(`O:SYD:(A;;RP;;;${this.account(reader).sid})`);
    await this.directory.add(dn, {
      objectClass: 'msDS-GroupManagedServiceAccount',
      sAMAccountName: `${name}$`,
      userAccountControl: '4096',
      dNSHostName: `${name}.${CONTOSO.dnsName}`,
      'msDS-ManagedPasswordInterval': '30',
      'msDS-GroupMSAMembership': [encodeDescriptor(readers)],
    });
    const { directory, random } = this;
    await giveManagedPassword({ directory, clock: this.#clock, random }, dn);
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#remoting.values(), ...this.#files.values()].map((one) => one.close()),
    );
    for (const host of this.#hosts.values()) host.shutDown();
    await this.#controller?.close();
  }

  #startKdc(): void {
    const { dnsName, netbiosName, controller } = CONTOSO;
    const kdc = createKdc({
      domain: {
        realm: REALM,
        dnsName,
        netbiosName,
        sid: this.directory.domain?.sid ?? 'S-1-0',
        controller,
      },
      accounts: this.#accounts,
      settings: DEFAULT_KDC_SETTINGS,
      clock: this.#clock,
      random: this.random,
      audit: (event) => this.events.push(event),
      onDefect: (error) => this.log.push(`the KDC failed: ${String(error)}`),
    });
    const peer = { address: ADDRESS, port: 50_000, transport: 'tcp' } as const;
    this.#transport = async (_, request) => {
      const reply = kdc.handle(request, peer);
      if (reply === undefined) throw new LabError('control', 'the KDC was silent');
      return reply;
    };
  }

  /** LDAP, where hosts retrieve managed passwords. */
  async #startDirectory(): Promise<void> {
    this.#controller = createDomainController({
      store: this.#store,
      controllerName: CONTOSO.controller,
      listen: { address: ADDRESS },
      clock: this.#clock,
      random: this.random,
    });
    const { ldapPort } = await this.#controller.start();
    this.#ldapPort = ldapPort;
  }

  #host(name: string): Host {
    const at = (port: number | undefined) =>
      port === undefined ? undefined : { address: ADDRESS, port };
    const network: Network = {
      fileServer: (other) => at(this.#files.get(nameOfHost(CONTOSO, other) ?? '')?.port),
      winRm: (other) => at(this.#remoting.get(nameOfHost(CONTOSO, other) ?? '')?.httpPort),
      ...(this.#ldapPort !== undefined && {
        directory: { address: ADDRESS, port: this.#ldapPort },
      }),
    };
    return new Host({
      scenario: CONTOSO,
      name,
      keytab: keytabOf(this.account(hostAccount(name)), REALM),
      transport: this.#transport,
      network,
      clock: this.#clock,
      random: this.random,
    });
  }
}

const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

/** A person's password in the scenario. */
export function passwordOf(name: string): string {
  return CONTOSO.people.find((person) => person.name === name)?.password ?? '';
}

/** `HTTP/serverb.contoso.com` as a principal. */
export function serviceOf(spn: string): Principal {
  return principal(REALM, NameType.SRV_INST, ...spn.split('/'));
}
