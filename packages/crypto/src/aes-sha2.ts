import { AesCts, blockBytes } from './cts.ts';
import type { EncryptionType, KeyOperations, UsagePlan } from './encryption-type.ts';
import { CryptoError } from './errors.ts';
import { type HashName, Hmac } from './hmac.ts';
import { checksumTypes, etypes } from './numbers.ts';
import { confounder, type RandomSource } from './random.ts';
import { assertUsage, keyKinds, usageConstant } from './rfc3961.ts';

/** The parameters that RFC 8009 §5 and §6 give each of its two encryption types. */
interface Parameters {
  readonly hash: HashName;
  /** Bytes of Ke, and of a protocol key. */
  readonly keyBytes: number;
  /** Bytes of Ki and Kc, and of the truncated HMAC. */
  readonly macBytes: number;
  /** Bytes of the pseudo-random function's output: the whole hash. */
  readonly prfBytes: number;
}

/** aes128-cts-hmac-sha256-128 (RFC 8009). */
export const aes128Sha2: EncryptionType = profile(
  etypes.aes128CtsHmacSha256,
  'aes128-cts-hmac-sha256-128',
  checksumTypes.hmacSha256Aes128,
  { hash: 'sha256', keyBytes: 16, macBytes: 16, prfBytes: 32 },
);

/** aes256-cts-hmac-sha384-192 (RFC 8009). */
export const aes256Sha2: EncryptionType = profile(
  etypes.aes256CtsHmacSha384,
  'aes256-cts-hmac-sha384-192',
  checksumTypes.hmacSha384Aes256,
  { hash: 'sha384', keyBytes: 32, macBytes: 24, prfBytes: 48 },
);

function profile(
  etype: number,
  name: string,
  checksumType: number,
  parameters: Parameters,
): EncryptionType {
  return {
    etype,
    name,
    checksumType,
    keyBytes: parameters.keyBytes,
    checksumBytes: parameters.macBytes,
    password: {
      kind: 'stretched',
      // RFC 8009 §4: the count when the parameters are absent.
      defaultIterations: 32768,
      stretch: (salt, iterations) => ({
        hash: parameters.hash,
        // RFC 8009 §4: saltp = enctype-name | 0x00 | salt.
        salt: Buffer.concat([Buffer.from(`${name}\0`), salt]),
        iterations,
        finish: (stretched) =>
          kdfHmacSha2(new Hmac(parameters.hash, stretched), kerberosLabel, parameters.keyBytes),
      }),
    },
    operations: (key) => new AesSha2Key(key, parameters),
  };
}

const kerberosLabel = Buffer.from('kerberos');
const prfLabel = Buffer.from('prf');

interface EncryptionKeys {
  readonly cipher: AesCts;
  readonly integrity: Hmac;
}

/** Encrypt-then-MAC of RFC 8009 §5; every derived key comes from HMAC under the base key (§3). */
class AesSha2Key implements KeyOperations {
  readonly #base: Hmac;
  readonly #parameters: Parameters;
  readonly #encryption = new Map<number, EncryptionKeys>();
  readonly #checksums = new Map<number, Hmac>();

  constructor(key: Uint8Array, parameters: Parameters) {
    this.#base = new Hmac(parameters.hash, key);
    this.#parameters = parameters;
  }

  encrypt(usage: number, plaintext: Uint8Array, random: RandomSource): Uint8Array {
    const { cipher, integrity } = this.#encryptionKeys(usage);
    const { macBytes } = this.#parameters;
    const length = blockBytes + plaintext.length;
    const padded = Buffer.allocUnsafe(Math.ceil(length / blockBytes) * blockBytes);
    padded.set(confounder(random, blockBytes));
    padded.set(plaintext, blockBytes);
    padded.fill(0, length);
    const frame = integrity.frame(blockBytes + length + macBytes);
    fillCipherState(frame, integrity);
    const out = frame.subarray(integrity.blockBytes + blockBytes);
    cipher.encryptInto(out, padded, length);
    integrity.digestFrameInto(out, length, frame.subarray(0, frame.length - macBytes));
    return out;
  }

  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array {
    const length = ciphertext.length - this.#parameters.macBytes;
    if (length < blockBytes) {
      throw new CryptoError('integrity', 'the ciphertext is shorter than its confounder and MAC');
    }
    const { cipher, integrity } = this.#encryptionKeys(usage);
    const frame = integrity.frame(blockBytes + length);
    fillCipherState(frame, integrity);
    const encrypted = ciphertext.subarray(0, length);
    const out = frame.subarray(integrity.blockBytes + blockBytes);
    out.set(encrypted);
    if (!integrity.verifyFrame(frame, ciphertext.subarray(length))) {
      throw new CryptoError('integrity', 'the ciphertext does not match its MAC');
    }
    cipher.decryptInto(out, encrypted);
    return out.subarray(blockBytes);
  }

  checksum(usage: number, data: Uint8Array): Uint8Array {
    return this.#checksumKey(usage).digest(data, this.#parameters.macBytes);
  }

  /** RFC 8009 §5: KDF-HMAC-SHA2(key, "prf", input, the hash's length). */
  prf(input: Uint8Array): Uint8Array {
    return kdfHmacSha2(this.#base, prfLabel, this.#parameters.prfBytes, input);
  }

  prepare(plan: UsagePlan): void {
    for (const usage of plan.encryption ?? []) {
      this.#encryptionKeys(usage);
    }
    for (const usage of plan.checksum ?? []) {
      this.#checksumKey(usage);
    }
  }

  #encryptionKeys(usage: number): EncryptionKeys {
    let keys = this.#encryption.get(usage);
    if (keys === undefined) {
      const { hash, keyBytes, macBytes } = this.#parameters;
      keys = {
        cipher: new AesCts(this.#derive(usage, keyKinds.encryption, keyBytes)),
        integrity: new Hmac(hash, this.#derive(usage, keyKinds.integrity, macBytes)),
      };
      this.#encryption.set(usage, keys);
    }
    return keys;
  }

  #checksumKey(usage: number): Hmac {
    let key = this.#checksums.get(usage);
    if (key === undefined) {
      const { hash, macBytes } = this.#parameters;
      key = new Hmac(hash, this.#derive(usage, keyKinds.checksum, macBytes));
      this.#checksums.set(usage, key);
    }
    return key;
  }

  #derive(usage: number, kind: number, size: number): Uint8Array {
    assertUsage(usage);
    // Copied out of the buffer pool, which a key that stays would keep from being collected.
    return new Uint8Array(kdfHmacSha2(this.#base, usageConstant(usage, kind), size));
  }
}

/** RFC 8009 §5: the MAC also covers the cipher state, which is always the zero initial vector. */
function fillCipherState(frame: Buffer, integrity: Hmac): void {
  frame.fill(0, integrity.blockBytes, integrity.blockBytes + blockBytes);
}

/**
 * KDF-HMAC-SHA2 of RFC 8009 §3: the first `size` bytes of
 * HMAC(key, 0x00000001 | label | 0x00 | context | size in bits). One round is enough for every size
 * in that RFC.
 */
export function kdfHmacSha2(
  key: Hmac,
  label: Uint8Array,
  size: number,
  context: Uint8Array = none,
): Uint8Array {
  const frame = key.frame(4 + label.length + 1 + context.length + 4);
  let at = frame.writeUInt32BE(1, key.blockBytes);
  frame.set(label, at);
  at = frame.writeUInt8(0, at + label.length);
  frame.set(context, at);
  frame.writeUInt32BE(size * 8, at + context.length);
  return key.digestFrame(frame, size);
}

const none = new Uint8Array(0);
