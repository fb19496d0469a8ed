import { concat } from '@doublehop/wire/bytes';
import { Reader, Writer } from '@doublehop/wire/cursor';
import { objectIdentifier } from '@doublehop/wire/der-primitives';
import { WireError } from '@doublehop/wire/errors';
import { MAX_CONTEXT_TOKEN } from '../limits.ts';
import { gssError, reading } from './gss-error.ts';
import { isKrb5, Mechanism } from './oids.ts';

/** A token and the mechanism it belongs to. */
export interface Framed {
  readonly mechanism: string;
  readonly inner: Uint8Array;
}

/** Identifiers of Kerberos context tokens (RFC 4121 §4.1). */
export const TokenId = { AP_REQ: 0x0100, AP_REP: 0x0200, KRB_ERROR: 0x0300 } as const;

/** A context token of Kerberos. */
export interface Krb5Token {
  readonly mechanism: string;
  readonly id: number;
  /** DER of an AP-REQ, AP-REP or KRB-ERROR. */
  readonly message: Uint8Array;
}

/** InitialContextToken: `[APPLICATION 0] IMPLICIT { OID, innerToken }` (RFC 2743 §3.1). */
export function frame(mechanism: string, inner: Uint8Array): Uint8Array {
  const writer = new Writer(inner.length + 32);
  writer.bytes(inner);
  objectIdentifier.encode(writer, mechanism);
  writer.header(FRAME_TAG, 0);
  return writer.finish();
}

/** Whether octets start as a framed token does. */
export function isFramed(token: Uint8Array): boolean {
  return token[0] === FRAME_TAG;
}

/** Takes an InitialContextToken apart. Throws KerberosError `gss`. */
export function unframe(token: Uint8Array): Framed {
  if (token.length > MAX_CONTEXT_TOKEN) {
    throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the token is too large');
  }
  return reading('the token', () => {
    const reader = new Reader(token, false);
    const end = reader.open(FRAME_TAG);
    if (end !== token.length) {
      throw new WireError('trailing', 'octets follow the token', { offset: end });
    }
    const mechanism = objectIdentifier.decode(reader);
    return { mechanism, inner: reader.bytes.subarray(reader.pos) };
  });
}

/** A Kerberos context token, framed (RFC 4121 §4.1). */
export function frameKrb5(
  id: number,
  message: Uint8Array,
  mechanism: string = Mechanism.KRB5,
): Uint8Array {
  return frame(mechanism, concat(Uint8Array.of(id >> 8, id & 0xff), message));
}

/** Takes a framed Kerberos context token apart. Throws KerberosError `gss`. */
export function unframeKrb5(token: Uint8Array): Krb5Token {
  const { mechanism, inner } = unframe(token);
  if (!isKrb5(mechanism)) {
    throw gssError('GSS_S_BAD_MECH', `the token is of the mechanism ${mechanism}, not Kerberos`);
  }
  const [high, low] = inner;
  if (high === undefined || low === undefined) {
    throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the token is cut short');
  }
  return { mechanism, id: (high << 8) | low, message: inner.subarray(2) };
}

/** `[APPLICATION 0]`, constructed. */
const FRAME_TAG = 0x60;
