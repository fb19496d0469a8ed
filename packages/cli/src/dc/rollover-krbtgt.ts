import { rolloverKrbtgt } from '@doublehop/domain-controller/rollover-krbtgt';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { withDirectory } from './offline.ts';

/** `doublehop dc rollover-krbtgt`: new keys for the tickets and signatures of a domain. */
export function rolloverKrbtgtCommand(context: Context): Command {
  return new Command('rollover-krbtgt')
    .description(
      'Give krbtgt new keys; a running controller uses them at once. Tickets made with the keys ' +
        'before are honoured until they end; after a second roll-over no more.',
    )
    .argument('<folder>', 'the folder that was given to dc as --dir')
    .action(async (folder: string) => {
      const kvno = await withDirectory(
        context,
        folder,
        async (directory) => await rolloverKrbtgt(directory, context.random),
      );
      context.out(`krbtgt has new keys, version ${kvno}\n`);
    });
}
