import type { Key } from '@doublehop/crypto/key';
import { type Pac, type PacBuffer, PacType, layOutPac } from './pac.ts';
import { PAC_SIGNATURE_USAGE, SIGNATURE_HEADER, signatureSlot } from './signature.ts';

export interface PacSigning {
  /**
   * Buffers in the order in which they are to stand. Signature buffers among them only keep
   * their places; those that are missing follow at the end in the order 6, 7, 16, 19.
   */
  readonly buffers: readonly PacBuffer[];
  /** Long-term key of the ticket's server, which encrypts the ticket. */
  readonly serverKey: Key;
  /** Current key of krbtgt. */
  readonly kdcKey: Key;
  /**
   * DER of the EncTicketPart with the PAC's ad-data replaced by a single zero byte (MS-PAC
   * 2.8.2). Present: the ticket and the extended KDC signature are made. Absent, as in tickets
   * to krbtgt, to trusts and to kadmin/changepw: neither is, and places for them are dropped.
   */
  readonly encTicketPart?: Uint8Array;
}

/**
 * Builds and signs a PAC in the order of MS-PAC 2.8.1: ticket, extended KDC, server, KDC. The
 * buffers are copied as they are, once, and the signatures written into the result in place.
 */
export function signPac(signing: PacSigning): Uint8Array {
  const { serverKey, kdcKey, encTicketPart } = signing;
  const pac = layOutPac(withSlots(signing));
  if (encTicketPart !== undefined) {
    fill(pac, PacType.ticketChecksum, kdcKey, encTicketPart);
    fill(pac, PacType.fullChecksum, kdcKey, pac.bytes);
  }
  const server = fill(pac, PacType.serverChecksum, serverKey, pac.bytes);
  fill(pac, PacType.kdcChecksum, kdcKey, server);
  return pac.bytes;
}

/** Signatures of any ticket, and those that tickets to services have besides. */
const ALWAYS: readonly number[] = [PacType.serverChecksum, PacType.kdcChecksum];
const SIGNATURES: readonly number[] = [...ALWAYS, PacType.ticketChecksum, PacType.fullChecksum];

function withSlots({ buffers, serverKey, kdcKey, encTicketPart }: PacSigning): PacBuffer[] {
  const wanted = encTicketPart === undefined ? ALWAYS : SIGNATURES;
  const result: PacBuffer[] = [];
  const addSlot = (type: number): void => {
    if (!wanted.includes(type) || result.some((other) => other.type === type)) return;
    const key = type === PacType.serverChecksum ? serverKey : kdcKey;
    result.push({ type, data: signatureSlot(key.checksumType) });
  };
  for (const buffer of buffers) {
    if (SIGNATURES.includes(buffer.type)) addSlot(buffer.type);
    else result.push(buffer);
  }
  for (const type of wanted) addSlot(type);
  return result;
}

/** Signs `data` and writes the checksum into the buffer of a type; returns the checksum. */
function fill(pac: Pac, type: number, key: Key, data: Uint8Array): Uint8Array {
  const checksum = key.checksum(PAC_SIGNATURE_USAGE, data);
  const slot = pac.buffers.find((buffer) => buffer.type === type);
  if (slot === undefined) throw new RangeError(`no place for a signature of type ${type}`);
  pac.bytes.set(checksum, slot.offset + SIGNATURE_HEADER);
  return checksum;
}
