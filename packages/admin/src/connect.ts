import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { RandomSource } from '@doublehop/crypto/random';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import type { Krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { KerberosError } from '@doublehop/kerberos/errors';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { realmOfHost } from '@doublehop/kerberos/locate/host-realm';
import { principal, type Principal } from '@doublehop/kerberos/names';
import { LdapClient } from '@doublehop/ldap/client/client';
import { LdapError } from '@doublehop/ldap/errors';
import { externalClient } from '@doublehop/ldap/sasl/external';
import { type InitiatorWish, kerberosMechanism } from '@doublehop/ldap/sasl/kerberos';
import { parseLdapUrl } from '@doublehop/ldap/url';
import { connectFailure, placeOf } from './connect/failure.ts';
import { FailoverClient, type FailoverEvent, type OpenController } from './connect/failover.ts';
import { type DomainConnection, openDomain } from './connection.ts';
import { readRootDse } from './domain.ts';
import { AdminError } from './errors.ts';
import { MAX_CONTROLLERS } from './limits.ts';

/** SASL mechanisms with Kerberos (RFC 4752; MS-ADTS 5.1.1.1.2). */
export type SaslMechanism = 'GSSAPI' | 'GSS-SPNEGO';

/** Who logs on without Kerberos. */
export type OtherLogon =
  /** A simple bind (RFC 4513 §5.1): a DN, `CONTOSO\alice` or `alice@contoso.com`. */
  | { readonly kind: 'simple'; readonly name: string; readonly password: string }
  /** The certificate of `tls`, by SASL EXTERNAL (MS-ADTS 5.1.1.1.2). */
  | { readonly kind: 'certificate' };

/** How a controller is reached, and as whom. */
export interface ConnectOptions {
  /** `ldap://host:port` or `ldaps://host:port`, tried in this order. */
  readonly urls: readonly string[];
  /** Whoever connects: from a ccache, a keytab or a password. */
  readonly kerberos: KerberosClient;
  /** In place of Kerberos. */
  readonly logon?: OtherLogon | undefined;
  /** Tells the realm of a controller's host; without it the KDC is asked for a referral. */
  readonly config?: Pick<Krb5Config, 'domainRealm'> | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** Default GSSAPI. */
  readonly mechanism?: SaslMechanism | undefined;
  /** Whom to trust with TLS: `ca`; who we are: `pfx`. */
  readonly tls?: ConnectionOptions | undefined;
  /** TLS by the StartTLS operation with `ldap://`. */
  readonly startTls?: boolean | undefined;
  /** With `ldap://` neither TLS nor sealing, passwords of simple binds included. */
  readonly insecure?: boolean | undefined;
  /** Milliseconds, for each controller. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds, for each answer. */
  readonly timeout?: number | undefined;
  /** Told that another controller is used from now on. */
  readonly onFailover?: ((event: FailoverEvent) => void) | undefined;
}

/**
 * Connects to the first controller that answers: by Kerberos, signed and sealed with `ldap://`,
 * bound to the TLS channel inside TLS. A refusal ends it; silence, and controllers that are busy,
 * lead on to the next. With several controllers the connection outlives the one in use, as
 * `FailoverClient` tells.
 *
 * Throws AdminError `unreachable`, `untrusted`, `credentials`, `no-controller`; KerberosError where
 * a KDC refused.
 */
export async function connect(options: ConnectOptions): Promise<DomainConnection> {
  const urls = options.urls.slice(0, MAX_CONTROLLERS);
  const first = await openFirst(urls, options);
  const { onFailover } = options;
  const open = async (url: string): Promise<OpenController> => await openController(url, options);
  const client =
    urls.length === 1 ? undefined : new FailoverClient(first, { urls, open, onFailover });
  try {
    return await openDomain(client ?? first.client, first.url, client);
  } catch (error) {
    await (client ?? first.client).close().catch(() => undefined);
    throw connectFailure(error, first.url);
  }
}

async function openFirst(
  urls: readonly string[],
  options: ConnectOptions,
): Promise<OpenController> {
  const silent: AdminError[] = [];
  for (const url of urls) {
    try {
      return await openController(url, options);
    } catch (failure) {
      if (!(failure instanceof AdminError) || failure.code !== 'unreachable') throw failure;
      silent.push(failure);
    }
  }
  const [first] = silent;
  if (first === undefined) {
    throw new AdminError('no-controller', 'no domain controller is named', {
      argument: '--server',
    });
  }
  if (urls.length === 1) throw first;
  const message =
    `none of ${urls.length} controllers answers: ${urls.map(placeOf).join(', ')} (TCP); ` +
    'check the network and the firewall, or name another one';
  throw new AdminError('unreachable', message, { subject: urls[0], cause: first });
}

/** Connects to one controller and binds. Throws as `connect` does. */
async function openController(url: string, options: ConnectOptions): Promise<OpenController> {
  try {
    checkProtection(url, options);
    const client = await openClient(url, options);
    try {
      const controller = await bind(client, url, options);
      return { client, url, controller };
    } catch (error) {
      await client.close().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw connectFailure(error, url);
  }
}

/** Passwords and certificates need TLS, unless somebody said that he knows better. */
function checkProtection(url: string, { logon, startTls, insecure }: ConnectOptions): void {
  const tls = parseLdapUrl(url).scheme === 'ldaps' || startTls === true;
  if (logon?.kind === 'certificate' && !tls) {
    const message = `a client certificate needs TLS: ldaps:// and not ${url}, or --tls starttls`;
    throw new AdminError('usage', message, { subject: url });
  }
  if (logon?.kind === 'simple' && !tls && insecure !== true) {
    const message =
      `a simple bind at ${url} would show the password to the network; use ldaps:// or ` +
      '--tls starttls, or --insecure-plain-ldap where nobody listens';
    throw new AdminError('usage', message, { subject: url });
  }
}

async function openClient(url: string, options: ConnectOptions): Promise<LdapClient> {
  const { tls, connectTimeout, timeout, insecure, startTls } = options;
  // What a URL asks for itself goes before what is asked of all.
  const starts = startTls === true && parseLdapUrl(url).scheme === 'ldap';
  try {
    return await LdapClient.connect({
      url: withoutPath(url),
      ...(tls === undefined ? {} : { tls }),
      ...(connectTimeout === undefined ? {} : { connectTimeout }),
      ...(timeout === undefined ? {} : { timeout }),
      startTls: starts,
      allowClearTextPassword: insecure === true,
    });
  } catch (error) {
    if (!(error instanceof LdapError) || error.resultCode === undefined) throw error;
    const message =
      `${url} offers no TLS (${error.message}): it has no certificate, as it seems; ` +
      'without --tls ldap:// is sealed by Kerberos';
    throw new AdminError('unreachable', message, { subject: url, cause: error });
  }
}

/** Logs on; returns the controller's DNS name as far as it was asked for. */
async function bind(
  client: LdapClient,
  url: string,
  options: ConnectOptions,
): Promise<string | undefined> {
  const { logon } = options;
  if (logon?.kind === 'simple') await client.bindSimple(logon.name, logon.password);
  else if (logon?.kind === 'certificate') await bindByCertificate(client, url);
  else return await bindByKerberos(client, url, options);
  return undefined;
}

/**
 * With LDAPS Active Directory takes the certificate for a bind by itself, and refuses another;
 * after StartTLS it wants EXTERNAL (MS-ADTS 5.1.1.1.2).
 */
async function bindByCertificate(client: LdapClient, url: string): Promise<void> {
  if (parseLdapUrl(url).scheme === 'ldaps' && (await isKnown(client))) return;
  await client.bindSasl(externalClient());
}

async function isKnown(client: LdapClient): Promise<boolean> {
  try {
    const who = await client.whoAmI();
    return who !== '' && who !== 'dn:';
  } catch (error) {
    if (error instanceof LdapError && error.resultCode !== undefined) return false;
    throw error;
  }
}

async function bindByKerberos(
  client: LdapClient,
  url: string,
  options: ConnectOptions,
): Promise<string> {
  const { kerberos, config, random, insecure, mechanism = 'GSSAPI' } = options;
  const host = await hostForName(client);
  const server = serviceOf(host, config);
  try {
    const credentials = await kerberos.getServiceTicket(server);
    const start = (wish: InitiatorWish) => {
      const clock = () => kerberos.context.clock.now();
      return krb5Initiator({ credentials, clock, random, ...wish });
    };
    const layer = insecure === true ? { layer: 'none' as const } : {};
    await client.bindSasl(kerberosMechanism(client, { start, mechanism, ...layer }));
  } catch (error) {
    throw await namelessService(error, { client, url, host });
  }
  return host;
}

/** Where the KDC knows no such service, the controller may tell what it is really called. */
async function namelessService(
  error: unknown,
  {
    client,
    url,
    host,
  }: { readonly client: LdapClient; readonly url: string; readonly host: string },
): Promise<unknown> {
  const unknown =
    error instanceof KerberosError &&
    error.detail.errorCode === ErrorCode.KDC_ERR_S_PRINCIPAL_UNKNOWN;
  if (!unknown) return error;
  const root = await readRootDse(client).catch(() => undefined);
  const name = root?.controller?.toLowerCase();
  if (name === undefined || name === host) return error;
  const message =
    `the KDC knows no service ldap/${host}: ${host} is no name of a controller; ` +
    `it calls itself ${name}: name it so`;
  const detail = { argument: '--server', subject: url, cause: error };
  return new AdminError('credentials', message, detail);
}

/** `ldap/host`; an empty realm lets the KDC find it. */
function serviceOf(host: string, config: ConnectOptions['config']): Principal {
  const realm = config === undefined ? undefined : realmOfHost(host, config);
  return principal(realm ?? '', NameType.SRV_HST, 'ldap', host);
}

/**
 * The name that the controller's service principal has. An address has no service principal: the
 * controller is asked for its name, which Kerberos then proves (RFC 4120 §1.3 warns of names that
 * come from elsewhere: who wants to be sure gives the name).
 */
async function hostForName(client: LdapClient): Promise<string> {
  if (isIP(client.host) === 0) return client.host.toLowerCase();
  const { controller } = await readRootDse(client);
  if (controller !== undefined) return controller.toLowerCase();
  throw new AdminError(
    'no-controller',
    `${client.host} does not tell its name; give the name of the controller instead`,
    { subject: client.host },
  );
}

function withoutPath(url: string): string {
  const { scheme, host, port } = parseLdapUrl(url);
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
