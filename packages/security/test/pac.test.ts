import { fromHex, toHex } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecurityError } from '../src/errors.ts';
import { fileTimeOf, millisecondsOf, NEVER } from '../src/filetime.ts';
import { decodePacAttributes, encodePacAttributes, PacAttribute } from '../src/pac/attributes.ts';
import { decodeClientInfo, encodeClientInfo } from '../src/pac/client-info.ts';
import {
  decodeDelegationInfo,
  encodeDelegationInfo,
  extendDelegationInfo,
} from '../src/pac/delegation-info.ts';
import {
  decodeLogonInfo,
  encodeLogonInfo,
  type LogonInfo,
  UserFlag,
} from '../src/pac/logon-info.ts';
import { decodePac, encodePac, pacBuffer, PacType } from '../src/pac/pac.ts';
import { decodeRequesterSid, encodeRequesterSid } from '../src/pac/requester-sid.ts';
import { accountSid, sidsOf, tokenOf } from '../src/pac/token.ts';
import { decodeUpnDnsInfo, encodeUpnDnsInfo } from '../src/pac/upn-dns-info.ts';
import {
  doubleDelegation,
  fuzzedDelegation1,
  fuzzedDelegation2,
  longDelegation,
  shortDelegation,
} from './vectors/delegation-infos.ts';
import {
  fuzzedPac1,
  fuzzedPac2,
  s4uEnterprisePac,
  s4uEnterpriseReferralPac,
  s4uReferralPac,
  s4uRegularPac,
  savedPac,
} from './vectors/pacs.ts';
import { specificationPac } from './vectors/specification-pac.ts';

function buffer(pac: Uint8Array, type: number): Uint8Array {
  const data = pacBuffer(decodePac(pac), type);
  if (data === undefined) throw new Error(`no buffer of type ${type}`);
  return data;
}

describe('MS-PAC 2.3, 2.4: container', () => {
  const captured: readonly [string, Uint8Array, string][] = [
    ['2003', savedPac, '1 10 6 7'],
    ['S4U2Self', s4uRegularPac, '1 10 12 6 7'],
    ['S4U2Self, enterprise name', s4uEnterprisePac, '1 10 12 6 7'],
    ['S4U2Self referral', s4uReferralPac, '1 10 12 6 7'],
    ['S4U2Self referral, enterprise name', s4uEnterpriseReferralPac, '1 10 12 6 7'],
    ['MS-PAC 3', specificationPac, '1 10 6 7'],
  ];
  for (const [name, bytes, types] of captured) {
    test(`${name}: its buffers, and the same bytes again`, () => {
      const pac = decodePac(bytes);
      expect(pac.buffers.map(({ type }) => type).join(' ')).toBe(types);
      expect(toHex(encodePac(pac.buffers))).toBe(toHex(bytes));
    });
  }

  test('types that are not known stay as they are', () => {
    const buffers = [
      { type: PacType.clientClaims, data: Uint8Array.of(1, 2, 3) },
      { type: 99, data: Uint8Array.of(4) },
      { type: PacType.deviceClaims, data: new Uint8Array() },
    ];
    const pac = decodePac(encodePac(buffers));
    expect(pac.buffers).toMatchObject(buffers);
    expect(pac.buffers.every(({ offset }) => offset % 8 === 0)).toBe(true);
    expect(pacBuffer(pac, 1)).toBeUndefined();
  });

  const wrong: readonly [string, Uint8Array, string][] = [
    ['no header', new Uint8Array(7), 'truncated'],
    ['found by fuzzing, 1', fuzzedPac1, 'oversize'],
    ['found by fuzzing, 2', fuzzedPac2, 'oversize'],
    ['version 1', fromHex('0000000001000000'), 'revision'],
    ['header cut off', fromHex('01000000000000000100000008000000'), 'truncated'],
    [
      'unaligned',
      fromHex('0100000000000000 01000000 04000000 1c00000000000000 0000000000000000'),
      'alignment',
    ],
    [
      'outside',
      fromHex('0100000000000000 01000000 09000000 1800000000000000 0000000000000000'),
      'truncated',
    ],
    [
      'far outside',
      fromHex('0100000000000000 01000000 00000000 1800000001000000 0000000000000000'),
      'truncated',
    ],
    [
      'in the header',
      fromHex('0100000000000000 01000000 08000000 0800000000000000 0000000000000000'),
      'value',
    ],
    [
      'two of a type',
      fromHex(
        '0200000000000000 01000000 00000000 2800000000000000 01000000 00000000 2800000000000000',
      ),
      'duplicate',
    ],
    [
      'overlap, in another order',
      fromHex(
        `0200000000000000 01000000 08000000 3000000000000000 02000000 09000000 2800000000000000
         0000000000000000 0000000000000000`,
      ),
      'value',
    ],
    [
      'overlap',
      fromHex(
        `0200000000000000 01000000 09000000 2800000000000000 02000000 08000000 3000000000000000
         0000000000000000 0000000000000000`,
      ),
      'value',
    ],
    ['too large', new Uint8Array(262_145), 'oversize'],
  ];
  for (const [name, bytes, code] of wrong) {
    test(`refuses: ${name}`, () => {
      expect(() => decodePac(bytes)).toThrow(expect.objectContaining({ code, structure: 'pac' }));
    });
  }

  test('too many or too large buffers are not written', () => {
    const many = Array.from({ length: 65 }, (_, type) => ({ type, data: new Uint8Array() }));
    expect(() => encodePac(many)).toThrow(SecurityError);
    expect(() => encodePac([{ type: 1, data: new Uint8Array(300_000) }])).toThrow(SecurityError);
  });

  test('damaged bytes throw nothing but SecurityError', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 3 }), (changes) => {
        const bytes = s4uRegularPac.slice();
        for (const [place, byte] of changes) bytes[place] = byte;
        try {
          expect(decodePac(bytes).buffers.length).toBeLessThanOrEqual(64);
        } catch (error) {
          expect(error).toBeInstanceOf(SecurityError);
        }
      }),
    );
  });
});

