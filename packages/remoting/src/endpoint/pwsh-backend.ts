import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { RemotingError } from '../errors.ts';
import { MAX_PWSH_LINE, PWSH_CLOSE_WAIT } from '../limits.ts';
import { Defragmenter } from '../psrp/fragments.ts';
import { decodeMessage } from '../psrp/message.ts';
import { decodeBody } from '../psrp/messages/bodies.ts';
import type { Timer } from '../wsman/output-queue.ts';
import type { ShellBackend, ShellSink } from '../wsman/shell-backend.ts';
import { decodeFrame, encodeFrame, POOL_ID, type PwshFrame } from './pwsh-frames.ts';

export interface PwshOptions {
  /** Path of `pwsh`. */
  readonly path: string;
  /** Arguments; absent: those that make it a server on its standard streams. */
  readonly args?: readonly string[];
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timer: Timer;
  /** Hears what the process says on standard error, and how it ended. */
  readonly log: (line: string) => void;
}

const SERVER = ['-s', '-NoLogo', '-NoProfile'];

/**
 * A shell that is a process of real PowerShell: octets of PSRP go to it and come from it as they
 * are. The process runs as the user of this one, whoever called: it is for who trusts the callers.
 */
export class PwshBackend implements ShellBackend {
  readonly #options: PwshOptions;
  readonly #sink: ShellSink;
  readonly #child: ChildProcessWithoutNullStreams;
  /** CommandIds as the client wrote them, by GUID in lower case. */
  readonly #commands = new Map<string, { readonly commandId: string; messages: Defragmenter }>();
  readonly #exited: Promise<void>;
  #line: string[] = [];
  #lineLength = 0;
  #isClosed = false;

  /** Starts the process and gives it the client's opening messages. */
  constructor(options: PwshOptions, sink: ShellSink, creation: Uint8Array) {
    const { path, args = SERVER, environment, log } = options;
    this.#options = options;
    this.#sink = sink;
    this.#child = spawn(path, args, { env: environment, stdio: 'pipe', windowsHide: true });
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.once('error', (error) => {
        log(`pwsh does not run: ${error.message}`);
        resolve();
      });
    });
    void this.#exited.then(() => this.#gone());
    this.#child.stdin.on('error', () => {}); // it has ended: `close` tells
    this.#child.stderr.on('data', (chunk: Buffer) =>
      log(`pwsh: ${chunk.toString('utf8', 0, 1000)}`),
    );
    void this.#listen();
    this.#write({ kind: 'Data', stream: 'Default', id: POOL_ID, data: creation });
  }

  command(commandId: string, data: Uint8Array): void {
    const id = commandId.toLowerCase();
    this.#commands.set(id, { commandId, messages: new Defragmenter() });
    this.#write({ kind: 'Command', id });
    this.#write({ kind: 'Data', stream: 'Default', id, data });
  }

  send(stream: 'stdin' | 'pr', commandId: string | undefined, data: Uint8Array): void {
    const id = commandId?.toLowerCase() ?? POOL_ID;
    this.#write({
      kind: 'Data',
      stream: stream === 'pr' ? 'PromptResponse' : 'Default',
      id,
      data,
    });
  }

  stop(commandId: string): void {
    this.#write({ kind: 'Signal', id: commandId.toLowerCase() });
  }

  /** There is no disconnecting from a process on standard streams. */
  connect(): Uint8Array {
    throw new RemotingError('unsupported', 'a session of pwsh cannot be connected to again');
  }

  /** Asks the process to end; one that does not is killed. */
  async close(): Promise<void> {
    if (this.#isClosed) return this.#exited;
    this.#isClosed = true;
    this.#write({ kind: 'Close', id: POOL_ID });
    this.#child.stdin.end();
    const cancel = this.#options.timer(PWSH_CLOSE_WAIT, () => void this.#child.kill('SIGKILL'));
    await this.#exited;
    cancel();
    this.#commands.clear();
  }

  #write(frame: PwshFrame): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(encodeFrame(frame));
  }

  /** Reads no more while the client has not caught up. */
  async #listen(): Promise<void> {
    try {
      for await (const chunk of this.#child.stdout.setEncoding('latin1')) {
        for (const line of this.#lines(String(chunk))) await this.#take(decodeFrame(line));
      }
    } catch (error) {
      this.#options.log(`pwsh: ${error instanceof Error ? error.message : String(error)}`);
      this.#child.kill('SIGKILL');
    }
  }

  /** Lines that are whole now. Throws RemotingError `limit` for one that does not end. */
  *#lines(chunk: string): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const line = [...this.#line, chunk.slice(start, end)].join('');
      this.#line = [];
      this.#lineLength = 0;
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    this.#line.push(chunk.slice(start));
    this.#lineLength += chunk.length - start;
    if (this.#lineLength > MAX_PWSH_LINE) {
      throw new RemotingError('limit', 'pwsh writes a line without end');
    }
  }

  async #take(frame: PwshFrame): Promise<void> {
    // Acknowledgements tell nothing new: the streams are in order.
    if (frame.kind !== 'Data') return;
    if (frame.id === POOL_ID) {
      await this.#sink.output(undefined, frame.data);
      return;
    }
    const command = this.#commands.get(frame.id);
    if (command === undefined) return;
    await this.#sink.output(command.commandId, frame.data);
    if (!isOver(command.messages.receive(frame.data))) return;
    this.#commands.delete(frame.id);
    this.#write({ kind: 'Close', id: frame.id });
    this.#sink.finished(command.commandId);
  }

  #gone(): void {
    for (const { commandId } of this.#commands.values()) this.#sink.finished(commandId, 1);
    this.#commands.clear();
    if (!this.#isClosed) this.#sink.closed();
  }
}

/** Whether a pipeline's last message is among these (MS-PSRP 2.2.2.21): WS-Man ends it then. */
function isOver(messages: readonly Uint8Array[]): boolean {
  return messages.some((message) => {
    const { type, data } = decodeMessage(message);
    if (type !== 'PIPELINE_STATE') return false;
    const { state } = decodeBody(type, data);
    return state === 'Completed' || state === 'Failed' || state === 'Stopped';
  });
}
