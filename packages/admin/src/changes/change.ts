import type { Guid } from '@doublehop/security/guid';
import { equal } from '@doublehop/wire/bytes';
import type { AccountKind } from '../account.ts';

/** The entry that a change is on; every `Account` is one. */
export interface ChangeTarget {
  readonly dn: string;
  /** Names the entry also after somebody moved or renamed it. */
  readonly guid: Guid | undefined;
  /** sAMAccountName, for people. */
  readonly name: string;
  readonly kind: AccountKind;
}

/**
 * One attribute of one entry, as it was read and as it is to be. This is what every command that
 * writes comes to, what the journal keeps, and what can be undone.
 */
export interface AttributeChange {
  readonly target: ChangeTarget;
  /** `msDS-AllowedToActOnBehalfOfOtherIdentity`. */
  readonly attribute: string;
  /** Values octet for octet, in no order; none: no such attribute. */
  readonly before: readonly Uint8Array[];
  readonly after: readonly Uint8Array[];
  /** What it comes to, for people: `SERVERB$ may now act for users to SERVERC$`. */
  readonly sentences: readonly string[];
}

/** Whether there is something to write. */
export function isChange({ before, after }: AttributeChange): boolean {
  return !sameValues(before, after);
}

/** Whether two lists have the same values, which in an attribute have no order (RFC 4512 §2.3). */
export function sameValues(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && without(a, b).length === 0 && without(b, a).length === 0;
}

/** The values of `all` that are not among `others`. */
export function without(
  all: readonly Uint8Array[],
  others: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (all.length * others.length <= FEW) {
    return all.filter((value) => !others.some((other) => equal(value, other)));
  }
  const keys = new Set(others.map(keyOf));
  return all.filter((value) => !keys.has(keyOf(value)));
}

/** Comparisons up to which a set does not pay. */
const FEW = 64;

function keyOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
}
