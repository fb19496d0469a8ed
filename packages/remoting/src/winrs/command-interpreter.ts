import { commandTable } from '@doublehop/powershell/builtin/builtin';
import { type Command, CommandFailure } from '@doublehop/powershell/commands/command';
import { errorLines } from '@doublehop/powershell/format/error';
import { Formatter } from '@doublehop/powershell/format/formatter';
import { toText } from '@doublehop/powershell/objects/text';
import { fromBase64 } from '../base64.ts';
import type { EndpointSession, RequestedCommand } from '../endpoint/endpoint-session.ts';
import { SessionRunner } from '../endpoint/session-runner.ts';
import { RemotingError } from '../errors.ts';
import { expandVariables, type LineStep, parseCommandLine, wordsOf } from './command-line.ts';
import type { CommandShellRequest } from './shell-request.ts';

type Write = (text: string) => Promise<void> | undefined;

/** What a line runs with. */
export interface CommandWorld {
  readonly stdout: Write;
  readonly stderr: Write;
  /** All of standard input, when it has ended. */
  readonly stdin: () => Promise<string>;
  readonly signal: AbortSignal;
}

/** Variables of a computer that `set` lists. */
const VARIABLES = [
  'COMPUTERNAME',
  'LOGONSERVER',
  'SystemDrive',
  'SystemRoot',
  'USERDNSDOMAIN',
  'USERDOMAIN',
  'USERNAME',
  'USERPROFILE',
  'windir',
];

/** Columns that a console without a window has. */
const WIDTH = 80;
const NOT_FOUND = 1;

/**
 * Runs lines as `cmd /c` does: echo, set, cd, ver, exit and rem of its own, PowerShell with the
 * session's language, and the session's programs (hostname, whoami, klist and their like).
 */
export class CommandInterpreter<S> {
  readonly #session: EndpointSession<S>;
  readonly #find: (name: string) => Command<S> | undefined;
  readonly #request: CommandShellRequest;

  constructor(session: EndpointSession<S>, request: CommandShellRequest) {
    this.#session = session;
    this.#request = request;
    this.#find = commandTable(session.commands);
  }

  /** Gives the exit code. Throws the signal's reason when it was stopped. */
  async run(line: string, world: CommandWorld): Promise<number> {
    const environment = new Map(this.#environment());
    return this.#line(line, { ...world, environment });
  }

  async #line(line: string, run: Run): Promise<number> {
    let code = 0;
    for (const step of this.#steps(line, run)) {
      run.signal.throwIfAborted();
      if (step instanceof RemotingError) {
        await run.stderr(`${step.message}\r\n`);
        return 1;
      }
      const isDue = step.when === 'always' || (step.when === 'succeeded') === (code === 0);
      if (!isDue || step.text === '') continue;
      const end = await this.#step(step, run);
      if (end.isExit) return end.code;
      ({ code } = end);
    }
    return code;
  }

  #steps(line: string, { environment }: Run): readonly (LineStep | RemotingError)[] {
    try {
      const variable = (name: string): string | undefined => valueOf(environment, name);
      return parseCommandLine(expandVariables(line, variable));
    } catch (error) {
      if (error instanceof RemotingError) return [error];
      throw error;
    }
  }

  async #step({ text, outputTo, errorsTo }: LineStep, run: Run): Promise<Ended> {
    const nowhere: Write = () => undefined;
    const streams = { stdout: run.stdout, stderr: run.stderr, nowhere };
    const world = { ...run, stdout: streams[outputTo], stderr: streams[errorsTo] };
    const [, word = '', rest = ''] =
      /^("[^"]*"|[^\s"=;,(/.]+(?:\.\w+)?|\S+)(.*)$/su.exec(text) ?? [];
    const name = word
      .replaceAll('"', '')
      .replace(/^.*[\\/]/u, '')
      .replace(/\.(?:exe|com)$/iu, '')
      .toLowerCase();
    switch (name) {
      case 'cmd':
        return ended(await this.#line(rest.replace(/^\s*(?:\/[qsd]\s+)*\/c\s*/iu, ''), world));
      case 'powershell':
      case 'pwsh':
        return ended(await this.#powerShell(rest, world));
      case 'exit':
        return { code: Number.parseInt(/-?\d+/u.exec(rest)?.[0] ?? '0', 10) | 0, isExit: true };
      default:
        return ended(await this.#builtin(name, rest, world));
    }
  }

  async #builtin(name: string, rest: string, run: Run): Promise<number> {
    switch (name) {
      case 'echo':
        await run.stdout(`${rest.replace(/^[\s.:,;(/]/u, '')}\r\n`);
        return 0;
      case 'set':
        return await set(rest.trim(), run);
      case 'cd':
      case 'chdir':
        await run.stdout(`${this.#request.workingDirectory ?? 'C:\\'}\r\n`);
        return 0;
      case 'dir':
        return await this.#list(rest.trim().replaceAll('"', ''), run);
      case 'rem':
        return 0;
      default:
        return await this.#program(name, wordsOf(rest), run);
    }
  }

  /** Names as `dir` lists them, of the session's Get-ChildItem. */
  async #list(path: string, run: Run): Promise<number> {
    const folder = path === '' ? (this.#request.workingDirectory ?? 'C:\\') : path;
    const head = [' Volume in drive C has no label.', '', ` Directory of ${folder}`, ''];
    await run.stdout(head.map((line) => `${line}\r\n`).join(''));
    if (this.#find('Get-ChildItem') === undefined) return 0;
    const args = [{ value: folder }, { name: 'Name', value: true }];
    const list = { name: 'Get-ChildItem', isScript: false, mergeError: false, args: () => args };
    return await this.#perform(list, run);
  }

  /** A command without a module is a program: it takes words and puts out lines. */
  async #program(name: string, words: readonly string[], run: Run): Promise<number> {
    const found = this.#find(name);
    if (found === undefined || found.module !== undefined || name.includes('-')) {
      await run.stderr(
        `'${name}' is not recognized as an internal or external command,\r\n` +
          'operable program or batch file.\r\n',
      );
      return NOT_FOUND;
    }
    const args = words.map((value) => ({ value }));
    return this.#perform({ name, isScript: false, mergeError: false, args: () => args }, run);
  }

  /** `powershell -EncodedCommand BASE64`, `-Command TEXT`, `TEXT`, or `-` for standard input. */
  async #powerShell(rest: string, run: Run): Promise<number> {
    const script = await scriptOf(rest, run);
    if (script instanceof RemotingError) {
      await run.stderr(`${script.message}\r\n`);
      return 1;
    }
    return this.#perform({ name: script, isScript: true, mergeError: false, args: () => [] }, run);
  }

  async #perform(command: RequestedCommand, run: Run): Promise<number> {
    const { environment, signal } = run;
    const { views = [] } = this.#session;
    const formatter = new Formatter({ width: WIDTH, views });
    const put = (lines: readonly string[]): Promise<void> | undefined =>
      run.stdout(lines.map((line) => `${line}\r\n`).join(''));
    const errors = (lines: readonly string[]): Promise<void> | undefined =>
      run.stderr(lines.map((line) => `${line}\r\n`).join(''));
    let code = 0;
    const note = (word: string) => (text: string) => put([`${word}: ${text}`]);
    const runner = new SessionRunner({
      ...this.#session,
      environment: (name) => valueOf(environment, name),
    });
    try {
      await runner.run(
        { statements: [[command]] },
        {
          signal,
          width: WIDTH,
          streams: {
            output: (value) => put(formatter.push(value)),
            error: (record) => {
              code = 1;
              return errors(errorLines(record));
            },
            warning: note('WARNING'),
            verbose: note('VERBOSE'),
            debug: note('DEBUG'),
            // PowerShell's own line end for what is meant for its host.
            information: (value, tags) =>
              tags.includes('PSHOST') ? run.stdout(`${toText(value)}\n`) : undefined,
            progress: () => {},
          },
        },
      );
      await put(formatter.end());
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      await put(formatter.end());
      await errors(errorLines(error.record));
      return 1;
    }
    return code;
  }

  /** The computer's variables, and over them what the client has set. */
  #environment(): [string, string][] {
    const { environment } = this.#session;
    const own = VARIABLES.flatMap((name): [string, string][] => {
      const value = environment?.(name);
      return value === undefined ? [] : [[name, value]];
    });
    return [...own, ...this.#request.environment];
  }
}

