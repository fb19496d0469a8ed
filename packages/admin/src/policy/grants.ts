import { addGrant, listGrants, removeGrant, setGrants } from '@doublehop/delegation/grants';
import { encodeDescriptor, type SecurityDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { Sid } from '@doublehop/security/sid';
import { ALLOWED_TO_ACT, isDomainController, isKrbtgt, type Principal } from '../account.ts';
import { readDescriptor } from '../plan.ts';
import type { PolicyDifference, RefusedChange, UntoldChange } from './change.ts';
import type { Desired } from './desired.ts';
import type { PolicyProblem } from './model.ts';
import type { RuleMiddle } from './resolve.ts';
import { actsAs } from './token.ts';

/** What an account's list of middles comes to. */
export interface GrantOutcome {
  readonly change?: UntoldChange;
  readonly refused?: RefusedChange;
  readonly errors: readonly PolicyProblem[];
}

/**
 * Compares who may act for users to an account with what the policy wants. Entries that the policy
 * is not about are kept byte for byte; only where an exact rule cannot be met so, because an entry
 * denies what it wants, or the list cannot be read, the whole list is replaced.
 */
export function grantChange(
  desired: Desired<RuleMiddle>,
  nameOf: (sid: Sid) => Principal,
): GrantOutcome {
  const { account } = desired;
  const read = readDescriptor(account.allowedToAct);
  const readable = typeof read === 'string' ? undefined : read;
  const unreadable = read === 'unparsable';
  if (unreadable && desired.exact.length === 0) {
    return refuse(
      desired,
      'its list cannot be read; doublehop set replaces it, as mode: exact does',
    );
  }
  const differences = differencesOf(desired, readable, nameOf);
  if (differences.length === 0 && !unreadable) return throughOthers(desired, readable, nameOf);
  const added = differences.filter(({ action }) => action === 'add');
  if (isKrbtgt(account) && added.length > 0) {
    return refuse(desired, 'whoever may act for users to it owns the domain');
  }
  const errors = faultsOf(desired, added);
  if (errors.length > 0) return { errors };
  const edited = edit(desired, readable, differences);
  if (typeof edited === 'string') return refuse(desired, edited);
  const { descriptor, warnings } = edited;
  const after = encoded(descriptor);
  if (after === 'oversize') {
    return refuse(desired, 'so many middles do not fit into its list; put them into a group');
  }
  const change: UntoldChange = {
    target: account,
    attribute: ALLOWED_TO_ACT,
    before: account.allowedToAct === undefined ? [] : [account.allowedToAct],
    after,
    differences,
    warnings: [...warnings, ...(added.length > 0 ? targetWarnings(desired) : [])],
  };
  return { ...throughOthers(desired, descriptor, nameOf), change };
}

/** Who is forbidden and acts all the same, as a member of a group: no list can end that. */
function throughOthers(
  desired: Desired<RuleMiddle>,
  descriptor: SecurityDescriptor | undefined,
  nameOf: (sid: Sid) => Principal,
): GrantOutcome {
  for (const { value } of desired.forbidden.values()) {
    const { principal, others = new Set<Sid>() } = value;
    const as = actsAs(descriptor, new Set([principal.sid, ...others]));
    if (as === undefined || as === principal.sid) continue;
    const { name } = nameOf(as);
    const how = `${principal.name} may act to it still, as one of ${name}`;
    return refuse(desired, `${how}; forbid ${name}, or take ${principal.name} out of it`);
  }
  return { errors: [] };
}

/** Middles that are to be added, and those that may act and are not to, in a stable order. */
function differencesOf(
  { wanted, forbidden, exact, rules }: Desired<RuleMiddle>,
  descriptor: SecurityDescriptor | undefined,
  nameOf: (sid: Sid) => Principal,
): readonly PolicyDifference[] {
  const effective = new Set<string>(listGrants(descriptor).map(({ sid }) => sid));
  const differences: PolicyDifference[] = [];
  const everybody = descriptor?.dacl === 'null' && exact.length === 0;
  for (const [sid, { value, rules: by }] of wanted) {
    if (effective.has(sid) || everybody) continue;
    const what = { kind: 'middle', middle: value.principal } as const;
    differences.push({ action: 'add', what, rules: by.map(({ name }) => name), why: 'named' });
  }
  for (const { sid } of listGrants(descriptor)) {
    const against = forbidden.get(sid);
    if (against === undefined && (exact.length === 0 || wanted.has(sid))) continue;
    const by = against?.rules ?? exact;
    const unruled = rules.length === 0 ? 'others' : 'exact';
    const why = against === undefined ? unruled : 'forbidden';
    const middle = against?.value.principal ?? nameOf(sid);
    const names = rules.length === 0 ? [] : by.map(({ name }) => name);
    differences.push({ action: 'remove', what: { kind: 'middle', middle }, rules: names, why });
  }
  return differences;
}

/** Middles that must not get a grant, because it would be nobody's. */
function faultsOf(
  { wanted }: Desired<RuleMiddle>,
  added: readonly PolicyDifference[],
): readonly PolicyProblem[] {
  return added.flatMap(({ what }) => {
    const wish = what.kind === 'middle' ? wanted.get(what.middle.sid) : undefined;
    const { fault, placed } = wish?.value ?? {};
    return fault === undefined || placed === undefined ? [] : [{ at: placed.at, message: fault }];
  });
}

interface Edited {
  readonly descriptor: SecurityDescriptor | undefined;
  readonly warnings: readonly string[];
}

/** The new list, or why there is none that fits. */
function edit(
  { account, wanted, exact }: Desired<RuleMiddle>,
  before: SecurityDescriptor | undefined,
  differences: readonly PolicyDifference[],
): Edited | string {
  let descriptor = before;
  for (const { action, what } of differences) {
    if (what.kind !== 'middle') continue;
    const { sid } = what.middle;
    const step = action === 'add' ? addGrant(descriptor, sid) : removeGrant(descriptor, sid);
    ({ descriptor } = step);
  }
  const effective = new Set<string>(listGrants(descriptor).map(({ sid }) => sid));
  const missing = [...wanted].filter(([sid]) => !effective.has(sid));
  const nullDacl = descriptor?.dacl === 'null';
  if (exact.length > 0) {
    if (missing.length === 0 && effective.size === wanted.size) return { descriptor, warnings: [] };
    const sids = [...wanted.values()].map(({ value }) => value.principal.sid);
    const warning = `the whole list of ${account.name} is replaced, its other entries with it`;
    return { descriptor: setGrants(before, sids).descriptor, warnings: [warning] };
  }
  if (nullDacl) {
    return 'its list is a NULL DACL, which lets every account act; mode: exact replaces it';
  }
  const [denied] = missing;
  if (denied !== undefined) {
    const { name } = denied[1].value.principal;
    return `an entry of its list denies ${name}, and wins; remove it, or say mode: exact`;
  }
  return { descriptor, warnings: [] };
}

function refuse(desired: Desired<RuleMiddle>, message: string): GrantOutcome {
  const { account, rules } = desired;
  const names = rules.map(({ name }) => name);
  return { refused: { account, attribute: ALLOWED_TO_ACT, rules: names, message }, errors: [] };
}

function encoded(descriptor: SecurityDescriptor | undefined): readonly Uint8Array[] | 'oversize' {
  if (descriptor === undefined) return [];
  try {
    return [encodeDescriptor(descriptor)];
  } catch (error) {
    if (error instanceof SecurityError && error.code === 'oversize') return 'oversize';
    throw error;
  }
}

function targetWarnings({ account }: Desired<RuleMiddle>): readonly string[] {
  if (!isDomainController(account)) return [];
  return [`${account.name} is a domain controller: whoever controls a middle controls the domain`];
}
