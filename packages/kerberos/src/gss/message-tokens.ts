import { checksumLength } from '@doublehop/crypto/checksum';
import type { Key } from '@doublehop/crypto/key';
import { isLegacyEncryptionType } from '@doublehop/crypto/policy';
import type { RandomSource } from '@doublehop/crypto/random';
import { concat, equal, plain } from '@doublehop/wire/bytes';
import { KeyUsage } from '../iana/key-usages.ts';
import { MAX_GSS_MESSAGE } from '../limits.ts';
import { gssError, reading } from './gss-error.ts';

/** Which side of a context sent a token: it chooses flag and key usages (RFC 4121 §2, §4.2.2). */
export type Role = 'initiator' | 'acceptor';

/** What a token is made with. */
export interface Sender {
  readonly role: Role;
  readonly key: Key;
  /** `key` is the subkey that the acceptor asserted. */
  readonly acceptorSubkey: boolean;
  /** Number of the token. */
  readonly sequence: number;
}

/** What a token is checked with. */
export interface Receiver {
  /** The peer's role. */
  readonly peer: Role;
  /** The key for a token whose AcceptorSubkey flag is or is not set; undefined: no such key. */
  readonly keyOf: (acceptorSubkey: boolean) => Key | undefined;
}

/** What a wrap token held. */
export interface Unwrapped {
  readonly message: Uint8Array;
  /** The message was encrypted. */
  readonly sealed: boolean;
  readonly sequence: number;
}

/** A sealed token in two parts, as gss_wrap_iov gives them to those who place them apart. */
export interface SplitToken {
  readonly header: Uint8Array;
  /** As long as the message. */
  readonly data: Uint8Array;
}

/** A sealed wrap token (RFC 4121 §4.2.4), EC 0, rotated right by `rotation` octets. */
export function sealToken(
  sender: Sender,
  message: Uint8Array,
  random: RandomSource,
  rotation = 0,
): Uint8Array {
  const header = tokenHeader(WRAP_ID, sender, Flag.SEALED, message);
  const usage = USAGES[sender.role].seal;
  const cipher = sender.key.encrypt(usage, concat(message, header), random);
  // The encrypted copy of the header has RRC 0 (RFC 4121 §4.2.4).
  new DataView(header.buffer).setUint16(6, rotation);
  return concat(header, rotateRight(cipher, rotation));
}

/**
 * The same, split where the message's own ciphertext begins: behind the header stand the rotated
 * copy of the header and MAC, and the confounder (the form of MIT's and Windows' IOV calls).
 */
export function sealSplit(sender: Sender, message: Uint8Array, random: RandomSource): SplitToken {
  const rotation = windowsRotation(sender.key, true);
  const token = sealToken(sender, message, random, rotation);
  const at = HEADER_SIZE + rotation + CONFOUNDER_SIZE;
  return { header: token.subarray(0, at), data: token.subarray(at) };
}

/**
 * By how many octets Windows rotates wrap tokens: what is not the message stands before it, 28
 * octets of a sealed token and 12 of another with AES-SHA1 (MS-KILE 3.4.5.4.1). Some clients made
 * for Windows know no other number.
 */
export function windowsRotation(key: Key, seal: boolean): number {
  return (seal ? HEADER_SIZE : 0) + macSize(key);
}

/**
 * A wrap token with the message in clear and a checksum (RFC 4121 §4.2.4), rotated right by
 * `rotation` octets.
 */
export function signToken(sender: Sender, message: Uint8Array, rotation = 0): Uint8Array {
  const header = tokenHeader(WRAP_ID, sender, 0, message);
  // A wrap token is always checked with the key usage of sealing (RFC 4121 §2).
  const checksum = sender.key.checksum(USAGES[sender.role].seal, concat(message, header));
  const view = new DataView(header.buffer);
  view.setUint16(4, checksum.length);
  view.setUint16(6, rotation);
  return concat(header, rotateRight(concat(message, checksum), rotation));
}

/** A MIC token (RFC 4121 §4.2.6.1). */
export function micToken(sender: Sender, message: Uint8Array): Uint8Array {
  const header = tokenHeader(MIC_ID, sender, 0, message);
  header.fill(0xff, 4, 8);
  return concat(header, sender.key.checksum(USAGES[sender.role].sign, concat(message, header)));
}

/** Opens a wrap token, sealed or not, whatever EC and RRC. Throws KerberosError `gss`. */
export function openToken(receiver: Receiver, input: Uint8Array): Unwrapped {
  // A Buffer's slice would be a view, and the header's copy is changed below.
  const token = plain(input);
  const { view, flags, key, sequence } = readHeader(WRAP_ID, receiver, token);
  const ec = view.getUint16(4);
  const body = rotateLeft(token.subarray(HEADER_SIZE), view.getUint16(6));
  const usage = USAGES[receiver.peer].seal;
  const sealed = (flags & Flag.SEALED) !== 0;
  const header = token.slice(0, HEADER_SIZE);
  header.fill(0, sealed ? 6 : 4, 8);
  if (!sealed) return { message: verifyBody(key, usage, { body, header, ec }), sealed, sequence };
  const text = plain(reading('the wrap token', () => decryptBody(key, usage, body)));
  const end = text.length - HEADER_SIZE;
  if (end < ec || !equal(text.subarray(end), header)) throw badMic('the wrap token was changed');
  return { message: text.subarray(0, end - ec), sealed, sequence };
}

