import type { RandomSource } from '@doublehop/crypto/random';
import { type Krb5Config, type RealmConfig, ServicePort } from '../config/krb5-conf.ts';
import type { ServerSpec, Transport } from '../config/values.ts';
import { KerberosError } from '../errors.ts';
import { MAX_LOCATION_TTL, MAX_LOCATIONS, MAX_SERVERS } from '../limits.ts';
import type { Resolver } from './resolver.ts';
import { deniesService, orderSrv } from './srv.ts';

/** The services of a realm that are looked for. */
export type RealmService = 'kdc' | 'primary-kdc' | 'kpasswd';

/** Finds the servers of a realm. */
export interface Locator {
  /**
   * The servers in the order to try them: those of the configuration, else those of the DNS.
   * Throws KerberosError `no-kdc`.
   */
  locate(realm: string, service?: RealmService): Promise<readonly ServerSpec[]>;
}

/** What a locator works with. */
export interface LocatorOptions {
  readonly config: Pick<Krb5Config, 'libdefaults' | 'realms'>;
  readonly resolver: Resolver;
  readonly random: RandomSource;
  /** Milliseconds since 1970: how long answers of the DNS are kept. */
  readonly clock: () => number;
}

/** A locator that keeps what the DNS said for a while. */
export function createLocator(options: LocatorOptions): Locator {
  return new CachingLocator(options);
}

/** SRV names of each service (RFC 4120 §7.2.3.2; `dc._msdcs`: MS-ADTS 6.3.2.3). */
const SRV_NAMES: Readonly<Record<RealmService, readonly (readonly [string, Transport])[]>> = {
  kdc: [
    ['_kerberos._udp', 'udp'],
    ['_kerberos._tcp', 'tcp'],
  ],
  'primary-kdc': [
    ['_kerberos-master._udp', 'udp'],
    ['_kerberos-master._tcp', 'tcp'],
  ],
  kpasswd: [
    ['_kpasswd._udp', 'udp'],
    ['_kpasswd._tcp', 'tcp'],
  ],
};
const DC_NAMES: Readonly<Partial<typeof SRV_NAMES>> = {
  kdc: [['_kerberos._tcp.dc._msdcs', 'tcp']],
  'primary-kdc': [['_kerberos._tcp.pdc._msdcs', 'tcp']],
};

interface Answer {
  readonly servers: readonly ServerSpec[];
  /** Seconds. */
  readonly ttl: number;
  /** What kept the DNS from answering. */
  readonly failure?: unknown;
}

class CachingLocator implements Locator {
  readonly #options: LocatorOptions;
  readonly #kept = new Map<string, { servers: readonly ServerSpec[]; until: number }>();

  constructor(options: LocatorOptions) {
    this.#options = options;
  }

  async locate(realm: string, service: RealmService = 'kdc'): Promise<readonly ServerSpec[]> {
    const { config } = this.#options;
    const realmConfig = config.realms.get(realm);
    const configured = realmConfig === undefined ? [] : configuredServers(realmConfig, service);
    if (configured.length > 0) return configured.slice(0, MAX_SERVERS);
    // A realm that is no domain name has nothing to look up, and must not become a query.
    const asked = config.libdefaults.dnsLookupKdc && /^[\w-]+(?:\.[\w-]+)*\.?$/.test(realm);
    const found = asked ? await this.#ask(realm, service) : { servers: [], ttl: 0 };
    const fallback = service === 'kpasswd' ? adminServers(realmConfig) : [];
    const servers = found.servers.length > 0 ? found.servers : fallback;
    if (servers.length > 0) return servers;
    throw noServer(realm, service, asked, { unusable: realmConfig?.unusable ?? [], ...found });
  }

  async #ask(realm: string, service: RealmService): Promise<Answer> {
    const { clock } = this.#options;
    const key = `${service} ${realm}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > clock()) return { ...kept, ttl: 0 };
    this.#kept.delete(key);
    const answer = await this.#query(realm, SRV_NAMES[service]);
    const dcNames = DC_NAMES[service];
    const found =
      answer.servers.length > 0 || dcNames === undefined
        ? answer
        : { failure: answer.failure, ...(await this.#query(realm, dcNames)) };
    if (found.servers.length > 0) {
      for (const oldest of this.#kept.keys()) {
        if (this.#kept.size < MAX_LOCATIONS) break;
        this.#kept.delete(oldest);
      }
      this.#kept.set(key, { servers: found.servers, until: clock() + found.ttl * 1000 });
    }
    return found;
  }

  async #query(realm: string, names: readonly (readonly [string, Transport])[]): Promise<Answer> {
    const { resolver, random } = this.#options;
    const servers: ServerSpec[] = [];
    let ttl = MAX_LOCATION_TTL;
    try {
      for (const [name, transport] of names) {
        const records = await resolver.srv(`${name}.${realm}`);
        if (deniesService(records)) break;
        for (const record of orderSrv(records, random)) {
          const host = record.target.replace(/\.$/, '');
          if (host === '') continue;
          servers.push({ host, port: record.port, transport });
          ttl = Math.min(ttl, record.ttl ?? ttl);
        }
      }
    } catch (failure) {
      return { servers, ttl, failure };
    }
    return { servers: servers.slice(0, MAX_SERVERS), ttl };
  }
}

function configuredServers(config: RealmConfig, service: RealmService): readonly ServerSpec[] {
  if (service === 'kdc') return config.kdc;
  return service === 'kpasswd' ? config.kpasswdServer : config.primaryKdc;
}

/** Without a password server of its own a realm changes passwords where it is administered. */
function adminServers(config: RealmConfig | undefined): readonly ServerSpec[] {
  return (config?.adminServer ?? []).map((server) => ({ ...server, port: ServicePort.KPASSWD }));
}

const RELATIONS = { kdc: 'kdc', 'primary-kdc': 'primary_kdc', kpasswd: 'kpasswd_server' } as const;

function noServer(
  realm: string,
  service: RealmService,
  asked: boolean,
  { unusable, failure }: { readonly unusable: readonly string[]; readonly failure?: unknown },
): KerberosError {
  const relation = RELATIONS[service];
  const srv = SRV_NAMES[service][0]?.[0];
  const reasons = [
    unusable.length > 0 ? ` (${unusable.join(', ')} cannot be used here)` : '',
    asked ? ` and the DNS has no ${srv}.${realm}` : ' and the DNS is not asked',
    failure instanceof Error ? ` (${failure.message})` : '',
  ];
  return new KerberosError(
    'no-kdc',
    `no server for realm "${realm}": krb5.conf has no usable "${relation}"${reasons.join('')}; ` +
      `add "${relation} = HOST" to [realms] ${realm} in krb5.conf`,
    { subject: realm, cause: failure },
  );
}
