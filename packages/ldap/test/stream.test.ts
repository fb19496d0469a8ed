import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { LdapError } from '../src/errors.ts';
import { RESULT_CODES, isResultCode, resultCodeName } from '../src/result-codes.ts';
import { SaslDeframer, protect } from '../src/sasl/framing.ts';
import { encodeResult } from '../src/server/results.ts';
import { ByteQueue } from '../src/transport/byte-queue.ts';
import { Channel } from '../src/transport/channel.ts';
import { MessageDeframer } from '../src/transport/message-deframer.ts';
import { parseLdapUrl } from '../src/url.ts';
import { xorLayer } from './support/xor-mechanism.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 });

/** Cuts octets into chunks of the given sizes, over and over. */
function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 });

test('a byte queue gives back what it took, and views stay as they were', () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.nat(900), { minLength: 1 }), (chunks, takes) => {
      const queue = new ByteQueue();
      const views: Uint8Array[] = [];
      const copies: string[] = [];
      chunks.forEach((chunk, turn) => {
        queue.push(chunk);
        const want = takes[turn % takes.length] ?? 0;
        const view = queue.peek(want);
        if (view === undefined) return;
        views.push(view);
        copies.push(toHex(view));
        queue.skip(want);
      });
      views.push(queue.takeAll());
      expect(toHex(concat(...views))).toBe(toHex(concat(...chunks)));
      expect(views.slice(0, -1).map(toHex)).toEqual(copies);
      expect(queue.length).toBe(0);
    }),
  );
});

describe('RFC 4511 §5.1 messages of a stream', () => {
  /** A SEQUENCE with the given content. */
  const wrap = (content: Uint8Array) =>
    content.length < 0x80
      ? concat(Uint8Array.of(0x30, content.length), content)
      : concat(Uint8Array.of(0x30, 0x82, content.length >> 8, content.length & 0xff), content);

  test('come out whole however the stream is cut', () => {
    fc.assert(
      fc.property(pieces, sizes, (contents, steps) => {
        const messages = contents.map(wrap);
        const deframer = new MessageDeframer(10_000);
        const found: string[] = [];
        for (const chunk of cut(concat(...messages), steps)) {
          deframer.push(chunk);
          for (let next = deframer.next(); next !== undefined; next = deframer.next()) {
            found.push(toHex(next));
          }
        }
        expect(found).toEqual(messages.map(toHex));
        expect(deframer.waiting).toBe(0);
      }),
    );
  });

  test('that are too long, or none, are told from their first octets', () => {
    const refusal = (hex: string) => {
      const deframer = new MessageDeframer(1_000);
      deframer.push(fromHex(hex));
      try {
        return deframer.next();
      } catch (error) {
        return error instanceof LdapError ? error.code : error;
      }
    };
    expect(refusal('308203e4')).toBeUndefined();
    expect(refusal('308203e5')).toBe('adminLimitExceeded');
    expect(refusal('3084ffffffff')).toBe('adminLimitExceeded');
    expect(refusal('3080')).toBe('protocolError');
    expect(refusal('3085')).toBe('protocolError');
    expect(refusal('16')).toBe('protocolError');
    expect(refusal('30')).toBeUndefined();
  });
});

describe('RFC 4422 §3.7 buffers of a security layer', () => {
  test('come out whole however the stream is cut', () => {
    fc.assert(
      fc.property(pieces, sizes, (contents, steps) => {
        const sender = xorLayer();
        const stream = concat(...contents.flatMap((content) => protect(sender, content)));
        const deframer = new SaslDeframer(xorLayer());
        const found: Uint8Array[] = [];
        for (const chunk of cut(stream, steps)) {
          deframer.push(chunk);
          for (let next = deframer.next(); next !== undefined; next = deframer.next()) {
            found.push(next);
          }
        }
        expect(toHex(concat(...found))).toBe(toHex(concat(...contents)));
        expect(deframer.partial).toBe(false);
      }),
    );
  });

  test('are split by what the peer takes, and refused beyond what was agreed', () => {
    const parts = protect(xorLayer(100), new Uint8Array(250));
    expect(parts.map(({ length }) => length)).toEqual([4, 101, 4, 101, 4, 51]);
    const deframer = new SaslDeframer(xorLayer());
    deframer.push(fromHex('000003e9'));
    expect(() => deframer.next()).toThrow(expect.objectContaining({ code: 'decodingError' }));
  });
});

describe('RFC 4516 §2 URLs', () => {
  test.each([
    ['ldap://dc.contoso.com', { scheme: 'ldap', host: 'dc.contoso.com', port: 389, dn: '' }],
    ['LDAPS://[::1]:1636/', { scheme: 'ldaps', host: '::1', port: 1636 }],
    ['ldaps://x', { port: 636, scope: 'base', attributes: [] }],
    [
      'ldap:///o=University%20of%20Michigan,c=US?postalAddress',
      { host: '', dn: 'o=University of Michigan,c=US', attributes: ['postalAddress'] },
    ],
    [
      'ldap://ldap1.example.net/c=GB?objectClass?ONE',
      { dn: 'c=GB', attributes: ['objectClass'], scope: 'one' },
    ],
    [
      'ldap://ldap2.example.com/c=US??sub?(cn=Babs%20Jensen)',
      {
        scope: 'subtree',
        filter: { kind: 'equality', attribute: 'cn', value: utf8('Babs Jensen') },
      },
    ],
    ['ldap:///??sub??e-bindname=cn=Manager', { scope: 'subtree' }],
  ])('%s', (text, parts) => {
    expect(parseLdapUrl(text)).toMatchObject(parts);
  });

  test.each([
    'http://x',
    'ldap:/x',
    'ldap://x:0',
    'ldap://x:65536',
    'ldap://x:y',
    'ldap://user@x',
    'ldap://x/%zz',
    'ldap://x/??up',
    'ldap:///??sub??!e-bindname=cn=Manager',
  ])('%s is refused', (text) => {
    expect(() => parseLdapUrl(text)).toThrow(expect.objectContaining({ code: 'paramError' }));
  });
});

test('RFC 4511 §4.1.9 result codes by number and name', () => {
  expect(resultCodeName(49)).toBe('invalidCredentials');
  expect(resultCodeName(9_999)).toBe('other');
  expect(isResultCode('noSuchObject')).toBe(true);
  expect(isResultCode('serverDown')).toBe(false);
  expect(isResultCode('toString')).toBe(false);
  for (const [name, code] of Object.entries(RESULT_CODES)) expect(resultCodeName(code)).toBe(name);
});

test('the answers to two requests stand in SASL buffers of their own', async () => {
  const server = createServer((socket) => {
    const silent = { readable: () => undefined, drained: () => undefined, closed: () => undefined };
    const channel = new Channel(socket, silent, { maxMessage: 1000, writeTimeout: 1000 });
    channel.install(xorLayer());
    for (const id of [4, 4, 5]) {
      channel.send(encodeResult(id, 'deleteRequest', { code: 'success' }));
    }
    channel.flush();
    socket.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0);
  const chunks: Uint8Array[] = [];
  socket.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  await once(socket, 'end');
  server.close();
  const got = concat(...chunks);
  const lengths: number[] = [];
  for (let at = 0; at < got.length; at += 4 + (lengths.at(-1) ?? 0)) {
    lengths.push(new DataView(got.buffer, got.byteOffset + at).getUint32(0));
  }
  const message = encodeResult(4, 'deleteRequest', { code: 'success' });
  const buffers = [concat(message, message), message].map((bytes) => xorLayer().wrap(bytes).length);
  expect(lengths).toEqual(buffers);
});
