import { encodeSid, parseSid } from '@doublehop/security/sid';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DirectoryError } from '../src/errors.ts';
import {
  canonical,
  canonicalGuid,
  generalizedTime,
  matchKey,
  type Syntax,
} from '../src/schema/syntax.ts';
import { fold } from '../src/text.ts';

const SID = parseSid('S-1-5-21-1-2-3-500');

const EQUAL: readonly (readonly [Syntax, string, string])[] = [
  ['unicode', 'SERVERB$', 'serverb$'],
  ['unicode', 'Müller', 'MULLER'],
  ['unicode', 'Ａｌｉｃｅ', 'alice'],
  ['unicode', 'ひらがな', 'ヒラガナ'],
  ['unicode', 'é', 'e\u0301'],
  ['oid', 'User', 'user'],
  ['i4', '007'.slice(2), '7'],
  ['gtime', '20261122170000.0Z', '20261122170000Z'],
  ['gtime', '202611221700Z', '20261122170000.0Z'],
  ['utctime', '261122170000Z', '20261122170000.0Z'],
  ['boolean', 'true', 'TRUE'],
];

const DIFFERENT: readonly (readonly [Syntax, string, string])[] = [
  ['unicode', 'alice', 'alicia'],
  ['unicode', 'a b', 'ab'],
  ['ia5', 'A', 'a'],
  ['case', 'A', 'a'],
  ['i8', '1', '-1'],
];

const REFUSED: readonly (readonly [Syntax, string])[] = [
  ['i4', '2147483648'],
  ['i4', '-2147483649'],
  ['i8', '9223372036854775808'],
  ['i4', '1.5'],
  ['i4', '0x10'],
  ['i4', ''],
  ['i4', '1'.repeat(5000)],
  ['boolean', 'yes'],
  ['gtime', '20261322170000Z'],
  ['gtime', '20261122170000'],
  ['oid', 'not a name'],
  ['sid', 'S-1-5-21-x'],
];

const key = (syntax: Syntax, value: string): string => matchKey(syntax, canonical(syntax, value));

describe('MS-ADTS 3.1.1.2.2.2 syntaxes', () => {
  it.each(EQUAL)('%s: %j equals %j', (syntax, a, b) => {
    expect(key(syntax, a)).toBe(key(syntax, b));
  });
  it.each(DIFFERENT)('%s: %j differs from %j', (syntax, a, b) => {
    expect(key(syntax, a)).not.toBe(key(syntax, b));
  });
  it.each(REFUSED)('%s: refuses %j', (syntax, value) => {
    expect(() => canonical(syntax, value)).toThrow(
      expect.objectContaining({ code: 'invalidAttributeSyntax' }),
    );
  });

  it('takes a SID as text or bytes', () => {
    const bytes = Buffer.from(encodeSid(SID));
    expect(Buffer.from(canonical('sid', SID))).toEqual(bytes);
    expect(Buffer.from(canonical('sid', bytes))).toEqual(bytes);
    expect(Buffer.from(canonical('sid', Buffer.from(SID)))).toEqual(bytes);
  });

  it('takes a GUID as text or bytes', () => {
    const bytes = Buffer.from('c5789f3f9baf05d5a0b89d18116ddc79', 'hex');
    expect(canonicalGuid(bytes)).toBe(bytes);
    expect(Buffer.from(canonicalGuid('3f9f78c5-af9b-d505-a0b8-9d18116ddc79'))).toEqual(bytes);
    expect(() => canonicalGuid('x')).toThrow(DirectoryError);
  });

  it('refuses text that is not UTF-8', () => {
    expect(() => canonical('unicode', Uint8Array.of(0xff))).toThrow(DirectoryError);
  });

  it('writes times as Active Directory shows them', () => {
    expect(generalizedTime(Date.UTC(2026, 10, 22, 17, 5, 9))).toBe('20261122170509.0Z');
  });
});

describe('comparable forms', () => {
  it('sort numbers as numbers', () => {
    const large = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(large, large, (a, b) => {
        const [one, other] = [key('i8', String(a)), key('i8', String(b))];
        expect(one < other).toBe(a < b);
        expect(one === other).toBe(a === b);
      }),
    );
  });

  // The iota subscript is a mark, which folding drops, but the rules by which JavaScript
  // upper-cases write it as a letter of its own; Windows' upper-casing keeps it (ᾀ: ᾈ, not ἈΙ).
  const IOTA_SUBSCRIPT = '\u0345';

  it('fold text to something that folds no further', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fold(fold(text))).toBe(fold(text));
        if (text.normalize('NFD').includes(IOTA_SUBSCRIPT)) return;
        expect(fold(text.toUpperCase())).toBe(fold(fold(text).toUpperCase()));
      }),
      { examples: [['ᾀ'], ['ẞ'], ['ΑΣ'], ['\u0345']] },
    );
  });

  it('fold each character by itself as among others', () => {
    const wrong: string[] = [];
    for (let point = 0x80; point <= 0x1_ffff; point += 1) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const one = String.fromCodePoint(point);
      const folded = fold(one);
      if (fold(folded) !== folded || !fold(`a${one}a`).startsWith(`a${folded}`)) wrong.push(one);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['Müller', 'MULLER'],
    ['ὈΔΥΣΣΕΎΣ', 'οδυσσευς'],
    ['STRAẞE', 'strasse'],
    ['ᾀδης', 'αδης'],
    ['ｶﾞ', 'ガ'],
    ['ひ', 'ヒ'],
  ])('%s and %s are the same', (one, other) => {
    expect(fold(one)).toBe(fold(other));
  });
});
