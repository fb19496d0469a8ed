import type { CredentialCache } from '@doublehop/kerberos/ccache/ccache';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import { type ClientSecret, secretFromKeytab } from '@doublehop/kerberos/client/secret';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { formatPrincipal, type Principal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readPassword } from '../input/secret.ts';
import {
  type KerberosConfiguration,
  openCache,
  readConfiguration,
  userPrincipal,
} from './configuration.ts';

/** Options that say as whom a command works. */
export interface CredentialOptions {
  readonly user?: string;
  readonly keytab?: string;
  /** `-` is standard input, which `--password-stdin` means too. */
  readonly passwordFile?: string;
  readonly passwordStdin?: true;
  readonly cache?: string;
}

/** Adds the options of `CredentialOptions`. */
export function addCredentialOptions(command: Command): Command {
  const group = 'Credentials (default: the tickets of KRB5CCNAME):';
  const options = [
    new Option('--principal, --user <name>', 'work as this account instead; asks for its password'),
    new Option('--keytab <file>', 'work with a key of this keytab'),
    passwordFileOption(),
    passwordStdinOption(),
    new Option('--cache <name>', 'use this credential cache instead of KRB5CCNAME'),
  ];
  for (const option of options) command.addOption(option.helpGroup(group));
  return command;
}

/** `--password-file`. */
export function passwordFileOption(): Option {
  return new Option(
    '--password-file <file>',
    'read the password from a file, "-" for standard input',
  );
}

/** `--password-stdin`, another word for `--password-file -`. */
export function passwordStdinOption(): Option {
  const option = new Option('--password-stdin', 'read the password from standard input');
  return option.implies({ passwordFile: '-' });
}

/** Throws UsageError where the password is to come from two places. */
export function checkPasswordOptions({ passwordFile, passwordStdin }: CredentialOptions): void {
  if (passwordStdin === true && passwordFile !== undefined && passwordFile !== '-') {
    throw new UsageError('--password-file and --password-stdin: one of them');
  }
}

/** Whoever a command works as. */
export interface Identity {
  readonly client: KerberosClient;
  readonly configuration: KerberosConfiguration;
}

/**
 * The Kerberos client that the options mean. With `--user`, `--keytab` or `--password-file` its
 * tickets stay in memory; otherwise those of the cache are used and new ones are kept there.
 */
export async function identityOf(context: Context, options: CredentialOptions): Promise<Identity> {
  const configuration = readConfiguration(context);
  const account = await accountOf(context, configuration, options);
  const cache =
    account === undefined ? openCache(context, configuration, options.cache) : memoryCache();
  return { client: clientFor(context, configuration, cache, account), configuration };
}

/** A client over a cache. */
export function clientFor(
  { clock, random, resolver }: Context,
  { config, settings }: KerberosConfiguration,
  cache: CredentialCache,
  account?: Account,
): KerberosClient {
  return new KerberosClient({
    transport: configuredExchange(config, { resolver, random, clock }),
    clock,
    random,
    cache,
    settings,
    account,
  });
}

/** An account with what proves it. */
export interface Account {
  readonly client: Principal;
  readonly secret: ClientSecret;
}

async function accountOf(
  context: Context,
  configuration: KerberosConfiguration,
  options: CredentialOptions,
): Promise<Account | undefined> {
  const { user, keytab, passwordFile, cache } = options;
  checkPasswordOptions(options);
  if (user === undefined && keytab === undefined && passwordFile === undefined) return undefined;
  if (cache !== undefined) throw new UsageError('--cache does not go with --user or --keytab');
  if (keytab !== undefined && passwordFile !== undefined) {
    throw new UsageError('--keytab and --password-file exclude each other');
  }
  const named = user === undefined ? undefined : userPrincipal(user, configuration);
  if (keytab !== undefined) return await keytabAccount(keytab, named);
  if (named === undefined) throw new UsageError('--password-file needs --user: whose is it?');
  const password = await readPassword(context, promptFor(named), passwordFile);
  return { client: named, secret: { kind: 'password', password } };
}

/** The account of a keytab: the one that is named, or its first. */
export async function keytabAccount(name: string, named?: Principal): Promise<Account> {
  const entries = await readKeytab(name);
  const client = named ?? entries[0]?.principal;
  if (client === undefined) throw new UsageError(`the keytab ${name} is empty`);
  return { client, secret: secretFromKeytab(entries, client) };
}

/** `Password for alice@CONTOSO.COM`. */
export function promptFor(client: Principal): string {
  return `Password for ${formatPrincipal(client)}`;
}
