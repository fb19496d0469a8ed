import { listGrants } from '@doublehop/delegation/grants';
import { textsOf } from '@doublehop/ldap/client/entry';
import type { Filter } from '@doublehop/ldap/filter';
import { MATCHING_RULES } from '@doublehop/ldap/oids';
import { domainOf, type Sid } from '@doublehop/security/sid';
import {
  ACCOUNT_ATTRIBUTES,
  type Account,
  accountOf,
  ALLOWED_TO_ACT,
  isDomainController,
} from '../account.ts';
import { ALLOWED_TO_DELEGATE_TO } from '../changes/words.ts';
import type { DomainConnection } from '../connection.ts';
import { entriesOf } from '../directory-client.ts';
import { AdminError } from '../errors.ts';
import { parseIdentity } from '../identity.ts';
import { readDescriptor } from '../plan.ts';
import { checkWhole, lookUpAccounts } from './lookup.ts';
import { type Policy, POLICY_FLAGS, type PolicyFlag, type RuleMode } from './model.ts';
import { FLAG_BITS } from './plan.ts';
import { ACCOUNTS, baseFailure, isTarget } from './select.ts';
import { type NameText, type PolicyText, type RuleText, writePolicy } from './write.ts';

/** What is exported. */
export interface ExportOptions {
  /** DN of a folder; default the whole domain. */
  readonly base?: string | undefined;
  /** Default `exact`: a grant that comes later is drift. */
  readonly mode?: RuleMode | undefined;
  /** What the file says of all other accounts; default `keep`. */
  readonly others?: Policy['others'] | undefined;
}

/** A policy file that says what is so in a domain. */
export interface ExportedPolicy {
  readonly text: string;
  readonly rules: number;
  /** Accounts that stand in the file. */
  readonly accounts: number;
  /** What cannot be said in a policy file, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Reads all delegation of a domain into a policy file: equal lists share a rule, and the order is
 * that of the names, so that two exports of the same state are the same text.
 */
export async function exportPolicy(
  connection: DomainConnection,
  options: ExportOptions = {},
): Promise<ExportedPolicy> {
  const { domain } = connection;
  const base = options.base ?? domain.namingContext;
  const { accounts, services } = await readDelegation(connection, base).catch((error: unknown) => {
    throw baseFailure(error, base, domain.dnsName, '--search-base');
  });
  const notes: string[] = [];
  const lists = accounts.flatMap((account) => listOf(account, notes) ?? []);
  await connection.names.lookUp(lists.flatMap(({ middles }) => middles));
  const namer = new Namer(connection);
  await namer.prepare(
    accounts,
    lists.flatMap(({ middles }) => middles),
  );
  const policy: PolicyText = {
    domain: domain.dnsName,
    others: options.others ?? 'keep',
    rules: grantRules(lists, namer, options.mode ?? 'exact'),
    kcd: serviceRules(accounts, services, namer, options.mode ?? 'exact'),
    flags: flagRules(accounts, namer),
    notes,
  };
  const rules = [...policy.rules, ...policy.kcd, ...policy.flags];
  const named = new Set(rules.flatMap(({ accounts: each }) => each.map(({ text }) => text)));
  return { text: writePolicy(policy), rules: rules.length, accounts: named.size, notes };
}

interface Delegation {
  readonly accounts: readonly Account[];
  /** Values of msDS-AllowedToDelegateTo. */
  readonly services: ReadonlyMap<Sid, readonly string[]>;
}

async function readDelegation(
  { client, names }: DomainConnection,
  base: string,
): Promise<Delegation> {
  const present = [ALLOWED_TO_ACT, ALLOWED_TO_DELEGATE_TO];
  const filters: readonly Filter[] = [
    ...present.map((attribute) => ({ kind: 'present', attribute }) as const),
    ...POLICY_FLAGS.map((flag) => hasFlag(FLAG_BITS[flag])),
  ];
  const attributes = [...ACCOUNT_ATTRIBUTES, ALLOWED_TO_DELEGATE_TO];
  const accounts: Account[] = [];
  const services = new Map<Sid, readonly string[]>();
  const filter: Filter = { kind: 'and', filters: [ACCOUNTS, { kind: 'or', filters }] };
  const items = client.searchAll({ base, filter, attributes });
  for await (const entry of entriesOf(items)) {
    if (!entry.attributes.some(({ type }) => type.toLowerCase() === 'objectsid')) continue;
    const account = accountOf(entry);
    if (!isTarget(account)) continue;
    checkWhole(entry, ALLOWED_TO_DELEGATE_TO);
    names.remember(account);
    accounts.push(account);
    services.set(account.sid, textsOf(entry, ALLOWED_TO_DELEGATE_TO));
  }
  return { accounts: accounts.toSorted((a, b) => compare(a.name, b.name)), services };
}

/** LDAP_MATCHING_RULE_BIT_AND (MS-ADTS 3.1.1.3.4.4.1). */
function hasFlag(bit: number): Filter {
  const matchingRule = MATCHING_RULES.bitAnd;
  return { kind: 'extensible', attribute: 'userAccountControl', matchingRule, value: String(bit) };
}

/** Who may act for users to one account. */
interface MiddleList {
  readonly account: Account;
  readonly middles: readonly Sid[];
}

function listOf(account: Account, notes: string[]): MiddleList | undefined {
  const read = readDescriptor(account.allowedToAct);
  if (read === 'absent') return undefined;
  if (read === 'unparsable') {
    notes.push(`the list of ${account.name} cannot be read, and is left out`);
    return undefined;
  }
  const grants = listGrants(read);
  if (grants.length === 0) {
    notes.push(`the list of ${account.name} lets nobody act, and is left out`);
    return undefined;
  }
  if (grants.some(({ conditional }) => conditional)) {
    notes.push(`the list of ${account.name} has conditions, which a policy cannot say`);
  }
  return { account, middles: grants.map(({ sid }) => sid).toSorted(compare) };
}

function grantRules(
  lists: readonly MiddleList[],
  namer: Namer,
  mode: RuleMode,
): readonly RuleText[] {
  const groups = Map.groupBy(lists, ({ middles }) => middles.join(' '));
  const names = new RuleNames();
  return [...groups.values()]
    .map((group) => {
      const middles = (group[0]?.middles ?? [])
        .map((sid) => namer.principal(sid))
        .toSorted((a, b) => compare(a.label, b.label));
      return { middles, group, order: middles.map(({ label }) => label).join(', ') };
    })
    .toSorted((a, b) => compare(a.order, b.order))
    .map(({ middles, group }) => ({
      name: names.unique(`${few(middles.map(({ label }) => label))} may act for users`),
      mode,
      accounts: group.map(({ account }) => namer.account(account)),
      values: middles,
    }));
}

function serviceRules(
  accounts: readonly Account[],
  services: ReadonlyMap<Sid, readonly string[]>,
  namer: Namer,
  mode: RuleMode,
): readonly RuleText[] {
  const lists = accounts.flatMap((account) => {
    const texts = (services.get(account.sid) ?? []).toSorted(compare);
    return texts.length === 0 ? [] : { account, texts };
  });
  const names = new RuleNames();
  return [...Map.groupBy(lists, ({ texts }) => texts.join('\n')).values()].map((group) => ({
    name: names.unique(`services of ${few(group.map(({ account }) => account.name))}`),
    mode,
    accounts: group.map(({ account }) => namer.account(account)),
    values: (group[0]?.texts ?? []).map((text) => ({ text, label: text })),
  }));
}

const FLAG_RULES: Readonly<Record<PolicyFlag, string>> = {
  sensitive: 'sensitive accounts',
  protocolTransition: 'any authentication protocol',
  unconstrained: 'unconstrained delegation',
};

/** Controllers are trusted for delegation by what they are: that is no policy. */
function flagRules(accounts: readonly Account[], namer: Namer): readonly RuleText[] {
  return POLICY_FLAGS.flatMap((flag) => {
    const marked = accounts.filter(
      (account) =>
        (account.userAccountControl & FLAG_BITS[flag]) !== 0 &&
        !(flag === 'unconstrained' && isDomainController(account)),
    );
    if (marked.length === 0) return [];
    return {
      name: FLAG_RULES[flag],
      flag,
      accounts: marked.map((account) => namer.account(account)),
      values: [],
    };
  });
}

/** Names that mean one account alone when the file is read again; SIDs where a name would not. */
class Namer {
  readonly #connection: DomainConnection;
  readonly #ambiguous = new Set<string>();

