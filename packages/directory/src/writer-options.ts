import type { RandomSource } from '@doublehop/crypto/random';
import type { KeySet } from './account.ts';
import type { DescriptorCache } from './descriptor-table.ts';
import type { AttributeInput } from './entry.ts';
import type { Creator, DescriptorMemo } from './descriptor-writer.ts';
import type { DomainInfo } from './domain.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { Schema } from './schema/schema.ts';
import type { ServiceClasses } from './service-classes.ts';
import type { Transaction } from './store/store.ts';
import type { TimeText } from './time-text.ts';
import type { View } from './view.ts';

/** Milliseconds since 1970-01-01 UTC. */
export type Clock = () => number;

/** What a writer works with. */
export interface WriterOptions {
  readonly tx: Transaction;
  readonly schema: Schema;
  readonly known: KnownAttributes;
  /** What is committed, up to date with what the transaction began with. */
  readonly settled: View;
  readonly descriptors: DescriptorCache;
  readonly memo: DescriptorMemo;
  readonly services: ServiceClasses;
  /** The domain, when it is known already; else it is read when it is needed. */
  readonly domain: DomainInfo | undefined;
  readonly clock: Clock;
  readonly times: TimeText;
  readonly random: RandomSource;
}

/** How an entry is added by the directory itself. */
export interface AddOptions {
  /** May set what only the system sets: SIDs, GUIDs, instanceType. */
  readonly system?: boolean;
  /** The entry is the head of a naming context. */
  readonly contextHead?: boolean;
  /** The entry is seen by those alone who ask for deleted ones. */
  readonly hidden?: boolean;
  /**
   * Who makes the entry: the owner and group of its descriptor unless that names others. Absent:
   * the domain's Domain Admins.
   */
  readonly creator?: Creator;
  /** What the system sets beside what is given. */
  readonly also?: AttributeInput;
  /** The keys of a new account, as `setKeys` would set them. */
  readonly keys?: KeySet;
}

/** How an entry is changed. */
export interface ModifyOptions {
  /** May set what only the system sets. */
  readonly system?: boolean;
  /** Values that are there already, or not there, are passed over (MS-ADTS 3.1.1.3.4.1.8). */
  readonly permissive?: boolean;
  /** Owner and group of a new descriptor that names none; absent: the domain's Domain Admins. */
  readonly creator?: Creator;
}

/** What no other controller is told of an account, as `DirectoryWriter.note` sets it. */
export interface LocalFacts {
  readonly lastLogon?: string;
  readonly logonCount?: string;
}

/** How an entry is removed. */
export interface RemoveOptions {
  /** Everything below it goes too. */
  readonly subtree?: boolean;
  /** The name may be that of a tombstone: to be told that such are not deleted again. */
  readonly deleted?: boolean;
}

/** How keys are set. */
export interface KeyOptions {
  /** Earlier passwords whose keys stay; 1 unless told. */
  readonly keep?: number;
  /** The new pwdLastSet as a Windows file time; the present time unless told. */
  readonly passwordLastSet?: bigint;
}

/** Milliseconds between 1601-01-01 and 1970-01-01. */
const EPOCH_OFFSET = 11_644_473_600_000;

/** A clock's milliseconds as a Windows file time: 100 ns since 1601-01-01 UTC. */
export function fileTime(milliseconds: number): bigint {
  return BigInt(milliseconds + EPOCH_OFFSET) * 10_000n;
}

/** RFC 9562 §5.4: a random GUID; byte 7 in this order holds the version. */
export function versionFour(bytes: Uint8Array): Uint8Array {
  const guid = new Uint8Array(bytes);
  guid[7] = ((guid[7] ?? 0) & 0x0f) | 0x40;
  guid[8] = ((guid[8] ?? 0) & 0x3f) | 0x80;
  return guid;
}
