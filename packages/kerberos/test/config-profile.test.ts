import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatProfile, type ProfileTree } from '../src/config/format-profile.ts';
import { loadProfile } from '../src/config/load.ts';
import {
  type ConfigReader,
  parseProfile,
  profileRelations,
  profileSubsections,
  profileValue,
  profileValues,
} from '../src/config/profile.ts';
import { KerberosError } from '../src/errors.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_LINE } from '../src/limits.ts';

// After MIT krb5 src/util/profile/test.ini.
const TEST_INI = String.raw`this is a comment.  Everything up to the first square brace is ignored.

[test section 2]
	test_child = "foo\nbar"
	child_section2 = "one"
	child_section2 = {
		child = slick
		child = harry
		child = "john\tb "
	}
	child_section2 = foo

[test section 2]
	child_section2 = {
		child = ron
		chores = cleaning
	}

[realms]
ATHENA.MIT.EDU = {
	server = KERBEROS.MIT.EDU:88
	server = KERBEROS1.MIT.EDU
}

[test section 1]
    foo = "bar "
[test section 1]
	foo = bar2
    quux = zap
`;

describe('the syntax of MIT krb5.conf (prof_parse.c)', () => {
  const profile = parseProfile(TEST_INI);

  test('sections and subsections of a name are one, values keep their order', () => {
    const children = profileValues(profile, 'test section 2', 'child_section2', 'child');
    expect(children).toEqual(['slick', 'harry', 'john\tb ', 'ron']);
    expect(profileValues(profile, 'test section 2', 'child_section2')).toEqual(['one', 'foo']);
    expect(profileValues(profile, 'test section 1', 'foo')).toEqual(['bar ', 'bar2']);
    expect(profileSubsections(profile)).toEqual(['test section 2', 'realms', 'test section 1']);
    expect(profileSubsections(profile, 'realms')).toEqual(['ATHENA.MIT.EDU']);
    expect(profileRelations(profile, 'test section 1')).toEqual(['foo', 'quux']);
    expect(profileValue(profile, 'test section 2', 'test_child')).toBe('foo\nbar');
    expect(profileValues(profile, 'none', 'x')).toEqual([]);
    expect(profileValues(profile)).toEqual([]);
  });

  test('comments, blanks, quotes, brace on its own line, line ends of Windows', () => {
    const text = [
      '[s]\t',
      '# comment',
      '  ; comment',
      'a=1  ',
      'b = x # not a comment',
      'c = "quoted \\"word\\" \\\\" rest',
      'd = "open',
      'e =',
      '  { anything',
      '   f = { g',
      '  } ',
      'h = i=j',
    ];
    const read = parseProfile(text.join('\r\n'));
    expect(profileValue(read, 's', 'a')).toBe('1');
    expect(profileValue(read, 's', 'b')).toBe('x # not a comment');
    expect(profileValue(read, 's', 'c')).toBe('quoted "word" \\');
    expect(profileValue(read, 's', 'd')).toBe('open');
    expect(profileValue(read, 's', 'e', 'f')).toBe('{ g');
    expect(profileValue(read, 's', 'h')).toBe('i=j');
  });

  test.each([
    ['a section inside a subsection', '[s]\na = {\n[t]', 3],
    ['a section without its end', '[s\n', 1],
    ['words after a section', '[s] x', 1],
    ['a brace too many', '[s]\n}', 2],
    ['a line without =', '[s]\nword', 2],
    ['a relation without a name', '[s]\n = x', 2],
    ['a name of two words', '[s]\na b = c', 2],
    ['a missing brace', '[s]\na =\nb = c', 3],
    ['a module', 'module /x.so:y', 1],
    ['an include without a reader', 'include /x', 1],
    ['NUL', '[s]\na = \0', 2],
    ['a long line', `[s]\na = ${'x'.repeat(MAX_CONFIG_LINE)}`, 2],
    ['deep nesting', `[s]\n${'a = {\n'.repeat(MAX_CONFIG_DEPTH + 1)}`, MAX_CONFIG_DEPTH + 2],
  ])('%s is an error that names the line', (_, text, line) => {
    const parse = () => parseProfile(text, { name: '/etc/krb5.conf' });
    expect(parse).toThrow(expect.objectContaining({ code: 'config' }));
    expect(parse).toThrow(new RegExp(`^/etc/krb5\\.conf line ${line} `));
  });

  test('random text throws nothing but KerberosError', () => {
    const piece = fc.constantFrom(
      '[s]',
      '[s]*',
      'a = b',
      'a* = {',
      'a =',
      '{',
      '}*',
      '}',
      '"',
      '\n',
    );
    const text = fc.array(fc.oneof(piece, fc.string(), fc.constant('\n'))).map((p) => p.join(''));
    fc.assert(
      fc.property(text, (value) => {
        try {
          parseProfile(`[s]\n${value}`);
        } catch (error) {
          expect(error).toBeInstanceOf(KerberosError);
        }
      }),
    );
  });
});

