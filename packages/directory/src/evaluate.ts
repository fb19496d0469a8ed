import type {
  AssertionFilter,
  AssertionValue,
  ExtensibleFilter,
  Filter,
  SubstringsFilter,
} from '@doublehop/ldap/filter';
import { MATCHING_RULES } from '@doublehop/ldap/oids';
import { expandAnr, isAnr } from './anr.ts';
import { DirectoryError } from './errors.ts';
import type { EntryView } from './entry-view.ts';
import { backKey, forwardKey } from './layout.ts';
import { MAX_CLOSURE, MAX_FILTER_DEPTH } from './limits.ts';
import type { StoredValue } from './record.ts';
import {
  canonical,
  canonicalGuid,
  hasSubstrings,
  isOrdered,
  matchKey,
  toText,
} from './schema/syntax.ts';
import type { AttributeType } from './schema/schema.ts';
import { deletedIds } from './tombstone.ts';
import type { View } from './view.ts';

/** TRUE, FALSE and Undefined of RFC 4511 §4.5.1.7. */
export type Truth = boolean | undefined;

/** A filter with its names looked up and its values in comparable form. */
export interface Predicate {
  test(entry: EntryView): Truth;
  /** Where to look, when there is something better than looking at every entry. */
  readonly access?: Access;
}

/** A way to the entries that may pass a predicate; every entry that passes is on it. */
export type Access =
  | { readonly kind: 'value'; readonly attribute: AttributeType; readonly key: string }
  | { readonly kind: 'start'; readonly attribute: AttributeType; readonly key: string }
  | { readonly kind: 'present'; readonly attribute: AttributeType }
  | {
      readonly kind: 'between';
      readonly attribute: AttributeType;
      readonly low?: string;
      readonly high?: string;
    }
  | { readonly kind: 'ids'; readonly ids: () => Iterable<number> }
  | { readonly kind: 'all'; readonly of: readonly Access[] }
  | { readonly kind: 'any'; readonly of: readonly Access[]; readonly disjoint?: boolean };

/** What a filter needs to know of the directory. */
export interface FilterContext {
  readonly view: View;
  /** The entry that a DN (in any form of base name) names. */
  readonly resolve: (dn: string) => number | undefined;
  /** The DN of the schema container, for objectCategory given as a class name. */
  readonly schemaDn: string | undefined;
  /** Whether who asks may read an attribute of an entry; absent: everything. */
  readonly mayRead?: (entry: EntryView, type: AttributeType) => boolean;
}

const UNDEFINED: Predicate = { test: () => undefined };

/** Makes a filter ready; throws unwillingToPerform when it is nested too deeply. */
export function compileFilter(context: FilterContext, filter: Filter, depth = 0): Predicate {
  if (depth > MAX_FILTER_DEPTH) {
    throw new DirectoryError('unwillingToPerform', 'the filter is nested too deeply');
  }
  if ('attribute' in filter && filter.attribute !== undefined && isAnr(filter.attribute)) {
    return ambiguous(context, filter, depth);
  }
  switch (filter.kind) {
    case 'and':
      return and(filter.filters.map((each) => compileFilter(context, each, depth + 1)));
    case 'or':
      return or(filter.filters.map((each) => compileFilter(context, each, depth + 1)));
    case 'not':
      return not(compileFilter(context, filter.filter, depth + 1));
    case 'present':
      return present(context, filter.attribute);
    case 'substrings':
      return substrings(context, filter);
    case 'extensible':
      return extensible(context, filter);
    case 'equality':
    case 'approx':
    case 'greaterOrEqual':
    case 'lessOrEqual':
      return assertion(context, filter);
    default:
      return unreachable(filter);
  }
}

function and(all: readonly Predicate[]): Predicate {
  const ways = all.flatMap((each) => (each.access === undefined ? [] : [each.access]));
  const test = (entry: EntryView): Truth => {
    let truth: Truth = true;
    for (const each of all) {
      const one = each.test(entry);
      if (one === false) return false;
      if (one === undefined) truth = undefined;
    }
    return truth;
  };
  return ways.length === 0 ? { test } : { test, access: { kind: 'all', of: ways } };
}

