import type { Entry, Value } from '@doublehop/directory/entry';
import type { Eyes } from '@doublehop/directory/directory';
import type { AttributeType, Schema } from '@doublehop/directory/schema/schema';
import { matchKey, type Syntax, toText } from '@doublehop/directory/schema/syntax';
import type { SortKey } from '@doublehop/ldap/controls';
import { LdapError } from '@doublehop/ldap/errors';
import { RESULT_CODES, type ResultCode } from '@doublehop/ldap/result-codes';
import type { ServerPause } from '@doublehop/ldap/server/handler';
import { MAX_SORTED_ENTRIES } from '../../limits.ts';

/** A moment for other clients. */
export const PAUSE: ServerPause = { kind: 'pause' };

/** One entry of a sorted list; without a key, the entry has no value to sort by. */
export interface Place {
  readonly id: number;
  readonly key: string | undefined;
}

/** How a list is sorted. */
export interface Order {
  readonly attribute: AttributeType;
  readonly reverse: boolean;
  /** Less than 0 where the first comes before the second, were the order not reversed. */
  readonly compare: (this: void, one: string, other: string) => number;
}

/** Ordering rules of Windows (MS-ADTS 3.1.1.3.4.1.13): the sort orders of its locales. */
const FIRST_RULE = 1461;
const LAST_RULE = 1620;
const RULES = '1.2.840.113556.1.4.';

/**
 * The order that a sort control asks for, or the code of the reason why there is none (RFC 2891
 * §1.2): Windows sorts by one key alone (MS-ADTS 3.1.1.3.4.1.13).
 */
export function orderOf(schema: Schema, keys: readonly SortKey[]): Order | ResultCode {
  const [key, ...more] = keys;
  if (key === undefined || more.length > 0) return 'unwillingToPerform';
  const type = schema.attribute(key.attribute);
  if (type === undefined || type.secret) return 'noSuchAttribute';
  if (type.constructed || type.backLink || type.forwardLink) return 'inappropriateMatching';
  if (key.orderingRule !== undefined && !isRule(key.orderingRule)) return 'inappropriateMatching';
  const compare = LOCALE_SORTED.has(type.syntax) ? byWords : byOctets;
  return { attribute: type, reverse: key.reverse === true, compare };
}

/** The number of a result code, for the response control. */
export function numberOfCode(code: ResultCode): number {
  return RESULT_CODES[code];
}

function isRule(oid: string): boolean {
  const arc = oid.startsWith(RULES) ? Number(oid.slice(RULES.length)) : Number.NaN;
  return arc >= FIRST_RULE && arc <= LAST_RULE;
}

/** Text that is sorted as people do; other values have keys that sort as they do. */
const LOCALE_SORTED: ReadonlySet<Syntax> = new Set<Syntax>([
  'unicode',
  'teletex',
  'dn',
  'dnbinary',
  'dnstring',
  'oid',
]);

const COLLATOR = new Intl.Collator('en-US');
/** Of no weight but between words that are otherwise the same (the word sort of Windows). */
const WEIGHTLESS = /[-']/g;

function byWords(one: string, other: string): number {
  const light = COLLATOR.compare(one.replace(WEIGHTLESS, ''), other.replace(WEIGHTLESS, ''));
  return light === 0 ? COLLATOR.compare(one, other) : light;
}

function byOctets(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** What an asserted value is compared as in an order. */
export function keyOf({ attribute, compare }: Order, value: Value): string {
  return compare === byWords ? toText(value) : matchKey(attribute.syntax, value);
}

/**
 * The places of entries in an order: the entries' numbers and what they are sorted by, no more.
 * Those without a value come last (RFC 2891 §2). Throws adminLimitExceeded where there are more
 * than `MAX_SORTED_ENTRIES` (MaxTempTableSize, MS-ADTS 3.1.1.3.4.6).
 */
export function* sortedPlaces(
  entries: Iterable<Entry | undefined>,
  order: Order,
  eyes: Eyes,
): Generator<ServerPause, Place[]> {
  const places: Place[] = [];
  for (const entry of entries) {
    if (entry === undefined) {
      yield PAUSE;
      continue;
    }
    if (places.length >= MAX_SORTED_ENTRIES) throw tooMany();
    places.push({ id: entry.id, key: sortKey(entry, order, eyes) });
  }
  const sign = order.reverse ? -1 : 1;
  return places.sort((a, b) => {
    if (a.key === undefined) return b.key === undefined ? 0 : sign;
    if (b.key === undefined) return -sign;
    return sign * order.compare(a.key, b.key);
  });
}

/** The least value of the attribute (RFC 2891 §2). */
function sortKey(entry: Entry, order: Order, eyes: Eyes): string | undefined {
  if (!eyes.mayRead(entry, order.attribute)) return undefined;
  let least: string | undefined;
  for (const value of entry.values(order.attribute.name)) {
    const key = keyOf(order, value);
    if (least === undefined || order.compare(key, least) < 0) least = key;
  }
  return least;
}

function tooMany(): LdapError {
  const text = '00002024: SvcErr: DSID-00000000, problem 5005 (ADMIN_LIMIT_EXCEEDED), data 0';
  return new LdapError('adminLimitExceeded', text);
}
