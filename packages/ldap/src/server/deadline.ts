import type { ServerLimits } from '../limits.ts';
import type { CloseReason } from './events.ts';

/** What a connection is waiting for. */
export type Phase = 'none' | 'first' | 'message' | 'idle';

const REASONS = {
  first: 'first-message-timeout',
  message: 'message-timeout',
  idle: 'idle-timeout',
} as const;

/**
 * The one timer of a connection. Octets that trickle in do not move it: a message must be whole in
 * time, and the first one counts from the connection.
 */
export class Deadline {
  readonly #limits: ServerLimits;
  readonly #expire: (reason: CloseReason) => void;
  #phase: Phase = 'none';
  #timer: NodeJS.Timeout | undefined;
  /** Whether a whole message has come. */
  #begun = false;

  constructor(limits: ServerLimits, expire: (reason: CloseReason) => void) {
    this.#limits = limits;
    this.#expire = expire;
  }

  /** A whole message has come: the time of the next one starts anew. */
  received(): void {
    this.#begun = true;
    if (this.#phase === 'message') this.set('none');
  }

  /** Waits for something; waiting for the same goes on, but idleness starts anew. */
  set(phase: Phase): void {
    const next = phase === 'idle' && !this.#begun ? 'first' : phase;
    if (next === this.#phase) {
      if (next === 'idle') this.#timer?.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#phase = next;
    if (next !== 'none') {
      this.#timer = setTimeout(() => this.#expire(REASONS[next]), this.#millis(next));
    }
  }

  #millis(phase: 'first' | 'message' | 'idle'): number {
    if (phase === 'first') return this.#limits.firstMessageTimeout;
    return phase === 'message' ? this.#limits.messageTimeout : this.#limits.idleTimeout;
  }
}