  constructor(connection: DomainConnection) {
    this.#connection = connection;
  }

  /** Looks for names without a dollar that another account has with one. */
  async prepare(accounts: readonly Account[], middles: readonly Sid[]): Promise<void> {
    const { names } = this.#connection;
    const all = [...accounts, ...middles.map((sid) => names.named(sid))];
    const open = new Set(all.map(({ name }) => name).filter((name) => !name.endsWith('$')));
    const plain = [...open].filter(isPlain);
    for (const [name, found] of await lookUpAccounts(this.#connection, plain)) {
      if (found instanceof AdminError) this.#ambiguous.add(name);
    }
  }

  account({ name, sid }: Account): NameText {
    return this.#name(name, sid, name);
  }

  principal(sid: Sid): NameText {
    const { name, display, known, kind, dn } = this.#connection.names.named(sid);
    if (!known) return { text: sid, label: sid, comment: this.#unknown(sid) };
    if (dn === undefined || name === sid) return { text: sid, label: name, comment: display };
    return this.#name(name, sid, display, kind === 'group' ? 'group' : undefined);
  }

  #unknown(sid: Sid): string {
    const { domain } = this.#connection;
    return domainOf(sid) === domain.sid ? 'no account has it: deleted' : 'of another domain';
  }

  #name(name: string, sid: Sid, display: string, comment?: string): NameText {
    if (isPlain(name) && !this.#ambiguous.has(name)) return { text: name, label: name, comment };
    return { text: sid, label: name, comment: display };
  }
}

/** Whether a name is read as a name again, and not as a UPN, SPN or DN. */
function isPlain(name: string): boolean {
  try {
    const identity = parseIdentity(name);
    return identity.form === 'name' && identity.domain === undefined && identity.name === name;
  } catch (error) {
    if (error instanceof AdminError) return false;
    throw error;
  }
}

/** Names of rules, each once. */
class RuleNames {
  readonly #used = new Set<string>();

  unique(wanted: string): string {
    const short = Array.from(wanted.replace(/\p{Cc}/gu, '?'))
      .slice(0, 180)
      .join('');
    let name = short;
    for (let at = 2; this.#used.has(name); at += 1) name = `${short} (${at})`;
    this.#used.add(name);
    return name;
  }
}

function few(names: readonly string[]): string {
  if (names.length <= 2) return names.join(' and ');
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

/** By code units: the same everywhere, whatever the language. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