interface Run extends CommandWorld {
  readonly environment: Map<string, string>;
}

interface Ended {
  readonly code: number;
  /** The line ends with it. */
  readonly isExit: boolean;
}

function ended(code: number): Ended {
  return { code, isExit: false };
}

/** Windows' variables have no case; who set one last has its value. */
function valueOf(environment: ReadonlyMap<string, string>, name: string): string | undefined {
  const wanted = name.toLowerCase();
  let value: string | undefined;
  for (const [key, one] of environment) if (key.toLowerCase() === wanted) value = one;
  return value;
}

/** `set`, `set PREFIX`, `set NAME=VALUE`. */
async function set(rest: string, { environment, stdout, stderr }: Run): Promise<number> {
  const [, name, value = ''] = /^"?([^=]+)=(.*?)"?$/su.exec(rest) ?? [];
  if (name !== undefined) {
    if (value === '') environment.delete(name);
    else environment.set(name, value);
    return 0;
  }
  const prefix = rest.toLowerCase();
  const lines = [...environment]
    .filter(([key]) => key.toLowerCase().startsWith(prefix))
    .map(([key, one]) => `${key}=${one}\r\n`)
    .toSorted();
  if (lines.length > 0) await stdout(lines.join(''));
  else await stderr(`Environment variable ${rest} not defined\r\n`);
  return lines.length > 0 ? 0 : 1;
}

const IGNORED = /^\s*[-/](?:nop\w*|noni\w*|nol\w*|sta|mta)(?=\s|$)/iu;
const IGNORED_WITH_VALUE =
  /^\s*[-/](?:ex\w*|ep|w|windowstyle|inp\w*|o\w*|version)\s+(?:"[^"]*"|\S+)/iu;

/** What powershell.exe is to run, by its arguments. */
async function scriptOf(rest: string, { stdin }: Run): Promise<string | RemotingError> {
  let left = rest;
  for (let before = ''; before !== left; ) {
    before = left;
    left = left.replace(IGNORED, '').replace(IGNORED_WITH_VALUE, '');
  }
  left = left.trim();
  const encoded = /^[-/]e(?:nc?|ncodedcommand|c)?\s+"?([\w+/=]+)"?$/iu.exec(left)?.[1];
  if (encoded !== undefined) return decoded(encoded);
  const command = left.replace(/^[-/]c(?:ommand)?\s+/iu, '');
  if (command === '-' || command === '') return stdin();
  if (/^[-/]\w/u.test(command)) {
    const [option = ''] = command.split(/\s/u);
    return new RemotingError('unsupported', `powershell: ${option} is not supported here`);
  }
  return command.replace(/^"(.*)"$/su, '$1');
}

/** UTF-16LE in base64. */
function decoded(text: string): string | RemotingError {
  try {
    return Buffer.from(fromBase64(text)).toString('utf16le');
  } catch (error) {
    if (!(error instanceof RemotingError)) throw error;
    return new RemotingError('unsupported', 'powershell: -EncodedCommand is not base64');
  }
}
