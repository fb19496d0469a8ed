import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './command-table.ts';
import { type Context, EXIT, processContext } from './context.ts';
import { failureOf, oneLine } from './errors.ts';
import { printJson } from './output/json.ts';

/** Runs the command line of this process; sets its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await run(argv, processContext());
}

/** Runs one command line. Returns the exit code; throws only what is a defect. */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const args = argv.length === 0 ? ['--help'] : normalize(argv);
  context.argv = args;
  const program = await programFor(args, context);
  try {
    await program.parseAsync(args, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error, args, context);
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    const { code, message, exitCode } = failure;
    context.err(`${nameOf(args)}: ${message}\n`);
    if (args.includes('--json')) printJson(context, { error: { code, message } });
    return exitCode;
  }
}

/** What the parser did not understand is told already; help and version are no errors. */
function usageExit(error: CommanderError, args: readonly string[], context: Context): number {
  if (error.exitCode === 0) return EXIT.done;
  if (args.includes('--json')) {
    printJson(context, { error: { code: 'usage', message: parserMessage(error.message) } });
  }
  return EXIT.error;
}

/** The parser's words, as one clause. */
function parserMessage(text: string): string {
  return oneLine(text.trim().replace(/^error: /, '')).replace(/\.$/, '');
}

/** The program with the one command that is wanted; of the others, name and summary suffice. */
async function programFor(args: readonly string[], context: Context): Promise<Command> {
  const program = new Command('doublehop')
    .description('Kerberos double hop, solved: resource-based constrained delegation')
    .version(version(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'help for a command')
    // What stands behind a command is for it to read, and so on down.
    .enablePositionalOptions()
    .addHelpText('after', EPILOGUE);
  const words = args.filter((arg) => !arg.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  for (const { name, summary, load, hidden = false } of COMMANDS) {
    const command =
      name === wanted
        ? (await load()).command(context)
        : new Command(name).description(summary).helpOption(false);
    program.addCommand(command.summary(summary), { hidden });
  }
  configure(program, 'doublehop', context);
  return program;
}

const EPILOGUE = `
Exit codes: 0 done, 1 error, 2 refused by the domain.

Start here:
  $ npm start                        the whole story on a domain of its own
  $ doublehop lab up && eval "$(doublehop lab env)"
  $ doublehop grant --middle ServerB --target ServerC`;

/** Errors on one line, whatever command they are about; help to standard output. */
function configure(command: Command, path: string, context: Context): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => context.out(text),
    writeErr: (text) => context.err(text),
    outputError: (text) => {
      context.err(`${path}: ${parserMessage(text)}; see ${path} --help\n`);
    },
    getOutHelpWidth: () => context.columns,
    getErrHelpWidth: () => context.columns,
  });
  for (const child of command.commands) configure(child, `${path} ${child.name()}`, context);
}

/** Windows' klist writes `-li`, which is no option of one letter nor a long one. */
function normalize(argv: readonly string[]): readonly string[] {
  return argv.map((arg) => (arg === '-li' ? '--li' : arg));
}

function nameOf(args: readonly string[]): string {
  const [first] = args;
  return first === undefined || first.startsWith('-') ? 'doublehop' : `doublehop ${first}`;
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? '0';
}
