/**
 * Kerberos encryption type numbers that this package implements (IANA, "Kerberos Encryption Type
 * Numbers").
 */
export const etypes = {
  /** RFC 3962 §6. */
  aes128CtsHmacSha1: 17,
  /** RFC 3962 §6. */
  aes256CtsHmacSha1: 18,
  /** RFC 8009 §7. */
  aes128CtsHmacSha256: 19,
  /** RFC 8009 §7. */
  aes256CtsHmacSha384: 20,
  /** RFC 4757 §6; deprecated by RFC 8429. */
  rc4Hmac: 23,
} as const;

/** Kerberos checksum type numbers that this package implements (IANA; RFC 4757 §4 for -138). */
export const checksumTypes = {
  /** RFC 3961 §6.1.3, unkeyed. */
  crc32: 1,
  /** RFC 3961 §6.1.2, unkeyed. MS-SFU §2.2.2 names it for PA-S4U-X509-USER with RC4 keys. */
  rsaMd4: 2,
  /** RFC 3961 §6.1.1, unkeyed. */
  rsaMd5: 7,
  /** RFC 3961 §6.1.4 registry, unkeyed. */
  sha1: 14,
  /** RFC 3962 §7. */
  hmacSha1Aes128: 15,
  /** RFC 3962 §7. */
  hmacSha1Aes256: 16,
  /** RFC 8009 §6. */
  hmacSha256Aes128: 19,
  /** RFC 8009 §6. */
  hmacSha384Aes256: 20,
  /** RFC 4757 §4, KERB_CHECKSUM_HMAC_MD5; works with a key of any encryption type. */
  hmacMd5: -138,
} as const;
