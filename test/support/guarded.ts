// Long-running foreign servers that cannot outlive the test process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A running server and its process group. */
export interface Guarded {
  /** Process id of the server itself. */
  readonly pid: number;
  /** File with everything that it printed. */
  readonly log: string;
  /** Whether the server still runs. */
  readonly running: () => boolean;
  /** Ends the server and whatever it started; resolves when all are killed. */
  readonly stop: () => Promise<void>;
}

export interface GuardOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

const guardScript = fileURLToPath(new URL('guard.sh', import.meta.url));

/**
 * Starts a server under `guard.sh`, which holds a pipe from this process: when this process stops
 * it or dies (even by SIGKILL), the pipe closes and the server's process group is ended.
 */
export async function startGuarded(
  command: string,
  args: readonly string[],
  log: string,
  options: GuardOptions = {},
): Promise<Guarded> {
  const guard = spawn('sh', [guardScript, log, command, ...args], {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  guard.stdin.on('error', () => undefined); // the guard may have ended before stop() is called
  const exited = once(guard, 'exit');
  const [line]: unknown[] = await once(guard.stdout, 'data');
  const pid = Number(String(line).trim());
  return {
    pid,
    log,
    running: () => guard.exitCode === null && guard.signalCode === null,
    stop: async () => {
      guard.stdin.end();
      await exited;
    },
  };
}

/** Waits for `ready` while the server runs; throws with the end of its log when it cannot be. */
export async function whenReady(server: Guarded, ready: () => Promise<unknown>): Promise<void> {
  try {
    await ready();
  } catch (cause) {
    await server.stop();
    throw new Error(`the server did not come up:\n${tail(server.log)}`, { cause });
  }
}

const LOG_TAIL_LINES = 30;

function tail(file: string): string {
  return existsSync(file)
    ? readFileSync(file, 'utf8').split('\n').slice(-LOG_TAIL_LINES).join('\n')
    : '(no log)';
}
