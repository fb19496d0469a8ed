import { LdapError } from '../errors.ts';
import type { LdapMessage } from '../messages/message.ts';

/** The answers to one request, as they come. */
export class PendingOperation {
  readonly messageId: number;
  /** Whether many answers may come, which a slow reader may leave waiting. */
  readonly streaming: boolean;
  readonly #answers: LdapMessage[] = [];
  #taken = 0;
  #failure: LdapError | undefined;
  #wake: (() => void) | undefined;

  constructor(messageId: number, streaming: boolean) {
    this.messageId = messageId;
    this.streaming = streaming;
  }

  /** Answers that wait to be read. */
  get queued(): number {
    return this.#answers.length - this.#taken;
  }

  push(answer: LdapMessage): void {
    this.#answers.push(answer);
    this.#wake?.();
  }

  /** Ends the operation; answers that have come can still be read. */
  fail(failure: LdapError): void {
    this.#failure ??= failure;
    this.#wake?.();
  }

  /** The next answer; LdapError `timeout` after `timeout` milliseconds. */
  async next(timeout: number): Promise<LdapMessage> {
    let expired = false;
    for (;;) {
      const answer = this.#take();
      if (answer !== undefined) return answer;
      if (this.#failure !== undefined) throw this.#failure;
      if (expired) throw new LdapError('timeout', `no answer in ${timeout} ms`);
      expired = await this.#wait(timeout);
    }
  }

  #take(): LdapMessage | undefined {
    const answer = this.#answers[this.#taken];
    if (answer === undefined) return undefined;
    this.#taken += 1;
    if (this.#taken === this.#answers.length) {
      this.#answers.length = 0;
      this.#taken = 0;
    }
    return answer;
  }

  #wait(timeout: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), timeout);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve(false);
      };
    });
  }
}
