import { concat, fromHex, toHex } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CacheVersion,
  decodeCache,
  encodeCredentials,
  encodeHeader,
  removedCredentials,
} from '../src/ccache/format.ts';
import type { Credentials } from '../src/credentials.ts';
import { KerberosError } from '../src/errors.ts';
import { principal } from '../src/names.ts';
import { CACHE_VECTORS } from './vectors/ccache.ts';

const text = (value: string) => new TextEncoder().encode(value);

// verify_princ, verify_cred1 and verify_cred2 of MIT krb5 src/lib/krb5/ccache/t_marshal.c.
const CLIENT = principal('KRBTEST.COM', 1, 'testclient');
const FIRST: Credentials = {
  client: CLIENT,
  server: principal('EXAMPLE.COM', 1, 'test', 'host'),
  key: { etype: 17, bytes: fromHex('000102030405060708090a0b0c0d0e0f') },
  times: { authtime: 11, starttime: 222, endtime: 3333, renewTill: 1_000_000_000 },
  isSkey: false,
  flags: 0x4080_0000,
  addresses: [{ addrType: 2, address: Uint8Array.of(10, 0, 0, 1) }],
  authorizationData: [
    { adType: 512, adData: text('signticket') },
    { adType: -100, adData: new Uint8Array(0) },
  ],
  ticket: text('ticket'),
  secondTicket: new Uint8Array(0),
};
const SECOND: Credentials = {
  client: CLIENT,
  server: principal('', 1),
  key: { etype: 23, bytes: fromHex('0f0e0d0c0b0a09080706050403020100') },
  times: { authtime: 0, starttime: 0, endtime: 0, renewTill: 0 },
  isSkey: true,
  flags: 0,
  addresses: [],
  authorizationData: [],
  ticket: text('ticket'),
  secondTicket: text('2ticket'),
};
/** Version 1 holds no name types. */
function inVersion(version: CacheVersion, credentials: Credentials): Credentials {
  if (version !== 1) return credentials;
  const untyped = (of: typeof CLIENT) => ({ ...of, name: { ...of.name, nameType: 0 } });
  return {
    ...credentials,
    client: untyped(credentials.client),
    server: untyped(credentials.server),
  };
}

describe.each(CACHE_VECTORS)('MIT ccache_file_format, version $version', (vector) => {
  const { version } = vector;
  const [header, first, second] = [
    fromHex(vector.header + vector.principal),
    fromHex(vector.first),
    fromHex(vector.second),
  ];

  test('is read', () => {
    const file = decodeCache(concat(header, first, second));
    expect(file.header).toEqual({
      version,
      kdcOffset: version === 4 ? { seconds: 300, microseconds: 54321 } : undefined,
      principal: inVersion(version, FIRST).client,
    });
    expect(file.entries.map((entry) => entry.credentials)).toEqual([
      inVersion(version, FIRST),
      inVersion(version, SECOND),
    ]);
    expect(file.entries.map(({ start, end }) => end - start)).toEqual([
      first.length,
      second.length,
    ]);
  });

  test('is written to the byte', () => {
    const kdcOffset = { seconds: 300, microseconds: 54321 };
    expect(toHex(encodeHeader({ version, kdcOffset, principal: CLIENT }))).toBe(toHex(header));
    expect(toHex(encodeCredentials(version, FIRST))).toBe(toHex(first));
    expect(toHex(encodeCredentials(version, SECOND))).toBe(toHex(second));
  });

  test('cut anywhere but between credentials throws KerberosError', () => {
    const whole = concat(header, first, second);
    const boundaries = new Set([header.length, header.length + first.length, whole.length]);
    for (let size = 0; size < whole.length; size += 1) {
      if (boundaries.has(size)) continue;
      expect(() => decodeCache(whole.subarray(0, size))).toThrow(KerberosError);
    }
  });
});

