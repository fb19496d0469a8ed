import { type Command, Option } from 'commander';
import { type JournalOptions, journalOption } from '../changes/journal-folder.ts';
import { positive } from '../changes/write.ts';
import { addConnectionOptions, type ConnectionOptions } from '../admin/connection.ts';

/** Options of the commands that compare a domain with a policy file. */
export interface PolicyOptions extends ConnectionOptions {
  readonly json?: true;
}

export interface PolicyApplyOptions extends PolicyOptions, JournalOptions {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly concurrency?: number;
}

/** Adds the file and the options of `PolicyOptions`. */
export function addPolicyOptions(command: Command, json: string): Command {
  command.argument('<file>', 'policy file, YAML; - is standard input').option('--json', json);
  return addConnectionOptions(command, true);
}

/** Adds the options of `PolicyApplyOptions`. */
export function addApplyOptions(command: Command): Command {
  return command
    .addOption(new Option('--what-if, --dry-run', 'show what would be written, write nothing'))
    .option('-y, --yes', 'do not ask before several changes are written')
    .addOption(
      new Option('--concurrency <n>', 'writes under way at a time; default 64').argParser(positive),
    )
    .addOption(journalOption());
}
