import { hash, timingSafeEqual } from 'node:crypto';
import { CryptoError } from './errors.ts';
import type { Key } from './key.ts';
import { crc32 } from './legacy/crc32.ts';
import { hmacMd5Bytes, hmacMd5Checksum, signatureKey } from './legacy/hmac-md5.ts';
import { md4 } from './legacy/md4.ts';
import { checksumTypes } from './numbers.ts';

/**
 * A Kerberos checksum (RFC 3961 §4). `key` may be undefined for the unkeyed types, which ignore it.
 * Throws CryptoError 'unsupported-checksum', 'key-required' or 'key-mismatch'.
 */
export function computeChecksum(
  type: number,
  key: Key | undefined,
  usage: number,
  data: Uint8Array,
): Uint8Array {
  const rule = findRule(type);
  if (rule.compute !== undefined) {
    return rule.compute(data);
  }
  if (key === undefined) {
    throw new CryptoError('key-required', `checksum type ${type} needs a key`, {
      checksumType: type,
    });
  }
  if (key.checksumType === type) {
    return key.checksum(usage, data);
  }
  if (type === checksumTypes.hmacMd5) {
    // RFC 4757 §4 fixes no key size, and MS-SFU §2.2.1 wants this type under AES keys as well.
    return hmacMd5Checksum(signatureKey(key.bytes()), usage, data);
  }
  const message = `checksum type ${type} does not go with a key of type ${key.etype}`;
  throw new CryptoError('key-mismatch', message, { checksumType: type, etype: key.etype });
}

/** Whether `checksum` is right, compared in constant time. Throws as {@link computeChecksum}. */
export function verifyChecksum(
  type: number,
  key: Key | undefined,
  usage: number,
  data: Uint8Array,
  checksum: Uint8Array,
): boolean {
  const expected = computeChecksum(type, key, usage, data);
  return expected.length === checksum.length && timingSafeEqual(expected, checksum);
}

/**
 * Whether the checksum type needs a key, so that it proves who made it. False for the unkeyed types
 * and for unknown ones, which prove nothing.
 */
export function isKeyed(type: number): boolean {
  const rule = rules.get(type);
  return rule !== undefined && rule.compute === undefined;
}

/** Bytes of a checksum of this type, or undefined for a type that is not implemented. */
export function checksumLength(type: number): number | undefined {
  return rules.get(type)?.bytes;
}

interface Rule {
  readonly bytes: number;
  /** Present on unkeyed types. */
  readonly compute?: (data: Uint8Array) => Uint8Array;
}

const rules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [checksumTypes.crc32, { bytes: 4, compute: crc32 }],
  [checksumTypes.rsaMd4, { bytes: 16, compute: md4 }],
  [checksumTypes.rsaMd5, { bytes: 16, compute: (data) => hash('md5', data, 'buffer') }],
  [checksumTypes.sha1, { bytes: 20, compute: (data) => hash('sha1', data, 'buffer') }],
  [checksumTypes.hmacSha1Aes128, { bytes: 12 }],
  [checksumTypes.hmacSha1Aes256, { bytes: 12 }],
  [checksumTypes.hmacSha256Aes128, { bytes: 16 }],
  [checksumTypes.hmacSha384Aes256, { bytes: 24 }],
  [checksumTypes.hmacMd5, { bytes: hmacMd5Bytes }],
]);

function findRule(type: number): Rule {
  const rule = rules.get(type);
  if (rule === undefined) {
    throw new CryptoError('unsupported-checksum', `checksum type ${type} is not implemented`, {
      checksumType: type,
    });
  }
  return rule;
}
