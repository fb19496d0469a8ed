import type { Key } from '@doublehop/crypto/key';
import { SecurityError } from '../errors.ts';
import { type Pac, PacType, pacBuffer } from './pac.ts';
import {
  PAC_SIGNATURE_USAGE,
  type PacSignature,
  SIGNATURE_HEADER,
  decodeSignature,
} from './signature.ts';

/** What is wrong with a signature. */
export type SignatureFault =
  /** The PAC has no such buffer. */
  | 'missing'
  /** It is not what the key gives over the data, or its buffer is too short. */
  | 'mismatch'
  /** Its checksum type takes no key, so anybody could have made it. */
  | 'unkeyed'
  /** None of the keys signs with its checksum type. */
  | 'unsupported-type';

/** One signature's result; `unchecked` when no key or data for it was given. */
export type SignatureResult = 'valid' | 'unchecked' | SignatureFault;

/** What became of each signature of a PAC (MS-PAC 2.8). */
export interface PacVerification {
  /** Whether every signature that this kind of ticket must have is there and valid. */
  readonly valid: boolean;
  /** Type 6. */
  readonly server: SignatureResult;
  /** Type 7. */
  readonly kdc: SignatureResult;
  /** Type 16. */
  readonly ticket: SignatureResult;
  /** Type 19. */
  readonly full: SignatureResult;
  /** Which of the krbtgt keys verified the KDC signature: 0 is the current one. */
  readonly kdcKeyIndex?: number;
}

/** What verifies a service ticket's PAC. */
export interface ServiceTicketKeys {
  /** The key that decrypted the ticket. */
  readonly serverKey: Key;
  /**
   * Keys of krbtgt to try: the current one, then older ones. Signatures do not say which key
   * made them (MS-PAC 2.8), so after a change of the krbtgt password the older ones count too.
   */
  readonly kdcKeys: readonly Key[];
  /** DER of the EncTicketPart with the PAC's ad-data replaced by a single zero byte. */
  readonly encTicketPart: Uint8Array;
}

/**
 * Verifies the PAC of a TGT, local or from a trust: the server signature only, made with the
 * key that decrypted the ticket (MS-KILE 3.3.5.7).
 */
export function verifyTgtPac(pac: Pac, serverKey: Key): PacVerification {
  const server = verifyServer(pac, serverKey, withoutSignatures(pac));
  return {
    valid: server === 'valid',
    server,
    kdc: 'unchecked',
    ticket: 'unchecked',
    full: 'unchecked',
  };
}

/** Verifies the PAC of a service ticket in the service itself, which has no krbtgt key. */
export const verifyServicePac: (pac: Pac, serverKey: Key) => PacVerification = verifyTgtPac;

/**
 * Verifies the PAC of a service ticket that comes back to the KDC as evidence (MS-SFU
 * 3.2.5.2.2). The ticket signature must be there: it is what keeps a service from changing the
 * FORWARDABLE flag of a ticket to itself. So must the extended KDC signature, which keeps it from
 * changing the PAC: the KDC signature covers no more than the server's own (CVE-2022-37967). A PAC
 * without it is refused as by Windows since its updates of October 2023 (KB5020805); `full` tells
 * a KDC that must take older tickets.
 */
export function verifyServiceTicketPac(pac: Pac, keys: ServiceTicketKeys): PacVerification {
  const bytes = withoutSignatures(pac);
  const server = verifyServer(pac, keys.serverKey, bytes);
  const kdcCheck = verifyKdc(pac, keys.kdcKeys);
  const { index } = kdcCheck;
  const signer = index === undefined ? undefined : keys.kdcKeys[index];
  // Types 16 and 19 must be made with the key of 7 (MS-PAC 2.8.2, 2.8.3).
  const candidates = signer === undefined ? keys.kdcKeys : [signer];
  const ticket = verifyWith(pac, PacType.ticketChecksum, candidates, keys.encTicketPart).result;
  blank(pac, PacType.fullChecksum, bytes);
  const full = verifyWith(pac, PacType.fullChecksum, candidates, bytes).result;
  return {
    valid:
      server === 'valid' && kdcCheck.result === 'valid' && ticket === 'valid' && full === 'valid',
    server,
    kdc: kdcCheck.result,
    ticket,
    full,
    ...(index === undefined ? {} : { kdcKeyIndex: index }),
  };
}

interface KeyedResult {
  readonly result: SignatureResult;
  readonly index?: number;
}

function verifyServer(pac: Pac, key: Key, bytes: Uint8Array): SignatureResult {
  return verifyWith(pac, PacType.serverChecksum, [key], bytes).result;
}

function verifyKdc(pac: Pac, keys: readonly Key[]): KeyedResult {
  const server = signatureOf(pac, PacType.serverChecksum);
  if (server === undefined || server === 'short') {
    return { result: pacBuffer(pac, PacType.kdcChecksum) === undefined ? 'missing' : 'mismatch' };
  }
  return verifyWith(pac, PacType.kdcChecksum, keys, server.checksum);
}

/** CRC-32, rsa-md4 and rsa-md5: what Windows knows without a key; it does not know SHA-1. */
const UNKEYED: readonly number[] = [1, 2, 7];

/** Tries the keys whose checksum type is the signature's, in order. */
function verifyWith(pac: Pac, type: number, keys: readonly Key[], data: Uint8Array): KeyedResult {
  const signature = signatureOf(pac, type);
  if (signature === undefined) return { result: 'missing' };
  if (signature === 'short') return { result: 'mismatch' };
  const { checksumType, checksum } = signature;
  if (UNKEYED.includes(checksumType)) return { result: 'unkeyed' };
  let result: SignatureResult = 'unsupported-type';
  for (const [index, key] of keys.entries()) {
    if (key.checksumType !== checksumType) continue;
    if (key.verifyChecksum(PAC_SIGNATURE_USAGE, data, checksum)) return { result: 'valid', index };
    result = 'mismatch';
  }
  return { result };
}

function signatureOf(pac: Pac, type: number): PacSignature | 'short' | undefined {
  const data = pacBuffer(pac, type);
  if (data === undefined) return undefined;
  try {
    return decodeSignature(data);
  } catch (error) {
    if (error instanceof SecurityError) return 'short';
    throw error;
  }
}

/** A copy of the PAC with the server and KDC checksums zeroed (MS-PAC 2.8.4). */
function withoutSignatures(pac: Pac): Uint8Array {
  const bytes = new Uint8Array(pac.bytes);
  blank(pac, PacType.serverChecksum, bytes);
  blank(pac, PacType.kdcChecksum, bytes);
  return bytes;
}

/** Zeroes a checksum in a copy of the PAC; the identifier of an RODC after it stays. */
function blank(pac: Pac, type: number, bytes: Uint8Array): void {
  const buffer = pac.buffers.find((candidate) => candidate.type === type);
  const signature = signatureOf(pac, type);
  if (buffer === undefined || signature === undefined || signature === 'short') return;
  const start = buffer.offset + SIGNATURE_HEADER;
  bytes.fill(0, start, start + signature.checksum.length);
}
