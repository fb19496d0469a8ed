import { createHash } from 'node:crypto';
import { plain } from '@doublehop/wire/bytes';

const SIZE = 64;

/**
 * The preauthentication integrity of 3.1.1 (MS-SMB2 3.1.4.4.1): a SHA-512 over the last one and a
 * message, from sixty-four zeros on. Values, not state: a connection's goes on in each session.
 */
export const PREAUTH_START: Uint8Array = new Uint8Array(SIZE);

/** The value after one more message. */
export function preauthNext(value: Uint8Array, message: Uint8Array): Uint8Array {
  return plain(createHash('sha512').update(value).update(message).digest());
}
