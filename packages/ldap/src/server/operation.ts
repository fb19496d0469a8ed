import type { Control } from '../messages/common.ts';
import type { RequestContext } from './handler.ts';

/** Why an operation was stopped. */
export type StopReason = 'abandoned' | 'timeLimit';

/** One request in progress. Its signal is made when somebody asks: most requests never do. */
export class OperationInProgress implements RequestContext {
  readonly messageId: number;
  readonly controls: readonly Control[];
  /** When the request was read, by the server's clock. */
  readonly started: number;
  stopped: StopReason | undefined;
  #controller: AbortController | undefined;
  #onStop: (() => void) | undefined;

  constructor(messageId: number, controls: readonly Control[], started: number) {
    this.messageId = messageId;
    this.controls = controls;
    this.started = started;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.stopped !== undefined) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Ends the operation, once. */
  stop(reason: StopReason): void {
    if (this.stopped !== undefined) return;
    this.stopped = reason;
    this.#controller?.abort();
    this.#onStop?.();
  }

  /** Settles as `work` does, or with undefined as soon as the operation is stopped. */
  async unlessStopped<T>(work: Promise<T>): Promise<T | undefined> {
    if (this.stopped !== undefined) {
      work.catch(() => undefined);
      return undefined;
    }
    return await new Promise<T | undefined>((resolve, reject) => {
      this.#onStop = () => resolve(undefined);
      work.then(resolve, reject);
    }).finally(() => {
      this.#onStop = undefined;
    });
  }
}
