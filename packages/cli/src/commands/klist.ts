import { KerberosError } from '@doublehop/kerberos/errors';
import { formatPrincipal, isTicketGrantingService } from '@doublehop/kerberos/names';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { Command } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { keytabName, openCache, readConfiguration } from '../kerberos/configuration.ts';
import { listCache, listKeytab, ticketJson } from '../kerberos/listing.ts';
import { printJson } from '../output/json.ts';

interface KlistOptions {
  readonly cache?: string;
  /** True where no file is named. */
  readonly keytab?: string | true;
  readonly flags?: true;
  readonly encryption?: true;
  readonly times?: true;
  readonly silent?: true;
  readonly host?: string;
  readonly li?: string;
  readonly json?: true;
}

/** `doublehop klist`: a cache, a keytab, or the tickets of a host of the lab. */
export function command(context: Context): Command {
  return new Command('klist')
    .description(
      'List the tickets of a cache as MIT does, the keys of a keytab, or with --host the tickets ' +
        "of a logon session on a host of the lab, as Windows' klist does there.",
    )
    .argument('[action]', 'tickets (default), purge, or sessions (with --host)')
    .argument('[keytab]', 'with -k: the keytab')
    .option('-c, --cache <name>', 'credential cache; default KRB5CCNAME')
    .option('-k, --keytab [file]', 'list the keys of a keytab; default KRB5_KTNAME')
    .option('-f, --flags', 'show the flags of tickets')
    .option('-e, --encryption', 'show encryption types')
    .option('-t, --times', 'show the times of keys')
    .option('-s, --silent', 'say nothing; exit code 0 if there is a good ticket')
    .option('--host <name>', 'a host of the lab')
    .option('--li <id>', "with --host: logon session, -li 0x3e7 being the computer's (default)")
    .option('--json', 'print as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (action: string | undefined, file: string | undefined, o: KlistOptions) => {
      if (o.keytab !== undefined) await showKeytab(context, o, o.keytab, [action, file]);
      else await perform(context, action ?? 'tickets', file, o);
    });
}

const EXAMPLES = `
Purging the cache of ServerB's own logon session ends refusals that it
remembers: a fresh grant takes effect at once instead of after 15 minutes.

Examples:
  $ doublehop klist -f -e
  $ doublehop klist -k serverb.keytab
  $ doublehop klist --host ServerB -li 0x3e7
  $ doublehop klist purge -li 0x3e7 --host ServerB`;

async function perform(
  context: Context,
  action: string,
  extra: string | undefined,
  options: KlistOptions,
): Promise<void> {
  const actions = ['tickets', 'purge', 'sessions'];
  if (!actions.includes(action) || extra !== undefined) {
    const word = actions.includes(action) ? (extra ?? '') : action;
    throw new UsageError(`"${word}" is none of tickets, purge, sessions; for a keytab add -k`);
  }
  if (options.host !== undefined) {
    const { hostKlist } = await import('../lab/host-klist.ts');
    const { json, li, host } = options;
    const common = { ...(json === undefined ? {} : { json }), ...(li === undefined ? {} : { li }) };
    await hostKlist(context, { ...common, host, action });
    return;
  }
  if (options.li !== undefined || action === 'sessions') {
    throw new UsageError(
      'logon sessions are on hosts: add --host ServerB for a host of the lab; on Windows run ' +
        'klist purge -li 0x3e7 there',
    );
  }
  if (action === 'purge') await purgeCache(context, options);
  else await showCache(context, options);
}

async function showCache(context: Context, options: KlistOptions): Promise<void> {
  const cache = openCache(context, readConfiguration(context), options.cache);
  if (options.silent === true) {
    if (!(await hasGoodTicket(context, cache))) context.exitCode = EXIT.error;
    return;
  }
  if (options.json !== true) {
    context.out(await listCache(cache, options));
    return;
  }
  const principal = formatPrincipal(await cache.principal());
  printJson(context, {
    cache: cache.name,
    principal,
    tickets: (await cache.list()).map(ticketJson),
  });
}

/** Removes what can be got again by the TGT, which stays. */
async function purgeCache(context: Context, options: KlistOptions): Promise<void> {
  const cache = openCache(context, readConfiguration(context), options.cache);
  let removed = 0;
  for (const { server } of await cache.list()) {
    if (!isTicketGrantingService(server.name)) removed += await cache.remove({ server });
  }
  if (options.json === true) printJson(context, { cache: cache.name, removed });
  else {
    const what = removed === 1 ? 'service ticket' : 'service tickets';
    context.out(`${removed} ${what} removed from ${cache.name}\n`);
  }
}

async function showKeytab(
  context: Context,
  options: KlistOptions,
  named: string | true,
  words: readonly (string | undefined)[],
): Promise<void> {
  const [file, more] = [named === true ? undefined : named, ...words].filter(
    (word) => word !== undefined,
  );
  if (more !== undefined) throw new UsageError('klist -k takes one keytab');
  const name = keytabName(context, readConfiguration(context), file);
  const entries = await readKeytab(name);
  if (options.json !== true) {
    context.out(listKeytab(name, entries, options));
    return;
  }
  const keys = entries.map(({ principal, kvno, timestamp, key }) => ({
    principal: formatPrincipal(principal),
    kvno,
    timestamp: new Date(timestamp * 1000),
    etype: key.etype,
  }));
  printJson(context, { keytab: name, keys });
}

async function hasGoodTicket(
  { clock }: Context,
  cache: ReturnType<typeof openCache>,
): Promise<boolean> {
  try {
    const now = clock() / 1000;
    return (await cache.list()).some(
      ({ server, times }) => isTicketGrantingService(server.name) && times.endtime > now,
    );
  } catch (error) {
    if (error instanceof KerberosError) return false;
    throw error;
  }
}