describe('MS-PAC 2.5: KERB_VALIDATION_INFO', () => {
  const captured: readonly [string, Uint8Array, Partial<LogonInfo>][] = [
    [
      '2003',
      savedPac,
      {
        effectiveName: 'W2003FINAL$',
        fullName: '',
        userId: 0x3ed,
        primaryGroupId: 516,
        groups: [{ rid: 516, attributes: 7 }],
        userFlags: UserFlag.extraSids,
        logonServer: 'W2003FINAL',
        logonDomainName: 'WIN2K3THINK',
        logonDomainId: 'S-1-5-21-3048156945-3961193616-3706469200',
        logonCount: 101,
        logoffTime: NEVER,
        userAccountControl: 0x2100,
        extraSids: [{ sid: 'S-1-5-9', attributes: 7 }],
        resourceGroupDomainSid: null,
        resourceGroups: [],
      },
    ],
    [
      'S4U2Self',
      s4uRegularPac,
      {
        effectiveName: 'w2k8u',
        fullName: 'w2k8u',
        logonServer: 'WDC',
        logonTime: 0n,
        extraSids: [],
      },
    ],
    ['S4U2Self, enterprise name', s4uEnterprisePac, { effectiveName: 'w2k8u', userId: 0x476 }],
    ['S4U2Self referral', s4uReferralPac, { effectiveName: 'w2k8u', logonDomainName: 'ACME' }],
    ['S4U2Self referral, enterprise name', s4uEnterpriseReferralPac, { effectiveName: 'w2k8u' }],
    [
      'MS-PAC 3.1',
      specificationPac,
      { effectiveName: 'lzhu', fullName: 'Liqiang(Larry) Zhu', logonScript: 'ntds2.bat' },
    ],
  ];
  for (const [name, pac, fields] of captured) {
    test(`${name}: fields, and the same bytes again`, () => {
      const data = buffer(pac, PacType.logonInfo);
      const info = decodeLogonInfo(data);
      expect(info).toMatchObject(fields);
      expect(toHex(encodeLogonInfo(info))).toBe(toHex(data));
    });
  }

  const info = decodeLogonInfo(buffer(savedPac, PacType.logonInfo));
  const domain = 'S-1-5-21-1-2-3';

  test('MS-PAC 3.1: the SID of the first group', () => {
    const sids = sidsOf(decodeLogonInfo(buffer(specificationPac, PacType.logonInfo)));
    expect(sids.has('S-1-5-21-397955417-626881126-188441444-3392609')).toBe(true);
    // The account, 26 groups (the primary among them) and 13 extra SIDs.
    expect(sids.size).toBe(1 + 26 + 13);
  });

  test('MS-SFU 3.2.5.2.3: the token for the access check', () => {
    const { sids } = tokenOf({
      ...info,
      userId: 1104,
      logonDomainId: domain,
      primaryGroupId: 515,
      groups: [{ rid: 1200, attributes: 7 }],
      extraSids: [{ sid: 'S-1-18-1', attributes: 7 }],
      resourceGroupDomainSid: 'S-1-5-21-9-9-9',
      resourceGroups: [{ rid: 1300, attributes: 0x2000_0007 }],
    });
    expect(sids).toEqual(
      new Set([
        `${domain}-1104`,
        `${domain}-515`,
        `${domain}-1200`,
        'S-1-18-1',
        'S-1-5-21-9-9-9-1300',
        'S-1-1-0',
        'S-1-5-11',
      ]),
    );
    expect(sids.has('S-1-5-2')).toBe(false);
  });

  test('UserId 0: the first extra SID is the account', () => {
    const foreign = { ...info, userId: 0, logonDomainId: null };
    expect(accountSid(foreign)).toBe('S-1-5-9');
    expect(() => accountSid({ ...foreign, extraSids: [] })).toThrow(SecurityError);
    expect(() => accountSid({ ...info, logonDomainId: null })).toThrow(SecurityError);
  });

  test('a count that its list does not have is refused', () => {
    const data = buffer(savedPac, PacType.logonInfo).slice();
    const groupCount = 16 + 4 + 48 + 48 + 12;
    expect(data[groupCount]).toBe(1);
    data[groupCount] = 2;
    expect(() => decodeLogonInfo(data)).toThrow(
      expect.objectContaining({ code: 'length', structure: 'logon-info' }),
    );
  });

  test('every truncation and every damaged byte is a SecurityError or a value', () => {
    const data = buffer(savedPac, PacType.logonInfo);
    for (let length = 0; length < data.length; length += 1) {
      expect(() => decodeLogonInfo(data.subarray(0, length))).toThrow(SecurityError);
    }
    for (let place = 0; place < data.length; place += 1) {
      const damaged = data.slice();
      damaged[place] = (damaged[place] ?? 0) ^ 0xff;
      try {
        expect(decodeLogonInfo(damaged).effectiveName).toBeTypeOf('string');
      } catch (error) {
        expect(error).toBeInstanceOf(SecurityError);
      }
    }
  });
});

