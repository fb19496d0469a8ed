import { type Ace, AceFlag, AceType, buildAce } from '@doublehop/security/ace';
import {
  type Acl,
  AclRevision,
  Control,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { aceEffect, isAllow } from './ace-effect.ts';
import { FULL_CONTROL } from './rbcd.ts';

/** A principal that a target's descriptor lets act on behalf of users. */
export interface Grant {
  readonly sid: Sid;
  /** Place of the ACE that grants, counted from 0; -1 for a NULL DACL, which grants everybody. */
  readonly index: number;
  /** The ACE carries a condition, so that it may or may not grant. */
  readonly conditional: boolean;
}

/**
 * The principals that really may act on behalf of users: allow and deny, right, flags and order
 * are weighed as a KDC does (MS-SFU 3.2.5.2.3). A principal denied before it is allowed is not
 * among them; who is in which group is not known here, so a denied group is not subtracted.
 */
export function listGrants(descriptor: SecurityDescriptor | undefined): readonly Grant[] {
  const dacl = descriptor?.dacl;
  if (dacl === undefined) return [];
  if (dacl === 'null') return [{ sid: wellKnown.everyone, index: -1, conditional: false }];
  const denied = new Set<Sid>();
  const grants = new Map<Sid, Grant>();
  for (const [index, ace] of dacl.aces.entries()) {
    const effect = aceEffect(ace);
    if (effect === 'denies') denied.add(ace.sid);
    if (effect !== 'grants' && effect !== 'grants-if') continue;
    if (denied.has(ace.sid) || deniesAll(denied)) continue;
    const known = grants.get(ace.sid);
    if (known !== undefined && (!known.conditional || effect === 'grants-if')) continue;
    grants.set(ace.sid, { sid: ace.sid, index, conditional: effect === 'grants-if' });
  }
  return [...grants.values()];
}

/** What adding a grant came to. */
export interface AddedGrant {
  readonly descriptor: SecurityDescriptor;
  /** False when the descriptor granted it already; it is then the one that was given. */
  readonly changed: boolean;
  /** Place of a deny ACE of this principal that still wins over the grant. */
  readonly deniedBy: number | undefined;
}

/**
 * Lets `sid` act on behalf of users. Every other ACE is kept byte for byte and in order; the new
 * one stands where canonical order wants it: behind the explicit ACEs, before inherited ones
 * (MS-DTYP 2.4.5). A deny ACE of the same principal is neither moved nor removed: it still
 * wins, and `deniedBy` tells. A NULL DACL grants everybody, and is left alone: see `setGrants`.
 */
export function addGrant(descriptor: SecurityDescriptor | undefined, sid: Sid): AddedGrant {
  const deniedBy = denyOf(descriptor, sid);
  if (descriptor === undefined) return { descriptor: grantTo([sid]), changed: true, deniedBy };
  const { dacl } = descriptor;
  if (dacl === 'null') return { descriptor, changed: false, deniedBy };
  const aces = dacl?.aces ?? [];
  if (aces.some((ace) => ace.sid === sid && aceEffect(ace) === 'grants')) {
    return { descriptor, changed: false, deniedBy };
  }
  const inherited = aces.findIndex((ace) => (ace.flags & AceFlag.inherited) !== 0);
  const at = inherited < 0 ? aces.length : inherited;
  const acl = {
    revision: dacl?.revision ?? AclRevision.directory,
    aces: aces.toSpliced(at, 0, grantAce(sid)),
  };
  return { descriptor: withDacl(descriptor, acl), changed: true, deniedBy };
}

/** What removing a grant came to. */
export interface RemovedGrant {
  /** What is left; undefined when nothing is, and the attribute is to be cleared. */
  readonly descriptor: SecurityDescriptor | undefined;
  readonly changed: boolean;
  readonly removed: readonly Ace[];
  /** The principal may still act: the DACL is NULL, or grants everybody. */
  readonly stillGranted: boolean;
}

/**
 * Takes away every ACE that allows `sid` anything, effective or not; a KDC of another make might
 * read it otherwise. Deny ACEs and those of other principals are kept byte for byte. When no ACE
 * is left the attribute is to be cleared, not left behind with an empty DACL.
 */
export function removeGrant(descriptor: SecurityDescriptor | undefined, sid: Sid): RemovedGrant {
  const dacl = descriptor?.dacl;
  if (descriptor === undefined || dacl === undefined || dacl === 'null') {
    const stillGranted = dacl === 'null';
    return { descriptor, changed: false, removed: [], stillGranted };
  }
  const removed = dacl.aces.filter((ace) => ace.sid === sid && isAllow(ace));
  if (removed.length === 0) {
    return { descriptor, changed: false, removed, stillGranted: grantsAll(descriptor) };
  }
  const aces = dacl.aces.filter((ace) => !removed.includes(ace));
  if (aces.length === 0) {
    return { descriptor: undefined, changed: true, removed, stillGranted: false };
  }
  const left = withDacl(descriptor, { revision: dacl.revision, aces });
  return { descriptor: left, changed: true, removed, stillGranted: grantsAll(left) };
}

/** What replacing all grants came to. */
export interface SetGrants {
  /** The new descriptor; undefined when the list is empty and the attribute is to be cleared. */
  readonly descriptor: SecurityDescriptor | undefined;
  readonly changed: boolean;
  readonly added: readonly Sid[];
  readonly removed: readonly Sid[];
  readonly kept: readonly Sid[];
}

/**
 * Makes these principals the only ones, as Set-ADComputer -PrincipalsAllowedToDelegateToAccount
 * does: whatever stood there before, denials included, is gone. The lists tell the difference
 * in effective principals.
 */
export function setGrants(
  descriptor: SecurityDescriptor | undefined,
  sids: Iterable<Sid>,
): SetGrants {
  const wanted = [...new Set(sids)];
  const before = new Set(listGrants(descriptor).map((grant) => grant.sid));
  const next = wanted.length === 0 ? undefined : grantTo(wanted);
  return {
    descriptor: next,
    changed: !sameDescriptor(descriptor, next),
    added: wanted.filter((sid) => !before.has(sid)),
    removed: [...before].filter((sid) => !wanted.includes(sid)),
    kept: wanted.filter((sid) => before.has(sid)),
  };
}

/**
 * The descriptor that every writer makes for these principals and every reader understands:
 * owner Administrators, no group, revision 4, one allow ACE with full control each.
 */
function grantTo(sids: readonly Sid[]): SecurityDescriptor {
  return {
    control: Control.selfRelative | Control.daclPresent,
    owner: wellKnown.builtinAdministrators,
    dacl: { revision: AclRevision.directory, aces: sids.map(grantAce) },
  };
}

function grantAce(sid: Sid): Ace {
  return buildAce({ type: AceType.allowed, mask: FULL_CONTROL, sid });
}

function withDacl(descriptor: SecurityDescriptor, dacl: Acl): SecurityDescriptor {
  return { ...descriptor, control: descriptor.control | Control.daclPresent, dacl };
}

function denyOf(descriptor: SecurityDescriptor | undefined, sid: Sid): number | undefined {
  const dacl = descriptor?.dacl;
  if (dacl === undefined || dacl === 'null') return undefined;
  for (const [index, ace] of dacl.aces.entries()) {
    if (ace.sid !== sid) continue;
    const effect = aceEffect(ace);
    if (effect === 'grants') return undefined;
    if (effect === 'denies' || effect === 'denies-if') return index;
  }
  return undefined;
}

/** Every principal is in Everyone, and every one that a KDC knows in Authenticated Users. */
function deniesAll(denied: ReadonlySet<Sid>): boolean {
  return denied.has(wellKnown.everyone) || denied.has(wellKnown.authenticatedUsers);
}

function grantsAll(descriptor: SecurityDescriptor): boolean {
  return listGrants(descriptor).some(
    ({ sid }) => sid === wellKnown.everyone || sid === wellKnown.authenticatedUsers,
  );
}

function sameDescriptor(
  a: SecurityDescriptor | undefined,
  b: SecurityDescriptor | undefined,
): boolean {
  if (a === undefined || b === undefined) return a === b;
  const dacl = [a.dacl, b.dacl].map((list) => (list === 'null' ? undefined : list));
  const [left, right] = dacl;
  if (left === undefined || right === undefined) return false;
  if (a.owner !== b.owner || a.group !== b.group || a.sacl !== undefined) return false;
  if (a.control !== b.control || left.revision !== right.revision) return false;
  return (
    left.aces.length === right.aces.length &&
    left.aces.every((ace, index) => sameBytes(ace.raw, right.aces[index]?.raw))
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, index) => byte === b[index]);
}
