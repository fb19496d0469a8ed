import { RemotingError } from '../errors.ts';
import { MAX_ENVELOPE, MAX_HTTP_HEADER } from '../limits.ts';
import type { HttpContent } from './message-encryption.ts';

/** An answer of an HTTP server, whole. */
export interface HttpReply extends HttpContent {
  readonly status: number;
  /** WWW-Authenticate fields. */
  readonly offered: readonly string[];
  /** Whether another request may follow on its connection. */
  readonly isKept: boolean;
}

/** What stands before a body. */
interface Head {
  readonly status: number;
  readonly type: string;
  readonly offered: readonly string[];
  readonly isKept: boolean;
  /** Octets of the body; undefined: it comes in chunks. */
  readonly length: number | undefined;
}

/** Octets of an answer's body at most: an envelope, encrypted. */
const MAX_REPLY = MAX_ENVELOPE * 2;

/** Octets of the line before a chunk, extensions among them. */
const MAX_CHUNK_LINE = 1024;

/**
 * Reads answers of HTTP/1.1 (RFC 9112) off a connection, one at a time and as strictly as it must
 * be: lines end with CRLF, fields are not folded, a length is said once and in one way. Bodies that
 * end with their connection are refused, for nobody could tell a whole one from a part.
 */
export class ReplyReader {
  #pending: Buffer = EMPTY;
  #head: Head | undefined;
  /** The body so far: of known length, or the chunks that came. */
  #body: Buffer | undefined;
  #filled = 0;
  /** Octets of the chunk that are still to come. */
  #left = 0;
  #isSizeDue = true;
  #isLast = false;

