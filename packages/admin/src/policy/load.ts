import { LdapError } from '@doublehop/ldap/errors';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { MAX_POLICY_PROBLEMS } from '../limits.ts';
import { type Data, type DataEntry, type DataMapping, readData } from './data.ts';
import {
  EXCEPT_KEYS,
  FLAG_KEYS,
  GRANT_KEYS,
  KCD_KEYS,
  KIND_WORDS,
  MODE_WORDS,
  OTHERS_WORDS,
  POLICY_VERSION,
  RULE_NAME_LENGTH,
  SCOPE_WORDS,
  SEARCH_KEYS,
  SELECTION_KEYS,
  TOP_KEYS,
  UNMATCHED_WORDS,
} from './form.ts';
import {
  type FlagRule,
  type GrantRule,
  type KcdRule,
  type Place,
  type Policy,
  POLICY_FLAGS,
  type PolicyFlag,
  type PolicyProblem,
  type PolicySearch,
  type Rule,
  type RuleMode,
  type Selection,
} from './model.ts';
import type { SearchKind } from '../targets.ts';
import { DataReader } from './reader.ts';

/** A policy, or what is wrong with the file, in the order of its lines. */
export type LoadedPolicy =
  | { readonly policy: Policy; readonly problems?: undefined }
  | { readonly policy?: undefined; readonly problems: readonly PolicyProblem[] };

/**
 * Reads a policy file. Everything is checked that can be without a directory; the JSON Schema in
 * `schema.ts` says the same, but for filters and for names that stand twice.
 */
export function loadPolicy(text: string): LoadedPolicy {
  const { data, problems } = readData(text);
  if (data === undefined) return { problems };
  return policyOf(data);
}

/** The policy that a file's values are. */
export function policyOf(data: Data): LoadedPolicy {
  const reader = new DataReader();
  const policy = new PolicyReader(reader).read(data);
  if (policy !== undefined && reader.problems.length === 0) return { policy };
  const problems = reader.problems.toSorted(
    (a, b) => a.at.line - b.at.line || a.at.column - b.at.column,
  );
  return { problems: problems.slice(0, MAX_POLICY_PROBLEMS) };
}

class PolicyReader {
  readonly #reader: DataReader;
  readonly #names = new Map<string, Place>();

  constructor(reader: DataReader) {
    this.#reader = reader;
  }

