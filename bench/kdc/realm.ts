import { createHash } from 'node:crypto';
import { Key } from '@doublehop/crypto/key';
import { etypes } from '@doublehop/crypto/numbers';

/**
 * The realm that every KDC of a run holds, and that the load generator knows: half of its accounts
 * are users `user1`…, half hosts `host1`… with the services `HTTP/host1.bench.test`…. Keys are
 * random to a KDC and need no file: each is a digest of the account's name.
 */

export const REALM = 'BENCH.TEST';
export const DNS_NAME = 'bench.test';
export const NETBIOS_NAME = 'BENCH';
/** Our controller's name. */
export const CONTROLLER = 'DC';

/** How many accounts of each kind a realm of `accounts` has. */
export interface RealmSize {
  readonly users: number;
  readonly hosts: number;
  /** The first hosts are the middles of hops. */
  readonly middles: number;
}

const MAX_MIDDLES = 100;
/** Middles that each target lets act for users (RBCD). */
export const GRANTED_MIDDLES = 3;

/** The parts of a realm. */
export function realmSize(accounts: number): RealmSize {
  const hosts = Math.floor(accounts / 2);
  return { users: accounts - hosts, hosts, middles: Math.min(MAX_MIDDLES, hosts) };
}

export function userName(number: number): string {
  return `user${number}`;
}

/** sAMAccountName of a host's account. */
export function hostAccount(number: number): string {
  return `host${number}$`;
}

export function hostDnsName(number: number): string {
  return `host${number}.${DNS_NAME}`;
}

/** The service of a host. */
export function serviceName(number: number): string {
  return `HTTP/${hostDnsName(number)}`;
}

/** Numbers of the middles that the target `host` lets act for users. */
export function middlesOf(host: number, { middles }: RealmSize): number[] {
  const count = Math.min(GRANTED_MIDDLES, middles);
  return Array.from({ length: count }, (_, step) => ((host + step) % middles) + 1);
}

/** Octets of the AES256 key of an account, by the name that it has here. */
export function keyOctets(account: string): Uint8Array {
  return createHash('sha256').update(`key of ${account}`).digest();
}

/** The same as a key. */
export function keyOf(account: string): Key {
  return Key.of(etypes.aes256CtsHmacSha1, keyOctets(account));
}
