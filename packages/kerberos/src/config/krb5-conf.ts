import { KerberosError } from '../errors.ts';
import { MAX_UDP_REQUEST, UDP_PREFERENCE_LIMIT } from '../limits.ts';
import { parseEtypeList } from './etype-names.ts';
import {
  type Profile,
  profileRelations,
  profileSubsections,
  profileValue,
  profileValues,
} from './profile.ts';
import { parseBoolean, parseDuration, parseServer, type ServerSpec } from './values.ts';

/** [libdefaults], with MIT's defaults for what is absent. Durations are seconds. */
export interface LibDefaults {
  readonly defaultRealm: string | undefined;
  readonly dnsLookupKdc: boolean;
  readonly dnsLookupRealm: boolean;
  readonly dnsCanonicalizeHostname: boolean | 'fallback';
  readonly rdns: boolean;
  /** Octets up to which a request goes by UDP first. */
  readonly udpPreferenceLimit: number;
  readonly forwardable: boolean;
  readonly proxiable: boolean;
  readonly noaddresses: boolean;
  readonly canonicalize: boolean;
  readonly ticketLifetime: number;
  /** 0: renewable tickets are not asked for. */
  readonly renewLifetime: number;
  readonly clockskew: number;
  /** Session and ticket key types that are accepted at all, best first. */
  readonly permittedEtypes: readonly number[];
  /** What an AS-REQ asks for. */
  readonly tktEtypes: readonly number[];
  /** What a TGS-REQ asks for. */
  readonly tgsEtypes: readonly number[];
  readonly allowWeakCrypto: boolean;
  readonly allowRc4: boolean;
  /** May hold tokens: see `expandTokens`. */
  readonly defaultCcacheName: string;
  readonly defaultKeytabName: string;
  /** Limit of one exchange with the KDCs; 0: none set. */
  readonly requestTimeout: number;
  /** How many parent domains of a host are tried as realms; -1: not even its own name. */
  readonly realmTryDomains: number;
}

/** One realm of [realms]. */
export interface RealmConfig {
  readonly kdc: readonly ServerSpec[];
  readonly primaryKdc: readonly ServerSpec[];
  readonly kpasswdServer: readonly ServerSpec[];
  readonly adminServer: readonly ServerSpec[];
  /** Server entries that cannot be used here, such as `https://` proxies. */
  readonly unusable: readonly string[];
}

/** A krb5.conf as far as this package uses it. */
export interface Krb5Config {
  readonly libdefaults: LibDefaults;
  readonly realms: ReadonlyMap<string, RealmConfig>;
  /** [domain_realm]: host names and `.domains`, lower case, to realms. */
  readonly domainRealm: ReadonlyMap<string, string>;
  /** [capaths]: client realm to server realm to the realms between; empty means direct. */
  readonly capaths: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
}

/** Ports of the services (RFC 4120 §7.2.1, RFC 3244 §1; kadmin as MIT). */
export const ServicePort = { KDC: 88, KPASSWD: 464, KADMIN: 749 } as const;

/** Reads the configuration out of a profile. Throws KerberosError `config` for bad values. */
export function krb5Config(profile: Profile): Krb5Config {
  return {
    libdefaults: libDefaults(profile),
    realms: new Map(
      profileSubsections(profile, 'realms').map((realm) => [realm, realmConfig(profile, realm)]),
    ),
    domainRealm: new Map(
      profileRelations(profile, 'domain_realm').map((name) => [
        name.toLowerCase(),
        profileValue(profile, 'domain_realm', name) ?? '',
      ]),
    ),
    capaths: new Map(
      profileSubsections(profile, 'capaths').map((client) => [client, capath(profile, client)]),
    ),
  };
}

