import { etypes } from './numbers.ts';

/**
 * The encryption types that are on unless somebody turns them off, best interoperating first: the
 * order that Windows and MIT krb5 prefer today.
 */
export const defaultEncryptionTypes: readonly number[] = [
  etypes.aes256CtsHmacSha1,
  etypes.aes128CtsHmacSha1,
  etypes.aes256CtsHmacSha384,
  etypes.aes128CtsHmacSha256,
];

/**
 * The encryption types that are off unless somebody turns them on. RFC 8429 §5 deprecates RC4: its
 * string-to-key has neither salt nor iterations, so a service ticket under it is an offline guess.
 */
export const legacyEncryptionTypes: readonly number[] = [etypes.rc4Hmac];

/** Whether the encryption type is one of {@link legacyEncryptionTypes}. */
export function isLegacyEncryptionType(etype: number): boolean {
  return legacyEncryptionTypes.includes(etype);
}
