import { CryptoError } from '@doublehop/crypto/errors';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { ChangePasswdData, KpasswdVersion } from '@doublehop/kerberos/kpasswd/messages';
import { openPrivate } from '@doublehop/kerberos/kpasswd/private-message';
import { KpasswdResult } from '@doublehop/kerberos/kpasswd/result';
import type { Authenticator } from '@doublehop/kerberos/messages/ap';
import type { EncKrbPrivPart } from '@doublehop/kerberos/messages/krb-priv';
import type { Principal } from '@doublehop/kerberos/names';
import { decodeDer } from '@doublehop/wire/der';
import { MAX_PASSWORD } from '../limits.ts';
import type { PasswordCaller } from './authenticate.ts';
import { PasswordRefused } from './refused.ts';

/** What is asked for. */
export interface PasswordWish {
  readonly password: string;
  /** Whose password; absent: the caller's own. */
  readonly target: Principal | undefined;
}

/**
 * Opens the KRB-PRIV of a request of a known version (RFC 3244 §2). Both times are in seconds.
 * Throws PasswordRefused, and WireError for what cannot be read.
 */
export function readWish(
  version: number,
  body: Uint8Array,
  { authenticator, subkey }: Pick<PasswordCaller, 'authenticator' | 'subkey'>,
  time: { readonly now: number; readonly skew: number },
): PasswordWish {
  const part = open(body, subkey);
  requireFresh(part, authenticator, time);
  if (version === KpasswdVersion.CHANGE) {
    return { password: readPassword(part.userData), target: undefined };
  }
  const { newPasswd, targName, targRealm } = decodeDer(ChangePasswdData, part.userData);
  // Name and realm make sense together alone.
  if ((targName === undefined) !== (targRealm === undefined)) {
    throw new PasswordRefused(KpasswdResult.MALFORMED, 'half-a-target', HALF);
  }
  const target =
    targName === undefined || targRealm === undefined
      ? undefined
      : { name: targName, realm: targRealm };
  return { password: readPassword(newPasswd), target };
}

const HALF = 'Realm and principal must be both present, or neither present';

function open(body: Uint8Array, subkey: PasswordCaller['subkey']): EncKrbPrivPart {
  try {
    return openPrivate(body, subkey);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw unbelieved('private-integrity');
  }
}

/**
 * Time and sequence number belong to the authenticator (RFC 4120 §3.5.2). MIT's clients begin to
 * count with 0, write neither that nor a time, and mean it in both places. That no message comes
 * twice is the replay cache's work: each request has a subkey of its own.
 */
function requireFresh(
  { timestamp, seqNumber }: EncKrbPrivPart,
  authenticator: Authenticator,
  { now, skew }: { readonly now: number; readonly skew: number },
): void {
  const announced = (authenticator.seqNumber ?? 0) >>> 0;
  if (seqNumber !== undefined && seqNumber >>> 0 !== announced) throw unbelieved('sequence');
  if (timestamp !== undefined && Math.abs(now - timestamp) > skew) throw unbelieved('private-time');
  const undated = seqNumber === undefined && timestamp === undefined;
  if (undated && announced !== 0) throw unbelieved('private-undated');
}

function unbelieved(reason: string): PasswordRefused {
  const text = 'the message is not of this request';
  return new PasswordRefused(KpasswdResult.AUTHERROR, reason, text, ErrorCode.KRB_AP_ERR_MODIFIED);
}

/** The policy that every domain has: some text of bounded length. */
function readPassword(octets: Uint8Array): string {
  const password = textOf(octets);
  if (password === '') {
    // The text of Active Directory, which clients show.
    const text = 'String conversion failed!';
    throw new PasswordRefused(KpasswdResult.HARDERROR, 'password-empty', text);
  }
  if (password.length > MAX_PASSWORD) {
    throw unfit('password-too-long', `The password has more than ${MAX_PASSWORD} characters.`);
  }
  return password;
}

function textOf(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw unfit('password-no-text', 'The password is not in UTF-8.');
  }
}

function unfit(reason: string, text: string): PasswordRefused {
  return new PasswordRefused(KpasswdResult.SOFTERROR, reason, text);
}
