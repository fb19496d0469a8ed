import { describe, expect, test } from 'vitest';
import { type S4U2SelfDecision, decideS4U2Self } from '../src/s4u2self.ts';
import { type SelfChange, selfFacts, serverC } from './scene.ts';

// MS-SFU 3.2.5.1 in the order of its rules.

type Row = readonly [
  branch: string,
  change: SelfChange,
  check: string,
  reason: string,
  code: number,
  status?: string,
];

const TA = 0x1000000;
const ND = 0x100000;

function expectRefusal(decision: S4U2SelfDecision, row: Row): void {
  const [, , check, reason, code, status] = row;
  expect(decision).toMatchObject({ allowed: false, refusal: { reason, code, status } });
  expect(decision.checks.at(-1)).toMatchObject({ id: check, outcome: 'fail' });
}

const foreign = { header: { crossRealm: true }, user: { place: 'elsewhere' } } as const;

const REQUEST: readonly Row[] = [
  [
    '130: checksum without a key',
    { request: { checksum: 'unkeyed' } },
    'self-checksum',
    'self-checksum-unkeyed',
    50,
  ],
  [
    '130: checksum does not verify',
    { request: { checksum: 'invalid' } },
    'self-checksum',
    'self-checksum-invalid',
    41,
  ],
  [
    '130: nonce is not that of the body',
    { request: { nonceMatches: false } },
    'self-nonce',
    'self-nonce-mismatch',
    41,
  ],
  [
    '130: empty name and no certificate',
    { request: { userNamed: false } },
    'self-user-named',
    'self-user-unnamed',
    6,
  ],
  [
    '129: checksum without a key',
    { request: { form: 'for-user', checksum: 'unkeyed' } },
    'self-checksum',
    'self-checksum-unkeyed',
    50,
  ],
  [
    '129: checksum does not verify',
    { request: { form: 'for-user', checksum: 'invalid' } },
    'self-checksum',
    'self-checksum-invalid',
    41,
  ],
  [
    'an option that an AS request cannot have',
    { request: { conflictingOptions: ['renew'] } },
    'options',
    'conflicting-options',
    13,
  ],
];

const SHAPE: readonly Row[] = [
  ['server unknown', { server: { place: 'unknown' } }, 'server-found', 'self-server-unknown', 7],
  [
    'another service than the client of H',
    { server: { sid: serverC } },
    'server-is-self',
    'self-not-self',
    36,
  ],
  ['local TGT and referral', { server: { place: 'elsewhere' } }, 'shape', 'self-server-unknown', 7],
  [
    'cross TGT, local user, local server',
    { header: { crossRealm: true } },
    'shape',
    'self-user-local',
    6,
  ],
  ['local TGT, foreign user', { user: { place: 'elsewhere' } }, 'shape', 'self-user-elsewhere', 12],
  [
    'foreign user by certificate alone',
    { ...foreign, request: { userNamed: false, certificate: true } },
    'certificate',
    'self-certificate-only',
    12,
  ],
];

const HEADER: readonly Row[] = [
  ['H.pac missing', { header: { pac: 'absent' } }, 'header-pac', 'header-pac-absent', 20],
  [
    'H.pac requester missing',
    { header: { requester: 'absent' } },
    'header-requester',
    'header-requester-absent',
    20,
  ],
  [
    'H.pac client is not the middle',
    { header: { pacClientMatches: false } },
    'header-client',
    'header-client-mismatch',
    13,
  ],
  [
    'last hop: H.pac is not about the requested user',
    foreign,
    'header-user',
    'self-pac-other-user',
    12,
  ],
  [
    'transit: H.pac is not about the requested user',
    { ...foreign, server: { place: 'elsewhere' } },
    'header-user',
    'self-pac-other-user',
    12,
  ],
  ['H from an RODC', { header: { rodc: 7 } }, 'header-rodc', 'header-rodc', 6],
];

const ACCOUNTS: readonly Row[] = [
  [
    'middle disabled',
    { middle: { state: 'disabled' } },
    'middle-state',
    'middle-disabled',
    18,
    'STATUS_ACCOUNT_DISABLED',
  ],
  ['user not found', { user: { place: 'unknown' } }, 'user-state', 'user-unknown', 6],
  [
    'user disabled',
    { user: { state: 'disabled' } },
    'user-state',
    'user-disabled',
    18,
    'STATUS_ACCOUNT_DISABLED',
  ],
  [
    'user locked',
    { user: { state: 'locked' } },
    'user-state',
    'user-locked',
    18,
    'STATUS_ACCOUNT_LOCKED_OUT',
  ],
  [
    'user expired',
    { user: { state: 'expired' } },
    'user-state',
    'user-expired',
    18,
    'STATUS_ACCOUNT_EXPIRED',
  ],
  [
    'user outside the hours',
    { user: { state: 'outside-logon-hours' } },
    'user-state',
    'user-outside-logon-hours',
    18,
    'STATUS_INVALID_LOGON_HOURS',
  ],
];