describe('final markers (MIT krb5 util/profile/final*.ini)', () => {
  const variants = {
    open: '[section]\nsubsection = {\nkey = value\n}',
    relation: '[section]\nsubsection = {\nkey* = value\n}',
    tag: '[section]\nsubsection* = {\nkey = value\n}',
    brace: '[section]\nsubsection = {\nkey = value\n}*',
    section: '[section]*\nsubsection = {\nkey = value\n}',
  };
  const more = '[section]\nsubsection = {\nkey = more\nother = 1\n}\nsecond = 2';
  const keys = (text: string) =>
    profileValues(parseProfile(text), 'section', 'subsection', 'key').join();

  test('nothing is added to a final name in the same file', () => {
    expect(keys(`${variants.open}\n${more}`)).toBe('value,more');
    for (const name of ['relation', 'tag', 'brace', 'section'] as const) {
      const text = `${variants[name]}\n${more}`;
      expect(keys(text)).toBe('value');
      const second = profileValue(parseProfile(text), 'section', 'second');
      expect(second).toBe(name === 'section' ? undefined : '2');
    }
  });

  test('nor in the files behind it', () => {
    const load = (first: string) =>
      loadProfile('/none:/first:/second', {
        read: (path) => ({ '/first': first, '/second': more })[path],
        list: () => undefined,
      });
    const read = (first: string, key: string) =>
      profileValues(load(first), 'section', 'subsection', key).join();
    expect(read(variants.open, 'key')).toBe('value,more');
    expect(read(variants.relation, 'key')).toBe('value');
    expect(read(variants.relation, 'other')).toBe('1');
    expect(read(variants.tag, 'key')).toBe('value');
    expect(read(variants.tag, 'other')).toBe('');
    expect(read(variants.section, 'key')).toBe('value');
  });

  test('what a discarded subsection holds is discarded to its end', () => {
    const text = '[s]\na* = {\nb = 1\n}\na = {\nc = {\nd = 2\n}\nb = 3\n}\ne = 4';
    const profile = parseProfile(text);
    expect(profileValues(profile, 's', 'a', 'b')).toEqual(['1']);
    expect(profileSubsections(profile, 's', 'a')).toEqual([]);
    expect(profileValue(profile, 's', 'e')).toBe('4');
  });
});

describe('include and includedir', () => {
  const files: Readonly<Record<string, string>> = {
    '/main': '[a]\nx = {\ninclude /one\ny = 2\n}\nincludedir /d',
    '/one': 'comment\n[a]\nz = 1',
    '/d/10_first': '[d]\nn = 1',
    '/d/20.conf': '[d]\nn = 2',
    '/loop': 'include /loop',
    '/wide': 'includedir /wide',
  };
  const reader: ConfigReader = {
    read: (path) => files[path],
    list: (folder) =>
      folder === '/d' ? ['20.conf', '10_first', '.hid.conf', '30.bak', 'x~'] : undefined,
  };

  test('add to the same sections without disturbing the open one', () => {
    const profile = loadProfile('/main', reader);
    expect(profileValue(profile, 'a', 'z')).toBe('1');
    expect(profileValue(profile, 'a', 'x', 'y')).toBe('2');
  });

  test('take the files of a folder in order, without backups and dot files', () => {
    expect(profileValues(loadProfile('/main', reader), 'd', 'n')).toEqual(['1', '2']);
  });

  test('that lead back, or nowhere, are errors', () => {
    expect(() => loadProfile('/loop', reader)).toThrow(/too deeply/);
    expect(() => loadProfile('/wide', reader)).toThrow(/folder \/wide, which cannot be read/);
    expect(() => parseProfile('include /no', { reader })).toThrow(/\/no, which cannot be read/);
    expect(() => loadProfile('/none:', reader)).toThrow(/no Kerberos configuration/);
    const fan: ConfigReader = {
      read: () => 'includedir /d',
      list: () => ['a', 'b', 'c'],
    };
    expect(() => loadProfile('/x', fan)).toThrow(KerberosError);
  });
});

describe('writing a krb5.conf', () => {
  test('sections, lists, subsections and quotes', () => {
    const tree: ProfileTree = {
      libdefaults: { default_realm: 'CONTOSO.COM', plugin: ' "x" ' },
      realms: { 'CONTOSO.COM': { kdc: ['127.0.0.1:8088', '[::1]:8088'] } },
    };
    expect(formatProfile(tree)).toBe(`[libdefaults]
    default_realm = CONTOSO.COM
    plugin = " \\"x\\" "

[realms]
    CONTOSO.COM = {
        kdc = 127.0.0.1:8088
        kdc = [::1]:8088
    }
`);
  });

  test('refuses what the syntax cannot hold', () => {
    expect(() => formatProfile({ 'a]': {} })).toThrow(KerberosError);
    expect(() => formatProfile({ a: 'x' })).toThrow(/must be a section/);
    expect(() => formatProfile({ a: { 'b c': 'x' } })).toThrow(/relation name/);
    expect(() => formatProfile({ a: { b: 'x\0' } })).toThrow(/NUL/);
  });

  test('what is written is read again', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9._/-]{1,12}$/);
    const relations = fc.dictionary(name, fc.array(fc.string(), { minLength: 1, maxLength: 3 }));
    const values = relations.map((tree) =>
      Object.fromEntries(
        Object.entries(tree).map(([key, list]) => [key, list.map((v) => v.replaceAll('\0', ''))]),
      ),
    );
    fc.assert(
      fc.property(name, name, values, (section, subsection, tree) => {
        const profile = parseProfile(formatProfile({ [section]: { [subsection]: tree } }));
        for (const [key, list] of Object.entries(tree)) {
          expect(profileValues(profile, section, subsection, key)).toEqual(list);
        }
      }),
    );
  });
});
