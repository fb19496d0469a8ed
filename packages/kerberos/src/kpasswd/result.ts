import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { KerberosError } from '../errors.ts';
import { type AdPasswordPolicy, encodeAdPolicy, formatAdPolicy } from './ad-policy.ts';

/** Result codes (RFC 3244 §2). */
export const KpasswdResult = {
  SUCCESS: 0,
  MALFORMED: 1,
  HARDERROR: 2,
  AUTHERROR: 3,
  SOFTERROR: 4,
  ACCESSDENIED: 5,
  BAD_VERSION: 6,
  INITIAL_FLAG_NEEDED: 7,
} as const;
export type KpasswdResultCode = (typeof KpasswdResult)[keyof typeof KpasswdResult];

/** What became of a request. */
export interface KpasswdOutcome {
  readonly code: KpasswdResultCode;
  /** The server's words; empty where it has none. */
  readonly text: string;
  /** Which policy a new password has to follow: sent in place of the text. */
  readonly policy?: AdPasswordPolicy;
}

/** user-data of a reply, or e-data of its KRB-ERROR: the code in 16 bits, then the words. */
export function encodeOutcome({ code, text, policy }: KpasswdOutcome): Uint8Array {
  const words = policy === undefined ? utf8(text) : encodeAdPolicy(policy);
  const bytes = new Uint8Array(2 + words.length);
  new DataView(bytes.buffer).setUint16(0, code);
  bytes.set(words, 2);
  return bytes;
}

/** The same read; Active Directory's policy is put into words. Throws KerberosError `malformed`. */
export function decodeOutcome(bytes: Uint8Array): KpasswdOutcome {
  const code = bytes.length < 2 ? undefined : new DataView(bytes.buffer, bytes.byteOffset);
  const known = CODES.find((one) => one === code?.getUint16(0));
  if (known === undefined) {
    throw new KerberosError('malformed', 'the password server tells no result that is known');
  }
  const rest = bytes.subarray(2);
  return { code: known, text: formatAdPolicy(rest) ?? printable(fromUtf8(rest)) };
}

/** What a result means, in words of our own. */
export function describeResult(code: KpasswdResultCode): string {
  switch (code) {
    case KpasswdResult.SUCCESS:
      return 'the password was changed';
    case KpasswdResult.MALFORMED:
      return 'the password server could not read the request';
    case KpasswdResult.HARDERROR:
      return 'the password server failed';
    case KpasswdResult.AUTHERROR:
      return 'the password server does not believe who asks';
    case KpasswdResult.SOFTERROR:
      return 'the new password is refused';
    case KpasswdResult.ACCESSDENIED:
      return 'this password may not be changed by who asks';
    case KpasswdResult.BAD_VERSION:
      return 'the password server does not know this version of the protocol';
    case KpasswdResult.INITIAL_FLAG_NEEDED:
      return 'the password server wants a ticket that was got by the password itself';
  }
}

const CODES = Object.values(KpasswdResult);

const MAX_TEXT = 1024;

/** A peer's text for a terminal: no control characters, bounded. */
function printable(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\p{Cc}/gu, '?');
}
