import type { Credentials } from '../credentials.ts';
import { NameType } from '../iana/name-types.ts';
import { formatPrincipal, principal, type Principal } from '../names.ts';
import { CONFIG_REALM } from './format.ts';

/** The keys of configuration entries that MIT krb5 uses (doc/formats/ccache_file_format). */
export const CacheConfigKey = {
  /** Not empty: the KDC told that it supports FAST (RFC 6806 §11). kinit notes it of the TGS. */
  FAST_AVAIL: 'fast_avail',
  /** JSON of the pre-authentication mechanism, of a server principal. */
  PA_CONFIG_DATA: 'pa_config_data',
  /** Decimal pre-authentication type of the AS exchange, of a server principal. */
  PA_TYPE: 'pa_type',
  /** The middle whose TGT makes S4U2Proxy requests with the evidence ticket of this cache. */
  PROXY_IMPERSONATOR: 'proxy_impersonator',
  /** Decimal time at which to refresh from the client keytab. */
  REFRESH_TIME: 'refresh_time',
  /** Realm of the TGT to start with, where it is not the client's. */
  START_REALM: 'start_realm',
} as const;

/** A remark about a whole cache or about one of its servers. */
export interface CacheConfig {
  readonly key: string;
  /** Text form of the principal that the remark is about. */
  readonly about?: string | undefined;
  readonly value: Uint8Array;
}

/** The credential that carries a remark: everything but names and ticket is zero. */
export function configCredentials(
  client: Principal,
  key: string,
  value: Uint8Array,
  about?: Principal,
): Credentials {
  return {
    client,
    server: configServer(key, about),
    key: { etype: 0, bytes: new Uint8Array(0) },
    times: { authtime: 0, starttime: 0, endtime: 0, renewTill: 0 },
    isSkey: false,
    flags: 0,
    addresses: [],
    authorizationData: [],
    ticket: value,
    secondTicket: new Uint8Array(0),
  };
}

/** The server under which a remark is stored. */
export function configServer(key: string, about?: Principal): Principal {
  const subject = about === undefined ? [] : [formatPrincipal(about)];
  return principal(CONFIG_REALM, NameType.PRINCIPAL, CONFIG_NAME, key, ...subject);
}

/** Whether credentials are a remark rather than a ticket. */
export function isConfig({ server }: Pick<Credentials, 'server'>): boolean {
  return server.realm === CONFIG_REALM && server.name.nameString[0] === CONFIG_NAME;
}

/** The remark that credentials carry, or undefined where they are a ticket. */
export function configOf(credentials: Credentials): CacheConfig | undefined {
  if (!isConfig(credentials)) return undefined;
  const [, key, about] = credentials.server.name.nameString;
  return key === undefined ? undefined : { key, about, value: credentials.ticket };
}

const CONFIG_NAME = 'krb5_ccache_conf_data';
