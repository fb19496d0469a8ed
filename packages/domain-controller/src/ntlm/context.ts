import { Rc4 } from '@doublehop/crypto/legacy/rc4';
import type { Account } from '@doublehop/directory/account';
import { gssError } from '@doublehop/kerberos/gss/gss-error';
import type { WrappedMessage, WrapOptions } from '@doublehop/kerberos/gss/context';
import type { Principal } from '@doublehop/kerberos/names';
import { concat } from '@doublehop/wire/bytes';
import { NtlmFlag } from './flags.ts';
import { hmacMd5, sameSecret, sealingKey, type Sender, signingKey } from './keys.ts';

/** NTLMSSP_MESSAGE_SIGNATURE: version, checksum, sequence number (MS-NLMP 2.2.2.9.1). */
export const SIGNATURE_SIZE = 16;

/** What two sides agreed on. */
export interface NtlmSession {
  readonly role: Sender;
  readonly peer: Principal;
  /** NtlmFlag bits of the AUTHENTICATE_MESSAGE that both sides know. */
  readonly flags: number;
  /** ExportedSessionKey. */
  readonly key: Uint8Array;
  /** Whose response was proved; absent on the client's side. */
  readonly account?: Account;
}

/**
 * Messages of an established session with extended session security (MS-NLMP 3.4): signed, or
 * signed and sealed. After a message that is not valid, a connection has to be given up.
 */
export class NtlmContext {
  readonly peer: Principal;
  readonly integrity: boolean;
  readonly confidentiality: boolean;
  /** Who the client is, on the server's side. */
  readonly account: Account | undefined;
  readonly #out: Direction;
  readonly #in: Direction;

  constructor({ role, peer, flags, key, account }: NtlmSession) {
    this.account = account;
    this.peer = peer;
    this.confidentiality = (flags & NtlmFlag.SEAL) !== 0;
    this.integrity = this.confidentiality || (flags & NtlmFlag.SIGN) !== 0;
    const exchanged = (flags & NtlmFlag.KEY_EXCH) !== 0;
    this.#out = new Direction(key, role, exchanged);
    this.#in = new Direction(key, role === 'client' ? 'server' : 'client', exchanged);
  }

  /** GSS_WrapEx (MS-NLMP 3.4.6): the signature stands before the message. */
  wrap(message: Uint8Array, { seal }: WrapOptions): Uint8Array {
    const direction = this.#out;
    const body = seal ? direction.apply(message) : message;
    return concat(direction.sign(message), body);
  }

  /** GSS_UnwrapEx (MS-NLMP 3.4.7); a session that seals takes nothing else. */
  unwrap(token: Uint8Array): WrappedMessage {
    const signature = token.subarray(0, SIGNATURE_SIZE);
    const body = token.subarray(SIGNATURE_SIZE);
    const direction = this.#in;
    const sealed = this.confidentiality;
    const message = sealed ? direction.apply(body) : body;
    if (sameSecret(direction.sign(message), signature)) return { message, sealed };
    throw gssError('GSS_S_BAD_MIC', 'the message was changed or is out of order');
  }

  wrapSizeLimit(output: number): number {
    return Math.max(0, output - SIGNATURE_SIZE);
  }

  /**
   * The MIC of SPNEGO's list of mechanisms. It takes a sequence number, and leaves the state of the
   * cipher as it was (MS-SPNG 3.2.5.1).
   */
  getMic(message: Uint8Array): Uint8Array {
    return this.#out.withoutTrace(() => this.#out.sign(message));
  }

  verifyMic(message: Uint8Array, mic: Uint8Array): void {
    const expected = this.#in.withoutTrace(() => this.#in.sign(message));
    if (!sameSecret(expected, mic)) throw gssError('GSS_S_BAD_MIC', 'the MIC is not right');
  }
}

/** One way of a session: its keys, the state of its cipher, its sequence number. */
class Direction {
  readonly #signing: Uint8Array;
  /** Without a key exchange the checksum goes as it is (MS-NLMP 3.4.4.2). */
  readonly #encrypted: boolean;
  #cipher: Rc4;
  #sequence = 0;

  constructor(key: Uint8Array, sender: Sender, encrypted: boolean) {
    this.#signing = signingKey(key, sender);
    this.#cipher = new Rc4(sealingKey(key, sender));
    this.#encrypted = encrypted;
  }

  apply(message: Uint8Array): Uint8Array {
    return this.#cipher.apply(message);
  }

  /** MAC of the next message (MS-NLMP 3.4.4.2). */
  sign(message: Uint8Array): Uint8Array {
    const signature = new Uint8Array(SIGNATURE_SIZE);
    const view = new DataView(signature.buffer);
    view.setUint32(0, 1, true);
    view.setUint32(12, this.#sequence, true);
    this.#sequence = (this.#sequence + 1) >>> 0;
    const checksum = hmacMd5(this.#signing, signature.subarray(12), message).subarray(0, 8);
    signature.set(this.#encrypted ? this.#cipher.apply(checksum) : checksum, 4);
    return signature;
  }

  withoutTrace<T>(work: () => T): T {
    const before = this.#cipher.clone();
    const result = work();
    this.#cipher = before;
    return result;
  }
}
