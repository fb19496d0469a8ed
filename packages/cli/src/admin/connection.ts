import { type ConnectionOptions as TlsOptions, getCACertificates } from 'node:tls';
import { connect, type ConnectOptions, type OtherLogon } from '@doublehop/admin/connect';
import type { FailoverEvent } from '@doublehop/admin/connect/failover';
import { locateControllers } from '@doublehop/admin/connect/locate';
import { ldapPing } from '@doublehop/admin/connect/ping';
import type { DomainConnection } from '@doublehop/admin/connection';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';
import { untilInterrupted } from '../input/interrupt.ts';
import { readPassword } from '../input/secret.ts';
import {
  addCredentialOptions,
  checkPasswordOptions,
  clientFor,
  type CredentialOptions,
  type Identity,
  identityOf,
} from '../kerberos/client.ts';
import { readConfiguration } from '../kerberos/configuration.ts';
import { readClientCertificate } from './certificate.ts';

/** Options that say which domain a command works on, and as whom. */
export interface ConnectionOptions extends CredentialOptions {
  /** Controllers, separated by commas. */
  readonly server?: string;
  readonly middleServer?: string;
  readonly domain?: string;
  readonly site?: string;
  readonly tls?: 'ldaps' | 'starttls';
  readonly caFile?: string;
  readonly clientCertificate?: string;
  readonly passphraseFile?: string;
  readonly mechanism?: (typeof MECHANISMS)[number];
  /** Seconds. */
  readonly timeout?: number;
  readonly insecurePlainLdap?: true;
}

const MECHANISMS = ['GSSAPI', 'GSS-SPNEGO', 'SIMPLE', 'EXTERNAL'] as const;

/** Adds the options of `ConnectionOptions`. */
export function addConnectionOptions(command: Command, withMiddles = false): Command {
  const group = 'Domain (default: DOUBLEHOP_LDAP, else found by DNS and krb5.conf):';
  const middles = new Option(
    '--middle-server <host|url>',
    "domain controller of the middles' domain",
  );
  const options = [
    new Option(
      '--server <host|url>',
      "domain controller of the target's domain; several: in this order",
    ).argParser(listed),
    ...(withMiddles ? [middles.argParser(listed)] : []),
    new Option('--domain <name>', 'domain whose controller is looked for; default: your realm'),
    new Option('--site <name>', 'site whose controllers come first; default: your own'),
    new Option('--tls <kind>', 'TLS in place of sealing by Kerberos').choices([
      'ldaps',
      'starttls',
    ]),
    new Option('--ca-file <file>', 'certificate authority to trust with TLS, PEM'),
    new Option('--mechanism <name>', 'way to log on; default GSSAPI').choices(MECHANISMS),
    new Option(
      '--client-certificate <file>',
      'log on with this certificate, PKCS#12, in place of Kerberos',
    ),
    new Option('--passphrase-file <file>', "read the certificate's pass-phrase from a file"),
    new Option('--timeout <seconds>', 'for a connection and for each answer').argParser(seconds),
    new Option('--insecure-plain-ldap', 'neither TLS nor sealing: everybody can read along'),
  ];
  for (const option of options) command.addOption(option.helpGroup(group));
  return addCredentialOptions(command);
}

/** An option that may be given several times, or with commas. */
function listed(text: string, earlier: unknown): string {
  return typeof earlier === 'string' ? `${earlier},${text}` : text;
}

function seconds(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of seconds, 1 or more.');
}

/** The connections of one command. */
export interface Connections {
  /** To the targets' domain. */
  readonly targets: DomainConnection;
  /** To the middles' domain; the same one unless told otherwise. */
  readonly middles: DomainConnection;
}

/** Connects, does the work, and closes whatever happens, Ctrl-C included. */
export async function withConnections<T>(
  context: Context,
  options: ConnectionOptions,
  work: (connections: Connections) => Promise<T>,
): Promise<T> {
  const settings = await settingsOf(context, options);
  return await untilInterrupted(async (signal) => {
    const targets = await open(context, options, settings, signal);
    warnOfSkew(context, settings);
    try {
      const { middleServer } = options;
      if (middleServer === undefined) return await work({ targets, middles: targets });
      const theirs = { ...options, server: middleServer };
      const middles = await open(context, theirs, settings, signal, '--middle-server');
      try {
        return await work({ targets, middles });
      } finally {
        await middles.close();
      }
    } finally {
      await targets.close();
    }
  });
}

/**
 * A clock that is wrong is made up for by the KDC's own time; other programs will not do without a
 * right one (RFC 4120 §1.3: five minutes as a rule).
 */
function warnOfSkew({ err }: Context, { kerberos: { context } }: Settings): void {
  const offset = Math.round(context.clock.offset / 1000);
  const size = Math.abs(offset);
  if (size <= context.settings.clockSkew) return;
  const time = `${Math.floor(size / 60)} min ${size % 60} s`;
  const side = offset > 0 ? 'behind' : 'ahead of';
  err(`warning: this machine's clock is ${time} ${side} that of the KDC: set it right\n`);
}

/** As whom, and how it is protected. */
type Settings = Omit<ConnectOptions, 'urls'> & Pick<Identity, 'configuration'>;

