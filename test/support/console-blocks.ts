// Console blocks of documentation pages, run as they stand: what a page shows is what people see.
import { readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { run } from '@doublehop/cli/main';
import { pooledRandom } from '@doublehop/crypto/random';
import { contextOf, type World } from '../../packages/cli/test/support/call.ts';

/** One command of a page, with what the page says that it prints. */
export interface ShownCommand {
  /** Number of its line, counted from 1. */
  readonly line: number;
  readonly command: string;
  /** Lines of output, the echo of what was typed among them. */
  readonly shown: string;
}

/** A page as it is kept: its text, its commands, and files that it shows (```yaml, `# NAME`). */
export interface Page {
  readonly path: string;
  readonly text: string;
  readonly commands: readonly ShownCommand[];
  readonly files: ReadonlyMap<string, string>;
}

export function readPage(path: string): Page {
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  const commands: ShownCommand[] = [];
  const files = new Map<string, string>();
  for (let at = 0; at < lines.length; at += 1) {
    const [, language] = /^```(console|yaml|csv)$/u.exec(lines[at] ?? '') ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${path}:${at + 1}: the block has no end`);
    const block = lines.slice(at + 1, end);
    if (language === 'console') commands.push(...commandsOf(block, at + 2));
    const [, file] = /^# ([\w-]+\.\w+)$/u.exec(block[0] ?? '') ?? [];
    if (language !== 'console' && file !== undefined) files.set(file, `${block.join('\n')}\n`);
    at = end;
  }
  return { path, text, commands, files };
}

function commandsOf(block: readonly string[], start: number): readonly ShownCommand[] {
  const found: { line: number; command: string; shown: string[] }[] = [];
  for (const [at, line] of block.entries()) {
    const last = found.at(-1);
    if (line.startsWith('$ ')) {
      found.push({ line: start + at, command: line.slice(2), shown: [] });
    } else if (last !== undefined && last.shown.length === 0 && last.command.endsWith('\\')) {
      last.command += `\n${line.replace(/^> /u, '')}`;
    } else {
      last?.shown.push(line);
    }
  }
  return found.map(({ line, command, shown }) => ({ line, command, shown: shown.join('\n') }));
}

/** The page with other outputs, one for each command. */
export function withOutputs({ text, commands }: Page, outputs: readonly string[]): string {
  const lines = text.split('\n');
  for (const [at, { line, command, shown }] of [...commands.entries()].toReversed()) {
    const from = line - 1 + command.split('\n').length;
    const old = shown === '' ? [] : shown.split('\n');
    const output = (outputs[at] ?? '').replace(/\n$/u, '');
    lines.splice(from, old.length, ...(output === '' ? [] : output.split('\n')));
  }
  return lines.join('\n');
}

/** A question and what is typed at it. */
export interface Answer {
  readonly question: RegExp;
  readonly answers: readonly string[];
  readonly secret?: true;
}

/** The world in which a page's commands run. */
export interface ConsoleWorld {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  /**
   * What is typed at the question that a text ends in, one answer after the other and the last one
   * from then on; `secret` is not echoed.
   */
  readonly answers?: readonly Answer[];
}

/** Runs commands one after the other, each with the exit code of the one before at hand. */
export class PageConsole {
  readonly #world: ConsoleWorld;
  readonly #asked = new Map<Answer, number>();
  #status = 0;

  constructor(world: ConsoleWorld) {
    this.#world = world;
  }

  /** What a terminal shows: both streams, and what was typed. */
  async run(command: string): Promise<string> {
    const words = wordsOf(command.replaceAll('\\\n', ''));
    const to = words.indexOf('>');
    const [file] = to < 0 ? [] : words.slice(to + 1);
    const [name = '', ...args] = to < 0 ? words : words.slice(0, to);
    if (name === 'echo') return `${args.join(' ').replaceAll('$?', String(this.#status))}\n`;
    if (name === 'cat') return readFileSync(this.#path(args[0] ?? ''), 'utf8');
    if (name !== 'doublehop') throw new Error(`the console has no ${name}`);
    return await this.#doublehop(args, file);
  }

  #path(name: string): string {
    return isAbsolute(name) ? name : join(this.#world.dir, name);
  }

  #answer(asked: Answer): string {
    const before = this.#asked.get(asked) ?? 0;
    this.#asked.set(asked, before + 1);
    return asked.answers[before] ?? asked.answers.at(-1) ?? '';
  }

  async #doublehop(args: readonly string[], file: string | undefined): Promise<string> {
    let screen = '';
    let written = '';
    const { answers = [], env } = this.#world;
    const world: World = { env, terminal: true };
    const context = {
      ...contextOf(world, {
        out: (text) => {
          if (file === undefined) screen += text;
          else written += text;
        },
        err: (text) => {
          screen += text;
          const asked = answers.find(({ question }) => question.test(screen));
          if (asked === undefined) return;
          const answer = this.#answer(asked);
          if (asked.secret !== true) screen += `${answer}\n`;
          setImmediate(() => context.input.stream.push(`${answer}\n`));
        },
      }),
      clock: () => Date.now(),
      random: pooledRandom(),
      errIsTerminal: false,
    };
    // Files that a page names are those that it showed or made.
    const paths = args.map((arg) =>
      /^[\w-]+\.(?:ya?ml|csv|keytab)$/u.test(arg) ? this.#path(arg) : arg,
    );
    this.#status = await run(paths, context);
    if (file !== undefined) writeFileSync(this.#path(file), written);
    return screen.replaceAll(`${this.#world.dir}/`, '');
  }
}

/** Words of a command line, quotes taken off. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/gu)) {
    words.push(match[0].replace(/'([^']*)'|"([^"]*)"/gu, '$1$2'));
  }
  return words;
}
