import { type Cipheriv, createCipheriv, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import { AesCts, blockBytes } from './cts.ts';
import type { EncryptionType, KeyOperations, UsagePlan } from './encryption-type.ts';
import { CryptoError } from './errors.ts';
import { Hmac } from './hmac.ts';
import { checksumTypes, etypes } from './numbers.ts';
import { confounder, type RandomSource } from './random.ts';
import { assertUsage, deriveRandom, foldedUsageConstants, nFold } from './rfc3961.ts';

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
        finish: (stretched) => deriveOne(ecb(stretched), folded.kerberos, stretched.length),
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
    const mac = integrity.digestFrame(frame.subarray(0, start + length));
    const out = Buffer.allocUnsafe(length + macBytes);
    cipher.encryptInto(out, frame.subarray(start), length);
    out.set(mac.subarray(0, macBytes), length);
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
    const mac = integrity.digestFrame(frame);
    if (!timingSafeEqual(mac.subarray(0, macBytes), ciphertext.subarray(length))) {
      throw new CryptoError('integrity', 'the ciphertext does not match its MAC');
    }
    return plaintext.subarray(blockBytes);
  }

  checksum(usage: number, data: Uint8Array): Uint8Array {
    return this.#checksumKey(usage).digest(data).subarray(0, macBytes);
  }

  /** RFC 3961 §5.3: E(DK(key, "prf"), the hash cut to whole blocks). */
  prf(input: Uint8Array): Uint8Array {
    this.#prf ??= ecb(deriveOne(this.#cipher(), folded.prf, this.#key.length));
    return this.#prf.update(hash('sha1', input, 'buffer').subarray(0, blockBytes));
  }

  prepare(plan: UsagePlan): void {
    const encryption = (plan.encryption ?? []).filter((usage) => !this.#encryption.has(usage));
    const checksum = (plan.checksum ?? []).filter((usage) => !this.#checksums.has(usage));
    const blocks = new Uint8Array((2 * encryption.length + checksum.length) * blockBytes);
    let at = 0;
    for (const usage of encryption) {
      assertUsage(usage);
      blocks.set(foldedUsageConstants(usage).subarray(0, 2 * blockBytes), at);
      at += 2 * blockBytes;
    }
    for (const usage of checksum) {
      assertUsage(usage);
      blocks.set(foldedUsageConstants(usage).subarray(2 * blockBytes), at);
      at += blockBytes;
    }
    if (at > 0) {
      const seeds = deriveRandom(this.#cipher(), blocks, blockBytes, this.#key.length).values();
      for (const usage of encryption) {
        this.#keepEncryption(usage, next(seeds), next(seeds));
      }
      for (const usage of checksum) {
        this.#checksums.set(usage, new Hmac('sha1', next(seeds)));
      }
    }
  }

  #encryptionKeys(usage: number): EncryptionKeys {
    const known = this.#encryption.get(usage);
    if (known !== undefined) {
      return known;
    }
    assertUsage(usage);
    const constants = foldedUsageConstants(usage).subarray(0, 2 * blockBytes);
    const seeds = deriveRandom(this.#cipher(), constants, blockBytes, this.#key.length).values();
    return this.#keepEncryption(usage, next(seeds), next(seeds));
  }

  #keepEncryption(usage: number, encryption: Uint8Array, integrity: Uint8Array): EncryptionKeys {
    const keys = { cipher: new AesCts(encryption), integrity: new Hmac('sha1', integrity) };
    this.#encryption.set(usage, keys);
    return keys;
  }

  #checksumKey(usage: number): Hmac {
    let key = this.#checksums.get(usage);
    if (key === undefined) {
      assertUsage(usage);
      const constant = foldedUsageConstants(usage).subarray(2 * blockBytes);
      key = new Hmac('sha1', deriveOne(this.#cipher(), constant, this.#key.length));
      this.#checksums.set(usage, key);
    }
    return key;
  }

  #cipher(): Cipheriv {
    this.#base ??= ecb(this.#key);
    return this.#base;
  }
}

/** The base key as a block cipher: DR's feedback makes ECB all that derivation needs. */
function ecb(key: Uint8Array): Cipheriv {
  const secret = createSecretKey(key);
  return createCipheriv(`aes-${key.length * 8}-ecb`, secret, null).setAutoPadding(false);
}

function deriveOne(cipher: Cipheriv, block: Uint8Array, seedBytes: number): Uint8Array {
  return next(deriveRandom(cipher, block, blockBytes, seedBytes).values());
}

function next(seeds: Iterator<Uint8Array>): Uint8Array {
  const step = seeds.next();
  if (step.done === true) {
    throw new RangeError('fewer derived keys than constants');
  }
  return step.value;
}
