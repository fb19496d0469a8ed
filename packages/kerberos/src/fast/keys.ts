import { krbFxCf2 } from '@doublehop/crypto/cf2';
import type { Key } from '@doublehop/crypto/key';

/** The keys of FAST, each made of two others by KRB-FX-CF2 (RFC 6113 §5.1). */

/** Armor key of an AP-REQ: its subkey and its ticket's session key (RFC 6113 §5.4.1.1). */
export function armorKey(subkey: Key, ticketSessionKey: Key): Key {
  return krbFxCf2(subkey, ticketSessionKey, 'subkeyarmor', 'ticketarmor');
}

/**
 * Armor key of a TGS-REQ that a second ticket armors (RFC 6113 §5.4.2, MS-KILE 3.3.5.7.4):
 * `explicit` is the {@link armorKey} of that ticket, `subkey` that of PA-TGS-REQ.
 */
export function explicitArmorKey(explicit: Key, subkey: Key): Key {
  return krbFxCf2(explicit, subkey, 'explicitarmor', 'tgsarmor');
}

/** The key that seals a reply, of a fresh key and what would seal it without FAST (§5.4.3). */
export function strengthenedKey(strengthenKey: Key, replyKey: Key): Key {
  return krbFxCf2(strengthenKey, replyKey, 'strengthenkey', 'replykey');
}

/** Key of the client's encrypted challenge (RFC 6113 §5.4.6). */
export function clientChallengeKey(armor: Key, longTerm: Key): Key {
  return krbFxCf2(armor, longTerm, 'clientchallengearmor', 'challengelongterm');
}

/** Key of the KDC's encrypted challenge (RFC 6113 §5.4.6). */
export function kdcChallengeKey(armor: Key, longTerm: Key): Key {
  return krbFxCf2(armor, longTerm, 'kdcchallengearmor', 'challengelongterm');
}
