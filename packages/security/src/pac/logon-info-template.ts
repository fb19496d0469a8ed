import { Buffer } from 'node:buffer';
import { plain } from '@doublehop/wire/bytes';
import { SecurityError } from '../errors.ts';
import { encodeLogonInfo, type LogonInfo } from './logon-info.ts';

/** What of a KERB_VALIDATION_INFO is a ticket's or an account's own. */
export type OwnLogonInfo = Pick<
  LogonInfo,
  | 'logonTime'
  | 'passwordLastSet'
  | 'passwordCanChange'
  | 'effectiveName'
  | 'fullName'
  | 'logonCount'
  | 'badPasswordCount'
  | 'userId'
  | 'primaryGroupId'
  | 'userAccountControl'
>;

/** The rest: the same for accounts that are in the same groups. */
export type SharedLogonInfo = Omit<LogonInfo, keyof OwnLogonInfo>;

/**
 * Where fields of a KERB_VALIDATION_INFO stand (MS-PAC 2.5), counted with the common header, the
 * private header and the referent of the top-level pointer (MS-RPCE 2.2.6.1, 2.2.6.2).
 */
const AT = {
  objectSize: 8,
  logonTime: 20,
  passwordLastSet: 44,
  passwordCanChange: 52,
  effectiveName: 68,
  fullName: 76,
  logonCount: 116,
  badPasswordCount: 118,
  userId: 120,
  primaryGroupId: 124,
  userAccountControl: 184,
  /** What pointers point to: the two names first. */
  referents: 236,
} as const;

/** Where LogonTime stands, for who has the same structure with another one. */
export const LOGON_TIME_AT = AT.logonTime;

/** Bytes of the two headers, which the size of the object leaves out. */
const HEADERS = 16;
/** MaximumCount, Offset and ActualCount of a string's characters (MS-RPCE, C706 §14.3.4.2). */
const STRING_HEADER = 12;
/** RPC_UNICODE_STRING counts bytes in 16 bits (MS-DTYP 2.3.10). */
const MAX_TEXT = 0x7fff;

/**
 * Encodes KERB_VALIDATION_INFOs that have all but their own in common, byte for byte as
 * `encodeLogonInfo` does and many times as fast: the shared part is encoded once.
 */
export class LogonInfoTemplate {
  readonly #head: Buffer;
  readonly #tail: Buffer;

  constructor(shared: SharedLogonInfo) {
    const bare = encodeLogonInfo({ ...shared, ...NOBODY });
    // The whole ends on a multiple of eight: how much of its end is padding, four more bytes tell.
    const longer = encodeLogonInfo({ ...shared, ...NOBODY, effectiveName: 'xx' });
    const end = bare.length - (longer.length === bare.length ? 4 : 0);
    const bytes = Buffer.from(bare);
    this.#head = bytes.subarray(0, AT.referents);
    this.#tail = bytes.subarray(AT.referents + 2 * STRING_HEADER, end);
  }

  encode(own: OwnLogonInfo): Uint8Array {
    const { effectiveName, fullName } = own;
    const fullNameAt = AT.referents + textSize(effectiveName);
    const tailAt = fullNameAt + textSize(fullName);
    const size = aligned(tailAt + this.#tail.length, 8);
    const bytes = Buffer.allocUnsafe(size).fill(0);
    bytes.set(this.#head);
    bytes.set(this.#tail, tailAt);
    bytes.writeUInt32LE(size - HEADERS, AT.objectSize);
    bytes.writeBigUInt64LE(own.logonTime, AT.logonTime);
    bytes.writeBigUInt64LE(own.passwordLastSet, AT.passwordLastSet);
    bytes.writeBigUInt64LE(own.passwordCanChange, AT.passwordCanChange);
    writeText(bytes, effectiveName, AT.effectiveName, AT.referents);
    writeText(bytes, fullName, AT.fullName, fullNameAt);
    bytes.writeUInt16LE(own.logonCount, AT.logonCount);
    bytes.writeUInt16LE(own.badPasswordCount, AT.badPasswordCount);
    bytes.writeUInt32LE(own.userId, AT.userId);
    bytes.writeUInt32LE(own.primaryGroupId, AT.primaryGroupId);
    bytes.writeUInt32LE(own.userAccountControl, AT.userAccountControl);
    return plain(bytes);
  }
}

const NOBODY: OwnLogonInfo = {
  logonTime: 0n,
  passwordLastSet: 0n,
  passwordCanChange: 0n,
  effectiveName: '',
  fullName: '',
  logonCount: 0,
  badPasswordCount: 0,
  userId: 0,
  primaryGroupId: 0,
  userAccountControl: 0,
};

/** Bytes of a string behind its pointer, up to where the next one starts. */
function textSize(text: string): number {
  if (text.length > MAX_TEXT) {
    throw new SecurityError('oversize', 'logon-info', `a name of ${text.length} characters`);
  }
  return STRING_HEADER + aligned(2 * text.length, 4);
}

/** `at`: of its lengths in the structure; `place`: of its characters. The referent is there. */
function writeText(bytes: Buffer, text: string, at: number, place: number): void {
  bytes.writeUInt16LE(2 * text.length, at);
  bytes.writeUInt16LE(2 * text.length, at + 2);
  bytes.writeUInt32LE(text.length, place);
  bytes.writeUInt32LE(0, place + 4);
  bytes.writeUInt32LE(text.length, place + 8);
  bytes.write(text, place + STRING_HEADER, 'utf16le');
}

function aligned(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}
