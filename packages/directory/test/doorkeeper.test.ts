import { describe, expect, it } from 'vitest';
import { Doorkeeper } from '../src/doorkeeper.ts';

describe('a doorkeeper', () => {
  it('knows who comes a second time', () => {
    const door = new Doorkeeper();
    const ids = [0, 1, 31, 32, 33, 4096, 1_000_000];
    expect(ids.filter((id) => door.knows(id))).toEqual([]);
    expect(ids.filter((id) => door.knows(id))).toEqual(ids);
    expect(door.knows(2)).toBe(false);
  });

  it('forgets all after many newcomers', () => {
    const door = new Doorkeeper();
    door.knows(1);
    for (let id = 2; id <= 524_288; id += 1) door.knows(id);
    expect(door.knows(1)).toBe(true);
    expect(door.knows(524_289)).toBe(false);
    expect(door.knows(1)).toBe(false);
  });
});
