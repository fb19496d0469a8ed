import { CryptoError } from '@doublehop/crypto/errors';
import type { Key } from '@doublehop/crypto/key';
import type { RandomSource } from '@doublehop/crypto/random';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { PVNO } from '@doublehop/kerberos/iana/message-types';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import type { PrincipalName } from '@doublehop/kerberos/names';
import { decodeDer, encodeDer } from '@doublehop/wire/der';

/** A long-term key of an account as the KDC uses it. */
export interface KdcKey {
  readonly kvno: number;
  readonly key: Key;
}

/** The DER of a Ticket; `plain`, the DER of its EncTicketPart, is encrypted (RFC 4120 §5.3). */
export function sealTicket(
  realm: string,
  sname: PrincipalName,
  { kvno, key }: { readonly kvno?: number; readonly key: Key },
  plain: Uint8Array,
  random: RandomSource,
): Uint8Array {
  const cipher = key.encrypt(KeyUsage.TICKET, plain, random);
  const encPart = { etype: key.etype, kvno, cipher };
  return encodeDer(Ticket, { tktVno: PVNO, realm, sname, encPart }, cipher.length + 256);
}

/** A ticket that could be opened, with the key that did it. */
export interface OpenedTicket {
  readonly part: EncTicketPart;
  readonly key: KdcKey;
}

/** Why a ticket stays closed: no key of its number and type, or it is not what the key made. */
export type ClosedTicket = 'no-key' | 'integrity';

/**
 * Opens a ticket with one of its server's keys: those of its encryption type, and of its key
 * version if it names one. Throws WireError where the plaintext is not an EncTicketPart.
 */
export function openTicket(
  { encPart }: Ticket,
  keys: readonly KdcKey[],
): OpenedTicket | ClosedTicket {
  let result: ClosedTicket = 'no-key';
  for (const candidate of keys) {
    const { key, kvno } = candidate;
    const named = encPart.kvno === undefined || encPart.kvno === kvno;
    if (key.etype !== encPart.etype || !named) continue;
    const plain = decrypted(key, KeyUsage.TICKET, encPart.cipher);
    if (plain !== undefined) {
      // What was read lives on with the ticket; the rest of a shared buffer need not.
      return { part: decodeDer(EncTicketPart, plain.slice()), key: candidate };
    }
    result = 'integrity';
  }
  return result;
}

/** The plaintext, or undefined where the octets were not made with this key. */
export function decrypted(key: Key, usage: number, cipher: Uint8Array): Uint8Array | undefined {
  try {
    return key.decrypt(usage, cipher);
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}
