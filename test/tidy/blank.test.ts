import { describe, expect, test } from 'vitest';
import { codeOnly, commentsOnly } from './blank.ts';

const squeeze = (text: string): string => text.replace(/\s+/gu, ' ').trim();

describe('code without comments and strings', () => {
  test.for([
    ['let a = 1; // any', 'let a = 1;'],
    ['a /* any\n any */ b', 'a b'],
    ['f(\'any // not a comment\', "x\\"y")', 'f( , )'],
    ['`text ${code({ a: `in ${deep} out` })} text`; after', 'code({ a: deep }) ; after'],
    ['const p = /[/"`]\\/any/u; next', 'const p = ; next'],
    ['a / b / c', 'a / b / c'],
    ["return /'/u.test(x)", 'return .test(x)'],
    ['`a $ b`.c', '.c'],
    ["'unclosed\nnext", 'next'],
  ] as const)('%s', ([text, code]) => {
    expect(squeeze(codeOnly(text))).toBe(squeeze(code));
    expect(codeOnly(text)).toHaveLength(text.length);
    expect(codeOnly(text).split('\n')).toHaveLength(text.split('\n').length);
  });

  test('comments alone', () => {
    expect(squeeze(commentsOnly("a('// no') // yes\n/* also */ b"))).toBe('// yes /* also */');
  });
});
