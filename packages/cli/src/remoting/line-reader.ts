import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Context } from '../context.ts';
import { widthOf } from './show.ts';

/** Lines of a person, edited and with a history, or of a program that pipes them in. */
export interface LineReader {
  /** The next line; undefined: there are no more. `prompt` is shown to a person only. */
  next(prompt: string): Promise<string | undefined>;
  /** The same, and what is typed is not shown and in no history. */
  nextSecret(prompt: string): Promise<string | undefined>;
  close(): void;
}

/** Lines that a history keeps. */
const HISTORY = 1000;

/** Opens standard input. `onInterrupt`: Ctrl-C; true when it stopped something. */
export function openLines(context: Context, onInterrupt: () => boolean): LineReader {
  const { stream, isTerminal } = context.input;
  const screen = new Screen(context);
  const lines: string[] = [];
  let isEnded = false;
  let wake: (() => void) | undefined;
  const reader: Interface = createInterface({
    input: stream,
    output: screen,
    terminal: isTerminal,
    historySize: HISTORY,
    removeHistoryDuplicates: true,
  });
  reader.on('line', (line) => {
    lines.push(line);
    wake?.();
  });
  reader.on('close', () => {
    isEnded = true;
    wake?.();
  });
  reader.on('SIGINT', () => {
    context.out('^C\n');
    if (onInterrupt()) return;
    // What is typed so far is dropped, also the lines of a block that has begun.
    reader.write(null, { ctrl: true, name: 'e' });
    reader.write(null, { ctrl: true, name: 'u' });
    lines.push(INTERRUPTED);
    wake?.();
  });
  const next = async (prompt: string): Promise<string | undefined> => {
    if (lines.length === 0 && !isEnded) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      wake = () => resolve(undefined);
      if (isTerminal) {
        reader.setPrompt(prompt);
        reader.prompt();
      }
      await promise;
      wake = undefined;
    }
    return lines.shift();
  };
  return {
    next,
    nextSecret: async (prompt) => {
      if (isTerminal) context.out(prompt);
      screen.isMuted = true;
      try {
        return await next('');
      } finally {
        screen.isMuted = false;
        if (isTerminal) {
          context.out('\n');
          forgetLast(reader);
        }
      }
    },
    close: () => reader.close(),
  };
}

/** What `next` gives when Ctrl-C dropped a line: no line that a terminal sends has it. */
export const INTERRUPTED = '\u0003';

/** Standard output as readline wants it. */
class Screen extends Writable {
  isMuted = false;
  readonly columns: number;
  readonly #out: (text: string) => void;

  constructor(context: Context) {
    super({ decodeStrings: false });
    this.columns = widthOf(context);
    this.#out = context.out;
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    if (!this.isMuted) this.#out(String(chunk));
    done();
  }
}

/** Takes a secret out of the history. */
function forgetLast(reader: Interface): void {
  const history: unknown = Reflect.get(reader, 'history');
  if (Array.isArray(history)) history.shift();
}