describe('MIT ccache_file_format', () => {
  const header = encodeHeader({ version: 4, principal: CLIENT });

  test('version 2 of a big-endian machine', () => {
    const file = concat(
      encodeHeader({ version: 2, principal: CLIENT }, 'big'),
      encodeCredentials(2, FIRST, 'big'),
    );
    expect(decodeCache(file, 'big').entries[0]?.credentials).toEqual(FIRST);
    expect(() => decodeCache(file)).toThrow(KerberosError);
  });

  test('unknown header fields are skipped, broken ones refused', () => {
    const rest = header.subarray(4);
    const withFields = (fields: string) =>
      decodeCache(concat(fromHex(`0504 ${fields}`), rest)).header.kdcOffset;
    expect(withFields('0012 0007 0002 abcd 0001 0008 fffffffe 00000005')).toEqual({
      seconds: -2,
      microseconds: 5,
    });
    expect(() => withFields('0008 0001 0004 00000001')).toThrow(/DeltaTime/);
    expect(() => withFields('0006 0007 0003 abcdef')).toThrow(/after the header/);
  });

  test('impossible counts and names are refused', () => {
    const tail = encodeCredentials(4, SECOND);
    const { length } = encodeHeader({ version: 4, principal: SECOND.server });
    const counted = concat(header, tail);
    const view = new DataView(counted.buffer);
    // The count of addresses: behind two names, the key, the times and two fields.
    const addresses = header.length + (header.length - 4) + (length - 4) + 2 + 4 + 16 + 21;
    view.setUint32(addresses, 129);
    expect(() => decodeCache(counted)).toThrow(/a list of 129/);
    view.setUint32(addresses, 0);
    expect(decodeCache(counted).entries).toHaveLength(1);
    view.setUint32(8, 0xffff_ffff);
    expect(() => decodeCache(counted)).toThrow(/a name of 4294967295/);
    expect(() => decodeCache(fromHex('0505'))).toThrow(/no known version/);
    expect(() => decodeCache(new Uint8Array(0))).toThrow(/no known version/);
  });

  test('a removed entry keeps its size and is known as removed', () => {
    const removed = removedCredentials(FIRST);
    const bytes = encodeCredentials(4, removed);
    expect(bytes.length).toBe(encodeCredentials(4, FIRST).length);
    const [entry] = decodeCache(concat(header, bytes)).entries;
    expect(entry?.removed).toBe(true);
    // Remarks have no endtime either and are not removed.
    const [other] = decodeCache(concat(header, encodeCredentials(4, SECOND))).entries;
    expect(other?.removed).toBe(false);
  });

  const uint32 = fc.nat(0xffff_ffff);
  const int16 = fc.integer({ min: -0x8000, max: 0x7fff });
  const octets = fc.uint8Array({ maxLength: 40 });
  const name = fc.string({ maxLength: 20, unit: 'grapheme' }).filter((s) => !s.includes('\0'));
  const someone = fc.record({
    name: fc.record({
      nameType: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      nameString: fc.array(name, { maxLength: 3 }),
    }),
    realm: name,
  });
  const credentials: fc.Arbitrary<Credentials> = fc.record({
    client: someone,
    server: someone,
    key: fc.record({ etype: int16, bytes: octets }),
    times: fc.record({ authtime: uint32, starttime: uint32, endtime: uint32, renewTill: uint32 }),
    isSkey: fc.boolean(),
    flags: uint32,
    addresses: fc.array(fc.record({ addrType: int16, address: octets }), { maxLength: 3 }),
    authorizationData: fc.array(fc.record({ adType: int16, adData: octets }), { maxLength: 3 }),
    ticket: octets,
    secondTicket: octets,
  });

  test('what is written is read again', () => {
    const versions = fc.constantFrom<CacheVersion>(2, 3, 4);
    fc.assert(
      fc.property(
        versions,
        someone,
        fc.array(credentials, { maxLength: 3 }),
        (version, of, list) => {
          const file = concat(
            encodeHeader({ version, principal: of }),
            ...list.map((entry) => encodeCredentials(version, entry)),
          );
          const read = decodeCache(file);
          expect(read.header.principal).toEqual(of);
          expect(read.entries.map((entry) => entry.credentials)).toEqual(list);
        },
      ),
    );
  });

  test('random and damaged bytes throw nothing but KerberosError', () => {
    const damaged = fc
      .tuple(fc.constantFrom(...CACHE_VECTORS), fc.nat(330), fc.nat(255), fc.nat(400))
      .map(([vector, at, value, size]) => {
        const whole = fromHex(vector.header + vector.principal + vector.first + vector.second);
        return whole.with(at % whole.length, value).subarray(0, size);
      });
    const random = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.uint8Array({ maxLength: 120 }))
      .map(([version, tail]) => Uint8Array.of(5, version, ...tail));
    fc.assert(
      fc.property(fc.oneof(damaged, random, fc.uint8Array()), (bytes) => {
        try {
          decodeCache(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(KerberosError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
