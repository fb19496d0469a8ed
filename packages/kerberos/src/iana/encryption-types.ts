/** Encryption types (RFC 3961 §8, RFC 3962 §7, RFC 8009 §7, RFC 4757 §4). */
export const EncryptionType = {
  AES128_CTS_HMAC_SHA1_96: 17,
  AES256_CTS_HMAC_SHA1_96: 18,
  AES128_CTS_HMAC_SHA256_128: 19,
  AES256_CTS_HMAC_SHA384_192: 20,
  RC4_HMAC: 23,
} as const;

/** Checksum types (RFC 3961 §8, RFC 3962 §7, RFC 8009 §7, RFC 4757 §4, MS-KILE). */
export const ChecksumType = {
  CRC32: 1,
  RSA_MD4: 2,
  RSA_MD5: 7,
  SHA1: 14,
  HMAC_SHA1_96_AES128: 15,
  HMAC_SHA1_96_AES256: 16,
  HMAC_SHA256_128_AES128: 19,
  HMAC_SHA384_192_AES256: 20,
  /** KERB_CHECKSUM_HMAC_MD5. */
  HMAC_MD5: -138,
  /** The GSS-API "checksum" of an AP-REQ (RFC 4121 §4.1.1). */
  GSS: 0x8003,
} as const;
