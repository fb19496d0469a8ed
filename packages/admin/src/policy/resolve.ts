import { isSid, parseSid, type Sid } from '@doublehop/security/sid';
import type { Account, Principal } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { namesDomain } from '../domain.ts';
import { AdminError } from '../errors.ts';
import { parseIdentity } from '../identity.ts';
import { checkMiddles } from '../middles.ts';
import { resolvePrincipal } from '../resolve.ts';
import { lookUpAccounts } from './lookup.ts';
import type { FlagRule, GrantRule, KcdRule, Placed, Policy, PolicyProblem } from './model.ts';
import { bareMessage, PolicyNotes } from './report.ts';
import { AccountSelector } from './select.ts';
import { otherSidsOf } from './token.ts';

/** A policy with the accounts that it means today. */
export interface ResolvedPolicy {
  readonly policy: Policy;
  readonly rules: readonly ResolvedGrantRule[];
  readonly kcd: readonly ResolvedKcdRule[];
  readonly flags: readonly ResolvedFlagRule[];
  /** With any of these nothing may be written. */
  readonly errors: readonly PolicyProblem[];
  readonly warnings: readonly PolicyProblem[];
}

export interface ResolvedGrantRule {
  readonly rule: GrantRule;
  readonly targets: readonly Account[];
  readonly middles: readonly RuleMiddle[];
  readonly forbid: readonly RuleMiddle[];
}

export interface ResolvedKcdRule {
  readonly rule: KcdRule;
  readonly middles: readonly Account[];
}

export interface ResolvedFlagRule {
  readonly rule: FlagRule;
  readonly accounts: readonly Account[];
}

/** A middle of a rule, with its place in the file. */
export interface RuleMiddle {
  readonly principal: Principal;
  readonly placed: Placed;
  /** Why it may be kept in a list, but not added to one: nobody has that SID, for instance. */
  readonly fault: string | undefined;
  /** Of one that is forbidden: SIDs as which it acts besides its own. */
  readonly others?: ReadonlySet<Sid>;
}

/** Connections to the domains that a policy is about. */
export interface PolicyConnections {
  readonly targets: DomainConnection;
  /** Where names of another domain are looked up; the same one where there is none. */
  readonly middles: DomainConnection;
}

/**
 * Looks up everything that a policy names. Throws AdminError `other-domain` for a file of another
 * domain; names that mean nobody are among `errors` or `warnings`.
 */
export async function resolvePolicy(
  connections: PolicyConnections,
  policy: Policy,
): Promise<ResolvedPolicy> {
  const { domain } = connections.targets;
  if (!namesDomain(domain, policy.domain.value)) {
    const message =
      `the file is about ${policy.domain.value}, but the controller is of ${domain.dnsName}; ` +
      'name a controller of that domain';
    throw new AdminError('other-domain', message, { subject: policy.domain.value });
  }
  const notes = new PolicyNotes(policy.unmatched);
  const selector = new AccountSelector(connections.targets, notes);
  const middles = new MiddleLookup(connections, notes);
  await middles.prepare(policy);
  const rules: ResolvedGrantRule[] = [];
  for (const rule of policy.rules) {
    rules.push({
      rule,
      targets: await selector.select(rule.targets),
      middles: await middles.wanted(rule.middles),
      forbid: await middles.forbidden(rule.forbid),
    });
  }
  const kcd: ResolvedKcdRule[] = [];
  for (const rule of policy.kcd) {
    kcd.push({ rule, middles: await selector.select(rule.middles) });
  }
  const flags: ResolvedFlagRule[] = [];
  for (const rule of policy.flags) {
    flags.push({ rule, accounts: await selector.select(rule.accounts) });
  }
  return { policy, rules, kcd, flags, errors: notes.errors, warnings: notes.warnings };
}

/** Looks up middles, each name once. */
class MiddleLookup {
  readonly #connections: PolicyConnections;
  readonly #notes: PolicyNotes;
  readonly #found = new Map<string, Principal | AdminError>();
  readonly #others = new Map<Sid, ReadonlySet<Sid>>();

