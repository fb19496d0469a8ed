import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { RandomSource } from '@doublehop/crypto/random';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import type { Krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { realmOfHost } from '@doublehop/kerberos/locate/host-realm';
import { principal, type Principal } from '@doublehop/kerberos/names';
import { LdapClient } from '@doublehop/ldap/client/client';
import { type InitiatorWish, kerberosMechanism } from '@doublehop/ldap/sasl/kerberos';
import { parseLdapUrl } from '@doublehop/ldap/url';
import { connectFailure } from './connect-failure.ts';
import { type DomainConnection, openDomain } from './connection.ts';
import { readRootDse } from './domain.ts';
import { AdminError } from './errors.ts';
import { MAX_CONTROLLERS } from './limits.ts';

/** SASL mechanisms with Kerberos (RFC 4752; MS-ADTS 5.1.1.1.2). */
export type SaslMechanism = 'GSSAPI' | 'GSS-SPNEGO';

/** How a controller is reached, and as whom. */
export interface ConnectOptions {
  /** `ldap://host:port` or `ldaps://host:port`, tried in this order. */
  readonly urls: readonly string[];
  /** Whoever connects: from a ccache, a keytab or a password. */
  readonly kerberos: KerberosClient;
  /** Tells the realm of a controller's host; without it the KDC is asked for a referral. */
  readonly config?: Pick<Krb5Config, 'domainRealm'> | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** Default GSSAPI. */
  readonly mechanism?: SaslMechanism | undefined;
  /** Whom to trust with `ldaps://`: `ca`. */
  readonly tls?: ConnectionOptions | undefined;
  /** Milliseconds, for each controller. */
  readonly connectTimeout?: number | undefined;
}

/**
 * Connects to the first controller that answers: by Kerberos, signed and sealed with `ldap://`,
 * bound to the TLS channel with `ldaps://`. A refusal ends it; only silence leads on to the next.
 *
 * Throws AdminError `unreachable`, `untrusted`, `credentials`, `no-controller`; KerberosError where
 * a KDC refused.
 */
export async function connect(options: ConnectOptions): Promise<DomainConnection> {
  const urls = options.urls.slice(0, MAX_CONTROLLERS);
  let silent: AdminError | undefined;
  for (const url of urls) {
    try {
      return await connectTo(url, options);
    } catch (error) {
      const failure = connectFailure(error, url);
      if (!(failure instanceof AdminError) || failure.code !== 'unreachable') throw failure;
      silent ??= failure;
    }
  }
  if (silent === undefined) {
    throw new AdminError('no-controller', 'no domain controller is named', {
      argument: '--server',
    });
  }
  if (urls.length === 1) throw silent;
  const message = `none of ${urls.length} controllers answers: ${urls.join(', ')}`;
  throw new AdminError('unreachable', message, { subject: urls[0], cause: silent });
}

async function connectTo(url: string, options: ConnectOptions): Promise<DomainConnection> {
  const { tls, connectTimeout, kerberos, config, random, mechanism = 'GSSAPI' } = options;
  const client = await LdapClient.connect({
    url: withoutPath(url),
    ...(tls === undefined ? {} : { tls }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
  });
  try {
    const host = await hostForName(client);
    const server = serviceOf(host, config);
    const credentials = await kerberos.getServiceTicket(server);
    const start = (wish: InitiatorWish) => {
      const clock = () => kerberos.context.clock.now();
      return krb5Initiator({ credentials, clock, random, ...wish });
    };
    await client.bindSasl(kerberosMechanism(client, { start, mechanism }));
    return await openDomain(client, url);
  } catch (error) {
    await client.close().catch(() => undefined);
    throw error;
  }
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
