import { type Ace, AceFlag, AceType } from '@doublehop/security/ace';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { CONTROL_ACCESS } from './rbcd.ts';

/**
 * What an ACE does in the one check a KDC makes of it: CONTROL_ACCESS, no object tree, no
 * generic mapping (MS-SFU 3.2.5.2.3, MS-DTYP 2.5.3.2).
 *
 * - `grants`, `denies`: it does so to its trustee, if no ACE before it decided;
 * - `grants-if`, `denies-if`: likewise, under the condition that it carries;
 * - `inherit-only`, `object`, `audit`: a KDC passes over it;
 * - `generic-only`, `no-right`: it lacks the right that counts;
 * - `no-trustee`: its SID never stands for anybody here (SELF, OWNER RIGHTS, CREATOR OWNER).
 */
export type AceEffect =
  | 'grants'
  | 'grants-if'
  | 'denies'
  | 'denies-if'
  | 'inherit-only'
  | 'object'
  | 'audit'
  | 'generic-only'
  | 'no-right'
  | 'no-trustee';

/** GENERIC_ALL, GENERIC_EXECUTE, GENERIC_WRITE, GENERIC_READ (MS-DTYP 2.4.3). */
const GENERIC_RIGHTS = 0xf000_0000;

const NO_TRUSTEE: ReadonlySet<Sid> = new Set([
  wellKnown.principalSelf,
  wellKnown.ownerRights,
  wellKnown.creatorOwner,
  wellKnown.creatorGroup,
  wellKnown.nobody,
]);

/** Whether a SID is that of nobody in a KDC's check: a grant to it would have no effect. */
export function standsForNobody(sid: Sid): boolean {
  return NO_TRUSTEE.has(sid);
}

/** What this ACE does, looked at alone. */
export function aceEffect(ace: Ace): AceEffect {
  const kind = aceKind(ace);
  if (kind === 'audit') return kind;
  if ((ace.flags & AceFlag.inheritOnly) !== 0) return 'inherit-only';
  if (kind === 'object') return kind;
  if (standsForNobody(ace.sid)) return 'no-trustee';
  if ((ace.mask & CONTROL_ACCESS) === 0) {
    return (ace.mask & GENERIC_RIGHTS) === 0 ? 'no-right' : 'generic-only';
  }
  return kind;
}

/** Whether an ACE is one that allows, whatever it allows and to whom. */
export function isAllow(ace: Ace): boolean {
  switch (ace.type) {
    case AceType.allowed:
    case AceType.allowedObject:
    case AceType.allowedCallback:
    case AceType.allowedCallbackObject:
      return true;
    default:
      return false;
  }
}

function aceKind(ace: Ace): 'grants' | 'grants-if' | 'denies' | 'denies-if' | 'object' | 'audit' {
  switch (ace.type) {
    case AceType.allowed:
      return 'grants';
    case AceType.allowedCallback:
      return 'grants-if';
    case AceType.denied:
      return 'denies';
    case AceType.deniedCallback:
      return 'denies-if';
    case AceType.allowedObject:
    case AceType.deniedObject:
    case AceType.allowedCallbackObject:
    case AceType.deniedCallbackObject:
      return 'object';
    default:
      return 'audit';
  }
}
