import { formatFilter, parseFilter } from '@doublehop/ldap/filter-text';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdminError } from '../src/errors.ts';
import { identityFilter, parseIdentity, splitIdentities } from '../src/identity.ts';
import { MAX_IDENTITY } from '../src/limits.ts';

describe('parseIdentity', () => {
  test.for([
    ['ServerB', { form: 'name', name: 'ServerB' }],
    [' SERVERB$ ', { form: 'name', name: 'SERVERB$' }],
    ['CONTOSO\\ServerB', { form: 'name', domain: 'CONTOSO', name: 'ServerB' }],
    ['alice@contoso.com', { form: 'upn', name: 'alice', domain: 'contoso.com' }],
    ['a@b@contoso.com', { form: 'upn', name: 'a@b', domain: 'contoso.com' }],
    ['CN=ServerB,DC=contoso,DC=com', { form: 'dn', dn: 'CN=ServerB,DC=contoso,DC=com' }],
    ['2.5.4.3=x,DC=y', { form: 'dn', dn: '2.5.4.3=x,DC=y' }],
    ['CN=a/b@c,DC=x', { form: 'dn', dn: 'CN=a/b@c,DC=x' }],
    ['s-1-5-21-1-2-3-1104', { form: 'sid', sid: 'S-1-5-21-1-2-3-1104' }],
    ['cifs/serverc', { form: 'spn', spn: 'cifs/serverc' }],
    ['cifs/serverc@CONTOSO.COM', { form: 'spn', spn: 'cifs/serverc' }],
    [
      '{3F78C3E5-F79A-46BD-A0B8-9D18116DDC79}',
      { form: 'guid', guid: '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79' },
    ],
    ['@', { form: 'name', name: '@' }],
    ['alice@', { form: 'name', name: 'alice@' }],
  ] as const)('%s', ([text, identity]) => {
    expect(parseIdentity(text)).toEqual(identity);
  });

  test.for(['', '   ', 'S-1-', 'S-1-5-x', 'a\\b\\c', '\\a', 'a\\', 'x'.repeat(3000), 'a\0b'])(
    'not an identity: %j',
    (text) => {
      expect(() => parseIdentity(text, '--middle')).toThrow(/^--middle: /);
    },
  );

  test('any text is an identity or an AdminError, and its filter is one filter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        try {
          const identity = parseIdentity(text);
          if (identity.form === 'dn') return;
          // Whatever the name, the text of its filter reads back as the same tree.
          const filter = identityFilter(identity);
          expect(formatFilter(parseFilter(formatFilter(filter)))).toBe(formatFilter(filter));
        } catch (error) {
          expect(error).toBeInstanceOf(AdminError);
        }
      }),
    );
  });

  test('the length of a name is bounded', () => {
    expect(parseIdentity('x'.repeat(MAX_IDENTITY)).form).toBe('name');
    expect(() => parseIdentity('x'.repeat(MAX_IDENTITY + 1))).toThrow(AdminError);
  });
});

describe('identityFilter (RFC 4515 §3)', () => {
  const text = (identity: string, own?: boolean): string => {
    const parsed = parseIdentity(identity);
    if (parsed.form === 'dn') throw new Error('a DN has no filter');
    return formatFilter(identityFilter(parsed, own));
  };

  test.for([
    ['ServerB', '(|(sAMAccountName=ServerB)(sAMAccountName=ServerB$))'],
    ['SERVERB$', '(|(sAMAccountName=SERVERB$))'],
    ['*', '(|(sAMAccountName=\\2a)(sAMAccountName=\\2a$))'],
    ['x)(cn=*', '(|(sAMAccountName=x\\29\\28cn=\\2a)(sAMAccountName=x\\29\\28cn=\\2a$))'],
    ['b.contoso.com', /dNSHostName=b\.contoso\.com/],
    ['http/web:80', '(|(servicePrincipalName=http/web:80)(servicePrincipalName=HOST/web:80))'],
    ['S-1-5-32-544', /^\(objectSid=\\01\\02/],
  ] as const)('%s', ([identity, expected]) => {
    expect(text(identity)).toMatch(expected instanceof RegExp ? expected : exactly(expected));
  });

  test('user@domain is sAMAccountName@domain only in that domain', () => {
    expect(text('alice@contoso.com', true)).toContain('(sAMAccountName=alice)');
    expect(text('alice@other.com', false)).toBe('(userPrincipalName=alice@other.com)');
  });
});

describe('splitIdentities', () => {
  test.for([
    ['B1,B2,B3', ['B1', 'B2', 'B3']],
    [' B1 , B2,', ['B1', 'B2']],
    ['CN=a,OU=b,DC=c,DC=d', ['CN=a,OU=b,DC=c,DC=d']],
    ['B1,CN=a,DC=c,CN=b,DC=c,B2', ['B1', 'CN=a,DC=c', 'CN=b,DC=c', 'B2']],
    ['CN=a\\,b,DC=c', ['CN=a\\,b,DC=c']],
    ['CN="a,b",DC=c,B2', ['CN="a,b",DC=c', 'B2']],
    ['CONTOSO\\B1,CONTOSO\\B2', ['CONTOSO\\B1', 'CONTOSO\\B2']],
    ['', []],
  ] as const)('%s', ([text, expected]) => {
    expect(splitIdentities(text)).toEqual(expected);
  });

  test('plain names come out as they went in', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9$_-]{1,15}$/);
    fc.assert(
      fc.property(fc.array(name), (names) => {
        expect(splitIdentities(names.join(','))).toEqual(names);
      }),
    );
  });
});

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')}$`);
}
