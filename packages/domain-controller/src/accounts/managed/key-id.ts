import { decodeGuid, encodeGuid, type Guid } from '@doublehop/security/guid';
import { concat } from '@doublehop/wire/bytes';
import type { KeyPlace } from './group-keys.ts';

/** Which key a managed password is of: msDS-ManagedPasswordId (MS-GKDI 2.2.4). */
export interface ManagedKeyId {
  readonly place: KeyPlace;
  readonly root: Guid;
  /** DNS names. */
  readonly domain: string;
  readonly forest: string;
}

/** `KDSK`. */
const MAGIC = 0x4b53_444b;
const HEADER = 52;

export function encodeKeyId({ place, root, domain, forest }: ManagedKeyId): Uint8Array {
  const names = [domain, forest].map((name) => Buffer.from(`${name}\0`, 'utf16le'));
  const [domainName = Buffer.of(), forestName = Buffer.of()] = names;
  const head = new Uint8Array(HEADER);
  const view = new DataView(head.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(4, MAGIC, true);
  view.setUint32(12, place.l0, true);
  view.setUint32(16, place.l1, true);
  view.setUint32(20, place.l2, true);
  head.set(encodeGuid(root), 24);
  // No public key; then the octets of the names (MS-GKDI 2.2.4).
  view.setUint32(44, domainName.length, true);
  view.setUint32(48, forestName.length, true);
  return concat(head, domainName, forestName);
}

/** The place and the root key of an identifier; undefined for octets that are none. */
export function decodeKeyId(bytes: Uint8Array): Pick<ManagedKeyId, 'place' | 'root'> | undefined {
  if (bytes.length < HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 1 || view.getUint32(4, true) !== MAGIC) return undefined;
  const [l0, l1, l2] = [12, 16, 20].map((at) => view.getUint32(at, true));
  if (l0 === undefined || l1 === undefined || l2 === undefined || l1 > 31 || l2 > 31) {
    return undefined;
  }
  return { place: { l0, l1, l2 }, root: decodeGuid(bytes, 24) };
}
