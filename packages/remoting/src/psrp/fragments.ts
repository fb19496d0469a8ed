import { concat, plain } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import {
  DEFAULT_FRAGMENT,
  MAX_PSRP_MESSAGE,
  MAX_PSRP_PENDING,
  MAX_PSRP_PENDING_MESSAGES,
} from '../limits.ts';

/** A part of a message (MS-PSRP 2.2.4). */
export interface Fragment {
  /** Which message it is of; never 0. */
  readonly objectId: bigint;
  /** Which part of it, from 0. */
  readonly fragmentId: bigint;
  readonly isStart: boolean;
  readonly isEnd: boolean;
  readonly blob: Uint8Array;
}

/** Octets before the blob. */
export const FRAGMENT_HEADER = 21;

const START = 1;
const END = 2;

/** One fragment as octets (MS-PSRP 2.2.4). */
export function encodeFragment(fragment: Fragment): Uint8Array {
  const { objectId, fragmentId, isStart, isEnd, blob } = fragment;
  const bytes = Buffer.allocUnsafe(FRAGMENT_HEADER + blob.length);
  bytes.writeBigUInt64BE(objectId, 0);
  bytes.writeBigUInt64BE(fragmentId, 8);
  bytes[16] = (isStart ? START : 0) | (isEnd ? END : 0);
  bytes.writeUInt32BE(blob.length, 17);
  bytes.set(blob, FRAGMENT_HEADER);
  return plain(bytes);
}

/** The fragments that stand one after the other in `bytes`. Throws RemotingError `psrp`. */
export function decodeFragments(bytes: Uint8Array): Fragment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fragments: Fragment[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < FRAGMENT_HEADER) throw broken('a fragment is cut short');
    const objectId = view.getBigUint64(at);
    const flags = view.getUint8(at + 16);
    const start = at + FRAGMENT_HEADER;
    const end = start + view.getUint32(at + 17);
    if (end > bytes.length) throw broken('a fragment is cut short');
    if (objectId === 0n) throw broken('a fragment of no object');
    fragments.push({
      objectId,
      fragmentId: view.getBigUint64(at + 8),
      isStart: (flags & START) !== 0,
      isEnd: (flags & END) !== 0,
      blob: bytes.subarray(start, end),
    });
    at = end;
  }
  return fragments;
}

/** Cuts messages into fragments, each with the next ObjectId of this side. */
export class Fragmenter {
  readonly #size: number;
  #next = 1n;

  /** `size`: octets of a fragment with its header. */
  constructor(size: number = DEFAULT_FRAGMENT) {
    if (size <= FRAGMENT_HEADER) throw new RangeError('a fragment needs room for its header');
    this.#size = size;
  }

  fragment(message: Uint8Array): Uint8Array[] {
    const objectId = this.#next;
    this.#next += 1n;
    const room = this.#size - FRAGMENT_HEADER;
    const count = Math.max(1, Math.ceil(message.length / room));
    return Array.from({ length: count }, (_, index) =>
      encodeFragment({
        objectId,
        fragmentId: BigInt(index),
        isStart: index === 0,
        isEnd: index === count - 1,
        blob: message.subarray(index * room, (index + 1) * room),
      }),
    );
  }
}

/** One buffer that grows: a list of octets, each in an array of its own, would be huge. */
interface Pending {
  buffer: Uint8Array;
  size: number;
  /** Fragments so far. */
  count: number;
}

/**
 * Puts messages together again (MS-PSRP 3.1.5.1.3). Messages may be interleaved; the fragments of
 * one come in their order, or are refused. What is held is bounded.
 */
export class Defragmenter {
  readonly #pending = new Map<string, Pending>();
  readonly #maxMessage: number;
  #held = 0;

  constructor(maxMessage: number = MAX_PSRP_MESSAGE) {
    this.#maxMessage = maxMessage;
  }

  /**
   * Takes octets of one stream; gives the messages that are whole now. `stream` tells apart
   * pipelines whose peers count their objects each for itself. Throws RemotingError `psrp` or
   * `limit`.
   */
  receive(bytes: Uint8Array, stream = ''): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (const fragment of decodeFragments(bytes)) {
      const whole = this.#take(fragment, `${stream}/${fragment.objectId}`);
      if (whole !== undefined) messages.push(whole);
    }
    return messages;
  }

  /** Drops what has not come whole. */
  clear(): void {
    this.#pending.clear();
    this.#held = 0;
  }

  #take(fragment: Fragment, key: string): Uint8Array | undefined {
    const { fragmentId, isStart, isEnd, blob } = fragment;
    const known = this.#pending.get(key);
    if (isStart !== (fragmentId === 0n) || isStart !== (known === undefined)) {
      throw broken('a fragment out of order');
    }
    if (known !== undefined && fragmentId !== BigInt(known.count)) {
      throw broken('a fragment out of order');
    }
    const size = (known?.size ?? 0) + blob.length;
    if (size > this.#maxMessage) throw new RemotingError('limit', 'a message is too large');
    if (isEnd) return this.#finish(key, known, blob);
    if (blob.length === 0) throw broken('an empty fragment that is not the last');
    this.#hold(key, known, blob);
    return undefined;
  }

  #finish(key: string, known: Pending | undefined, blob: Uint8Array): Uint8Array {
    if (known === undefined) return blob;
    this.#pending.delete(key);
    this.#held -= known.size;
    return concat(known.buffer.subarray(0, known.size), blob);
  }

  #hold(key: string, known: Pending | undefined, blob: Uint8Array): void {
    this.#held += blob.length;
    const isNew = known === undefined;
    if (
      this.#held > MAX_PSRP_PENDING ||
      (isNew && this.#pending.size >= MAX_PSRP_PENDING_MESSAGES)
    ) {
      throw new RemotingError('limit', 'too many messages have begun and not ended');
    }
    const pending = known ?? { buffer: new Uint8Array(blob.length), size: 0, count: 0 };
    const size = pending.size + blob.length;
    if (size > pending.buffer.length) {
      const larger = new Uint8Array(Math.max(size, 2 * pending.buffer.length));
      larger.set(pending.buffer.subarray(0, pending.size));
      pending.buffer = larger;
    }
    pending.buffer.set(blob, pending.size);
    pending.size = size;
    pending.count += 1;
    this.#pending.set(key, pending);
  }
}

function broken(what: string): RemotingError {
  return new RemotingError('psrp', what);
}
