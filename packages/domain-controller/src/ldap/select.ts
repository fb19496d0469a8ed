import type { Entry, Value } from '@doublehop/directory/entry';
import type { Schema } from '@doublehop/directory/schema/schema';
import type { OutgoingAttribute } from '@doublehop/ldap/messages/common';
import { MAX_VALUE_RANGE } from '../limits.ts';
import { splitDescription } from './context.ts';
import { visibleParts } from './descriptors.ts';

/** What a search returns of each entry. */
export interface SelectionOptions {
  /** Names, `*`, `+`, `1.1` as the client sent them. */
  readonly attributes: readonly string[];
  readonly typesOnly: boolean;
  /** SdFlag bits that the client asked for and may see; absent: no control was sent. */
  readonly sdFlags?: number;
  /** SdFlag bits without a control. */
  readonly defaultSdFlags: number;
}

/** Picks the attributes of entries. */
export type Selection = (entry: Entry) => OutgoingAttribute[];

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

/** One attribute as asked for. */
interface Wanted {
  readonly name: string;
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
 * descriptors when they are named; long attributes by ranges.
 */
export function selectionOf(schema: Schema, options: SelectionOptions): Selection {
  const { attributes, typesOnly } = options;
  const every = attributes.length === 0 || attributes.includes('*');
  const named = new Map<string, Wanted>();
  const wish = (description: string): void => {
    const wanted = wantedOf(schema, description);
    if (wanted !== undefined) named.set(wanted.description.toLowerCase(), wanted);
  };
  for (const description of attributes) wish(description);
  if (attributes.includes('+')) OPERATIONAL.forEach(wish);
  // With the control, `*` includes the descriptor (MS-ADTS 3.1.1.3.4.1.11).
  if (every && options.sdFlags !== undefined) wish(DESCRIPTOR);
  const flags = options.sdFlags ?? options.defaultSdFlags;
  return (entry) => {
    const out: OutgoingAttribute[] = [];
    const put = (wanted: Wanted): void => {
      const found = valuesOf(entry, wanted, flags);
      if (found.values.length > 0) out.push(typesOnly ? { ...found, values: [] } : found);
    };
    for (const wanted of named.values()) put(wanted);
    if (!every) return out;
    for (const name of entry.attributeNames()) {
      if (name === DESCRIPTOR || named.has(name.toLowerCase())) continue;
      put({ name, description: name, range: undefined });
    }
    return out;
  };
}

function wantedOf(schema: Schema, written: string): Wanted | undefined {
  const { name: given, options } = splitDescription(written);
  const type = schema.attribute(given);
  // Names that the schema does not know, `1.1` among them, select nothing (RFC 4511 §4.5.1.8).
  if (type === undefined || type.secret) return undefined;
  const { name } = type;
  let description = name;
  let range: Range | undefined;
  for (const option of options) {
    const asked = parseRange(option);
    if (asked !== undefined) range = asked;
    else if (option.toLowerCase() === 'binary') description = `${name};binary`;
    else return undefined;
  }
  return { name, description, range };
}

/** `range=0-1499`, `range=1500-*` (MS-ADTS 3.1.1.3.1.3.3). */
function parseRange(option: string): Range | undefined {
  const match = /^range=(\d{1,9})-(\d{1,9}|\*)$/i.exec(option);
  if (match === null) return undefined;
  const [, low, high] = match;
  return { low: Number(low), high: high === '*' ? Number.POSITIVE_INFINITY : Number(high) };
}

function valuesOf(entry: Entry, wanted: Wanted, sdFlags: number): OutgoingAttribute {
  const all = entry.values(wanted.name);
  const { description, name, range } = wanted;
  if (name === DESCRIPTOR) return { type: description, values: seenDescriptors(all, sdFlags) };
  if (range === undefined && all.length <= MAX_VALUE_RANGE) {
    return { type: description, values: all };
  }
  const low = range?.low ?? 0;
  const last = Math.min(range?.high ?? Number.POSITIVE_INFINITY, low + MAX_VALUE_RANGE - 1);
  const values = all.slice(low, last + 1);
  const end = last >= all.length - 1 ? '*' : String(last);
  return { type: `${description};range=${low}-${end}`, values };
}

function seenDescriptors(values: readonly Value[], flags: number): Uint8Array[] {
  return values.flatMap((value) => (typeof value === 'string' ? [] : [visibleParts(value, flags)]));
}
