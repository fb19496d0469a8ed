import { fileURLToPath } from 'node:url';
import { defaultLabDir } from '@doublehop/lab/folder/paths';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';

/** Options that choose a lab. */
export interface LabOptions {
  readonly dir?: string;
  readonly json?: true;
}

/** Adds `--dir` and `--json`. */
export function addLabOptions(command: Command): Command {
  return command
    .addOption(new Option('--dir <folder>', 'folder of the lab; default DOUBLEHOP_LAB, else ~'))
    .option('--json', 'print as JSON');
}

/** The lab that is meant: by option, by the shell's environment, or the user's own. */
export function labFolder({ environment }: Context, { dir }: LabOptions): string {
  if (dir !== undefined) return dir;
  if (environment.lab !== undefined) return environment.lab;
  return defaultLabDir({ XDG_STATE_HOME: environment.stateHome, HOME: environment.home });
}

/** How a process of the lab is started: this very command, hidden. */
export function labCommand(): readonly string[] {
  const program = fileURLToPath(new URL('../../bin/doublehop.js', import.meta.url));
  return [process.execPath, program, 'lab-process'];
}
