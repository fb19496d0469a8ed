import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { TABLE_MARK } from './text-rules.ts';
import { isSource, projectFiles, sizeOf, textOf } from './work-tree.ts';

const MAX_FILE_LINES = 800;
const MAX_FILE_BYTES = 200_000;
const MIN_README_LINES = 10;

const files = projectFiles();
const folders = new Set(files.flatMap((path) => parents(path)));

function parents(path: string): string[] {
  const folder = dirname(path);
  return folder === '.' ? [] : [folder, ...parents(folder)];
}

describe('the tree', () => {
  test(`source files have at most ${MAX_FILE_LINES} lines`, () => {
    const long = files.filter(isSource).flatMap((path) => {
      const text = textOf(path);
      const lines = text.split('\n').length - 1;
      return lines > MAX_FILE_LINES && !text.includes(TABLE_MARK) ? [`${path}: ${lines}`] : [];
    });
    expect(long).toEqual([]);
  });

  test('files and folders are named in kebab-case', () => {
    // Names that tools and readers expect in capitals, and files of tools that begin with a dot.
    const usual = /^(?:[A-Z]+(?:\.md)?|\..*)$/u;
    const kebab = /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/u;
    const odd = files.filter((path) =>
      path.split('/').some((name) => !kebab.test(name) && !usual.test(name)),
    );
    expect(odd).toEqual([]);
  });

  test(`no file is larger than ${MAX_FILE_BYTES} bytes`, () => {
    const large = files.filter((path) => sizeOf(path) > MAX_FILE_BYTES);
    expect(large.filter((path) => path !== 'package-lock.json')).toEqual([]);
  });

  test('no file that a build or an editor made is kept', () => {
    expect(files.filter((path) => /(?:~|\.(?:orig|rej|swp|js\.map|d\.ts))$/u.test(path))).toEqual(
      [],
    );
  });
});

describe('documentation', () => {
  const packages = files.flatMap(
    (path) => /^packages\/[^/]+(?=\/package\.json$)/u.exec(path) ?? [],
  );

  test('every package has a README with an example', () => {
    const poor = packages.flatMap((folder) => {
      const path = `${folder}/README.md`;
      const text = files.includes(path) ? textOf(path) : '';
      const isLong = text.split('\n').length > MIN_README_LINES;
      return isLong && /^```\w+\n/mu.test(text) ? [] : [`${path}: missing, short or no example`];
    });
    expect(poor).toEqual([]);
  });

  test('relative links lead to files of the project', () => {
    const broken = files
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        linksOf(textOf(path))
          .filter(({ target }) => !exists(normalize(join(dirname(path), target))))
          .map(({ target, line }) => `${path}:${line}: ${target}`),
      );
    expect(broken).toEqual([]);
  });

  test('links are found, and only relative ones', () => {
    const text = '[a](docs/a.md#part)\n![b](b.png) [c](https://c) [d](#d)\n```\n[e](e.md)\n```\n';
    expect(linksOf(text)).toEqual([
      { target: 'docs/a.md', line: 1 },
      { target: 'b.png', line: 2 },
    ]);
  });
});

function exists(path: string): boolean {
  const plain = path.replace(/\/$/u, '');
  return plain === '.' || files.includes(plain) || folders.has(plain);
}

function linksOf(markdown: string): { target: string; line: number }[] {
  const text = markdown.replace(/^```[\s\S]*?^```/gmu, (block) => block.replace(/[^\n]/gu, ''));
  return [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/gu)]
    .map((match) => ({
      target: match[1] ?? '',
      line: text.slice(0, match.index).split('\n').length,
    }))
    .filter(({ target }) => !/^[a-z]+:/u.test(target));
}
