import { compilePattern } from '@doublehop/powershell/language/pattern';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function find(
  pattern: string,
  text: string,
  matchCase = false,
): readonly (string | undefined)[] | undefined {
  return compilePattern(pattern, { matchCase }).find(text, 0, () => {})?.groups;
}

describe('regular expressions', () => {
  test.for([
    ['b+', 'abbc', ['bb']],
    ['b+?', 'abbc', ['b']],
    ['(a|ab)(c|bcd)', 'abcd', ['abcd', 'a', 'bcd']],
    ['^a.c$', 'abc', ['abc']],
    ['^a$', 'a\n', ['a']],
    [String.raw`\Aa\z`, 'a\n', undefined],
    [String.raw`\bfoo\b`, 'a foo b', ['foo']],
    [String.raw`\Boo`, 'foo', ['oo']],
    ['^b|c', 'abc', ['c']],
    ['[a-c]+[^x]', 'zabcy', ['abcy']],
    [String.raw`[\d-]+`, 'x1-2', ['1-2']],
    ['[]a]+', ']a]', [']a]']],
    [String.raw`\\\\(\w+)\\C\$`, String.raw`\\ServerC\C$`, [String.raw`\\ServerC\C$`, 'ServerC']],
    ['(?<n>x)(?:y)(z)?', 'XY', ['XY', 'X']],
    ['a{2,3}', 'aaaa', ['aaa']],
    ['a{2}', 'a', undefined],
    ['a{2,}b', 'aaab', ['aaab']],
    ['(a*)*', 'aa', ['aa', 'aa']],
    ['', 'abc', ['']],
    ['a{b', 'a{b', ['a{b']],
    [String.raw`\x41\u0042`, 'ab', ['ab']],
  ] satisfies [string, string, string[] | undefined][])('%s on %j', ([pattern, text, groups]) => {
    // A last group without part in the match, as JavaScript shows it, is left away.
    expect(find(pattern, text)).toEqual(groups);
  });

  test('case counts only when asked for', () => {
    expect(find('aB', 'Ab')).toEqual(['Ab']);
    expect(find('aB', 'Ab', true)).toBeUndefined();
    expect(find('[a-z]', 'X')).toEqual(['X']);
    expect(find('(?i)a', 'A', true)).toEqual(['A']);
  });

  test.for([
    '(',
    ')',
    '[a',
    'a**',
    '*a',
    '(?=a)',
    '(?!a)',
    String.raw`(a)\1`,
    'a{3,1}',
    '\\',
    String.raw`\p{L}`,
    '[z-a]',
  ])('%s is refused', (pattern) => {
    expect(() => compilePattern(pattern)).toThrow('is not valid');
  });

  test('what others take exponential time for takes steps in proportion to the text', () => {
    let steps = 0;
    const text = 'a'.repeat(2000);
    const pattern = compilePattern('(a+)+(a|aa)*b');
    expect(pattern.find(text, 0, (more) => (steps += more))).toBeUndefined();
    expect(steps).toBeLessThan(text.length * 2);
  });

  test('too large a pattern is refused', () => {
    expect(() => compilePattern('((a{500}){500}){500}')).toThrow('too large');
    expect(() => compilePattern('('.repeat(5000))).toThrow('not valid');
  });

  test('it finds what the built-in machine finds', () => {
    const part = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(?:ab)', 'c');
    const times = fc.constantFrom('', '*', '+', '?', '{1,2}', '*?', '+?');
    const patterns = fc
      .array(fc.tuple(part, times), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.map(([one, many]) => one + many).join(''));
    const texts = fc.array(fc.constantFrom('a', 'b', 'c', '\n'), { maxLength: 12 });
    fc.assert(
      fc.property(patterns, texts, (pattern, chars) => {
        const text = chars.join('');
        const expected = new RegExp(pattern, 'u').exec(text);
        const found = compilePattern(pattern, { matchCase: true }).find(text, 0, () => {});
        expect(found?.start).toBe(expected?.index);
        expect(found?.groups[0]).toBe(expected?.[0]);
      }),
      { numRuns: 1000 },
    );
  });
});
