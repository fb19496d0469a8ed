import { type Cipheriv, createCipheriv, hash } from 'node:crypto';
import { cipherKey } from './cipher-key.ts';
import { AesCts, blockBytes } from './cts.ts';
import type { EncryptionType, KeyOperations, UsagePlan } from './encryption-type.ts';
import { CryptoError } from './errors.ts';
import { Hmac } from './hmac.ts';
import { checksumTypes, etypes } from './numbers.ts';
import { confounder, type RandomSource } from './random.ts';
import { deriveRandom, foldedUsageConstants, nFold } from './rfc3961.ts';

/** HMAC-SHA1 cut to 96 bits (RFC 3962 §6). */
const macBytes = 12;

/** aes128-cts-hmac-sha1-96 (RFC 3962). */
export const aes128Sha1: EncryptionType = profile({
  etype: etypes.aes128CtsHmacSha1,
  name: 'aes128-cts-hmac-sha1-96',
  keyBytes: 16,
  checksumType: checksumTypes.hmacSha1Aes128,
});

/** aes256-cts-hmac-sha1-96 (RFC 3962). */
export const aes256Sha1: EncryptionType = profile({
  etype: etypes.aes256CtsHmacSha1,
  name: 'aes256-cts-hmac-sha1-96',
  keyBytes: 32,
  checksumType: checksumTypes.hmacSha1Aes256,
});

function profile(
  parts: Pick<EncryptionType, 'etype' | 'name' | 'keyBytes' | 'checksumType'>,
): EncryptionType {
  return {
    ...parts,
    checksumBytes: macBytes,
    password: {
      kind: 'stretched',
      // RFC 3962 §4: the count when the parameters are absent.
      defaultIterations: 4096,
      stretch: (salt, iterations) => ({
        hash: 'sha1',
        salt,
        iterations,
        // RFC 3962 §4: tkey = PBKDF2(...), key = DK(tkey, "kerberos").
        finish: (key) => deriveRandom(ecb(key), folded.kerberos, blockBytes, key.length),
      }),
    },
    operations: (key) => new AesSha1Key(key),
  };
}

const folded = {
  kerberos: nFold(Buffer.from('kerberos'), blockBytes),
  /** RFC 3961 §5.3: the constant of the pseudo-random function. */
  prf: nFold(Buffer.from('prf'), blockBytes),
};

interface EncryptionKeys {
  readonly cipher: AesCts;
  readonly integrity: Hmac;
}