function libDefaults(profile: Profile): LibDefaults {
  const text = (name: string) => profileValue(profile, 'libdefaults', name);
  const flag = (name: string, otherwise: boolean) =>
    parsed(name, text(name), parseBoolean, otherwise);
  const seconds = (name: string, otherwise: number) =>
    parsed(name, text(name), parseDuration, otherwise);
  const allowWeakCrypto = flag('allow_weak_crypto', false);
  const allowRc4 = flag('allow_rc4', false);
  const legacy = { allowRc4: allowRc4 || allowWeakCrypto };
  const etypes = (name: string, otherwise: readonly number[]) => {
    if (text(name) === undefined) return otherwise;
    const list = parseEtypeList(text(name) ?? '', legacy);
    if (list.length > 0) return list;
    throw badValue(name, text(name), 'names no encryption type that is supported and allowed');
  };
  const permittedEtypes = etypes('permitted_enctypes', parseEtypeList('DEFAULT', legacy));
  return {
    defaultRealm: text('default_realm'),
    dnsLookupKdc: flag('dns_lookup_kdc', flag('dns_fallback', true)),
    dnsLookupRealm: flag('dns_lookup_realm', flag('dns_fallback', false)),
    dnsCanonicalizeHostname:
      text('dns_canonicalize_hostname')?.toLowerCase() === 'fallback'
        ? 'fallback'
        : flag('dns_canonicalize_hostname', true),
    rdns: flag('rdns', true),
    udpPreferenceLimit: udpLimit(text('udp_preference_limit')),
    forwardable: flag('forwardable', false),
    proxiable: flag('proxiable', false),
    noaddresses: flag('noaddresses', true),
    canonicalize: flag('canonicalize', false),
    ticketLifetime: seconds('ticket_lifetime', 86_400),
    renewLifetime: seconds('renew_lifetime', 0),
    clockskew: seconds('clockskew', 300),
    permittedEtypes,
    tktEtypes: etypes('default_tkt_enctypes', permittedEtypes),
    tgsEtypes: etypes('default_tgs_enctypes', permittedEtypes),
    allowWeakCrypto,
    allowRc4,
    defaultCcacheName: text('default_ccache_name') ?? 'FILE:/tmp/krb5cc_%{uid}',
    defaultKeytabName: text('default_keytab_name') ?? 'FILE:/etc/krb5.keytab',
    // kdc_timeout is Heimdal's name.
    requestTimeout: seconds('request_timeout', seconds('kdc_timeout', 0)),
    realmTryDomains: seconds('realm_try_domains', -1),
  };
}

function realmConfig(profile: Profile, realm: string): RealmConfig {
  const unusable: string[] = [];
  const servers = (port: number, ...names: readonly string[]): ServerSpec[] => {
    const texts = names.map((name) => profileValues(profile, 'realms', realm, name));
    const found: ServerSpec[] = [];
    for (const text of texts.find((list) => list.length > 0) ?? []) {
      const server = parseServer(text, port);
      if (server === undefined) unusable.push(text);
      else found.push(server);
    }
    return found;
  };
  return {
    kdc: servers(ServicePort.KDC, 'kdc'),
    primaryKdc: servers(ServicePort.KDC, 'primary_kdc', 'master_kdc'),
    kpasswdServer: servers(ServicePort.KPASSWD, 'kpasswd_server'),
    adminServer: servers(ServicePort.KADMIN, 'admin_server'),
    unusable,
  };
}

function capath(profile: Profile, client: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    profileRelations(profile, 'capaths', client).map((server) => {
      const between = profileValues(profile, 'capaths', client, server);
      return [server, between.filter((realm) => realm !== '.')];
    }),
  );
}

/** MIT's bounds: a negative limit is the default, a huge one what a datagram carries. */
function udpLimit(text: string | undefined): number {
  const read = (value: string) => (/^-?\d{1,9}$/.test(value) ? Number(value) : undefined);
  const limit = parsed('udp_preference_limit', text, read, UDP_PREFERENCE_LIMIT);
  return limit < 0 ? UDP_PREFERENCE_LIMIT : Math.min(limit, MAX_UDP_REQUEST);
}

function parsed<T>(
  name: string,
  text: string | undefined,
  parse: (text: string) => T | undefined,
  otherwise: T,
): T {
  if (text === undefined) return otherwise;
  const value = parse(text);
  if (value === undefined) throw badValue(name, text, 'is not understood');
  return value;
}

function badValue(name: string, text: string | undefined, reason: string): KerberosError {
  return new KerberosError('config', `krb5.conf: ${name} = ${text ?? ''} ${reason}`, {
    subject: name,
  });
}
