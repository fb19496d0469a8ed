import { type Committer, GroupCommit, type Writes } from '@doublehop/directory/store/group-commit';
import { memoryStore } from '@doublehop/directory/store/memory';
import type { Key, Reader, Transaction } from '@doublehop/directory/store/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const value = (n: number): Uint8Array => Uint8Array.of(n);
const number = (tx: Reader, key: Key): number => tx.get(key)?.[0] ?? 0;

/** A store whose commits end when the test says so, and into which others write as well. */
class Disk implements Committer {
  readonly records = new Map<Key, Uint8Array>();
  version = 1;
  /** Ends the commit that is under way: `true` writes it if it may be, an error is its end. */
  end: ((error?: Error) => void) | undefined;

  now(): { reader: Reader; version: number } {
    const { records } = this;
    const range = (): never => {
      throw new Error('not asked for here');
    };
    return { reader: { get: (key) => records.get(key), range }, version: this.version };
  }

  commit(writes: Writes, version: number): Promise<boolean> {
    if (this.end !== undefined) throw new Error('two commits at a time');
    return new Promise((resolve, reject) => {
      this.end = (error) => {
        this.end = undefined;
        if (error !== undefined) reject(error);
        else if (version === this.version) resolve(this.put(writes));
        else resolve(false);
      };
    });
  }

  put(writes: Writes): true {
    for (const [key, octets] of writes) {
      if (octets === null) this.records.delete(key);
      else this.records.set(key, octets);
    }
    this.version += 1;
    return true;
  }
}

/** Adds one to a counter, says what it was, and notes how often it ran. */
const increment =
  (ran: number[] = []) =>
  (tx: Transaction): number => {
    const before = number(tx, 'n');
    ran.push(before);
    tx.put('n', value(before + 1));
    return before;
  };

async function turns(): Promise<void> {
  for (let at = 0; at < 5; at += 1) await Promise.resolve();
}

describe('a batch runs while the one before it is on its way', () => {
  it('over what that one writes, and is told when its own writes are durable', async () => {
    const disk = new Disk();
    const group = new GroupCommit(disk);
    const told: number[] = [];
    void group.write(increment()).then((n) => told.push(n));
    await turns();
    const ran: number[] = [];
    void group.write(increment(ran)).then((n) => told.push(n));
    void group.write(increment(ran)).then((n) => told.push(n));
    expect(ran).toEqual([1, 2]);
    disk.end?.();
    await turns();
    expect([told, number(disk.now().reader, 'n')]).toEqual([[0], 1]);
    disk.end?.();
    await group.close();
    expect([told, ran, disk.version]).toEqual([[0, 1, 2], [1, 2], 3]);
  });

  it('and runs again when that one loses a race', async () => {
    const disk = new Disk();
    const group = new GroupCommit(disk);
    const ran: number[] = [];
    const all = [group.write(increment(ran))];
    await turns();
    all.push(group.write(increment(ran)));
    disk.put(new Map([['n', value(10)]]));
    disk.end?.();
    await turns();
    disk.end?.();
    expect(await Promise.all(all)).toEqual([10, 11]);
    expect([ran, number(disk.now().reader, 'n')]).toEqual([[0, 1, 10, 11], 12]);
    await group.close();
  });

  it('and alone when it is the one that loses', async () => {
    const disk = new Disk();
    const group = new GroupCommit(disk);
    const ran: number[] = [];
    const first = group.write(increment(ran));
    await turns();
    const second = group.write(increment(ran));
    disk.end?.();
    await first;
    disk.put(new Map([['n', value(10)]]));
    disk.end?.();
    await turns();
    disk.end?.();
    expect([await second, ran]).toEqual([10, [0, 1, 10]]);
    await group.close();
  });

  it('a refusal by what is not durable yet waits for that, and is taken back without', async () => {
    const refuse = (tx: Transaction): number => {
      if (number(tx, 'n') > 0) throw new RangeError('it is there');
      tx.put('n', value(7));
      return 7;
    };
    for (const wins of [true, false]) {
      const disk = new Disk();
      const group = new GroupCommit(disk);
      void group.write((tx) => tx.put('n', value(tx.get('other') === undefined ? 1 : 0)));
      await turns();
      let told = 'nothing';
      const second = group.write(refuse).catch((error: Error) => error.message);
      void second.then((result) => (told = String(result)));
      await turns();
      expect(told).toBe('nothing');
      if (!wins) disk.put(new Map([['other', value(1)]]));
      disk.end?.();
      await turns();
      disk.end?.();
      expect(await second).toBe(wins ? 'it is there' : 7);
      await group.close();
    }
  });

  it('a store that fails tells all who wait, and is asked again by the next', async () => {
    const disk = new Disk();
    const group = new GroupCommit(disk);
    const first = group.write(increment());
    await turns();
    const second = group.write(increment());
    disk.end?.(new Error('no space'));
    for (const write of [first, second]) await expect(write).rejects.toThrow('no space');
    const third = group.write(increment());
    await turns();
    disk.end?.();
    expect(await third).toBe(0);
    await group.close();
  });
});

/** What happens next: one of us writes, another process writes, the disk finishes, time passes. */
const step = fc.constantFrom('write', 'refused', 'foreign', 'end', 'turn');

it('whatever happens in whatever order, each write counts once, and in its turn', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const disk = new Disk();
      const group = new GroupCommit(disk);
      const told: number[] = [];
      let writes = 0;
      let foreign = 0;
      for (const what of steps) {
        if (what === 'write') {
          writes += 1;
          void group.write(increment()).then((n) => told.push(n));
        } else if (what === 'refused') {
          const work = (): never => {
            throw new RangeError('never');
          };
          group.write(work).catch(() => undefined);
        } else if (what === 'foreign') {
          foreign += 1;
          disk.put(new Map([['n', value(number(disk.now().reader, 'n') + 1)]]));
        } else if (what === 'end') disk.end?.();
        else await turns();
      }
      let closed = false;
      const closing = group.close().then(() => (closed = true));
      while (!closed) {
        disk.end?.();
        await turns();
      }
      await closing;
      expect(number(disk.now().reader, 'n')).toBe(writes + foreign);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      expect(new Set(told).size).toBe(writes);
    }),
  );
});

it('more than a batch holds waits for the next one, in order', async () => {
  const store = memoryStore();
  const all = Array.from({ length: 3000 }, (_, at) =>
    store.write((tx) => {
      const before = tx.get('n')?.length ?? 0;
      tx.put('n', new Uint8Array(before + 1));
      return before === at;
    }),
  );
  expect((await Promise.all(all)).every(Boolean)).toBe(true);
  await store.close();
});
