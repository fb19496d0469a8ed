import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lmdbStore } from '../src/store/lmdb.ts';
import { storeCompliance } from './support/store-compliance.ts';

for (const durability of ['disk', 'process'] as const) {
  storeCompliance(`LMDB, durable to the ${durability}`, () => {
    let path: string;
    return {
      async open() {
        path = await mkdtemp(join(tmpdir(), 'doublehop-store-'));
        return lmdbStore({ path, durability });
      },
      reopen: () => lmdbStore({ path, durability }),
      dispose: () => rm(path, { recursive: true }),
    };
  });
}

/** The Node of this project's development, which runs TypeScript, whatever runs the tests. */
const NODE = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
const WRITER = fileURLToPath(new URL('support/lmdb-writer.ts', import.meta.url));

describe('LMDB that is read through when it is opened', () => {
  it('reads and writes meanwhile, and closes before it has come to the end', async () => {
    const path = await mkdtemp(join(tmpdir(), 'doublehop-store-'));
    const first = await lmdbStore({ path, durability: 'process' });
    await first.write((tx) => {
      for (let number = 0; number < 40_000; number += 1) tx.put(`k${number}`, Buffer.from('v'));
    });
    await first.close();
    const store = await lmdbStore({ path, durability: 'process', preload: true });
    await store.write((tx) => tx.put('k00', Buffer.from('new')));
    expect(store.get('k39999')).toEqual(Buffer.from('v'));
    await setImmediate();
    expect(store.get('k00')).toEqual(Buffer.from('new'));
    await store.close();
    const again = await lmdbStore({ path, preload: true });
    for (let turn = 0; turn < 12; turn += 1) await setImmediate();
    expect([...again.range({ start: 'k9999' })].length).toBeGreaterThan(0);
    await again.close();
    await rm(path, { recursive: true });
  });
});

