import { createHash, timingSafeEqual } from 'node:crypto';
import { concat, utf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';

/** The newest version of the protocol (MS-CSSP 2.2.1). */
export const CREDSSP_VERSION = 6;

/** From here on the exchange cannot be relayed (CVE-2018-0886): older ones are off by default. */
export const SAFE_VERSION = 5;

export type Direction = 'client-to-server' | 'server-to-client';

/** What pubKeyAuth protects (MS-CSSP 3.1.5, steps 3 and 4). */
export function publicKeyProof(
  version: number,
  direction: Direction,
  { publicKey, nonce }: { readonly publicKey: Uint8Array; readonly nonce: Uint8Array | undefined },
): Uint8Array {
  if (version < SAFE_VERSION) {
    const proof = publicKey.slice();
    if (direction === 'server-to-client') proof[0] = ((proof[0] ?? 0) + 1) & 0xff;
    return proof;
  }
  if (nonce?.length !== NONCE_SIZE) {
    throw new RemotingError('credssp', `the nonce of CredSSP is ${NONCE_SIZE} octets`);
  }
  const words = direction === 'client-to-server' ? 'Client-To-Server' : 'Server-To-Client';
  const magic = utf8(`CredSSP ${words} Binding Hash\0`);
  return createHash('sha256')
    .update(concat(magic, nonce, publicKey))
    .digest();
}

export const NONCE_SIZE = 32;

/**
 * Throws RemotingError `credssp` when the peer is bound to another TLS connection than this one.
 */
export function checkProof(expected: Uint8Array, given: Uint8Array): void {
  if (expected.length === given.length && timingSafeEqual(expected, given)) return;
  throw new RemotingError(
    'credssp',
    'CredSSP: the other side is bound to another TLS connection; somebody is in between',
  );
}