describe('MS-PAC 2.9: S4U_DELEGATION_INFO', () => {
  const first = 'svc1/adserver.ad.test@AD.TEST';
  const captured: readonly [string, Uint8Array, string, string[]][] = [
    ['one middle', shortDelegation, 'svc2/adserver.ad.test', [first]],
    ['a longer target', longDelegation, 'longsvc/adserver.ad.test', [first]],
    [
      'two middles',
      doubleDelegation,
      'longsvc/adserver.ad.test',
      [first, 'svc2/adserver.ad.test@AD.TEST'],
    ],
  ];
  for (const [name, data, proxyTarget, transitedServices] of captured) {
    test(`${name}, both ways`, () => {
      expect(decodeDelegationInfo(data)).toEqual({ proxyTarget, transitedServices });
      expect(toHex(encodeDelegationInfo({ proxyTarget, transitedServices }))).toBe(toHex(data));
    });
  }

  test('the second hop replaces the target and adds the middle', () => {
    const next = extendDelegationInfo(
      decodeDelegationInfo(shortDelegation),
      'longsvc/adserver.ad.test',
      'svc2/adserver.ad.test@AD.TEST',
    );
    expect(toHex(encodeDelegationInfo(next))).toBe(toHex(doubleDelegation));
    expect(extendDelegationInfo(undefined, 'a', 'b')).toEqual({
      proxyTarget: 'a',
      transitedServices: ['b'],
    });
  });

  test('no middle at all', () => {
    const none = { proxyTarget: 'a/b', transitedServices: [] };
    expect(decodeDelegationInfo(encodeDelegationInfo(none))).toEqual(none);
  });

  test('found by fuzzing', () => {
    expect(() => decodeDelegationInfo(fuzzedDelegation1)).toThrow(SecurityError);
    expect(() => decodeDelegationInfo(fuzzedDelegation2)).toThrow(SecurityError);
  });

  test('damaged bytes throw nothing but SecurityError', () => {
    fc.assert(
      fc.property(fc.nat(doubleDelegation.length - 1), fc.nat(255), (place, byte) => {
        const damaged = doubleDelegation.slice();
        damaged[place] = byte;
        try {
          expect(decodeDelegationInfo(damaged).transitedServices).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toBeInstanceOf(SecurityError);
        }
      }),
    );
  });
});

