import type { RemotingError } from '@doublehop/remoting/errors';
import { type HttpReply, ReplyReader } from '@doublehop/remoting/http/http-reply';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Feeds a text in pieces of that size. */
function read(text: string, size: number = text.length): HttpReply | undefined {
  const reader = new ReplyReader();
  let reply: HttpReply | undefined;
  for (let at = 0; at < text.length; at += size) {
    reply = reader.take(Buffer.from(text.slice(at, at + size), 'latin1'));
  }
  return reply;
}

function refusal(text: string, size?: number): string {
  try {
    return `taken: ${read(text, size)?.status}`;
  } catch (error) {
    return (error as RemotingError).message; // nothing else is thrown, as the property below says
  }
}

const fields = (...lines: string[]): string =>
  ['HTTP/1.1 200 OK', ...lines].map((line) => `${line}\r\n`).join('');

describe('answers of HTTP (RFC 9112)', () => {
  const head = fields(
    'Content-Type: text/plain',
    'content-length:  5 ',
    'WWW-Authenticate: Negotiate AA==',
    'WWW-Authenticate: Kerberos',
  );
  const whole = `HTTP/1.1 100 Continue\r\n\r\n${head}\r\nhello`;

  test.each([1, 2, 7, 1000])('of known length, in pieces of %i', (size) => {
    expect(read(whole, size)).toEqual({
      status: 200,
      type: 'text/plain',
      offered: ['Negotiate AA==', 'Kerberos'],
      isKept: true,
      body: Buffer.from('hello'),
    });
  });

  test.each([1, 3, 1000])('in chunks (7.1), in pieces of %i', (size) => {
    const text =
      `${fields('Transfer-Encoding: chunked')}\r\n` +
      `5;name=value\r\nhello\r\n00a\r\n, everyone\r\n0\r\n\r\n`;
    expect(read(text, size)?.body.toString()).toBe('hello, everyone');
  });

  test('one after the other, and until which the connection is kept (9.3)', () => {
    const reader = new ReplyReader();
    const take = (text: string) => reader.take(Buffer.from(text));
    expect(take(`${fields('Content-Length: 1')}\r\na`)?.isKept).toBe(true);
    expect(take(`HTTP/1.1 204 No Content\r\n\r\n`)).toMatchObject({ status: 204, isKept: true });
    const last = `${fields('Connection: x, Close', 'Content-Length: 1')}\r\nb`;
    expect(take(last)).toMatchObject({ isKept: false, body: Buffer.from('b') });
    expect(read('HTTP/1.0 401 No\r\nContent-Length: 0\r\n\r\n')?.isKept).toBe(false);
  });

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n', 'is not of HTTP/1.1'],
    ['a field that is none', `${fields('a b: c')}\r\n`, 'has a field that is none'],
    ['a folded field', `${fields('a: b', ' c: d')}\r\n`, 'has a field that is none'],
    ['no length', `${fields()}\r\nx`, 'does not say how long it is'],
    ['a length that is none', `${fields('Content-Length: 1, 1')}\r\nx`, 'has no proper length'],
    [
      'two lengths',
      `${fields('Content-Length: 1', 'Content-Length: 1')}\r\nx`,
      'has no proper length',
    ],
    [
      'a length and chunks',
      `${fields('Content-Length: 1', 'Transfer-Encoding: chunked')}\r\nx`,
      'has two lengths',
    ],
    ['another coding', `${fields('Transfer-Encoding: gzip')}\r\n`, 'is encoded as nobody knows'],
    ['more than its length', `${fields('Content-Length: 1')}\r\nxy`, 'what nobody asked for'],
    ['a chunk size', `${fields('Transfer-Encoding: chunked')}\r\n-1\r\n`, 'a chunk that is none'],
    ['a chunk too long', `${fields('Transfer-Encoding: chunked')}\r\n1\r\nab\r\n`, 'is none'],
    ['trailers', `${fields('Transfer-Encoding: chunked')}\r\n0\r\na: b\r\n\r\n`, 'is none'],
    ['a long body', `${fields('Content-Length: 99999999')}\r\n`, 'the answer is too long'],
    ['long chunks', `${fields('Transfer-Encoding: chunked')}\r\nfffffff\r\n`, 'too long'],
    ['a long header', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(30_000)}`, 'too long'],
    ['a long line', `${fields('Transfer-Encoding: chunked')}\r\n${'1'.repeat(2000)}`, 'is none'],
  ])('refused: %s', (_, text, why) => {
    expect(refusal(text)).toContain(why);
    expect(refusal(text, 50)).toContain(why);
  });

  test('whatever comes, nothing but RemotingError', () => {
    const part = fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '3\r\nabc\r\n',
      '0\r\n',
      'abc',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(part, fc.string()), { maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        (parts, size) => {
          try {
            read(parts.join(''), size);
          } catch (error) {
            expect(error).toMatchObject({ name: 'RemotingError' });
          }
        },
      ),
    );
  });
});
