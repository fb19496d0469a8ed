import type { Account } from '@doublehop/directory/account';
import type { Directory } from '@doublehop/directory/directory';
import type { Entry } from '@doublehop/directory/entry';
import { decodeDescriptor, type SecurityDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import { ConfigurationEntries } from '../configuration.ts';

/** The authentication policy that applies to an account (MS-KILE 3.3.5.5, MS-ADA2 msDS-AuthN…). */
export interface AccountPolicy {
  readonly name: string;
  /** The silo through which it applies; absent: it is assigned to the account itself. */
  readonly silo?: string;
  /** Otherwise it is only audited. */
  readonly enforced: boolean;
  /** AllowedToAuthenticateFrom: the devices at which the account may log on. */
  readonly allowedFrom?: PolicyDescriptor;
  /** AllowedToAuthenticateTo: who may get tickets to the account. */
  readonly allowedTo?: PolicyDescriptor;
  /** Seconds for which its TGTs live; absent: as the domain says. */
  readonly tgtLife?: number;
}

/** A descriptor that cannot be read, or has no owner, is refused as Windows does. */
export type PolicyDescriptor = SecurityDescriptor | 'unparsable';

/** What a policy says of accounts of one kind. */
type Limits = Pick<AccountPolicy, 'allowedFrom' | 'allowedTo' | 'tgtLife'>;

/** An msDS-AuthNPolicy object, decoded: an entry is good for the moment alone. */
interface Policy {
  readonly dn: string;
  readonly name: string;
  readonly enforced: boolean;
  readonly limits: Readonly<Record<PolicyKind, Limits>>;
}

/** An authentication policy silo: the policies of its members by their kind. */
interface Silo {
  readonly dn: string;
  readonly name: string;
  readonly enforced: boolean;
  readonly members: ReadonlySet<string>;
  /** DNs of policies, in lower case. */
  readonly policies: Readonly<Record<PolicyKind, string | undefined>>;
}

/** The kinds of accounts for which a policy has attributes of their own. */
type PolicyKind = 'User' | 'Computer' | 'Service';

const KINDS: readonly PolicyKind[] = ['User', 'Computer', 'Service'];

type ByDn<T> = ReadonlyMap<string, T>;

const CONTAINER = 'CN=AuthN Policy Configuration,CN=Services';

/**
 * The authentication policies and silos of a domain. What applies to an account is looked up once,
 * and again when it, a silo or a policy has changed; a domain without policies costs a comparison.
 */
export class Policies {
  readonly #directory: Directory;
  readonly #silos: ConfigurationEntries<ByDn<Silo>>;
  readonly #policies: ConfigurationEntries<ByDn<Policy>>;
  #known = new WeakMap<Account, AccountPolicy | 'none'>();
  #madeOf: readonly unknown[] = [];

  constructor(directory: Directory) {
    this.#directory = directory;
    this.#silos = new ConfigurationEntries(directory, `CN=AuthN Silos,${CONTAINER}`, (entries) =>
      byDn(entries.map(siloOf)),
    );
    const policies = `CN=AuthN Policies,${CONTAINER}`;
    this.#policies = new ConfigurationEntries(directory, policies, (entries) =>
      byDn(entries.map(policyOf)),
    );
  }

  /** The policy that applies to an account; undefined where there is none. */
  of(account: Account): AccountPolicy | undefined {
    const policies = this.#policies.current;
    if (policies.size === 0) return undefined;
    const silos = this.#silos.current;
    if (this.#madeOf[0] !== policies || this.#madeOf[1] !== silos) {
      this.#madeOf = [policies, silos];
      this.#known = new WeakMap();
    }
    let known = this.#known.get(account);
    if (known === undefined) {
      known = this.#find(account, policies) ?? 'none';
      this.#known.set(account, known);
    }
    return known === 'none' ? undefined : known;
  }

  /** The name of the enforced silo that an account is in, for its claim. */
  enforcedSilo(account: Account): string | undefined {
    const entry = this.#silos.current.size === 0 ? undefined : this.#entry(account);
    const silo = entry === undefined ? undefined : this.#siloOf(entry);
    return silo?.enforced === true ? silo.name : undefined;
  }

  /** Whether there is any silo. */
  get hasSilos(): boolean {
    return this.#silos.current.size > 0;
  }

  /** Another object whenever a silo has changed. */
  get silos(): object {
    return this.#silos.current;
  }

  #find(account: Account, policies: ByDn<Policy>): AccountPolicy | undefined {
    const entry = this.#entry(account);
    if (entry === undefined) return undefined;
    const kind = kindOf(account);
    const silo = this.#siloOf(entry);
    // Who is in a silo has its policy and no other, enforced as the silo is.
    const dn = silo === undefined ? dnIn(entry, 'msDS-AssignedAuthNPolicy') : silo.policies[kind];
    const policy = dn === undefined ? undefined : policies.get(dn);
    if (policy === undefined) return undefined;
    const { name, limits } = policy;
    const enforced = silo?.enforced ?? policy.enforced;
    return { name, enforced, ...limits[kind], ...(silo === undefined ? {} : { silo: silo.name }) };
  }

  #entry({ id }: Account): Entry | undefined {
    return this.#directory.find({ id });
  }

  /** The account names its silo, and the silo names it among its members. */
  #siloOf(entry: Entry): Silo | undefined {
    const dn = dnIn(entry, 'msDS-AssignedAuthNPolicySilo');
    const silo = dn === undefined ? undefined : this.#silos.current.get(dn);
    return silo?.members.has(entry.dn.toLowerCase()) === true ? silo : undefined;
  }
}

