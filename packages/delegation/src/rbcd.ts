import { type AccessResult, type Token, accessCheck } from '@doublehop/security/access-check';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';

/**
 * DS Control Access, SDDL `CR`: the one right that a grant must give. Windows writes
 * `FULL_CONTROL`, but its KDC asks for no more than this, and expands no generic right.
 */
export const CONTROL_ACCESS = 0x100;

/** Every right on a directory object, which is what Windows and Samba write into a grant. */
export const FULL_CONTROL = 0xf01ff;

/**
 * The token with which a KDC asks a target's descriptor about a middle (MS-SFU 3.2.5.2.3): the
 * SIDs of the PAC in the middle's own TGT (user, groups, extra SIDs, resource groups) with
 * Everyone and Authenticated Users. NETWORK is not among them on Windows.
 */
export function rbcdToken(pacSids: Iterable<Sid>, further: Omit<Token, 'sids'> = {}): Token {
  const sids = new Set(pacSids);
  sids.add(wellKnown.everyone);
  sids.add(wellKnown.authenticatedUsers);
  return { ...further, sids };
}

/** Whether a target's descriptor lets the middle act on behalf of users (MS-SFU 3.2.5.2.3). */
export function checkGrant(descriptor: SecurityDescriptor, middle: Token): AccessResult {
  return accessCheck(descriptor, middle, CONTROL_ACCESS);
}

/**
 * Whether a condition had a say in a refusal: for such Windows answers with another NTSTATUS
 * (seen in Samba's tests, which are run against Windows).
 */
export function isConditionalRefusal(descriptor: SecurityDescriptor, middle: Token): boolean {
  let conditional = false;
  accessCheck(descriptor, middle, CONTROL_ACCESS, {
    trace: (_index, ace, outcome) => {
      const decided = outcome === 'denied' && ace.condition !== undefined;
      if (decided || outcome === 'condition-false' || outcome === 'condition-unknown') {
        conditional = true;
      }
    },
  });
  return conditional;
}
