import { equals, everything, type AssertionValue, type Filter } from '@doublehop/ldap/filter';
import { MATCHING_RULES } from '@doublehop/ldap/oids';
import { encodeGuid } from '@doublehop/security/guid';
import { withRid } from '@doublehop/security/sid';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Directory } from '../src/directory.ts';
import type { Entry } from '../src/entry.ts';
import type { AttributeType } from '../src/schema/schema.ts';
import type { Scope } from '../src/search.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID } from './support/fixtures.ts';

const OU = `OU=Search,${DOMAIN_DN}`;
const CONFIGURATION = `CN=Configuration,${DOMAIN_DN}`;

let directory: Directory;
beforeAll(async () => {
  directory = await contoso();
  await directory.write((writer) => {
    writer.add(OU, { objectClass: 'organizationalUnit' });
    writer.add(`OU=Deep,${OU}`, { objectClass: 'organizationalUnit' });
    const user = (name: string, more: object): void => {
      const attributes = { objectClass: 'user', sAMAccountName: name, userAccountControl: '512' };
      writer.add(`CN=${name},${OU}`, { ...attributes, ...more });
    };
    user('alice', { displayName: 'Alice Müller', description: 'first', adminCount: '1' });
    user('bob', {
      displayName: 'Bob',
      givenName: 'Bob',
      sn: 'Smith',
      userAccountControl: '514',
      badPwdCount: '5',
    });
    user('carol', { url: ['http://a', 'http://b'], logonHours: new Uint8Array(21) });
    writer.add(`CN=SERVERB,OU=Deep,${OU}`, {
      objectClass: 'computer',
      sAMAccountName: 'SERVERB$',
      userAccountControl: '4096',
      servicePrincipalName: ['HOST/serverb', 'HOST/serverb.contoso.com'],
      'msDS-AllowedToDelegateTo': ['cifs/serverc'],
    });
    const group = (name: string, member: string[]): void => {
      writer.add(`CN=${name},${OU}`, { objectClass: 'group', sAMAccountName: name, member });
    };
    group('inner', [`CN=alice,${OU}`]);
    group('middle', [`CN=inner,${OU}`, `CN=bob,${OU}`]);
    group('outer', [`CN=middle,${OU}`]);
    // A cycle, as directories have them.
    const loop = { operation: 'add', attribute: 'member', values: [`CN=outer,${OU}`] } as const;
    writer.modify(`CN=inner,${OU}`, [loop]);
  });
});

const found = (filter: Filter, scope: Scope = 'subtree', base = OU): Set<string> =>
  new Set(
    Array.from(directory.search({ base, scope, filter }), (entry) => entry.text('name') ?? ''),
  );

const and = (...filters: Filter[]): Filter => ({ kind: 'and', filters });
const or = (...filters: Filter[]): Filter => ({ kind: 'or', filters });
const not = (filter: Filter): Filter => ({ kind: 'not', filter });
const present = (attribute: string): Filter => ({ kind: 'present', attribute });
const ge = (attribute: string, value: string): Filter => ({
  kind: 'greaterOrEqual',
  attribute,
  value,
});
const le = (attribute: string, value: string): Filter => ({
  kind: 'lessOrEqual',
  attribute,
  value,
});
const parts = (attribute: string, initial: string, any: string[], final: string): Filter => ({
  kind: 'substrings',
  attribute,
  any,
  ...(initial === '' ? {} : { initial }),
  ...(final === '' ? {} : { final }),
});
const rule = (matchingRule: string, attribute: string, value: AssertionValue): Filter => ({
  kind: 'extensible',
  matchingRule,
  attribute,
  value,
});
const unknown = equals('nonsense', 'x');
const isUser = equals('sAMAccountType', '805306368');

