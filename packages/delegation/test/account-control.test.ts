import { describe, expect, test } from 'vitest';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import { PAC_USER_NOT_DELEGATED, controlNames, hasControl } from '../src/account-control.ts';

describe('MS-ADTS 2.2.16, userAccountControl', () => {
  // The decimal values that administrators know from LDAP filters.
  test.each([
    ['TRUSTED_FOR_DELEGATION', 524288],
    ['NOT_DELEGATED', 1048576],
    ['TRUSTED_TO_AUTH_FOR_DELEGATION', 16777216],
    ['NO_AUTH_DATA_REQUIRED', 33554432],
    ['PARTIAL_SECRETS_ACCOUNT', 67108864],
    ['ACCOUNTDISABLE', 2],
    ['WORKSTATION_TRUST_ACCOUNT', 4096],
    ['SERVER_TRUST_ACCOUNT', 8192],
    ['USE_DES_KEY_ONLY', 2097152],
    ['DONT_REQ_PREAUTH', 4194304],
  ] as const)('%s is %d', (name, value) => {
    expect(ACCOUNT_CONTROL[name]).toBe(value);
    expect(hasControl(value | 0x200, name)).toBe(true);
    expect(hasControl(~value, name)).toBe(false);
  });

  test('every bit is one bit, and none has two names', () => {
    const bits = Object.values(ACCOUNT_CONTROL);
    expect(bits.every((bit) => bit > 0 && (bit & (bit - 1)) === 0)).toBe(true);
    expect(new Set(bits).size).toBe(bits.length);
  });

  test('a domain controller by names', () => {
    expect(controlNames(532480)).toEqual(['SERVER_TRUST_ACCOUNT', 'TRUSTED_FOR_DELEGATION']);
  });

  test('the PAC spells NOT_DELEGATED differently (MS-SAMR 2.2.1.12)', () => {
    expect(PAC_USER_NOT_DELEGATED).toBe(0x4000);
    expect(hasControl(PAC_USER_NOT_DELEGATED, 'NOT_DELEGATED')).toBe(false);
  });
});
