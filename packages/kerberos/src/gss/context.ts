import type { Key } from '@doublehop/crypto/key';
import type { RandomSource } from '@doublehop/crypto/random';
import { concat } from '@doublehop/wire/bytes';
import type { Principal } from '../names.ts';
import { GssFlag } from './flags.ts';
import { gssError } from './gss-error.ts';
import {
  micToken,
  openToken,
  type Receiver,
  type Role,
  sealSplit,
  sealToken,
  type Sender,
  signToken,
  type SplitToken,
  verifyMicToken,
  windowsRotation,
  wrapOverhead,
} from './message-tokens.ts';
import { SequenceWindow } from './sequence-window.ts';

/** Whether a message is encrypted or only protected against change. */
export interface WrapOptions {
  readonly seal: boolean;
}

/** A message of the peer, and whether it came encrypted. */
export interface WrappedMessage {
  readonly message: Uint8Array;
  readonly sealed: boolean;
}

/** What two sides agreed on: the material of a context. */
export interface ContextParts {
  readonly role: Role;
  readonly peer: Principal;
  /** GssFlag bits. */
  readonly flags: number;
  /** The initiator's subkey, or the ticket's session key where it sent none (RFC 4121 §2). */
  readonly key: Key;
  readonly acceptorSubkey: Key | undefined;
  readonly sendSequence: number;
  readonly receiveSequence: number;
  readonly random: RandomSource;
}

/**
 * An established security context of Kerberos (RFC 2743 §1.1.3). Tokens must be sent in the order
 * in which they are made. Whatever the peer sends that is not valid is a KerberosError `gss`; after
 * one, a connection should be given up.
 */
export class KerberosContext {
  readonly role: Role;
  /** The other side, as its ticket (or ours) names it. */
  readonly peer: Principal;
  /** GssFlag bits in force. */
  readonly flags: number;
  /** The key of messages: the acceptor's subkey, the initiator's, or the session key. Secret. */
  readonly key: Key;
  readonly #parts: ContextParts;
  readonly #receiver: Receiver;
  readonly #window: SequenceWindow;
  #sendSequence: number;

  constructor(parts: ContextParts) {
    const { role, peer, flags, key, acceptorSubkey } = parts;
    this.role = role;
    this.peer = peer;
    this.flags = flags;
    this.key = acceptorSubkey ?? key;
    this.#parts = parts;
    this.#sendSequence = parts.sendSequence;
    this.#receiver = {
      peer: role === 'initiator' ? 'acceptor' : 'initiator',
      // Clients made for Windows set the flag also where no AP-REP asserted a subkey, and mean the
      // key that there is.
      keyOf: (subkey) => (subkey ? (acceptorSubkey ?? key) : key),
    };
    this.#window = new SequenceWindow(parts.receiveSequence, {
      replay: (flags & GssFlag.REPLAY) !== 0,
      sequence: (flags & GssFlag.SEQUENCE) !== 0,
    });
  }

  /** GSS_C_INTEG_FLAG. */
  get integrity(): boolean {
    return (this.flags & GssFlag.INTEG) !== 0;
  }

  /** GSS_C_CONF_FLAG. */
  get confidentiality(): boolean {
    return (this.flags & GssFlag.CONF) !== 0;
  }

  /** GSS_Wrap (RFC 2743 §2.3.3). */
  wrap(message: Uint8Array, { seal }: WrapOptions): Uint8Array {
    const sender = this.#sender();
    const rotation = windowsRotation(sender.key, seal);
    return seal
      ? sealToken(sender, message, this.#parts.random, rotation)
      : signToken(sender, message, rotation);
  }

  /** GSS_Unwrap (RFC 2743 §2.3.4). */
  unwrap(token: Uint8Array): WrappedMessage {
    const { message, sealed, sequence } = openToken(this.#receiver, token);
    this.#count(sequence);
    return { message, sealed };
  }

  /** A sealed message in two parts, of which `data` is as long as the message. */
  wrapSplit(message: Uint8Array): SplitToken {
    return sealSplit(this.#sender(), message, this.#parts.random);
  }

  /** Unwraps what {@link wrapSplit} or a peer's gss_wrap_iov gave, wherever it was split. */
  unwrapSplit({ header, data }: SplitToken): WrappedMessage {
    return this.unwrap(concat(header, data));
  }

  /** GSS_GetMIC (RFC 2743 §2.3.1). */
  getMic(message: Uint8Array): Uint8Array {
    return micToken(this.#sender(), message);
  }

  /** GSS_VerifyMIC (RFC 2743 §2.3.2). */
  verifyMic(message: Uint8Array, mic: Uint8Array): void {
    this.#count(verifyMicToken(this.#receiver, message, mic));
  }

  /** GSS_Wrap_size_limit (RFC 2743 §2.2.7): the longest message whose token fits in `output`. */
  wrapSizeLimit(output: number, { seal }: WrapOptions): number {
    return Math.max(0, output - wrapOverhead(this.key, seal));
  }

  /** Overwrites the keys: nothing can be protected or read any more. */
  close(): void {
    this.#parts.key.wipe();
    this.#parts.acceptorSubkey?.wipe();
  }

  #sender(): Sender {
    const sequence = this.#sendSequence;
    this.#sendSequence += 1;
    const acceptorSubkey = this.#parts.acceptorSubkey !== undefined;
    return { role: this.role, key: this.key, acceptorSubkey, sequence };
  }

  #count(sequence: number): void {
    const status = this.#window.take(sequence);
    if (status !== undefined) throw gssError(status, 'the token is a replay or out of order');
  }
}
