// Pairs as Samba's tests saw Windows compare them (conditional_ace_tests.py of Samba 4.22).
import { upperCase } from '@doublehop/security/upper-case';
import { describe, expect, test } from 'vitest';

describe('texts in conditions', () => {
  for (const [lower, upper] of [
    ['foo bar', 'Foo BAR'],
    ['ｆｏｏ', 'ＦＯＯ'],
    ['ćàț', 'ĆÀȚ'],
    ['ⅸ', 'Ⅸ'],
    ['ⱦ', 'Ⱦ'],
    ['ԛԣ', 'ԚԢ'],
  ] as const) {
    test(`${lower} equals ${upper}`, () => {
      expect(upperCase(lower)).toBe(upperCase(upper));
    });
  }

  for (const [less, more] of [
    ['a', '_'],
    ['ß', 'ẞ'],
    ['SS', 'ß'],
    ['Ⳬ', 'ⳬ'],
    ['ʞ', 'Ʞ'],
    ['Ꞧ', 'ꞧ'],
    ['ɜ', 'Ɜ'],
    ['\u{10000}', '\uf900'],
  ] as const) {
    test(`${less} comes before ${more}`, () => {
      expect(upperCase(less) < upperCase(more)).toBe(true);
    });
  }
});
