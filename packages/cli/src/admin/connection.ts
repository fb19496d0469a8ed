import { connect } from '@doublehop/admin/connect';
import type { DomainConnection } from '@doublehop/admin/connection';
import { controllerUrl, locateControllers } from '@doublehop/admin/connect/locate';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { readArgument } from '../input/file.ts';
import { addCredentialOptions, type CredentialOptions, identityOf } from '../kerberos/client.ts';

/** Options that say which domain a command works on, and as whom. */
export interface ConnectionOptions extends CredentialOptions {
  readonly server?: string;
  readonly middleServer?: string;
  readonly domain?: string;
  readonly caFile?: string;
  readonly mechanism?: 'GSSAPI' | 'GSS-SPNEGO';
}

/** Adds the options of `ConnectionOptions`. */
export function addConnectionOptions(command: Command, withMiddles = false): Command {
  const group = 'Domain (default: DOUBLEHOP_LDAP, else found by DNS and krb5.conf):';
  const options = [
    new Option('--server <host|url>', "domain controller of the target's domain"),
    new Option('--domain <name>', 'domain whose controller is looked for; default: your realm'),
    new Option('--ca-file <file>', 'certificate authority to trust with ldaps://, PEM'),
    new Option('--mechanism <name>', 'SASL mechanism').choices(['GSSAPI', 'GSS-SPNEGO']),
  ];
  if (withMiddles) {
    options.splice(
      1,
      0,
      new Option('--middle-server <host|url>', "domain controller of the middles' domain"),
    );
  }
  for (const option of options) command.addOption(option.helpGroup(group));
  return addCredentialOptions(command);
}

/** The connections of one command. */
export interface Connections {
  /** To the targets' domain. */
  readonly targets: DomainConnection;
  /** To the middles' domain; the same one unless told otherwise. */
  readonly middles: DomainConnection;
}

/** Connects, does the work, and closes whatever happens. */
export async function withConnections<T>(
  context: Context,
  options: ConnectionOptions,
  work: (connections: Connections) => Promise<T>,
): Promise<T> {
  const identity = await identityOf(context, options);
  const { client: kerberos, configuration } = identity;
  const { config } = configuration;
  const { clock, random, environment } = context;
  const { caFile } = options;
  const tls = caFile === undefined ? undefined : { ca: await readArgument('--ca-file', caFile) };
  const open = async (urls: readonly string[]): Promise<DomainConnection> =>
    await connect({ urls, kerberos, config, clock, random, mechanism: options.mechanism, tls });
  const byEnvironment = options.domain === undefined ? environment.ldap : undefined;
  const named = options.server !== undefined || byEnvironment === undefined;
  const targets = await open(
    await locateControllers({
      server: options.server ?? byEnvironment,
      argument: named ? '--server' : 'DOUBLEHOP_LDAP',
      domain: options.domain ?? config.libdefaults.defaultRealm,
      ...context,
      config,
    }),
  );
  try {
    const { middleServer } = options;
    if (middleServer === undefined) return await work({ targets, middles: targets });
    const middles = await open([controllerUrl(middleServer, '--middle-server')]);
    try {
      return await work({ targets, middles });
    } finally {
      await middles.close();
    }
  } finally {
    await targets.close();
  }
}
