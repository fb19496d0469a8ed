import { checkStore } from '@doublehop/directory/check/check';
import type { Directory } from '@doublehop/directory/directory';
import { Command } from 'commander';
import { EXIT, type Context } from '../context.ts';
import { oneLine } from '../errors.ts';
import { count } from '../output/count.ts';
import { startProgress } from '../output/progress.ts';
import { withDirectory } from './offline.ts';

/** `doublehop dc check`: whether what a controller keeps is consistent. */
export function checkCommand(context: Context): Command {
  return new Command('check')
    .description(
      'Look at every record of a domain: the tree, indexes, links, descriptors, counters, keys. ' +
        'Nothing is written, and a controller may run meanwhile.',
    )
    .argument('<folder>', 'the folder that was given to dc as --dir')
    .option('--json', 'findings as JSON lines')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, options: { readonly json?: true }) => {
      const look = async ({ view }: Directory): Promise<void> => {
        run(context, view.reader, options.json === true);
      };
      await withDirectory(context, folder, look, { readOnly: true });
    });
}

const EXAMPLES = `
Examples:
  $ doublehop dc check ./corp
  0 problems`;

/** Without a pause: so everything is seen as it was at one moment. */
function run(context: Context, reader: Parameters<typeof checkStore>[0], json: boolean): void {
  let seen = 0;
  let problems = 0;
  const progress = startProgress(context, 'records');
  const onRecord = (): void => progress.update((seen += 1));
  for (const finding of checkStore(reader, { onRecord })) {
    problems += 1;
    const { kind, object, what } = finding;
    const line = json ? JSON.stringify(finding) : oneLine(`${kind}: ${object}: ${what}`);
    context.out(`${line}\n`);
  }
  progress.end();
  if (problems > 0) context.exitCode = EXIT.refused;
  if (!json) context.out(`${count(problems, 'problem')}\n`);
}
