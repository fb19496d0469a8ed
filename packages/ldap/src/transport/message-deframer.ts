import { LdapError } from '../errors.ts';
import { ByteQueue } from './byte-queue.ts';

/** Cuts a stream of octets into LDAPMessages by their outermost length (RFC 4511 §5.1). */
export class MessageDeframer {
  /** Octets of the longest message that is taken; may change between messages. */
  maxMessage: number;
  readonly #queue = new ByteQueue();

  constructor(maxMessage: number) {
    this.maxMessage = maxMessage;
  }

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Octets that wait: of a message that has begun, or of whole ones. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Hands over what waits: a security layer has come into effect. */
  takeRest(): Uint8Array {
    return this.#queue.takeAll();
  }

  /**
   * The next whole message, or undefined. Throws LdapError: `protocolError` for octets that start
   * no LDAPMessage, `adminLimitExceeded` for a message that is too long.
   */
  next(): Uint8Array | undefined {
    const size = this.#size();
    if (size === undefined) return undefined;
    if (size > this.maxMessage) {
      throw new LdapError('adminLimitExceeded', `a message of ${size} octets is too long`);
    }
    const message = this.#queue.peek(size);
    if (message !== undefined) this.#queue.skip(size);
    return message;
  }

  /** Size of the message that has begun, header included. */
  #size(): number | undefined {
    const head = this.#queue.peek(Math.min(this.#queue.length, 6));
    const [tag, first] = head ?? [];
    if (tag === undefined) return undefined;
    if (tag !== 0x30) throw new LdapError('protocolError', 'not an LDAPMessage');
    if (first === undefined) return undefined;
    if (first < 0x80) return 2 + first;
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4) {
      throw new LdapError('protocolError', 'the length of an LDAPMessage is not valid');
    }
    if (head === undefined || head.length < 2 + octets) return undefined;
    let size = 0;
    for (const octet of head.subarray(2, 2 + octets)) size = size * 256 + octet;
    return 2 + octets + size;
  }
}
