import { addGrant, listGrants, removeGrant, setGrants } from '@doublehop/delegation/grants';
import {
  decodeDescriptor,
  encodeDescriptor,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { equal } from '@doublehop/wire/bytes';
import { type Account, isDomainController, isKrbtgt, type Principal } from './account.ts';
import { AdminError } from './errors.ts';

/** What is to be done to the grants of a target. */
export type Edit =
  /** Add these; everything else stays byte for byte. */
  | { readonly kind: 'grant'; readonly middles: readonly Principal[] }
  /** Take these away; the last removal clears the attribute. */
  | { readonly kind: 'revoke'; readonly middles: readonly Principal[] }
  /** Make these the only ones. */
  | { readonly kind: 'set'; readonly middles: readonly Principal[] }
  /** Clear the attribute. */
  | { readonly kind: 'clear' };

/** What one target's change comes to. Nothing of it was written yet. */
export interface PlannedChange {
  readonly target: Account;
  readonly edit: Edit['kind'];
  /** The attribute's value now, and as it is to be; undefined: no such attribute. */
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
  /** False: there is nothing to write. */
  readonly changed: boolean;
  /** Who may act afterwards and may not now; who may not any more; who may before and after. */
  readonly added: readonly Principal[];
  readonly removed: readonly Principal[];
  readonly kept: readonly Principal[];
  /** Middles for which a grant will have no effect, or a removal neither. */
  readonly withoutEffect: readonly Ineffective[];
  readonly warnings: readonly string[];
}

/** A middle to whom the edit does not do what it says. */
export interface Ineffective {
  readonly middle: Principal;
  /** `an entry before it denies it`. */
  readonly reason: string;
}

/** A target that is left alone, and why. */
export interface SkippedTarget {
  readonly target: Account;
  readonly reason: string;
}

/** A target whose list cannot be edited so. */
export interface RefusedTarget {
  readonly target: Account;
  readonly error: AdminError;
}

/** All that is to be written, before anything is. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  readonly skipped: readonly SkippedTarget[];
  readonly refused: readonly RefusedTarget[];
}

/**
 * Plans an edit of many targets. A middle is never its own target: it is left out for itself, and a
 * target for which no middle is left is skipped. What `planEdit` throws about one target is kept
 * beside the others.
 */
export function planEdits(targets: Iterable<Account>, edit: Edit): Plan {
  const changes: PlannedChange[] = [];
  const skipped: SkippedTarget[] = [];
  const refused: RefusedTarget[] = [];
  for (const target of targets) {
    const own = withoutSelf(target, edit);
    if (own === undefined) {
      skipped.push({ target, reason: `${target.name} is the middle itself` });
      continue;
    }
    try {
      changes.push(planEdit(target, own));
    } catch (error) {
      if (!(error instanceof AdminError)) throw error;
      refused.push({ target, error });
    }
  }
  return { changes, skipped, refused };
}

/**
 * Plans an edit of one target. Throws AdminError `unreadable` where a descriptor has to be edited
 * that cannot be read, and `usage` for krbtgt: who may act to it may act everywhere.
 */
export function planEdit(target: Account, edit: Edit): PlannedChange {
  if (isKrbtgt(target) && (edit.kind === 'grant' || edit.kind === 'set')) {
    throw new AdminError(
      'usage',
      `${target.name} must have no grant: whoever may act for users to it owns the domain`,
      { subject: target.name },
    );
  }
  switch (edit.kind) {
    case 'grant':
      return planGrant(target, edit.middles);
    case 'revoke':
      return planRevoke(target, edit.middles);
    case 'set':
      return planSet(target, edit.middles);
    case 'clear':
      return planSet(target, [], 'clear');
  }
}

/** The descriptor of a target: absent, unreadable, or read. */
export function readDescriptor(
  value: Uint8Array | undefined,
): SecurityDescriptor | 'absent' | 'unparsable' {
  if (value === undefined) return 'absent';
  try {
    return decodeDescriptor(value);
  } catch (error) {
    if (error instanceof SecurityError) return 'unparsable';
    throw error;
  }
}

function planGrant(target: Account, middles: readonly Principal[]): PlannedChange {
  const before = editable(target, 'doublehop set replaces it');
  const already = effective(before);
  let descriptor = before;
  let changed = false;
  const withoutEffect: Ineffective[] = [];
  for (const middle of middles) {
    const step = addGrant(descriptor, middle.sid);
    ({ descriptor } = step);
    changed ||= step.changed;
    if (step.deniedBy !== undefined) {
      const reason = `entry ${step.deniedBy + 1} denies it and wins; remove that entry first`;
      withoutEffect.push({ middle, reason });
    }
  }
  const after =
    descriptor === undefined || !changed ? target.allowedToAct : encode(target, descriptor);
  const blocked = new Set(withoutEffect.map(({ middle }) => middle.sid));
  const effects = middles.filter(({ sid }) => !blocked.has(sid));
  return {
    ...base(target, 'grant', after),
    added: effects.filter(({ sid }) => !already.has(sid)),
    kept: effects.filter(({ sid }) => already.has(sid)),
    removed: [],
    withoutEffect,
    warnings: [...targetWarnings(target), ...everybody(middles), ...nullDacl(before)],
  };
}

function planRevoke(target: Account, middles: readonly Principal[]): PlannedChange {
  const before = editable(target, 'doublehop revoke --all clears it');
  const already = effective(before);
  let descriptor = before;
  let changed = false;
  const removed: Principal[] = [];
  const withoutEffect: Ineffective[] = [];
  for (const middle of middles) {
    const step = removeGrant(descriptor, middle.sid);
    // Undefined is "clear" after a change, and "there is none" without one.
    if (step.changed) ({ descriptor } = step);
    changed ||= step.changed;
    if (step.stillGranted) {
      withoutEffect.push({ middle, reason: 'the list lets every account act, this one too' });
    } else if (step.changed && already.has(middle.sid)) {
      removed.push(middle);
    }
  }
  const after = changed ? encodeOrClear(target, descriptor) : target.allowedToAct;
  return {
    ...base(target, 'revoke', after),
    added: [],
    kept: [],
    removed,
    withoutEffect,
    warnings: nullDacl(before),
  };
}

function planSet(
  target: Account,
  middles: readonly Principal[],
  edit: 'set' | 'clear' = 'set',
): PlannedChange {
  const before = readDescriptor(target.allowedToAct);
  const readable = typeof before === 'string' ? undefined : before;
  const named = new Map(middles.map((middle) => [middle.sid, middle]));
  const next = setGrants(readable, named.keys());
  // A descriptor that was there and says the same stays as it is, octet for octet.
  const same = before !== 'unparsable' && !next.changed;
  const after = same ? target.allowedToAct : encodeOrClear(target, next.descriptor);
  const principal = (sid: Sid): Principal => named.get(sid) ?? { sid, name: sid };
  const lost = before === 'unparsable' ? ['the list was unreadable, and is replaced'] : [];
  return {
    ...base(target, edit, after),
    added: next.added.map(principal),
    removed: next.removed.map(principal),
    kept: next.kept.map(principal),
    withoutEffect: [],
    warnings: [
      ...(middles.length > 0 ? targetWarnings(target) : []),
      ...everybody(middles),
      ...lost,
    ],
  };
}

function base(
  target: Account,
  edit: Edit['kind'],
  after: Uint8Array | undefined,
): Pick<PlannedChange, 'target' | 'edit' | 'before' | 'after' | 'changed'> {
  const before = target.allowedToAct;
  const same =
    before === undefined || after === undefined ? before === after : equal(before, after);
  return { target, edit, before, after, changed: !same };
}

function editable(target: Account, remedy: string): SecurityDescriptor | undefined {
  const read = readDescriptor(target.allowedToAct);
  if (read === 'absent') return undefined;
  if (read !== 'unparsable') return read;
  throw new AdminError(
    'unreadable',
    `the list of ${target.name} cannot be read, so nothing can be kept of it; ${remedy}`,
    { subject: target.dn },
  );
}

function effective(descriptor: SecurityDescriptor | undefined): ReadonlySet<Sid> {
  return new Set(listGrants(descriptor).map(({ sid }) => sid));
}

function encode({ name, dn }: Account, descriptor: SecurityDescriptor): Uint8Array {
  try {
    return encodeDescriptor(descriptor);
  } catch (cause) {
    if (!(cause instanceof SecurityError) || cause.code !== 'oversize') throw cause;
    throw new AdminError(
      'usage',
      `so many middles do not fit into the list of ${name}, which holds 64 KB, some 1,800 of ` +
        'them; put them into a group and name that',
      { subject: dn, cause },
    );
  }
}

function encodeOrClear(
  target: Account,
  descriptor: SecurityDescriptor | undefined,
): Uint8Array | undefined {
  return descriptor === undefined ? undefined : encode(target, descriptor);
}

function withoutSelf(target: Account, edit: Edit): Edit | undefined {
  if (edit.kind !== 'grant' && edit.kind !== 'set') return edit;
  const middles = edit.middles.filter(({ sid }) => sid !== target.sid);
  if (middles.length === edit.middles.length) return edit;
  return middles.length === 0 ? undefined : { kind: edit.kind, middles };
}

function targetWarnings(target: Account): readonly string[] {
  if (!isDomainController(target)) return [];
  return [`${target.name} is a domain controller: whoever controls a middle controls the domain`];
}

/** Groups in which every account is. */
function everybody(middles: readonly Principal[]): readonly string[] {
  return middles
    .filter(({ sid }) => sid === wellKnown.everyone || sid === wellKnown.authenticatedUsers)
    .map(({ name }) => `${name} is every account: whoever has one may then act for every user`);
}

function nullDacl(descriptor: SecurityDescriptor | undefined): readonly string[] {
  if (descriptor?.dacl !== 'null') return [];
  return ['the list is a NULL DACL, which lets every account act; doublehop set replaces it'];
}
