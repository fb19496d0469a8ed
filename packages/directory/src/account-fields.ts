import { NEVER } from '@doublehop/security/filetime';
import type { AccountKind } from './account.ts';
import { Blocks, type Placed } from './blocks.ts';
import { needed } from './known-attributes.ts';
import { decodeValues, firstValue, nextAttribute, type StoredEntry } from './record.ts';
import type { Schema } from './schema/schema.ts';

/** What accounts have of their entries: read at once, or from `FIRST_KEPT` on kept as stored. */
const SLOTS = {
  accountExpires: 0,
  badPwdCount: 1,
  lockoutTime: 2,
  logonCount: 3,
  'msDS-SupportedEncryptionTypes': 4,
  objectClass: 5,
  primaryGroupID: 6,
  pwdLastSet: 7,
  uSNChanged: 8,
  userAccountControl: 9,
  objectSid: 10,
  sAMAccountName: 11,
  userPrincipalName: 12,
  displayName: 13,
  logonHours: 14,
  'msDS-AllowedToActOnBehalfOfOtherIdentity': 15,
  'msDS-AllowedToDelegateTo': 16,
  servicePrincipalName: 17,
  dNSHostName: 18,
  sIDHistory: 19,
  userWorkstations: 20,
} as const;
const FIRST_KEPT = SLOTS.objectSid;

/** An attribute that accounts have. */
export type AccountField = keyof typeof SLOTS;

/** Attributes of one account, kept as they are stored, one after another. */
export interface Kept extends Placed {
  readonly end: number;
  /** Which are there: bit 0 is the first of those that are kept. */
  readonly present: number;
}

/** Combinations of classes whose kind is remembered; there are few. */
const MAX_CLASS_LISTS = 64;
/** So many decimal digits are exact in a number. */
const EXACT_DIGITS = 15;
const MINUS = 0x2d;
const ZERO_DIGIT = 0x30;
const NEVER_TEXT = NEVER.toString();

/**
 * Reads what an account needs out of an entry's record, in one pass over its headers and without
 * a map: the cost of an account that is not in memory is mostly this. `open` turns to an entry;
 * the other methods are about the entry opened last.
 */
export class AccountFields {
  readonly #slots = new Map<number, number>();
  readonly #codes: number[] = [];
  readonly #places: Int32Array;
  readonly #blocks = new Blocks();
  readonly #kinds = new Map<string, AccountKind | undefined>();
  #record: Buffer = Buffer.alloc(0);

  constructor(schema: Schema) {
    for (const [name, slot] of Object.entries(SLOTS)) {
      const { code } = needed(schema, name);
      this.#slots.set(code, slot);
      this.#codes[slot] = code;
    }
    this.#places = new Int32Array(this.#codes.length);
  }

  open(entry: StoredEntry): void {
    entry.locate(this.#slots, this.#places);
    this.#record = entry.record;
  }

  /** What the entry is by its classes; undefined: no account. */
  kind(): AccountKind | undefined {
    const at = this.#place('objectClass');
    if (at < 0) return undefined;
    const classes = this.#record.toString('latin1', at, nextAttribute(this.#record, at));
    const known = this.#kinds.get(classes);
    if (known !== undefined || this.#kinds.has(classes)) return known;
    if (this.#kinds.size >= MAX_CLASS_LISTS) this.#kinds.clear();
    const kind = kindOf(decodeValues(this.#record, at));
    this.#kinds.set(classes, kind);
    return kind;
  }

  number(name: AccountField): number | undefined {
    const at = this.#place(name);
    return at < 0 ? undefined : integerAt(this.#record, at);
  }

  /** A Windows file time; 0 where there is none. */
  time(name: AccountField): bigint {
    const at = this.#place(name);
    return at < 0 ? 0n : timeAt(this.#record, at);
  }

  /** The relative identifier, which ends objectSid; undefined when there is no SID. */
  rid(): number | undefined {
    const at = this.#place('objectSid');
    return at < 0 ? undefined : this.#record.readUInt32LE(firstValue(this.#record, at).end - 4);
  }

  /** A copy of the attributes that are kept, as stored, and of nothing else. */
  keep(): Kept {
    const record = this.#record;
    let size = 0;
    let present = 0;
    for (let slot = FIRST_KEPT; slot < this.#places.length; slot += 1) {
      const at = this.#places[slot] ?? -1;
      if (at < 0) continue;
      size += nextAttribute(record, at) - at;
      present |= 1 << (slot - FIRST_KEPT);
    }
    const { bytes, start } = this.#blocks.reserve(size);
    let end = start;
    for (let slot = FIRST_KEPT; slot < this.#places.length; slot += 1) {
      const at = this.#places[slot] ?? -1;
      if (at >= 0) end += record.copy(bytes, end, at, nextAttribute(record, at));
    }
    return { bytes, start, end, present };
  }

  /** Where an attribute stands in what was kept of whatever entry; -1 when it is absent. */
  placeIn(kept: Kept, name: AccountField): number {
    const { bytes, end } = kept;
    const code = this.#codes[SLOTS[name]];
    for (let at = kept.start; at < end; at = nextAttribute(bytes, at)) {
      if (bytes.readUInt32BE(at) === code) return at;
    }
    return -1;
  }

  #place(name: AccountField): number {
    return this.#places[SLOTS[name]] ?? -1;
  }
}

/** Whether an attribute is among those that were kept, by `Kept.present`. */
export function isKept(present: number, name: AccountField): boolean {
  return (present & (1 << (SLOTS[name] - FIRST_KEPT))) !== 0;
}

function kindOf(classes: readonly unknown[]): AccountKind | undefined {
  if (classes.includes('msDS-GroupManagedServiceAccount')) return 'groupManagedService';
  if (classes.includes('msDS-ManagedServiceAccount')) return 'managedService';
  if (classes.includes('computer')) return 'computer';
  return classes.includes('user') ? 'user' : undefined;
}

/** The first value of an attribute: a number of at most 32 bits in canonical decimal. */
function integerAt(record: Buffer, place: number): number {
  const { start, end } = firstValue(record, place);
  const isNegative = record[start] === MINUS;
  let value = 0;
  for (let at = isNegative ? start + 1 : start; at < end; at += 1) {
    value = value * 10 + (record[at] ?? 0) - ZERO_DIGIT;
  }
  return isNegative ? -value : value;
}

function timeAt(record: Buffer, place: number): bigint {
  const { start, end } = firstValue(record, place);
  if (end - start <= EXACT_DIGITS) return BigInt(integerAt(record, place));
  const text = record.toString('latin1', start, end);
  // The most common value of all need not be there once for each account.
  return text === NEVER_TEXT ? NEVER : BigInt(text);
}