  constructor(connections: PolicyConnections, notes: PolicyNotes) {
    this.#connections = connections;
    this.#notes = notes;
  }

  /** Reads ahead what can be read many at a time. SIDs are looked up too, for their names. */
  async prepare({ rules }: Policy): Promise<void> {
    const names = rules.flatMap(({ middles, forbid }) => [...middles, ...forbid]);
    const values = names.map(({ value }) => value).filter((value) => this.#isHome(value));
    const sids = values.filter((value) => isSid(value.trim()));
    const plain = values.filter((value) => !isSid(value.trim()));
    const { targets } = this.#connections;
    for (const [name, found] of await lookUpAccounts(targets, plain)) this.#found.set(name, found);
    await targets.names.lookUp(sids.map((sid) => parseSid(sid.trim())));
  }

  /** Who is to act. A name of nobody is an error, whatever `unmatched` says: no SID, no grant. */
  async wanted(names: readonly Placed[]): Promise<readonly RuleMiddle[]> {
    return await this.#all(names, (at, error) => this.#notes.error(at, bareMessage(error)));
  }

  /** Who is not to act: nobody has to be forbidden who is not there. */
  async forbidden(names: readonly Placed[]): Promise<readonly RuleMiddle[]> {
    const middles = await this.#all(names, (at, error) => this.#notes.thrown(at, error));
    const found: RuleMiddle[] = [];
    for (const middle of middles) {
      found.push({ ...middle, others: await this.#othersOf(middle.principal) });
    }
    return found;
  }

  async #all(
    names: readonly Placed[],
    failed: (at: Placed['at'], error: AdminError) => void,
  ): Promise<readonly RuleMiddle[]> {
    const found = new Map<Sid, RuleMiddle>();
    for (const placed of names) {
      const principal = await this.#one(placed.value);
      if (principal instanceof AdminError) failed(placed.at, principal);
      else found.set(principal.sid, { principal, placed, fault: this.#fault(principal) });
    }
    return [...found.values()];
  }

  async #othersOf(principal: Principal): Promise<ReadonlySet<Sid>> {
    const { targets, middles } = this.#connections;
    const { dn, sid } = principal;
    const known = this.#others.get(sid);
    if (known !== undefined) return known;
    const home = dn === undefined || within(dn, targets.domain.namingContext);
    const others = await otherSidsOf(home ? targets : middles, principal);
    this.#others.set(sid, others);
    // Plans say as one of which group it may act.
    await targets.names.lookUp(others);
    return others;
  }

  async #one(name: string): Promise<Principal | AdminError> {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const { targets, middles } = this.#connections;
    const connection = this.#isHome(name) ? targets : middles;
    const found = await resolvePrincipal(connection, name).catch((error: unknown) => {
      if (error instanceof AdminError) return error;
      throw error;
    });
    this.#found.set(name, found);
    return found;
  }

  /** Whether a name is looked up in the targets' domain: unless it says that it is of the other. */
  #isHome(name: string): boolean {
    const { targets, middles } = this.#connections;
    if (targets === middles) return true;
    try {
      const identity = parseIdentity(name);
      const stated = identity.form === 'name' || identity.form === 'upn';
      const domain = stated ? identity.domain : undefined;
      if (domain !== undefined) return !namesDomain(middles.domain, domain);
      if (identity.form !== 'dn') return true;
      return !within(identity.dn, middles.domain.namingContext);
    } catch (error) {
      if (error instanceof AdminError) return true;
      throw error;
    }
  }

  #fault(principal: Principal): string | undefined {
    const { domain } = this.#connections.targets;
    try {
      checkMiddles(domain, [principal]);
      return undefined;
    } catch (error) {
      if (error instanceof AdminError) return bareMessage(error);
      throw error;
    }
  }
}

/** Whether a DN ends in another; good enough to tell domains apart. */
function within(dn: string, namingContext: string): boolean {
  return dn.toLowerCase().endsWith(namingContext.toLowerCase());
}
