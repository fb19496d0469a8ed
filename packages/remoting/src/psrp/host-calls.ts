import { RemotingError } from '../errors.ts';
import { MAX_HOST_CALLS } from '../limits.ts';
import { hasResult, type HostMethod, type HostResponse } from './messages/host-call.ts';

/** Calls of a client's host that were made and not answered (MS-PSRP 3.2.1.2.5). */
export class HostCalls {
  readonly #open = new Map<bigint, HostMethod>();
  #next = 1n;

  /** Gives the new call's id. Throws RemotingError `limit`. */
  begin(method: HostMethod): bigint {
    if (this.#open.size >= MAX_HOST_CALLS) {
      throw new RemotingError('limit', 'too many host calls are open');
    }
    // PowerShell numbers calls that are not answered with -100.
    if (!hasResult(method)) return -100n;
    const callId = this.#next;
    this.#next += 1n;
    this.#open.set(callId, method);
    return callId;
  }

  /** Throws RemotingError `psrp` where it answers no call. */
  finish({ callId, method }: HostResponse): void {
    if (this.#open.get(callId) !== method) {
      throw new RemotingError('psrp', 'an answer to no host call');
    }
    this.#open.delete(callId);
  }
}
