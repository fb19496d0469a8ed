// Calls the command in this process, in a world of the test's own.
import { PassThrough } from 'node:stream';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { type Context, EXIT } from '../../src/context.ts';
import { readEnvironment } from '../../src/environment.ts';
import { run } from '../../src/main.ts';

export interface Called {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface World {
  readonly env?: Readonly<Record<string, string>>;
  /** What a person types or a program pipes in. */
  readonly input?: string;
  /** Whether input and standard error are a terminal. */
  readonly terminal?: boolean;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

export async function call(argv: readonly string[], world: World = {}): Promise<Called> {
  let stdout = '';
  let stderr = '';
  const context = contextOf(world, {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
  });
  const status = await run(argv, context);
  return { status, stdout, stderr };
}

export function contextOf(world: World, sinks: Pick<Context, 'out' | 'err'>): Context {
  const stream = new PassThrough();
  if (world.terminal === true) stream.write(world.input ?? '');
  else stream.end(world.input ?? '');
  return {
    ...sinks,
    environment: readEnvironment({ HOME: '/nowhere', KRB5CCNAME: 'MEMORY:', ...world.env }),
    input: { stream, isTerminal: world.terminal === true },
    errIsTerminal: world.terminal === true,
    columns: 80,
    clock: () => world.now ?? 1_800_000_000_000,
    random: (size) => new Uint8Array(size),
    resolver: noResolver,
    argv: [],
    exitCode: EXIT.done,
  };
}