describe('RFC 4511 §4.5.1.7 filters', () => {
  const cases: readonly (readonly [string, Filter, string[]])[] = [
    ['equality without case and marks', equals('displayName', 'ALICE muller'), ['alice']],
    ['equality of bytes as sent', equals('displayName', Buffer.from('bob')), ['bob']],
    [
      'approximate as equality',
      { kind: 'approx', attribute: 'displayName', value: 'bob' },
      ['bob'],
    ],
    ['equality of one value of many', equals('url', 'http://b'), ['carol']],
    ['an unindexed attribute', equals('description', 'FIRST'), ['alice']],
    ['an OID for a name', equals('1.2.840.113556.1.4.221', 'alice'), ['alice']],
    [
      'a class and its subclasses',
      equals('objectClass', 'user'),
      ['alice', 'bob', 'carol', 'SERVERB'],
    ],
    ['a class by its OID', equals('objectClass', '1.2.840.113556.1.3.30'), ['SERVERB']],
    ['a category by class name', equals('objectCategory', 'computer'), ['SERVERB']],
    [
      'a category by name',
      equals('objectCategory', `CN=Person,CN=Schema,${CONFIGURATION}`),
      ['alice', 'bob', 'carol'],
    ],
    ['presence, indexed', present('adminCount'), ['alice']],
    ['presence, unindexed', present('description'), ['alice']],
    ['presence of links', present('member'), ['inner', 'middle', 'outer']],
    ['presence of back links', present('memberOf'), ['alice', 'bob', 'inner', 'middle', 'outer']],
    ['at least', ge('badPwdCount', '5'), ['bob']],
    ['at most, of text', and(le('sAMAccountName', 'BOB'), isUser), ['alice', 'bob']],
    ['at least, indexed', and(ge('sAMAccountName', 'bob'), isUser), ['bob', 'carol']],
    ['a start', parts('sAMAccountName', 'SERV', [], ''), ['SERVERB']],
    [
      'a start, a middle, an end',
      parts('servicePrincipalName', 'host/', ['b.con'], 'com'),
      ['SERVERB'],
    ],
    ['an end', parts('displayName', '', [], 'müller'), ['alice']],
    ['parts that must not overlap', parts('sAMAccountName', 'ali', [], 'lice'), []],
    ['middles in order', parts('displayName', '', ['ce', 'ali'], ''), []],
    ['a name', equals('distinguishedName', `cn=ALICE,${OU}`), ['alice']],
    ['a member', equals('member', `CN=alice,${OU}`), ['inner']],
    ['a group', equals('memberOf', `CN=middle,${OU}`), ['inner', 'bob']],
    ['a name of nobody', equals('member', `CN=nobody,${OU}`), []],
    ['bits, all', rule(MATCHING_RULES.bitAnd, 'userAccountControl', '514'), ['bob']],
    ['bits, any', rule(MATCHING_RULES.bitOr, 'userAccountControl', '4098'), ['bob', 'SERVERB']],
    [
      'bits of a signed number',
      rule(MATCHING_RULES.bitAnd, 'groupType', '2147483648'),
      ['inner', 'middle', 'outer'],
    ],
    [
      'members through groups',
      rule(MATCHING_RULES.inChain, 'memberOf', `CN=outer,${OU}`),
      ['alice', 'bob', 'inner', 'middle', 'outer'],
    ],
    [
      'groups through groups',
      rule(MATCHING_RULES.inChain, 'member', `CN=bob,${OU}`),
      ['inner', 'middle', 'outer'],
    ],
    [
      'an extensible match without rule',
      { kind: 'extensible', attribute: 'cn', value: 'bob' },
      ['bob'],
    ],
    ['none of no alternatives', or(), []],
    ['a double negation', not(not(equals('cn', 'bob'))), ['bob']],
    ['negation of an absent attribute', and(isUser, not(present('displayName'))), ['carol']],
    // AD takes (!(attribute=value)) as true for entries without the attribute.
    ['negation of a value', and(isUser, not(equals('displayName', 'bob'))), ['alice', 'carol']],
  ];
  it.each(cases)('%s', (_what, filter, names) => {
    expect(found(filter)).toEqual(new Set(names));
  });

  it('finds entries by GUID and SID in any form', () => {
    const alice = directory.get(`CN=alice,${OU}`);
    expect(found(equals('objectGUID', encodeGuid(alice.guid)))).toEqual(new Set(['alice']));
    expect(found(equals('objectGUID', alice.guid))).toEqual(new Set(['alice']));
    expect(found(equals('objectSid', alice.sid ?? ''))).toEqual(new Set(['alice']));
  });

  const undefinedOnes: readonly (readonly [string, Filter])[] = [
    ['an unknown attribute', unknown],
    ['an unknown attribute, present', present('nonsense')],
    ['a number that is none', equals('badPwdCount', 'many')],
    ['a name that is none', equals('member', 'nobody')],
    ['order where there is none', ge('objectSid', 'S-1-5')],
    ['parts of a number', parts('badPwdCount', '5', [], '')],
    ['an unknown rule', rule('1.2.3', 'cn', 'bob')],
    ['a rule on the wrong syntax', rule(MATCHING_RULES.bitAnd, 'cn', '1')],
    ['a rule without attribute', { kind: 'extensible', value: 'x' }],
    ['text that is not UTF-8', equals('cn', Uint8Array.of(0xff))],
  ];
  it.each(undefinedOnes)('is undefined, neither true nor false, for %s', (_what, filter) => {
    const all = found(everything);
    expect(found(filter)).toEqual(new Set());
    expect(found(not(filter))).toEqual(new Set());
    expect(found(or(filter, everything))).toEqual(all);
    expect(found(and(filter, everything))).toEqual(new Set());
    expect(found(not(and(filter, unknown)))).toEqual(new Set());
    expect(found(not(and(filter, or())))).toEqual(all);
  });

  it('MS-ADTS 3.1.1.4.4: secrets are not there', () => {
    const all = found(everything);
    for (const secret of [equals('unicodePwd', 'x'), present('supplementalCredentials')]) {
      expect(found(secret)).toEqual(new Set());
      expect(found(not(secret))).toEqual(all);
    }
  });

  it('MS-ADTS 3.1.1.3.1.3.1: refuses clauses about constructed attributes', () => {
    for (const name of ['tokenGroups', 'canonicalName', 'allowedAttributes']) {
      expect(() => found(or(present(name), everything))).toThrow(
        expect.objectContaining({ code: 'inappropriateMatching', attribute: name }),
      );
    }
  });

  const anr = (value: string): Filter => equals('anr', value);
  const names: readonly (readonly [string, Filter, string[]])[] = [
    ['a start of any name', anr('ali'), ['alice']],
    ['case', anr('CAR'), ['carol']],
    ['a display name with a space', anr('alice mü'), ['alice']],
    ['first and last name', anr('Bo Sm'), ['bob']],
    ['last and first name', anr('Sm Bo'), ['bob']],
    ['a whole name', anr('=carol'), ['carol']],
    ['no part of a name where it is whole', anr('=caro'), []],
    ['substrings by their start', parts('aNR', 'car', [], 'x'), ['carol']],
    ['presence, never', present('anr'), []],
    ['order as equality', ge('anr', 'carol'), ['carol']],
    ['its OID', equals('1.2.840.113556.1.4.1208', 'serverb'), ['SERVERB']],
  ];
  it.each(names)('MS-ADTS 3.1.1.3.1.3.4 aNR: %s', (_what, filter, expected) => {
    expect(found(filter)).toEqual(new Set(expected));
  });

  it('MS-ADTS 3.1.1.3.1.3.4 aNR without a start is undefined', () => {
    expect(found(not(parts('anr', '', [], 'x')))).toEqual(new Set());
    expect(found(not(anr(' ')))).toEqual(new Set());
  });

  it('MS-ADTS 3.1.1.4.3: what may not be read is not there', () => {
    const eyes = {
      isVisible: (entry: Entry) => entry.text('cn') !== 'carol',
      mayRead: (_entry: Entry, { name }: AttributeType) => name !== 'displayName',
    };
    const seen = (filter: Filter): string[] =>
      Array.from(
        directory.search({ base: OU, scope: 'subtree', filter, eyes }),
        (entry) => entry.text('name') ?? '',
      ).sort();
    expect(seen(equals('displayName', 'Bob'))).toEqual([]);
    expect(seen(present('displayName'))).toEqual([]);
    expect(seen(anr('alice m'))).toEqual([]);
    expect(seen(and(isUser, not(equals('displayName', 'Bob'))))).toEqual(['alice', 'bob']);
  });

  it('bounds nesting', () => {
    let filter: Filter = everything;
    for (let depth = 0; depth < 200; depth += 1) filter = not(filter);
    expect(() => found(filter)).toThrow(expect.objectContaining({ code: 'unwillingToPerform' }));
  });
});

