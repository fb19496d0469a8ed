import { DirectoryError } from '@doublehop/directory/errors';
import {
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
  return encodeDescriptor({ ...kept, ...partsOf(next, flags) });
}

function partsOf(descriptor: SecurityDescriptor, flags: number): SecurityDescriptor {
  const { control, rmControl, owner, group, dacl, sacl } = descriptor;
  return {
    control,
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
