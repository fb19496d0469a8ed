import { type Ace, AceFlag, AceType, isObjectType } from './ace.ts';
import type { Claims } from './claims.ts';
import { evaluateCondition } from './condition.ts';
import type { SecurityDescriptor } from './descriptor.ts';
import type { Guid } from './guid.ts';
import { resourceClaims } from './resource-attribute.ts';
import type { Sid } from './sid.ts';
import { wellKnown } from './well-known-sids.ts';

/** Who asks: the token or authorization context of MS-DTYP 2.5.2. */
export interface Token {
  /** The account, its groups, and Everyone and the like where they apply. */
  readonly sids: ReadonlySet<Sid>;
  /** User claims, for `@User.` in conditional ACEs. */
  readonly claims?: Claims;
  /** The device the request came from, when it is known (FAST armor). */
  readonly device?: { readonly sids: ReadonlySet<Sid>; readonly claims?: Claims };
}

/**
 * Without options the check is the one a KDC makes for S4U2Proxy (MS-SFU 3.2.5.2.3): no object
 * tree, no generic mapping, no rights that come with ownership, and SELF and OWNER RIGHTS match
 * nobody. The options add what a directory's own check (MS-ADTS 5.1.3.3) needs.
 */
export interface AccessCheckOptions {
  /**
   * The property, property set and class, or the extended right, that is asked about: object
   * ACEs count when they name one of them or nothing. Absent: object ACEs are ignored.
   */
  readonly objectTypes?: ReadonlySet<Guid>;
  /** The SID that SELF (PS) stands for: the object's own. */
  readonly self?: Sid;
  /** Whether the owner has READ_CONTROL and WRITE_DAC unless an OWNER RIGHTS ACE is there. */
  readonly ownerRights?: boolean;
  /** Told what became of each ACE, in order, until one decides. */
  readonly trace?: (index: number, ace: Ace, outcome: AceOutcome) => void;
}

/** What an ACE did to the check. */
export type AceOutcome =
  | 'granted'
  | 'denied'
  | 'inherit-only'
  | 'object-type'
  | 'not-access-control'
  | 'other-trustee'
  | 'other-rights'
  | 'condition-false'
  | 'condition-unknown';

/** Why the check ended as it did. */
export type AccessReason =
  /** An ACE gave the last of the rights asked for. */
  | 'allowed-by-ace'
  /** The owner's implicit rights were enough. */
  | 'allowed-as-owner'
  /** A DACL is present but NULL: everybody is allowed (MS-DTYP 2.4.6, 2.5.3.2). */
  | 'null-dacl'
  /** An ACE denied one of the rights asked for before they were all given. */
  | 'denied-by-ace'
  /** The descriptor has no DACL at all. */
  | 'no-dacl'
  /** The DACL has no ACE. */
  | 'empty-dacl'
  /** No ACE, or not enough of them, gave the rights asked for. */
  | 'not-granted';

/** How a check ended, and by which ACE. */
export interface AccessResult {
  readonly granted: boolean;
  readonly reason: AccessReason;
  /** The ACE that decided and its place in the DACL. */
  readonly decidedBy?: { readonly index: number; readonly ace: Ace };
}

const READ_CONTROL = 0x0002_0000;
const WRITE_DAC = 0x0004_0000;

/**
 * Whether a descriptor gives a token all of the desired rights (MS-DTYP 2.5.3.2). The ACEs are
 * taken in the order in which they stand; the first that gives or denies a right settles it.
 * Rights are compared bit by bit: a generic bit in an ACE is only itself.
 */
export function accessCheck(
  sd: SecurityDescriptor,
  token: Token,
  desired: number,
  options: AccessCheckOptions = {},
): AccessResult {
  if (!Number.isInteger(desired) || desired <= 0 || desired > 0xffff_ffff) {
    throw new RangeError('desired access is not a mask with a right in it');
  }
  const { dacl } = sd;
  if (dacl === 'null') return { granted: true, reason: 'null-dacl' };
  let missing = withoutOwnerRights(sd, token, desired, options);
  if (missing === 0) return { granted: true, reason: 'allowed-as-owner' };
  if (dacl === undefined) return { granted: false, reason: 'no-dacl' };
  if (dacl.aces.length === 0) return { granted: false, reason: 'empty-dacl' };
  const resources = once(() => resourceClaims(sd.sacl));
  for (const [index, ace] of dacl.aces.entries()) {
    const outcome = judge(ace, missing, { sd, token, options, resources });
    options.trace?.(index, ace, outcome);
    if (outcome === 'denied') {
      return { granted: false, reason: 'denied-by-ace', decidedBy: { index, ace } };
    }
    if (outcome !== 'granted') continue;
    missing = (missing & ~ace.mask) >>> 0;
    if (missing === 0) {
      return { granted: true, reason: 'allowed-by-ace', decidedBy: { index, ace } };
    }
  }
  return { granted: false, reason: 'not-granted' };
}

/** An ACE that concerns a token, its condition decided: what it grants or denies, and on what. */
export interface TrusteeRule {
  readonly grants: boolean;
  readonly mask: number;
  readonly objectType: Guid | undefined;
}

