import { concat, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { MAX_ENCRYPTED_PARTS } from '../limits.ts';

/** What protects messages on a connection: the context that its authentication made. */
export interface MessageSealer {
  readonly protocol: EncryptionProtocol;
  /** Seals a message in two pieces: what `L` counts, and the rest. */
  seal(message: Uint8Array): SealedMessage | Promise<SealedMessage>;
  /** Opens what the peer sealed, wherever it was split. Throws RemotingError `crypto`. */
  open(header: Uint8Array, data: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Octets of one part at most; longer messages go in several (CredSSP: a TLS record's). */
  readonly maxPart?: number;
  /** The connection is gone: keys are overwritten. */
  close?(): void;
}

/** A sealed message in two pieces. */
export interface SealedMessage {
  readonly header: Uint8Array;
  readonly data: Uint8Array;
}

/** Names of the protocols (MS-WSMV 2.2.9.1). */
export const ENCRYPTION_PROTOCOLS = [
  'application/HTTP-SPNEGO-session-encrypted',
  'application/HTTP-Kerberos-session-encrypted',
  'application/HTTP-CredSSP-session-encrypted',
] as const;
export type EncryptionProtocol = (typeof ENCRYPTION_PROTOCOLS)[number];

/** A body with its Content-Type. */
export interface HttpContent {
  readonly type: string;
  readonly body: Uint8Array;
}

export const SOAP_TYPE = 'application/soap+xml;charset=UTF-8';

const BOUNDARY = 'Encrypted Boundary';

/** Whether a Content-Type says that the body is encrypted. */
export function isEncrypted(type: string): boolean {
  return /^multipart\/(?:encrypted|x-multi-encrypted)\b/iu.test(type.trim());
}

/** Encrypts a message of SOAP (MS-WSMV 2.2.9.1.1). */
export async function encryptMessage(
  sealer: MessageSealer,
  message: Uint8Array,
): Promise<HttpContent> {
  const { protocol, maxPart = Math.max(1, message.length) } = sealer;
  const parts: Uint8Array[] = [];
  const count = Math.max(1, Math.ceil(message.length / maxPart));
  for (let i = 0; i < count; i += 1) {
    const plain = message.subarray(i * maxPart, (i + 1) * maxPart);
    const { header, data } = await sealer.seal(plain);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, header.length, true);
    parts.push(utf8(partHead(protocol, plain.length)), length, header, data);
  }
  const multipart = count > 1 ? 'x-multi-encrypted' : 'encrypted';
  const type = `multipart/${multipart};protocol="${protocol}";boundary="${BOUNDARY}"`;
  return { type, body: concat(...parts, utf8(`--${BOUNDARY}--\r\n`)) };
}

/**
 * Decrypts a body. The boundary is never searched for inside sealed octets: each part's length is
 * known from its head. Throws RemotingError `crypto`.
 */
export async function decryptMessage(
  sealer: MessageSealer,
  { type, body }: HttpContent,
): Promise<Uint8Array> {
  const protocol = /protocol="?([^";]+)/iu.exec(type)?.[1]?.trim().toLowerCase();
  if (protocol !== sealer.protocol.toLowerCase()) {
    throw broken('is not encrypted as this connection authenticated');
  }
  const isTls = sealer.protocol === 'application/HTTP-CredSSP-session-encrypted';
  const messages: Uint8Array[] = [];
  for (const part of splitParts(body, isTls)) {
    const message = await sealer.open(part.header, part.data);
    if (message.length > part.length) throw broken('has a part of another length than it says');
    messages.push(message);
  }
  return messages.length === 1 && messages[0] !== undefined ? messages[0] : concat(...messages);
}

/** The charset that the encrypted message says it has. */
export function innerCharset(body: Uint8Array): string {
  const head = fromUtf8(body.subarray(0, 512));
  return /OriginalContent:[^\r\n]*charset=([\w-]+)/iu.exec(head)?.[1] ?? 'UTF-8';
}

