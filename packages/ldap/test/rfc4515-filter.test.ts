import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { decodeBer, encodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import { LdapError } from '../src/errors.ts';
import { FilterType } from '../src/filter-codec.ts';
import { type Filter, equals } from '../src/filter.ts';
import { escapeFilterValue, formatFilter, parseFilter } from '../src/filter-text.ts';

const equality = (attribute: string, text: string): Filter => equals(attribute, utf8(text));

// The examples of RFC 4515 §4, in their order.
const examples: readonly (readonly [string, Filter, string?])[] = [
  ['(cn=Babs Jensen)', equality('cn', 'Babs Jensen')],
  ['(!(cn=Tim Howes))', { kind: 'not', filter: equality('cn', 'Tim Howes') }],
  [
    '(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))',
    {
      kind: 'and',
      filters: [
        equality('objectClass', 'Person'),
        {
          kind: 'or',
          filters: [
            equality('sn', 'Jensen'),
            { kind: 'substrings', attribute: 'cn', initial: utf8('Babs J'), any: [] },
          ],
        },
      ],
    },
  ],
  [
    '(o=univ*of*mich*)',
    { kind: 'substrings', attribute: 'o', initial: utf8('univ'), any: [utf8('of'), utf8('mich')] },
  ],
  ['(seeAlso=)', equality('seeAlso', '')],
  [
    '(cn:caseExactMatch:=Fred Flintstone)',
    {
      kind: 'extensible',
      matchingRule: 'caseExactMatch',
      attribute: 'cn',
      value: utf8('Fred Flintstone'),
    },
  ],
  ['(cn:=Betty Rubble)', { kind: 'extensible', attribute: 'cn', value: utf8('Betty Rubble') }],
  [
    '(sn:dn:2.4.6.8.10:=Barney Rubble)',
    {
      kind: 'extensible',
      matchingRule: '2.4.6.8.10',
      attribute: 'sn',
      value: utf8('Barney Rubble'),
      dnAttributes: true,
    },
  ],
  [
    '(o:dn:=Ace Industry)',
    { kind: 'extensible', attribute: 'o', value: utf8('Ace Industry'), dnAttributes: true },
  ],
  [
    '(:1.2.3:=Wilma Flintstone)',
    { kind: 'extensible', matchingRule: '1.2.3', value: utf8('Wilma Flintstone') },
  ],
  [
    '(:DN:2.4.6.8.10:=Dino)',
    { kind: 'extensible', matchingRule: '2.4.6.8.10', value: utf8('Dino'), dnAttributes: true },
    '(:dn:2.4.6.8.10:=Dino)',
  ],
  [
    '(o=Parens R Us \\28for all your parenthetical needs\\29)',
    equality('o', 'Parens R Us (for all your parenthetical needs)'),
  ],
  ['(cn=*\\2A*)', { kind: 'substrings', attribute: 'cn', any: [utf8('*')] }, '(cn=*\\2a*)'],
  ['(filename=C:\\5cMyFile)', equality('filename', 'C:\\MyFile')],
  ['(bin=\\00\\00\\00\\04)', equals('bin', fromHex('00000004'))],
  ['(sn=Lu\\c4\\8di\\c4\\87)', equality('sn', 'Lučić'), '(sn=Lučić)'],
  // §4 ends with a value of the octets 0x04 0x02 0x48 0x69.
  [
    '(1.3.6.1.4.1.1466.0=\\04\\02\\48\\69)',
    equals('1.3.6.1.4.1.1466.0', fromHex('04024869')),
    '(1.3.6.1.4.1.1466.0=\\04\\02Hi)',
  ],
];

describe('RFC 4515 §4 examples', () => {
  for (const [text, filter, canonical] of examples) {
    test(text, () => {
      expect(parseFilter(text)).toEqual(filter);
      expect(formatFilter(filter)).toBe(canonical ?? text);
      expect(decodeBer(FilterType, encodeDer(FilterType, filter))).toEqual(filter);
    });
  }

  test('the other comparisons, presence, options, RFC 4526 true and false', () => {
    for (const [text, kind] of [
      ['(a>=1)', 'greaterOrEqual'],
      ['(a<=1)', 'lessOrEqual'],
      ['(a~=1)', 'approx'],
    ] as const) {
      expect(parseFilter(text)).toEqual({ kind, attribute: 'a', value: utf8('1') });
      expect(formatFilter(parseFilter(text))).toBe(text);
    }
    expect(parseFilter('(cn=*)')).toEqual({ kind: 'present', attribute: 'cn' });
    expect(parseFilter('(cn;lang-de;x=a)')).toEqual(equality('cn;lang-de;x', 'a'));
    expect(parseFilter('(&)')).toEqual({ kind: 'and', filters: [] });
    expect(parseFilter('(|)')).toEqual({ kind: 'or', filters: [] });
  });

  test('a bare item is taken too; blanks are part of a value and not of a name', () => {
    expect(parseFilter('cn=a b ')).toEqual(equality('cn', 'a b '));
    expect(parseFilter('( cn =a)')).toEqual(equality('cn', 'a'));
  });
});

describe('texts that are no filters', () => {
  test.each([
    '',
    '(',
    '()',
    '(cn)',
    '(cn=a',
    '(cn=a))',
    '(cn=a)(cn=b)',
    '(!)',
    '(!(a=b)(c=d))',
    '(&(a=b)c)',
    '(cn=a(b)',
    '(cn=\\2)',
    '(cn=\\zz)',
    '(cn=a\0)',
    '(=a)',
    '(:=a)',
    '(a:b:c:d:=x)',
    '(a:not valid:=x)',
    '(a>=*)',
    '(c n=a)',
    '&(a=b)',
  ])('%j', (text) => {
    expect(() => parseFilter(text)).toThrow(
      expect.objectContaining({ name: 'LdapError', code: 'filterError' }),
    );
  });

  test('nested too deeply, too many elements, too many substrings', () => {
    const refused = (text: string) => expect(() => parseFilter(text)).toThrow(LdapError);
    refused(`${'(!'.repeat(40)}(a=b)${')'.repeat(40)}`);
    refused(`(|${'(a=b)'.repeat(5_000)})`);
    refused(`(a=${'*b'.repeat(400)})`);
    refused(`(a=${'b'.repeat(1_048_577)})`);
    expect(parseFilter(`${'(!'.repeat(31)}(a=b)${')'.repeat(31)}`).kind).toBe('not');
  });
});

describe('RFC 4511 §4.5.1.7 wire form', () => {
  test.each([
    ['equalityMatch', 'a306 0401 61 0401 62', '(a=b)'],
    ['greaterOrEqual', 'a506 0401 61 0401 62', '(a>=b)'],
    ['lessOrEqual', 'a606 0401 61 0401 62', '(a<=b)'],
    ['approxMatch', 'a806 0401 61 0401 62', '(a~=b)'],
    ['present', '8701 61', '(a=*)'],
    ['substrings', 'a40e 0401 61 3009 8001 62 8101 63 8201 64', '(a=b*c*d)'],
    ['extensibleMatch', 'a90e 8103 312e32 8201 61 8301 62 8401 ff', '(a:dn:1.2:=b)'],
    ['and, not', 'a005 a203 8701 61', '(&(!(a=*)))'],
  ])('%s', (_name, hex, text) => {
    const bytes = fromHex(hex);
    expect(formatFilter(decodeBer(FilterType, bytes))).toBe(text);
    expect(toHex(encodeDer(FilterType, parseFilter(text)))).toBe(toHex(bytes));
  });

  test.each([
    ['two filters in a not', 'a206 8701 61 8701 61'],
    ['no filter in a not', 'a200'],
    ['final before any', 'a40b 0401 61 3006 8201 64 8101 63'],
    ['initial after any', 'a40b 0401 61 3006 8101 64 8001 63'],
    ['two finals', 'a40b 0401 61 3006 8201 64 8201 63'],
    ['no substrings', 'a405 0401 61 3000'],
    ['an unknown substring', 'a408 0401 61 3003 8301 64'],
    ['neither rule nor attribute', 'a903 8301 62'],
    ['an unknown filter', 'aa00'],
  ])('refused: %s', (_name, hex) => {
    expect(() => decodeBer(FilterType, fromHex(hex))).toThrow(WireError);
  });
});

describe('properties', () => {
  const attribute = fc.constantFrom('cn', 'memberOf', 'userCertificate;binary', '2.5.4.3');
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 12 }).map(utf8),
    fc.string({ unit: fc.constantFrom('*', '(', ')', '\\', '\0', ' ', 'a', '�') }).map(utf8),
  );
  const some = fc.uint8Array({ minLength: 1, maxLength: 5 });
  const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.record({
        kind: fc.constantFrom('equality', 'greaterOrEqual', 'lessOrEqual', 'approx'),
        attribute,
        value: octets,
      }),
      fc.record({ kind: fc.constant('present'), attribute }),
      fc
        .record(
          { attribute, initial: some, any: fc.array(some, { maxLength: 3 }), final: some },
          { requiredKeys: ['attribute', 'any', 'initial'] },
        )
        .map((parts) => ({ kind: 'substrings' as const, ...parts })),
      fc
        .record({ attribute, matchingRule: fc.constantFrom('1.2.3', 'rule'), value: octets })
        .map((parts) => ({ kind: 'extensible' as const, ...parts })),
      fc.record({ kind: fc.constant('not'), filter: tie('filter') }),
      fc.record({
        kind: fc.constantFrom('and', 'or'),
        filters: fc.array(tie('filter'), { maxLength: 4 }),
      }),
    ) as fc.Arbitrary<Filter>,
  })).filter;

  test('text and wire form give the filter back', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(parseFilter(formatFilter(filter))).toEqual(filter);
        expect(decodeBer(FilterType, encodeDer(FilterType, filter))).toEqual(filter);
      }),
    );
  });

  test('any text parses or is a filterError; any octets decode or are a WireError', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('()&|!=*\\:<>~ab1.;-0')), maxLength: 40 }),
        (text) => {
          try {
            expect(parseFilter(formatFilter(parseFilter(text)))).toEqual(parseFilter(text));
          } catch (error) {
            if (!(error instanceof LdapError)) throw error;
          }
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeBer(FilterType, bytes);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }),
    );
  });

  test('an escaped value cannot leave its place', () => {
    fc.assert(
      fc.property(octets, (value) => {
        const found = parseFilter(`(&(cn=${escapeFilterValue(value)})(x=y))`);
        expect(found).toEqual({ kind: 'and', filters: [equals('cn', value), equality('x', 'y')] });
      }),
    );
  });
});
