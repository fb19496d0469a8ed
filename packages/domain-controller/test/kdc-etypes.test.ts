import { Keys } from '@doublehop/domain-controller/kdc/keys';
import { Refused } from '@doublehop/domain-controller/errors';
import { describe, expect, test } from 'vitest';
import { account, krbtgt, passwordKeys } from './support/accounts.ts';

const [RC4, AES128, AES256] = [23, 17, 18];
const [RC4_BIT, AES128_BIT, AES256_BIT, SESSION_BIT, FAST_BIT] = [0x4, 0x8, 0x10, 0x20, 0x1_0000];

const keys = new Keys([18, 17, 20, 19, 23]);
const serverOf = (bits: number | undefined, types = [18, 17, 23], changes = {}) =>
  account('computer', 'SERVERB$', 1104, {
    supportedEncryptionTypes: bits,
    keys: passwordKeys('Passw0rd.SERVERB', 'salt', types),
    ...changes,
  });

function outcome(
  offered: readonly number[],
  server: ReturnType<typeof serverOf>,
  kdc: Keys = keys,
) {
  try {
    const ticket = kdc.forTicket(server).key.etype;
    return [ticket, kdc.sessionType(offered, server)];
  } catch (error) {
    if (error instanceof Refused) return error.errorName;
    throw error;
  }
}

const NOSUPP = 'KDC_ERR_ETYPE_NOSUPP';

// What Windows answers, as the tests of Samba's KDC that are run against both state it
// (python/samba/tests/krb5/etype_tests.py).
describe('encryption types of tickets and session keys (MS-KILE 2.2.7, 3.3.5.7)', () => {
  test.each([
    ['not set: what it has keys of', undefined, [AES256, RC4], [AES256, AES256]],
    ['0 is not set', 0, [RC4, AES256], [AES256, AES256]],
    ['AES256 alone', AES256_BIT, [RC4, AES128, AES256], [AES256, AES256]],
    ['AES128 alone', AES128_BIT, [AES256, AES128], [AES128, AES128]],
    ['RC4 alone', RC4_BIT, [AES256, RC4], [RC4, RC4]],
    ['RC4 with AES session keys', RC4_BIT | SESSION_BIT, [AES128, AES256], [RC4, AES128]],
    ["both AES: the order is the client's", AES128_BIT | AES256_BIT, [17, 18], [AES256, AES128]],
    ['nothing in common', AES256_BIT, [RC4, AES128], NOSUPP],
    ['no type at all, only session keys', SESSION_BIT, [AES256], NOSUPP],
    ['no type at all, only FAST', FAST_BIT, [AES256, RC4], NOSUPP],
  ])('%s', (_what, bits, offered, expected) => {
    expect(outcome(offered, serverOf(bits))).toEqual(expected);
  });

  test('an account with an RC4 key alone gets tickets in it, whatever it says', () => {
    expect(outcome([RC4], serverOf(AES256_BIT, [23]))).toEqual([RC4, RC4]);
    expect(outcome([AES256, RC4], serverOf(AES256_BIT, [23]))).toEqual([RC4, AES256]);
  });

  test('where RC4 is off it has no key', () => {
    const strict = new Keys([18, 17]);
    expect(() => strict.forTicket(serverOf(RC4_BIT))).toThrow(Refused);
    expect(() => strict.sessionType([23], serverOf(undefined))).toThrow(Refused);
  });

  test('controllers and krbtgt understand what the KDC does', () => {
    const dc = serverOf(RC4_BIT, [18, 17, 23], { userAccountControl: 0x8_2000 });
    expect(outcome([AES128, RC4], dc)).toEqual([AES256, AES128]);
    expect(outcome([AES256], krbtgt({ supportedEncryptionTypes: 0 }))).toEqual([AES256, AES256]);
  });

  test.each([
    [0x1c, [RC4, AES256], [AES256, RC4]],
    [0x24, [RC4, AES256], [RC4, RC4]],
    [0x27, [AES128, RC4], [RC4, AES128]],
    [0x38, [RC4, AES128], [AES256, AES128]],
    [0x20, [AES256], NOSUPP],
  ])('DefaultDomainSupportedEncTypes %i', (bits, offered, expected) => {
    const kdc = new Keys([18, 17, 20, 19, 23], bits);
    expect(outcome(offered, serverOf(undefined), kdc)).toEqual(expected);
    expect(outcome([AES256], serverOf(AES256_BIT), kdc)).toEqual([AES256, AES256]);
    expect(kdc.supportedTypes(serverOf(undefined))).toBe(bits & 0x3c);
    expect(outcome([RC4], krbtgt(), kdc)).toBe(NOSUPP);
  });

  test('what krbtgt has of RC4 seals no TGT where it has AES', () => {
    const types = (has: number[]): number[] =>
      keys.ofTgts(krbtgt({ keys: passwordKeys('x', 'salt', has) })).map(({ key }) => key.etype);
    expect(types([18, 17, 23])).toEqual([AES256, AES128]);
    expect(types([23])).toEqual([RC4]);
  });

  test('PA-SUPPORTED-ENCTYPES: the attribute, or else the default', () => {
    expect(keys.supportedTypes(serverOf(FAST_BIT | AES256_BIT))).toBe(FAST_BIT | AES256_BIT);
    expect(keys.supportedTypes(serverOf(0))).toBe(AES128_BIT | AES256_BIT);
  });
});