/** Verifies a MIC token and returns its number. Throws KerberosError `gss`. */
export function verifyMicToken(receiver: Receiver, message: Uint8Array, token: Uint8Array): number {
  checkSize(message);
  const { key, sequence } = readHeader(MIC_ID, receiver, token);
  const data = concat(message, token.subarray(0, HEADER_SIZE));
  if (!key.verifyChecksum(USAGES[receiver.peer].sign, data, token.subarray(HEADER_SIZE))) {
    throw badMic('the MIC does not belong to the message');
  }
  return sequence;
}

/** Octets that a wrap token is longer than its message. */
export function wrapOverhead(key: Key, seal: boolean): number {
  const sealing = seal ? CONFOUNDER_SIZE + HEADER_SIZE : 0;
  return HEADER_SIZE + sealing + macSize(key);
}

const HEADER_SIZE = 16;

/** One cipher block; all AES types have the same (RFC 3962 §6, RFC 8009 §5). */
const CONFOUNDER_SIZE = 16;

/** TOK_ID (RFC 4121 §4.2.6). */
const MIC_ID = 0x0404;
const WRAP_ID = 0x0504;

/** Flags field (RFC 4121 §4.2.2). */
const Flag = { SENT_BY_ACCEPTOR: 1, SEALED: 2, ACCEPTOR_SUBKEY: 4 } as const;

const USAGES = {
  initiator: { seal: KeyUsage.GSS_INITIATOR_SEAL, sign: KeyUsage.GSS_INITIATOR_SIGN },
  acceptor: { seal: KeyUsage.GSS_ACCEPTOR_SEAL, sign: KeyUsage.GSS_ACCEPTOR_SIGN },
} as const;

/** A header with EC and RRC zero. */
function tokenHeader(id: number, sender: Sender, flags: number, message: Uint8Array): Uint8Array {
  checkSize(message);
  checkType(sender.key);
  const header = new Uint8Array(HEADER_SIZE);
  const view = new DataView(header.buffer);
  view.setUint16(0, id);
  const byAcceptor = sender.role === 'acceptor' ? Flag.SENT_BY_ACCEPTOR : 0;
  header[2] = flags | byAcceptor | (sender.acceptorSubkey ? Flag.ACCEPTOR_SUBKEY : 0);
  header[3] = 0xff;
  view.setUint32(8, Math.floor(sender.sequence / 2 ** 32));
  view.setUint32(12, sender.sequence % 2 ** 32);
  return header;
}

interface Header {
  readonly view: DataView;
  readonly flags: number;
  readonly key: Key;
  readonly sequence: number;
}

function readHeader(id: number, receiver: Receiver, token: Uint8Array): Header {
  if (token.length < HEADER_SIZE || token.length > MAX_GSS_MESSAGE) {
    throw gssError('GSS_S_DEFECTIVE_TOKEN', `a token of ${token.length} octets is none`);
  }
  const view = new DataView(token.buffer, token.byteOffset, token.length);
  const flags = view.getUint8(2);
  const filler = id === MIC_ID ? view.getUint32(4) === 0xffff_ffff : true;
  if (view.getUint16(0) !== id || view.getUint8(3) !== 0xff || !filler) {
    throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the token has no header of its kind');
  }
  // A token that comes back to its sender was reflected (RFC 4121 §4.2.2).
  if ((flags & Flag.SENT_BY_ACCEPTOR) !== (receiver.peer === 'acceptor' ? 1 : 0)) {
    throw badMic('the token was sent by the wrong side');
  }
  const key = receiver.keyOf((flags & Flag.ACCEPTOR_SUBKEY) !== 0);
  if (key === undefined) throw badMic('the token names a subkey that does not exist');
  checkType(key);
  // Beyond 2^53 the sum is inexact, but far from every number that is expected.
  const sequence = view.getUint32(8) * 2 ** 32 + view.getUint32(12);
  return { view, flags, key, sequence };
}

interface SignedBody {
  readonly body: Uint8Array;
  /** With EC and RRC zero, as the checksum covers it. */
  readonly header: Uint8Array;
  readonly ec: number;
}

function verifyBody(key: Key, usage: number, { body, header, ec }: SignedBody): Uint8Array {
  const end = body.length - ec;
  if (end < 0) throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the wrap token is cut short');
  const message = body.subarray(0, end);
  if (!key.verifyChecksum(usage, concat(message, header), body.subarray(end))) {
    throw badMic('the wrap token was changed');
  }
  return message;
}

function decryptBody(key: Key, usage: number, body: Uint8Array): Uint8Array {
  if (body.length < CONFOUNDER_SIZE + HEADER_SIZE + macSize(key)) {
    throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the wrap token is cut short');
  }
  return key.decrypt(usage, body);
}

function rotateRight(bytes: Uint8Array, count: number): Uint8Array {
  return count === 0 ? bytes : rotateLeft(bytes, bytes.length - (count % bytes.length));
}

function rotateLeft(bytes: Uint8Array, count: number): Uint8Array {
  const by = bytes.length === 0 ? 0 : count % bytes.length;
  return by === 0 ? bytes : concat(bytes.subarray(by), bytes.subarray(0, by));
}

function macSize(key: Key): number {
  const size = checksumLength(key.checksumType);
  if (size === undefined) throw new TypeError(`no checksum type ${key.checksumType}`);
  return size;
}

function checkSize(message: Uint8Array): void {
  if (message.length > MAX_GSS_MESSAGE) throw gssError('GSS_S_FAILURE', 'the message is too large');
}

/** Keys of RC4 have tokens of their own kind (RFC 4757 §7.2), which are not implemented. */
function checkType({ etype }: Key): void {
  if (isLegacyEncryptionType(etype)) {
    throw gssError('GSS_S_FAILURE', `there are no messages under the encryption type ${etype}`);
  }
}

function badMic(message: string): Error {
  return gssError('GSS_S_BAD_MIC', message);
}
