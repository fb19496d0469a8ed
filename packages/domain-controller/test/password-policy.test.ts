import {
  checkPassword,
  isAmong,
  isComplex,
  type PasswordPolicy,
} from '@doublehop/domain-controller/accounts/password-policy';
import { fileTimeOf } from '@doublehop/security/filetime';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { account, passwordKeys } from './support/accounts.ts';
import { NOW } from './support/realm.ts';

const DAY = 86_400_000;
const POLICY: PasswordPolicy = {
  minLength: 7,
  historyLength: 3,
  complexity: true,
  minAge: DAY,
  maxAge: 42 * DAY,
  lockoutThreshold: 0,
  lockoutWindow: 0,
  lockoutDuration: Infinity,
  locksAdministrator: false,
};
const keysOf = (password: string, kvno: number) => passwordKeys(password, 'salt', [18, 17], kvno);
const ALICE = account('user', 'alice', 1103, {
  displayName: 'Alice P. Liddell-Hargreaves',
  pwdLastSet: fileTimeOf(NOW - 2 * DAY),
  keys: keysOf('Present.1', 4),
  previousKeys: [keysOf('Earlier.1', 3), keysOf('Before.1', 2), keysOf('First.1', 1)],
});
const check = (password: string, own = true, changes = {}, policy = {}) =>
  checkPassword({ ...POLICY, ...policy }, { ...ALICE, ...changes }, { password, own, now: NOW });

describe('complexity (MS-SAMR 3.1.1.7.2)', () => {
  test.each([
    ['three kinds', 'Passw0rd', true],
    ['capitals, small letters, marks', 'Pass.word', true],
    ['small letters, digits, marks', 'passw0rd!', true],
    ['letters without case are a kind', 'pass1語', true],
    ['two kinds', 'Password', false],
    ['two kinds and a blank', 'Pass word', false],
    ['the account name, of any case', 'xALICEx1', false],
    ['a word of the display name', 'Liddell.1', false],
    ['a word behind a hyphen', 'my1Hargreaves', false],
    ['a word of the display name that is short', 'P.assw0rd', true],
  ])('%s', (_what, password, expected) => {
    expect(isComplex(password, ALICE)).toBe(expected);
  });

  test('a name of two letters does not count', () => {
    expect(isComplex('Passw0rd.al', { samAccountName: 'al', displayName: undefined })).toBe(true);
  });

  test('any text is judged', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string(),
        (password, samAccountName, displayName) => {
          expect(typeof isComplex(password, { samAccountName, displayName })).toBe('boolean');
        },
      ),
    );
  });
});

describe('what a password may be (MS-SAMR 3.1.1.7.1)', () => {
  test.each([
    ['too short', 'Pw.1', 'too-short'],
    ['not complex', 'passwords', 'not-complex'],
    ['the present one', 'Present.1', 'in-history'],
    ['one of the history', 'Before.1', 'in-history'],
    ['older than the history', 'First.1', undefined],
    ['a new one', 'Entirely.new1', undefined],
  ])('%s', async (_what, password, expected) => {
    expect(await check(password)).toBe(expected);
  });

  test('not again so soon, unless it must be changed', async () => {
    const today = { pwdLastSet: fileTimeOf(NOW - DAY + 1) };
    expect(await check('Entirely.new1', true, today)).toBe('too-young');
    expect(await check('Entirely.new1', true, { pwdLastSet: 0n })).toBeUndefined();
  });

  test('a reset is bound by neither age nor history', async () => {
    const today = { pwdLastSet: fileTimeOf(NOW) };
    expect(await check('Present.1', false, today)).toBeUndefined();
    expect(await check('short', false, today)).toBe('too-short');
  });

  test('machines and accounts that need none are exempt', async () => {
    expect(await check('x', true, { kind: 'computer' })).toBeUndefined();
    expect(await check('x', true, { userAccountControl: 0x1000 })).toBeUndefined();
    expect(await check('aB1', true, { userAccountControl: 0x220 })).toBeUndefined();
  });

  test('history is compared by keys: without salt too, and with another salt', async () => {
    const rc4 = { kvno: 1, keys: passwordKeys('Old.pass1', '', [23]).keys };
    expect(await isAmong('Old.pass1', [rc4])).toBe(true);
    expect(await isAmong('Other.pass1', [rc4])).toBe(false);
    const renamed = passwordKeys('Old.pass1', 'CONTOSO.COMother', [18]);
    expect(await isAmong('Old.pass1', [keysOf('x', 1), renamed])).toBe(true);
  });
});
