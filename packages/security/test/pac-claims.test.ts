import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecurityError } from '../src/errors.ts';
import { MAX_CLAIMS_SIZE } from '../src/limits.ts';
import { claimsOfSet, decodeClaimsInfo, encodeClaimsInfo } from '../src/pac/claims-info.ts';
import type { ClaimEntry, ClaimsSet } from '../src/pac/claims-set.ts';
import { decodeDeviceInfo, deviceSids, encodeDeviceInfo } from '../src/pac/device-info.ts';
import { compressXpressHuffman, decompressXpressHuffman } from '../src/xpress-huffman.ts';
import { INT64_CLAIMS, PACKED_CLAIMS, PLAIN_CLAIMS } from './vectors/claims.ts';

const plainSet: ClaimsSet = [
  {
    source: 'ad',
    entries: [
      { id: '720fd3c3_9', claim: { type: 'boolean', values: [true] } },
      { id: '720fd3c3_7', claim: { type: 'string', values: ['foo', 'bar', 'baz'] } },
      { id: '720fd3c3_8', claim: { type: 'unsigned', values: [655369n, 65543n, 65542n, 65536n] } },
    ],
  },
];

const signedSet: ClaimsSet = [
  {
    source: 'ad',
    entries: [
      { id: 'a claim', claim: { type: 'integer', values: [3n, 42n, -999n, 1000n, 20000n] } },
    ],
  },
];

