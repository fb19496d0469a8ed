import { concat } from '@doublehop/wire/bytes';
import { NO_BINDINGS } from './channel-bindings.ts';
import { GssFlag } from './flags.ts';
import { gssError } from './gss-error.ts';

/** The checksum of type 0x8003 in a GSS-API authenticator (RFC 4121 §4.1.1). */
export interface GssChecksum {
  /** Bnd: hash of the channel bindings, zeros without. 16 octets. */
  readonly bindings: Uint8Array;
  /** Context flags. */
  readonly flags: number;
  /** DER of a KRB-CRED, where `flags` has DELEG. */
  readonly delegation?: Uint8Array | undefined;
}

/** The octets of the checksum. Throws KerberosError `gss` for a KRB-CRED that does not fit. */
export function encodeGssChecksum({ bindings, flags, delegation }: GssChecksum): Uint8Array {
  const fixed = new Uint8Array(FIXED_SIZE);
  const view = new DataView(fixed.buffer);
  view.setUint32(0, NO_BINDINGS.length, true);
  fixed.set(bindings, 4);
  view.setUint32(20, flags, true);
  if (delegation === undefined) return fixed;
  if (delegation.length > 0xffff) {
    throw gssError('GSS_S_FAILURE', 'the delegated ticket is too large for a GSS-API token');
  }
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint16(0, DELEGATION_OPTION, true);
  new DataView(head.buffer).setUint16(2, delegation.length, true);
  return concat(fixed, head, delegation);
}

/**
 * Reads the checksum. What follows (extensions) is ignored, as RFC 4121 §4.1.1 tells to.
 * Throws KerberosError `gss`.
 */
export function decodeGssChecksum(bytes: Uint8Array): GssChecksum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < FIXED_SIZE || view.getUint32(0, true) !== NO_BINDINGS.length) {
    throw defective();
  }
  const bindings = bytes.subarray(4, 20);
  const flags = view.getUint32(20, true);
  if ((flags & GssFlag.DELEG) === 0) return { bindings, flags };
  const start = FIXED_SIZE + 4;
  if (bytes.length < start || view.getUint16(24, true) !== DELEGATION_OPTION) throw defective();
  const end = start + view.getUint16(26, true);
  if (end > bytes.length) throw defective();
  return { bindings, flags, delegation: bytes.subarray(start, end) };
}

/** Lgth, Bnd, Flags. */
const FIXED_SIZE = 24;

/** DlgOpt: the only value there is. */
const DELEGATION_OPTION = 1;

function defective(): Error {
  return gssError('GSS_S_DEFECTIVE_TOKEN', 'the checksum of the authenticator is malformed');
}
