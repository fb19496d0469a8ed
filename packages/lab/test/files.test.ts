import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '@doublehop/lab/errors';
import { makeFolder } from '@doublehop/lab/folder/files';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

describe('making the folders of a lab', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'doublehop-folders-'));
    await chmod(dir, 0o755);
  });
  afterAll(async () => rm(dir, { recursive: true }));

  test('those above too, for the owner only; what is there stays', async () => {
    const deep = join(dir, 'a', 'b', 'c');
    await makeFolder(deep);
    await makeFolder(deep);
    expect((await stat(join(dir, 'a'))).mode & 0o777).toBe(0o700);
    expect((await stat(dir)).mode & 0o777).toBe(0o755);
  });

  test('where none can be made, that is told', async () => {
    await writeFile(join(dir, 'file'), '');
    for (const path of [join(dir, 'file'), join(dir, 'file', 'x'), '/proc/doublehop/x']) {
      await expect(makeFolder(path)).rejects.toThrow(LabError);
    }
  });
});