function or(any: readonly Predicate[]): Predicate {
  const ways = any.flatMap((each) => (each.access === undefined ? [] : [each.access]));
  const test = (entry: EntryView): Truth => {
    let truth: Truth = false;
    for (const each of any) {
      const one = each.test(entry);
      if (one === true) return true;
      if (one === undefined) truth = undefined;
    }
    return truth;
  };
  return ways.length < any.length ? { test } : { test, access: { kind: 'any', of: ways } };
}

function not(predicate: Predicate): Predicate {
  return {
    test: (entry) => {
      const truth = predicate.test(entry);
      return truth === undefined ? undefined : !truth;
    },
  };
}

/** Clauses about them are TRUE for every entry (MS-ADTS 3.1.1.3.1.3.1). */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  'distinguishedName',
  'name',
  'objectClass',
  'objectGUID',
]);

/**
 * The type to be matched, or undefined when the schema has none of that name. Throws
 * inappropriateMatching for constructed ones (MS-ADTS 3.1.1.3.1.3.1).
 */
function matchable(context: FilterContext, name: string): AttributeType | undefined {
  const type = context.view.schema.attribute(name);
  if (type?.constructed !== true || type.backLink) return type;
  throw new DirectoryError('inappropriateMatching', `${type.name} is computed`, {
    attribute: type.name,
  });
}

/** What somebody may not read is, to filters, not there (MS-ADTS 3.1.1.4.3); secrets never are. */
function guarded(context: FilterContext, type: AttributeType, predicate: Predicate): Predicate {
  const { mayRead } = context;
  if (type.secret) return { test: () => false, access: { kind: 'ids', ids: () => [] } };
  if (mayRead === undefined) return predicate;
  return {
    ...predicate,
    test: (entry) => {
      const truth = predicate.test(entry);
      return truth === true && !mayRead(entry, type) ? false : truth;
    },
  };
}

function present(context: FilterContext, name: string): Predicate {
  const type = matchable(context, name);
  if (type === undefined) return UNDEFINED;
  if (ALWAYS_THERE.has(type.name)) return { test: () => true };
  const test = (entry: EntryView): Truth => {
    if (!type.forwardLink && !type.backLink) return entry.stored.has(type.code);
    for (const _ of entry.linked(type)) return true;
    return false;
  };
  const access: Access | undefined = type.indexed
    ? { kind: 'present', attribute: type }
    : undefined;
  return guarded(context, type, access === undefined ? { test } : { test, access });
}

function assertion(context: FilterContext, filter: AssertionFilter): Predicate {
  const type = matchable(context, filter.attribute);
  if (type === undefined) return UNDEFINED;
  const { kind } = filter;
  if (kind === 'equality' || kind === 'approx') {
    return guarded(context, type, equality(context, type, filter.value));
  }
  const key = isOrdered(type.syntax) ? comparable(context, type, filter.value) : undefined;
  if (key === undefined) return UNDEFINED;
  const passes = (one: string): boolean => (kind === 'greaterOrEqual' ? one >= key : one <= key);
  const test = someValue(type, passes);
  const bound = kind === 'greaterOrEqual' ? { low: key } : { high: key };
  const access: Access = { kind: 'between', attribute: type, ...bound };
  return guarded(context, type, type.indexed ? { test, access } : { test });
}

function equality(context: FilterContext, type: AttributeType, value: AssertionValue): Predicate {
  if (type.syntax === 'dn') return nameEquality(context, type, value);
  const key = comparable(context, type, value);
  if (key === undefined) return UNDEFINED;
  const test = someValue(type, (one) => one === key);
  if (type.name === 'objectClass') return { test, access: classAccess(context, type, key) };
  if (type.name === 'isDeleted' && key === 'TRUE') {
    const { reader, schema } = context.view;
    return { test, access: { kind: 'ids', ids: () => deletedIds(reader, schema) } };
  }
  return type.indexed ? { test, access: { kind: 'value', attribute: type, key } } : { test };
}

/** Entries are indexed under their most specific class alone. */
function classAccess(context: FilterContext, type: AttributeType, name: string): Access {
  const kinds = context.view.schema.kindsOf(name);
  return {
    kind: 'any',
    disjoint: true,
    of: kinds.map((each) => ({ kind: 'value', attribute: type, key: each.name.toLowerCase() })),
  };
}

