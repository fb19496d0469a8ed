import { DomainControllerError } from '../../errors.ts';
import { MANAGED_PASSWORD_LENGTH } from './group-keys.ts';

/** MSDS-MANAGEDPASSWORD_BLOB (MS-ADTS 2.2.19): what msDS-ManagedPassword holds. */
export interface ManagedPasswordBlob {
  /** UTF-16LE; secret. */
  readonly current: Uint8Array;
  readonly previous: Uint8Array | undefined;
  /** Units of 100 ns after which the password should be read again. */
  readonly queryInterval: bigint;
  /** Units of 100 ns in which it surely stays. */
  readonly unchangedInterval: bigint;
}

const HEADER = 16;
const TERMINATED = MANAGED_PASSWORD_LENGTH + 2;
/** Far more than two passwords of any length that is known. */
const MAX_BLOB = 4096;

export function encodePasswordBlob(blob: ManagedPasswordBlob): Uint8Array {
  const { current, previous, queryInterval, unchangedInterval } = blob;
  const passwords = previous === undefined ? 1 : 2;
  // Windows puts nothing before the intervals, though MS-ADTS 2.2.19 would align them.
  const intervals = HEADER + passwords * TERMINATED;
  const bytes = new Uint8Array(intervals + 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1, true);
  view.setUint32(4, bytes.length, true);
  view.setUint16(8, HEADER, true);
  view.setUint16(10, previous === undefined ? 0 : HEADER + TERMINATED, true);
  view.setUint16(12, intervals, true);
  view.setUint16(14, intervals + 8, true);
  bytes.set(current, HEADER);
  if (previous !== undefined) bytes.set(previous, HEADER + TERMINATED);
  view.setBigUint64(intervals, queryInterval, true);
  view.setBigUint64(intervals + 8, unchangedInterval, true);
  return bytes;
}

/** Throws DomainControllerError `config` for octets that are none. */
export function decodePasswordBlob(bytes: Uint8Array): ManagedPasswordBlob {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || bytes.length > MAX_BLOB || view.getUint16(0, true) !== 1) {
    throw damaged();
  }
  if (view.getUint32(4, true) !== bytes.length) throw damaged();
  const [current, previous, query, unchanged] = [8, 10, 12, 14].map((at) =>
    view.getUint16(at, true),
  );
  return {
    current: textAt(view, bytes, current ?? 0),
    previous: previous === 0 ? undefined : textAt(view, bytes, previous ?? 0),
    queryInterval: intervalAt(view, query ?? 0),
    unchangedInterval: intervalAt(view, unchanged ?? 0),
  };
}

function textAt(view: DataView, bytes: Uint8Array, start: number): Uint8Array {
  if (start < HEADER) throw damaged();
  for (let at = start; at + 2 <= bytes.length; at += 2) {
    if (view.getUint16(at, true) === 0) return bytes.slice(start, at);
  }
  throw damaged();
}

function intervalAt(view: DataView, at: number): bigint {
  if (at < HEADER || at + 8 > view.byteLength) throw damaged();
  return view.getBigUint64(at, true);
}

function damaged(): DomainControllerError {
  return new DomainControllerError('config', 'the managed password cannot be read');
}
