import { OutputQueue, type Timer } from './output-queue.ts';
import type { ShellBackend, ShellOwner, ShellSink } from './shell-backend.ts';
import type { ShellInfo } from './shell-info.ts';

export interface ShellParts {
  readonly shellId: string;
  readonly name: string;
  readonly resourceUri: string;
  readonly owner: ShellOwner;
  readonly clientIp: string;
  /** Milliseconds. */
  readonly idleTimeout: number;
  /** Milliseconds that a client that leaves may ask for. */
  readonly maxIdleTimeout: number;
  readonly clock: () => number;
  readonly timer: Timer;
}

/** One shell: its commands, their output, and when it was last used. */
export class Shell {
  readonly parts: ShellParts;
  readonly output: OutputQueue;
  readonly #commands = new Map<string, OutputQueue>();
  readonly #openedAt: number;
  #usedAt: number;
  #idleTimeout: number;
  #backend: ShellBackend | undefined;
  #isConnected = true;
  #isClosed = false;

  constructor(parts: ShellParts) {
    this.parts = parts;
    this.output = new OutputQueue(parts.timer, undefined);
    this.#openedAt = parts.clock();
    this.#usedAt = this.#openedAt;
    this.#idleTimeout = parts.idleTimeout;
  }

  get backend(): ShellBackend | undefined {
    return this.#backend;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Whether nobody has used it for longer than it may be idle. */
  get isIdle(): boolean {
    return this.parts.clock() - this.#usedAt > this.#idleTimeout;
  }

  get info(): ShellInfo {
    const { shellId, name, resourceUri, owner, clientIp, clock } = this.parts;
    return {
      shellId,
      name,
      resourceUri,
      owner: owner.name,
      clientIp,
      state: this.#isConnected ? 'Connected' : 'Disconnected',
      idleTimeout: this.#idleTimeout,
      runTime: clock() - this.#openedAt,
      inactivity: clock() - this.#usedAt,
    };
  }

  /** Whether it was closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  start(backend: ShellBackend): void {
    this.#backend = backend;
  }

  /** Remembers that somebody used it. */
  touch(): void {
    this.#usedAt = this.parts.clock();
  }

  /** Where the backend puts what it has to say. `onClosed` is called when it ends by itself. */
  sink(onClosed: () => void): ShellSink {
    return {
      output: (commandId, data, name) => {
        const queue = commandId === undefined ? this.output : this.#commands.get(key(commandId));
        return queue?.write(data, name);
      },
      finished: (commandId, exitCode) => this.#commands.get(key(commandId))?.finish(exitCode),
      closed: onClosed,
    };
  }

  addCommand(commandId: string): void {
    this.#commands.set(key(commandId), new OutputQueue(this.parts.timer, commandId));
  }

  command(commandId: string): OutputQueue | undefined {
    return this.#commands.get(key(commandId));
  }

  removeCommand(commandId: string): void {
    const queue = this.#commands.get(key(commandId));
    queue?.interrupt();
    queue?.drop();
    this.#commands.delete(key(commandId));
  }

  /**
   * Forgets the commands that were told to their end: clients that do not terminate them, as
   * pypsrp's `invoke`, would come to the bound otherwise. Gives how many are left.
   */
  forgetTold(): number {
    for (const [id, queue] of this.#commands) if (queue.isTold) this.#commands.delete(id);
    return this.#commands.size;
  }

  /** Commands that have not been terminated. */
  get size(): number {
    return this.#commands.size;
  }

  get commands(): readonly { id: string; isDone: boolean }[] {
    return [...this.#commands].map(([id, { isDone }]) => ({ id, isDone }));
  }

  /** The client leaves; its waits end. What the shell says meanwhile is kept, or dropped. */
  disconnect(idleTimeout: number | undefined): void {
    this.#isConnected = false;
    this.#idleTimeout = Math.min(idleTimeout ?? this.#idleTimeout, this.parts.maxIdleTimeout);
    this.#interrupt();
  }

  reconnect(): void {
    this.#isConnected = true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#interrupt();
    for (const queue of this.#queues()) queue.drop();
    this.#commands.clear();
    const backend = this.#backend;
    this.#backend = undefined;
    await backend?.close();
  }

  #interrupt(): void {
    for (const queue of this.#queues()) queue.interrupt();
  }

  #queues(): OutputQueue[] {
    return [this.output, ...this.#commands.values()];
  }
}

/** Clients write GUIDs in either case. */
function key(commandId: string): string {
  return commandId.toUpperCase();
}
