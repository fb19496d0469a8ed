import { createHash } from 'node:crypto';
import type { RandomSource } from '@doublehop/crypto/random';
import { mapGenericRights } from '@doublehop/security/access-mask';
import {
  type Acl,
  decodeDescriptor,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import { GenerationCache } from './generation-cache.ts';
import {
  descriptorCountKey,
  descriptorHashKey,
  descriptorKey,
  ID_BYTES,
  idOfBytes,
  idToBytes,
} from './layout.ts';
import { DESCRIPTOR_CACHE_BYTES, DESCRIPTOR_CACHE_SIZE } from './limits.ts';
import type { Reader, Transaction } from './store/store.ts';

/** What the number of an entry without a descriptor is. */
export const NO_DESCRIPTOR = 0;

/** The self-relative bytes of a descriptor (MS-DTYP 2.4.6). */
export function descriptorBytes(reader: Reader, id: number): Uint8Array | undefined {
  return id === NO_DESCRIPTOR ? undefined : reader.get(descriptorKey(id));
}

/**
 * The number of a descriptor, which is kept once however many entries have it; counts one entry
 * more that has it. Numbers are drawn at random: what was cached about one that a unit of work
 * made, and that was never committed, can then be true of no other, in any process.
 */
export function internDescriptor(tx: Transaction, random: RandomSource, bytes: Uint8Array): number {
  const hashKey = descriptorHashKey(createHash('sha256').update(bytes).digest('latin1'));
  const known = tx.get(hashKey);
  if (known !== undefined) {
    const id = idOfBytes(known);
    holdDescriptor(tx, id);
    return id;
  }
  let id = NO_DESCRIPTOR;
  while (id === NO_DESCRIPTOR || tx.get(descriptorKey(id)) !== undefined) {
    id = idOfBytes(random(ID_BYTES));
  }
  tx.put(hashKey, idToBytes(id));
  tx.put(descriptorKey(id), bytes);
  writeCount(tx, id, 1);
  return id;
}

/** Counts one entry more that has a descriptor; false where there is no such descriptor. */
export function holdDescriptor(tx: Transaction, id: number): boolean {
  const count = countOf(tx, id);
  if (count === 0) return false;
  writeCount(tx, id, count + 1);
  return true;
}

/** Counts one entry less; the last one takes the descriptor with it. */
export function releaseDescriptor(tx: Transaction, id: number): void {
  const count = countOf(tx, id);
  if (count === 0) return;
  if (count > 1) {
    writeCount(tx, id, count - 1);
    return;
  }
  const bytes = tx.get(descriptorKey(id)) ?? new Uint8Array(0);
  tx.delete(descriptorHashKey(createHash('sha256').update(bytes).digest('latin1')));
  tx.delete(descriptorKey(id));
  tx.delete(descriptorCountKey(id));
}

/** How many entries have a descriptor. */
export function countOf(reader: Reader, id: number): number {
  const bytes = reader.get(descriptorCountKey(id));
  return bytes === undefined ? 0 : idOfBytes(bytes);
}

function writeCount(tx: Transaction, id: number, count: number): void {
  tx.put(descriptorCountKey(id), idToBytes(count));
}

/** Descriptors as access checks want them: decoded, generic rights mapped; bounded. */
export class DescriptorCache {
  readonly #decoded = new GenerationCache<number, SecurityDescriptor>(DESCRIPTOR_CACHE_SIZE);

  /** The descriptor of a number; undefined where there is none, or it does not decode. */
  get(reader: Reader, id: number): SecurityDescriptor | undefined {
    const known = this.#decoded.get(id);
    if (known !== undefined) return known;
    const bytes = descriptorBytes(reader, id);
    if (bytes === undefined) return undefined;
    const descriptor = withoutGenericRights(decodeDescriptor(bytes));
    if (bytes.length <= DESCRIPTOR_CACHE_BYTES) this.#decoded.set(id, descriptor);
    return descriptor;
  }
}

/**
 * The descriptor with the generic rights of its ACEs mapped to those of directory objects
 * (MS-ADTS 5.1.3.2), to be checked, not to be encoded: the raw ACEs stay as they were.
 */
function withoutGenericRights(descriptor: SecurityDescriptor): SecurityDescriptor {
  const { dacl, sacl } = descriptor;
  return {
    ...descriptor,
    ...(dacl === undefined ? {} : { dacl: mapped(dacl) }),
    ...(sacl === undefined ? {} : { sacl: mapped(sacl) }),
  };
}

function mapped(acl: Acl | 'null'): Acl | 'null' {
  if (acl === 'null') return acl;
  return { ...acl, aces: acl.aces.map((ace) => ({ ...ace, mask: mapGenericRights(ace.mask) })) };
}
