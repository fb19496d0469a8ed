import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SmbError } from '../src/errors.ts';
import { CreditWindow } from '../src/server/window.ts';

describe('MS-SMB2 3.3.1.1: message numbers that a client may use', () => {
  test('the first is 0; then as many as were granted, each once, in any order', () => {
    const window = new CreditWindow(8);
    expect(() => window.use(1n, 1)).toThrow(SmbError);
    window.use(0n, 1);
    expect(window.grant(3)).toBe(3);
    window.use(3n, 1);
    window.use(1n, 2);
    expect(() => window.use(2n, 1)).toThrow(SmbError);
    expect(() => window.use(4n, 1)).toThrow(SmbError);
  });

  test('a charge takes all of its numbers, or none', () => {
    const window = new CreditWindow(8);
    window.use(0n, 1);
    expect(window.grant(8)).toBe(8);
    expect(() => window.use(5n, 5)).toThrow(SmbError);
    window.use(5n, 4);
    expect(() => window.use(6n, 1)).toThrow(SmbError);
  });

  test('a client always has a number, never more than the limit, and the books stay small', () => {
    const most = 16;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(100)), { maxLength: 60 }), (steps) => {
        const window = new CreditWindow(most);
        const usable = new Set([0n]);
        let end = 1n;
        for (const [pick, wanted] of steps) {
          const id = [...usable][pick % usable.size] ?? 0n;
          window.use(id, 1);
          usable.delete(id);
          const granted = window.grant(wanted);
          for (let count = 0; count < granted; count += 1) {
            usable.add(end);
            end += 1n;
          }
          expect(usable.size).toBeGreaterThan(0);
          expect(usable.size).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
