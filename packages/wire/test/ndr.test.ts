import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../src/bytes.ts';
import { WireError, type WireErrorCode } from '../src/errors.ts';
import {
  conformantArray,
  conformantBytes,
  conformantVaryingArray,
  decodeNdr,
  encodeNdr,
  filetime,
  fixedBytes,
  hyper,
  mapped,
  type NdrType,
  pointer,
  rpcSid,
  struct,
  u16,
  u32,
  u8,
  unicodeString,
} from '../src/ndr.ts';

const HEADERS = '01100800cccccccc';

/** The whole serialization of an object given as hexadecimal words, its length filled in. */
function serialized(words: string): string {
  const body = words.replace(/\s+/g, '');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length / 2);
  return `${HEADERS}${length.toString('hex')}00000000${body}`;
}

function codeOf<T>(type: NdrType<T>, hex: string): WireErrorCode | 'no error' {
  try {
    decodeNdr(type, fromHex(hex));
    return 'no error';
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

/** What a type says to bytes. */
function refusal<T>(type: NdrType<T>): (hex: string) => string {
  return (hex) => codeOf(type, hex);
}

/** Checks that a value and its object, padded to eight, are each other's encoding. */
function both<T>(type: NdrType<T>, value: T, body: string): () => void {
  const hex = body.replace(/\s+/g, '');
  const whole = serialized(hex.padEnd(Math.ceil(hex.length / 16) * 16, '0'));
  return () => {
    expect(toHex(encodeNdr(type, value))).toBe(whole);
    expect(decodeNdr(type, fromHex(whole))).toEqual(value);
  };
}

const delegation = struct({
  target: unicodeString(1),
  count: u32,
  services: pointer(conformantArray(unicodeString(1))),
});

describe('C706 14: one declaration reads and writes', () => {
  const cases: readonly [string, () => void][] = [
    [
      'scalars on their alignment',
      both(
        struct({ a: u8, b: u16, c: u8, d: u32, e: u8, f: hyper }),
        { a: 1, b: 0x0302, c: 4, d: 0x08070605, e: 9, f: 0x1716151413121110n },
        `00000200 00000000 01 00 0203 04 000000 05060708 09 000000 1011121314151617`,
      ),
    ],
    [
      'FILETIME on four bytes',
      both(
        struct({ a: u32, t: filetime }),
        { a: 1, t: 0x7fffffffffffffffn },
        '00000200 01000000 ffffffffffffff7f',
      ),
    ],
    [
      'fixed bytes',
      both(
        struct({ a: fixedBytes(3), b: u8 }),
        { a: Uint8Array.of(1, 2, 3), b: 4 },
        '00000200 01020304',
      ),
    ],
    [
      'NULL and non-NULL pointers',
      both(
        struct({ a: pointer(u32), b: pointer(u32) }),
        { a: null, b: 7 },
        '00000200 00000000 04000200 07000000',
      ),
    ],
    [
      'referents numbered depth first: an array element before the next field',
      both(
        struct({ a: pointer(conformantArray(pointer(u16))), b: pointer(u16) }),
        { a: [1, 2], b: 3 },
        '00000200 04000200 10000200 02000000 08000200 0c000200 0100 0200 0300 0000',
      ),
    ],
    [
      'conformant bytes',
      both(
        struct({ a: pointer(conformantBytes), b: u8 }),
        { a: Uint8Array.of(1, 2, 3, 4, 5), b: 6 },
        '00000200 04000200 06 000000 05000000 0102030405 000000',
      ),
    ],
    [
      'conformant and varying array',
      both(
        pointer(conformantVaryingArray(u16)),
        [1, 2],
        '00000200 04000200 02000000 00000000 02000000 0100 0200',
      ),
    ],
    [
      'RPC_SID (MS-DTYP 2.4.2.3)',
      both(
        struct({ sid: pointer(rpcSid) }),
        { sid: fromHex('010200000000000520000000 20020000') },
        '00000200 04000200 02000000 010200000000000520000000 20020000',
      ),
    ],
    [
      'strings with and without room for a terminator (MS-DTYP 2.3.10)',
      both(
        struct({ a: unicodeString(0), b: unicodeString(1) }),
        { a: 'ab', b: 'c' },
        `00000200 0400 0400 04000200 0200 0400 08000200
       02000000 00000000 02000000 61006200 02000000 00000000 01000000 6300 0000 00000000`,
      ),
    ],
  ];
  for (const [name, check] of cases) test(name, check);

  test('a NULL string buffer is the empty text', () => {
    const type = struct({ a: unicodeString(0) });
    expect(decodeNdr(type, fromHex(serialized('00000200 00000000 00000000 00000000')))).toEqual({
      a: '',
    });
  });

  test('mapped values', () => {
    const flag = mapped(
      u32,
      (value) => value !== 0,
      (value: boolean) => (value ? 1 : 0),
    );
    expect(decodeNdr(flag, encodeNdr(flag, true))).toBe(true);
  });
});

describe('MS-RPCE 2.2.6: type serialization version 1', () => {
  // S4U_DELEGATION_INFO from an Active Directory KDC of 2019 (MIT krb5, src/kdc/t_ndr.c).
  const captured = `
    01100800cccccccca000000000000000000002002a002c000400020001000000080002001600000000000000
    1500000073007600630032002f00610064007300650072007600650072002e00610064002e00740065007300
    74000000010000003a003c000c0002001e000000000000001d00000073007600630031002f00610064007300
    650072007600650072002e00610064002e0074006500730074004000410044002e0054004500530054000000`;

  test('a captured structure, both ways', () => {
    const bytes = fromHex(captured);
    const value = decodeNdr(delegation, bytes);
    expect(value).toEqual({
      target: 'svc2/adserver.ad.test',
      count: 1,
      services: ['svc1/adserver.ad.test@AD.TEST'],
    });
    expect(toHex(encodeNdr(delegation, value))).toBe(toHex(bytes));
  });

  test('every truncation is refused', () => {
    const bytes = fromHex(captured);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeNdr(delegation, bytes.subarray(0, length))).toThrow(WireError);
    }
  });

  const one = struct({ a: u32 });
  const faults: readonly [string, (hex: string) => string, string, WireErrorCode][] = [
    ['no headers', refusal(one), '01100800', 'truncated'],
    ['version 2', refusal(one), '02100800cccccccc0800000000000000 0000020001000000', 'value'],
    ['big-endian', refusal(one), '01000008cccccccc0800000000000000 0000020001000000', 'value'],
    [
      'common header of 9',
      refusal(one),
      '01100900cccccccc0800000000000000 0000020001000000',
      'length',
    ],
    [
      'object longer than its bytes',
      refusal(one),
      '01100800cccccccc1000000000000000 00',
      'truncated',
    ],
    ['bytes after the object', refusal(one), `${serialized('0000020001000000')}00`, 'trailing'],
    [
      'object longer than its type',
      refusal(one),
      serialized(`0000020001000000${'00'.repeat(8)}`),
      'trailing',
    ],
    ['NULL object', refusal(one), serialized('0000000000000000'), 'pointer'],
    ['object cut off', refusal(one), serialized('00000200'), 'truncated'],
    [
      'array longer than its bytes',
      refusal(pointer(conformantArray(u32))),
      serialized('00000200 04000200 ffff0000 00000000'),
      'truncated',
    ],
    [
      'array above its maximum',
      refusal(pointer(conformantArray(u8, 2))),
      serialized('00000200 04000200 03000000 01020300'),
      'oversize',
    ],
    [
      'array that starts inside',
      refusal(pointer(conformantVaryingArray(u8))),
      serialized('00000200 04000200 01000000 01000000 01000000 00000000'),
      'length',
    ],
    [
      'string of odd length',
      refusal(struct({ a: unicodeString(0) })),
      serialized('00000200 01000200 04000200 01000000 00000000 01000000 00000000'),
      'length',
    ],
    [
      'string above its maximum',
      refusal(struct({ a: unicodeString(0) })),
      serialized('00000200 04000200 04000200 01000000 00000000 02000000 00000000'),
      'length',
    ],
    [
      'string without a buffer',
      refusal(struct({ a: unicodeString(0) })),
      serialized('00000200 02000200 00000000 00000000'),
      'pointer',
    ],
    [
      'string whose buffer has another length',
      refusal(struct({ a: unicodeString(0) })),
      serialized('00000200 02000200 04000200 01000000 00000000 00000000'),
      'length',
    ],
    [
      'SID with another count',
      refusal(pointer(rpcSid)),
      serialized('00000200 04000200 01000000 010000000000000501000000 00000000'),
      'value',
    ],
    [
      'SID with sixteen sub-authorities',
      refusal(pointer(rpcSid)),
      serialized(`00000200 04000200 10000000 0110000000000005${'00000000'.repeat(17)}`),
      'oversize',
    ],
  ];
  for (const [name, refuse, hex, code] of faults) {
    test(`${name}: ${code}`, () => {
      expect(refuse(hex)).toBe(code);
    });
  }

  test('values without an encoding', () => {
    expect(() => encodeNdr(u8, 256)).toThrow(/not an integer/);
    expect(() => encodeNdr(u32, -1)).toThrow(WireError);
    expect(() => encodeNdr(hyper, 1n << 64n)).toThrow(WireError);
    expect(() => encodeNdr(fixedBytes(2), new Uint8Array(3))).toThrow(WireError);
    expect(() => encodeNdr(unicodeString(1), 'x'.repeat(0x8000))).toThrow(WireError);
    expect(() => encodeNdr(rpcSid, Uint8Array.of(1, 2, 3))).toThrow(WireError);
    expect(() => encodeNdr(conformantArray(u8, 1), [1, 2])).toThrow(WireError);
  });
});

