import { fromBase64, toBase64 } from '@doublehop/wire/bytes';
import { KerberosError } from '../errors.ts';
import { MAX_NEGOTIATE_FIELD } from '../limits.ts';

/** `Negotiate` and a token in base64, as both fields carry it (RFC 4559 §4.1, §4.2). */
export function formatNegotiate(token?: Uint8Array): string {
  return token === undefined ? 'Negotiate' : `Negotiate ${toBase64(token)}`;
}

/** What a field says about Negotiate: undefined where it speaks of other schemes alone. */
export interface NegotiateField {
  /** Absent where the scheme stands alone. */
  readonly token: Uint8Array | undefined;
}

/**
 * Finds Negotiate in an Authorization field, or in a WWW-Authenticate field with several challenges
 * (RFC 9110 §11.6.1). Scheme names are case-insensitive. Throws KerberosError `http`.
 */
export function parseNegotiate(field: string | undefined): NegotiateField | undefined {
  if (field === undefined) return undefined;
  if (field.length > MAX_NEGOTIATE_FIELD) {
    throw new KerberosError('http', 'the authentication field is too long');
  }
  for (const part of field.split(',')) {
    const [scheme, text, ...others] = part.trim().split(/ +/u);
    if (scheme?.toLowerCase() !== 'negotiate') continue;
    if (text === undefined) return { token: undefined };
    const token = fromBase64(text);
    if (token === undefined || others.length > 0) {
      throw new KerberosError('http', 'the token of Negotiate is not base64');
    }
    return { token };
  }
  return undefined;
}
