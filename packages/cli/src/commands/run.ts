import { readFile } from 'node:fs/promises';
import { CommandFailure } from '@doublehop/powershell/commands/command';
import type { Script } from '@doublehop/powershell/language/ast';
import { parseScript } from '@doublehop/powershell/language/parse';
import { SecureText } from '@doublehop/powershell/objects/value';
import { openLabConsole } from '@doublehop/lab/console/lab-console';
import { splitUser } from '@doublehop/lab/console/target';
import { labPaths } from '@doublehop/lab/folder/paths';
import { isRecord, parseJson } from '@doublehop/lab/folder/state';
import { CONTOSO } from '@doublehop/lab/scenario';
import { labUp } from '@doublehop/lab/up';
import { Command } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';
import { readPassword } from '../input/secret.ts';
import { labCommand, labFolder } from '../lab/folder.ts';
import { interruptible } from '../remoting/interrupt.ts';
import { openScreen, widthOf } from '../remoting/show.ts';

interface RunOptions {
  readonly at: string;
  readonly user: string;
  readonly dir?: string;
}

/** `doublehop run`: scripts at the console of a computer of the lab. */
export function command(context: Context): Command {
  return new Command('run')
    .description(
      'Run PowerShell scripts one after the other in one console at ServerA of the lab, which is ' +
        'started if it is not up. Nothing runs when any file says what the language has not.',
    )
    .argument('<file...>', 'scripts, such as docs/walkthrough/*.ps1')
    .option('--at <host>', 'the computer whose console it is', 'ServerA')
    .option('--user <name>', 'who is logged on there', 'Administrator')
    .option('--dir <folder>', 'folder of the lab; default DOUBLEHOP_LAB, else ~')
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], options: RunOptions) => {
      await run(context, files, options);
    });
}

const EXAMPLES = `
Examples:
  $ doublehop run docs/walkthrough/*.ps1
  $ doublehop run --user alice hop.ps1

Get-Credential takes the passwords of the lab's people from its passwords.json,
and asks for others. Exit code: what the scripts say with exit; 1 when one ended
with an error.`;

async function run(context: Context, files: readonly string[], options: RunOptions): Promise<void> {
  const scripts: Script[] = [];
  for (const file of files) {
    scripts.push(parseScript((await readArgument('the script', file)).toString(), file));
  }
  const dir = labFolder(context, options);
  const { clock, random } = context;
  await labUp({ dir, command: labCommand(), clock, random });
  const known = await passwordsOf(dir);
  const passwordFor = async (user: string): Promise<SecureText | undefined> => {
    const password = known.get(plainName(user));
    if (password !== undefined) return SecureText.of(password);
    if (!context.input.isTerminal) return undefined;
    return SecureText.of(await readPassword(context, `Password for ${user}`));
  };
  const password = await passwordFor(options.user);
  if (password === undefined) throw new UsageError(`the lab knows no password of ${options.user}`);
  const console = await openLabConsole({
    dir,
    scenario: CONTOSO,
    at: options.at,
    user: options.user,
    password,
    askPassword: passwordFor,
    width: widthOf(context),
    clock,
    random,
    host: { width: widthOf(context), height: 50, write: context.out },
  });
  try {
    await interruptible((signal) => runAll(context, scripts, console, signal));
  } finally {
    await console.close();
  }
}

async function runAll(
  context: Context,
  scripts: readonly Script[],
  console: Awaited<ReturnType<typeof openLabConsole>>,
  signal: AbortSignal,
): Promise<void> {
  for (const script of scripts) {
    const screen = openScreen(context, console.views);
    try {
      const { exitCode } = await console.run(script, screen.streams, signal);
      screen.end();
      if (exitCode === undefined) continue;
      context.exitCode = exitCode;
      return;
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      screen.showError(error.record);
      context.exitCode = EXIT.error;
      return;
    }
  }
}

/** Passwords of the lab's people by name. */
async function passwordsOf(dir: string): Promise<ReadonlyMap<string, string>> {
  const all = parseJson(await readFile(labPaths(dir).passwords, 'utf8'));
  const entries = isRecord(all) ? Object.entries(all) : [];
  return new Map(entries.map(([name, password]) => [name.toLowerCase(), String(password)]));
}

/** `CONTOSO\Alice` and `alice@contoso.com` are alice; others' domains are theirs. */
function plainName(user: string): string {
  const { domain, name } = splitUser(user);
  const [short = '', suffix = ''] = name.split('@');
  const ours = [CONTOSO.netbiosName, CONTOSO.dnsName].map((one) => one.toLowerCase());
  const isOurs = [domain, suffix].every((one) => one === '' || ours.includes(one.toLowerCase()));
  return isOurs ? short.toLowerCase() : user;
}
