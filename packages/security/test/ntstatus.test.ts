import { describe, expect, test } from 'vitest';
import {
  type NtStatus,
  ntStatusMeaning,
  ntStatusName,
  ntStatusTable,
  ntStatusValue,
} from '../src/ntstatus.ts';

describe('MS-ERREF 2.3.1: NTSTATUS', () => {
  const rows: readonly [NtStatus, number][] = [
    ['STATUS_NOT_FOUND', 0xc000_0225],
    ['STATUS_NO_MATCH', 0xc000_0272],
    ['STATUS_NOT_SUPPORTED', 0xc000_00bb],
    ['STATUS_ACCOUNT_RESTRICTION', 0xc000_006e],
    ['STATUS_AUTHENTICATION_FIREWALL_FAILED', 0xc000_0413],
    ['STATUS_ACCOUNT_DISABLED', 0xc000_0072],
    ['STATUS_ACCOUNT_LOCKED_OUT', 0xc000_0234],
  ];
  for (const [name, value] of rows) {
    test(name, () => {
      expect(ntStatusValue(name)).toBe(value);
      expect(ntStatusName(value)).toBe(name);
      expect(ntStatusName(value | 0)).toBe(name);
      expect(ntStatusMeaning(name)).toMatch(/^[a-z].*[^.]$/);
    });
  }

  test('an unknown number has no name', () => {
    expect(ntStatusName(0xdead_beef)).toBeUndefined();
  });

  test('no number stands twice', () => {
    const values = Object.values(ntStatusTable).map(({ value }) => value);
    expect(new Set(values).size).toBe(values.length);
  });
});
