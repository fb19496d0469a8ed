import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
import { plain } from '@doublehop/wire/bytes';
import { cipherKey } from './cipher-key.ts';
import { CryptoError } from './errors.ts';

/** AES in a mode that authenticates (NIST SP 800-38C, 800-38D), in OpenSSL's spelling. */
export type AeadName = 'aes-128-ccm' | 'aes-128-gcm' | 'aes-256-ccm' | 'aes-256-gcm';

/** Octets of the tag. */
export const AEAD_TAG = 16;

/** What encryption gives: as many octets as the message has, and the tag. */
export interface Sealed {
  readonly data: Uint8Array;
  readonly tag: Uint8Array;
}

/** One key for messages with a nonce each, which the caller must never use twice. */
export class Aead {
  /** Octets of a nonce: 12 for GCM; 11 for CCM, which leaves 4 octets for the length. */
  readonly nonceBytes: number;
  readonly #name: AeadName;
  readonly #key: ReturnType<typeof cipherKey>;

  /** Throws RangeError for a key of another size than the name says. */
  constructor(name: AeadName, key: Uint8Array) {
    if (key.length !== keyBytes(name)) throw new RangeError(`a key of ${key.length} octets`);
    this.#name = name;
    this.#key = cipherKey(Uint8Array.from(key));
    this.nonceBytes = isGcm(name) ? 12 : 11;
  }

  /** Encrypts `message`; the tag covers `header` too. */
  seal(nonce: Uint8Array, header: Uint8Array, message: Uint8Array): Sealed {
    const name = this.#name;
    if (isGcm(name)) {
      const cipher = createCipheriv(name, this.#key, nonce);
      const data = cipher.setAAD(header).update(message);
      cipher.final();
      return { data: plain(data), tag: plain(cipher.getAuthTag()) };
    }
    const cipher = createCipheriv(name, this.#key, nonce, { authTagLength: AEAD_TAG });
    const data = cipher.setAAD(header, { plaintextLength: message.length }).update(message);
    cipher.final();
    return { data: plain(data), tag: plain(cipher.getAuthTag()) };
  }

  /** The message. Throws CryptoError `integrity` where anything was changed. */
  open(nonce: Uint8Array, header: Uint8Array, { data, tag }: Sealed): Uint8Array {
    const name = this.#name;
    if (tag.length !== AEAD_TAG) throw new CryptoError('integrity', 'the tag is cut short');
    try {
      if (isGcm(name)) {
        const options = { authTagLength: AEAD_TAG };
        const decipher = createDecipheriv(name, this.#key, nonce, options).setAuthTag(tag);
        const message = decipher.setAAD(header).update(data);
        decipher.final();
        return plain(message);
      }
      const options = { authTagLength: AEAD_TAG };
      const decipher = createDecipheriv(name, this.#key, nonce, options).setAuthTag(tag);
      const message = decipher.setAAD(header, { plaintextLength: data.length }).update(data);
      decipher.final();
      return plain(message);
    } catch {
      throw new CryptoError('integrity', 'the message was changed, or is of another key');
    }
  }
}

/** Octets of a key. */
export function keyBytes(name: AeadName): number {
  return name.startsWith('aes-128') ? 16 : 32;
}

/**
 * AES-GMAC (NIST SP 800-38D §3): the tag of GCM over a message that stays in the clear.
 */
export function gmac(key: Aead, nonce: Uint8Array, message: Uint8Array): Uint8Array {
  return key.seal(nonce, message, new Uint8Array(0)).tag;
}

function isGcm(name: AeadName): name is AeadName & CipherGCMTypes {
  return name.endsWith('gcm');
}