/** The simplified profile of RFC 3961 §5.3 with the parameters of RFC 3962 §6. */
class AesSha1Key implements KeyOperations {
  readonly #key: Uint8Array;
  readonly #encryption = new Map<number, EncryptionKeys>();
  readonly #checksums = new Map<number, Hmac>();
  #base: Cipheriv | undefined;
  #prf: Cipheriv | undefined;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  encrypt(usage: number, plaintext: Uint8Array, random: RandomSource): Uint8Array {
    const { cipher, integrity } = this.#encryptionKeys(usage);
    const length = blockBytes + plaintext.length;
    const start = integrity.blockBytes;
    const frame = integrity.frame(Math.ceil(length / blockBytes) * blockBytes);
    frame.set(confounder(random, blockBytes), start);
    frame.set(plaintext, start + blockBytes);
    frame.fill(0, start + length);
    const out = Buffer.allocUnsafe(length + macBytes);
    // The MAC is over the plaintext and needs it before encryption spoils it.
    integrity.digestFrameInto(out, length, frame.subarray(0, start + length));
    cipher.encryptInto(out, frame.subarray(start), length);
    return out;
  }

  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array {
    const length = ciphertext.length - macBytes;
    if (length < blockBytes) {
      throw new CryptoError('integrity', 'the ciphertext is shorter than its confounder and MAC');
    }
    const { cipher, integrity } = this.#encryptionKeys(usage);
    const frame = integrity.frame(length);
    const plaintext = frame.subarray(integrity.blockBytes);
    cipher.decryptInto(plaintext, ciphertext.subarray(0, length));
    if (!integrity.verifyFrame(frame, ciphertext.subarray(length))) {
      throw new CryptoError('integrity', 'the ciphertext does not match its MAC');
    }
    return plaintext.subarray(blockBytes);
  }

  checksum(usage: number, data: Uint8Array): Uint8Array {
    return this.#checksumKey(usage).digest(data, macBytes);
  }

  /** RFC 3961 §5.3: E(DK(key, "prf"), the hash cut to whole blocks). */
  prf(input: Uint8Array): Uint8Array {
    this.#prf ??= ecb(this.#derive(folded.prf));
    return this.#prf.update(hash('sha1', input, 'buffer').subarray(0, blockBytes));
  }

  prepare(plan: UsagePlan): void {
    if (this.#isPrepared(plan)) {
      return;
    }
    const encryption = (plan.encryption ?? []).filter((usage) => !this.#encryption.has(usage));
    const checksum = (plan.checksum ?? []).filter((usage) => !this.#checksums.has(usage));
    const seeds = this.#derive(constantsOf(encryption, checksum));
    let at = 0;
    const next = (keys: number): Uint8Array => {
      at += keys * this.#key.length;
      return seeds.subarray(at - keys * this.#key.length, at);
    };
    for (const usage of encryption) {
      this.#keepEncryption(usage, next(2));
    }
    for (const usage of checksum) {
      this.#keepChecksum(usage, next(1));
    }
  }

  #isPrepared({ encryption = [], checksum = [] }: UsagePlan): boolean {
    return (
      encryption.every((usage) => this.#encryption.has(usage)) &&
      checksum.every((usage) => this.#checksums.has(usage))
    );
  }

  #encryptionKeys(usage: number): EncryptionKeys {
    const known = this.#encryption.get(usage);
    if (known === undefined) {
      return this.#keepEncryption(usage, this.#derive(encryptionConstants(usage)));
    }
    // A usage that comes back means a key that stays: it has derived what it needs, and a context
    // is some 3 KB. A session key sees each usage once and keeps the context for its short life.
    this.#base = undefined;
    return known;
  }

  #checksumKey(usage: number): Hmac {
    return (
      this.#checksums.get(usage) ?? this.#keepChecksum(usage, this.#derive(checksumConstant(usage)))
    );
  }

  /** `seeds` is Ke, then Ki. */
  #keepEncryption(usage: number, seeds: Uint8Array): EncryptionKeys {
    const keyBytes = this.#key.length;
    const keys = {
      cipher: new AesCts(seeds.subarray(0, keyBytes)),
      integrity: new Hmac('sha1', seeds.subarray(keyBytes)),
    };
    this.#encryption.set(usage, keys);
    return keys;
  }

  #keepChecksum(usage: number, seed: Uint8Array): Hmac {
    const key = new Hmac('sha1', seed);
    this.#checksums.set(usage, key);
    return key;
  }

  /** DK of RFC 3961 §5.1, where random-to-key is the identity (RFC 3962 §6). */
  #derive(constants: Uint8Array): Uint8Array {
    this.#base ??= ecb(this.#key);
    return deriveRandom(this.#base, constants, blockBytes, this.#key.length);
  }
}

/** Folded, for Ke and Ki. */
function encryptionConstants(usage: number): Uint8Array {
  return foldedUsageConstants(usage).subarray(0, 2 * blockBytes);
}

/** Folded, of several usages one after the other. */
function constantsOf(encryption: readonly number[], checksum: readonly number[]): Uint8Array {
  const constants = new Uint8Array((2 * encryption.length + checksum.length) * blockBytes);
  let at = 0;
  for (const usage of encryption) {
    constants.set(encryptionConstants(usage), at);
    at += 2 * blockBytes;
  }
  for (const usage of checksum) {
    constants.set(checksumConstant(usage), at);
    at += blockBytes;
  }
  return constants;
}

/** Folded, for Kc. */
function checksumConstant(usage: number): Uint8Array {
  return foldedUsageConstants(usage).subarray(2 * blockBytes);
}

/** The base key as a block cipher: DR's feedback makes ECB all that derivation needs. */
function ecb(key: Uint8Array): Cipheriv {
  const name = key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb';
  const cipher = createCipheriv(name, cipherKey(key), null);
  return cipher.setAutoPadding(false);
}
