import { concat, equal, fromUtf16le, utf16le, utf8 } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import { MAX_NTLM_AV_PAIRS, MAX_NTLM_MESSAGE } from '../limits.ts';
import { AvId, NtlmFlag } from './flags.ts';

/** What every message starts with (MS-NLMP 2.2.1). */
const SIGNATURE = utf8('NTLMSSP\0');

/** NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1), as far as it matters here. */
export interface NegotiateMessage {
  /** NtlmFlag bits. */
  readonly flags: number;
}

/** CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2). */
export interface ChallengeMessage {
  readonly flags: number;
  /** Eight octets. */
  readonly challenge: Uint8Array;
  readonly targetName: string;
  /** AV_PAIRs, without the end of their list. */
  readonly targetInfo: readonly AvPair[];
}

/** AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3). */
export interface AuthenticateMessage {
  readonly flags: number;
  readonly domain: string;
  readonly user: string;
  readonly ntResponse: Uint8Array;
  readonly encryptedSessionKey: Uint8Array;
  /** The 16 octets in which a MIC stands, if there is one (MS-NLMP 2.2.1.3). */
  readonly mic: Uint8Array;
}

/** AV_PAIR (MS-NLMP 2.2.2.1). */
export interface AvPair {
  /** AvId. */
  readonly id: number;
  readonly value: Uint8Array;
}

/** NTLMv2_RESPONSE (MS-NLMP 2.2.2.8). */
export interface NtlmV2Response {
  /** NTProofStr. */
  readonly proof: Uint8Array;
  /** All that the proof covers beside the server's challenge: NTLMv2_CLIENT_CHALLENGE. */
  readonly temp: Uint8Array;
  readonly pairs: readonly AvPair[];
}

/** Where the MIC stands in an AUTHENTICATE_MESSAGE, and its size. */
export const MIC_OFFSET = 72;
export const MIC_SIZE = 16;

/** Whether octets begin as a message of NTLM does. */
export function isNtlm(bytes: Uint8Array): boolean {
  return equal(bytes.subarray(0, SIGNATURE.length), SIGNATURE);
}

/** Reads the first message of a client. Throws WireError. */
export function decodeNegotiate(bytes: Uint8Array): NegotiateMessage {
  return { flags: open(bytes, 1, 16).getUint32(12, true) };
}

/** The octets of a challenge, from a controller of Windows' version 10.0 as far as it tells. */
export function encodeChallenge(message: ChallengeMessage): Uint8Array {
  const { flags, challenge, targetName, targetInfo } = message;
  const name = utf16le(targetName);
  const info = encodePairs(targetInfo);
  const head = new Uint8Array(CHALLENGE_HEAD);
  const view = viewOf(head);
  head.set(SIGNATURE);
  view.setUint32(8, 2, true);
  writeField(view, 12, name.length, CHALLENGE_HEAD);
  view.setUint32(20, flags, true);
  head.set(challenge, 24);
  writeField(view, 40, info.length, CHALLENGE_HEAD + name.length);
  if ((flags & NtlmFlag.VERSION) !== 0) head.set(VERSION, 48);
  return concat(head, name, info);
}

/** Reads the last message of a client. Texts must be Unicode. Throws WireError. */
export function decodeAuthenticate(bytes: Uint8Array): AuthenticateMessage {
  const view = open(bytes, 3, 64);
  const flags = view.getUint32(60, true);
  if ((flags & NtlmFlag.UNICODE) === 0) throw new WireError('value', 'the names are not Unicode');
  return {
    flags,
    ntResponse: readField(bytes, 20),
    domain: fromUtf16le(readField(bytes, 28)),
    user: fromUtf16le(readField(bytes, 36)),
    encryptedSessionKey: readField(bytes, 52),
    mic: bytes.subarray(MIC_OFFSET, MIC_OFFSET + MIC_SIZE),
  };
}

/** Reads an NTLMv2 response. Throws WireError, for those of NTLMv1 too: they have 24 octets. */
export function decodeNtlmV2Response(bytes: Uint8Array): NtlmV2Response {
  const temp = bytes.subarray(16);
  if (temp.length < RESPONSE_HEAD) throw new WireError('truncated', 'no response of NTLMv2');
  // RespType and HiRespType (MS-NLMP 2.2.2.7).
  if (temp[0] !== 1 || temp[1] !== 1) throw new WireError('value', 'no response of NTLMv2');
  return { proof: bytes.subarray(0, 16), temp, pairs: decodePairs(temp.subarray(RESPONSE_HEAD)) };
}

/** The value of a pair, if it is there. */
export function avValue(pairs: readonly AvPair[], id: number): Uint8Array | undefined {
  return pairs.find((pair) => pair.id === id)?.value;
}

const CHALLENGE_HEAD = 56;
const RESPONSE_HEAD = 28;
/** 10.0, build 14393 (Windows Server 2016), NTLMSSP_REVISION_W2K3 (MS-NLMP 2.2.2.10). */
const VERSION = Uint8Array.of(10, 0, 0x39, 0x38, 0, 0, 0, 15);

function open(bytes: Uint8Array, type: number, least: number): DataView {
  if (bytes.length > MAX_NTLM_MESSAGE) throw new WireError('oversize', 'the message is too long');
  if (!isNtlm(bytes)) throw new WireError('tag', 'no message of NTLM');
  if (bytes.length < least) throw new WireError('truncated', 'the message is cut short');
  const view = viewOf(bytes);
  const found = view.getUint32(8, true);
  if (found !== type) throw new WireError('tag', `a message of type ${found}, not ${type}`);
  return view;
}

/** Len, MaxLen and BufferOffset of a value behind the head (MS-NLMP 2.2.1). */
function readField(bytes: Uint8Array, at: number): Uint8Array {
  const view = viewOf(bytes);
  const length = view.getUint16(at, true);
  const offset = view.getUint32(at + 4, true);
  if (length === 0) return new Uint8Array(0);
  if (offset + length > bytes.length) {
    throw new WireError('truncated', 'a value is outside of the message', { offset: at });
  }
  return bytes.subarray(offset, offset + length);
}

function writeField(view: DataView, at: number, length: number, offset: number): void {
  view.setUint16(at, length, true);
  view.setUint16(at + 2, length, true);
  view.setUint32(at + 4, offset, true);
}

function encodePairs(pairs: readonly AvPair[]): Uint8Array {
  const parts = [...pairs, { id: AvId.EOL, value: new Uint8Array(0) }].flatMap(({ id, value }) => {
    const head = new Uint8Array(4);
    viewOf(head).setUint16(0, id, true);
    viewOf(head).setUint16(2, value.length, true);
    return [head, value];
  });
  return concat(...parts);
}

/** What follows the end of the list is padding (MS-NLMP 2.2.2.7). */
function decodePairs(bytes: Uint8Array): readonly AvPair[] {
  const view = viewOf(bytes);
  const pairs: AvPair[] = [];
  for (let at = 0; pairs.length <= MAX_NTLM_AV_PAIRS; ) {
    if (at + 4 > bytes.length) throw new WireError('truncated', 'the pairs have no end');
    const id = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    if (id === AvId.EOL) return pairs;
    const value = bytes.subarray(at + 4, at + 4 + length);
    if (value.length < length) throw new WireError('truncated', 'a pair is cut short');
    pairs.push({ id, value });
    at += 4 + length;
  }
  throw new WireError('oversize', `more than ${MAX_NTLM_AV_PAIRS} pairs`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
