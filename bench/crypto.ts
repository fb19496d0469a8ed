/**
 * What the crypto package costs per operation, one JSON line each: microseconds, the median of
 * several rounds that take turns, so that a noisy machine disturbs all cases alike.
 *
 *   node --conditions=@doublehop/source bench/crypto.ts [--rounds N]
 */
import { parseArgs } from 'node:util';
import { etypes } from '@doublehop/crypto/numbers';
import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const iterations = 4000;

const random = pooledRandom();
const message = random(1024);
const small = random(64);

function casesOf(name: string, etype: number): [string, () => unknown][] {
  const warm = Key.random(etype, random);
  const bytes = warm.bytes();
  const sealed = warm.encrypt(2, message, random);
  const sealedSmall = warm.encrypt(7, small, random);
  return [
    [`${name} encrypt 1 KB, warm`, () => warm.encrypt(2, message, random)],
    [`${name} decrypt 1 KB, warm`, () => warm.decrypt(2, sealed)],
    [`${name} checksum 1 KB, warm`, () => warm.checksum(17, message)],
    [
      `${name} fresh key: encrypt 1 KB and decrypt it`,
      () => {
        const key = Key.of(etype, bytes);
        return key.decrypt(2, key.encrypt(2, message, random));
      },
    ],
    [
      `${name} fresh session key: decrypt 64 B, checksum, encrypt 1 KB`,
      () => {
        const key = Key.of(etype, bytes);
        key.decrypt(7, sealedSmall);
        key.checksum(6, message);
        return key.encrypt(8, message, random);
      },
    ],
    [
      `${name} fresh session key, prepared: decrypt 64 B, checksum, encrypt 1 KB`,
      () => {
        const key = Key.of(etype, bytes);
        key.prepare({ encryption: [7, 8], checksum: [6] });
        key.decrypt(7, sealedSmall);
        key.checksum(6, message);
        return key.encrypt(8, message, random);
      },
    ],
  ];
}

const cases = [
  ...casesOf('aes256-sha1', etypes.aes256CtsHmacSha1),
  ...casesOf('aes256-sha384', etypes.aes256CtsHmacSha384),
  ...casesOf('rc4', etypes.rc4Hmac),
];
const samples = cases.map((): number[] => []);
for (let round = -2; round < rounds; round++) {
  for (const [index, [, run]] of cases.entries()) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < iterations; i++) {
      run();
    }
    if (round >= 0) {
      samples[index]?.push(Number(process.hrtime.bigint() - start) / iterations / 1000);
    }
  }
}
for (const [index, [name]] of cases.entries()) {
  const sorted = samples[index]?.sort((a, b) => a - b) ?? [];
  const micros = Number(sorted[sorted.length >> 1]?.toFixed(2));
  console.log(JSON.stringify({ case: name, micros, best: Number(sorted[0]?.toFixed(2)) }));
}
