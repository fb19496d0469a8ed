import { knownAttributes, type KnownAttributes } from '../known-attributes.ts';
import { decodeId, entryKey, ID_BYTES, idOfBytes, ROOT_ID } from '../layout.ts';
import { MAX_DN_DEPTH } from '../limits.ts';
import { formatRdn } from '../dn.ts';
import { StoredEntry } from '../record.ts';
import { Schema } from '../schema/schema.ts';
import type { Reader } from '../store/store.ts';
import { DescriptorCache } from '../descriptor-table.ts';
import { extendSchema } from '../schema-extension.ts';
import { NameCache, View } from '../view.ts';
import type { Finding, FindingKind } from './finding.ts';

/** What every part of a check works with. */
export interface CheckContext {
  readonly reader: Reader;
  readonly view: View;
  readonly schema: Schema;
  readonly known: KnownAttributes;
  /** How many entries have each descriptor: a number or two for every distinct one. */
  readonly held: Map<number, number>;
  /** The domain controllers that the entries show. */
  readonly controllers: number[];
  /** Keys of indexes by attribute and entry, for a few entries of many values. */
  readonly manyKeys: Map<string, ReadonlySet<string>>;
  /** Called for each record looked at. */
  readonly step: () => void;
}

/** A context of a store. */
export function checkContext(reader: Reader, step: () => void): CheckContext {
  const schema = new Schema();
  const known = knownAttributes(schema);
  // What clients have made of the schema, as far as that can be read.
  const view = new View(reader, schema, new NameCache(), new DescriptorCache());
  attempt(() => extendSchema(view));
  return {
    reader,
    view,
    schema,
    known,
    held: new Map(),
    controllers: [],
    manyKeys: new Map(),
    step,
  };
}

/** The entry of a number: undefined where it is not there, or its head cannot be read. */
export function entryOf({ reader }: CheckContext, id: number): StoredEntry | undefined {
  const bytes = reader.get(entryKey(id));
  return bytes === undefined ? undefined : attempt(() => new StoredEntry(id, bytes));
}

/** The number in a record; undefined where the record is not a number. */
export function numberOf(bytes: Uint8Array | undefined): number | undefined {
  return bytes?.length === ID_BYTES ? idOfBytes(bytes) : undefined;
}

/** The number that is all of a key behind its first byte; undefined where it is not. */
export function numberOfKey(key: string): number | undefined {
  return key.length === 1 + ID_BYTES ? decodeId(key, 1) : undefined;
}

/** What a decoder gives; undefined where it throws: any damage is the store's, not a defect. */
export function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

/** A finding about an entry, named as well as the store allows: names may be what is damaged. */
export function about(context: CheckContext, kind: FindingKind, id: number, what: string): Finding {
  return { kind, object: nameOf(context, id) ?? `entry ${id}`, what };
}

function nameOf(context: CheckContext, id: number): string | undefined {
  const parts: string[] = [];
  for (let at = id; parts.length < MAX_DN_DEPTH; ) {
    const entry = entryOf(context, at);
    const rdn = entry === undefined ? undefined : attempt(() => entry.rdn);
    if (entry === undefined || rdn === undefined) return undefined;
    if (entry.parentId === ROOT_ID) return [...parts, rdn.value].join(',');
    parts.push(formatRdn(rdn));
    at = entry.parentId;
  }
  return undefined;
}
