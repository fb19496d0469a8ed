import { checksumLength, isKeyed } from '@doublehop/crypto/checksum';
import { SecurityError } from '../errors.ts';

/** Key usage of every PAC signature: KERB_NON_KERB_CKSUM_SALT (MS-PAC 2.8, MS-KILE 3.1.5.9). */
export const PAC_SIGNATURE_USAGE = 17;

/** Bytes before the checksum in a signature buffer: its type. */
export const SIGNATURE_HEADER = 4;

/** Contents of a signature buffer: PAC_SIGNATURE_DATA (MS-PAC 2.8). */
export interface PacSignature {
  /** Checksum type as Kerberos numbers it, signed: -138 is HMAC-MD5. */
  readonly checksumType: number;
  /** The checksum: a view into the buffer. */
  readonly checksum: Uint8Array;
  /** Upper half of the key version of the read-only domain controller that signed. */
  readonly rodcId?: number;
}

/**
 * Reads a signature buffer. For a checksum type whose length is not known, everything after the
 * type counts as the checksum.
 */
export function decodeSignature(data: Uint8Array): PacSignature {
  if (data.length < SIGNATURE_HEADER) {
    throw new SecurityError('truncated', 'signature', 'no checksum type');
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const checksumType = view.getInt32(0, true);
  const length = checksumLength(checksumType);
  if (length === undefined || !isKeyed(checksumType)) {
    return { checksumType, checksum: data.subarray(SIGNATURE_HEADER) };
  }
  const end = SIGNATURE_HEADER + length;
  if (data.length < end) throw new SecurityError('truncated', 'signature', 'checksum is short');
  const checksum = data.subarray(SIGNATURE_HEADER, end);
  if (data.length === end + 2) return { checksumType, checksum, rodcId: view.getUint16(end, true) };
  return { checksumType, checksum };
}

/** An empty signature buffer for a checksum type: the type and zeros for the checksum. */
export function signatureSlot(checksumType: number): Uint8Array {
  const length = checksumLength(checksumType);
  if (length === undefined) throw new RangeError(`checksum type ${checksumType} has no length`);
  const slot = new Uint8Array(SIGNATURE_HEADER + length);
  // A DataView would move so small an array out of V8's heap: several times the cost of all this.
  for (let at = 0; at < SIGNATURE_HEADER; at += 1) slot[at] = checksumType >> (8 * at);
  return slot;
}
