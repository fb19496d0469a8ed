import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { keptAdministrators } from '../src/hosts/kept-administrators.ts';
import { LocalGroups } from '../src/hosts/local-groups.ts';
import { CONTOSO } from '../src/scenario.ts';
import { labError } from './support/domain.ts';

let path: string;
beforeEach(() => {
  const dir = mkdtempSync(join(tmpdir(), 'local-groups-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  path = join(dir, 'hosts', 'serverc', 'administrators.json');
});

async function groups(): Promise<LocalGroups> {
  return new LocalGroups(CONTOSO, 'ServerC', await keptAdministrators(path));
}

test('the members of Administrators outlast the process, in their last state', async () => {
  const first = await groups();
  const usual = first.administrators();
  first.addAdministrator('SERVERB$');
  first.removeAdministrator('bob');
  await first.saved;
  const second = await groups();
  expect(second.administrators()).toEqual([
    ...usual.filter((name) => name !== 'CONTOSO\\bob'),
    'CONTOSO\\SERVERB$',
  ]);
  expect(second.removeAdministrator('CONTOSO\\nobody')).toBe(false);
  second.removeAdministrator('SERVERB$');
  await second.saved;
  expect(JSON.parse(readFileSync(path, 'utf8'))).not.toContain('CONTOSO\\SERVERB$');
});

test('a host that nobody has changed has the scenario’s, and no file', async () => {
  const usual = new LocalGroups(CONTOSO, 'ServerC').administrators();
  expect((await groups()).administrators()).toEqual(usual);
  expect(() => readFileSync(path)).toThrow('ENOENT');
});

test('a file that is no list of names is told of', async () => {
  const one = await groups();
  one.addAdministrator('carol');
  await one.saved;
  for (const text of ['', '{}', '[1]', JSON.stringify(Array.from({ length: 1025 }, () => 'a'))]) {
    writeFileSync(path, text);
    expect((await labError(groups())).code).toBe('state');
  }
});
