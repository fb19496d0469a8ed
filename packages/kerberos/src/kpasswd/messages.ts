import { field, type Infer, optionalField, sequence } from '@doublehop/wire/der';
import { octets } from '@doublehop/wire/der-primitives';
import { KerberosError } from '../errors.ts';
import { NameType } from '../iana/name-types.ts';
import { MAX_KPASSWD_MESSAGE } from '../limits.ts';
import { PrincipalName, realmType } from '../names.ts';

/** Protocol versions of a request; every reply has the first (RFC 3244 §2). */
export const KpasswdVersion = {
  /** The user-data is the client's own new password, in UTF-8. */
  CHANGE: 1,
  /** The user-data is ChangePasswdData. */
  SET: 0xff80,
} as const;

/** The service that changes passwords: tickets for it are asked of the KDC (RFC 3244 §2). */
export const CHANGE_PASSWORD_SERVICE: PrincipalName = {
  nameType: NameType.SRV_INST,
  nameString: ['kadmin', 'changepw'],
};

/** ChangePasswdData (RFC 3244 §2): the account is the client's own where none is named. */
export const ChangePasswdData = sequence({
  newPasswd: field(0, octets),
  targName: optionalField(1, PrincipalName),
  targRealm: optionalField(2, realmType),
});
export type ChangePasswdData = Infer<typeof ChangePasswdData>;

/** A request or reply in its three parts. */
export interface KpasswdMessage {
  readonly version: number;
  /** AP-REQ or AP-REP; empty in a reply whose `body` is a KRB-ERROR. */
  readonly ap: Uint8Array;
  /** KRB-PRIV, or the KRB-ERROR of a reply. */
  readonly body: Uint8Array;
}

/** Octets before the AP-REQ: length, version, length of the AP-REQ (RFC 3244 §2). */
const HEADER = 6;

/** Puts a message behind its header. Throws KerberosError `limit` for what 16 bits cannot tell. */
export function encodeKpasswdMessage({ version, ap, body }: KpasswdMessage): Uint8Array {
  const size = HEADER + ap.length + body.length;
  if (size > MAX_KPASSWD_MESSAGE) {
    throw new KerberosError('limit', `a password message of ${size} octets is too long`);
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, size);
  view.setUint16(2, version);
  view.setUint16(4, ap.length);
  bytes.set(ap, HEADER);
  bytes.set(body, HEADER + ap.length);
  return bytes;
}

/** Cuts a message into its parts, whatever its version. Throws KerberosError `malformed`. */
export function decodeKpasswdMessage(bytes: Uint8Array): KpasswdMessage {
  if (!isKpasswdMessage(bytes)) throw malformed('the length in its header is not its own');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = HEADER + view.getUint16(4);
  if (end > bytes.length) throw malformed('the AP-REQ or AP-REP is cut off');
  return {
    version: view.getUint16(2),
    ap: bytes.subarray(HEADER, end),
    body: bytes.subarray(end),
  };
}

/** Whether octets have the header of this protocol, with the length that they have. */
export function isKpasswdMessage(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER || bytes.length > MAX_KPASSWD_MESSAGE) return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(0) === bytes.length;
}

function malformed(why: string): KerberosError {
  return new KerberosError('malformed', `the password message cannot be read: ${why}`);
}
