import { timingSafeEqual } from 'node:crypto';
import type { EncryptionType, KeyOperations, UsagePlan } from './encryption-type.ts';
import { encryptionType } from './encryption-types.ts';
import { CryptoError } from './errors.ts';
import { confounder, type RandomSource } from './random.ts';

/**
 * A Kerberos protocol key (RFC 3961 §3) with what was derived from it: a usage's keys and cipher
 * contexts are made at its first use and kept as long as the key, so keep the Key with the account
 * or the ticket it belongs to. Nothing is derived before it is needed.
 *
 * Every operation takes a key usage number (RFC 4120 §7.5.1), unsigned 32 bits.
 */
export class Key {
  readonly etype: number;
  /** The mandatory checksum type of the encryption type: what {@link checksum} computes. */
  readonly checksumType: number;
  readonly #bytes: Uint8Array;
  readonly #type: EncryptionType;
  #operations: KeyOperations | undefined;

  private constructor(type: EncryptionType, bytes: Uint8Array) {
    this.etype = type.etype;
    this.checksumType = type.checksumType;
    this.#type = type;
    this.#bytes = bytes;
  }

  /** Copies `bytes`. Throws CryptoError 'unsupported-etype' or 'key-length'. */
  static of(etype: number, bytes: Uint8Array): Key {
    const type = encryptionType(etype);
    if (bytes.length !== type.keyBytes) {
      throw new CryptoError('key-length', `a key of type ${etype} has ${type.keyBytes} bytes`, {
        etype,
        expected: type.keyBytes,
        actual: bytes.length,
      });
    }
    return new Key(type, new Uint8Array(bytes));
  }

  /** A fresh key. Throws CryptoError 'unsupported-etype'. */
  static random(etype: number, random: RandomSource): Key {
    const type = encryptionType(etype);
    return new Key(type, new Uint8Array(confounder(random, type.keyBytes)));
  }

  /** The protocol key, as a copy. */
  bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  /** The encrypted `plaintext` with its confounder and MAC: the cipher of an EncryptedData. */
  encrypt(usage: number, plaintext: Uint8Array, random: RandomSource): Uint8Array {
    return this.#use().encrypt(usage, plaintext, random);
  }

  /** The plaintext, once its MAC proved right. Throws CryptoError 'integrity'. */
  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array {
    return this.#use().decrypt(usage, ciphertext);
  }

  /** The checksum of type {@link checksumType} over `data`. */
  checksum(usage: number, data: Uint8Array): Uint8Array {
    return this.#use().checksum(usage, data);
  }

  /** Whether `checksum` is {@link checksum} of `data`, compared in constant time. */
  verifyChecksum(usage: number, data: Uint8Array, checksum: Uint8Array): boolean {
    if (checksum.length !== this.#type.checksumBytes) {
      return false;
    }
    return timingSafeEqual(this.#use().checksum(usage, data), checksum);
  }

  /** The pseudo-random function of the encryption type (RFC 3961 §3). */
  prf(input: Uint8Array): Uint8Array {
    return this.#use().prf(input);
  }

  /**
   * Derives the keys of several usages at once, where that is cheaper than one by one. Worth it for
   * a short-lived key whose next uses are known; never needed.
   */
  prepare(plan: UsagePlan): void {
    this.#use().prepare(plan);
  }

  /** Overwrites the key. What is asked of it afterwards is a RangeError. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#operations = WIPED;
  }

  #use(): KeyOperations {
    this.#operations ??= this.#type.operations(this.#bytes);
    return this.#operations;
  }
}

function wiped(): never {
  throw new RangeError('the key was wiped');
}

/** Of a key that is no more: zeros would be a key that everybody knows. */
const WIPED: KeyOperations = {
  encrypt: wiped,
  decrypt: wiped,
  checksum: wiped,
  prf: wiped,
  prepare: wiped,
};
