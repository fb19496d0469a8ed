import { describe, expect, test } from 'vitest';
import { Retransmits } from '@doublehop/domain-controller/kdc/retransmits';
import { RETRANSMIT_BYTES, RETRANSMIT_LIFE } from '@doublehop/domain-controller/limits';

/** A request or reply that is unlike any of another seed. */
function octets(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(size - 4, seed);
  return bytes;
}

describe('RFC 4120 §3.1.2: a lost reply is sent again', () => {
  test('the same octets within the time get the same reply, and only they', () => {
    const retransmits = new Retransmits();
    const [request, reply] = [octets(1, 200), octets(2, 1400)];
    retransmits.keep(request, reply, 1000);
    expect(retransmits.find(request.slice(), 1000 + RETRANSMIT_LIFE)).toEqual(reply);
    expect(retransmits.find(request, 1001 + RETRANSMIT_LIFE)).toBeUndefined();
    expect(retransmits.find(octets(3, 200), 1000)).toBeUndefined();
    expect(retransmits.find(octets(1, 201), 1000)).toBeUndefined();
    expect(retransmits.find(new Uint8Array(), 1000)).toBeUndefined();
  });

  test('a request that differs only where buckets do not look is another request', () => {
    const retransmits = new Retransmits();
    const request = octets(1, 2048);
    const other = request.slice();
    other[1001] = 1;
    retransmits.keep(request, octets(2, 10), 0);
    expect(retransmits.find(other, 0)).toBeUndefined();
    retransmits.keep(other, octets(3, 10), 0);
    expect(retransmits.find(other, 0)).toEqual(octets(3, 10));
    expect(retransmits.find(request, 0)).toBeUndefined();
  });

  test('what is found is a copy: later requests do not change what waits to be sent', () => {
    const retransmits = new Retransmits();
    const size = 256 * 1024;
    retransmits.keep(octets(0, 4), octets(7, 100), 0);
    const found = retransmits.find(octets(0, 4), 0);
    for (let seed = 1; seed * size < 2 * RETRANSMIT_BYTES; seed += 1) {
      retransmits.keep(octets(seed, 100), new Uint8Array(size).fill(0xff), 0);
    }
    expect(found).toEqual(octets(7, 100));
  });

  test('the octets kept are bounded: the oldest requests are forgotten first', () => {
    const retransmits = new Retransmits();
    const [size, count] = [100_000, 200];
    const request = (seed: number) => new Uint8Array(size).fill(seed);
    for (let seed = 0; seed < count; seed += 1) {
      retransmits.keep(request(seed), octets(seed, size), 0);
    }
    const found = Array.from({ length: count }, (_, seed) => retransmits.find(request(seed), 0));
    const first = found.findIndex((reply) => reply !== undefined);
    expect((count - first) * 2 * size).toBeLessThanOrEqual(RETRANSMIT_BYTES);
    expect((count - first) * 2 * size).toBeGreaterThan(RETRANSMIT_BYTES * 0.9);
    expect(found.slice(first)).toEqual(
      Array.from({ length: count - first }, (_, index) => octets(first + index, size)),
    );
    retransmits.keep(octets(1, RETRANSMIT_BYTES), octets(2, 4), 0);
    expect(retransmits.find(octets(1, RETRANSMIT_BYTES), 0)).toBeUndefined();
  });
});
