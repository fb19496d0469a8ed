import { SecurityError } from './errors.ts';
import { GUID_SIZE, type Guid, decodeGuid, encodeGuid } from './guid.ts';
import { MAX_ACL_SIZE } from './limits.ts';
import { type Sid, decodeSid, encodeSid, sidSize } from './sid.ts';

/** ACE types (MS-DTYP 2.4.4.1). */
export const AceType = {
  allowed: 0x00,
  denied: 0x01,
  audit: 0x02,
  alarm: 0x03,
  allowedCompound: 0x04,
  allowedObject: 0x05,
  deniedObject: 0x06,
  auditObject: 0x07,
  alarmObject: 0x08,
  allowedCallback: 0x09,
  deniedCallback: 0x0a,
  allowedCallbackObject: 0x0b,
  deniedCallbackObject: 0x0c,
  auditCallback: 0x0d,
  alarmCallback: 0x0e,
  auditCallbackObject: 0x0f,
  alarmCallbackObject: 0x10,
  mandatoryLabel: 0x11,
  resourceAttribute: 0x12,
  scopedPolicy: 0x13,
} as const;

/** ACE flags (MS-DTYP 2.4.4.1). */
export const AceFlag = {
  objectInherit: 0x01,
  containerInherit: 0x02,
  noPropagate: 0x04,
  inheritOnly: 0x08,
  inherited: 0x10,
  successfulAccess: 0x40,
  failedAccess: 0x80,
} as const;

/** The SID that opaque ACEs carry: "used when the SID is unknown" (MS-DTYP 2.4.2.4). */
export const NULL_SID: Sid = 'S-1-0-0';

/**
 * One access control entry. What `raw` holds is what is written back: the other fields are a
 * reading of it. An ACE whose type is not known is opaque: mask 0 and the NULL SID.
 */
export interface Ace {
  /** One of `AceType`, or a number that this package does not know. */
  readonly type: number;
  /** Bits of `AceFlag`. */
  readonly flags: number;
  /** Rights, as an unsigned 32-bit number. */
  readonly mask: number;
  /** The trustee. */
  readonly sid: Sid;
  /** Attribute, property set, extended right or class that an object ACE is about. */
  readonly objectType?: Guid;
  /** Class of the objects that inherit an object ACE. */
  readonly inheritedObjectType?: Guid;
  /** Conditional expression with its signature, of callback ACEs (MS-DTYP 2.4.4.17.4). */
  readonly condition?: Uint8Array;
  /** Whatever follows the SID in callback and resource attribute ACEs, condition or not. */
  readonly applicationData?: Uint8Array;
  /** The bytes as they stood, header and padding included. */
  readonly raw: Uint8Array;
}

/** What is needed to make an ACE; mask defaults to nothing, flags to none. */
export interface AceFields {
  readonly type: number;
  readonly flags?: number;
  readonly mask: number;
  readonly sid: Sid;
  readonly objectType?: Guid;
  readonly inheritedObjectType?: Guid;
  /** Condition or other application data; padded with zeros to a multiple of four. */
  readonly applicationData?: Uint8Array;
}

const HEADER = 4;
const MASK_END = 8;
const OBJECT_TYPE_PRESENT = 1;
const INHERITED_TYPE_PRESENT = 2;

/** Types whose layout is header, mask, SID and perhaps application data. */
const SIMPLE: ReadonlySet<number> = new Set([
  AceType.allowed,
  AceType.denied,
  AceType.audit,
  AceType.alarm,
  AceType.allowedCallback,
  AceType.deniedCallback,
  AceType.auditCallback,
  AceType.alarmCallback,
  AceType.mandatoryLabel,
  AceType.resourceAttribute,
  AceType.scopedPolicy,
]);

/** Types with object flags and up to two GUIDs before the SID (MS-DTYP 2.4.4.3). */
const OBJECT: ReadonlySet<number> = new Set([
  AceType.allowedObject,
  AceType.deniedObject,
  AceType.auditObject,
  AceType.alarmObject,
  AceType.allowedCallbackObject,
  AceType.deniedCallbackObject,
  AceType.auditCallbackObject,
  AceType.alarmCallbackObject,
]);

const CALLBACK: ReadonlySet<number> = new Set([
  AceType.allowedCallback,
  AceType.deniedCallback,
  AceType.auditCallback,
  AceType.alarmCallback,
  AceType.allowedCallbackObject,
  AceType.deniedCallbackObject,
  AceType.auditCallbackObject,
  AceType.alarmCallbackObject,
]);

/** `artx`, the first bytes of a conditional expression (MS-DTYP 2.4.4.17.4). */
export const CONDITION_SIGNATURE: readonly number[] = [0x61, 0x72, 0x74, 0x78];

/** Whether an ACE type carries object GUIDs. */
export function isObjectType(type: number): boolean {
  return OBJECT.has(type);
}

