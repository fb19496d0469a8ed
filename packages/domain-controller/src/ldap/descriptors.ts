import { DirectoryError } from '@doublehop/directory/errors';
import {
  Control,
  decodeDescriptor,
  encodeDescriptor,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';

/** Parts of a descriptor by the bits of LDAP_SERVER_SD_FLAGS (MS-ADTS 3.1.1.3.4.1.11). */
export const SdFlag = { owner: 1, group: 2, dacl: 4, sacl: 8 } as const;

/** Every part of a descriptor. */
export const ALL_PARTS = 15;

/** A descriptor with the named parts only; what does not decode is shown as it is. */
export function visibleParts(bytes: Uint8Array, flags: number): Uint8Array {
  try {
    return encodeDescriptor(partsOf(decodeDescriptor(bytes), flags));
  } catch (error) {
    if (error instanceof SecurityError) return bytes;
    throw error;
  }
}

/**
 * The descriptor that a write leaves: the named parts from the new one, the others from the present
 * one. Throws constraintViolation for octets that are no descriptor.
 */
export function mergedDescriptor(
  present: Uint8Array | undefined,
  given: Uint8Array,
  flags: number,
): Uint8Array {
  const next = decoded(given);
  if (present === undefined) return encodeDescriptor(next);
  const kept = partsOf(decoded(present), ~flags);
  const written = partsOf(next, flags);
  return encodeDescriptor({ ...kept, ...written, control: kept.control | written.control });
}

/** Control bits that belong to the parts, as those do to the bits of `SdFlag`. */
const PART_CONTROL: readonly (readonly [part: number, control: number])[] = [
  [SdFlag.owner, Control.ownerDefaulted],
  [SdFlag.group, Control.groupDefaulted],
  [
    SdFlag.dacl,
    Control.daclDefaulted |
      Control.daclAutoInheritRequired |
      Control.daclAutoInherited |
      Control.daclProtected,
  ],
  [
    SdFlag.sacl,
    Control.saclDefaulted |
      Control.saclAutoInheritRequired |
      Control.saclAutoInherited |
      Control.saclProtected,
  ],
];

function controlOf(control: number, flags: number): number {
  const parts = PART_CONTROL.filter(([part]) => (flags & part) !== 0);
  const mask = parts.reduce<number>((all, [, bits]) => all | bits, Control.rmControlValid);
  return control & mask;
}

function partsOf(descriptor: SecurityDescriptor, flags: number): SecurityDescriptor {
  const { control, rmControl, owner, group, dacl, sacl } = descriptor;
  return {
    control: controlOf(control, flags),
    ...(rmControl === undefined ? {} : { rmControl }),
    ...(owner === undefined || (flags & SdFlag.owner) === 0 ? {} : { owner }),
    ...(group === undefined || (flags & SdFlag.group) === 0 ? {} : { group }),
    ...(dacl === undefined || (flags & SdFlag.dacl) === 0 ? {} : { dacl }),
    ...(sacl === undefined || (flags & SdFlag.sacl) === 0 ? {} : { sacl }),
  };
}

/** ERROR_INVALID_SECURITY_DESCR. */
const INVALID_DESCRIPTOR = 0x53a;

function decoded(bytes: Uint8Array): SecurityDescriptor {
  try {
    return decodeDescriptor(bytes);
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    const win32 = INVALID_DESCRIPTOR;
    throw new DirectoryError('constraintViolation', 'not a security descriptor', { win32 });
  }
}
