import { KerberosError } from '@doublehop/kerberos/errors';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { openCache, readConfiguration } from '../kerberos/configuration.ts';
import { printJson } from '../output/json.ts';

interface KdestroyOptions {
  readonly cache?: string;
  readonly quiet?: true;
  readonly json?: true;
}

/** `doublehop kdestroy`: removes a credential cache. */
export function command(context: Context): Command {
  return new Command('kdestroy')
    .description('Destroy the tickets of a cache.')
    .option('-c, --cache <name>', 'credential cache; default KRB5CCNAME')
    .option('-q, --quiet', 'say nothing where there is no cache')
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', '\nExample:\n  $ doublehop kdestroy')
    .action(async (options: KdestroyOptions) => {
      const cache = openCache(context, readConfiguration(context), options.cache);
      const existed = await exists(async () => await cache.principal());
      await cache.destroy();
      if (options.json === true) printJson(context, { cache: cache.name, destroyed: existed });
      if (existed || options.quiet === true || options.json === true) return;
      throw new UsageError(`there is no credential cache ${cache.name}: nothing to destroy`);
    });
}

/** A cache that cannot be read is there all the same, and goes too. */
async function exists(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    return !(error instanceof KerberosError && error.code === 'no-credentials');
  }
}
