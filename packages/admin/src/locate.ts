import type { RandomSource } from '@doublehop/crypto/random';
import type { Krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { orderSrv } from '@doublehop/kerberos/locate/srv';
import type { Resolver } from '@doublehop/kerberos/locate/resolver';
import { LdapError } from '@doublehop/ldap/errors';
import { parseLdapUrl } from '@doublehop/ldap/url';
import { AdminError } from './errors.ts';

/** Where controllers are looked for. */
export interface LocateOptions {
  /** A host or an LDAP URL, as a person named it; nothing else is looked at then. */
  readonly server?: string | undefined;
  /** How the caller calls `server`, for errors. */
  readonly argument?: string | undefined;
  /** The domain whose controllers are meant: `contoso.com` or CONTOSO.COM. */
  readonly domain: string | undefined;
  readonly config: Pick<Krb5Config, 'realms'>;
  readonly resolver: Pick<Resolver, 'srv'>;
  readonly random: RandomSource;
}

/**
 * URLs of controllers, the best first: the one that was named, else those of the DNS
 * (`_ldap._tcp.dc._msdcs.DOMAIN`, MS-ADTS 6.3.2.3), else the KDCs of krb5.conf, which in Active
 * Directory are the same machines. Throws AdminError `usage`, `no-controller`.
 */
export async function locateControllers(options: LocateOptions): Promise<readonly string[]> {
  const { server, argument = '--server', domain, config } = options;
  if (server !== undefined) return [controllerUrl(server, argument)];
  if (domain === undefined || domain === '') {
    const message = 'no domain is known; name a controller, or set default_realm in krb5.conf';
    throw new AdminError('no-controller', message, { argument });
  }
  const found = await askDns(options, domain);
  if (found.length > 0) return found;
  const kdcs = config.realms.get(domain.toUpperCase())?.kdc ?? [];
  const hosts = new Set(kdcs.map(({ host }) => bracketed(host)));
  if (hosts.size > 0) return [...hosts].map((host) => `ldap://${host}`);
  const message = `the DNS names no controller of ${domain}; name one: dc1.${domain.toLowerCase()}`;
  throw new AdminError('no-controller', message, { argument, subject: domain });
}

/** A host, `host:port` or an LDAP URL as a URL. Throws AdminError `usage`. */
export function controllerUrl(server: string, argument = '--server'): string {
  const text = server.trim();
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ldap://${bracketed(text)}`;
  try {
    const { host } = parseLdapUrl(url);
    if (/^[^\s%]+$/.test(host)) return url;
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
  }
  const message = `"${server}" is no host and no ldap:// or ldaps:// URL; dc1.contoso.com is right`;
  throw new AdminError('usage', message, { argument, subject: server });
}

async function askDns(
  { resolver, random }: LocateOptions,
  domain: string,
): Promise<readonly string[]> {
  // A name that is no domain name has nothing to look up, and must not become a query.
  if (!/^[\w-]+(?:\.[\w-]+)+$/.test(domain)) return [];
  try {
    const records = await resolver.srv(`_ldap._tcp.dc._msdcs.${domain.toLowerCase()}`);
    return orderSrv(records, random)
      .map(({ target, port }) => ({ host: target.replace(/\.$/, ''), port }))
      .filter(({ host }) => host !== '')
      .map(({ host, port }) => `ldap://${bracketed(host)}:${port}`);
  } catch {
    // A DNS that fails is one that does not know: krb5.conf may.
    return [];
  }
}

function bracketed(host: string): string {
  return /^[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*$/i.test(host) ? `[${host}]` : host;
}
