import { inspect } from 'node:util';
import { toHex } from '@doublehop/wire/bytes';
import type { Coverage } from './coverage.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './targets.ts';

/** An input that did what no input may do. */
export interface Finding {
  readonly target: string;
  /** Hexadecimal. */
  readonly input: string;
  readonly what: string;
}

/** A target with the seeds found so far. */
export class Campaign {
  readonly target: FuzzTarget;
  readonly #seeds: Uint8Array[];
  readonly #random: Random;
  runs = 0;

  constructor(target: FuzzTarget, random: Random) {
    this.target = target;
    this.#seeds = target.seeds.length === 0 ? [new Uint8Array()] : [...target.seeds];
    this.#random = random;
  }

  /** Seeds, the given and the found. */
  get seeds(): number {
    return this.#seeds.length;
  }

  /** Every seed as it is, then every truncation of the first: always worth a run. */
  async start(): Promise<Finding | undefined> {
    const [first = new Uint8Array()] = this.#seeds;
    const most = Math.min(first.length, this.target.short ?? 512);
    const cuts = Array.from({ length: most }, (_, n) => first.subarray(0, n));
    return this.#all([...this.#seeds, ...cuts]);
  }

  /** Runs a batch of mutations; keeps those that reach something new. */
  async batch(size: number, coverage: Coverage | undefined): Promise<Finding | undefined> {
    const inputs = Array.from({ length: Math.min(size, this.target.short ?? size) }, () =>
      mutate(this.#random, this.#random.pick(this.#seeds), this.#random.pick(this.#seeds)),
    );
    const finding = await this.#all(inputs);
    if (finding !== undefined || coverage === undefined) return finding;
    if (coverage.fresh() > 0 && this.#seeds.length < MAX_SEEDS) {
      // Which one it was is not known; any of the batch carries a share of it.
      this.#seeds.push(this.#random.pick(inputs));
    }
    return undefined;
  }

  async #all(inputs: readonly Uint8Array[]): Promise<Finding | undefined> {
    for (const input of inputs) {
      this.runs += 1;
      const what = await misbehaviour(this.target, input);
      if (what !== undefined) return { target: this.target.name, input: toHex(input), what };
    }
    return undefined;
  }
}

const MAX_SEEDS = 2000;

/** What a target did that it may not: an error of a foreign class, or a broken promise. */
export async function misbehaviour(
  target: FuzzTarget,
  input: Uint8Array,
): Promise<string | undefined> {
  const before = toHex(input);
  try {
    await target.run(input);
  } catch (error) {
    if (target.refuses.some((kind) => error instanceof kind)) return undefined;
    return error instanceof Error ? inspect(error) : String(error);
  }
  return toHex(input) === before ? undefined : 'the input was changed';
}
