import { AceType, type AceFields, buildAce } from '@doublehop/security/ace';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import fc from 'fast-check';
import type {
  AccountState,
  EvidenceFacts,
  Finding,
  HeaderFacts,
  MiddleFacts,
  PacFact,
  PolicyFinding,
  S4U2ProxyFacts,
  S4U2SelfFacts,
  TargetFacts,
  UserFacts,
} from '../src/facts.ts';
import { rbcdToken } from '../src/rbcd.ts';
import { domainComputers, listing, serverB, serverB2, serverC } from './scene.ts';

// Arbitrary facts: every field takes every value that its type allows.

export const sids: fc.Arbitrary<Sid> = fc.constantFrom<Sid[]>(
  serverB,
  serverB2,
  serverC,
  domainComputers,
  'S-1-1-0',
  'S-1-5-11',
  'S-1-5-10',
  'S-1-3-4',
);

/**
 * The good value most of the time: with thirty facts of which each may refuse, hardly any
 * arbitrary scene would be allowed otherwise.
 */
function usually<T>(good: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 40, arbitrary: fc.constant(good) },
    { weight: 1, arbitrary: fc.constantFrom(good, ...others) },
  );
}

const finding = usually<Finding>(true, false, 'assumed');
const mostly = usually(true, false);
const state = usually<AccountState>(
  'usable',
  'disabled',
  'locked',
  'expired',
  'outside-logon-hours',
  'password-expired',
  'password-must-change',
  'elsewhere',
);
const pac: fc.Arbitrary<PacFact> = fc.oneof(
  { weight: 40, arbitrary: fc.constant('valid' as const) },
  { weight: 1, arbitrary: fc.constantFrom('assumed', 'absent', 'malformed') },
  {
    weight: 1,
    arbitrary: fc.record({
      signature: fc.constantFrom('server', 'kdc', 'ticket', 'full'),
      fault: fc.constantFrom('absent', 'invalid', 'unkeyed', 'unsupported'),
    }),
  },
);
const rodc = usually(0, 7);
const control = fc.constantFrom(0x200, 0x1000, 0x100000, 0x1000000, 0x2000000);
const spns = fc.constantFrom('cifs/serverc', 'CIFS/SERVERC', 'http/serverd', 'http/servere', '');
const options = usually<readonly string[]>([], ['renew']);
const policy = usually<PolicyFinding>('none', 'allows', 'refuses');

export const aces = fc
  .record<AceFields>({
    type: fc.constantFrom(...Object.values(AceType).filter((type) => type !== 0x04)),
    flags: fc.nat({ max: 0xff }),
    mask: fc.constantFrom(0x100, 0xf01ff, 0x10000000, 0x20, 0, 0xffffffff),
    sid: sids,
  })
  .chain((fields) =>
    fc
      .uint8Array({ maxLength: 24 })
      .map((applicationData) => buildAce({ ...fields, applicationData })),
  );

const dacls = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('null' as const, undefined) },
  { weight: 6, arbitrary: fc.record({ revision: fc.constantFrom(2, 4), aces: fc.array(aces) }) },
);

export const descriptors: fc.Arbitrary<SecurityDescriptor> = fc
  .tuple(fc.option(sids, { nil: undefined }), fc.option(sids, { nil: undefined }), dacls)
  .map(([owner, group, dacl]) => ({
    control: dacl === undefined ? 0x8000 : 0x8004,
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
    ...(dacl === undefined ? {} : { dacl }),
  }));

const settings = fc.record({
  nonForwardableDelegation: fc.constantFrom('enforce', 'legacy'),
  protectedUsers: fc.boolean(),
});

const header: fc.Arbitrary<HeaderFacts> = fc.record({
  crossRealm: fc.constantFrom(false, false, false, true),
  forwardable: fc.boolean(),
  pac,
  pacClientMatches: finding,
  requester: usually<HeaderFacts['requester']>('matches', 'assumed', 'absent', 'other'),
  token: fc.array(sids).map((list) => rbcdToken(list)),
  rodc,
});

