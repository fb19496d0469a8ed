import { hash } from 'node:crypto';
import { Hmac } from '../hmac.ts';
import { assertUsage } from '../rfc3961.ts';

/** Bytes of the checksum KERB_CHECKSUM_HMAC_MD5. */
export const hmacMd5Bytes = 16;

/**
 * The message type T that RFC 4757 §3 numbers a usage with. That text also maps 9 (a TGS reply
 * under a subkey) to 8; Windows never did, and the RFC's errata take it back.
 */
export function messageType(usage: number): number {
  if (usage === 3) {
    return 8;
  }
  return usage === 23 ? 13 : usage;
}

/** T as the four octets that are hashed, least significant first (RFC 4757 §3). */
export function messageTypeBytes(usage: number): Uint8Array {
  assertUsage(usage);
  const type = messageType(usage);
  return Uint8Array.of(type, type >>> 8, type >>> 16, type >>> 24);
}

/** Ksign of RFC 4757 §4; it is the same for every usage. */
export function signatureKey(key: Uint8Array): Hmac {
  return new Hmac('md5', new Hmac('md5', key).digest(signatureLabel));
}

/** KERB_CHECKSUM_HMAC_MD5 (RFC 4757 §4): HMAC(Ksign, MD5(T | data)). */
export function hmacMd5Checksum(signing: Hmac, usage: number, data: Uint8Array): Uint8Array {
  return signing.digest(hash('md5', Buffer.concat([messageTypeBytes(usage), data]), 'buffer'));
}

const signatureLabel = Buffer.from('signaturekey\0');
