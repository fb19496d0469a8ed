import type { Eyes } from '@doublehop/directory/directory';
import type { Entry, Value, ValueStretch } from '@doublehop/directory/entry';
import { GenerationCache } from '@doublehop/directory/generation-cache';
import type { AttributeType, Schema } from '@doublehop/directory/schema/schema';
import { LdapError } from '@doublehop/ldap/errors';
import type { OutgoingAttribute } from '@doublehop/ldap/messages/common';
import { MAX_VALUE_RANGE } from '../limits.ts';
import { splitDescription } from './context.ts';
import { SdFlag, visibleParts } from './descriptors.ts';
import { type Computer, OWN_RIGHTS } from './search/computed.ts';
import type { NameWriter } from './search/extended-names.ts';

/** What a search returns of each entry, and what its client may see of it. */
export interface SelectionOptions {
  /** Names, `*`, `+`, `1.1` as the client sent them. */
  readonly attributes: readonly string[];
  readonly typesOnly: boolean;
  /** Whether one entry alone is looked at: some attributes are for such searches. */
  readonly single: boolean;
  /** SdFlag bits of the control; absent: no control was sent. */
  readonly sdFlags: number | undefined;
  /** Only what the global catalog holds. */
  readonly catalog: boolean;
  readonly rangeNoError: boolean;
  readonly eyes: Eyes;
  /** SdFlag bits of the parts of its descriptor that the client may read. */
  readonly descriptorParts: (entry: Entry) => number;
  readonly compute: Computer;
  readonly names: NameWriter;
}

/** Picks the attributes of entries. */
export type Selection = (entry: Entry) => OutgoingAttribute[];

/** A list of attributes as asked for, looked up in the schema. */
interface AttributeList {
  /** Whether it says `*`, or nothing. */
  readonly every: boolean;
  /** By their descriptions in lower case. */
  readonly named: ReadonlyMap<string, Wanted>;
}

/** Lists kept, and the size of the longest that is. */
const MAX_LISTS = 256;
const MAX_KEPT_LIST = 2048;

