import { encodeSid, type Sid } from '@doublehop/security/sid';
import type { Account } from './account.ts';
import { AccountFields } from './account-fields.ts';
import { AccountGroups, type Expansion } from './account-groups.ts';
import { Blocks, type Placed } from './blocks.ts';
import { type Change, ChangeFlag } from './changes.ts';
import type { Directory } from './directory.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { DirectoryError } from './errors.ts';
import { GenerationCache } from './generation-cache.ts';
import { keysKey } from './layout.ts';
import { ACCOUNT_CACHE_SIZE, ACCOUNTS_KEPT_AT_ONCE } from './limits.ts';
import { needed } from './known-attributes.ts';
import { locate } from './names.ts';
import { EntryFlag } from './record.ts';
import type { AttributeType } from './schema/schema.ts';
import { HOST_CLASSES, mappedSpn, parseSpnMappings, type SpnMappings } from './spn.ts';
import { type AccountContext, StoredAccount } from './stored-account.ts';
import type { View } from './view.ts';

/** How accounts are kept. */
export interface AccountsOptions {
  /** Most accounts and most names kept; `ACCOUNT_CACHE_SIZE` unless told. */
  readonly size?: number;
}

/** Numbers of accounts by a name; `NOBODY` for names that nobody has. */
type Names = GenerationCache<string, number>;

/** The number of no entry. */
const NOBODY = -1;
const NO_GROUPS: readonly number[] = [];

/**
 * The KDC's view of the directory. An account is the same object for as long as it is kept and
 * nothing that it was made from changes; whether something did costs one comparison. In a large
 * domain those are kept that are asked for more than once. Call `refresh` once a request.
 */
export class Accounts {
  readonly #directory: Directory;
  readonly #mappings: SpnMappings = parseSpnMappings([`host=${HOST_CLASSES}`]);
  readonly #accounts: GenerationCache<number, StoredAccount>;
  readonly #spns: Names;
  readonly #names: Names;
  readonly #sids: Names;
  readonly #groups: AccountGroups;
  readonly #door = new Doorkeeper();
  readonly #context: AccountContext;
  /** Keys are in no buffer that holds anything else. */
  readonly #keyBlocks = new Blocks();

  constructor(directory: Directory, options: AccountsOptions = {}) {
    this.#directory = directory;
    const size = options.size ?? ACCOUNT_CACHE_SIZE;
    this.#accounts = new GenerationCache(size);
    this.#spns = new GenerationCache(size);
    this.#names = new GenerationCache(size);
    this.#sids = new GenerationCache(size);
    const groups = new AccountGroups(directory.known, size);
    const link = directory.known.member.linkId ?? 0;
    this.#groups = groups;
    this.#context = {
      fields: new AccountFields(directory.schema),
      directGroups: (account) =>
        // Most accounts are in their primary group alone, which is no link.
        (account.flags & EntryFlag.backLinks) === 0
          ? NO_GROUPS
          : [...directory.view.linksTo(account, link)],
      closure: (direct) => groups.of(directory.view, direct),
      keys: (id) => this.#keys(id),
      dn: (id) => directory.view.dnOf(id),
    };
    directory.onChange((changes) => this.#drop(changes));
  }

  /** Later look-ups see what any process has committed up to now. */
  refresh(): void {
    this.#directory.refresh();
  }

  /** By service principal name, `class/host[:port][/name]`; HOST covers its sPNMappings. */
  bySpn(spn: string): Account | undefined {
    return this.#named(this.#spns, spn, (view) => this.#findSpn(view, spn));
  }

  /** By sAMAccountName with or without `$`, or UPN, explicit or implicit (MS-ADTS 5.1.1.1.1). */
  byName(name: string): Account | undefined {
    return this.#named(this.#names, name, (view) => this.#findName(view, name));
  }

  bySid(sid: Sid): Account | undefined {
    return this.#named(this.#sids, sid, (view) =>
      view.onlyWithValue(this.#directory.known.objectSid, encodeSid(sid)),
    );
  }

  /**
   * The domain-local groups of an account that a PAC names: those that it is in itself, where it
   * is one of this domain, and those of its groups as the PAC has them (MS-KILE 3.3.5.7.3). For
   * who is not of this domain, `sids` has its own SID too.
   */
  expand(account: Account | undefined, sids: readonly Sid[]): Expansion {
    const { view, known } = this.#directory;
    const link = known.member.linkId ?? 0;
    const ids =
      account === undefined
        ? NO_GROUPS
        : [...view.linksTo({ id: account.id, flags: EntryFlag.backLinks }, link)];
    return this.#groups.expand(view, ids, sids);
  }

