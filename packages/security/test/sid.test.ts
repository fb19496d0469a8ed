import { fromHex, toHex } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecurityError } from '../src/errors.ts';
import { decodeGuid, encodeGuid, parseGuid } from '../src/guid.ts';
import {
  decodeSid,
  domainOf,
  encodeSid,
  isSid,
  parseSid,
  ridOf,
  type Sid,
  sidSize,
  withRid,
} from '../src/sid.ts';
import { aliasOfSid, sidOfAlias, wellKnown } from '../src/well-known-sids.ts';

describe('MS-DTYP 2.4.2: SID', () => {
  const pairs: readonly [Sid, string][] = [
    ['S-1-1-0', '010100000000000100000000'],
    ['S-1-5-32-544', '01020000000000052000000020020000'],
    // Domain SID of the example of MS-PAC 3.1.
    ['S-1-5-21-397955417-626881126-188441444', '0104000000000005150000005951b81766725d2564633b0b'],
    ['S-1-5-21-0-0-0-497', '010500000000000515000000000000000000000000000000f1010000'],
    ['S-1-5-4294967295', '0101000000000005ffffffff'],
    ['S-1-5', '0100000000000005'],
    ['S-1-0x123456789ABC-7', '0101123456789abc07000000'],
  ];
  for (const [text, hex] of pairs) {
    test(`${text}: text and bytes, both ways`, () => {
      expect(toHex(encodeSid(text))).toBe(hex);
      expect(decodeSid(fromHex(hex))).toBe(text);
      expect(parseSid(text)).toBe(text);
    });
  }

  test('text of another spelling is the same SID', () => {
    expect(parseSid('s-1-5-32-544')).toBe(wellKnown.builtinAdministrators);
    expect(parseSid('S-1-0x5-18')).toBe(wellKnown.localSystem);
  });

  const wrong: readonly string[] = [
    '',
    'S',
    'S-1',
    'S-1-',
    'S-2-5-18',
    'S-1-5-',
    'S-1-5--18',
    'S-1-5-18x',
    'S-1-5-4294967296',
    'S-1-4294967296-1',
    'S-1-5-018',
    'S-1-5--1',
    `S-1-5${'-1'.repeat(16)}`,
    ` S-1-5-18`,
  ];
  for (const text of wrong) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseSid(text)).toThrow(SecurityError);
      expect(isSid(text)).toBe(false);
    });
  }

  test('bytes: revision, count and length are checked', () => {
    expect(() => decodeSid(fromHex('020100000000000100000000'))).toThrow(/revision/);
    expect(() => decodeSid(fromHex('01100000000000010000'))).toThrow(/16 sub-authorities/);
    expect(() => decodeSid(fromHex('0101000000000001000000'))).toThrow(/needs 12 bytes/);
    expect(() => decodeSid(new Uint8Array())).toThrow(/header/);
  });

  test('reads at an offset and leaves what follows', () => {
    const bytes = fromHex('ffff 010100000000000512000000 ff');
    expect(decodeSid(bytes, 2)).toBe('S-1-5-18');
    expect(sidSize(bytes, 2)).toBe(12);
  });

  test('domain and relative identifier', () => {
    const sid = parseSid('S-1-5-21-1-2-3-1104');
    expect(domainOf(sid)).toBe('S-1-5-21-1-2-3');
    expect(ridOf(sid)).toBe(1104);
    expect(withRid('S-1-5-21-1-2-3', 1104)).toBe(sid);
    expect(() => withRid('S-1-5-21-1-2-3', -1)).toThrow(RangeError);
    expect(() => domainOf('S-1-5')).toThrow(RangeError);
  });

  test('every SID survives bytes and text', () => {
    const uint32 = fc.nat(0xffff_ffff);
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.array(uint32, { maxLength: 15 }), (authority, subs) => {
        const sid: Sid = `S-1-${[authority, ...subs].join('-')}`;
        expect(decodeSid(encodeSid(sid))).toBe(sid);
        expect(parseSid(sid)).toBe(sid);
      }),
    );
  });

  test('random bytes throw nothing but SecurityError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          const sid = decodeSid(bytes);
          expect(toHex(encodeSid(sid))).toBe(toHex(bytes.subarray(0, sidSize(bytes))));
        } catch (error) {
          expect(error).toBeInstanceOf(SecurityError);
        }
      }),
    );
  });
});

describe('MS-DTYP 2.5.1.1: SDDL aliases', () => {
  const context = { domain: 'S-1-5-21-1-2-3', rootDomain: 'S-1-5-21-9-9-9' } as const;
  const aliases: readonly [string, Sid][] = [
    ['BA', 'S-1-5-32-544'],
    ['WD', 'S-1-1-0'],
    ['AU', 'S-1-5-11'],
    ['PS', 'S-1-5-10'],
    ['OW', 'S-1-3-4'],
    ['SY', 'S-1-5-18'],
    ['ED', 'S-1-5-9'],
    ['RU', 'S-1-5-32-554'],
    ['DA', 'S-1-5-21-1-2-3-512'],
    ['DU', 'S-1-5-21-1-2-3-513'],
    ['DC', 'S-1-5-21-1-2-3-515'],
    ['DD', 'S-1-5-21-1-2-3-516'],
    ['LA', 'S-1-5-21-1-2-3-500'],
    ['EA', 'S-1-5-21-9-9-9-519'],
    ['SA', 'S-1-5-21-9-9-9-518'],
    ['RO', 'S-1-5-21-9-9-9-498'],
  ];
  for (const [alias, sid] of aliases) {
    test(`${alias} is ${sid}`, () => {
      expect(sidOfAlias(alias, context)).toBe(sid);
      expect(sidOfAlias(alias.toLowerCase(), context)).toBe(sid);
      expect(aliasOfSid(sid, context)).toBe(alias);
    });
  }

  test('domain-relative aliases need a domain', () => {
    expect(sidOfAlias('DA')).toBeUndefined();
    expect(aliasOfSid('S-1-5-21-1-2-3-512')).toBeUndefined();
    expect(aliasOfSid('S-1-5-21-4-4-4-512', context)).toBeUndefined();
    expect(sidOfAlias('EA', { domain: 'S-1-5-21-1-2-3' })).toBe('S-1-5-21-1-2-3-519');
  });

  test('unknown aliases', () => {
    expect(sidOfAlias('QQ', context)).toBeUndefined();
    expect(aliasOfSid('S-1-5-21-1-2-3-1104', context)).toBeUndefined();
  });
});

describe('MS-DTYP 2.3.4: GUID', () => {
  // schemaIDGUID of msDS-AllowedToActOnBehalfOfOtherIdentity (MS-ADA2 2.218).
  const text = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';
  const hex = 'e5c3783f9af7bd46a0b89d18116ddc79';

  test('text and bytes, both ways', () => {
    expect(toHex(encodeGuid(text))).toBe(hex);
    expect(decodeGuid(fromHex(`00${hex}`), 1)).toBe(text);
    expect(parseGuid(`{${text.toUpperCase()}}`)).toBe(text);
  });

  test('refuses what is not one', () => {
    expect(() => parseGuid('3f78c3e5f79a46bda0b89d18116ddc79')).toThrow(SecurityError);
    expect(() => parseGuid(`${text}0`)).toThrow(SecurityError);
    expect(() => decodeGuid(new Uint8Array(15))).toThrow(SecurityError);
  });
});
