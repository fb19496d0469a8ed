import { fromBase64, toBase64 } from '@doublehop/remoting/base64';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** What is taken: the alphabet of RFC 4648 §4, its padding, and white space. */
const TAKEN = /^[\d+/=A-Za-z\s]*$/u;

test('nothing but base64 and white space is taken (RFC 4648 §4)', () => {
  const letter = fc.constantFrom(...'AZaz09+/=-_ \n!\0é'.split(''));
  fc.assert(
    fc.property(fc.string({ unit: letter, maxLength: 24 }), (text) => {
      let bytes: Uint8Array | undefined;
      try {
        bytes = fromBase64(text);
      } catch (error) {
        expect(error).toMatchObject({ name: 'RemotingError', code: 'wsman' });
      }
      expect([text, bytes !== undefined]).toEqual([text, TAKEN.test(text)]);
      if (bytes !== undefined) expect(bytes).toEqual(Buffer.from(text, 'base64'));
    }),
  );
});

test('both ways, of any length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(new Uint8Array(fromBase64(toBase64(bytes)))).toEqual(bytes);
    }),
  );
  expect(() => fromBase64('AA!=', 'clixml')).toThrow(expect.objectContaining({ code: 'clixml' }));
});
