import { RemotingError } from '../errors.ts';
import { MAX_COMMAND_INPUT } from '../limits.ts';
import { utf8 } from '@doublehop/wire/bytes';
import type { EndpointSession } from '../endpoint/endpoint-session.ts';
import { stoppedWork } from '../endpoint/stopped-work.ts';
import type { Timer } from '../wsman/output-queue.ts';
import type { ShellBackend, ShellSink } from '../wsman/shell-backend.ts';
import { CommandInterpreter, type CommandWorld } from './command-interpreter.ts';
import type { CommandShellRequest } from './shell-request.ts';

export interface CommandBackendOptions<S> {
  readonly session: EndpointSession<S>;
  readonly request: CommandShellRequest;
  readonly sink: ShellSink;
  /** Bounds the wait for commands that do not stop; without it there is no bound. */
  readonly timer?: Timer;
  /** Hears of what failed on this side; for a log. */
  readonly log: (line: string) => void;
}

/** A command under way. */
interface Running {
  readonly abort: AbortController;
  readonly input: Input;
  done: Promise<void>;
}

/** What comes on standard input: programs here read it to its end. */
class Input {
  #text: Uint8Array[] = [];
  #size = 0;
  readonly #ended = Promise.withResolvers<void>();

  write(data: Uint8Array, isEnd: boolean): void {
    this.#size += data.length;
    if (this.#size > MAX_COMMAND_INPUT) {
      throw new RemotingError('limit', `a command takes ${MAX_COMMAND_INPUT} octets of input`);
    }
    this.#text.push(data);
    if (isEnd) this.end();
  }

  end(): void {
    this.#ended.resolve();
  }

  async text(): Promise<string> {
    await this.#ended.promise;
    return Buffer.concat(this.#text).toString('utf8');
  }
}

/**
 * A command shell (WinRS, MS-WSMV 3.1.4.5 to 3.1.4.14): lines as cmd.exe takes them, whose programs
 * are the session's typed commands, with text in and out.
 */
export class CommandBackend<S> implements ShellBackend {
  readonly #options: CommandBackendOptions<S>;
  readonly #interpreter: CommandInterpreter<S>;
  readonly #running = new Map<string, Running>();

  constructor(options: CommandBackendOptions<S>) {
    const { session, request } = options;
    this.#options = options;
    this.#interpreter = new CommandInterpreter(session, request);
  }

  command(): void {
    throw new RemotingError('wsman', 'a command shell takes lines');
  }

  commandLine(commandId: string, line: string): void {
    const key = commandId.toUpperCase();
    const running: Running = {
      abort: new AbortController(),
      input: new Input(),
      done: Promise.resolve(),
    };
    this.#running.set(key, running);
    running.done = this.#run(commandId, line, running).finally(() => this.#running.delete(key));
  }

  /** Input of a command that has ended is for nobody. */
  send(_stream: string, commandId: string | undefined, data: Uint8Array, isEnd: boolean): void {
    this.#running.get(commandId?.toUpperCase() ?? '')?.input.write(data, isEnd);
  }

  stop(commandId: string): void {
    const running = this.#running.get(commandId.toUpperCase());
    running?.abort.abort(STOPPED);
    running?.input.end();
  }

  connect(): never {
    throw new RemotingError('wsman', 'a command shell cannot be taken up again');
  }

  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { abort, input } of running) {
      abort.abort(STOPPED);
      input.end();
    }
    await stoppedWork(
      running.map(({ done }) => done),
      this.#options.timer,
    );
    await this.#options.session.close();
  }

  async #run(commandId: string, line: string, { abort, input }: Running): Promise<void> {
    const { sink, log } = this.#options;
    const write = (name: 'stdout' | 'stderr') => (text: string) =>
      text === '' ? undefined : sink.output(commandId, utf8(text), name);
    const world: CommandWorld = {
      stdout: write('stdout'),
      stderr: write('stderr'),
      stdin: () => input.text(),
      signal: abort.signal,
    };
    let exitCode = CONTROL_C;
    // The answer to the command goes first.
    await Promise.resolve();
    try {
      exitCode = await this.#interpreter.run(line, world);
    } catch (error) {
      if (!abort.signal.aborted) {
        log(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
        await world.stderr('The command failed; the log of the computer says more.\r\n');
        exitCode = 1;
      }
    }
    sink.finished(commandId, exitCode);
  }
}

const STOPPED = new RemotingError('closed', 'the command was stopped');

/** STATUS_CONTROL_C_EXIT (MS-ERREF 2.3.1), as the signed number that Windows shows. */
const CONTROL_C = 0xc000_013a | 0;
