import { LdapError } from '../errors.ts';
import { MAX_SASL_SEND } from '../limits.ts';
import { ByteQueue } from '../transport/byte-queue.ts';
import type { SecurityLayer } from './mechanism.ts';

/** Octets as protected buffers, each behind its length of 4 octets (RFC 4422 §3.7). */
export function protect(layer: SecurityLayer, bytes: Uint8Array): Uint8Array[] {
  const step = Math.min(layer.maxSend, MAX_SASL_SEND);
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    const wrapped = layer.wrap(bytes.subarray(at, at + step));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, wrapped.length);
    out.push(length, wrapped);
  }
  return out;
}

/** Takes a stream of protected buffers apart. Bounded by the layer's `maxReceive`. */
export class SaslDeframer {
  readonly layer: SecurityLayer;
  readonly #queue = new ByteQueue();

  constructor(layer: SecurityLayer) {
    this.layer = layer;
  }

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Whether a buffer has begun and not ended. */
  get partial(): boolean {
    return this.#queue.length > 0;
  }

  /** The octets of the next whole buffer, or undefined; throws LdapError `decodingError`. */
  next(): Uint8Array | undefined {
    const head = this.#queue.peek(4);
    if (head === undefined) return undefined;
    const size = new DataView(head.buffer, head.byteOffset).getUint32(0);
    if (size > this.layer.maxReceive) {
      throw new LdapError('decodingError', 'a SASL buffer is longer than was agreed');
    }
    const whole = this.#queue.peek(4 + size);
    if (whole === undefined) return undefined;
    this.#queue.skip(4 + size);
    try {
      return this.layer.unwrap(whole.subarray(4));
    } catch (error) {
      throw new LdapError('decodingError', 'a SASL buffer was changed or is out of order', {
        cause: error,
      });
    }
  }
}
