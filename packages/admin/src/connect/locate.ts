import type { RandomSource } from '@doublehop/crypto/random';
import type { Krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import type { Resolver } from '@doublehop/kerberos/locate/resolver';
import { LdapError } from '@doublehop/ldap/errors';
import { parseLdapUrl } from '@doublehop/ldap/url';
import { AdminError } from '../errors.ts';
import { MAX_CONTROLLERS } from '../limits.ts';
import { type Choice, chooseControllers, type Controller, isLabel } from './choose.ts';
import type { Ping } from './ping.ts';

/** Where controllers are looked for. */
export interface LocateOptions {
  /**
   * Hosts or LDAP URLs as a person named them, with commas between; nothing else is looked at then.
   */
  readonly server?: string | undefined;
  /** How the caller calls `server`, for errors. */
  readonly argument?: string | undefined;
  /** The domain whose controllers are meant: `contoso.com` or CONTOSO.COM. */
  readonly domain: string | undefined;
  /** The site whose controllers come first. */
  readonly site?: string | undefined;
  /** LDAPS in place of LDAP, for controllers that are not named by a URL. */
  readonly secure?: boolean | undefined;
  readonly config: Pick<Krb5Config, 'realms'>;
  readonly resolver: Pick<Resolver, 'srv'>;
  readonly random: RandomSource;
  /** Asks controllers for the site; absent: the order of the DNS is taken. */
  readonly ping?: Ping | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where controllers were found. */
export interface Located {
  /** The best first. */
  readonly urls: readonly string[];
  readonly by: 'name' | 'dns' | 'krb5.conf';
  /** What the DNS and the ping told, where they were asked. */
  readonly choice?: Choice | undefined;
}

/** URLs of controllers, the best first; see `locate`. */
export async function locateControllers(options: LocateOptions): Promise<readonly string[]> {
  return (await locate(options)).urls;
}

/**
 * Finds controllers: those that were named, else those of the DNS, ours first (MS-ADTS 6.3.6), else
 * the KDCs of krb5.conf, which in Active Directory are the same machines. Throws AdminError
 * `usage`, `no-controller`.
 */
export async function locate(options: LocateOptions): Promise<Located> {
  const { server, argument = '--server', domain, config, secure = false } = options;
  if (server !== undefined) return { urls: namedControllers(server, argument, secure), by: 'name' };
  if (domain === undefined || domain === '') {
    const message = 'no domain is known; name a controller, or set default_realm in krb5.conf';
    throw new AdminError('no-controller', message, { argument });
  }
  const { choice, failure } = await askDns(options, domain);
  if (choice !== undefined && choice.controllers.length > 0) {
    checkSite(options, domain, choice);
    return { urls: choice.controllers.map((one) => urlOf(one, secure)), by: 'dns', choice };
  }
  const kdcs = config.realms.get(domain.toUpperCase())?.kdc ?? [];
  const hosts = new Set(kdcs.map(({ host }) => bracketed(host)));
  const scheme = secure ? 'ldaps' : 'ldap';
  if (hosts.size > 0) {
    return { urls: [...hosts].map((host) => `${scheme}://${host}`), by: 'krb5.conf' };
  }
  const why =
    failure === undefined
      ? `the DNS names no controller of ${domain}`
      : `the DNS does not answer for ${domain} (${failure})`;
  const message = `${why}; check the domain's name, or name one: dc1.${domain.toLowerCase()}`;
  throw new AdminError('no-controller', message, { argument, subject: domain });
}

/** Controllers as a person names them, separated by commas, as URLs. Throws AdminError `usage`. */
export function namedControllers(
  servers: string,
  argument = '--server',
  secure = false,
): readonly string[] {
  const parts = servers.split(',').filter((part) => part.trim() !== '');
  const urls = (parts.length === 0 ? [servers] : parts).map((part) =>
    controllerUrl(part, argument, secure),
  );
  if (urls.length <= MAX_CONTROLLERS) return [...new Set(urls)];
  throw new AdminError('usage', `more than ${MAX_CONTROLLERS} controllers are named`, { argument });
}

/** A host, `host:port` or an LDAP URL as a URL. Throws AdminError `usage`. */
export function controllerUrl(server: string, argument = '--server', secure = false): string {
  const text = server.trim();
  const scheme = secure ? 'ldaps' : 'ldap';
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme}://${bracketed(text)}`;
  try {
    const { host } = parseLdapUrl(url);
    if (/^[^\s%]+$/.test(host)) return url;
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
  }
  const message = `"${server}" is no host and no ldap:// or ldaps:// URL; dc1.contoso.com is right`;
  throw new AdminError('usage', message, { argument, subject: server });
}

interface Asked {
  readonly choice?: Choice;
  /** What kept the DNS from answering. */
  readonly failure?: string;
}

async function askDns(options: LocateOptions, domain: string): Promise<Asked> {
  const { resolver, random, site, ping, signal } = options;
  if (site !== undefined && !isLabel(site)) {
    const message = `"${site}" is no name of a site; Default-First-Site-Name is one`;
    throw new AdminError('usage', message, { argument: '--site', subject: site });
  }
  // A name that is no domain name has nothing to look up, and must not become a query.
  if (!/^[\w-]+(?:\.[\w-]+)+$/.test(domain)) return {};
  try {
    return { choice: await chooseControllers({ domain, site, resolver, random, ping, signal }) };
  } catch (error) {
    // A DNS that fails is one that does not know: krb5.conf may.
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    return { failure: reason };
  }
}

/** A site that was named must be there; one that was learned need not have controllers. */
function checkSite({ site }: LocateOptions, domain: string, { siteServed }: Choice): void {
  if (site === undefined || siteServed) return;
  const message = `the DNS names no controller of ${domain} in the site ${site}; check its name`;
  throw new AdminError('no-controller', message, { argument: '--site', subject: site });
}

/** The DNS tells the port of LDAP; that of LDAPS is the usual one. */
function urlOf({ host, port }: Controller, secure: boolean): string {
  return secure ? `ldaps://${bracketed(host)}` : `ldap://${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return /^[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*$/i.test(host) ? `[${host}]` : host;
}
