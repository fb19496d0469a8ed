import type { ServerSpec } from '../config/values.ts';
import { MAX_ATTEMPTS } from '../limits.ts';
import { type Channel, type Endpoint, formatEndpoint, type OpenChannel } from './channel.ts';

/** Milliseconds that a race waits, see limits.ts. */
export interface Timing {
  /** For one server before the next is asked too. */
  readonly serverWait: number;
  /** After the first pass; doubled each pass. */
  readonly passWait: number;
  readonly passes: number;
  /** For the answer of a server that took a TCP connection. */
  readonly tcpReplyWait: number;
  /** Altogether. */
  readonly exchangeWait: number;
}

/** One way to try: a server and a transport. */
export interface Attempt {
  readonly server: ServerSpec;
  readonly transport: Endpoint['transport'];
}

/** What a reply is: the answer, a server that cannot answer now, or noise. */
export type Verdict = 'answer' | 'unavailable' | 'noise';

/** What a race works with. */
export interface RaceOptions {
  readonly open: OpenChannel;
  /** Addresses of a host; rejects or is empty where there are none. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly judge: (reply: Uint8Array) => Verdict;
  readonly timing: Timing;
  /** When the race ends at the latest, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a race ended. */
export interface Outcome {
  /** The first answer, or the reply of a server that was unavailable if all others failed. */
  readonly reply: Uint8Array | undefined;
  /** Who sent it. */
  readonly from: Attempt | undefined;
  /** What was tried and why it failed. */
  readonly tried: readonly string[];
}

/**
 * Sends a request to one server after the other, without giving up those asked before, in passes
 * with growing pauses, until the first answers: the strategy of MIT's sendto_kdc.c. An established
 * TCP connection is waited for before others are asked. Rejects only with the signal's reason.
 */
export async function race(
  attempts: readonly Attempt[],
  request: Uint8Array,
  options: RaceOptions,
): Promise<Outcome> {
  const running = new Race(request, options);
  return await running.run(attempts);
}

interface Runner {
  readonly attempt: Attempt;
  readonly endpoint: Endpoint;
  channel: Channel | undefined;
  /** When an established connection is given up. */
  patience: number;
  failure: string | undefined;
}

class Race {
  readonly #request: Uint8Array;
  readonly #options: RaceOptions;
  readonly #runners: Runner[] = [];
  readonly #unresolved: string[] = [];
  #won: { reply: Uint8Array; from: Attempt } | undefined;
  #unavailable: { reply: Uint8Array; from: Attempt } | undefined;
  #event = Promise.withResolvers<void>();

  constructor(request: Uint8Array, options: RaceOptions) {
    this.#request = request;
    this.#options = options;
  }

