import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseList } from '../src/changes/list.ts';
import { AdminError } from '../src/errors.ts';

const short = (text: string) =>
  parseList(text).map(({ line, target, middle }) => `${line} ${target ?? '-'} ${middle ?? '-'}`);

describe('a list', () => {
  test.for([
    [
      'one a line',
      'ServerB\n\n  ServerC \r\n# no\nServerD',
      ['1 ServerB -', '3 ServerC -', '5 ServerD -'],
    ],
    [
      'distinguished names',
      'CN=a\\, b,DC=x\nCN="c, d",DC=x',
      ['1 CN=a\\, b,DC=x -', '2 CN="c, d",DC=x -'],
    ],
    ['a column', '\uFEFFName,Target\nx,ServerC\n\ny,ServerD\n', ['2 ServerC -', '4 ServerD -']],
    ['middles', 'middle\nServerB', ['2 - ServerB']],
    ['both, as Excel in Europe writes it', '"target";"middle"\r\nC;B\r\nD;B1', ['2 C B', '3 D B1']],
    ['tabs', 'middle\ttarget\nB\tC', ['2 C B']],
    [
      'quotes (RFC 4180 §2)',
      'target,note\n"CN=a,DC=x","two\nlines"\n"say ""hi""",\n',
      ['2 CN=a,DC=x -', '4 say "hi" -'],
    ],
    ['nothing', '', []],
    ['a header alone', 'target', []],
  ] as const)('%s', ([, text, rows]) => {
    expect(short(text)).toEqual(rows);
  });

  test.for([
    ['target,middle\nC,\n', /^--list: line 2: the column middle is empty$/],
    ['target\nC\n"D\n', /^--list: line 3: a quote is not closed/],
    ['x,target\n"D"d,E\n', /^--list: line 2: a quote is not closed/],
  ] as const)('%j is told by its line', ([text, message]) => {
    expect(() => parseList(text, '--list')).toThrow(message);
  });

  test('any text is a list or an AdminError', () => {
    const text = fc.string({ unit: fc.constantFrom('"', ',', ';', '\t', '\n', '\r', 'a', '#') });
    fc.assert(
      fc.property(fc.constantFrom('', 'target,middle\n', 'target;x\n'), text, (header, rest) => {
        try {
          for (const row of parseList(header + rest)) expect(row.line).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(AdminError);
        }
      }),
    );
  });
});
