import { encodeSid, type Sid } from '@doublehop/security/sid';
import type { Account } from './account.ts';
import {
  accountAttributes,
  decodeAccount,
  type AccountAttributes,
  type DecodedAccount,
} from './account-decode.ts';
import { type Change, ChangeFlag } from './changes.ts';
import type { Directory } from './directory.ts';
import { DirectoryError } from './errors.ts';
import { GenerationCache } from './generation-cache.ts';
import { GroupCache } from './groups.ts';
import { ACCOUNT_CACHE_SIZE } from './limits.ts';
import { locate } from './names.ts';
import type { StoredEntry } from './record.ts';
import type { AttributeType } from './schema/schema.ts';
import { HOST_CLASSES, mappedSpn, parseSpnMappings, type SpnMappings } from './spn.ts';
import type { View } from './view.ts';

/** How accounts are kept. */
export interface AccountsOptions {
  /** Most accounts and most names kept; `ACCOUNT_CACHE_SIZE` unless told. */
  readonly size?: number;
}

/** Numbers of accounts by a name; undefined for names that nobody has. */
type Names = GenerationCache<string, number | undefined>;

/**
 * The KDC's view of the directory. Accounts are decoded once and kept while nothing that they were
 * made from changes; whether something did costs one comparison. Call `refresh` once a request.
 */
export class Accounts {
  readonly #directory: Directory;
  readonly #attributes: AccountAttributes;
  readonly #mappings: SpnMappings = parseSpnMappings([`host=${HOST_CLASSES}`]);
  readonly #accounts: GenerationCache<number, DecodedAccount>;
  readonly #spns: Names;
  readonly #names: Names;
  readonly #sids: Names;
  /** Entries, groups for the most part, that kept accounts were made from. */
  readonly #sources = new Set<number>();
  readonly #groups = new GroupCache();

  constructor(directory: Directory, options: AccountsOptions = {}) {
    this.#directory = directory;
    this.#attributes = accountAttributes(directory.schema);
    const size = options.size ?? ACCOUNT_CACHE_SIZE;
    this.#accounts = new GenerationCache(size);
    this.#spns = new GenerationCache(size);
    this.#names = new GenerationCache(size);
    this.#sids = new GenerationCache(size);
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
    return this.#accounts.get(id)?.account ?? this.#load(view, id);
  }

  #named(names: Names, key: string, find: (view: View) => number | undefined): Account | undefined {
    const { view } = this.#directory;
    let id = names.get(key);
    if (id === undefined) {
      if (names.has(key)) return undefined;
      id = find(view);
      names.set(key, id);
      if (id === undefined) return undefined;
    }
    return this.#accounts.get(id)?.account ?? this.#load(view, id);
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
      return explicit ?? this.#findImplicit(view, name);
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
    if (entry === undefined) return undefined;
    const decoded = this.#decode(view, entry);
    if (decoded === undefined) return undefined;
    this.#accounts.set(id, decoded);
    for (const source of decoded.sources) this.#sources.add(source);
    return decoded.account;
  }

  #decode(view: View, entry: StoredEntry): DecodedAccount | undefined {
    const { known } = this.#directory;
    return decodeAccount(view, known, this.#attributes, entry, this.#groups);
  }

  #drop(changes: readonly Change[] | 'unknown'): void {
    if (changes === 'unknown' || changes.some(({ flags }) => (flags & ChangeFlag.names) !== 0)) {
      for (const names of [this.#spns, this.#names, this.#sids]) names.clear();
    }
    // When the name of a container changed, so did the names of all below it.
    if (changes === 'unknown' || changes.some(({ flags }) => (flags & ChangeFlag.below) !== 0)) {
      this.#accounts.clear();
      this.#sources.clear();
      this.#groups.clear();
      return;
    }
    const groups = new Set<number>();
    for (const { id } of changes) {
      this.#accounts.delete(id);
      if (this.#sources.has(id)) groups.add(id);
    }
    if (changes.some(({ id, flags }) => this.#groups.nodes.has(id) || flags !== 0)) {
      // A group or some membership changed, or a group may have come into being.
      this.#groups.clear();
    }
    if (groups.size > 0) {
      this.#accounts.deleteWhere(({ sources }) => sources.some((source) => groups.has(source)));
    }
  }
}
