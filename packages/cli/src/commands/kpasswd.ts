import type { CredentialCache } from '@doublehop/kerberos/ccache/ccache';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { changePassword, getPasswordTicket } from '@doublehop/kerberos/kpasswd/change-password';
import { CHANGE_PASSWORD_SERVICE } from '@doublehop/kerberos/kpasswd/messages';
import { type KpasswdTransport, kpasswdTransport } from '@doublehop/kerberos/kpasswd/transport';
import { formatPrincipal, type Principal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { passwordReader } from '../input/secret.ts';
import { clientFor, promptFor } from '../kerberos/client.ts';
import {
  type KerberosConfiguration,
  openCache,
  ownerOf,
  readConfiguration,
  userPrincipal,
} from '../kerberos/configuration.ts';
import { printJson } from '../output/json.ts';

interface KpasswdOptions {
  readonly of?: string;
  readonly cache?: string;
  readonly passwordFile?: string;
  readonly newPasswordFile?: string;
  readonly json?: true;
}

/** `doublehop kpasswd`: changes a password by Kerberos (RFC 3244). */
export function command(context: Context): Command {
  return new Command('kpasswd')
    .description(
      'Change a password: your own by the present one, also when it has expired; or, with --of, ' +
        "another account's as its administrator.",
    )
    .argument('[principal]', 'whose; default: the owner of the cache, or $USER')
    .option('--of <principal>', 'set the password of this account, with the tickets of the cache')
    .option('-c, --cache <name>', 'credential cache; default KRB5CCNAME')
    .option('--password-file <file>', 'read the present password from a file')
    .option('--new-password-file <file>', 'read the new password from a file')
    .option('--json', 'print whose password was changed as JSON')
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, options: KpasswdOptions) => kpasswd(context, name, options));
}

const EXAMPLES = `
Passwords are asked for, or read from files; they are never arguments, as other
people see those. Without a terminal, standard input has them line by line: the
present one (not with --of), then the new one.

Examples:
  $ doublehop kpasswd
  $ doublehop kpasswd alice
  $ doublehop kpasswd --of bob            # after: doublehop kinit Administrator`;

async function kpasswd(
  context: Context,
  name: string | undefined,
  options: KpasswdOptions,
): Promise<void> {
  if (name !== undefined && options.of !== undefined) {
    throw new UsageError('a principal changes its own password; --of names another account');
  }
  if (options.of !== undefined && options.passwordFile !== undefined) {
    throw new UsageError('--of works with the tickets of the cache, not with a password');
  }
  const configuration = readConfiguration(context);
  const cache = openCache(context, configuration, options.cache);
  const parts = { configuration, cache, options, ask: passwordReader(context) };
  const changed = await (options.of === undefined
    ? changeOwn(context, parts, name)
    : changeOther(context, parts, userPrincipal(options.of, configuration)));
  const principal = formatPrincipal(changed);
  if (options.json === true) printJson(context, { principal });
  else context.err(`The password of ${principal} was changed.\n`);
}

interface Parts {
  readonly configuration: KerberosConfiguration;
  readonly cache: CredentialCache;
  readonly options: KpasswdOptions;
  readonly ask: ReturnType<typeof passwordReader>;
}

async function changeOwn(
  context: Context,
  parts: Parts,
  name: string | undefined,
): Promise<Principal> {
  const { configuration, cache, options, ask } = parts;
  const client =
    name === undefined
      ? await ownerOf(
          context,
          configuration,
          cache,
          'whose password? Give a principal: doublehop kpasswd alice',
        )
      : userPrincipal(name, configuration);
  const password = await ask(promptFor(client), options.passwordFile);
  const { context: exchange } = clientFor(context, configuration, cache);
  // The present password proves itself before the new one is asked for.
  const secret = { kind: 'password', password } as const;
  const credentials = await getPasswordTicket(exchange, client, secret);
  const newPassword = await readNewPassword(context, credentials.client, parts);
  const change = { credentials, newPassword };
  await changePassword(exchange, transportOf(context, configuration), change);
  return credentials.client;
}

async function changeOther(context: Context, parts: Parts, target: Principal): Promise<Principal> {
  const { configuration, cache } = parts;
  const client = clientFor(context, configuration, cache);
  const server = { name: CHANGE_PASSWORD_SERVICE, realm: target.realm };
  const credentials: Credentials = await client.getServiceTicket(server);
  const newPassword = await readNewPassword(context, target, parts);
  const change = { credentials, newPassword, target };
  await changePassword(client.context, transportOf(context, configuration), change);
  return target;
}

function transportOf(
  { clock, random, resolver }: Context,
  { config }: KerberosConfiguration,
): KpasswdTransport {
  return kpasswdTransport(configuredExchange(config, { resolver, random, clock }));
}

/** Asked for twice at a terminal, where nobody sees what is typed. */
async function readNewPassword(
  context: Context,
  whose: Principal,
  { options: { newPasswordFile }, ask }: Parts,
): Promise<string> {
  const prompt = `New password for ${formatPrincipal(whose)}`;
  const password = await ask(prompt, newPasswordFile);
  if (newPasswordFile !== undefined || !context.input.isTerminal) return password;
  const again = await ask(`${prompt}, again`);
  if (again !== password) throw new UsageError('the two new passwords differ; nothing was changed');
  return password;
}