function partHead(protocol: EncryptionProtocol, length: number): string {
  return [
    `--${BOUNDARY}`,
    `\tContent-Type: ${protocol}`,
    `\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${length}`,
    `--${BOUNDARY}`,
    '\tContent-Type: application/octet-stream',
    '',
  ].join('\r\n');
}

interface SealedPart {
  /** Octets of the message, padding of the mechanism perhaps among them. */
  readonly length: number;
  readonly header: Uint8Array;
  readonly data: Uint8Array;
}

/** Exchange writes a space after the dashes, others put other spaces: heads are read by lines. */
const HEAD: RegExp = new RegExp(
  [
    '^--\\s?Encrypted Boundary',
    '\\s*Content-Type:[^\\r\\n]*',
    '\\s*OriginalContent:[^\\r\\n]*?Length=(\\d{1,9})[^\\r\\n]*',
    '--\\s?Encrypted Boundary',
    '\\s*Content-Type:\\s*application/octet-stream',
    '',
  ].join('\\r\\n'),
  'iu',
);

/** A head is shorter than that. */
const HEAD_SIZE = 512;

function splitParts(body: Uint8Array, isTls: boolean): SealedPart[] {
  const parts: SealedPart[] = [];
  let at = 0;
  while (at < body.length && !isTail(body, at)) {
    if (parts.length >= MAX_ENCRYPTED_PARTS) throw broken('has too many parts');
    const text = Buffer.from(
      body.buffer,
      body.byteOffset + at,
      Math.min(HEAD_SIZE, body.length - at),
    );
    const head = HEAD.exec(text.toString('latin1'));
    if (head === null) throw broken('is not in the form of encrypted messages');
    const start = at + head[0].length;
    if (start + 4 > body.length) throw broken('ends too soon');
    const size = new DataView(body.buffer, body.byteOffset + start, 4).getUint32(0, true);
    const length = Number(head[1]);
    const end = endOfPart(body, start + 4, { header: size, length, isTls });
    if (size > end - start - 4) throw broken('has a signature longer than itself');
    const sealed = body.subarray(start + 4, end);
    parts.push({ length, header: sealed.subarray(0, size), data: sealed.subarray(size) });
    at = end;
  }
  if (parts.length === 0) throw broken('has no parts');
  return parts;
}

/**
 * Where sealed octets end. CredSSP's are TLS records, which say how long they are. Others are as
 * long as their lengths say; the last one ends where the fixed end of the body begins.
 */
function endOfPart(
  body: Uint8Array,
  start: number,
  { header, length, isTls }: { header: number; length: number; isTls: boolean },
): number {
  if (isTls) return endOfRecords(body, start);
  const end = start + header + length;
  if (end < body.length && isBoundary(body, end)) return end;
  const tail = body.length - tailLength(body);
  if (tail < start) throw broken('has no end');
  return tail;
}

/** A record's head is its type, its version and its length (RFC 5246 6.2.1). */
function endOfRecords(body: Uint8Array, start: number): number {
  let at = start;
  while (at + 5 <= body.length && !isBoundary(body, at)) {
    at += 5 + (body[at + 3] ?? 0) * 256 + (body[at + 4] ?? 0);
  }
  if (at > start && isBoundary(body, at)) return at;
  throw broken('has no end');
}

function tailLength(body: Uint8Array): number {
  const text = Buffer.from(
    body.buffer,
    body.byteOffset + Math.max(0, body.length - 40),
    Math.min(40, body.length),
  );
  const tail = /--\s?Encrypted Boundary--(?:\r\n)?$/u.exec(text.toString('latin1'));
  if (tail === null) throw broken('has no end');
  return tail[0].length;
}

function isBoundary(body: Uint8Array, at: number): boolean {
  return /^--\s?Encrypted Boundary/u.test(latin1(body.subarray(at, at + 24)));
}

function isTail(body: Uint8Array, at: number): boolean {
  return /^--\s?Encrypted Boundary--(?:\r\n)?$/u.test(latin1(body.subarray(at, at + 40)));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function broken(what: string): RemotingError {
  return new RemotingError('crypto', `the encrypted message ${what}`);
}
