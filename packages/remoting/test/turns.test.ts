import { Turns } from '@doublehop/remoting/client/turns';
import { expect, test } from 'vitest';

/** Works of which each ends when it is told to. */
function works(turns: Turns, count: number) {
  const begun: number[] = [];
  const ends = Array.from({ length: count }, () => Promise.withResolvers<number>());
  const done = ends.map(({ promise }, i) =>
    turns.take(() => {
      begun.push(i);
      return promise;
    }),
  );
  return { begun, ends, done };
}

const later = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test('so many at once, the rest in their order', async () => {
  const { begun, ends, done } = works(new Turns(2), 4);
  await later();
  expect(begun).toEqual([0, 1]);
  ends[1]?.resolve(11);
  expect(await done[1]).toBe(11);
  await later();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.resolve(10);
  ends[2]?.resolve(12);
  ends[3]?.resolve(13);
  expect(await Promise.all(done)).toEqual([10, 11, 12, 13]);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('a failure gives its turn to the next, and is told to who asked', async () => {
  const turns = new Turns(1);
  const { ends, done } = works(turns, 2);
  let isIdle = false;
  const idle = turns.idle().then(() => {
    isIdle = true;
  });
  ends[0]?.reject(new Error('no'));
  await expect(done[0]).rejects.toThrow('no');
  await later();
  expect(isIdle).toBe(false);
  ends[1]?.resolve(1);
  expect(await done[1]).toBe(1);
  await idle;
  expect(isIdle).toBe(true);
});
