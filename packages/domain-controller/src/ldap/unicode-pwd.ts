import { fromUtf16le } from '@doublehop/wire/bytes';
import { MAX_PASSWORD } from '../limits.ts';
import { passwordRefused } from './failures.ts';

/**
 * The password in a value of unicodePwd: UTF-16 between quotation marks (MS-ADTS 3.1.1.3.1.5.1).
 * Throws unwillingToPerform for anything else.
 */
export function readUnicodePwd(value: Uint8Array): string {
  const text = value.length % 2 === 0 ? fromUtf16le(value) : '';
  const isQuoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  if (!isQuoted || text.length > MAX_PASSWORD) throw passwordRefused(GEN_FAILURE);
  return checked(text.slice(1, -1));
}

/** A password that may be set: text of which keys can be made. A policy judges its length. */
function checked(password: string): string {
  if (!password.isWellFormed()) throw passwordRefused(PASSWORD_RESTRICTION);
  return password;
}

/** ERROR_GEN_FAILURE: what AD answers to a malformed value, and to one in clear text. */
export const GEN_FAILURE = 0x1f;

/** ERROR_PASSWORD_RESTRICTION. */
export const PASSWORD_RESTRICTION = 0x52d;

/** ERROR_INVALID_PASSWORD, as constraintViolation where the old password is not the present one. */
export const INVALID_PASSWORD = 0x56;

/** ERROR_ACCOUNT_LOCKED_OUT. */
export const ACCOUNT_LOCKED = 0x775;