async function settingsOf(context: Context, options: ConnectionOptions): Promise<Settings> {
  const { mechanism, timeout, insecurePlainLdap: insecure } = options;
  checkOptions(options);
  checkSimple(context, options);
  const { identity, logon, tls } = await logonOf(context, options);
  const { client: kerberos, configuration } = identity;
  const { clock, random } = context;
  const wait = timeout === undefined ? undefined : timeout * 1000;
  return {
    kerberos,
    configuration,
    config: configuration.config,
    clock,
    random,
    logon,
    mechanism: mechanism === 'GSS-SPNEGO' ? mechanism : 'GSSAPI',
    tls: await tlsOf(options, tls ?? {}),
    startTls: options.tls === 'starttls',
    insecure,
    timeout: wait,
    connectTimeout: wait,
    onFailover: ({ from, to, reason }: FailoverEvent) =>
      context.err(`${from} broke off (${reason}); going on at ${to}\n`),
  };
}

function checkOptions(options: ConnectionOptions): void {
  const { mechanism, clientCertificate, passphraseFile, tls, insecurePlainLdap, user } = options;
  if (mechanism === 'EXTERNAL' && clientCertificate === undefined) {
    throw new UsageError('--mechanism EXTERNAL needs --client-certificate');
  }
  if (clientCertificate !== undefined && (mechanism ?? 'EXTERNAL') !== 'EXTERNAL') {
    throw new UsageError(`--client-certificate does not go with --mechanism ${mechanism}`);
  }
  if (clientCertificate !== undefined && (user ?? options.keytab) !== undefined) {
    throw new UsageError('--client-certificate says who you are: no --user and no --keytab');
  }
  if (passphraseFile !== undefined && clientCertificate === undefined) {
    throw new UsageError('--passphrase-file needs --client-certificate');
  }
  if (mechanism === 'SIMPLE' && user === undefined) {
    throw new UsageError('--mechanism SIMPLE needs --user: a DN, DOMAIN\\alice or alice@domain');
  }
  if (insecurePlainLdap === true && tls !== undefined) {
    throw new UsageError('--insecure-plain-ldap and --tls: one of them');
  }
}

/** Nobody is asked for a password that would not be sent. */
function checkSimple({ environment }: Context, options: ConnectionOptions): void {
  const { mechanism, tls, insecurePlainLdap, domain } = options;
  if (mechanism !== 'SIMPLE' || tls !== undefined || insecurePlainLdap === true) return;
  const servers = options.server ?? (domain === undefined ? environment.ldap : undefined) ?? '';
  if (servers.split(',').every((server) => /^\s*ldaps:/i.test(server))) return;
  throw new UsageError(
    '--mechanism SIMPLE would show the password to the network; use --tls ldaps, --tls starttls ' +
      'or ldaps://, or --insecure-plain-ldap where nobody listens',
  );
}

interface Logon {
  readonly identity: Identity;
  readonly logon?: OtherLogon;
  readonly tls?: TlsOptions;
}

async function logonOf(context: Context, options: ConnectionOptions): Promise<Logon> {
  const { mechanism, clientCertificate, passphraseFile, user, passwordFile } = options;
  if (clientCertificate !== undefined) {
    const tls = await readClientCertificate(context, clientCertificate, passphraseFile);
    return { identity: nobody(context), logon: { kind: 'certificate' }, tls: { ...tls } };
  }
  if (mechanism !== 'SIMPLE' || user === undefined) {
    return { identity: await identityOf(context, options) };
  }
  checkPasswordOptions(options);
  const password = await readPassword(context, `Password for ${user}`, passwordFile);
  return { identity: nobody(context), logon: { kind: 'simple', name: user, password } };
}

/** Without Kerberos there are no tickets, and none are looked for. */
function nobody(context: Context): Identity {
  const configuration = readConfiguration(context);
  return { client: clientFor(context, configuration, memoryCache()), configuration };
}

/**
 * Who we are in TLS, and whom we trust: the authorities of the file alone, else the usual ones and
 * those of this machine.
 */
async function tlsOf({ caFile }: ConnectionOptions, own: TlsOptions): Promise<TlsOptions> {
  if (caFile !== undefined) return { ...own, ca: await readArgument('--ca-file', caFile) };
  return {
    ...own,
    // Read when TLS starts and not before: a machine may have hundreds.
    get ca() {
      return [...getCACertificates('default'), ...getCACertificates('system')];
    },
  };
}

async function open(
  context: Context,
  { server, domain, site, tls }: ConnectionOptions,
  { configuration, ...settings }: Settings,
  signal: AbortSignal,
  named = '--server',
): Promise<DomainConnection> {
  const { config } = configuration;
  const byEnvironment = domain === undefined ? context.environment.ldap : undefined;
  const isNamed = server !== undefined || byEnvironment === undefined;
  const urls = await locateControllers({
    ...context,
    server: server ?? byEnvironment,
    argument: isNamed ? named : 'DOUBLEHOP_LDAP',
    domain: domain ?? config.libdefaults.defaultRealm,
    site,
    secure: tls === 'ldaps',
    config,
    ping: ldapPing(context),
    signal,
  });
  const connection = await connect({ ...settings, urls });
  // Whoever was interrupted meanwhile has gone already.
  if (signal.aborted) await connection.close();
  else signal.addEventListener('abort', () => void connection.close());
  return connection;
}