function siloOf(entry: Entry): Silo {
  const members = entry.values('msDS-AuthNPolicySiloMembers').flatMap(lower);
  const [user, computer, service] = KINDS.map((kind) => dnIn(entry, `msDS-${kind}AuthNPolicy`));
  return {
    dn: entry.dn,
    name: entry.text('name') ?? '',
    enforced: isTrue(entry, 'msDS-AuthNPolicySiloEnforced'),
    members: new Set(members),
    policies: { User: user, Computer: computer, Service: service },
  };
}

function policyOf(entry: Entry): Policy {
  return {
    dn: entry.dn,
    name: entry.text('name') ?? '',
    enforced: isTrue(entry, 'msDS-AuthNPolicyEnforced'),
    limits: {
      User: limitsOf(entry, 'User'),
      Computer: limitsOf(entry, 'Computer'),
      Service: limitsOf(entry, 'Service'),
    },
  };
}

function limitsOf(entry: Entry, kind: PolicyKind): Limits {
  return {
    ...descriptorIn('allowedFrom', entry, `msDS-${kind}AllowedToAuthenticateFrom`),
    ...descriptorIn('allowedTo', entry, `msDS-${kind}AllowedToAuthenticateTo`),
    ...tgtLife(entry, kind),
  };
}

function byDn<T extends { readonly dn: string }>(entries: readonly T[]): ByDn<T> {
  return new Map(entries.map((entry) => [entry.dn.toLowerCase(), entry]));
}

function kindOf({ kind }: Account): PolicyKind {
  if (kind === 'user') return 'User';
  return kind === 'computer' ? 'Computer' : 'Service';
}

function dnIn(entry: Entry, attribute: string): string | undefined {
  return entry.text(attribute)?.toLowerCase();
}

function isTrue(entry: Entry, attribute: string): boolean {
  return entry.text(attribute) === 'TRUE';
}

function lower(value: string | Uint8Array): string[] {
  return typeof value === 'string' ? [value.toLowerCase()] : [];
}

function descriptorIn<K extends 'allowedFrom' | 'allowedTo'>(
  key: K,
  policy: Entry,
  attribute: string,
): { readonly [key in K]?: PolicyDescriptor } {
  const bytes = policy.bytes(attribute);
  if (bytes === undefined) return {};
  // A computed key widens to any string; it is K and nothing else.
  return { [key]: decodePolicy(bytes) } as { readonly [key in K]?: PolicyDescriptor };
}

/** A descriptor without an owner is refused, as Windows does. */
function decodePolicy(bytes: Uint8Array): PolicyDescriptor {
  try {
    const descriptor = decodeDescriptor(bytes);
    return descriptor.owner === undefined ? 'unparsable' : descriptor;
  } catch (error) {
    if (error instanceof SecurityError) return 'unparsable';
    throw error;
  }
}

const TICKS_PER_SECOND = 10_000_000n;

/** In units of 100 ns; 0: nothing is said. */
function tgtLife(policy: Entry, kind: PolicyKind): { readonly tgtLife?: number } {
  const ticks = BigInt(policy.text(`msDS-${kind}TGTLifetime`) ?? '0');
  return ticks === 0n ? {} : { tgtLife: Number(ticks / TICKS_PER_SECOND) };
}