describe('MS-PAC 2.11 PAC_CLIENT_CLAIMS_INFO', () => {
  test.for([
    ['boolean, string and unsigned claims', PLAIN_CLAIMS, plainSet],
    ['signed claims', INT64_CLAIMS, signedSet],
  ] as const)('%s as Windows writes them, both ways', ([, hex, set]) => {
    expect(decodeClaimsInfo(Buffer.from(hex, 'hex'))).toEqual(set);
    expect(Buffer.from(encodeClaimsInfo(set)).toString('hex')).toBe(hex);
  });

  test('claims that Windows packed are read, and packed again', () => {
    const data = Buffer.from(PACKED_CLAIMS, 'hex');
    const set = decodeClaimsInfo(data);
    const [array] = set;
    expect(array?.entries.map(({ id, claim }) => [id, claim.type, claim.values.length])).toEqual([
      ['720fd3c3_4', 'boolean', 1],
      ['720fd3c3_0', 'string', 4],
      ['720fd3c3_1', 'string', 3],
      ['720fd3c3_2', 'unsigned', 4],
      ['720fd3c3_3', 'unsigned', 4],
    ]);
    expect(array?.entries[2]?.claim.values[2]).toBe('CN=Computers,DC=win22,DC=example,DC=com');
    const again = encodeClaimsInfo(set);
    expect(again.length).toBeLessThan(700);
    expect(decodeClaimsInfo(again)).toEqual(set);
  });

  test('a buffer without contents has no claims', () => {
    expect(decodeClaimsInfo(new Uint8Array())).toEqual([]);
    expect(decodeClaimsInfo(encodeClaimsInfo([]))).toEqual([]);
  });

  test('claims are found by their ID of any case; the last of an ID counts', () => {
    const entries: ClaimEntry[] = [
      { id: 'ad://ext/Title', claim: { type: 'string', values: ['first'] } },
      { id: 'AD://EXT/title', claim: { type: 'string', values: ['second'] } },
    ];
    const claims = claimsOfSet([{ source: 'ad', entries }]);
    expect(claims.get('ad://ext/title')).toEqual({ type: 'string', values: ['second'] });
  });

  test('the same value twice makes claims useless', () => {
    for (const twice of [
      { type: 'string', values: ['foo', 'FOO'] },
      { type: 'integer', values: [1n, 1n] },
      { type: 'boolean', values: [false, false] },
    ] as const) {
      const set = [{ source: 'ad', entries: [{ id: 'a', claim: twice }] }] as const;
      expect(() => claimsOfSet(set)).toThrow(expect.objectContaining({ structure: 'claim' }));
    }
  });

  test('claims of more than one block of compression come back', () => {
    const values = Array.from({ length: 6 }, (_, index) => String(index).repeat(20_000));
    const set = [
      { source: 'ad', entries: [{ id: 'a', claim: { type: 'string', values } }] },
    ] as const;
    const data = encodeClaimsInfo(set);
    expect(data.length).toBeLessThan(4000);
    expect(decodeClaimsInfo(data)).toEqual(set);
  });

  test('what says it is larger than the limit is not unpacked', () => {
    const data = Buffer.from(PACKED_CLAIMS, 'hex');
    // Body: referent, size, referent, format, then the size of what is unpacked.
    data.writeUInt32LE(MAX_CLAIMS_SIZE + 1, 16 + 16);
    expect(() => decodeClaimsInfo(data)).toThrow(
      expect.objectContaining({ code: 'oversize', structure: 'claim' }),
    );
  });

  test('LZNT1, which nobody writes, is refused', () => {
    const data = Buffer.from(PACKED_CLAIMS, 'hex');
    data.writeUInt16LE(2, 16 + 12);
    expect(() => decodeClaimsInfo(data)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  const claim = fc.oneof(
    fc.record({
      type: fc.constant('integer'),
      values: fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
    }),
    fc.record({ type: fc.constant('unsigned'), values: fc.array(fc.bigInt(0n, 2n ** 64n - 1n)) }),
    fc.record({ type: fc.constant('boolean'), values: fc.array(fc.boolean()) }),
    fc.record({ type: fc.constant('string'), values: fc.array(fc.string()) }),
  ) as fc.Arbitrary<ClaimEntry['claim']>;
  const sets: fc.Arbitrary<ClaimsSet> = fc.array(
    fc.record({
      source: fc.constantFrom('ad', 'certificate'),
      entries: fc.array(fc.record({ id: fc.string(), claim })),
    }),
    { maxLength: 3 },
  );

  test('every set comes back from its encoding', () => {
    fc.assert(
      fc.property(sets, (set) => {
        expect(decodeClaimsInfo(encodeClaimsInfo(set))).toEqual(set);
      }),
    );
  });

  test('no input throws anything but SecurityError', () => {
    const known = [PLAIN_CLAIMS, PACKED_CLAIMS, INT64_CLAIMS].map((hex) => Buffer.from(hex, 'hex'));
    const changed = fc
      .tuple(fc.constantFrom(...known), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
      .map(([base, changes]) => {
        const data = Buffer.from(base);
        for (const [at, byte] of changes) data[16 + (at % (data.length - 16))] = byte;
        return data;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), changed), (data) => {
        try {
          decodeClaimsInfo(data);
        } catch (error) {
          expect(error).toBeInstanceOf(SecurityError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('MS-XCA 2.1, 2.2 LZ77 with Huffman', () => {
  test('the alphabet thirty times over', () => {
    const text = Buffer.from('abcdefghijklmnopqrstuvwxyz'.repeat(30));
    const packed = compressXpressHuffman(text);
    expect(packed?.length).toBeLessThan(300);
    expect(Buffer.from(decompressXpressHuffman(packed ?? text, text.length))).toEqual(text);
  });

  test('what does not get smaller is left alone', () => {
    expect(compressXpressHuffman(Uint8Array.of(1, 2, 3))).toBeUndefined();
    expect(compressXpressHuffman(new Uint8Array())).toBeUndefined();
  });

  test.for([1024, 65_535, 65_536])('%d equal bytes: a long match', (size) => {
    const bytes = new Uint8Array(size).fill(7);
    const packed = compressXpressHuffman(bytes);
    expect(packed?.length).toBeLessThan(280);
    expect(decompressXpressHuffman(packed ?? bytes, size)).toEqual(bytes);
  });

  test('every text comes back', () => {
    const texts = fc.array(fc.constantFrom('department', 'ad://ext/', 'CN=', '\0', 'a', 'ß'), {
      maxLength: 4000,
      size: 'max',
    });
    fc.assert(
      fc.property(texts, (parts) => {
        const bytes = Buffer.from(parts.join(''), 'utf16le');
        const packed = compressXpressHuffman(bytes);
        if (packed === undefined) return;
        expect(packed.length).toBeLessThan(bytes.length);
        expect(Buffer.from(decompressXpressHuffman(packed, bytes.length))).toEqual(bytes);
      }),
      { numRuns: 40 },
    );
  });
});

describe('MS-PAC 2.12 PAC_DEVICE_INFO', () => {
  const info = {
    userId: 1105,
    primaryGroupId: 515,
    accountDomainId: 'S-1-5-21-1-2-3',
    groups: [{ rid: 515, attributes: 7 }],
    extraSids: [{ sid: 'S-1-18-1', attributes: 7 }],
    domainGroups: [{ domain: 'S-1-5-21-0-0-0', groups: [{ rid: 497, attributes: 7 }] }],
  } as const;

  // Laid out by hand from the IDL of MS-PAC 2.12.
  const hex =
    '00000200' +
    '5104000003020000' +
    '04000200' +
    '0100000008000200' +
    '010000000c000200' +
    '0100000014000200' +
    '04000000010400000000000515000000010000000200000003000000' +
    '010000000302000007000000' +
    '01000000' +
    '1000020007000000' +
    '01000000010100000000001201000000' +
    '01000000' +
    '18000200010000001c000200' +
    '04000000010400000000000515000000000000000000000000000000' +
    '01000000f10100000700000000000000';

  test('both ways', () => {
    const data = Buffer.from(encodeDeviceInfo(info));
    // Behind the two headers of the serialization (MS-RPCE 2.2.6).
    expect(data.toString('hex', 16)).toBe(hex);
    expect(decodeDeviceInfo(data)).toEqual(info);
  });

  test('has the SIDs of the device and of all its groups', () => {
    expect([...deviceSids(info)]).toEqual([
      'S-1-5-21-1-2-3-1105',
      'S-1-5-21-1-2-3-515',
      'S-1-18-1',
      'S-1-5-21-0-0-0-497',
    ]);
  });

  test('no input throws anything but SecurityError', () => {
    const base = encodeDeviceInfo(info);
    const changes = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(changes, (list) => {
        const data = Uint8Array.from(base);
        for (const [at, byte] of list) data[at] = byte;
        try {
          deviceSids(decodeDeviceInfo(data));
        } catch (error) {
          expect(error).toBeInstanceOf(SecurityError);
        }
      }),
    );
  });
});
