import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SmbError } from '../src/errors.ts';
import { isFileName, parsePath } from '../src/paths.ts';
import { matchesPattern } from '../src/pattern.ts';

describe('MS-FSCC 2.1.5: paths', () => {
  test.each([
    ['', []],
    ['\\', []],
    ['a', ['a']],
    ['\\a\\b\\', ['a', 'b']],
    ['a/b\\c d', ['a', 'b', 'c d']],
  ])('%j', (path, names) => {
    expect(parsePath(path)).toEqual(names);
  });

  test.each(['a\\\\b', '.', '..', 'a\\..\\b', 'a:b', 'a*', 'a\0', '<', 'x'.repeat(256), '//a'])(
    '%j is none',
    (path) => {
      expect(() => parsePath(path)).toThrow(SmbError);
    },
  );

  test('what is parsed has no way out', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('.', '\\', '/', 'a', ':') }), (path) => {
        try {
          for (const name of parsePath(path)) expect(isFileName(name)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(SmbError);
        }
      }),
    );
  });
});

describe('MS-FSCC 2.1.4.4: patterns', () => {
  test.each([
    ['*', 'anything', true],
    ['*.txt', 'A.TXT', true],
    ['*.txt', 'a.txt.bak', false],
    ['?.txt', 'ab.txt', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b-d', false],
    // What Windows makes of `*.*`, `*.` and `?????.txt`.
    ['<.*', 'a.b.c', true],
    ['<', 'name', true],
    ['<"', 'name', true],
    ['>>>>>.txt', 'abc.txt', true],
    ['>>.txt', 'abc.txt', false],
    ['"', '.', true],
    ['docs', 'DOCS', true],
    ['', 'everything', true],
  ])('%j and %j: %s', (pattern, name, matches) => {
    expect(matchesPattern(pattern, name)).toBe(matches);
  });

  test('stars and marks as a regular expression has them', () => {
    const some = (unit: string) =>
      fc.string({ unit: fc.constantFrom(...unit.split('')), maxLength: 8 });
    fc.assert(
      fc.property(some('ab*?'), some('ab'), (pattern, name) => {
        const regular = pattern.replaceAll('*', '.*').replaceAll('?', '.');
        const wanted = pattern === '' || new RegExp(`^${regular}$`, 'u').test(name);
        expect(matchesPattern(pattern, name)).toBe(wanted);
      }),
    );
  });

  test('many stars take no time that grows with their number', () => {
    expect(matchesPattern(`${'*a'.repeat(200)}b`, 'a'.repeat(255))).toBe(false);
  });
});
