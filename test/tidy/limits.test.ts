import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limitsPage } from '../../tools/limits.ts';
import { repositoryRoot } from '../support/temp.ts';

test('docs/limits.md lists every limit (otherwise: node tools/limits.ts)', async () => {
  const page = readFileSync(join(repositoryRoot, 'docs', 'limits.md'), 'utf8');
  expect(page).toBe(await limitsPage());
});
