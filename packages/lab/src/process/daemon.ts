import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { LabError, messageOf } from '../errors.ts';
import { readText, rotateLog } from '../folder/files.ts';
import type { ProcessName } from '../folder/state.ts';
import { START_WAIT } from '../limits.ts';
import { endProcess, identify, type ProcessId } from './process-id.ts';
import { isReport, type Order } from './handshake.ts';

/** A process that was started and does not outlive this one until it is told to. */
export interface Daemon {
  readonly name: ProcessName;
  readonly id: ProcessId;
  /**
   * Lets it begin; resolves with what it reports when its services answer. Throws LabError
   * `start-failed`, or the code that the process itself gave.
   */
  begin(): Promise<unknown>;
  /** From here on it runs on its own. */
  release(): void;
  /** Ends it; resolves when it is gone. */
  stop(): Promise<void>;
}

/** How a process of the lab is started. */
export interface DaemonOptions {
  readonly name: ProcessName;
  /** The program and its first arguments; `NAME --dir DIR` are added. */
  readonly command: readonly string[];
  readonly dir: string;
  readonly log: string;
}

/**
 * Starts a process in a session of its own, its output in a log. It loads its program at once and
 * waits for `begin`. Until it is released it is bound to this process by a channel: if this process
 * dies, even by SIGKILL, it ends too.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { name, command, dir, log } = options;
  const [program = '', ...args] = command;
  await rotateLog(log);
  const output = await open(log, 'a', 0o600);
  try {
    const child = spawn(program, [...args, name, '--dir', dir], {
      cwd: dir,
      detached: true,
      stdio: ['ignore', output.fd, output.fd, 'ipc'],
    });
    const conversation = new Conversation(child, options);
    const id = child.pid === undefined ? undefined : await identify(child.pid);
    if (id === undefined) throw await conversation.failure;
    return {
      name,
      id,
      begin: () => conversation.begin(),
      release: () => conversation.release(),
      async stop() {
        await endProcess(id);
        conversation.end();
      },
    };
  } finally {
    await output.close();
  }
}

/** The channel to a process that starts: `begin` → its report → `release`. */
class Conversation {
  readonly failure: Promise<LabError>;
  readonly #child: ChildProcess;
  readonly #report: Promise<unknown>;

  constructor(child: ChildProcess, { name, log }: DaemonOptions) {
    this.#child = child;
    const failed = Promise.withResolvers<LabError>();
    const reported = Promise.withResolvers<unknown>();
    const fail = (error: LabError): void => {
      failed.resolve(error);
      reported.reject(error);
    };
    this.failure = failed.promise;
    this.#report = reported.promise;
    // Whoever waits for the report hears of it; before, nobody has to.
    this.#report.catch(() => undefined);
    const about = `the lab's process "${name}"`;
    child.on('error', (cause) => {
      const message = `${about} cannot be started: ${cause.message}`;
      fail(new LabError('start-failed', message, { cause }));
    });
    child.on('exit', (code, signal) => {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      void lastLines(log).then((end) => {
        fail(new LabError('start-failed', `${about} ended ${how}; see ${log}${end}`));
      });
    });
    child.on('message', (message) => {
      if (!isReport(message)) return;
      if (message.kind === 'ready') reported.resolve(message.value);
      else fail(new LabError(message.code, message.message));
    });
    const late = setTimeout(() => {
      fail(new LabError('start-failed', `${about} is not ready in ${START_WAIT} ms; see ${log}`));
    }, START_WAIT);
    const settled = (): void => clearTimeout(late);
    this.#report.then(settled, settled);
  }

  async begin(): Promise<unknown> {
    this.#send({ kind: 'begin' });
    return await this.#report;
  }

  release(): void {
    this.#send({ kind: 'stay' });
    this.end();
  }

  end(): void {
    if (this.#child.connected) this.#child.disconnect();
    this.#child.removeAllListeners();
    this.#child.unref();
  }

  #send(order: Order): void {
    if (!this.#child.connected) return;
    // A process that has just ended cannot be told; that it ended is noticed by itself.
    this.#child.send(order, (error) => void messageOf(error));
  }
}

const SHOWN_LINES = 6;

/** The end of a log, for an error message. */
async function lastLines(log: string): Promise<string> {
  const lines = ((await readText(log).catch(() => undefined)) ?? '').trimEnd().split('\n');
  return lines
    .slice(-SHOWN_LINES)
    .map((line) => `\n  ${line}`)
    .join('');
}