/**
 * The ACEs of a DACL that concern a token, in their order, and the rights that the owner has
 * without one: for callers that ask about many rights of one object (MS-ADTS 5.1.3.3.3).
 */
export function trusteeRules(
  sd: SecurityDescriptor,
  token: Token,
  options: Pick<AccessCheckOptions, 'self'>,
): { readonly rules: readonly TrusteeRule[]; readonly implicit: number } {
  const full: AccessCheckOptions = { ...options, ownerRights: true };
  const owned = READ_CONTROL | WRITE_DAC;
  const implicit = (owned & ~withoutOwnerRights(sd, token, owned, full)) >>> 0;
  const rules: TrusteeRule[] = [];
  if (sd.dacl === undefined || sd.dacl === 'null') return { rules, implicit };
  const resources = once(() => resourceClaims(sd.sacl));
  for (const ace of sd.dacl.aces) {
    if ((ace.flags & AceFlag.inheritOnly) !== 0) continue;
    const effect = effectOf(ace.type);
    if (effect === undefined || !trusteeMatches(ace.sid, sd, token, full)) continue;
    if (!conditionHolds(ace, effect, token, resources)) continue;
    const objectType = isObjectType(ace.type) ? ace.objectType : undefined;
    rules.push({ grants: effect === 'granted', mask: ace.mask, objectType });
  }
  return { rules, implicit };
}

/** An unknown condition never allows and always denies (MS-DTYP 2.4.4.17.3). */
function conditionHolds(
  ace: Ace,
  effect: 'granted' | 'denied',
  token: Token,
  resources: () => Claims,
): boolean {
  if (!isConditional(ace.type)) return true;
  const verdict = evaluateCondition(ace.condition, token, resources);
  return verdict === 'true' || (verdict === 'unknown' && effect === 'denied');
}

/** What stays the same while the ACEs are gone through. */
interface Check {
  readonly sd: SecurityDescriptor;
  readonly token: Token;
  readonly options: AccessCheckOptions;
  readonly resources: () => Claims;
}

/** What one ACE does for the rights that are still missing. */
function judge(ace: Ace, missing: number, check: Check): AceOutcome {
  const { sd, token, options } = check;
  if ((ace.flags & AceFlag.inheritOnly) !== 0) return 'inherit-only';
  const effect = effectOf(ace.type);
  if (effect === undefined) return 'not-access-control';
  if (!objectMatches(ace, options)) return 'object-type';
  if (!trusteeMatches(ace.sid, sd, token, options)) return 'other-trustee';
  if ((ace.mask & missing) === 0) return 'other-rights';
  if (!isConditional(ace.type)) return effect;
  const verdict = evaluateCondition(ace.condition, token, check.resources);
  if (verdict === 'false') return 'condition-false';
  // An unknown condition never allows and always denies (MS-DTYP 2.4.4.17.3).
  if (verdict === 'unknown' && effect === 'granted') return 'condition-unknown';
  return effect;
}

function effectOf(type: number): 'granted' | 'denied' | undefined {
  switch (type) {
    case AceType.allowed:
    case AceType.allowedObject:
    case AceType.allowedCallback:
    case AceType.allowedCallbackObject:
      return 'granted';
    case AceType.denied:
    case AceType.deniedObject:
    case AceType.deniedCallback:
    case AceType.deniedCallbackObject:
      return 'denied';
    default:
      return undefined;
  }
}

function isConditional(type: number): boolean {
  switch (type) {
    case AceType.allowedCallback:
    case AceType.allowedCallbackObject:
    case AceType.deniedCallback:
    case AceType.deniedCallbackObject:
      return true;
    default:
      return false;
  }
}

/** Without an object tree a KDC passes over object ACEs, even those that name no object. */
function objectMatches(ace: Ace, options: AccessCheckOptions): boolean {
  if (!isObjectType(ace.type)) return true;
  if (options.objectTypes === undefined) return false;
  return ace.objectType === undefined || options.objectTypes.has(ace.objectType);
}

function trusteeMatches(
  sid: Sid,
  sd: SecurityDescriptor,
  token: Token,
  options: AccessCheckOptions,
): boolean {
  if (sid === wellKnown.principalSelf) {
    return options.self !== undefined && token.sids.has(options.self);
  }
  if (sid === wellKnown.ownerRights) {
    return options.ownerRights === true && isOwner(sd, token);
  }
  return token.sids.has(sid);
}

function withoutOwnerRights(
  sd: SecurityDescriptor,
  token: Token,
  desired: number,
  options: AccessCheckOptions,
): number {
  if (options.ownerRights !== true || !isOwner(sd, token)) return desired;
  const limited =
    sd.dacl !== undefined &&
    sd.dacl !== 'null' &&
    sd.dacl.aces.some(
      (ace) =>
        ace.sid === wellKnown.ownerRights &&
        (ace.flags & AceFlag.inheritOnly) === 0 &&
        effectOf(ace.type) !== undefined,
    );
  return limited ? desired : (desired & ~(READ_CONTROL | WRITE_DAC)) >>> 0;
}

function isOwner(sd: SecurityDescriptor, token: Token): boolean {
  return sd.owner !== undefined && token.sids.has(sd.owner);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
