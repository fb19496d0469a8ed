import type { Sid } from '@doublehop/security/sid';
import type { Account, Principal } from '../account.ts';
import type { PolicyFlag, PolicyProblem, Rule } from './model.ts';
import type { ResolvedPolicy, RuleMiddle } from './resolve.ts';

/** What all rules together want of one account. */
export interface Desired<T> {
  readonly account: Account;
  /** What must be there, by key: middles by SID, services by their lower-case name. */
  readonly wanted: Map<string, Wish<T>>;
  readonly forbidden: Map<string, Wish<T>>;
  /** Rules that want nothing else to be there. */
  readonly exact: Rule[];
  /** Rules of any mode that are about this account. */
  readonly rules: Rule[];
}

export interface Wish<T> {
  readonly value: T;
  readonly rules: Rule[];
}

/** A flag that an account is to have or not to have. */
export interface DesiredFlag {
  readonly value: boolean;
  readonly rule: Rule;
}

export interface DesiredFlags {
  readonly account: Account;
  readonly flags: Map<PolicyFlag, DesiredFlag>;
}

/** What is wanted of a domain, account by account. */
export interface DesiredState {
  readonly grants: ReadonlyMap<Sid, Desired<RuleMiddle>>;
  readonly services: ReadonlyMap<Sid, Desired<string>>;
  readonly flags: ReadonlyMap<Sid, DesiredFlags>;
  /** Rules that contradict each other, each pair once for each thing that they disagree about. */
  readonly conflicts: readonly PolicyProblem[];
}

/** Joins the rules of a policy. Nobody is wanted as a middle on itself. */
export function desiredState(resolved: ResolvedPolicy): DesiredState {
  const conflicts = new Conflicts();
  const grants = new Map<Sid, Desired<RuleMiddle>>();
  for (const { rule, targets, middles, forbid } of resolved.rules) {
    for (const account of targets) {
      // Nobody needs a grant to act on itself, and a sweep may well find the middle.
      const others = middles.filter(({ principal }) => principal.sid !== account.sid);
      join(entry(grants, account), rule, {
        wanted: others.map((middle) => [middle.principal.sid, middle]),
        forbidden: forbid.map((middle) => [middle.principal.sid, middle]),
      });
    }
  }
  const services = new Map<Sid, Desired<string>>();
  for (const { rule, middles } of resolved.kcd) {
    const keyed = (names: typeof rule.services): readonly (readonly [string, string])[] =>
      names.map(({ value }) => [value.toLowerCase(), value]);
    for (const account of middles) {
      const wishes = { wanted: keyed(rule.services), forbidden: keyed(rule.forbid) };
      join(entry(services, account), rule, wishes);
    }
  }
  for (const desired of grants.values()) {
    conflicts.check(desired, 'who may act for users to', ({ principal }) => nameOf(principal));
  }
  for (const desired of services.values()) {
    conflicts.check(desired, 'the services of', (service) => service);
  }
  const flags = desiredFlags(resolved, conflicts);
  return { grants, services, flags, conflicts: conflicts.problems() };
}

function entry<T>(map: Map<Sid, Desired<T>>, account: Account): Desired<T> {
  const known = map.get(account.sid);
  if (known !== undefined) return known;
  const made = { account, wanted: new Map(), forbidden: new Map(), exact: [], rules: [] };
  map.set(account.sid, made);
  return made;
}

interface Wishes<T> {
  readonly wanted: readonly (readonly [string, T])[];
  readonly forbidden: readonly (readonly [string, T])[];
}

function join<T>(
  desired: Desired<T>,
  rule: Rule & { readonly mode: 'include' | 'exact' },
  { wanted, forbidden }: Wishes<T>,
): void {
  desired.rules.push(rule);
  if (rule.mode === 'exact') desired.exact.push(rule);
  for (const [key, value] of wanted) wish(desired.wanted, key, { value, rule });
  for (const [key, value] of forbidden) wish(desired.forbidden, key, { value, rule });
}

function wish<T>(
  wishes: Map<string, Wish<T>>,
  key: string,
  { value, rule }: { readonly value: T; readonly rule: Rule },
): void {
  const known = wishes.get(key);
  if (known === undefined) wishes.set(key, { value, rules: [rule] });
  else known.rules.push(rule);
}

function desiredFlags({ flags }: ResolvedPolicy, conflicts: Conflicts): Map<Sid, DesiredFlags> {
  const all = new Map<Sid, DesiredFlags>();
  for (const { rule, accounts } of flags) {
    for (const account of accounts) {
      const known = all.get(account.sid) ?? { account, flags: new Map<PolicyFlag, DesiredFlag>() };
      all.set(account.sid, known);
      for (const [flag, value] of rule.set) {
        const before = known.flags.get(flag);
        if (before !== undefined && before.value !== value) {
          const told = (wanted: boolean): string => `wants ${flag} to be ${String(wanted)}`;
          conflicts.add({
            rules: [before.rule, rule],
            about: `the flags of`,
            account,
            text: `"${before.rule.name}" ${told(before.value)}, "${rule.name}" ${String(value)}`,
          });
        }
        known.flags.set(flag, before ?? { value, rule });
      }
    }
  }
  return all;
}

interface Conflict {
  readonly rules: readonly [Rule, Rule];
  /** `who may act for users to`. */
  readonly about: string;
  readonly account: Account;
  /** `"A" names SERVERB$, "B" forbids it`. */
  readonly text: string;
}

/** Collects contradictions; one that is about many accounts is told once. */
class Conflicts {
  readonly #found = new Map<string, { readonly first: Conflict; more: number }>();

  add(conflict: Conflict): void {
    const known = this.#found.get(conflict.text);
    if (known === undefined) this.#found.set(conflict.text, { first: conflict, more: 0 });
    else known.more += 1;
  }

  check<T>(
    { account, wanted, forbidden, exact }: Desired<T>,
    about: string,
    name: (value: T) => string,
  ): void {
    for (const [key, { value, rules }] of wanted) {
      for (const rule of rules) {
        for (const other of forbidden.get(key)?.rules ?? []) {
          const text = `"${rule.name}" names ${name(value)}, "${other.name}" forbids it`;
          this.add({ rules: [rule, other], about, account, text });
        }
      }
      for (const other of exact) {
        const [rule] = rules;
        if (rule === undefined || rules.includes(other)) continue;
        const text = `"${rule.name}" names ${name(value)}, "${other.name}" is exact without it`;
        this.add({ rules: [rule, other], about, account, text });
      }
    }
  }

  problems(): readonly PolicyProblem[] {
    return [...this.#found.values()].map(({ first: { rules, about, account, text }, more }) => {
      const [a, b] = rules;
      const which = a === b ? `the rule "${a.name}" contradicts itself` : 'two rules contradict';
      const also = more === 0 ? '' : ` and ${more} more`;
      const where = a === b ? '' : ` (line ${a.at.line})`;
      return {
        at: b.at,
        message: `${which} about ${about} ${account.name}${also}: ${text}${where}`,
      };
    });
  }
}

/** A principal in a sentence. */
export function nameOf({ name }: Principal): string {
  return name;
}