describe('LMDB shared by processes', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'doublehop-store-'));
  });
  afterEach(() => rm(path, { recursive: true }));

  function writer(name: string, count: number): { child: ChildProcess; acknowledged: string[] } {
    const args = ['--conditions=@doublehop/source', WRITER, path, name, String(count)];
    const child = spawn(NODE, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const acknowledged: string[] = [];
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      acknowledged.push(...lines);
    });
    return { child, acknowledged };
  }

  it('shows a reader what another process has committed, at its next refresh', async () => {
    const store = await lmdbStore({ path });
    const { child, acknowledged } = writer('a', 400);
    const closed = once(child, 'close');
    let revision = store.revision();
    while (acknowledged.length < 100) {
      // oxlint-disable-next-line no-await-in-loop
      await once(child.stdout ?? child, 'data');
      store.refresh();
      const last = acknowledged.at(-1);
      if (last !== undefined) expect(store.get(`left/${last}`)).toBeDefined();
      expect(store.revision()).toBeGreaterThanOrEqual(revision);
      revision = store.revision();
    }
    expect(await closed).toEqual([0, null]);
    store.refresh();
    expect(store.get('total')).toEqual(Buffer.from('400'));
    await store.close();
  });

  it('lets a reader follow when another process makes the file many times larger', async () => {
    const store = await lmdbStore({ path });
    const { child, acknowledged } = writer('a', 16_000);
    expect(await once(child, 'close')).toEqual([0, null]);
    store.refresh();
    const last = acknowledged.at(-1) ?? '';
    expect(acknowledged).toHaveLength(16_000);
    expect(store.get(`right/${last}`)).toHaveLength(3000);
    expect([...store.range({ start: 'left/', end: 'left0' })]).toHaveLength(16_000);
    await store.close();
  });

  it('opened to be read alone follows another writer and writes nothing', async () => {
    await expect(lmdbStore({ path, readOnly: true })).rejects.toThrow(
      expect.objectContaining({ code: 'format' }),
    );
    expect(await readdir(path)).toEqual([]);
    const store = await lmdbStore({ path });
    await store.write((tx) => tx.put('k', Uint8Array.of(1)));
    const reader = await lmdbStore({ path, readOnly: true });
    expect(reader.get('k')).toEqual(Buffer.of(1));
    const revision = reader.revision();
    await store.write((tx) => tx.put('k', Uint8Array.of(2)));
    reader.refresh();
    expect(reader.get('k')).toEqual(Buffer.of(2));
    expect(reader.revision()).toBeGreaterThan(revision);
    await expect(reader.write((tx) => tx.put('k', Uint8Array.of(3)))).rejects.toThrow(
      expect.objectContaining({ code: 'read-only' }),
    );
    await reader.close();
    expect(store.get('k')).toEqual(Buffer.of(2));
    await store.close();
    const alone = await lmdbStore({ path, readOnly: true });
    expect([...alone.range({})]).toEqual([{ key: 'k', value: Buffer.of(2) }]);
    await alone.close();
  });

  it('keeps the file to its owner', async () => {
    const inner = join(path, 'made');
    const store = await lmdbStore({ path: inner });
    await store.write((tx) => tx.put('k', new Uint8Array(1)));
    expect((await stat(inner)).mode & 0o077).toBe(0);
    expect((await stat(join(inner, 'data.mdb'))).mode & 0o077).toBe(0);
    await store.close();
  });

  it('serialises writers of several processes', async () => {
    const store = await lmdbStore({ path });
    const others = [writer('a', 200), writer('b', 200)];
    const exits = others.map(({ child }) => once(child, 'close'));
    for (let i = 0; i < 200; i += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await store.write((tx) => {
        const total = Number(Buffer.from(tx.get('total') ?? Buffer.from('0')).toString()) + 1;
        tx.put('total', Buffer.from(String(total)));
      });
    }
    expect(await Promise.all(exits)).toEqual([
      [0, null],
      [0, null],
    ]);
    store.refresh();
    expect(store.get('total')).toEqual(Buffer.from('600'));
    await store.close();
  });

  it('serialises those of which each has many writes under way', async () => {
    const store = await lmdbStore({ path });
    const others = [writer('a', 1600), writer('b', 1600)];
    let running = others.length;
    const exits = others.map(async ({ child }) => {
      const exit = await once(child, 'close');
      running -= 1;
      return exit;
    });
    let own = 0;
    const increments = async (): Promise<void> => {
      while (running > 0) {
        own += 1;
        // oxlint-disable-next-line no-await-in-loop
        await store.write((tx) => {
          const total = Number(Buffer.from(tx.get('total') ?? Buffer.from('0')).toString()) + 1;
          tx.put('total', Buffer.from(String(total)));
        });
      }
    };
    await Promise.all(Array.from({ length: 16 }, increments));
    expect(await Promise.all(exits)).toEqual([
      [0, null],
      [0, null],
    ]);
    store.refresh();
    expect(store.get('total')).toEqual(Buffer.from(String(3200 + own)));
    await store.close();
  });

  it('keeps every acknowledged write, whole, when its writer is killed', async () => {
    for (const after of [30, 90]) {
      const { child, acknowledged } = writer(`k${after}`, 100_000);
      const closed = once(child, 'close');
      while (acknowledged.length < after) {
        // oxlint-disable-next-line no-await-in-loop
        await once(child.stdout ?? child, 'data');
      }
      child.kill('SIGKILL');
      // oxlint-disable-next-line no-await-in-loop
      await closed;
      // oxlint-disable-next-line no-await-in-loop
      const store = await lmdbStore({ path });
      for (const key of acknowledged) {
        expect(store.get(`left/${key}`)).toHaveLength(3000);
        expect(store.get(`right/${key}`)).toHaveLength(3000);
      }
      const count = (start: string, end: string): number => [...store.range({ start, end })].length;
      const total = Number(Buffer.from(store.get('total') ?? []).toString());
      expect(count('left/', 'left0')).toBe(total);
      expect(count('right/', 'right0')).toBe(total);
      // oxlint-disable-next-line no-await-in-loop
      await store.close();
    }
  });
});