describe('RFC 4511 §4.5.1.2 scopes', () => {
  it('base, one level, subtree', () => {
    expect(found(everything, 'base')).toEqual(new Set(['Search']));
    expect(found(equals('cn', 'bob'), 'base')).toEqual(new Set());
    const one = ['Deep', 'alice', 'bob', 'carol', 'inner', 'middle', 'outer'];
    expect(found(everything, 'one')).toEqual(new Set(one));
    expect(found(everything)).toEqual(new Set([...one, 'Search', 'SERVERB']));
    expect(found(equals('sAMAccountName', 'SERVERB$'), 'one')).toEqual(new Set());
    expect(found(equals('sAMAccountName', 'SERVERB$'))).toEqual(new Set(['SERVERB']));
  });

  it('stays within the naming context of the base', () => {
    const partitions = equals('objectClass', 'crossRef');
    expect(found(partitions, 'subtree', DOMAIN_DN)).toEqual(new Set());
    expect(found(partitions, 'subtree', CONFIGURATION).size).toBe(3);
    expect(found(everything, 'subtree', DOMAIN_DN)).not.toContain('Schema');
    expect(found(everything, 'one', DOMAIN_DN)).not.toContain('Configuration');
    expect(found(everything, 'subtree', `CN=Schema,${CONFIGURATION}`)).toContain('Person');
  });

  it('MS-ADTS 3.1.1.3.4.1.12: the phantom root has all naming contexts below it', () => {
    const whole = (base: string, scope: Scope = 'subtree') =>
      Array.from(
        directory.search({ base, scope, filter: everything, contexts: true }),
        (entry) => entry.dn,
      );
    expect(whole('')).toEqual(
      expect.arrayContaining([OU, CONFIGURATION, `CN=Schema,${CONFIGURATION}`]),
    );
    expect(whole('', 'one')).toEqual([DOMAIN_DN]);
    expect(whole(DOMAIN_DN)).toContain(`CN=Schema,${CONFIGURATION}`);
    expect(whole('', 'base')).toEqual([]);
    expect(whole(OU)).not.toContain(CONFIGURATION);
  });

  it('takes a base by GUID, SID and well-known GUID', () => {
    const { guid } = directory.get(OU);
    expect(found(everything, 'base', `<GUID=${guid}>`)).toEqual(new Set(['Search']));
    const users = '<WKGUID=a9d1ca15768811d1aded00c04fd8d5cd,DC=contoso,DC=com>';
    expect(found(everything, 'base', users)).toEqual(new Set(['Users']));
    const sid = `<SID=${withRid(DOMAIN_SID, 500)}>`;
    expect(found(everything, 'base', sid)).toEqual(new Set(['Administrator']));
    for (const bad of ['<GUID=x>', '<SID=S-1>', '<WKGUID=1,DC=com>']) {
      expect(() => found(everything, 'base', bad)).toThrow(
        expect.objectContaining({ code: 'invalidDNSyntax' }),
      );
    }
  });

  it('stops for a moment after so many entries', () => {
    const nobody = { base: OU, scope: 'subtree', filter: equals('cn', 'nobody') } as const;
    const unindexed = { ...nobody, filter: equals('description', 'nothing') };
    expect([...directory.searchSteps(unindexed, 4)]).toEqual([undefined, undefined]);
    expect([...directory.searchSteps(nobody, 1)]).toEqual([]);
    const all = [...directory.searchSteps({ ...nobody, filter: everything }, 4)];
    expect(all.filter((one) => one === undefined)).toHaveLength(2);
    expect(all).toHaveLength(found(everything).size + 2);
  });

  it('yields lazily and no more than the limit', () => {
    const limited = directory.search({ base: OU, scope: 'subtree', filter: everything, limit: 3 });
    expect([...limited]).toHaveLength(3);
    const none = directory.search({ base: OU, scope: 'subtree', filter: everything, limit: 0 });
    expect([...none]).toEqual([]);
  });

  it('refuses a base that is not there', () => {
    expect(() => found(everything, 'base', `OU=none,${OU}`)).toThrow(
      expect.objectContaining({ code: 'noSuchObject', matchedDn: OU }),
    );
  });
});
