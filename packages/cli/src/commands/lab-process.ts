import { Command } from 'commander';
import { runDcProcess } from '@doublehop/lab/dc-process';
import { runHostsProcess } from '@doublehop/lab/hosts-process';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

/** `doublehop lab-process dc|hosts --dir DIR`: what `lab up` starts in the background. */
export function command({ clock, random, err }: Context): Command {
  return new Command('lab-process')
    .description('Run a process of a lab. "doublehop lab up" does this for you.')
    .argument('<name>', 'dc or hosts')
    .option('--dir <folder>', 'folder of the lab')
    .action(async (name: string, { dir }: { readonly dir?: string }) => {
      if (dir === undefined) throw new UsageError('--dir is missing');
      const log = (line: string): void => err(`${new Date(clock()).toISOString()} ${line}\n`);
      if (name === 'dc') await runDcProcess(dir, { clock, random, log });
      else if (name === 'hosts') await runHostsProcess(dir, { clock, random, log });
      else throw new UsageError(`"${name}" is no process of a lab: dc or hosts`);
    });
}
