// Runs one foreign command to its end. Never throws: a command that is missing, hangs or dies is
// an outcome that the test looks at.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** What a command left behind. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 127: it could not be started, 124: it ran out of time, 128: a signal ended it. */
  readonly status: number;
}

export interface RunOptions {
  /** Added to this process' environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Standard input; empty when absent. */
  readonly input?: string | Uint8Array;
  /** Milliseconds until the command is killed; 30 s when absent. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** How long output may still arrive from grandchildren after the command itself has ended. */
const DRAIN_MS = 500;
const NOT_STARTED = 127;
const TIMED_OUT = 124;
const SIGNALLED = 128;

/** Runs `command` with `args` and collects what it printed (as UTF-8). */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
      stdio: 'pipe',
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.timeout ?? DEFAULT_TIMEOUT_MS);

    const finish = (status: number, note = ''): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ stdout: stdout(), stderr: stderr() + note, status });
    };
    child.on('error', (error) => finish(NOT_STARTED, error.message));
    child.on('exit', (code) => {
      const status = timedOut ? TIMED_OUT : (code ?? SIGNALLED);
      const drained = setTimeout(() => finish(status), DRAIN_MS);
      child.on('close', () => {
        clearTimeout(drained);
        finish(status);
      });
    });
    // A command that exits without reading its input breaks the pipe; its exit code says more.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });
}

/** Like `run`, for the set-up steps of a test: anything but exit code 0 throws with all output. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { stdout, stderr, status } = await run(command, args, options);
  if (status !== 0) {
    throw new Error(`${[command, ...args].join(' ')}: exit code ${status}\n${stdout}${stderr}`);
  }
  return stdout;
}

function collect(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