/** Equality of names is that of the entries they name, whatever they were called before. */
function nameEquality(
  context: FilterContext,
  type: AttributeType,
  value: AssertionValue,
): Predicate {
  const target = targetOf(context, type, value);
  if (target === 'malformed') return UNDEFINED;
  if (target === undefined) return { test: () => false, access: { kind: 'ids', ids: () => [] } };
  if (type.name === 'distinguishedName') {
    return { test: (entry) => entry.id === target, access: { kind: 'ids', ids: () => [target] } };
  }
  const { reader } = context.view;
  const link = type.linkId ?? 0;
  if (type.forwardLink) {
    return {
      test: (entry) => reader.get(forwardKey(entry.id, link, target)) !== undefined,
      access: { kind: 'ids', ids: () => reverse(context.view, type, target) },
    };
  }
  if (type.backLink) {
    return {
      test: (entry) => reader.get(backKey(entry.id, link - 1, target)) !== undefined,
      access: { kind: 'ids', ids: () => reverse(context.view, type, target) },
    };
  }
  return { test: (entry) => entry.stored.values(type.code).includes(target) };
}

function targetOf(
  context: FilterContext,
  type: AttributeType,
  value: AssertionValue,
): number | 'malformed' | undefined {
  try {
    const text = toText(value);
    return context.resolve(categoryDn(context, type, text) ?? text);
  } catch (error) {
    if (error instanceof DirectoryError) return 'malformed';
    throw error;
  }
}

/** objectCategory may be asserted as a class name (MS-ADTS 3.1.1.3.1.3.5). */
function categoryDn(context: FilterContext, type: AttributeType, text: string): string | undefined {
  if (type.name !== 'objectCategory' || context.schemaDn === undefined) return undefined;
  const named = context.view.schema.classType(text);
  return named === undefined ? undefined : `CN=${named.defaultCategory},${context.schemaDn}`;
}

/** Entries whose attribute names the target. */
function reverse(view: View, type: AttributeType, target: number): Iterable<number> {
  const entry = view.entry(target);
  if (entry === undefined) return [];
  const link = type.linkId ?? 0;
  return type.forwardLink ? view.linksTo(entry, link) : view.linksFrom(entry, link - 1);
}

/** Clauses about aNR ask for any of the attributes that name things (MS-ADTS 3.1.1.3.1.3.4). */
function ambiguous(
  context: FilterContext,
  filter: Exclude<Filter, { kind: 'and' | 'or' | 'not' }>,
  depth: number,
): Predicate {
  const next = expandAnr(context.view.schema, filter);
  if (next === undefined) return UNDEFINED;
  return compileFilter(context, next, depth + 1);
}

function substrings(context: FilterContext, filter: SubstringsFilter): Predicate {
  const type = matchable(context, filter.attribute);
  if (type === undefined || !hasSubstrings(type.syntax)) return UNDEFINED;
  const key = (part: AssertionValue): string => matchKey(type.syntax, canonical(type.syntax, part));
  let pattern: { initial: string; any: string[]; final: string };
  try {
    const { initial, any, final } = filter;
    pattern = { initial: key(initial ?? ''), any: any.map(key), final: key(final ?? '') };
  } catch (error) {
    if (error instanceof DirectoryError) return UNDEFINED;
    throw error;
  }
  const test = someValue(type, (one) => contains(one, pattern));
  const access: Access = { kind: 'start', attribute: type, key: pattern.initial };
  const isLed = type.indexed && pattern.initial !== '';
  return guarded(context, type, isLed ? { test, access } : { test });
}

function contains(
  text: string,
  { initial, any, final }: { initial: string; any: readonly string[]; final: string },
): boolean {
  if (!text.startsWith(initial)) return false;
  let at = initial.length;
  for (const part of any) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - final.length >= at && text.endsWith(final);
}

function extensible(context: FilterContext, filter: ExtensibleFilter): Predicate {
  const { attribute, matchingRule, value } = filter;
  const type = attribute === undefined ? undefined : matchable(context, attribute);
  if (type === undefined) return UNDEFINED;
  return guarded(context, type, byRule(context, type, matchingRule, value));
}

