import type { Filter } from '@doublehop/ldap/filter';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import type { Sid } from '@doublehop/security/sid';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import {
  ACCOUNT_ATTRIBUTES,
  type Account,
  accountOf,
  ALLOWED_TO_ACT,
  type Principal,
} from '../account.ts';
import { ALLOWED_TO_DELEGATE_TO, USER_ACCOUNT_CONTROL } from '../changes/words.ts';
import { entriesOf } from '../directory-client.ts';
import {
  type PolicyChange,
  type PolicyDifference,
  type PolicyPlan,
  type RefusedChange,
  type UntoldChange,
} from './change.ts';
import { type Desired, type DesiredFlags, desiredState } from './desired.ts';
import { grantChange } from './grants.ts';
import { readValues } from './lookup.ts';
import type { Policy, PolicyFlag, PolicyProblem } from './model.ts';
import { type PolicyConnections, resolvePolicy, type RuleMiddle } from './resolve.ts';
import { ACCOUNTS, isTarget } from './select.ts';
import { tellChange } from './sentences.ts';

/** The bits behind the flags (MS-ADTS 2.2.16). */
export const FLAG_BITS: Readonly<Record<PolicyFlag, number>> = {
  sensitive: ACCOUNT_CONTROL.NOT_DELEGATED,
  protocolTransition: ACCOUNT_CONTROL.TRUSTED_TO_AUTH_FOR_DELEGATION,
  unconstrained: ACCOUNT_CONTROL.TRUSTED_FOR_DELEGATION,
};

/**
 * Compares a domain with a policy. Throws AdminError `other-domain`, and what LDAP throws; what is
 * wrong with the policy's names is among `errors`.
 */
export async function planPolicy(
  connections: PolicyConnections,
  policy: Policy,
): Promise<PolicyPlan> {
  const resolved = await resolvePolicy(connections, policy);
  const desired = desiredState(resolved);
  const grants = new Map<Sid, Desired<RuleMiddle>>(desired.grants);
  if (policy.others === 'revoke') {
    for (const account of await accountsWithGrants(connections)) {
      if (!grants.has(account.sid)) grants.set(account.sid, nobody(account));
    }
  }
  const changes: UntoldChange[] = [];
  const refused: RefusedChange[] = [];
  const errors: PolicyProblem[] = [...resolved.errors, ...desired.conflicts];
  const { names } = connections.targets;
  const nameOf = (sid: Sid): Principal => names.named(sid);
  for (const each of grants.values()) {
    const outcome = grantChange(each, nameOf);
    if (outcome.change !== undefined) changes.push(outcome.change);
    if (outcome.refused !== undefined) refused.push(outcome.refused);
    errors.push(...outcome.errors);
  }
  changes.push(...(await serviceChanges(connections, [...desired.services.values()])));
  changes.push(...[...desired.flags.values()].flatMap((each) => flagChange(each) ?? []));
  const accounts = new Set([
    ...desired.grants.keys(),
    ...desired.services.keys(),
    ...desired.flags.keys(),
  ]);
  return {
    changes: await named(connections, changes),
    refused,
    errors: distinct(errors),
    warnings: resolved.warnings,
    accounts: accounts.size,
  };
}

/** Every account on which a list of middles is kept. */
export async function accountsWithGrants({
  targets: { client, domain, names },
}: PolicyConnections): Promise<readonly Account[]> {
  const present: Filter = { kind: 'present', attribute: ALLOWED_TO_ACT };
  const filter: Filter = { kind: 'and', filters: [ACCOUNTS, present] };
  const attributes = ACCOUNT_ATTRIBUTES;
  const found: Account[] = [];
  const items = client.searchAll({ base: domain.namingContext, filter, attributes });
  for await (const entry of entriesOf(items)) {
    if (!entry.attributes.some(({ type }) => type.toLowerCase() === 'objectsid')) continue;
    const account = accountOf(entry);
    if (!isTarget(account)) continue;
    names.remember(account);
    found.push(account);
  }
  return found;
}

