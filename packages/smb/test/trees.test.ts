import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SmbError } from '../src/errors.ts';
import { folderTree } from '../src/tree/folder-tree.ts';
import { memoryTree } from '../src/tree/memory-tree.ts';
import type { ShareTree } from '../src/tree/share-tree.ts';

const TIME = Date.UTC(2026, 0, 1);
const dir = mkdtempSync(join(tmpdir(), 'doublehop-trees-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function realFolder(): Promise<ShareTree> {
  const root = join(dir, 'root');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, 'Docs'), { recursive: true });
  writeFileSync(join(root, 'Hello.txt'), 'hello');
  writeFileSync(join(root, 'Docs', 'a.txt'), 'a');
  utimesSync(join(root, 'Hello.txt'), TIME / 1000, TIME / 1000);
  return await folderTree(root, { label: 'Root', serial: 7 });
}

const inMemory = (): ShareTree =>
  memoryTree(
    { 'Hello.txt': 'hello', Docs: { 'a.txt': () => 'a' } },
    { time: TIME, label: 'Root', serial: 7 },
  );

describe.each([
  ['a real folder', realFolder],
  ['in memory', () => Promise.resolve(inMemory())],
])('a tree: %s', (_name, make) => {
  test('files and folders by names of any case', async () => {
    const tree = await make();
    expect(tree.volume).toMatchObject({ label: 'Root', serial: 7 });
    expect(await tree.stat([])).toMatchObject({ name: '', directory: true });
    const hello = { name: 'Hello.txt', directory: false, size: 5, written: TIME };
    expect(await tree.stat(['HELLO.TXT'])).toMatchObject(hello);
    expect(await tree.stat(['docs', 'A.TXT'])).toMatchObject({ name: 'a.txt', size: 1 });
    expect(await tree.stat(['docs', 'b'])).toBeUndefined();
    expect(await tree.stat(['hello.txt', 'b'])).toBeUndefined();
    const names = (await tree.list([])).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['Docs', 'Hello.txt']);
    expect(await tree.list(['none'])).toEqual([]);
    expect(await tree.list(['hello.txt'])).toEqual([]);
  });

  test('octets from anywhere', async () => {
    const tree = await make();
    const read = async (offset: number, length: number): Promise<string> =>
      Buffer.from(await tree.read(['hello.txt'], offset, length)).toString();
    expect([await read(0, 100), await read(1, 3), await read(5, 1), await read(99, 1)]).toEqual([
      'hello',
      'ell',
      '',
      '',
    ]);
    await expect(tree.read(['none'], 0, 1)).rejects.toThrow(SmbError);
    await expect(tree.read(['docs'], 0, 1)).rejects.toThrow(SmbError);
  });

  test('identifiers differ', async () => {
    const tree = await make();
    const paths = [[], ['docs'], ['hello.txt'], ['docs', 'a.txt']];
    const ids = await Promise.all(paths.map(async (path) => (await tree.stat(path))?.id));
    expect(new Set(ids).size).toBe(4);
  });
});

describe('a real folder', () => {
  test('no way leads out of it', async () => {
    const tree = await realFolder();
    const root = join(dir, 'root');
    writeFileSync(join(dir, 'outside.txt'), 'outside');
    symlinkSync(join(dir, 'outside.txt'), join(root, 'link.txt'));
    symlinkSync(dir, join(root, 'up'));
    symlinkSync('Hello.txt', join(root, 'inside.txt'));
    const names = (await tree.list([])).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['Docs', 'Hello.txt']);
    for (const path of [
      ['link.txt'],
      ['inside.txt'],
      ['up'],
      ['up', 'outside.txt'],
      ['..', 'outside.txt'],
      ['Docs/../../outside.txt'],
      ['.'],
    ]) {
      expect(await tree.stat(path), path.join()).toBeUndefined();
      await expect(tree.read(path, 0, 10), path.join()).rejects.toThrow(SmbError);
    }
  });

  test('one that is not there', async () => {
    await expect(folderTree(join(dir, 'none'))).rejects.toThrow(/ENOENT/u);
  });
});

describe('in memory', () => {
  test('a name that cannot be one is refused', () => {
    expect(() => memoryTree({ 'a\\b': '' }, { time: TIME })).toThrow(SmbError);
  });
});
