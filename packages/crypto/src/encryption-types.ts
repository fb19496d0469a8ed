import { aes128Sha1, aes256Sha1 } from './aes-sha1.ts';
import { aes128Sha2, aes256Sha2 } from './aes-sha2.ts';
import type { EncryptionType } from './encryption-type.ts';
import { CryptoError } from './errors.ts';
import { rc4Hmac } from './legacy/rc4-hmac.ts';

const implemented: ReadonlyMap<number, EncryptionType> = new Map(
  [aes256Sha1, aes128Sha1, aes256Sha2, aes128Sha2, rc4Hmac].map((type) => [type.etype, type]),
);

/**
 * The profile of an encryption type that this package implements, legacy ones included: what may be
 * used is the caller's policy (`policy.ts`). Throws CryptoError 'unsupported-etype'.
 */
export function encryptionType(etype: number): EncryptionType {
  const type = implemented.get(etype);
  if (type === undefined) {
    throw new CryptoError('unsupported-etype', `encryption type ${etype} is not implemented`, {
      etype,
    });
  }
  return type;
}

/** The registered name of an encryption type, or undefined for one that is not implemented. */
export function encryptionTypeName(etype: number): string | undefined {
  return implemented.get(etype)?.name;
}
