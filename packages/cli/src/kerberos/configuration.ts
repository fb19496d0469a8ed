import { existsSync } from 'node:fs';
import { MemoryCaches } from '@doublehop/kerberos/ccache/memory';
import type { CredentialCache } from '@doublehop/kerberos/ccache/ccache';
import { resolveCache } from '@doublehop/kerberos/ccache/resolve';
import type { ClientSettings } from '@doublehop/kerberos/client/context';
import { settingsFromConfig } from '@doublehop/kerberos/client/settings';
import { type Krb5Config, krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import { type Profile, profileValue } from '@doublehop/kerberos/config/profile';
import { expandTokens } from '@doublehop/kerberos/config/values';
import { KerberosError } from '@doublehop/kerberos/errors';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

/** The Kerberos configuration that a command works with. */
export interface KerberosConfiguration {
  readonly config: Krb5Config;
  readonly settings: Partial<ClientSettings>;
}

const DEFAULT_FILE = '/etc/krb5.conf';

/** Reads KRB5_CONFIG's files; without the variable, /etc/krb5.conf if it is there. */
export function readConfiguration({ environment }: Context): KerberosConfiguration {
  const profile = readProfile(environment.krb5Config);
  const config = krb5Config(profile);
  const { forwardable: _byConfig, ...settings } = settingsFromConfig(config.libdefaults);
  // A ticket that cannot be forwarded cannot be delegated: only an explicit "no" turns it off.
  const explicit = profileValue(profile, 'libdefaults', 'forwardable') !== undefined;
  const forwardable = explicit ? config.libdefaults.forwardable : true;
  return { config, settings: { ...settings, forwardable } };
}

function readProfile(paths: string | undefined): Profile {
  try {
    return loadProfile(paths ?? DEFAULT_FILE);
  } catch (error) {
    if (paths === undefined && error instanceof KerberosError && !existsSync(DEFAULT_FILE)) {
      return { files: [] };
    }
    throw error;
  }
}

/** The cache that a name, KRB5CCNAME or the configuration means. */
export function openCache(
  { environment }: Context,
  { config }: KerberosConfiguration,
  name?: string,
): CredentialCache {
  const configured = (): string => {
    const { uid, username } = identity(environment.user);
    const tokens = { uid, username, temp: environment.temp };
    return expandTokens(config.libdefaults.defaultCcacheName, tokens);
  };
  return resolveCache(name ?? environment.ccache ?? configured(), new MemoryCaches());
}

/** The name of the keytab that an option, KRB5_KTNAME or the configuration means. */
export function keytabName(
  { environment }: Context,
  { config }: KerberosConfiguration,
  name?: string,
): string {
  return name ?? environment.keytab ?? config.libdefaults.defaultKeytabName;
}

/**
 * The principal that a person means: `alice`, `alice@CONTOSO.COM`, `alice@contoso.com`,
 * `CONTOSO\alice`, `HTTP/web`. Realms of Active Directory are in capitals, whatever is typed.
 */
export function userPrincipal(text: string, { config }: KerberosConfiguration): Principal {
  const { defaultRealm } = config.libdefaults;
  const [, domain, name] = /^([^\\/@]+)\\([^\\@]+)$/.exec(text) ?? [];
  if (domain !== undefined && name !== undefined) {
    const realm = domain.includes('.') ? domain : defaultRealm;
    return parsePrincipal(name, knownRealm(realm, config));
  }
  if (defaultRealm === undefined && !text.includes('@')) {
    throw new UsageError(
      `"${text}" has no realm: write ${text}@REALM, or set default_realm in krb5.conf`,
    );
  }
  const found = parsePrincipal(text, defaultRealm);
  return { ...found, realm: knownRealm(found.realm, config) ?? found.realm };
}

/**
 * Whom a command without a name means, as MIT's kinit: the owner of the cache, else the user of the
 * machine. Throws UsageError `question` where there is neither.
 */
export async function ownerOf(
  { environment }: Context,
  configuration: KerberosConfiguration,
  cache: CredentialCache,
  question: string,
): Promise<Principal> {
  try {
    return await cache.principal();
  } catch {
    const { user } = environment;
    if (user !== undefined) return userPrincipal(user, configuration);
    throw new UsageError(question);
  }
}

/** A service: its realm is found by the KDC unless it is written. */
export function servicePrincipal(text: string, { config }: KerberosConfiguration): Principal {
  const realm = /@([^@/]+)$/.exec(text)?.[1];
  if (realm !== undefined) return userPrincipal(text, { config, settings: {} });
  const found = parsePrincipal(text, 'NONE');
  return { name: { ...found.name, nameType: serviceType(text) }, realm: '' };
}

function serviceType(text: string): number {
  return text.includes('/') ? NameType.SRV_INST : NameType.PRINCIPAL;
}

function knownRealm(realm: string | undefined, config: Krb5Config): string | undefined {
  if (realm === undefined || config.realms.has(realm)) return realm;
  return realm.toUpperCase();
}

function identity(username: string | undefined): {
  readonly uid: number | undefined;
  readonly username: string | undefined;
} {
  return { uid: process.getuid?.(), username };
}
