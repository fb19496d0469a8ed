import { isIP } from 'node:net';
import type { Krb5Config } from '../config/krb5-conf.ts';
import { KerberosError } from '../errors.ts';
import { MAX_HOST_LABELS } from '../limits.ts';
import type { Locator } from './locator.ts';
import type { Resolver } from './resolver.ts';

/**
 * The realm that [domain_realm] gives a host: its own name first, then `.parent`, `parent` and so
 * on, as MIT's hostrealm_profile.c looks. Undefined where nothing matches or the host is an
 * address: then the KDC is asked for a referral (RFC 6806 §8).
 */
export function realmOfHost(
  host: string,
  { domainRealm }: Pick<Krb5Config, 'domainRealm'>,
): string | undefined {
  for (const suffix of suffixes(host)) {
    const realm = domainRealm.get(suffix);
    if (realm !== undefined) return realm;
  }
  return undefined;
}

/**
 * The realm to try when referrals led nowhere, as MIT does: a TXT record of the host or its
 * parents if `dns_lookup_realm` is set, the first of its domains that has KDCs as far as
 * `realm_try_domains` allows, and at last its parent domain in capitals.
 */
export async function fallbackRealm(
  host: string,
  { config, locator, resolver }: FallbackOptions,
): Promise<string | undefined> {
  const name = cleanHost(host);
  if (name === undefined) return undefined;
  const { dnsLookupRealm, realmTryDomains } = config.libdefaults;
  const told = dnsLookupRealm ? await realmFromDns(name, resolver) : undefined;
  if (told !== undefined) return told;
  const labels = name.toUpperCase().split('.');
  const tries = Math.min(realmTryDomains + 1, labels.length - 1, MAX_HOST_LABELS);
  for (let i = 0; i < tries; i += 1) {
    const domain = labels.slice(i).join('.');
    if (await hasKdc(domain, locator)) return domain;
  }
  return labels.length > 1 ? labels.slice(1).join('.') : undefined;
}

/** What the search for a realm works with. */
export interface FallbackOptions {
  readonly config: Pick<Krb5Config, 'libdefaults'>;
  readonly locator: Locator;
  readonly resolver: Pick<Resolver, 'txt'>;
}

async function realmFromDns(
  host: string,
  resolver: Pick<Resolver, 'txt'>,
): Promise<string | undefined> {
  const labels = host.split('.').slice(-MAX_HOST_LABELS);
  for (let i = 0; i < labels.length; i += 1) {
    const name = `_kerberos.${labels.slice(i).join('.')}`;
    // A DNS that fails is one that does not know: this is a guess anyway.
    const [realm] = await resolver.txt(name).catch(() => []);
    if (realm !== undefined && realm !== '') return realm.replace(/\.$/, '');
  }
  return undefined;
}

async function hasKdc(realm: string, locator: Locator): Promise<boolean> {
  try {
    return (await locator.locate(realm)).length > 0;
  } catch (error) {
    if (error instanceof KerberosError && error.code === 'no-kdc') return false;
    throw error;
  }
}

/** `a.b.c`, `.b.c`, `b.c`, `.c`, `c`. */
function suffixes(host: string): string[] {
  const name = cleanHost(host);
  if (name === undefined) return [];
  const labels = name.split('.').slice(-MAX_HOST_LABELS);
  return labels.flatMap((_, i) => {
    const suffix = labels.slice(i).join('.');
    return i === 0 ? [suffix] : [`.${suffix}`, suffix];
  });
}

/** Lower case, without the dot at the end; undefined for addresses. */
function cleanHost(host: string): string | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === '' || isIP(name) !== 0 || name.includes(':') ? undefined : name;
}