describe('MS-PAC 2.7: PAC_CLIENT_INFO', () => {
  const captured: readonly [string, Uint8Array, number, string][] = [
    ['2003', savedPac, 1_120_440_609, 'w2003final$'],
    ['S4U2Self', s4uRegularPac, 1_538_430_362, 'w2k8u'],
    ['S4U2Self, enterprise name', s4uEnterprisePac, 1_538_437_551, 'w2k8u@abc'],
    ['S4U2Self referral: name with realm', s4uReferralPac, 1_538_469_429, 'w2k8u@ACME.COM'],
    [
      'S4U2Self referral, enterprise name',
      s4uEnterpriseReferralPac,
      1_538_484_998,
      'w2k8u@abc@ACME.COM',
    ],
  ];
  for (const [title, pac, seconds, name] of captured) {
    test(`${title}, both ways`, () => {
      const info = { authTime: fileTimeOf(1000 * seconds), name };
      const data = buffer(pac, PacType.clientInfo);
      expect(decodeClientInfo(data)).toEqual(info);
      expect(toHex(encodeClientInfo(info))).toBe(toHex(data));
      expect(millisecondsOf(info.authTime)).toBe(1000 * seconds);
    });
  }

  test('refuses a name that is not all there or is odd', () => {
    expect(() => decodeClientInfo(new Uint8Array(9))).toThrow(SecurityError);
    expect(() => decodeClientInfo(fromHex(`${'00'.repeat(8)}020041`))).toThrow(SecurityError);
    expect(() => decodeClientInfo(fromHex(`${'00'.repeat(8)}010041`))).toThrow(SecurityError);
    expect(() => encodeClientInfo({ authTime: 0n, name: 'x'.repeat(40_000) })).toThrow(
      SecurityError,
    );
  });
});

describe('MS-PAC 2.10: UPN_DNS_INFO', () => {
  test('without the extension, both ways', () => {
    const info = { upn: 'w2k8u@abc', dnsDomainName: 'ACME.COM', upnConstructed: false };
    const data = buffer(s4uRegularPac, PacType.upnDnsInfo);
    expect(decodeUpnDnsInfo(data)).toEqual(info);
    expect(toHex(encodeUpnDnsInfo(info))).toBe(toHex(data));
  });

  const extended = {
    upn: 'alice@contoso.com',
    dnsDomainName: 'CONTOSO.COM',
    upnConstructed: true,
    account: { samName: 'alice', sid: 'S-1-5-21-1-2-3-1104' },
  } as const;

  test('with the extension', () => {
    const data = encodeUpnDnsInfo(extended);
    expect(decodeUpnDnsInfo(data)).toEqual(extended);
    expect(data[8]).toBe(3);
  });

  test('every truncation is refused', () => {
    const data = encodeUpnDnsInfo(extended);
    const used = data.length - 4;
    for (let length = 0; length < used; length += 1) {
      expect(() => decodeUpnDnsInfo(data.subarray(0, length))).toThrow(SecurityError);
    }
  });

  test('refuses what does not fit', () => {
    const long = { ...extended, upn: 'x'.repeat(40_000) };
    expect(() => encodeUpnDnsInfo(long)).toThrow(SecurityError);
  });
});

describe('MS-PAC 2.14, 2.15: attributes and requester', () => {
  test('attributes', () => {
    expect(toHex(encodePacAttributes(PacAttribute.requested))).toBe('0200000001000000');
    expect(decodePacAttributes(fromHex('0200000002000000'))).toBe(PacAttribute.givenImplicitly);
    expect(decodePacAttributes(fromHex('01000000ffffffff'))).toBe(1);
    expect(decodePacAttributes(fromHex('20000000ffffffff'))).toBe(0xffff_ffff);
    expect(() => decodePacAttributes(fromHex('02000000'))).toThrow(SecurityError);
    expect(() => decodePacAttributes(fromHex('2100000001000000'))).toThrow(SecurityError);
  });

  test('requester', () => {
    const sid = 'S-1-5-21-1-2-3-1104';
    expect(decodeRequesterSid(encodeRequesterSid(sid))).toBe(sid);
    expect(() => decodeRequesterSid(new Uint8Array(29))).toThrow(SecurityError);
    expect(() => decodeRequesterSid(fromHex('01010000000000010000000000'))).toThrow(SecurityError);
  });
});
