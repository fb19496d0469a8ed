import { rename, rm } from 'node:fs/promises';
import { Directory } from '@doublehop/directory/directory';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import type { Store } from '@doublehop/directory/store/store';
import { exists, replaceFile } from '../folder/files.ts';
import type { LabPaths } from '../folder/paths.ts';
import type { System } from '../process/system.ts';
import type { Scenario } from '../scenario.ts';
import { populate } from './populate.ts';

/**
 * The store of the lab's directory. Where there is none it is made aside and takes its place when
 * it is whole: a process that is killed meanwhile leaves no half domain behind.
 */
export async function openStore(
  paths: LabPaths,
  scenario: Scenario,
  system: System,
): Promise<Store> {
  if (!(await exists(paths.store))) await makeStore(paths, scenario, system);
  return lmdbStore({ path: paths.store, preload: true });
}

async function makeStore(
  { store, newStore, passwords }: LabPaths,
  scenario: Scenario,
  { clock, random }: System,
): Promise<void> {
  await rm(newStore, { recursive: true, force: true });
  // Nobody depends on it yet, so that it need not reach the disk write by write.
  const fresh = await lmdbStore({ path: newStore, durability: 'process' });
  try {
    await populate(new Directory({ store: fresh, clock, random }), scenario, random);
  } finally {
    await fresh.close();
  }
  const people = Object.fromEntries(scenario.people.map(({ name, password }) => [name, password]));
  await replaceFile(passwords, `${JSON.stringify(people, undefined, 2)}\n`);
  await rename(newStore, store);
}
