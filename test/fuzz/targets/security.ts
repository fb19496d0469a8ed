import { accessCheck, type Token } from '@doublehop/security/access-check';
import { claimsOf } from '@doublehop/security/claims';
import { evaluateCondition } from '@doublehop/security/condition';
import { decodeCondition, encodeCondition } from '@doublehop/security/condition-codec';
import { createDescriptor } from '@doublehop/security/create-descriptor';
import {
  decodeDescriptor,
  encodeDescriptor,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import { parseGuid } from '@doublehop/security/guid';
import { parseSid } from '@doublehop/security/sid';
import { decodePacAttributes } from '@doublehop/security/pac/attributes';
import {
  claimsOfSet,
  decodeClaimsInfo,
  encodeClaimsInfo,
} from '@doublehop/security/pac/claims-info';
import { decodeClientInfo } from '@doublehop/security/pac/client-info';
import {
  decodeDelegationInfo,
  encodeDelegationInfo,
} from '@doublehop/security/pac/delegation-info';
import {
  decodeDeviceInfo,
  deviceSids,
  encodeDeviceInfo,
} from '@doublehop/security/pac/device-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { decodePac } from '@doublehop/security/pac/pac';
import { decodeRequesterSid } from '@doublehop/security/pac/requester-sid';
import { decodeSignature } from '@doublehop/security/pac/signature';
import { decodeUpnDnsInfo } from '@doublehop/security/pac/upn-dns-info';
import {
  decodeResourceAttribute,
  encodeResourceAttribute,
  resourceClaims,
} from '@doublehop/security/resource-attribute';
import { formatSddl, parseSddl } from '@doublehop/security/sddl';
import { compressXpressHuffman, decompressXpressHuffman } from '@doublehop/security/xpress-huffman';
import { lintDescriptor } from '@doublehop/delegation/lint';
import { equal, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import type { FuzzTarget } from '../targets.ts';
import { PAC_SEEDS } from './pac-seeds.ts';

const SDDL = [
  'O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;S-1-5-21-1-2-3-1104)',
  'O:BAG:SYD:PAI(D;CI;CR;;;WD)(OA;;RPWP;3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;;PS)',
  'O:BAD:(OA;CIIOID;RPWP;;bf967aba-0de6-11d0-a285-00aa003049e2;CO)(A;CIOI;GA;;;CO)' +
    'S:AI(AU;CI;WP;;;WD)',
  'D:(XA;;CR;;;WD;(Member_of {SID(BA)} && @User.Title == "PM" || !(Exists @Device.x)))',
  'D:(XD;;CR;;;WD;(@User.n >= 3 && @User.Title Any_of {"PM", "VP"} && @Resource.r Contains 1))' +
    'S:(RA;;;;;WD;("r",TI,0x0,1,2))(RA;;;;;WD;("s",TS,0x0,"a","b"))',
];

/** Somebody for whom every kind of attribute in the seeds has values. */
const TOKEN: Token = {
  sids: new Set(['S-1-1-0', 'S-1-5-32-544']),
  claims: claimsOf([
    ['Title', { type: 'string', values: ['PM', 'pm'] }],
    ['n', { type: 'integer', values: [3n] }],
  ]),
  device: { sids: new Set(['S-1-1-0']), claims: claimsOf([]) },
};

/** Security descriptors, their text, and PACs. */
export function securityTargets(): readonly FuzzTarget[] {
  return [...descriptorTargets(), ...conditionTargets(), ...pacTargets(), packedTarget()];
}

const refuses = [SecurityError];

function descriptorTargets(): readonly FuzzTarget[] {
  const seeds = SDDL.map((text) => encodeDescriptor(parseSddl(text)));
  return [
    {
      name: 'descriptor',
      seeds,
      run(input) {
        const descriptor = decodeDescriptor(input);
        encodeDescriptor(descriptor);
        accessCheck(descriptor, TOKEN, 0x100);
        lintDescriptor(descriptor);
      },
      refuses,
    },
    {
      name: 'descriptor-inherited',
      seeds,
      run(input) {
        const descriptor = decodeDescriptor(input);
        for (const parts of inheritances(descriptor)) {
          const { parent, creator } = parts;
          const make = (given: typeof creator): SecurityDescriptor =>
            createDescriptor({ ...OBJECT, parent, creator: given });
          // What is made of it again is the same: nothing grows from one change to the next.
          const again = make(make(creator));
          if (!equal(encodeDescriptor(again), encodeDescriptor(make(again)))) {
            throw new Error('not stable');
          }
        }
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
  ];
}

const OBJECT = {
  objectTypes: new Set([parseGuid('bf967aba-0de6-11d0-a285-00aa003049e2')]),
  owner: parseSid('S-1-5-32-544'),
  group: parseSid('S-1-5-18'),
};

/** A stranger's descriptor as that of the object above, as the one given, and as both. */
function inheritances(
  one: SecurityDescriptor,
): readonly Record<'parent' | 'creator', SecurityDescriptor | undefined>[] {
  return [
    { parent: one, creator: undefined },
    { parent: undefined, creator: one },
    { parent: one, creator: one },
  ];
}

function conditionTargets(): readonly FuzzTarget[] {
  const aces = SDDL.flatMap((text) => {
    const { dacl, sacl } = parseSddl(text);
    return [dacl, sacl].flatMap((acl) => (acl === undefined || acl === 'null' ? [] : acl.aces));
  });
  return [
    {
      name: 'condition',
      seeds: aces.flatMap(({ condition }) => (condition === undefined ? [] : [condition])),
      run(input) {
        evaluateCondition(input, TOKEN, () => new Map());
        encodeCondition(decodeCondition(input));
      },
      refuses,
    },
    {
      name: 'resource-attribute',
      seeds: aces.flatMap(({ applicationData: data }) => (data === undefined ? [] : [data])),
      run: (input) => void encodeResourceAttribute(decodeResourceAttribute(input)),
      refuses,
    },
    {
      name: 'resource-claims',
      seeds: SDDL.map((text) => encodeDescriptor(parseSddl(text))),
      run: (input) => void resourceClaims(decodeDescriptor(input).sacl),
      refuses,
    },
  ];
}

function pacTargets(): readonly FuzzTarget[] {
  const decoder = (name: string, run: (input: Uint8Array) => void, type: number): FuzzTarget => ({
    name: `pac-${name}`,
    seeds: PAC_SEEDS.get(type) ?? [],
    run,
    refuses,
  });
  return [
    { name: 'pac', seeds: PAC_SEEDS.get(0) ?? [], run: (b) => void decodePac(b), refuses },
    decoder('logon-info', (b) => void decodeLogonInfo(b), 1),
    decoder('signature', (b) => void decodeSignature(b), 6),
    decoder('client-info', (b) => void decodeClientInfo(b), 10),
    decoder('delegation-info', (b) => void encodeDelegationInfo(decodeDelegationInfo(b)), 11),
    decoder('upn-dns-info', (b) => void decodeUpnDnsInfo(b), 12),
    decoder('claims-info', readClaims, 13),
    decoder('device-info', readDevice, 14),
    decoder('attributes', (b) => void decodePacAttributes(b), 17),
    decoder('requester', (b) => void decodeRequesterSid(b), 18),
  ];
}

function readClaims(input: Uint8Array): void {
  const set = decodeClaimsInfo(input);
  const again = encodeClaimsInfo(set);
  if (!equal(encodeClaimsInfo(decodeClaimsInfo(again)), again)) throw new Error('not stable');
  claimsOfSet(set);
}

function readDevice(input: Uint8Array): void {
  const info = decodeDeviceInfo(input);
  deviceSids(info);
  encodeDeviceInfo(info);
}

/** The size that the packed bytes are said to have, in the first two octets. */
function packedTarget(): FuzzTarget {
  const texts = ['a'.repeat(700), 'Claims about the user, and about the device.', '\0\x01\0\x02'];
  return {
    name: 'xpress-huffman',
    seeds: texts.flatMap((text) => {
      const bytes = utf8(text.repeat(30));
      const packed = compressXpressHuffman(bytes);
      return packed === undefined
        ? []
        : [Uint8Array.from([bytes.length >> 8, bytes.length & 0xff, ...packed])];
    }),
    run(input) {
      const [high = 0, low = 0] = input;
      const size = high * 256 + low;
      const bytes = decompressXpressHuffman(input.subarray(2), size);
      if (bytes.length !== size) throw new Error('another size');
      const packed = compressXpressHuffman(bytes);
      if (packed !== undefined && !equal(decompressXpressHuffman(packed, size), bytes)) {
        throw new Error('other bytes');
      }
    },
    refuses,
  };
}
