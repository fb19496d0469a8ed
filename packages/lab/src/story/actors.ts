import { readFile } from 'node:fs/promises';
import type { RandomSource } from '@doublehop/crypto/random';
import { type DomainConnection } from '@doublehop/admin/connection';
import { connect } from '@doublehop/admin/connect';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import { krb5Config, type Krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import { negotiateClient } from '@doublehop/kerberos/http/negotiate-client';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { parsePrincipal, principal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { LabError } from '../errors.ts';
import type { LabPaths } from '../folder/paths.ts';
import type { LabState } from '../folder/state.ts';
import { fullName, realmOf, type Scenario } from '../scenario.ts';

/** What the story is played on: a lab that is up. */
export interface Stage {
  readonly scenario: Scenario;
  readonly paths: LabPaths;
  readonly state: LabState;
  readonly clock: () => number;
  readonly random: RandomSource;
}

/** A person at ServerA, with tickets of their own. */
export class Person {
  readonly name: string;
  readonly #stage: Stage;
  readonly #kerberos: KerberosClient;
  readonly #config: Krb5Config;

  private constructor(name: string, stage: Stage, kerberos: KerberosClient, config: Krb5Config) {
    this.name = name;
    this.#stage = stage;
    this.#kerberos = kerberos;
    this.#config = config;
  }

  /** Logs on with the password of the lab's passwords.json. */
  static async logOn(name: string, stage: Stage): Promise<Person> {
    const { paths, scenario, clock, random } = stage;
    const config = krb5Config(loadProfile(paths.krb5Conf));
    const kerberos = new KerberosClient({
      transport: configuredExchange(config, { resolver: noResolver, random, clock }),
      clock,
      random,
      cache: memoryCache(`MEMORY:${name}`),
    });
    const secret = { kind: 'password', password: await passwordOf(name, paths) } as const;
    await kerberos.login(parsePrincipal(name, realmOf(scenario)), secret);
    return new Person(name, stage, kerberos, config);
  }

  /** `GET path` of a host's service with HTTP Negotiate; the JSON that comes back. */
  async call(host: string, path: string): Promise<unknown> {
    const { scenario, clock, random, state } = this.#stage;
    const where = state.hosts.find(({ name }) => name.toLowerCase() === host.toLowerCase());
    if (where === undefined) throw new LabError('unknown-host', `the lab does not run ${host}`);
    const name = fullName(scenario, host);
    const client = negotiateClient({
      getServiceTicket: () =>
        this.#kerberos.getServiceTicket(
          principal(realmOf(scenario), NameType.SRV_HST, 'HTTP', name),
        ),
      clock,
      random,
      upFront: true,
      lookup: (_host, _options, found) => found(null, [{ address: where.address, family: 4 }]),
    });
    const { status, body } = await client.fetch(`http://${name}:${where.port}${path}`);
    if (status === 401) throw new LabError('control', `${host} did not accept ${this.name}`);
    return JSON.parse(fromUtf8(body));
  }

  /** A sealed LDAP connection to the controller. */
  async administer(): Promise<DomainConnection> {
    const { clock, random, state } = this.#stage;
    return connect({
      urls: [`ldap://localhost:${state.controller.ldapPort}`],
      kerberos: this.#kerberos,
      config: this.#config,
      clock,
      random,
    });
  }
}

async function passwordOf(name: string, { passwords }: LabPaths): Promise<string> {
  const all: unknown = JSON.parse(await readFile(passwords, 'utf8'));
  const found = Object.entries(all ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase());
  if (typeof found?.[1] === 'string') return found[1];
  throw new LabError('control', `${passwords} has no password of ${name}`);
}
