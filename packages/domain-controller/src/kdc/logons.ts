import type { Account } from '@doublehop/directory/account';
import type { KdcContext } from './context.ts';
import type { KdcCall } from './request.ts';
import type { KdcKey } from './sealed-ticket.ts';

/** Earlier passwords that do not count as wrong ones: those of whoever missed a change. */
const FORGIVEN_PASSWORDS = 2;

/**
 * A client's key proved wrong. It counts towards the lockout unless it was the client's own under
 * one of its last two passwords (MS-SAMR 3.1.5.14.6); `opens` tells whether a key would have been
 * right.
 */
export function noteWrongKey(
  client: Account,
  opens: (key: KdcKey) => boolean,
  { now }: KdcCall,
  { keys, settings }: KdcContext,
): void {
  const { lockouts } = settings;
  if (lockouts === undefined) return;
  if (keys.earlier(client, FORGIVEN_PASSWORDS).some(opens)) return;
  lockouts.noteFailure(client, now);
}
