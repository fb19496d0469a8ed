import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { SecureText } from '@doublehop/powershell/objects/value';
import type { RemoteHost } from '@doublehop/remoting/client/remote-session';
import { connector, type RemoteLocation, winRmUrl } from '@doublehop/lab/console/connector';
import { locateInLab } from '@doublehop/lab/console/lab-network';
import type { Connect, RemoteTarget } from '@doublehop/lab/console/target';
import { clientTickets, passwordClient } from '@doublehop/lab/console/tickets';
import { labEnv } from '@doublehop/lab/env';
import { labPaths } from '@doublehop/lab/folder/paths';
import { needState } from '@doublehop/lab/folder/state';
import { nameOfHost } from '@doublehop/lab/hosts/network';
import { CONTOSO } from '@doublehop/lab/scenario';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';
import { readPassword } from '../input/secret.ts';
import { clientFor } from '../kerberos/client.ts';
import {
  openCache,
  readConfiguration,
  servicePrincipal,
  userPrincipal,
} from '../kerberos/configuration.ts';

/** Options that say how to get to a computer. */
export interface ConnectionOptions {
  readonly auth?: string;
  readonly delegate?: true;
  readonly configuration?: string;
  readonly credential?: string;
  readonly passwordFile?: string;
  readonly ssl?: true;
  readonly caFile?: string;
  readonly port?: string;
  readonly dir?: string;
}

const METHODS = {
  default: 'Default',
  kerberos: 'Kerberos',
  negotiate: 'Negotiate',
  credssp: 'CredSSP',
  basic: 'Basic',
} as const;

/** Adds the options of `ConnectionOptions`. */
export function addConnectionOptions(command: Command): Command {
  const group = 'Connection (default: the tickets of KRB5CCNAME):';
  const options = [
    new Option('--auth <method>', 'how to authenticate').choices(Object.keys(METHODS)),
    new Option('--delegate', 'hand a forwarded TGT to the computer, trusted for it or not'),
    new Option('--configuration <name>', 'session configuration; default Microsoft.PowerShell'),
    new Option('--credential <user>', 'as this user; asks for the password'),
    new Option('--password-file <file>', 'read the password from a file, "-" for standard input'),
    new Option('--ssl', 'over HTTPS'),
    new Option('--ca-file <file>', 'with --ssl: trust the certificates in this file'),
    new Option('--port <number>', 'of WinRM; default 5985, with --ssl 5986'),
    new Option('--dir <folder>', 'folder of the lab; default DOUBLEHOP_LAB'),
  ];
  for (const option of options) command.addOption(option.helpGroup(group));
  return command;
}

/** How to open sessions on the computers that are meant. */
export interface Connection {
  readonly connect: Connect;
  readonly targetOf: (computer: string) => RemoteTarget;
}

/**
 * What the options mean: computers of the lab where there is one, of the network otherwise; by the
 * tickets of the cache, or with a password. Throws UsageError.
 */
export async function connectionOf(
  given: Context,
  options: ConnectionOptions,
  host?: RemoteHost,
): Promise<Connection> {
  const way = wayOf(options);
  const context = await withLab(given, options);
  const { credential: user, delegate = false } = options;
  const { clock, random, resolver } = context;
  const password = user === undefined ? undefined : await passwordOf(context, user, options);
  const configuration = readConfiguration(context);
  const { config, settings } = configuration;
  const serverOf = (spn: string) => servicePrincipal(spn, configuration);
  const transport = configuredExchange(config, { resolver, random, clock });
  const cached = () => clientFor(context, configuration, openCache(context, configuration));
  const connect = connector({
    locate: await locator(context, options),
    own: user === undefined ? clientTickets(cached(), serverOf, delegate) : NO_TICKETS,
    logOn: (name, secret) => {
      const principal = userPrincipal(name, configuration);
      const client = passwordClient(principal, secret, { transport, clock, random, settings });
      return clientTickets(client, serverOf, delegate);
    },
    clock,
    random,
    ...(host !== undefined && { host }),
  });
  return {
    connect,
    targetOf: (computer) => ({
      ...way,
      computer,
      ...(user !== undefined && password !== undefined && { credential: { user, password } }),
    }),
  };
}

