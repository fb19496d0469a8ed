import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dnKey,
  dnOfDnsName,
  dnsNameOfDn,
  formatDn,
  isWithin,
  parseDn,
  parseRdn,
  type Dn,
} from '../src/dn.ts';
import { DirectoryError } from '../src/errors.ts';

/** RFC 4514 §4, but for the names of several values, which Active Directory does not have. */
const RFC4514: readonly (readonly [text: string, values: Dn])[] = [
  [
    'UID=jsmith,DC=example,DC=net',
    [
      { type: 'UID', value: 'jsmith' },
      { type: 'DC', value: 'example' },
      { type: 'DC', value: 'net' },
    ],
  ],
  [
    'CN=James \\"Jim\\" Smith\\, III,DC=example,DC=net',
    [
      { type: 'CN', value: 'James "Jim" Smith, III' },
      { type: 'DC', value: 'example' },
      { type: 'DC', value: 'net' },
    ],
  ],
  [
    'CN=Before\\0dAfter,DC=example,DC=net',
    [
      { type: 'CN', value: 'Before\rAfter' },
      { type: 'DC', value: 'example' },
      { type: 'DC', value: 'net' },
    ],
  ],
  ['1.3.6.1.4.1.1466.0=#04024869', [{ type: '1.3.6.1.4.1.1466.0', value: 'Hi' }]],
  ['CN=Lu\\C4\\8Di\\C4\\87', [{ type: 'CN', value: 'Lučić' }]],
];

const ACCEPTED: readonly (readonly [text: string, formatted: string])[] = [
  ['', ''],
  [' cn = Alice , dc = com ', 'cn=Alice,dc=com'],
  ['CN="Smith, John";DC=com', 'CN=Smith\\, John,DC=com'],
  ['CN="a\\"b" ,DC=com', 'CN=a\\"b,DC=com'],
  ['CN=\\ a\\ ,DC=com', 'CN=\\ a\\ ,DC=com'],
  ['CN=\\#1,DC=com', 'CN=\\#1,DC=com'],
  ['CN=a=b,DC=com', 'CN=a\\=b,DC=com'],
  ['CN=x\\0ACNF:1,DC=com', 'CN=x\\0ACNF:1,DC=com'],
  ['2.5.4.3=A,OID.2.5.4.11=B', 'CN=A,OU=B'],
  ['CN=Jürgen 😀,OU=Ärzte', 'CN=Jürgen 😀,OU=Ärzte'],
  ['CN=J. Smith \\+ Sons\\<x\\>\\;,DC=com', 'CN=J. Smith \\+ Sons\\<x\\>\\;,DC=com'],
];

const REFUSED = [
  'alice',
  'CN=',
  'CN=a,',
  ',CN=a',
  'CN=a,,DC=b',
  'CN=a+SN=b,DC=c',
  'CN="a',
  'CN="a"b',
  'CN=a"b',
  'CN=a<b',
  'CN=a\\',
  'CN=a\\q',
  'CN=a\\0',
  'CN=\\ff',
  'CN=\\00',
  '1.2.=a',
  'C N=a',
  'CN=#0402486',
  'CN=#02020101',
  `CN=${'a'.repeat(20_000)}`,
  Array.from({ length: 300 }, () => 'DC=a').join(','),
];

describe('RFC 4514 distinguished names', () => {
  it.each(RFC4514)('§4: %s', (text, dn) => {
    expect(parseDn(text)).toEqual(dn);
    expect(parseDn(formatDn(dn))).toEqual(dn);
  });

  it.each(ACCEPTED)('reads %j and writes it as Active Directory does', (text, formatted) => {
    expect(formatDn(parseDn(text))).toBe(formatted);
  });

  it.each(REFUSED)('refuses %j', (text) => {
    expect(() => parseDn(text)).toThrow(expect.objectContaining({ code: 'invalidDNSyntax' }));
  });

  it('compares without regard to case, spaces around, escapes and marks', () => {
    const key = dnKey(parseDn('CN=Müller,OU=Servers,DC=contoso,DC=com'));
    expect(dnKey(parseDn('cn = MULLER ,ou=\\53ervers,DC="CONTOSO",dc=com'))).toBe(key);
    expect(dnKey(parseDn('CN=Möller,OU=Servers,DC=contoso,DC=com'))).not.toBe(key);
    expect(dnKey(parseDn('CN=Müller\\,OU=Servers,DC=contoso,DC=com'))).not.toBe(key);
  });

  it('tells what is within what', () => {
    const base = parseDn('OU=NA,DC=contoso,DC=com');
    expect(isWithin(parseDn('cn=x,ou=na,dc=CONTOSO,dc=com'), base)).toBe(true);
    expect(isWithin(base, base)).toBe(true);
    expect(isWithin(parseDn('DC=contoso,DC=com'), base)).toBe(false);
    expect(isWithin(parseDn('OU=NA,DC=contoso,DC=org'), base)).toBe(false);
  });

  it('RFC 2247: maps DNS names both ways', () => {
    expect(formatDn(dnOfDnsName('na.contoso.com'))).toBe('DC=na,DC=contoso,DC=com');
    expect(dnsNameOfDn(parseDn('CN=Users,DC=na,DC=contoso,DC=com'))).toBe('na.contoso.com');
  });

  it('reads a single relative name only', () => {
    expect(parseRdn('CN=New\\, Name')).toEqual({ type: 'CN', value: 'New, Name' });
    expect(() => parseRdn('CN=a,DC=b')).toThrow(DirectoryError);
  });
});

describe('distinguished names of any text', () => {
  const value = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .filter((text) => !text.includes('\0') && text.isWellFormed());
  const type = fc.constantFrom('CN', 'OU', 'DC', 'uid');

  it('come back from their text', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ type, value }), { maxLength: 6 }), (dn) => {
        expect(parseDn(formatDn(dn))).toEqual(dn);
      }),
    );
  });

  it('are read or refused, never more', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('CN=', 'a', ',', '\\', '"', '#', '04', ' ', '+', '=', ';'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const dn = parseDn(input);
          expect(dnKey(parseDn(formatDn(dn)))).toBe(dnKey(dn));
        } catch (error) {
          expect(error).toBeInstanceOf(DirectoryError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
