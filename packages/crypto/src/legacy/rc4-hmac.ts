import { timingSafeEqual } from 'node:crypto';
import type { EncryptionType, KeyOperations, UsagePlan } from '../encryption-type.ts';
import { CryptoError } from '../errors.ts';
import { Hmac } from '../hmac.ts';
import { checksumTypes, etypes } from '../numbers.ts';
import { confounder, type RandomSource } from '../random.ts';
import { hmacMd5Bytes, hmacMd5Checksum, messageTypeBytes, signatureKey } from './hmac-md5.ts';
import { md4 } from './md4.ts';
import { rc4 } from './rc4.ts';

/** RFC 4757 §3: the random prefix of every plaintext. */
const confounderBytes = 8;

/** rc4-hmac (RFC 4757), which `policy.ts` keeps off by default. */
export const rc4Hmac: EncryptionType = {
  etype: etypes.rc4Hmac,
  name: 'arcfour-hmac',
  keyBytes: 16,
  checksumType: checksumTypes.hmacMd5,
  checksumBytes: hmacMd5Bytes,
  // RFC 4757 §2: MD4 of the password in UTF-16LE; the salt and the parameters are ignored.
  password: { kind: 'hashed', keyBytes: (password) => md4(Buffer.from(password, 'utf16le')) },
  operations: (key) => new Rc4Key(key),
};

/** RFC 4757 §3 to §5. */
class Rc4Key implements KeyOperations {
  readonly #key: Uint8Array;
  readonly #base: Hmac;
  /** K1 (and K2, which is the same outside the export variant) of each usage. */
  readonly #usages = new Map<number, Hmac>();
  #signing: Hmac | undefined;

  constructor(key: Uint8Array) {
    this.#key = key;
    this.#base = new Hmac('md5', key);
  }

  encrypt(usage: number, plaintext: Uint8Array, random: RandomSource): Uint8Array {
    const usageKey = this.#usageKey(usage);
    const message = Buffer.concat([confounder(random, confounderBytes), plaintext]);
    const mac = usageKey.digest(message);
    return Buffer.concat([mac, rc4(usageKey.digest(mac), message)]);
  }

  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array {
    if (ciphertext.length < hmacMd5Bytes + confounderBytes) {
      throw new CryptoError('integrity', 'the ciphertext is shorter than its MAC and confounder');
    }
    const mac = ciphertext.subarray(0, hmacMd5Bytes);
    const encrypted = ciphertext.subarray(hmacMd5Bytes);
    const message =
      open(this.#usageKey(usage), mac, encrypted) ??
      // A KDC written to the letter of RFC 4757 §3 numbers the TGS reply under a subkey 8, not 9.
      (usage === 9 ? open(this.#usageKey(8), mac, encrypted) : undefined);
    if (message === undefined) {
      throw new CryptoError('integrity', 'the ciphertext does not match its MAC');
    }
    return message.subarray(confounderBytes);
  }

  checksum(usage: number, data: Uint8Array): Uint8Array {
    this.#signing ??= signatureKey(this.#key);
    return hmacMd5Checksum(this.#signing, usage, data);
  }

  /** No RFC gives RC4 a pseudo-random function; HMAC-SHA1 is what MIT krb5 and Windows compute. */
  prf(input: Uint8Array): Uint8Array {
    return new Hmac('sha1', this.#key).digest(input);
  }

  prepare(plan: UsagePlan): void {
    for (const usage of plan.encryption ?? []) {
      this.#usageKey(usage);
    }
  }

  #usageKey(usage: number): Hmac {
    let key = this.#usages.get(usage);
    if (key === undefined) {
      key = new Hmac('md5', this.#base.digest(messageTypeBytes(usage)));
      this.#usages.set(usage, key);
    }
    return key;
  }
}

/** The confounder and the plaintext, or undefined where the MAC does not match. */
function open(usageKey: Hmac, mac: Uint8Array, encrypted: Uint8Array): Uint8Array | undefined {
  const message = rc4(usageKey.digest(mac), encrypted);
  return timingSafeEqual(usageKey.digest(message), mac) ? message : undefined;
}