/** An account that no rule is about, where others are to have no grants. */
function nobody(account: Account): Desired<RuleMiddle> {
  const rule = { name: 'others', at: { line: 1, column: 1 } };
  return { account, wanted: new Map(), forbidden: new Map(), exact: [rule], rules: [] };
}

async function serviceChanges(
  { targets }: PolicyConnections,
  all: readonly Desired<string>[],
): Promise<readonly UntoldChange[]> {
  const accounts = all.map(({ account }) => account);
  const values = await readValues(targets, accounts, ALLOWED_TO_DELEGATE_TO);
  return all.flatMap((desired) => serviceChange(desired, values.get(desired.account.sid)) ?? []);
}

function serviceChange(
  { account, wanted, forbidden, exact }: Desired<string>,
  before: readonly Uint8Array[] = [],
): UntoldChange | undefined {
  const present = new Map(before.map((value) => [fromUtf8(value).toLowerCase(), value]));
  const differences: PolicyDifference[] = [];
  const after: Uint8Array[] = [];
  for (const [key, value] of present) {
    const against = forbidden.get(key);
    if (against === undefined && (exact.length === 0 || wanted.has(key))) {
      after.push(value);
      continue;
    }
    const rules = (against?.rules ?? exact).map(({ name }) => name);
    const why = against === undefined ? 'exact' : 'forbidden';
    const what = { kind: 'service', service: fromUtf8(value) } as const;
    differences.push({ action: 'remove', what, rules, why });
  }
  for (const [key, { value, rules }] of wanted) {
    if (present.has(key)) continue;
    after.push(utf8(value));
    const what = { kind: 'service', service: value } as const;
    differences.push({ action: 'add', what, rules: rules.map(({ name }) => name), why: 'named' });
  }
  if (differences.length === 0) return undefined;
  const attribute = ALLOWED_TO_DELEGATE_TO;
  return { target: account, attribute, before, after, differences, warnings: [] };
}

function flagChange({ account, flags }: DesiredFlags): UntoldChange | undefined {
  const differences: PolicyDifference[] = [];
  let control = account.userAccountControl;
  for (const [flag, { value, rule }] of flags) {
    const bit = FLAG_BITS[flag];
    if (((control & bit) !== 0) === value) continue;
    control = value ? control | bit : control & ~bit;
    const action = value ? 'add' : 'remove';
    const what = { kind: 'flag', flag } as const;
    differences.push({ action, what, rules: [rule.name], why: 'named' });
  }
  if (differences.length === 0) return undefined;
  return {
    target: account,
    attribute: USER_ACCOUNT_CONTROL,
    before: [utf8(String(account.userAccountControl))],
    after: [utf8(String(control))],
    differences,
    warnings: [],
  };
}

/** Middles in a list are SIDs: those who lose their grant are told by name. */
async function named(
  { targets: { names } }: PolicyConnections,
  changes: readonly UntoldChange[],
): Promise<readonly PolicyChange[]> {
  const unnamed = changes.flatMap(({ differences }) =>
    differences.flatMap(({ what }) => (what.kind === 'middle' ? what.middle.sid : [])),
  );
  await names.lookUp(unnamed);
  return changes.map((change) => {
    const differences = change.differences.map((difference) => {
      const { what } = difference;
      if (what.kind !== 'middle' || what.middle.name !== what.middle.sid) return difference;
      const { sid, name, dn, kind } = names.named(what.middle.sid);
      return { ...difference, what: { kind: 'middle' as const, middle: { sid, name, dn, kind } } };
    });
    const told = { ...change, differences };
    return { ...told, sentences: tellChange(told).map(({ sentence }) => sentence) };
  });
}

/** The same mistake in the file, seen on many targets, is told once. */
function distinct(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  const keyed = problems.map((problem) => {
    const { at, message } = problem;
    return [`${at.line}:${at.column} ${message}`, problem] as const;
  });
  return [...new Map(keyed).values()].toSorted(
    (a, b) => a.at.line - b.at.line || a.at.column - b.at.column,
  );
}
