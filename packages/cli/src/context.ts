import type { Readable } from 'node:stream';
import { pooledRandom, type RandomSource } from '@doublehop/crypto/random';
import { nodeResolver } from '@doublehop/kerberos/locate/node-resolver';
import type { Resolver } from '@doublehop/kerberos/locate/resolver';
import { type Environment, readEnvironment } from './environment.ts';

/** Standard input, which is a terminal or not. */
export interface Input {
  readonly stream: Readable;
  readonly isTerminal: boolean;
  /** Stops the terminal from showing what is typed; absent where there is no terminal. */
  readonly setRaw?: ((raw: boolean) => void) | undefined;
}

/** Where a command reads, writes and looks at the time: the world as commands see it. */
export interface Context {
  readonly environment: Environment;
  /** Writes to standard output: results. */
  readonly out: (text: string) => void;
  /** Writes to standard error: remarks, progress, questions. */
  readonly err: (text: string) => void;
  readonly input: Input;
  /** Whether standard error is a terminal: only then there is progress. */
  readonly errIsTerminal: boolean;
  /** Characters in a line of the terminal. */
  readonly columns: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  readonly resolver: Resolver;
  /** The words of the call, for the journal: they have no secrets. */
  argv: readonly string[];
  /** The process' exit code; a command may set 2. */
  exitCode: number;
}

/** 0: done. 1: an error. 2: the domain refused, or there are findings. */
export const EXIT = { done: 0, error: 1, refused: 2 } as const;

/** The context of this process. */
export function processContext(): Context {
  const { stdin, stdout, stderr } = process;
  // A reader that has seen enough closes the pipe: `doublehop … | head` is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    // Of a command whose result cannot be written nobody may think that it went well.
    stderr.write(`doublehop: the output cannot be written (${error.code ?? error.message})\n`);
    process.exit(EXIT.error);
  });
  return {
    environment: readEnvironment(process.env),
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    input: {
      stream: stdin,
      isTerminal: stdin.isTTY,
      setRaw: stdin.isTTY ? (raw) => void stdin.setRawMode(raw) : undefined,
    },
    errIsTerminal: stderr.isTTY,
    columns: stdout.isTTY ? stdout.columns : 80,
    clock: () => Date.now(),
    random: pooledRandom(),
    resolver: nodeResolver(),
    argv: [],
    exitCode: EXIT.done,
  };
}
