import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../support/run.ts';
import { repositoryRoot, withTempDir } from '../support/temp.ts';

// The rules that need a parser are the linter's; these are part of the tests because without them
// the types and the size of functions mean little. `npm run lint` checks many more.
const rules = [
  'eslint(max-lines-per-function)',
  'eslint(no-empty)',
  'typescript(no-explicit-any)',
  'typescript(no-non-null-assertion)',
];

/** `path:line:column: message [Error/rule]` of each breach of one of the rules. */
async function breaches(folder: string): Promise<string[]> {
  const oxlint = join(repositoryRoot, 'node_modules', '.bin', 'oxlint');
  const config = join(repositoryRoot, '.oxlintrc.json');
  const args = ['--config', config, '--format=unix', '--quiet', folder];
  const { stdout, stderr, status } = await run(oxlint, args, { cwd: repositoryRoot });
  expect(status, stderr).toBeLessThan(2); // 0: clean, 1: breaches
  return stdout.split('\n').filter((line) => rules.some((rule) => line.includes(`/${rule}]`)));
}

test('no any, no `!`, no empty block, no function of more than 70 lines', async () => {
  expect(await breaches('.')).toEqual([]);
});

test('the linter finds each of them', () =>
  withTempDir(async (dir) => {
    const long = `export function long(): void {\n${'  call();\n'.repeat(70)}}\n`;
    const bad = 'try { call(a!); } catch (error) { }\nexport const b: any = 1;\n';
    writeFileSync(join(dir, 'bad.ts'), `${bad}${long}`);
    const found = (await breaches(dir)).map((line) => /\/(\S+\))\]$/u.exec(line)?.[1]);
    expect(new Set(found)).toEqual(new Set(rules));
  }));