  read(data: Data): Policy | undefined {
    const top = this.#reader.mapping(data, TOP_KEYS, 'a policy file');
    if (top === undefined || !this.#version(top)) return undefined;
    const domainEntry = this.#reader.required(top, 'domain', 'the file');
    const domain = domainEntry && this.#reader.text(domainEntry.value, '"domain"');
    const { entries } = top;
    if (!['rules', 'kcd', 'flags'].some((key) => entries.has(key))) {
      this.#reader.problem(top.at, 'the file has no rules; give "rules", "kcd" or "flags"');
    }
    const word = this.#reader.word.bind(this.#reader);
    const unmatched = word(entries.get('unmatched'), UNMATCHED_WORDS, {
      what: '"unmatched"',
      fallback: 'error',
    });
    const others = word(entries.get('others'), OTHERS_WORDS, {
      what: '"others"',
      fallback: 'keep',
    });
    const rules = this.#rules(entries.get('rules'), GRANT_KEYS, (rule, map) =>
      this.#grantRule(rule, map),
    );
    const kcd = this.#rules(entries.get('kcd'), KCD_KEYS, (rule, map) => this.#kcdRule(rule, map));
    const flags = this.#rules(entries.get('flags'), FLAG_KEYS, (rule, map) =>
      this.#flagRule(rule, map),
    );
    return domain && { domain, unmatched, others, rules, kcd, flags };
  }

  /** Of a file of another version nothing else is looked at. */
  #version(top: DataMapping): boolean {
    const entry = this.#reader.required(top, 'version', 'the file');
    if (entry === undefined) return false;
    const { value } = entry;
    if (value.kind === 'number' && value.value === POLICY_VERSION) return true;
    this.#reader.problem(value.at, `"version" is ${POLICY_VERSION}: this program knows no other`);
    return false;
  }

  #rules<T>(
    entry: DataEntry | undefined,
    keys: readonly string[],
    read: (rule: Rule, mapping: DataMapping) => T | undefined,
  ): readonly T[] {
    return this.#reader.items(entry, 'a part of rules').flatMap((item) => {
      const mapping = this.#reader.mapping(item, keys, 'a rule');
      const rule = mapping && this.#rule(mapping);
      if (mapping === undefined || rule === undefined) return [];
      return read(rule, mapping) ?? [];
    });
  }

  #rule(mapping: DataMapping): Rule | undefined {
    const entry = this.#reader.required(mapping, 'name', 'a rule');
    const name = entry && this.#reader.text(entry.value, '"name"', RULE_NAME_LENGTH);
    if (name === undefined) return undefined;
    const before = this.#names.get(name.value);
    if (before !== undefined) {
      const message = `the name "${name.value}" is that of the rule in line ${before.line} too`;
      return this.#reader.problem(name.at, message);
    }
    this.#names.set(name.value, name.at);
    return { name: name.value, at: mapping.at };
  }

  #grantRule(rule: Rule, mapping: DataMapping): GrantRule | undefined {
    const targets = this.#required(mapping, 'targets');
    const mode = this.#mode(mapping, 'middles');
    const middles = this.#reader.texts(mapping.entries.get('middles'), '"middles"');
    const forbid = this.#reader.texts(mapping.entries.get('forbid'), '"forbid"', 1);
    return targets && { ...rule, targets, mode, middles, forbid };
  }

  #kcdRule(rule: Rule, mapping: DataMapping): KcdRule | undefined {
    const middles = this.#required(mapping, 'middles');
    const mode = this.#mode(mapping, 'services');
    const services = this.#reader.texts(mapping.entries.get('services'), '"services"');
    const forbid = this.#reader.texts(mapping.entries.get('forbid'), '"forbid"', 1);
    return middles && { ...rule, middles, mode, services, forbid };
  }

  #flagRule(rule: Rule, mapping: DataMapping): FlagRule | undefined {
    const accounts = this.#required(mapping, 'accounts');
    const set = new Map<PolicyFlag, boolean>();
    for (const flag of POLICY_FLAGS) {
      const entry = mapping.entries.get(flag);
      const value = entry && this.#reader.boolean(entry, `"${flag}"`);
      if (value !== undefined) set.set(flag, value);
    }
    if (!POLICY_FLAGS.some((flag) => mapping.entries.has(flag))) {
      this.#reader.problem(mapping.at, `a rule of flags has one of ${POLICY_FLAGS.join(', ')}`);
    }
    return accounts && { ...rule, accounts, set };
  }

  /** The mode, and whether the rule says anything in it. `key`: what the mode is about. */
  #mode({ entries, at }: DataMapping, key: 'middles' | 'services'): RuleMode {
    const mode = this.#reader.word(entries.get('mode'), MODE_WORDS, {
      what: '"mode"',
      fallback: 'include',
    });
    const listed = entries.get(key);
    if (mode === 'exact' && listed === undefined) {
      this.#reader.problem(at, `mode exact needs "${key}"; an empty list means nobody`);
    }
    if (mode === 'include' && listed === undefined && !entries.has('forbid')) {
      this.#reader.problem(at, `the rule says nothing: give "${key}" or "forbid"`);
    }
    const empty = listed?.value.kind === 'list' && listed.value.items.length === 0;
    if (mode === 'include' && listed !== undefined && empty) {
      const message = `"${key}" is empty; for nobody at all, say mode: exact`;
      this.#reader.problem(listed.value.at, message);
    }
    return mode;
  }

  #required(mapping: DataMapping, key: string): Selection | undefined {
    const entry = this.#reader.required(mapping, key, 'the rule');
    return entry && this.#selection(entry.value, `"${key}"`, SELECTION_KEYS);
  }

  /** A list of names, or a mapping. */
  #selection(data: Data, what: string, keys: readonly string[]): Selection | undefined {
    const { at } = data;
    if (data.kind === 'list') {
      const names = this.#reader.texts({ at, value: data }, what, 1);
      return { at, names, groups: [], search: [], except: undefined };
    }
    const mapping = this.#reader.mapping(data, keys, what);
    if (mapping === undefined) return undefined;
    const { entries } = mapping;
    if (!EXCEPT_KEYS.some((key) => entries.has(key))) {
      const remedy = 'a list of names, or names, groups or search';
      this.#reader.problem(at, `${what} chooses nobody; give ${remedy}`);
    }
    const except = keys.includes('except') ? entries.get('except') : undefined;
    return {
      at,
      names: this.#reader.texts(entries.get('names'), '"names"', 1),
      groups: this.#reader.texts(entries.get('groups'), '"groups"', 1),
      search: this.#reader
        .items(entries.get('search'), '"search"', 1)
        .flatMap((item) => this.#search(item) ?? []),
      except: except && this.#selection(except.value, '"except"', EXCEPT_KEYS),
    };
  }

  #search(data: Data): PolicySearch | undefined {
    const mapping = this.#reader.mapping(data, SEARCH_KEYS, 'a search');
    if (mapping === undefined) return undefined;
    const { entries, at } = mapping;
    const base = entries.get('base');
    const filter = entries.get('filter');
    if (base === undefined && filter === undefined) {
      this.#reader.problem(at, 'a search has a base or a filter, or both');
    }
    const kinds = this.#reader
      .items(entries.get('kinds'), '"kinds"', 1)
      .map((value) => this.#kind({ at: value.at, value }));
    return {
      at,
      base: base && this.#reader.text(base.value, '"base"')?.value,
      scope: this.#reader.word(entries.get('scope'), SCOPE_WORDS, {
        what: '"scope"',
        fallback: 'subtree',
      }),
      filter: filter && this.#filter(filter),
      kinds: kinds.length === 0 ? ['computer'] : kinds,
    };
  }

  #kind(entry: DataEntry): SearchKind {
    return this.#reader.word(entry, KIND_WORDS, { what: 'a kind', fallback: 'computer' });
  }

  #filter(entry: DataEntry): string | undefined {
    const text = this.#reader.text(entry.value, '"filter"');
    if (text === undefined) return undefined;
    try {
      parseFilter(text.value);
      return text.value;
    } catch (error) {
      if (!(error instanceof LdapError)) throw error;
      return this.#reader.problem(text.at, `no LDAP filter: ${error.message}`);
    }
  }
}
