import { plain } from '@doublehop/wire/bytes';
import { type Ace, decodeAce, isObjectType } from './ace.ts';
import { SecurityError } from './errors.ts';
import { MAX_ACL_SIZE, MAX_DESCRIPTOR_SIZE } from './limits.ts';
import { type Sid, decodeSid, encodeSid } from './sid.ts';

export type { Ace } from './ace.ts';

/** Bits of a descriptor's control field (MS-DTYP 2.4.6). */
export const Control = {
  ownerDefaulted: 0x0001,
  groupDefaulted: 0x0002,
  daclPresent: 0x0004,
  daclDefaulted: 0x0008,
  saclPresent: 0x0010,
  saclDefaulted: 0x0020,
  daclTrusted: 0x0040,
  serverSecurity: 0x0080,
  daclAutoInheritRequired: 0x0100,
  saclAutoInheritRequired: 0x0200,
  daclAutoInherited: 0x0400,
  saclAutoInherited: 0x0800,
  daclProtected: 0x1000,
  saclProtected: 0x2000,
  rmControlValid: 0x4000,
  selfRelative: 0x8000,
} as const;

/** ACL revisions (MS-DTYP 2.4.5): object ACEs need the second one. */
export const AclRevision = { basic: 2, directory: 4 } as const;

/** An access control list (MS-DTYP 2.4.5). */
export interface Acl {
  readonly revision: number;
  readonly aces: readonly Ace[];
}

/**
 * A security descriptor (MS-DTYP 2.4.6). A list that is `undefined` is not present; `'null'` is
 * present with no list behind it, which for a DACL means that everybody is allowed everything;
 * a list without ACEs allows nobody anything.
 */
export interface SecurityDescriptor {
  /** Bits of `Control`; the presence bits follow the fields below when it is encoded. */
  readonly control: number;
  /** Resource manager control byte; only when `rmControlValid` is set. */
  readonly rmControl?: number;
  readonly owner?: Sid;
  readonly group?: Sid;
  readonly sacl?: Acl | 'null';
  readonly dacl?: Acl | 'null';
}

const HEADER = 20;
const ACL_HEADER = 8;

/** Reads a self-relative descriptor; the bytes of its ACEs are views into `input`. */
export function decodeDescriptor(input: Uint8Array): SecurityDescriptor {
  const bytes = plain(input);
  if (bytes.length > MAX_DESCRIPTOR_SIZE) {
    throw new SecurityError('oversize', 'descriptor', `${bytes.length} bytes`);
  }
  if (bytes.length < HEADER) throw new SecurityError('truncated', 'descriptor', 'no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint8(0) !== 1) {
    throw new SecurityError('revision', 'descriptor', `revision ${view.getUint8(0)} is not 1`);
  }
  const control = view.getUint16(2, true);
  if ((control & Control.selfRelative) === 0) {
    throw new SecurityError('value', 'descriptor', 'is not self-relative');
  }
  const owner = sidAt(bytes, view.getUint32(4, true));
  const group = sidAt(bytes, view.getUint32(8, true));
  const sacl = aclAt(bytes, view.getUint32(12, true), control & Control.saclPresent);
  const dacl = aclAt(bytes, view.getUint32(16, true), control & Control.daclPresent);
  return {
    control,
    ...((control & Control.rmControlValid) === 0 ? {} : { rmControl: view.getUint8(1) }),
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
    ...(sacl === undefined ? {} : { sacl }),
    ...(dacl === undefined ? {} : { dacl }),
  };
}

/**
 * Writes the self-relative form in the order owner, group, SACL, DACL, which is how Samba,
 * impacket and this project's peers write msDS-AllowedToActOnBehalfOfOtherIdentity.
 */
export function encodeDescriptor(descriptor: SecurityDescriptor): Uint8Array {
  const { owner, group, sacl, dacl } = descriptor;
  const parts = [
    owner === undefined ? undefined : encodeSid(owner),
    group === undefined ? undefined : encodeSid(group),
    sacl === undefined || sacl === 'null' ? undefined : encodeAcl(sacl),
    dacl === undefined || dacl === 'null' ? undefined : encodeAcl(dacl),
  ];
  const size = parts.reduce((sum, part) => sum + (part?.length ?? 0), HEADER);
  if (size > MAX_DESCRIPTOR_SIZE) {
    throw new SecurityError('oversize', 'descriptor', `${size} bytes`);
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, descriptor.rmControl ?? 0);
  view.setUint16(2, encodedControl(descriptor), true);
  let at = HEADER;
  for (const [index, part] of parts.entries()) {
    if (part === undefined) continue;
    view.setUint32(4 + 4 * index, at, true);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The revision that a list of these ACEs needs: object ACEs need the directory's. */
export function neededRevision(aces: readonly Ace[]): number {
  return aces.some((ace) => isObjectType(ace.type)) ? AclRevision.directory : AclRevision.basic;
}

/** Reads an ACL (MS-DTYP 2.4.5) at `offset`. */
function decodeAcl(bytes: Uint8Array, offset: number): Acl {
  if (offset + ACL_HEADER > bytes.length) {
    throw new SecurityError('truncated', 'acl', 'ends before its header', { offset });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, bytes.length - offset);
  const revision = view.getUint8(0);
  const size = view.getUint16(2, true);
  const count = view.getUint16(4, true);
  if (revision < AclRevision.basic || revision > AclRevision.directory) {
    throw new SecurityError('revision', 'acl', `revision ${revision}`, { offset });
  }
  if (size < ACL_HEADER || size > view.byteLength) {
    throw new SecurityError('truncated', 'acl', `size ${size}`, { offset });
  }
  const end = offset + size;
  const within = bytes.subarray(0, end);
  const aces: Ace[] = [];
  let at = offset + ACL_HEADER;
  for (let index = 0; index < count; index += 1) {
    const ace = decodeAce(within, at);
    aces.push(ace);
    at += ace.raw.length;
  }
  return { revision, aces };
}

/** Writes an ACL: the raw bytes of its ACEs, one after the other. */
function encodeAcl(acl: Acl): Uint8Array {
  const size = acl.aces.reduce((sum, ace) => sum + ace.raw.length, ACL_HEADER);
  if (size > MAX_ACL_SIZE) throw new SecurityError('oversize', 'acl', `${size} bytes`);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, acl.revision);
  view.setUint16(2, size, true);
  view.setUint16(4, acl.aces.length, true);
  let at = ACL_HEADER;
  for (const ace of acl.aces) {
    bytes.set(ace.raw, at);
    at += ace.raw.length;
  }
  return bytes;
}

function sidAt(bytes: Uint8Array, offset: number): Sid | undefined {
  if (offset === 0) return undefined;
  checkOffset(bytes, offset);
  return decodeSid(bytes, offset);
}

/** A list counts only when its presence bit is set, wherever its offset points (2.4.6, DP). */
function aclAt(bytes: Uint8Array, offset: number, present: number): Acl | 'null' | undefined {
  if (present === 0) return undefined;
  if (offset === 0) return 'null';
  checkOffset(bytes, offset);
  return decodeAcl(bytes, offset);
}

function checkOffset(bytes: Uint8Array, offset: number): void {
  if (offset < HEADER || offset >= bytes.length) {
    throw new SecurityError('truncated', 'descriptor', 'points outside itself', { offset });
  }
}

function encodedControl(descriptor: SecurityDescriptor): number {
  let control = descriptor.control & ~(Control.daclPresent | Control.saclPresent);
  if (descriptor.dacl !== undefined) control |= Control.daclPresent;
  if (descriptor.sacl !== undefined) control |= Control.saclPresent;
  return control | Control.selfRelative;
}