  async run(attempts: readonly Attempt[]): Promise<Outcome> {
    const { signal, timing } = this.#options;
    signal?.throwIfAborted();
    const abort = () => this.#happen();
    signal?.addEventListener('abort', abort);
    try {
      await this.#firstPass(attempts);
      let pause = timing.passWait;
      await this.#wait(pause);
      for (let pass = 1; pass < timing.passes && this.#goesOn(); pass += 1) {
        await this.#nextPass();
        pause *= 2;
        await this.#wait(pause);
      }
      signal?.throwIfAborted();
      return this.#outcome();
    } finally {
      signal?.removeEventListener('abort', abort);
      for (const { channel } of this.#alive()) channel?.close();
    }
  }

  async #firstPass(attempts: readonly Attempt[]): Promise<void> {
    for (const attempt of attempts) {
      const { server, transport } = attempt;
      for (const address of await this.#addresses(server.host)) {
        if (this.#ended() || this.#runners.length >= MAX_ATTEMPTS) return;
        await this.#start(attempt, { address, port: server.port, transport });
      }
    }
  }

  /** Asks those again that may have lost the datagram. */
  async #nextPass(): Promise<void> {
    for (const runner of this.#runners) {
      if (this.#ended()) return;
      if (runner.failure !== undefined || runner.endpoint.transport === 'tcp') continue;
      runner.channel?.send(this.#request);
      await this.#wait(this.#options.timing.serverWait, runner);
    }
  }

  async #start(attempt: Attempt, endpoint: Endpoint): Promise<void> {
    const { open, timing } = this.#options;
    const runner: Runner = {
      attempt,
      endpoint,
      channel: undefined,
      patience: 0,
      failure: undefined,
    };
    this.#runners.push(runner);
    runner.channel = open(endpoint, {
      onConnect: () => {
        runner.patience = performance.now() + timing.tcpReplyWait;
        this.#happen();
      },
      onReply: (reply) => this.#reply(runner, reply),
      onFailure: (reason) => this.#fail(runner, reason),
    });
    runner.channel.send(this.#request);
    await this.#wait(timing.serverWait, runner);
  }

  #reply(runner: Runner, reply: Uint8Array): void {
    if (this.#won !== undefined || runner.failure !== undefined) return;
    const { attempt: from, endpoint } = runner;
    const verdict = this.#options.judge(reply);
    if (verdict === 'answer') {
      this.#won = { reply, from };
      this.#happen();
    } else if (verdict === 'unavailable') {
      this.#unavailable = { reply, from };
      this.#fail(runner, 'service unavailable');
    } else if (endpoint.transport === 'tcp') {
      // A stray datagram may be followed by the answer; a stream will not.
      this.#fail(runner, 'no Kerberos answer');
    }
  }

  #fail(runner: Runner, reason: string): void {
    if (runner.failure !== undefined) return;
    runner.failure = reason;
    runner.channel?.close();
    this.#happen();
  }

  /** Until the time is over, the race decided, or `runner` failed. */
  async #wait(milliseconds: number, runner?: Runner): Promise<void> {
    const until = performance.now() + milliseconds;
    while (this.#goesOn() && runner?.failure === undefined) {
      const patience = Math.max(0, ...this.#alive().map((each) => each.patience));
      const left = Math.min(Math.max(until, patience), this.#options.deadline) - performance.now();
      if (left <= 0) break;
      await this.#eventWithin(left);
      this.#giveUp();
    }
  }

  /** Ends connections whose time for an answer is over. */
  #giveUp(): void {
    const now = performance.now();
    for (const runner of this.#alive()) {
      if (runner.patience > 0 && runner.patience <= now) this.#fail(runner, 'no answer in time');
    }
  }

  async #addresses(host: string): Promise<readonly string[]> {
    const resolved = this.#options.resolve(host).then(
      (addresses) => {
        if (addresses.length === 0) this.#unresolved.push(`${host} (no address)`);
        return addresses;
      },
      (error: unknown) => {
        this.#unresolved.push(`${host} (${error instanceof Error ? error.message : 'unknown'})`);
        return [];
      },
    );
    let answer: readonly string[] | undefined;
    void resolved.then((addresses) => {
      answer = addresses;
      this.#happen();
    });
    while (answer === undefined && !this.#ended()) {
      await this.#eventWithin(this.#options.deadline - performance.now());
    }
    return answer ?? [];
  }

  async #eventWithin(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(1, milliseconds));
    });
    await Promise.race([this.#event.promise, timeout]);
    clearTimeout(timer);
  }

  #happen(): void {
    this.#event.resolve();
    this.#event = Promise.withResolvers();
  }

  #alive(): Runner[] {
    return this.#runners.filter(({ failure }) => failure === undefined);
  }

  #goesOn(): boolean {
    return !this.#ended() && this.#alive().length > 0;
  }

  #ended(): boolean {
    const { signal, deadline } = this.#options;
    return this.#won !== undefined || signal?.aborted === true || performance.now() >= deadline;
  }

  #outcome(): Outcome {
    const tried = this.#runners.map(
      ({ endpoint, failure }) => `${formatEndpoint(endpoint)} (${failure ?? 'no answer'})`,
    );
    const { reply, from } = this.#won ?? this.#unavailable ?? {};
    return { reply, from, tried: [...tried, ...this.#unresolved] };
  }
}
