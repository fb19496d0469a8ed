import { accessCheck } from '@doublehop/security/access-check';
import { decodeCondition } from '@doublehop/security/condition-codec';
import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import { decodePacAttributes } from '@doublehop/security/pac/attributes';
import { decodeClientInfo } from '@doublehop/security/pac/client-info';
import {
  decodeDelegationInfo,
  encodeDelegationInfo,
} from '@doublehop/security/pac/delegation-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { decodePac } from '@doublehop/security/pac/pac';
import { decodeRequesterSid } from '@doublehop/security/pac/requester-sid';
import { decodeSignature } from '@doublehop/security/pac/signature';
import { decodeUpnDnsInfo } from '@doublehop/security/pac/upn-dns-info';
import { formatSddl, parseSddl } from '@doublehop/security/sddl';
import { lintDescriptor } from '@doublehop/delegation/lint';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import type { FuzzTarget } from '../targets.ts';
import { PAC_SEEDS } from './pac-seeds.ts';

const SDDL = [
  'O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;S-1-5-21-1-2-3-1104)',
  'O:BAG:SYD:PAI(D;CI;CR;;;WD)(OA;;RPWP;3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;;PS)',
  'D:(XA;;CR;;;WD;(Member_of {SID(BA)} && @User.Title == "PM" || !(Exists @Device.x)))',
];

/** Security descriptors, their text, and PACs. */
export function securityTargets(): readonly FuzzTarget[] {
  const descriptors = SDDL.map((text) => encodeDescriptor(parseSddl(text)));
  const refuses = [SecurityError];
  const decoder = (name: string, run: (input: Uint8Array) => void, type: number): FuzzTarget => ({
    name: `pac-${name}`,
    seeds: PAC_SEEDS.get(type) ?? [],
    run,
    refuses,
  });
  return [
    {
      name: 'descriptor',
      seeds: descriptors,
      run(input) {
        const descriptor = decodeDescriptor(input);
        encodeDescriptor(descriptor);
        accessCheck(descriptor, { sids: new Set(['S-1-1-0']) }, 0x100);
        lintDescriptor(descriptor);
      },
      refuses,
    },
    {
      name: 'sddl',
      seeds: SDDL.map(utf8),
      run(input) {
        const descriptor = parseSddl(fromUtf8(input));
        parseSddl(formatSddl(descriptor));
      },
      refuses,
    },
    { name: 'condition', seeds: descriptors, run: (b) => void decodeCondition(b), refuses },
    { name: 'pac', seeds: PAC_SEEDS.get(0) ?? [], run: (b) => void decodePac(b), refuses },
    decoder('logon-info', (b) => void decodeLogonInfo(b), 1),
    decoder('signature', (b) => void decodeSignature(b), 6),
    decoder('client-info', (b) => void decodeClientInfo(b), 10),
    decoder('delegation-info', (b) => void encodeDelegationInfo(decodeDelegationInfo(b)), 11),
    decoder('upn-dns-info', (b) => void decodeUpnDnsInfo(b), 12),
    decoder('attributes', (b) => void decodePacAttributes(b), 17),
    decoder('requester', (b) => void decodeRequesterSid(b), 18),
  ];
}
