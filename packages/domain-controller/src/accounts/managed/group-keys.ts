import { Hmac } from '@doublehop/crypto/hmac';
import { encodeGuid, type Guid } from '@doublehop/security/guid';
import { encodeSid, type Sid } from '@doublehop/security/sid';
import { concat, fromHex } from '@doublehop/wire/bytes';

/** Octets of a root key and of every key derived of it (MS-GKDI 3.1.4.1.1). */
export const GROUP_KEY_LENGTH = 64;

/** How long one key lasts: ten hours, in units of 100 ns (MS-GKDI 3.1.4.1: KEY_CYCLE_DURATION). */
export const KEY_CYCLE = 360_000_000_000n;

/** Octets of a managed password (MS-ADTS 2.2.19). */
export const MANAGED_PASSWORD_LENGTH = 256;

/** A key's place in time (MS-GKDI 2.2.4): each index counts 32 of the next. */
export interface KeyPlace {
  readonly l0: number;
  readonly l1: number;
  readonly l2: number;
}

/** A key that others are derived of (MS-ADA2 msKds-ProvRootKey). */
export interface RootKey {
  readonly id: Guid;
  /** GROUP_KEY_LENGTH octets; secret. */
  readonly data: Uint8Array;
}

/** The place of a time, a Windows file time. */
export function placeAt(time: bigint): KeyPlace {
  return placeOf(time / KEY_CYCLE);
}

/** How many cycles after 1601 a key begins. */
export function cycleOf({ l0, l1, l2 }: KeyPlace): bigint {
  return (BigInt(l0) * 32n + BigInt(l1)) * 32n + BigInt(l2);
}

/** The place of a cycle. */
export function placeOf(cycle: bigint): KeyPlace {
  return { l0: Number(cycle / 1024n), l1: Number((cycle / 32n) % 32n), l2: Number(cycle % 32n) };
}

/**
 * The L2 seed key of a place for who `descriptor` lets have it (MS-GKDI 3.1.4.1.2): from the root
 * down to L0, then backwards from 31 on each level, so that an older key follows of a newer one.
 */
export function seedKey(
  { id, data }: RootKey,
  descriptor: Uint8Array,
  { l0, l1, l2 }: KeyPlace,
): Uint8Array {
  const root = encodeGuid(id);
  const next = (key: Uint8Array, a: number, b: number, more: Uint8Array = NOTHING): Uint8Array =>
    derive(key, SERVICE, concat(root, number(l0), number(a), number(b), more), GROUP_KEY_LENGTH);
  let key = next(next(data, -1, -1), 31, -1, descriptor);
  for (let at = 30; at >= l1; at -= 1) key = next(key, at, -1);
  for (let at = 31; at >= l2; at -= 1) key = next(key, l1, at);
  return key;
}

/**
 * The password of a group managed service account while a key is in use (MS-ADTS 3.1.1.4.5.39):
 * UTF-16LE of any sort, without a terminator in it.
 */
export function managedPassword(root: RootKey, account: Sid, place: KeyPlace): Uint8Array {
  const key = seedKey(root, GMSA_DESCRIPTOR, place);
  const password = derive(key, GMSA_PASSWORD, encodeSid(account), MANAGED_PASSWORD_LENGTH);
  key.fill(0);
  for (let at = 0; at < password.length; at += 2) {
    // A character that would end the password becomes another one, as Windows has it.
    if (password[at] === 0 && password[at + 1] === 0) password[at] = 1;
  }
  return password;
}

const NOTHING: Uint8Array = new Uint8Array(0);
const SERVICE = labelOf('KDS service');
const GMSA_PASSWORD = labelOf('GMSA PASSWORD');

/**
 * Who may have the keys of managed passwords: `O:SYD:(A;;FRFW;;;ED)`, domain controllers. The keys
 * hang on its octets, the owner behind the DACL among them.
 */
export const GMSA_DESCRIPTOR: Uint8Array = fromHex(
  '01000480300000000000000000000000140000000200' +
    '1c000100000000001400' +
    '9f011200010100000000000509000000' +
    '010100000000000512000000',
);

/** NIST SP 800-108 §5.1: counter mode with HMAC-SHA512, counter and length of 32 bits. */
function derive(
  key: Uint8Array,
  label: Uint8Array,
  context: Uint8Array,
  octets: number,
): Uint8Array {
  const size = bigEndian(octets * 8);
  const mac = new Hmac('sha512', key);
  const parts: Uint8Array[] = [];
  for (let counter = 1; parts.length * 64 < octets; counter += 1) {
    parts.push(mac.digest(concat(bigEndian(counter), label, Uint8Array.of(0), context, size)));
  }
  return concat(...parts).slice(0, octets);
}

function labelOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(`${text}\0`, 'utf16le'));
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, false);
  return bytes;
}