/** Lists of attributes: clients ask for the same ones in all their searches. */
export class AttributeLists {
  readonly #schema: Schema;
  readonly #known = new GenerationCache<string, AttributeList>(MAX_LISTS);

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** `descriptor`: whether `*` includes it. */
  of(attributes: readonly string[], descriptor: boolean): AttributeList {
    // The number in front keeps names with NUL in them apart from several names.
    const key = `${attributes.length}${descriptor ? '+' : '-'}${attributes.join('\0')}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const list = listOf(this.#schema, attributes, descriptor);
    if (key.length <= MAX_KEPT_LIST) this.#known.set(key, list);
    return list;
  }
}

function listOf(schema: Schema, attributes: readonly string[], descriptor: boolean): AttributeList {
  const every = attributes.length === 0 || attributes.includes('*');
  const named = new Map<string, Wanted>();
  const wish = (description: string): void => {
    const wanted = wantedOf(schema, description);
    if (wanted !== undefined) named.set(wanted.description.toLowerCase(), wanted);
  };
  for (const description of attributes) wish(description);
  if (attributes.includes('+')) OPERATIONAL.forEach(wish);
  // With the control, `*` includes the descriptor (MS-ADTS 3.1.1.3.4.1.11).
  if (every && descriptor) wish(DESCRIPTOR);
  return { every, named };
}

/**
 * The attributes that `+` stands for: those that are computed and cost little
 * (MS-ADTS 3.1.1.3.1.3.3, 3.1.1.4.5).
 */
const OPERATIONAL = [
  'canonicalName',
  'createTimeStamp',
  'modifyTimeStamp',
  'msDS-KeyVersionNumber',
  'parentGUID',
  'structuralObjectClass',
] as const;

const DESCRIPTOR = 'nTSecurityDescriptor';
const EVERY_PART = SdFlag.owner | SdFlag.group | SdFlag.dacl | SdFlag.sacl;

/** Computed at a cost that AD takes for one entry at a time alone. */
const TOKEN_GROUPS = /^(?:msds-tokenGroupNames|tokenGroups)/i;

/** One attribute as asked for. */
interface Wanted {
  readonly type: AttributeType;
  /** The description to answer with, before a range. */
  readonly description: string;
  readonly range: Range | undefined;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Prepares the attribute selection of a search (RFC 4511 §4.5.1.8, MS-ADTS 3.1.1.3.1.3): names of
 * any case, answered with the case of the schema; secret attributes never; constructed ones and
 * descriptors when they are named; long attributes by ranges; nothing that the client may not read.
 * Throws operationsError for groups of tokens in a search of many entries.
 */
export function selectionOf(
  schema: Schema,
  lists: AttributeLists,
  options: SelectionOptions,
): Selection {
  const { attributes, typesOnly } = options;
  const { every, named } = lists.of(attributes, options.sdFlags !== undefined);
  if (!options.single) refuseTokenGroups(named.values());
  return (entry) => {
    const out: OutgoingAttribute[] = [];
    for (const wanted of named.values()) put(out, entry, wanted, options);
    if (every) {
      for (const name of entry.attributeNames()) {
        if (name === DESCRIPTOR || named.has(name.toLowerCase())) continue;
        const type = schema.attribute(name);
        if (type !== undefined && isInEvery(schema, entry, type)) {
          put(out, entry, { type, description: name, range: undefined }, options);
        }
      }
    }
    return typesOnly ? out.map((one) => ({ ...one, values: [] })) : out;
  };
}

/** Back links that the entry's classes do not allow are there, and sent when they are named. */
function isInEvery(schema: Schema, entry: Entry, type: AttributeType): boolean {
  if (!type.backLink) return true;
  return entry.values('objectClass').some((name) => {
    const each = typeof name === 'string' ? schema.classType(name) : undefined;
    return each !== undefined && schema.allowed(each).has(type.name.toLowerCase());
  });
}

function wantedOf(schema: Schema, asked: string): Wanted | undefined {
  const { name: given, options } = splitDescription(asked);
  const type = schema.attribute(given);
  // Names that the schema does not know, `1.1` among them, select nothing (RFC 4511 §4.5.1.8).
  if (type === undefined || type.secret) return undefined;
  let description = type.name;
  let range: Range | undefined;
  for (const option of options) {
    const part = parseRange(option);
    if (part !== undefined) range = part;
    else if (option.toLowerCase() === 'binary') description = `${type.name};binary`;
    else return undefined;
  }
  return { type, description, range };
}

/** `range=0-1499`, `range=1500-*` (MS-ADTS 3.1.1.3.1.3.3). */
function parseRange(option: string): Range | undefined {
  const match = /^range=(\d{1,9})-(\d{1,9}|\*)$/i.exec(option);
  if (match === null) return undefined;
  const [, low, high] = match;
  return { low: Number(low), high: high === '*' ? Number.POSITIVE_INFINITY : Number(high) };
}

function refuseTokenGroups(named: Iterable<Wanted>): void {
  for (const { type } of named) {
    if (!TOKEN_GROUPS.test(type.name)) continue;
    const text = '00002120: SvcErr: DSID-00000000, problem 5012 (DIR_ERROR), data 0';
    throw new LdapError('operationsError', `${text} (${type.name})`);
  }
}

/** Puts what is sent of one attribute: nothing, the attribute, or a part of it. */
function put(
  out: OutgoingAttribute[],
  entry: Entry,
  wanted: Wanted,
  options: SelectionOptions,
): void {
  const { type, description, range } = wanted;
  if (options.catalog && !type.inCatalog && !type.constructed && !type.backLink) return;
  if (type.name === DESCRIPTOR) {
    out.push(...descriptorOf(entry, description, options));
    return;
  }
  if (!OWN_RIGHTS.has(type.name) && !options.eyes.mayRead(entry, type)) return;
  const low = range?.low ?? 0;
  const asked = (range?.high ?? Number.POSITIVE_INFINITY) - low + 1;
  const count = Math.max(1, Math.min(asked, MAX_VALUE_RANGE));
  const computed = type.constructed ? options.compute(entry, type.name) : undefined;
  const stretch =
    computed === undefined ? entry.stretchOf(type, low, count) : stretchOf(computed, low, count);
  const { values, isMore, isEmpty } = stretch;
  if (isEmpty && range === undefined) return;
  if (range !== undefined || isMore) out.push(...partOf(stretch, wanted, options));
  else out.push({ type: description, values: written(type, values, options) });
}

function stretchOf(all: readonly Value[], low: number, count: number): ValueStretch {
  const values = all.slice(low, low + count);
  return { values, isMore: all.length > low + count, isEmpty: all.length === 0 };
}

/** A part of an attribute's values: what was asked for, or as many as are sent at once. */
function partOf(
  { values, isMore, isEmpty }: ValueStretch,
  wanted: Wanted,
  options: SelectionOptions,
): OutgoingAttribute[] {
  const { type, description, range } = wanted;
  const low = range?.low ?? 0;
  if (low > 0 && values.length === 0) return behindTheEnd(wanted, low, !isEmpty, options);
  if (values.length === 0 || (range !== undefined && range.high < low)) return [];
  const end = isMore ? String(low + values.length - 1) : '*';
  const part = {
    type: `${description};range=${low}-${end}`,
    values: written(type, values, options),
  };
  // Who did not ask for a range is told of the attribute first (MS-ADTS 3.1.1.3.1.3.3).
  return range === undefined ? [{ type: description, values: [] }, part] : [part];
}

function written(
  type: AttributeType,
  values: readonly Value[],
  { names }: SelectionOptions,
): readonly Value[] {
  const { syntax } = type;
  if (syntax !== 'dn' && syntax !== 'dnbinary' && syntax !== 'dnstring') return values;
  return values.map((value) => names.value(type, value));
}

/**
 * What begins behind the last value is empty; of links it is an error, unless the control says
 * otherwise (MS-ADTS 3.1.1.3.4.1.22).
 */
function behindTheEnd(
  { type, description }: Wanted,
  low: number,
  hasValues: boolean,
  { rangeNoError }: SelectionOptions,
): OutgoingAttribute[] {
  if (type.linkId === undefined) {
    return hasValues ? [{ type: `${description};range=${low}-*`, values: [] }] : [];
  }
  if (rangeNoError) return [];
  const text = '00002121: SvcErr: DSID-00000000, problem 5012 (DIR_ERROR), data 0';
  throw new LdapError('operationsError', `${text} (${type.name})`);
}

/**
 * The parts of the descriptor that were asked for, all without the control, if the client may read
 * every one of them (MS-ADTS 3.1.1.4.4): the SACL needs a privilege.
 */
function descriptorOf(
  entry: Entry,
  description: string,
  { sdFlags, descriptorParts }: SelectionOptions,
): OutgoingAttribute[] {
  const flags = ((sdFlags ?? 0) & EVERY_PART) === 0 ? EVERY_PART : (sdFlags ?? 0) & EVERY_PART;
  if ((flags & ~descriptorParts(entry)) !== 0) return [];
  const bytes = entry.bytes(DESCRIPTOR);
  return bytes === undefined ? [] : [{ type: description, values: [visibleParts(bytes, flags)] }];
}
