import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  concat,
  equal,
  fromBase64,
  fromHex,
  fromUtf8,
  fromUtf16le,
  plain,
  toBase64,
  toHex,
  utf8,
  utf16le,
} from '@doublehop/wire/bytes';
import { Reader, Writer } from '@doublehop/wire/cursor';
import { WireError } from '@doublehop/wire/errors';

describe('bytes', () => {
  test('hexadecimal, with blanks, and nothing else', () => {
    expect(fromHex('00 ff\n7F')).toEqual(Uint8Array.of(0, 255, 127));
    expect(toHex(Uint8Array.of(0, 255, 127))).toBe('00ff7f');
    expect(() => fromHex('0')).toThrow(TypeError);
    expect(() => fromHex('0g')).toThrow(TypeError);
  });

  test('base64 is canonical or refused (RFC 4648 §3.5)', () => {
    expect(fromBase64('AP8=')).toEqual(Uint8Array.of(0, 255));
    expect(fromBase64('AP8')).toBeUndefined();
    expect(fromBase64('AP9=')).toBeUndefined();
    expect(fromBase64('A P8=')).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  test('texts come back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
        expect(fromUtf16le(utf16le(text))).toBe(text);
      }),
    );
  });

  test('concatenated, compared, without Buffer', () => {
    expect(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2))).toEqual(
      Uint8Array.of(1, 2),
    );
    expect(equal(Uint8Array.of(1), Uint8Array.of(1))).toBe(true);
    expect(equal(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
    const buffer = Buffer.from([1, 2, 3]).subarray(1);
    expect(plain(buffer).constructor).toBe(Uint8Array);
    expect(plain(buffer)).toEqual(Uint8Array.of(2, 3));
  });
});

describe('the writer', () => {
  test('grows to the front whatever its first size', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.nat({ max: 8 }), (parts, hint) => {
        const writer = new Writer(hint);
        for (const part of parts) writer.bytes(part);
        expect(writer.finish()).toEqual(concat(...parts.toReversed()));
      }),
    );
  });

  test.each([
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_536, '0483010000'],
  ])('a length of %i is minimal', (size, header) => {
    const writer = new Writer(4);
    writer.bytes(new Uint8Array(size));
    writer.header(4, 0);
    expect(toHex(writer.finish().subarray(0, header.length / 2))).toBe(header);
  });

  test('texts of every length and width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const writer = new Writer(1);
        writer.text(text);
        expect(writer.finish()).toEqual(utf8(text));
      }),
    );
  });
});

describe('the reader', () => {
  test('stays inside what it was told to read', () => {
    const reader = new Reader(fromHex('0403aabbcc0500'), true);
    expect(reader.peek()).toBe(4);
    reader.end = 4;
    expect(() => reader.open(4)).toThrow(WireError);
    reader.pos = 4;
    expect(reader.peek()).toBe(-1);
  });

  test('a length of four octets and more', () => {
    expect(() => new Reader(fromHex('0484ffffffff'), true).open(4)).toThrow(/cut short/);
    expect(() => new Reader(fromHex('0485000000000100'), false).open(4)).toThrow(/more than 4/);
  });
});
