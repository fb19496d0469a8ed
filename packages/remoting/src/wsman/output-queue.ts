import type { Received, ReceivedStream } from './shell-responses.ts';

/** Puts an act off; gives a way to call it off. */
export type Timer = (milliseconds: number, act: () => void) => () => void;

/** How a wait for output ended. */
export type Waited = Received | 'timed-out' | 'ended';

/** Streams that a client can ask for; PSRP has the first alone. */
export type OutputStream = 'stdout' | 'stderr';

interface Chunk {
  readonly name: OutputStream;
  readonly data: Uint8Array;
}

interface Reader {
  readonly budget: number;
  readonly resolve: (waited: Waited) => void;
  readonly cancel: () => void;
}

/** Octets that wait for a reader before the writer has to wait too. */
const HIGH_WATER = 1_048_576;

/** The output of a shell or a command, on its way to the client that asks for it now and then. */
export class OutputQueue {
  readonly #timer: Timer;
  readonly #commandId: string | undefined;
  #chunks: Chunk[] = [];
  #size = 0;
  #isDone = false;
  #isTold = false;
  #exitCode: number | undefined;
  #reader: Reader | undefined;
  #writers: (() => void)[] = [];
  #watcher: (() => void) | undefined;
  #watched = 0;

  constructor(timer: Timer, commandId: string | undefined) {
    this.#timer = timer;
    this.#commandId = commandId;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether the client has all of it, and the end too. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** Adds output. The promise, if there is one, resolves when the client has caught up. */
  write(data: Uint8Array, name: OutputStream = 'stdout'): Promise<void> | undefined {
    if (this.#isDone) return undefined;
    this.#chunks.push({ name, data });
    this.#size += data.length;
    this.#serve();
    if (this.#size <= HIGH_WATER) return undefined;
    return new Promise((resolve) => {
      this.#writers.push(resolve);
    });
  }

  /** No more comes: the command is done. */
  finish(exitCode = 0): void {
    this.#isDone = true;
    this.#exitCode = exitCode;
    this.#serve();
  }

  /** Forgets what was not read. */
  drop(): void {
    this.#chunks = [];
    this.#size = 0;
    this.#release();
  }

  /** Ends a wait that is under way: the shell was closed, or left by its client. */
  interrupt(): void {
    this.#watcher?.();
    this.#settle('ended');
  }

  /**
   * Waits for output of up to `budget` octets, so long. A later reader takes an earlier's place.
   */
  read(budget: number, wait: number): Promise<Waited> {
    this.#settle('timed-out');
    const ready = this.#take(budget);
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve) => {
      const cancel = this.#timer(wait, () => this.#settle('timed-out'));
      this.#reader = { budget, resolve, cancel };
    });
  }

  /** Resolves when it is done, when that is more than `budget` octets take, or after so long. */
  settled(budget: number, wait: number): Promise<void> {
    if (this.#isDone || this.#size > budget) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#timer(wait, () => this.#watcher?.());
      this.#watcher = () => {
        this.#watcher = undefined;
        cancel();
        resolve();
      };
      this.#watched = budget;
    });
  }

  /** What there is to say by now, within a budget of octets; undefined: nothing. */
  take(budget: number): Received | undefined {
    return this.#take(budget);
  }

  #serve(): void {
    if (this.#isDone || this.#size > this.#watched) this.#watcher?.();
    const reader = this.#reader;
    const ready = reader === undefined ? undefined : this.#take(reader.budget);
    if (ready !== undefined) this.#settle(ready);
  }

  #settle(waited: Waited): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.cancel();
    reader?.resolve(waited);
  }

  /** What fits the budget; undefined: there is nothing to say. */
  #take(budget: number): Received | undefined {
    if (this.#chunks.length === 0 && !this.#isDone) return undefined;
    const streams: ReceivedStream[] = [];
    let left = budget;
    let count = 0;
    for (const { name, data } of this.#chunks) {
      const cost = Math.ceil(data.length / 3) * 4 + STREAM_COST;
      if (count > 0 && cost > left) break;
      streams.push({
        name,
        ...(this.#commandId !== undefined && { commandId: this.#commandId }),
        data,
      });
      left -= cost;
      count += 1;
      this.#size -= data.length;
    }
    this.#chunks = this.#chunks.slice(count);
    if (this.#size <= HIGH_WATER) this.#release();
    const isEnd = this.#isDone && this.#chunks.length === 0;
    this.#isTold ||= isEnd;
    if (this.#commandId === undefined) return { streams };
    const { Running, Done } = STATES;
    const exitCode = this.#exitCode ?? 0;
    return isEnd ? { streams, state: Done, exitCode } : { streams, state: Running };
  }

  #release(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const resume of writers) resume();
  }
}

const STATES = { Running: 'Running', Done: 'Done' } as const;

/** Octets of a stream element besides its data. */
const STREAM_COST = 100;
