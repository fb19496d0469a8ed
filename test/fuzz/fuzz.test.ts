import { describe, expect, test } from 'vitest';
import { Campaign, misbehaviour } from './engine.ts';
import { Random } from './random.ts';
import { allTargets } from './targets.ts';

const targets = await allTargets();
const RUNS = 1500;

describe('a short run of every fuzz target', () => {
  test.each(targets.map((target) => [target.name, target] as const))(
    '%s',
    async (_name, target) => {
      const campaign = new Campaign(target, new Random(1));
      expect(await campaign.start()).toBeUndefined();
      expect(await campaign.batch(RUNS, undefined)).toBeUndefined();
    },
  );

  test('a target that misbehaves is found out', async () => {
    const target = {
      name: 'bad',
      seeds: [],
      refuses: [RangeError],
      run(input: Uint8Array) {
        if (input.length > 3) throw new TypeError('too long for me');
        if (input.length > 2) throw new RangeError('refused');
      },
    };
    expect(await misbehaviour(target, new Uint8Array(3))).toBeUndefined();
    expect(await misbehaviour(target, new Uint8Array(4))).toMatch(/too long for me/);
    const campaign = new Campaign(target, new Random(1));
    expect(await campaign.batch(500, undefined)).toMatchObject({ target: 'bad' });
  });
});
