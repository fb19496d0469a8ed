import type { HashName } from './hmac.ts';
import type { RandomSource } from './random.ts';

/** Usages whose derived keys are wanted soon; see `Key.prepare`. */
export interface UsagePlan {
  /** Usages for encrypting or decrypting. */
  readonly encryption?: readonly number[];
  /** Usages for checksums. */
  readonly checksum?: readonly number[];
}

/** What one key can do (RFC 3961 §3 and §4), with everything it derives kept for the next time. */
export interface KeyOperations {
  encrypt(usage: number, plaintext: Uint8Array, random: RandomSource): Uint8Array;
  /** Throws CryptoError 'integrity'. */
  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array;
  /** The mandatory checksum of the encryption type. */
  checksum(usage: number, data: Uint8Array): Uint8Array;
  prf(input: Uint8Array): Uint8Array;
  prepare(plan: UsagePlan): void;
}

/** PBKDF2's arguments (RFC 8018 §5.2) and the step after it that makes a protocol key. */
export interface PasswordStretch {
  readonly hash: HashName;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Yields a protocol key's bytes from PBKDF2's output, which is `keyBytes` long. */
  finish(stretched: Uint8Array): Uint8Array;
}

/** How an encryption type makes keys out of passwords (RFC 3961 §3, string-to-key). */
export type PasswordRule =
  | {
      readonly kind: 'stretched';
      readonly defaultIterations: number;
      stretch(salt: Uint8Array, iterations: number): PasswordStretch;
    }
  | { readonly kind: 'hashed'; keyBytes(password: string): Uint8Array };

/** An encryption type's profile (RFC 3961 §3). */
export interface EncryptionType {
  readonly etype: number;
  /** The registered name, which MIT krb5 and keytab tools print. */
  readonly name: string;
  /** Bytes of a protocol key; random-to-key is the identity for every type here. */
  readonly keyBytes: number;
  /** The checksum type that goes with the encryption type (RFC 3961 §3). */
  readonly checksumType: number;
  readonly checksumBytes: number;
  readonly password: PasswordRule;
  /** Takes ownership of `key`, `keyBytes` long. */
  operations(key: Uint8Array): KeyOperations;
}