  /**
   * By a value of altSecurityIdentities, `Kerberos:name@realm` (MS-KILE 3.3.5.6.1); `ambiguous`
   * where several accounts have it. Not remembered: hardly anybody asks.
   */
  byAltSecurityIdentity(value: string): Account | 'ambiguous' | undefined {
    const { view, schema } = this.#directory;
    const ids = [...view.withValue(needed(schema, 'altSecurityIdentities'), value)];
    const [id] = ids;
    if (id === undefined) return undefined;
    return ids.length > 1 ? 'ambiguous' : this.#kept(view, id);
  }

  byDn(dn: string): Account | undefined {
    try {
      const id = locate(this.#directory.view, this.#directory.known, dn);
      return id === undefined ? undefined : this.byId(id);
    } catch (error) {
      if (error instanceof DirectoryError) return undefined;
      throw error;
    }
  }

  byId(id: number): Account | undefined {
    // Asking for the view drops what has changed.
    const { view } = this.#directory;
    return this.#kept(view, id);
  }

  #named(names: Names, key: string, find: (view: View) => number | undefined): Account | undefined {
    const { view } = this.#directory;
    const known = names.get(key);
    if (known !== undefined) return known === NOBODY ? undefined : this.#kept(view, known);
    const id = find(view);
    const account = id === undefined ? undefined : this.#kept(view, id);
    // The name of somebody who is not kept is not either.
    if (id === undefined || this.#accounts.has(id)) names.set(key, id ?? NOBODY);
    return account;
  }

  #kept(view: View, id: number): Account | undefined {
    const account = this.#accounts.get(id);
    return account?.isCurrent === true ? account : this.#load(view, id);
  }

  #findSpn(view: View, spn: string): number | undefined {
    const type = this.#directory.known.servicePrincipalName;
    const own = view.onlyWithValue(type, spn);
    if (own !== undefined) return own;
    const mapped = mappedSpn(this.#mappings, spn);
    return mapped === undefined ? undefined : view.onlyWithValue(type, mapped);
  }

  #findName(view: View, name: string): number | undefined {
    const { samAccountName, userPrincipalName } = this.#directory.known;
    if (name.includes('@')) {
      const explicit = view.onlyWithValue(userPrincipalName, name);
      const implicit = explicit ?? this.#findImplicit(view, name);
      // A sAMAccountName may have the sign in it too (MS-SAMR 3.1.1.6).
      return implicit ?? this.#findSam(view, samAccountName, name);
    }
    return this.#findSam(view, samAccountName, name);
  }

  /** `sAMAccountName@domain` is a UPN that every account has (MS-ADTS 5.1.1.1.1). */
  #findImplicit(view: View, name: string): number | undefined {
    const at = name.lastIndexOf('@');
    const suffix = name.slice(at + 1).toLowerCase();
    const { domain } = this.#directory;
    const own = [domain?.dnsName, domain?.netbiosName].map((each) => each?.toLowerCase());
    if (!own.includes(suffix)) return undefined;
    return this.#findSam(view, this.#directory.known.samAccountName, name.slice(0, at));
  }

  #findSam(view: View, type: AttributeType, name: string): number | undefined {
    if (name === '') return undefined;
    return view.onlyWithValue(type, name) ?? view.onlyWithValue(type, `${name}$`);
  }

  #load(view: View, id: number): Account | undefined {
    const entry = view.entry(id);
    const account = entry === undefined ? undefined : StoredAccount.of(entry, this.#context);
    if (account !== undefined && this.#isToKeep(id)) this.#accounts.set(id, account);
    return account;
  }

  #isToKeep(id: number): boolean {
    return this.#accounts.size < ACCOUNTS_KEPT_AT_ONCE || this.#door.knows(id);
  }

  #keys(id: number): Placed | undefined {
    const record = this.#directory.view.reader.get(keysKey(id));
    if (record === undefined) return undefined;
    const placed = this.#keyBlocks.reserve(record.length);
    placed.bytes.set(record, placed.start);
    return placed;
  }

  #drop(changes: readonly Change[] | 'unknown'): void {
    if (changes === 'unknown' || changes.some(({ flags }) => (flags & ChangeFlag.names) !== 0)) {
      for (const names of [this.#spns, this.#names, this.#sids]) names.clear();
    }
    // When the name of a container changed, so did the names of all below it.
    if (changes === 'unknown' || changes.some(({ flags }) => (flags & ChangeFlag.below) !== 0)) {
      this.#accounts.clear();
      this.#groups.clear();
      return;
    }
    for (const { id } of changes) this.#accounts.delete(id);
    this.#groups.drop(changes);
  }
}
