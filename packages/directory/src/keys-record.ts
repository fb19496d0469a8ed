import type { AccountKey, KeySet } from './account.ts';
import { StoreError } from './errors.ts';

const FORMAT = 1;
/** Passwords whose keys are kept: the present one and a history of 24 (MS-SAMR 3.1.1.7.1). */
const MAX_SETS = 25;
/** Of those that are older than so many only one key is kept: enough to know the password again. */
const WHOLE_SETS = 3;

/** The stored form of an account's keys, newest first. */
export function encodeKeys(sets: readonly KeySet[]): Uint8Array {
  const parts: Buffer[] = [Buffer.from([FORMAT, Math.min(sets.length, MAX_SETS)])];
  for (const [age, set] of sets.slice(0, MAX_SETS).entries()) {
    const keys = age < WHOLE_SETS ? set.keys : oneOf(set.keys);
    const head = Buffer.allocUnsafe(5);
    head.writeUInt32BE(set.kvno, 0);
    head[4] = keys.length;
    parts.push(head, ...keys.map(encodeKey));
  }
  return Buffer.concat(parts);
}

/** The shortest key that has a salt, or else the first. */
function oneOf(keys: readonly AccountKey[]): readonly AccountKey[] {
  const salted = keys.filter(({ salt }) => salt !== undefined);
  const [first = keys[0]] = salted.toSorted((a, b) => a.bytes.length - b.bytes.length);
  return first === undefined ? [] : [first];
}

/** Part of a record of keys. */
export interface KeysPart {
  /** Where the record starts. */
  readonly start?: number;
  /** Sets of keys to leave out, and how many to read after them. */
  readonly skip?: number;
  readonly count?: number;
}

/** The keys of an account from their stored form, newest first: all of them unless told. */
export function decodeKeys(record: Uint8Array, part: KeysPart = {}): KeySet[] {
  const { start = 0, skip = 0, count = MAX_SETS } = part;
  const bytes = Buffer.isBuffer(record)
    ? record
    : Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  if (bytes[start] !== FORMAT) {
    throw new StoreError('format', 'a key record has an unknown format');
  }
  const end = Math.min(bytes[start + 1] ?? 0, skip + count);
  const sets: KeySet[] = [];
  let at = start + 2;
  for (let index = 0; index < end; index += 1) {
    const kvno = bytes.readUInt32BE(at);
    let left = bytes[at + 4] ?? 0;
    at += 5;
    const keys: AccountKey[] = [];
    for (; left > 0; left -= 1) {
      const next = endOfKey(bytes, at);
      if (index >= skip) keys.push(decodeKey(bytes, at, next));
      at = next;
    }
    if (index >= skip) sets.push({ kvno, keys });
  }
  return sets;
}

function encodeKey(key: AccountKey): Buffer {
  const salt = Buffer.from(key.salt ?? '', 'utf8');
  const head = Buffer.allocUnsafe(9);
  head.writeInt32BE(key.etype, 0);
  head.writeUInt16BE(key.bytes.length, 4);
  head[6] = key.salt === undefined ? 0 : 1;
  head.writeUInt16BE(salt.length, 7);
  return Buffer.concat([head, key.bytes, salt]);
}

function endOfKey(bytes: Buffer, at: number): number {
  return at + 9 + bytes.readUInt16BE(at + 4) + bytes.readUInt16BE(at + 7);
}

function decodeKey(bytes: Buffer, at: number, next: number): AccountKey {
  const keyEnd = at + 9 + bytes.readUInt16BE(at + 4);
  const etype = bytes.readInt32BE(at);
  // Keys outlive the record and must not sit in a shared buffer pool.
  const own = new Uint8Array(keyEnd - at - 9);
  bytes.copy(own, 0, at + 9, keyEnd);
  if (bytes[at + 6] === 0) return { etype, bytes: own };
  return { etype, bytes: own, salt: bytes.toString('utf8', keyEnd, next) };
}
