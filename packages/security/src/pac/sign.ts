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

function withSlots(signing: PacSigning): PacBuffer[] {
  const slots = new Map<number, Uint8Array>([
    [PacType.serverChecksum, signatureSlot(signing.serverKey.checksumType)],
    [PacType.kdcChecksum, signatureSlot(signing.kdcKey.checksumType)],
  ]);
  if (signing.encTicketPart !== undefined) {
    slots.set(PacType.ticketChecksum, signatureSlot(signing.kdcKey.checksumType));
    slots.set(PacType.fullChecksum, signatureSlot(signing.kdcKey.checksumType));
  }
  const buffers: PacBuffer[] = [];
  for (const buffer of signing.buffers) {
    const slot = slots.get(buffer.type);
    if (slot !== undefined) {
      buffers.push({ type: buffer.type, data: slot });
      slots.delete(buffer.type);
    } else if (!isSignature(buffer.type)) {
      buffers.push(buffer);
    }
  }
  for (const [type, data] of slots) buffers.push({ type, data });
  return buffers;
}

function isSignature(type: number): boolean {
  return (
    type === PacType.serverChecksum ||
    type === PacType.kdcChecksum ||
    type === PacType.ticketChecksum ||
    type === PacType.fullChecksum
  );
}

/** Signs `data` and writes the checksum into the buffer of a type; returns the checksum. */
function fill(pac: Pac, type: number, key: Key, data: Uint8Array): Uint8Array {
  const checksum = key.checksum(PAC_SIGNATURE_USAGE, data);
  const slot = pac.buffers.find((buffer) => buffer.type === type);
  if (slot === undefined) throw new RangeError(`no place for a signature of type ${type}`);
  pac.bytes.set(checksum, slot.offset + SIGNATURE_HEADER);
  return checksum;
}
