import {
  compare,
  isEqual,
  isTrue,
  propertyOf,
  toNumber,
} from '@doublehop/powershell/objects/convert';
import { numberText, toText } from '@doublehop/powershell/objects/text';
import {
  customObject,
  PsDictionary,
  PsObject,
  type PsValue,
  Scalar,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { isWildcard, wildcard } from '@doublehop/powershell/objects/wildcard';
import { describe, expect, test } from 'vitest';

// Results as Windows PowerShell 5.1 prints them.
describe('a value as text', () => {
  const texts: [PsValue, string][] = [
    [null, ''],
    [true, 'True'],
    [7, '7'],
    [0.1, '0.1'],
    [1e15, '1E+15'],
    [123_456_789_012_345, '123456789012345'],
    [0.000_01, '1E-05'],
    [0.0001, '0.0001'],
    [5n, '5'],
    [[1, 'a', [2, 3]], '1 a System.Object[]'],
    [customObject({ Inner: customObject({ a: 1 }) }), '@{Inner=}'],
    [new Uint8Array([1, 255]), '1 255'],
    [new Scalar('Char', 65), 'A'],
    [new Scalar('DateTime', '2026-11-22T18:05:09.1234567Z'), '11/22/2026 18:05:09'],
    [new Scalar('TimeSpan', 936_000_000_001n), '1.02:00:00.0000001'],
    [new Scalar('TimeSpan', -600_000_000n), '-00:01:00'],
    [new PsDictionary([['a', 1]]), 'System.Collections.Hashtable'],
    [customObject({ Name: 'x', Size: 2 }), '@{Name=x; Size=2}'],
    [new PsObject({ typeNames: ['System.Diagnostics.Process'] }), 'System.Diagnostics.Process'],
    [new PsObject({ text: 'said' }), 'said'],
    [SecureText.of('pass'), 'System.Security.SecureString'],
  ];
  test.each(texts)('%s → %s', (value, text) => {
    expect(toText(value)).toBe(text);
  });

  test('numbers without digits', () => {
    expect([Number.NaN, -Infinity].map(numberText)).toEqual(['NaN', '-∞']);
  });
});

describe('conversions', () => {
  const truths: [PsValue, boolean][] = [
    [null, false],
    ['', false],
    ['False', true],
    [0, false],
    [0n, false],
    [[], false],
    [[0], false],
    [[0, 0], true],
    [new Scalar('Double', 0), false],
    [new PsDictionary(), true],
  ];
  test.each(truths)('the truth of %s is %s', (value, truth) => {
    expect(isTrue(value)).toBe(truth);
  });

  const numbers: [PsValue, number | undefined][] = [
    ['0x3e7', 999],
    [' -12.5 ', -12.5],
    ['', 0],
    ['ten', undefined],
    ['Infinity', undefined],
    [true, 1],
    [['7'], 7],
    [[1, 2], undefined],
    [new Scalar('Decimal', '1.50'), 1.5],
    [new Scalar('Guid', '0'), undefined],
  ];
  test.each(numbers)('%s is the number %s', (value, number) => {
    expect(toNumber(value)).toBe(number);
  });

  test('equality goes by the left side', () => {
    expect([isEqual('A', 'a'), isEqual(1, '1'), isEqual('1', 1), isEqual(1, 'x')]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([isEqual(true, 'no'), isEqual(null, ''), isEqual(null, null)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('order: numbers by size, text without case, null first', () => {
    const sorted: PsValue[] = ['b', 'A', null, 'c'];
    expect(sorted.toSorted(compare)).toEqual([null, 'A', 'b', 'c']);
    expect([10, 9, 100].toSorted(compare)).toEqual([9, 10, 100]);
    expect(compare('10', 9)).toBe(-1);
  });

  test('properties of objects, dictionaries, text and lists', () => {
    const list = new PsObject({ base: { kind: 'list', items: [1, 2] }, properties: { Note: 3 } });
    const values = [
      propertyOf(list, 'note'),
      propertyOf(list, 'COUNT'),
      propertyOf('abc', 'Length'),
      propertyOf(new PsDictionary([['Key', 4]]), 'key'),
      propertyOf(new PsDictionary([['Key', 4]]), 'Keys'),
      propertyOf([1, 2, 3], 'Count'),
      propertyOf(null, 'Name'),
    ];
    expect(values).toEqual([3, 2, 3, 4, ['Key'], 3, undefined]);
  });

  test('a secret shows nowhere, and can be wiped', () => {
    const secret = SecureText.of('pass');
    expect(JSON.stringify({ secret })).not.toContain('pass');
    expect(secret.revealText()).toBe('pass');
    secret.wipe();
    expect(secret.reveal()).toEqual(new Uint8Array(8));
  });
});

describe('wildcards', () => {
  const cases: [string, string, boolean][] = [
    ['*', '', true],
    ['Server?', 'SERVERB', true],
    ['Server?', 'ServerB1', false],
    ['*[a-c]$', 'ServerB$', true],
    ['*[a-c]$', 'ServerD$', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a`*b', 'a*b', true],
    ['a`*b', 'axb', false],
    ['[', '[', true],
  ];
  test.each(cases)('%s against %s: %s', (pattern, text, expected) => {
    expect(wildcard(pattern)(text)).toBe(expected);
  });

  test('a hostile pattern ends', () => {
    expect(wildcard('*a'.repeat(500))('a'.repeat(5000))).toBe(true);
    expect(wildcard(`${'*a'.repeat(500)}b`)('a'.repeat(5000))).toBe(false);
  });

  test('what is a pattern', () => {
    expect(['a', 'a*', 'a?', '[a]'].map(isWildcard)).toEqual([false, true, true, true]);
  });
});