describe('properties', () => {
  const everything = struct({
    byte: u8,
    big: hyper,
    text: unicodeString(0),
    roomy: unicodeString(1),
    list: pointer(conformantArray(struct({ id: u16, sid: pointer(rpcSid) }))),
    blob: pointer(conformantBytes),
  });

  const sid = fc
    .array(fc.nat(0xff), { minLength: 0, maxLength: 3 })
    .map((subs) =>
      Uint8Array.of(1, subs.length, 0, 0, 0, 0, 0, 5, ...subs.flatMap((x) => [x, 0, 0, 0])),
    );

  const value = fc.record({
    byte: fc.nat(255),
    big: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    text: fc.string({ unit: 'binary', maxLength: 40 }),
    roomy: fc.string({ unit: 'binary', maxLength: 40 }),
    list: fc.option(
      fc.array(fc.record({ id: fc.nat(0xffff), sid: fc.option(sid) }), { maxLength: 5 }),
    ),
    blob: fc.option(fc.uint8Array({ maxLength: 20 })),
  });

  test('what is written is read back, and written the same again', () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = encodeNdr(everything, original);
        const read = decodeNdr(everything, bytes);
        expect(read).toEqual(original);
        expect(encodeNdr(everything, read)).toEqual(bytes);
      }),
    );
  });

  test('random bytes after good headers throw nothing but WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        const hex = serialized(toHex(body));
        expect([
          'no error',
          'truncated',
          'length',
          'value',
          'pointer',
          'oversize',
          'trailing',
        ]).toContain(codeOf(everything, hex));
      }),
    );
  });

  test('one changed byte throws nothing but WireError', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(255), (original, place, byte) => {
        const bytes = new Uint8Array(encodeNdr(everything, original));
        bytes[place % bytes.length] = byte;
        expect(codeOf(everything, toHex(bytes))).toBeTypeOf('string');
      }),
    );
  });
});
