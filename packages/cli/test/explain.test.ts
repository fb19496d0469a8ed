import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_BREAK, wrap } from '../src/explain/wrap.ts';
import { connectionOf } from '../src/explain/domain-options.ts';
import { call } from './support/call.ts';

describe('wrap', () => {
  test('lines of a width, the first with a beginning of its own', () => {
    expect(wrap('one two three four', 12, '- ', '  ')).toEqual(['- one two', '  three four']);
    expect(wrap('a-word-that-is-longer b', 8)).toEqual(['a-word-that-is-longer', 'b']);
    expect(wrap(`see [MS-SFU${NO_BREAK}3.2.5.2]`, 14)).toEqual(['see', '[MS-SFU 3.2.5.2]']);
  });

  test('loses nothing, and no line is longer than its words ask for', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/u), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 60 }), (list, width) => {
        const lines = wrap(list.join(' '), width, '  ', '    ');
        expect(lines.map((line) => line.trim()).join(' ')).toBe(list.join(' '));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('who reads the directory', () => {
  test('is named by --as: the user of a hop is somebody else', () => {
    expect(connectionOf({ as: 'bob', server: 'dc' })).toEqual({ user: 'bob', server: 'dc' });
    const withSubject = { server: 'dc', user: 'alice' };
    expect(connectionOf(withSubject)).toEqual({ server: 'dc' });
  });
});

describe('calls that cannot be meant', () => {
  test.each<[string, readonly string[], string]>([
    ['explain', [], '--user'],
    ['explain', ['--user', 'alice'], '--middle'],
    ['explain', ['--user', 'alice', '--middle', 'B'], '--target'],
    ['explain', ['--user', 'a', '--middle', 'B', '--all-middles', '--target', 'c/d'], 'exclude'],
    ['prove', [], '--user'],
    ['prove', ['--user', 'alice'], '--middle'],
    ['prove', ['--user', 'alice', '--middle', 'B'], '--target'],
    ['prove', ['--user', 'a', '--middle', 'B', '--target', 'C', '--no-explain'], 'cifs/C'],
    [
      'prove',
      ['--user', 'a', '--middle', 'B', '--target', 'c/d', '--user-keytab=k', '--user-cache=c'],
      'one of them',
    ],
    [
      'prove',
      ['--user=a', '--middle=B', '--target=c/d', '--middle-keytab=k', '--middle-cache=c'],
      'one of them',
    ],
    [
      'prove',
      [
        '--user=a',
        '--middle=B',
        '--target=c/d',
        '--user-keytab=k',
        '--evidence=protocol-transition',
      ],
      'no credentials',
    ],
  ])('%s %j', async (command, argv, says) => {
    const { status, stderr, stdout } = await call([command, ...argv]);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toHaveLength(2);
    expect(stderr).toContain(says);
  });
});