/** The rules of MS-ADTS 3.1.1.3.4.4; dnAttributes is of no consequence (3.1.1.3.1.3.1). */
function byRule(
  context: FilterContext,
  type: AttributeType,
  rule: string | undefined,
  value: AssertionValue,
): Predicate {
  switch (rule) {
    case undefined:
      return equality(context, type, value);
    case MATCHING_RULES.bitAnd:
      return bits(type, value, (one, mask) => (one & mask) === mask);
    case MATCHING_RULES.bitOr:
      return bits(type, value, (one, mask) => (one & mask) !== 0n);
    case MATCHING_RULES.inChain:
      return transitive(context, type, value);
    default:
      return UNDEFINED;
  }
}

function bits(
  type: AttributeType,
  value: AssertionValue,
  passes: (one: bigint, mask: bigint) => boolean,
): Predicate {
  const isNumber = type.syntax === 'i4' || type.syntax === 'i8' || type.syntax === 'enum';
  const text = toText(value).trim();
  if (!isNumber || !/^-?[0-9]{1,20}$/.test(text)) return UNDEFINED;
  // A mask may be given as an unsigned number of the attribute's width.
  const width = type.syntax === 'i8' ? 64 : 32;
  const mask = BigInt.asUintN(width, BigInt(text));
  return {
    test: (entry) =>
      entry.stored
        .values(type.code)
        .some((one) => typeof one === 'string' && passes(BigInt.asUintN(width, BigInt(one)), mask)),
  };
}

/** MS-ADTS 3.1.1.3.4.4.3: the value is reached by following the attribute from entry to entry. */
function transitive(context: FilterContext, type: AttributeType, value: AssertionValue): Predicate {
  const isLink = type.forwardLink || type.backLink;
  if (!isLink) return type.syntax === 'dn' ? nameEquality(context, type, value) : UNDEFINED;
  const target = targetOf(context, type, value);
  if (target === 'malformed') return UNDEFINED;
  let closure: Set<number> | undefined;
  const reached = (): Set<number> => {
    closure ??= closureOf(context.view, type, target);
    return closure;
  };
  return { test: (entry) => reached().has(entry.id), access: { kind: 'ids', ids: reached } };
}

function closureOf(view: View, type: AttributeType, target: number | undefined): Set<number> {
  const reached = new Set<number>();
  const waiting = target === undefined ? [] : [target];
  while (waiting.length > 0 && reached.size < MAX_CLOSURE) {
    const id = waiting.pop();
    if (id === undefined) break;
    for (const near of reverse(view, type, id)) {
      if (!reached.has(near)) waiting.push(near);
      reached.add(near);
    }
  }
  return reached;
}

/** Whether some value of an attribute, in comparable form, passes. */
function someValue(
  type: AttributeType,
  passes: (key: string) => boolean,
): (entry: EntryView) => Truth {
  return (entry) => entry.stored.values(type.code).some((value) => passes(keyOf(type, value)));
}

function keyOf(type: AttributeType, value: StoredValue): string {
  return typeof value === 'number' ? '' : matchKey(type.syntax, value);
}

/** An asserted value in comparable form; undefined when it cannot be one of the attribute's. */
function comparable(
  context: FilterContext,
  type: AttributeType,
  value: AssertionValue,
): string | undefined {
  try {
    if (type.name === 'objectGUID') return matchKey(type.syntax, canonicalGuid(value));
    const plain = canonical(type.syntax, narrowed(type, value));
    const byName = type.syntax === 'oid' && !type.dotted;
    return byName ? nameOfOid(context, plain) : matchKey(type.syntax, plain);
  } catch (error) {
    if (error instanceof DirectoryError) return undefined;
    throw error;
  }
}

/** A number of 32 bits may be asserted without its sign: groupType 2147483650. */
function narrowed({ syntax }: AttributeType, value: AssertionValue): AssertionValue {
  if (syntax !== 'i4' && syntax !== 'enum') return value;
  const text = toText(value).trim();
  return /^[0-9]{10}$/.test(text) ? BigInt.asIntN(32, BigInt(text)).toString() : value;
}

/** Classes and attributes may be asserted by their OID; values hold their names. */
function nameOfOid(context: FilterContext, value: AssertionValue): string {
  const text = toText(value);
  const { schema } = context.view;
  return (schema.classType(text)?.name ?? schema.attribute(text)?.name ?? text).toLowerCase();
}

function unreachable(filter: never): never {
  throw new TypeError(`filter ${JSON.stringify(filter)}`);
}
