import type { CredentialCache } from '@doublehop/kerberos/ccache/ccache';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { parseDuration } from '@doublehop/kerberos/config/values';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { formatPrincipal, type Principal } from '@doublehop/kerberos/names';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readPassword } from '../input/secret.ts';
import { printJson } from '../output/json.ts';
import { formatTime } from '../output/time.ts';
import {
  type Account,
  checkPasswordOptions,
  clientFor,
  keytabAccount,
  passwordFileOption,
  passwordStdinOption,
  promptFor,
} from '../kerberos/client.ts';
import {
  type KerberosConfiguration,
  keytabName,
  openCache,
  ownerOf,
  readConfiguration,
  userPrincipal,
} from '../kerberos/configuration.ts';

interface KinitOptions {
  readonly cache?: string;
  readonly user?: string;
  readonly keytab?: string;
  readonly useKeytab?: true;
  readonly passwordFile?: string;
  readonly passwordStdin?: true;
  readonly lifetime?: number;
  readonly renewable?: number;
  readonly renew?: true;
  readonly forwardable?: boolean;
  readonly canonicalize?: true;
  readonly enterprise?: true;
  readonly armor?: string;
  readonly claims?: true;
  readonly json?: true;
}

/** `doublehop kinit`: an initial ticket into the cache. */
export function command(context: Context): Command {
  return new Command('kinit')
    .description('Get a ticket-granting ticket, by password or by keytab, into the cache.')
    .argument('[principal]', 'whose; default: the owner of the cache, or $USER')
    .option('--principal, --user <name>', 'the same as the argument')
    .option('-c, --cache <name>', 'credential cache; default KRB5CCNAME')
    .option('-k, --use-keytab', 'use the default keytab (KRB5_KTNAME)')
    .option('-t, --keytab <file>', 'use a key of this keytab')
    .addOption(passwordFileOption())
    .addOption(passwordStdinOption())
    .addOption(new Option('-l, --lifetime <time>', 'such as 8h, 30m').argParser(duration))
    .addOption(new Option('-r, --renewable <time>', 'renewable for so long').argParser(duration))
    .option('-R, --renew', 'renew the ticket of the cache')
    .option('-f, --forwardable', 'ask for a forwardable ticket (the default: delegation needs it)')
    .option('-F, --no-forwardable', 'ask for a ticket that cannot be delegated')
    .option('-C, --canonicalize', 'let the KDC correct the name')
    .option('-E, --enterprise', 'the name is a UPN')
    .option('-T, --armor <cache>', 'protect the password by the TGT of another cache (FAST)')
    .option('--claims', 'ask for the claims of the account, as Windows does')
    .option('--json', 'print the ticket as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, options: KinitOptions, self: Command) => {
      // Commander turns a "no-" option into a default of true: only what was typed counts.
      const typed = self.getOptionValueSource('forwardable') === 'cli';
      const { forwardable: _default, ...rest } = options;
      await kinit(context, nameOf(name, options), typed ? options : rest);
    });
}

function nameOf(argument: string | undefined, { user }: KinitOptions): string | undefined {
  if (argument === undefined || user === undefined) return argument ?? user;
  throw new UsageError('a principal and --principal: one of them');
}

const EXAMPLES = `
The password is asked for, or read from standard input where there is no
terminal; it is never an argument, as other people see those.

Examples:
  $ doublehop kinit alice
  $ doublehop kinit -t serverb.keytab 'SERVERB$'
  $ printf %s "$PASSWORD" | doublehop kinit alice@CONTOSO.COM`;

async function kinit(
  context: Context,
  name: string | undefined,
  options: KinitOptions,
): Promise<void> {
  const configuration = readConfiguration(context);
  const cache = openCache(context, configuration, options.cache);
  const client = clientFor(context, configuration, cache);
  if (options.renew === true) {
    if (name !== undefined) throw new UsageError('--renew renews the ticket of the cache: no name');
    if (options.armor !== undefined) throw new UsageError('--renew needs no --armor');
    if (options.claims !== undefined) throw new UsageError('--renew takes no --claims');
    const { client: owner, times } = await client.renew();
    report(context, options, { cache, owner, endtime: times.endtime });
    return;
  }
  const armor = await armorOf(context, configuration, options);
  const account = await accountOf(context, configuration, cache, { name, options });
  const ticket = await login(client, account, { ...options, armor });
  const { client: owner, times } = ticket;
  report(context, options, { cache, owner, endtime: times.endtime });
}

/** The TGT of another cache; of a host, as a rule. */
async function armorOf(
  context: Context,
  configuration: KerberosConfiguration,
  { armor }: KinitOptions,
): Promise<Credentials | undefined> {
  if (armor === undefined) return undefined;
  return clientFor(context, configuration, openCache(context, configuration, armor)).getTgt();
}

type LoginOptions = Omit<KinitOptions, 'armor'> & { readonly armor: Credentials | undefined };

async function login(client: KerberosClient, { client: who, secret }: Account, o: LoginOptions) {
  const { lifetime, renewable: renewLifetime, forwardable, canonicalize, enterprise } = o;
  const { credentials } = await client.login(who, secret, {
    lifetime,
    renewLifetime,
    forwardable,
    canonicalize: canonicalize ?? enterprise,
    armor: o.armor,
    claims: o.claims,
  });
  return credentials;
}

async function accountOf(
  context: Context,
  configuration: KerberosConfiguration,
  cache: CredentialCache,
  { name, options }: { readonly name: string | undefined; readonly options: KinitOptions },
): Promise<Account> {
  const { keytab, useKeytab, passwordFile, enterprise } = options;
  checkPasswordOptions(options);
  const withKeytab = useKeytab === true || keytab !== undefined;
  if (withKeytab && passwordFile !== undefined) {
    throw new UsageError('--keytab and --password-file exclude each other');
  }
  const named = name === undefined ? undefined : principalOf(name, configuration, enterprise);
  if (withKeytab) return await keytabAccount(keytabName(context, configuration, keytab), named);
  const client =
    named ??
    (await ownerOf(
      context,
      configuration,
      cache,
      'whose ticket? Give a principal: doublehop kinit alice',
    ));
  const password = await readPassword(context, promptFor(client), passwordFile);
  return { client, secret: { kind: 'password', password } };
}

function principalOf(
  name: string,
  configuration: KerberosConfiguration,
  enterprise: true | undefined,
): Principal {
  if (enterprise !== true) return userPrincipal(name, configuration);
  const realm = configuration.config.libdefaults.defaultRealm;
  if (realm === undefined) throw new UsageError('--enterprise needs default_realm in krb5.conf');
  return { name: { nameType: NameType.ENTERPRISE, nameString: [name] }, realm };
}

interface Outcome {
  readonly cache: CredentialCache;
  readonly owner: Principal;
  /** Seconds since 1970. */
  readonly endtime: number;
}

function report(context: Context, { json }: KinitOptions, outcome: Outcome): void {
  const principal = formatPrincipal(outcome.owner);
  const { name: cache } = outcome.cache;
  if (json === true) {
    printJson(context, { principal, cache, expires: new Date(outcome.endtime * 1000) });
    return;
  }
  context.err(`${principal}: a ticket until ${formatTime(outcome.endtime)} in ${cache}\n`);
}

/** Seconds of a duration, for options. */
function duration(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds > 0) return seconds;
  throw new InvalidArgumentError('It must be a time such as 8h, 30m or 1d.');
}