const middle: fc.Arbitrary<MiddleFacts> = fc.record({
  sid: sids,
  name: fc.string(),
  userAccountControl: control,
  allowedToDelegateTo: fc.oneof(fc.constant([]), fc.array(spns)),
  state,
});

const proxyTgt = fc.record({
  forThisRealm: mostly,
  clientIsMiddle: mostly,
  pacNamesUser: mostly,
  targetMatches: mostly,
  lastTransitedIsMiddle: mostly,
});

const evidence: fc.Arbitrary<EvidenceFacts> = fc.record(
  {
    origin: fc.constantFrom('kerberos', 'protocol-transition', 'unknown'),
    decrypts: finding,
    pac,
    validity: usually<EvidenceFacts['validity']>(
      'valid',
      'assumed',
      'expired',
      'not-yet-valid',
      'invalid',
    ),
    serverSid: fc.option(sids, { nil: undefined }),
    serverName: fc.string(),
    pacClientMatches: finding,
    forwardable: fc.boolean(),
    pacUserAccountControl: fc.constantFrom(0x10, 0x4000),
    rodc,
    proxyTgt,
  },
  {
    requiredKeys: [
      'origin',
      'decrypts',
      'pac',
      'validity',
      'serverSid',
      'serverName',
      'pacClientMatches',
      'forwardable',
      'pacUserAccountControl',
      'rodc',
    ],
  },
);

const user: fc.Arbitrary<UserFacts> = fc.record({
  name: fc.string(),
  place: usually<UserFacts['place']>('local', 'elsewhere', 'unknown'),
  userAccountControl: control,
  protectedUser: fc.boolean(),
  state,
});

const target: fc.Arbitrary<TargetFacts> = fc.record({
  spn: spns,
  name: fc.string(),
  place: fc.oneof(
    { weight: 9, arbitrary: usually<TargetFacts['place']>('local', 'unknown', 'ambiguous') },
    { weight: 1, arbitrary: fc.constant('elsewhere' as const) },
  ),
  isKrbtgt: mostly.map((not) => !not),
  userAccountControl: control,
  state,
  descriptor: fc.oneof(
    descriptors,
    sids.map((sid) => listing(sid)),
    fc.constantFrom('absent' as const, 'unparsable' as const),
  ),
  authenticationPolicy: policy,
  selectiveAuthentication: policy,
});

export const proxyFacts: fc.Arbitrary<S4U2ProxyFacts> = fc
  .record({
    settings,
    request: fc.record({
      evidencePresent: mostly,
      conflictingOptions: options,
      rbcdBit: fc.boolean(),
    }),
    header,
    middle,
    evidence,
    user,
    target,
  })
  .chain((facts) =>
    // Otherwise hardly any evidence would be for the middle.
    mostly.map((same) => ({
      ...facts,
      evidence: same ? { ...facts.evidence, serverSid: facts.middle.sid } : facts.evidence,
    })),
  );

export const selfFacts: fc.Arbitrary<S4U2SelfFacts> = fc.record({
  settings,
  request: fc.record({
    form: fc.constantFrom('x509-user', 'for-user'),
    checksum: usually<S4U2SelfFacts['request']['checksum']>(
      'valid',
      'assumed',
      'unkeyed',
      'invalid',
    ),
    nonceMatches: finding,
    userNamed: mostly,
    certificate: fc.boolean(),
    conflictingOptions: options,
    forwardable: fc.boolean(),
  }),
  header: fc.tuple(header, finding).map(([facts, pacNamesUser]) => ({ ...facts, pacNamesUser })),
  middle: middle.map((facts) => ({ ...facts, sid: serverB })),
  server: fc.record({
    name: fc.string(),
    place: usually<S4U2SelfFacts['server']['place']>('local', 'elsewhere', 'unknown'),
    sid: usually<Sid | undefined>(serverB, serverC, undefined),
  }),
  user,
});