const NO_TICKETS = {
  getServiceTicket: () => Promise.reject(new UsageError('nobody is logged on')),
};

function wayOf(options: ConnectionOptions): Omit<RemoteTarget, 'computer' | 'credential'> {
  const { auth = 'default', configuration, credential, passwordFile, ssl, caFile, port } = options;
  const authentication = METHODS[methodOf(auth)];
  if (passwordFile !== undefined && credential === undefined) {
    throw new UsageError('--password-file needs --credential: whose is it?');
  }
  if ((auth === 'credssp' || auth === 'basic') && credential === undefined) {
    throw new UsageError(`--auth ${auth} gives a password: it needs --credential`);
  }
  if (auth === 'basic' && ssl !== true) {
    throw new UsageError('--auth basic sends the password itself: it needs --ssl');
  }
  if (caFile !== undefined && ssl !== true) throw new UsageError('--ca-file needs --ssl');
  return {
    authentication,
    useSsl: ssl === true,
    ...(configuration !== undefined && { configuration }),
    ...(port !== undefined && { port: portOf(port) }),
  };
}

function methodOf(text: string): keyof typeof METHODS {
  const found = Object.keys(METHODS).find((name) => name === text);
  // It is one of the names of METHODS: `find` has just said so.
  if (found !== undefined) return found as keyof typeof METHODS;
  throw new UsageError(`--auth: "${text}" is none of ${Object.keys(METHODS).join(', ')}`);
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port > 0 && port <= 0xff_ff) return port;
  throw new UsageError(`--port: "${text}" is no port`);
}

async function passwordOf(
  context: Context,
  user: string,
  { passwordFile }: ConnectionOptions,
): Promise<SecureText> {
  return SecureText.of(await readPassword(context, `Password for ${user}`, passwordFile));
}

/** With `--dir`, as after `lab env` of that lab; so where DOUBLEHOP_LAB is set and nothing else. */
async function withLab(context: Context, { dir }: ConnectionOptions): Promise<Context> {
  const { environment } = context;
  const alone = environment.krb5Config === undefined ? environment.lab : undefined;
  const lab = dir ?? alone;
  if (lab === undefined) return context;
  const { KRB5_CONFIG: krb5Config, KRB5CCNAME: ofLab } = await labEnv(lab);
  const ccache = dir === undefined ? (environment.ccache ?? ofLab) : ofLab;
  return { ...context, environment: { ...environment, krb5Config, ccache, lab } };
}

async function locator(
  { environment, clock, random }: Context,
  { caFile }: ConnectionOptions,
): Promise<(target: RemoteTarget) => Promise<RemoteLocation>> {
  const ca = caFile === undefined ? undefined : await readArgument('--ca-file', caFile);
  const tls = ca === undefined ? {} : { tls: { ca: ca.toString() } };
  const onNetwork = async (target: RemoteTarget): Promise<RemoteLocation> => {
    return { url: urlOf(target), ...tls };
  };
  if (environment.lab === undefined) return onNetwork;
  const paths = labPaths(environment.lab);
  const state = await needState(paths);
  const inLab = locateInLab({ scenario: CONTOSO, state, paths, clock, random });
  return async (target) =>
    nameOfHost(CONTOSO, target.computer) === undefined
      ? await onNetwork(target)
      : { ...(await inLab(target)), ...tls };
}

/** Throws UsageError for what can be no computer's name. */
function urlOf(target: RemoteTarget): URL {
  const { computer } = target;
  if (/^[\w.-]{1,255}$/u.test(computer)) return winRmUrl(computer.toLowerCase(), target);
  throw new UsageError(`--computer: ${JSON.stringify(computer)} is no name of a computer`);
}