  /**
   * Takes octets as they come; gives the answer once it is whole. Throws RemotingError `http` or
   * `limit`; the connection is of no use then.
   */
  take(chunk: Buffer): HttpReply | undefined {
    let rest = chunk;
    while (this.#head === undefined) {
      const bytes = this.#pending.length === 0 ? rest : Buffer.concat([this.#pending, rest]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end > MAX_HTTP_HEADER || (end < 0 && bytes.length > MAX_HTTP_HEADER)) {
        throw new RemotingError('limit', 'the header of an answer is too long');
      }
      if (end < 0) {
        this.#pending = bytes;
        return undefined;
      }
      const head = readHead(bytes.toString('latin1', 0, end));
      rest = bytes.subarray(end + 4);
      this.#pending = EMPTY;
      // RFC 9110 15.2: what is only for the time being is let go by.
      if (head.status >= 200) this.#head = head;
      else if (rest.length === 0) return undefined;
    }
    return this.#head.length === undefined
      ? this.#takeChunks(this.#head, rest)
      : this.#takeBody(this.#head, this.#head.length, rest);
  }

  #takeBody(head: Head, length: number, bytes: Buffer): HttpReply | undefined {
    if (this.#body === undefined && bytes.length === length) return this.#finish(head, bytes);
    const body = (this.#body ??= Buffer.allocUnsafe(length));
    if (this.#filled + bytes.length > length) throw broken('is followed by what nobody asked for');
    body.set(bytes, this.#filled);
    this.#filled += bytes.length;
    return this.#filled === length ? this.#finish(head, body) : undefined;
  }

  /** RFC 9112 7.1; no fields behind the last chunk. */
  #takeChunks(head: Head, bytes: Buffer): HttpReply | undefined {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const data = rest.subarray(0, this.#left);
        this.#append(data);
        this.#left -= data.length;
        rest = rest.subarray(data.length);
        continue;
      }
      const found = this.#line(rest);
      if (found === undefined) return undefined;
      rest = found.rest;
      // After a chunk's octets its line ends, and after the last chunk's size there are none.
      if (this.#isSizeDue) {
        this.#left = chunkSize(found.line);
        this.#isLast = this.#left === 0;
        this.#isSizeDue = false;
      } else {
        if (found.line !== '') throw broken('has a chunk that is none');
        this.#isSizeDue = true;
        if (!this.#isLast) continue;
        if (rest.length > 0) throw broken('is followed by what nobody asked for');
        return this.#finish(head, (this.#body ?? EMPTY).subarray(0, this.#filled));
      }
    }
    return undefined;
  }

  /** The next line without its end; undefined: not all of it came. */
  #line(bytes: Buffer): { readonly line: string; readonly rest: Buffer } | undefined {
    const all = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const end = all.indexOf('\r\n');
    if (end > MAX_CHUNK_LINE || (end < 0 && all.length > MAX_CHUNK_LINE)) {
      throw broken('has a chunk that is none');
    }
    this.#pending = end < 0 ? all : EMPTY;
    return end < 0
      ? undefined
      : { line: all.toString('latin1', 0, end), rest: all.subarray(end + 2) };
  }

  #append(data: Buffer): void {
    const size = this.#filled + data.length;
    if (size > MAX_REPLY) throw tooLong();
    if (size > (this.#body?.length ?? 0)) {
      const larger = Buffer.allocUnsafe(Math.min(MAX_REPLY, Math.max(8192, size * 2)));
      larger.set((this.#body ?? EMPTY).subarray(0, this.#filled));
      this.#body = larger;
    }
    this.#body?.set(data, this.#filled);
    this.#filled = size;
  }

  #finish({ status, type, offered, isKept }: Head, body: Buffer): HttpReply {
    this.#head = undefined;
    this.#body = undefined;
    this.#filled = 0;
    this.#pending = EMPTY;
    return { status, type, offered, isKept, body };
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

/** RFC 9112 4 and 5, without the empty line at its end. */
function readHead(text: string): Head {
  const [line = '', ...fields] = text.split('\r\n');
  const found = /^HTTP\/1\.([01]) (\d{3})(?: |$)/u.exec(line);
  if (found === null) throw broken('is not of HTTP/1.1');
  const status = Number(found[2]);
  const offered: string[] = [];
  let type = '';
  let connection = found[1] === '0' ? 'close' : '';
  let length: number | undefined;
  let isChunked = false;
  for (const field of fields) {
    const colon = field.indexOf(':');
    if (colon < 1 || !TOKEN.test(field.slice(0, colon))) throw broken('has a field that is none');
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    if (name === 'content-type') type = value;
    else if (name === 'www-authenticate') offered.push(value);
    else if (name === 'connection') connection = value.toLowerCase();
    else if (name === 'content-length') {
      if (length !== undefined || !/^\d{1,10}$/u.test(value)) throw broken('has no proper length');
      length = Number(value);
    } else if (name === 'transfer-encoding') {
      if (isChunked || value.toLowerCase() !== 'chunked')
        throw broken('is encoded as nobody knows');
      isChunked = true;
    }
  }
  // RFC 9112 6.3: two lengths are how requests are smuggled.
  if (isChunked && length !== undefined) throw broken('has two lengths');
  if (length !== undefined && length > MAX_REPLY) throw tooLong();
  const hasNone = status < 200 || status === 204 || status === 304;
  if (!isChunked && !hasNone && length === undefined) throw broken('does not say how long it is');
  const isKept = !connection.split(',').some((one) => one.trim() === 'close');
  return { status, type, offered, isKept, length: hasNone ? 0 : length };
}

/** RFC 9110 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/u;

function chunkSize(line: string): number {
  const size = /^([\dA-Fa-f]{1,8})[ \t]*(?:;|$)/u.exec(line)?.[1];
  if (size === undefined) throw broken('has a chunk that is none');
  const octets = Number.parseInt(size, 16);
  if (octets > MAX_REPLY) throw tooLong();
  return octets;
}

function tooLong(): RemotingError {
  return new RemotingError('limit', 'the answer is too long');
}

function broken(what: string): RemotingError {
  return new RemotingError('http', `the answer ${what}`);
}
