import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeLogonInfo, type LogonInfo } from '../src/pac/logon-info.ts';
import { LogonInfoTemplate, type OwnLogonInfo } from '../src/pac/logon-info-template.ts';
import type { Sid } from '../src/sid.ts';

const u16 = fc.nat(0xffff);
const u32 = fc.nat(0x7fff_ffff);
const time = fc.bigInt({ min: 0n, max: 0x7fff_ffff_ffff_ffffn });
const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const sid = fc
  .array(u32, { minLength: 1, maxLength: 5 })
  .map((subs): Sid => `S-1-5-${subs.join('-')}`);
const groups = fc.array(fc.record({ rid: u32, attributes: u32 }), { maxLength: 4 });

const infos: fc.Arbitrary<LogonInfo> = fc.record({
  logonTime: time,
  logoffTime: time,
  kickOffTime: time,
  passwordLastSet: time,
  passwordCanChange: time,
  passwordMustChange: time,
  effectiveName: text,
  fullName: text,
  logonScript: text,
  profilePath: text,
  homeDirectory: text,
  homeDirectoryDrive: text,
  logonCount: u16,
  badPasswordCount: u16,
  userId: u32,
  primaryGroupId: u32,
  groups,
  userFlags: u32,
  userSessionKey: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  logonServer: text,
  logonDomainName: text,
  logonDomainId: fc.option(sid),
  userAccountControl: u32,
  subAuthStatus: u32,
  lastSuccessfulLogon: time,
  lastFailedLogon: time,
  failedLogonCount: u32,
  extraSids: fc.array(fc.record({ sid, attributes: u32 }), { maxLength: 3 }),
  resourceGroupDomainSid: fc.option(sid),
  resourceGroups: groups,
});

/** Without the properties that the account shares. */
function ownOf(info: LogonInfo): OwnLogonInfo {
  return {
    logonTime: info.logonTime,
    passwordLastSet: info.passwordLastSet,
    passwordCanChange: info.passwordCanChange,
    effectiveName: info.effectiveName,
    fullName: info.fullName,
    logonCount: info.logonCount,
    badPasswordCount: info.badPasswordCount,
    userId: info.userId,
    primaryGroupId: info.primaryGroupId,
    userAccountControl: info.userAccountControl,
  };
}

describe('MS-PAC 2.5: KERB_VALIDATION_INFO from a template', () => {
  test('is what the whole structure encodes to', () => {
    fc.assert(
      fc.property(infos, infos, (shared, own) => {
        const mine = ownOf(own);
        const whole = encodeLogonInfo({ ...shared, ...mine });
        expect(new LogonInfoTemplate(shared).encode(mine)).toEqual(new Uint8Array(whole));
      }),
    );
  });

  test('has no room for names whose bytes 16 bits cannot count', () => {
    const [info] = fc.sample(infos, 1);
    if (info === undefined) throw new Error('no sample');
    const template = new LogonInfoTemplate(info);
    const named = (length: number): Uint8Array =>
      template.encode({ ...info, fullName: 'x'.repeat(length) });
    expect(named(0x7fff).length).toBeGreaterThan(0xfffe);
    expect(() => named(0x8000)).toThrow(expect.objectContaining({ code: 'oversize' }));
  });
});