describe('MS-SFU 3.2.5.1, refusals', () => {
  for (const row of [...REQUEST, ...SHAPE, ...HEADER, ...ACCOUNTS]) {
    test(row[0], () => expectRefusal(decideS4U2Self(selfFacts(row[1])), row));
  }
});

describe('MS-SFU 3.2.5.1, the legal combinations', () => {
  test('local TGT, local user, local server: a ticket', () => {
    expect(decideS4U2Self(selfFacts())).toMatchObject({ allowed: true, issue: 'ticket' });
  });

  test('cross TGT, local user, server elsewhere: the first referral', () => {
    const facts = selfFacts({ header: { crossRealm: true }, server: { place: 'elsewhere' } });
    expect(decideS4U2Self(facts)).toMatchObject({ allowed: true, issue: 'referral' });
  });

  test('cross TGT, foreign user, server elsewhere: a further referral', () => {
    const header = { crossRealm: true, pacNamesUser: true };
    const facts = selfFacts({ ...foreign, header, server: { place: 'elsewhere' } });
    expect(decideS4U2Self(facts)).toMatchObject({ allowed: true, issue: 'referral' });
  });

  test('cross TGT, foreign user, local server: the last hop', () => {
    const header = { crossRealm: true, pacNamesUser: true };
    const facts = selfFacts({ ...foreign, header });
    expect(decideS4U2Self(facts)).toMatchObject({
      allowed: true,
      issue: 'ticket',
      forwardable: true,
    });
  });

  test('a certificate alone is enough for a local user', () => {
    const facts = selfFacts({ request: { userNamed: false, certificate: true } });
    expect(decideS4U2Self(facts)).toMatchObject({ allowed: true });
  });

  test.each(['password-expired', 'password-must-change'] as const)('%s is no obstacle', (state) => {
    expect(decideS4U2Self(selfFacts({ user: { state } }))).toMatchObject({ allowed: true });
  });
});

describe('MS-SFU 3.2.5.1.2, FORWARDABLE of the ticket', () => {
  const list = ['cifs/serverc'];
  const legacy = { nonForwardableDelegation: 'legacy' } as const;
  const rows: readonly (readonly [string, SelfChange, boolean])[] = [
    ['asked with a forwardable TGT, no TA, no list', {}, true],
    ['not asked', { request: { forwardable: false } }, false],
    ['the TGT is not forwardable', { header: { forwardable: false } }, false],
    ['ND(user)', { user: { userAccountControl: ND } }, false],
    [
      'ND(user) before TA(middle)',
      { user: { userAccountControl: ND }, middle: { userAccountControl: TA } },
      false,
    ],
    ['user in Protected Users', { user: { protectedUser: true } }, false],
    [
      'Protected Users below level 2012 R2',
      { user: { protectedUser: true }, settings: { protectedUsers: false } },
      true,
    ],
    ['TA(middle)', { middle: { userAccountControl: TA } }, true],
    [
      'TA(middle) and a list',
      { middle: { userAccountControl: TA, allowedToDelegateTo: list } },
      true,
    ],
    [
      'TA(middle), not asked',
      { middle: { userAccountControl: TA }, request: { forwardable: false } },
      false,
    ],
    ['a list without TA', { middle: { allowedToDelegateTo: list } }, false],
    ['legacy: no TA, no list', { settings: legacy }, false],
    ['legacy: TA', { settings: legacy, middle: { userAccountControl: TA } }, true],
    [
      'legacy: a list without TA',
      { settings: legacy, middle: { allowedToDelegateTo: list } },
      false,
    ],
  ];
  for (const [branch, change, forwardable] of rows) {
    test(`${branch}: ${forwardable ? 'set' : 'not set'}`, () => {
      expect(decideS4U2Self(selfFacts(change))).toMatchObject({ allowed: true, forwardable });
    });
  }

  test('a referral only passes on what was asked: the last KDC decides', () => {
    const change: SelfChange = {
      header: { crossRealm: true },
      server: { place: 'elsewhere' },
      middle: { allowedToDelegateTo: list },
    };
    expect(decideS4U2Self(selfFacts(change))).toMatchObject({ forwardable: true });
  });

  test('the checks that set the flag are noted, not passed or failed', () => {
    const { checks } = decideS4U2Self(selfFacts({ middle: { allowedToDelegateTo: list } }));
    expect(checks.slice(-3)).toEqual([
      { id: 'forwardable-asked', outcome: 'info', evidence: 'yes' },
      { id: 'forwardable-user', outcome: 'info', evidence: 'delegatable' },
      { id: 'forwardable-middle', outcome: 'info', evidence: 'list' },
    ]);
  });

  test('an assumed checksum is said to be assumed', () => {
    const decision = decideS4U2Self(selfFacts({ request: { checksum: 'assumed' } }));
    expect(decision).toMatchObject({ allowed: true, assumed: true });
  });
});
