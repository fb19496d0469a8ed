import { type Token, type TrusteeRule, trusteeRules } from './access-check.ts';
import { Right } from './access-mask.ts';
import type { SecurityDescriptor } from './descriptor.ts';
import type { Guid } from './guid.ts';
import type { Sid } from './sid.ts';

/** How the rights that one token has on one directory object are found. */
export interface ObjectAccessOptions {
  /** The SID that SELF (PS) stands for: the object's own. */
  readonly self?: Sid;
  /**
   * Owners do not get WRITE_DAC by owning (MS-ADTS 6.1.3.4): BlockOwnerImplicitRights of
   * dSHeuristics, for computers and those who administer no domain.
   */
  readonly blockOwner?: boolean;
}

/** What one token may do to one directory object, with its conditions decided. */
export interface ObjectRights {
  /**
   * Whether every right of the mask is there at a node of the object type tree
   * (MS-ADTS 5.1.3.3.3). The node is named by its way to the root: an attribute with its property
   * set and its class, a class, an extended right or a validated write. No way: the root itself.
   */
  readonly has: (mask: number, way?: readonly (Guid | undefined)[]) => boolean;
  /** The same without what comes from owning the object. */
  readonly hasExplicitly: (mask: number, way?: readonly (Guid | undefined)[]) => boolean;
  /** Whether an ACE denies a right of the mask at a node before another gives it. */
  readonly denies: (mask: number, way?: readonly (Guid | undefined)[]) => boolean;
  /** GUIDs of object ACEs that concern the token. */
  readonly objectTypes: ReadonlySet<Guid>;
}

/**
 * The rights of a token on a directory object. Without a DACL, or with a NULL one, everybody has
 * every right (MS-ADTS 5.1.3.3.1); the owner has READ_CONTROL and WRITE_DAC unless an OWNER RIGHTS
 * ACE stands there (MS-DTYP 2.5.3.2). Masks are compared bit by bit: generic bits must have been
 * mapped before.
 */
export function objectRights(
  sd: SecurityDescriptor,
  token: Token,
  options: ObjectAccessOptions = {},
): ObjectRights {
  const { dacl } = sd;
  if (dacl === undefined || dacl === 'null') return everything();
  const { self, blockOwner } = options;
  const { rules, implicit } = trusteeRules(sd, token, self === undefined ? {} : { self });
  const owned = blockOwner === true ? implicit & ~Right.writeDac : implicit;
  const objectTypes = new Set<Guid>();
  for (const { objectType } of rules) if (objectType !== undefined) objectTypes.add(objectType);
  return {
    has: (mask, way = []) => isGranted(rules, (mask & ~owned) >>> 0, way),
    hasExplicitly: (mask, way = []) => isGranted(rules, mask, way),
    denies: (mask, way = []) => isDenied(rules, mask, way),
    objectTypes,
  };
}

/** What there is where no access list says otherwise. */
function everything(): ObjectRights {
  return {
    has: () => true,
    hasExplicitly: () => true,
    denies: () => false,
    objectTypes: new Set(),
  };
}

/** The first ACE that speaks of a bit settles it (MS-ADTS 5.1.3.3.3). */
function isGranted(
  rules: readonly TrusteeRule[],
  mask: number,
  way: readonly (Guid | undefined)[],
): boolean {
  let missing = mask;
  for (const rule of rules) {
    if (missing === 0) return true;
    if ((rule.mask & missing) === 0) continue;
    if (rule.objectType !== undefined && !way.includes(rule.objectType)) continue;
    if (!rule.grants) return false;
    missing = (missing & ~rule.mask) >>> 0;
  }
  return missing === 0;
}

function isDenied(
  rules: readonly TrusteeRule[],
  mask: number,
  way: readonly (Guid | undefined)[],
): boolean {
  const first = rules.find(
    (rule) =>
      (rule.mask & mask) !== 0 && (rule.objectType === undefined || way.includes(rule.objectType)),
  );
  return first !== undefined && !first.grants;
}
