import type { Random } from './random.ts';

/** Octets that parsers trip over: lengths, tags, ends. */
const TELLING = [
  0, 1, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff, 0x30, 0x04, 0xa0, 0x22, 0x5c, 0x28, 0x2a,
];

/** Longest input that mutation makes. */
const MAX_INPUT = 16 * 1024;

/** A changed copy of a seed: one to eight small changes, now and then a part of another. */
export function mutate(random: Random, seed: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes = [...seed];
  const changes = 1 + random.below(8);
  for (let i = 0; i < changes; i += 1) bytes = change(random, bytes, other);
  return Uint8Array.from(bytes.slice(0, MAX_INPUT));
}

function change(random: Random, bytes: number[], other: Uint8Array): number[] {
  const at = random.below(bytes.length + 1);
  const count = 1 + random.below(16);
  switch (random.below(9)) {
    case 0:
      return [...bytes.slice(0, at), random.below(256), ...bytes.slice(at + 1)];
    case 1:
      return bytes.length === 0 ? bytes : flip(random, bytes);
    case 2:
      return [...bytes.slice(0, at), ...bytes.slice(at + count)];
    case 3:
      return [...bytes.slice(0, at), ...bytes.slice(at, at + count), ...bytes.slice(at)];
    case 4:
      return [...bytes.slice(0, at), random.pick(TELLING), ...bytes.slice(at + 1)];
    case 5:
      return [...bytes.slice(0, at), random.pick(TELLING), ...bytes.slice(at)];
    case 6:
      return bytes.slice(0, at);
    case 7:
      return splice(random, bytes, other, at);
    default:
      return [...bytes.slice(0, at), ...Array<number>(count).fill(random.pick(TELLING))];
  }
}

function flip(random: Random, bytes: number[]): number[] {
  const at = random.below(bytes.length);
  return bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
}

function splice(random: Random, bytes: number[], other: Uint8Array, at: number): number[] {
  const from = random.below(other.length + 1);
  return [
    ...bytes.slice(0, at),
    ...other.subarray(from, from + random.below(64)),
    ...bytes.slice(at),
  ];
}
