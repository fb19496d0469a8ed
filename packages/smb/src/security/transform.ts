import type { Aead } from '@doublehop/crypto/aead';
import { CryptoError } from '@doublehop/crypto/errors';
import { concat } from '@doublehop/wire/bytes';
import { SmbError } from '../errors.ts';
import {
  decodeTransform,
  encodeTransform,
  TRANSFORM_AUTHENTICATED,
  TRANSFORM_SIZE,
} from '../messages/header.ts';

/** Encrypts what one side sends in a session (MS-SMB2 3.1.4.3). */
export class Sealer {
  readonly #aead: Aead;
  /** Counts messages: no nonce comes twice with one key. */
  #count = 0n;

  constructor(aead: Aead) {
    this.#aead = aead;
  }

  /** A frame with the messages encrypted in it. */
  seal(sessionId: bigint, messages: Uint8Array): Uint8Array {
    this.#count += 1n;
    const nonce = new Uint8Array(16);
    new DataView(nonce.buffer).setBigUint64(0, this.#count, true);
    const signature = new Uint8Array(16);
    const originalSize = messages.length;
    const header = encodeTransform({ signature, nonce, originalSize, sessionId });
    const { data, tag } = this.#aead.seal(
      nonce.subarray(0, this.#aead.nonceBytes),
      header.subarray(TRANSFORM_AUTHENTICATED),
      messages,
    );
    header.set(tag, 4);
    return concat(header, data);
  }
}

/** Decrypts what the other side sends in a session (MS-SMB2 3.1.5.1). */
export class Opener {
  readonly #aead: Aead;

  constructor(aead: Aead) {
    this.#aead = aead;
  }

  /** The messages in a frame. Throws SmbError `malformed`, or `integrity`. */
  open(frame: Uint8Array): Uint8Array {
    const { signature, nonce, originalSize } = decodeTransform(frame);
    const data = frame.subarray(TRANSFORM_SIZE);
    if (data.length !== originalSize) {
      throw new SmbError('malformed', 'an encrypted message is not of the size that it says');
    }
    const header = frame.subarray(TRANSFORM_AUTHENTICATED, TRANSFORM_SIZE);
    try {
      const { nonceBytes } = this.#aead;
      return this.#aead.open(nonce.subarray(0, nonceBytes), header, { data, tag: signature });
    } catch (cause) {
      if (!(cause instanceof CryptoError)) throw cause;
      throw new SmbError('integrity', 'an encrypted message was changed', { cause });
    }
  }
}
