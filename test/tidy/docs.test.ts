import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../support/temp.ts';

const PATH = /`(?<path>(?:[\w-]+\/)+[\w.-]+\.(?:ts|py|md|mjs))`/gu;

test.for(['docs/interop.md', 'docs/protocol-coverage.md'])('%s names files that exist', (page) => {
  const text = readFileSync(join(repositoryRoot, page), 'utf8');
  const named = [...text.matchAll(PATH)].map(({ groups }) => groups?.['path'] ?? '');
  expect(named.length).toBeGreaterThan(10);
  const exists = (path: string): boolean =>
    [path, `packages/${path}`].some((each) => existsSync(join(repositoryRoot, each)));
  expect(named.filter((path) => !exists(path))).toEqual([]);
});