/** Whether an ACE type is a callback type, the ones that may be conditional. */
function isCallbackType(type: number): boolean {
  return CALLBACK.has(type);
}

/** Whether this package cannot read the insides of an ACE of this type. */
export function isOpaqueType(type: number): boolean {
  return !SIMPLE.has(type) && !OBJECT.has(type);
}

/** Reads the ACE at `offset`; its `raw` is a view, not a copy. Throws `truncated` and others. */
export function decodeAce(bytes: Uint8Array, offset = 0): Ace {
  const raw = sliceAce(bytes, offset);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const type = view.getUint8(0);
  const flags = view.getUint8(1);
  if (isOpaqueType(type)) return { type, flags, mask: 0, sid: NULL_SID, raw };
  if (raw.length < MASK_END) throw new SecurityError('truncated', 'ace', 'no mask', { offset });
  const mask = view.getUint32(HEADER, true);
  const object = isObjectType(type) ? objectFields(view, raw) : { end: MASK_END };
  const { end, ...guids } = object;
  const sid = decodeSid(raw, end);
  const tail = raw.subarray(end + sidSize(raw, end));
  return { type, flags, mask, sid, ...guids, ...tailFields(type, tail), raw };
}

/** Makes an ACE and its bytes. Throws `oversize` when it would not fit in an ACL. */
export function buildAce(fields: AceFields): Ace {
  const { type, flags = 0, mask, sid, objectType, inheritedObjectType, applicationData } = fields;
  if (isOpaqueType(type)) throw new RangeError(`ACE type ${type} has no known layout`);
  const parts: Uint8Array[] = [];
  if (isObjectType(type)) {
    const present = new Uint8Array(4);
    if (objectType !== undefined) present[0] = OBJECT_TYPE_PRESENT;
    if (inheritedObjectType !== undefined) present[0] = (present[0] ?? 0) | INHERITED_TYPE_PRESENT;
    parts.push(present);
    if (objectType !== undefined) parts.push(encodeGuid(objectType));
    if (inheritedObjectType !== undefined) parts.push(encodeGuid(inheritedObjectType));
  }
  parts.push(encodeSid(sid));
  if (applicationData !== undefined) parts.push(applicationData);
  return decodeAce(join(type, flags, mask, parts));
}

function join(type: number, flags: number, mask: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, MASK_END);
  const size = (length + 3) & ~3;
  if (size > MAX_ACL_SIZE) throw new SecurityError('oversize', 'ace', `${size} bytes`);
  const raw = new Uint8Array(size);
  const view = new DataView(raw.buffer);
  view.setUint8(0, type);
  view.setUint8(1, flags);
  view.setUint16(2, size, true);
  view.setUint32(HEADER, mask, true);
  let at = MASK_END;
  for (const part of parts) {
    raw.set(part, at);
    at += part.length;
  }
  return raw;
}

function sliceAce(bytes: Uint8Array, offset: number): Uint8Array {
  if (offset + HEADER > bytes.length) {
    throw new SecurityError('truncated', 'ace', 'ends before its header', { offset });
  }
  const size = (bytes[offset + 2] ?? 0) | ((bytes[offset + 3] ?? 0) << 8);
  if (size < HEADER || size % 4 !== 0) {
    throw new SecurityError('length', 'ace', `size ${size}`, { offset });
  }
  if (offset + size > bytes.length) {
    throw new SecurityError('truncated', 'ace', `needs ${size} bytes`, { offset });
  }
  return bytes.subarray(offset, offset + size);
}

interface ObjectFields {
  readonly end: number;
  readonly objectType?: Guid;
  readonly inheritedObjectType?: Guid;
}

function objectFields(view: DataView, raw: Uint8Array): ObjectFields {
  if (raw.length < MASK_END + 4) throw new SecurityError('truncated', 'ace', 'no object flags');
  const present = view.getUint32(MASK_END, true);
  let end = MASK_END + 4;
  let objectType: Guid | undefined;
  let inheritedObjectType: Guid | undefined;
  if ((present & OBJECT_TYPE_PRESENT) !== 0) {
    objectType = decodeGuid(raw, end);
    end += GUID_SIZE;
  }
  if ((present & INHERITED_TYPE_PRESENT) !== 0) {
    inheritedObjectType = decodeGuid(raw, end);
    end += GUID_SIZE;
  }
  return {
    end,
    ...(objectType === undefined ? {} : { objectType }),
    ...(inheritedObjectType === undefined ? {} : { inheritedObjectType }),
  };
}

function tailFields(type: number, tail: Uint8Array): Pick<Ace, 'condition' | 'applicationData'> {
  if (tail.length === 0) return {};
  if (type === AceType.resourceAttribute) return { applicationData: tail };
  if (!isCallbackType(type)) return {};
  const conditional = CONDITION_SIGNATURE.every((byte, index) => tail[index] === byte);
  return conditional ? { condition: tail, applicationData: tail } : { applicationData: tail };
}
