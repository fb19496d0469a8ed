import { encodePacAttributes } from '@doublehop/security/pac/attributes';
import { encodeClaimsInfo } from '@doublehop/security/pac/claims-info';
import type { ClaimEntry } from '@doublehop/security/pac/claims-set';
import { encodeClientInfo } from '@doublehop/security/pac/client-info';
import { encodeDelegationInfo } from '@doublehop/security/pac/delegation-info';
import { encodeDeviceInfo } from '@doublehop/security/pac/device-info';
import { encodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { encodePac } from '@doublehop/security/pac/pac';
import { encodeRequesterSid } from '@doublehop/security/pac/requester-sid';
import { encodeUpnDnsInfo } from '@doublehop/security/pac/upn-dns-info';
import { NEVER } from '@doublehop/security/filetime';

const DOMAIN = 'S-1-5-21-1-2-3';

const LOGON_INFO = encodeLogonInfo({
  logonTime: 1n,
  logoffTime: NEVER,
  kickOffTime: NEVER,
  passwordLastSet: 0n,
  passwordCanChange: 0n,
  passwordMustChange: NEVER,
  effectiveName: 'alice',
  fullName: 'Alice',
  logonScript: '',
  profilePath: '',
  homeDirectory: '',
  homeDirectoryDrive: '',
  logonCount: 1,
  badPasswordCount: 0,
  userId: 1103,
  primaryGroupId: 513,
  groups: [{ rid: 513, attributes: 7 }],
  userFlags: 0x220,
  userSessionKey: new Uint8Array(16),
  logonServer: 'DC',
  logonDomainName: 'CONTOSO',
  logonDomainId: DOMAIN,
  userAccountControl: 0x10,
  subAuthStatus: 0,
  lastSuccessfulLogon: 0n,
  lastFailedLogon: 0n,
  failedLogonCount: 0,
  extraSids: [{ sid: 'S-1-18-1', attributes: 7 }],
  resourceGroupDomainSid: DOMAIN,
  resourceGroups: [{ rid: 1200, attributes: 0x2000_0007 }],
});

const CLAIMS: readonly ClaimEntry[] = [
  { id: 'a', claim: { type: 'boolean', values: [true] } },
  { id: 'b', claim: { type: 'string', values: ['foo', 'bar'] } },
  { id: 'c', claim: { type: 'unsigned', values: [655_369n] } },
  { id: 'd', claim: { type: 'integer', values: [-3n, 4n] } },
];

/** Of a few claims, and of so many that they are packed (MS-ADTS 2.2.18.8). */
const CLAIMS_INFOS = [CLAIMS, Array.from({ length: 12 }, () => CLAIMS).flat()].map((entries) =>
  encodeClaimsInfo([{ source: 'ad', entries }]),
);

const DEVICE_INFO = encodeDeviceInfo({
  userId: 1104,
  primaryGroupId: 515,
  accountDomainId: DOMAIN,
  groups: [{ rid: 515, attributes: 7 }],
  extraSids: [{ sid: 'S-1-18-1', attributes: 7 }],
  domainGroups: [{ domain: DOMAIN, groups: [{ rid: 1200, attributes: 0x2000_0007 }] }],
});

const BUFFERS = [
  { type: 1, data: LOGON_INFO },
  { type: 10, data: encodeClientInfo({ name: 'alice', authTime: 1n }) },
  {
    type: 11,
    data: encodeDelegationInfo({ proxyTarget: 'cifs/c', transitedServices: ['HTTP/b@R'] }),
  },
  {
    type: 12,
    data: encodeUpnDnsInfo({
      upn: 'alice@contoso.com',
      dnsDomainName: 'CONTOSO.COM',
      upnConstructed: true,
      account: { samName: 'alice', sid: `${DOMAIN}-1103` },
    }),
  },
  ...CLAIMS_INFOS.map((data) => ({ type: 13, data })),
  { type: 14, data: DEVICE_INFO },
  { type: 17, data: encodePacAttributes(1) },
  { type: 18, data: encodeRequesterSid(`${DOMAIN}-1103`) },
  { type: 6, data: Uint8Array.from([16, 0, 0, 0, ...new Uint8Array(12)]) },
];

/** Buffers by type; 0 is a whole PAC. */
export const PAC_SEEDS: ReadonlyMap<number, readonly Uint8Array[]> = new Map([
  [0, [encodePac(BUFFERS.filter(({ data }) => data !== CLAIMS_INFOS[1]))]],
  ...BUFFERS.map(({ type }): [number, Uint8Array[]] => [
    type,
    BUFFERS.filter((each) => each.type === type).map(({ data }) => data),
  ]),
]);
