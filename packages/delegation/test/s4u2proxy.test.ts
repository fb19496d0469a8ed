import { describe, expect, test } from 'vitest';
import type { BadSignature } from '../src/facts.ts';
import { type S4U2ProxyDecision, decideS4U2Proxy } from '../src/s4u2proxy.ts';
import {
  type ProxyChange,
  kcdFacts,
  listing,
  proxyFacts,
  rbcdFacts,
  serverB2,
  serverC,
} from './scene.ts';

// MS-SFU 3.2.5.2 in the order of its rules. Each row is one branch: what is changed in a scene
// that is otherwise in order, and the refusal that follows.

type Row = readonly [
  branch: string,
  change: ProxyChange,
  check: string,
  reason: string,
  code: number,
  status?: string,
];

function expectRefusal(decision: S4U2ProxyDecision, row: Row): void {
  const [, , check, reason, code, status] = row;
  expect(decision).toMatchObject({ allowed: false, refusal: { reason, code, status } });
  const last = decision.checks.at(-1);
  expect(last).toMatchObject({ id: check, outcome: 'fail' });
  expect(decision.checks.filter((one) => one.outcome === 'fail')).toEqual([last]);
}

const ND = 0x4000;

const SHAPE: readonly Row[] = [
  ['target unknown', { target: { place: 'unknown' } }, 'target-found', 'target-unknown', 7],
  [
    'target on two accounts',
    { target: { place: 'ambiguous' } },
    'target-found',
    'target-ambiguous',
    8,
  ],
  ['E absent', { request: { evidencePresent: false } }, 'evidence-present', 'evidence-absent', 13],
  [
    'option mix',
    { request: { conflictingOptions: ['renew'] } },
    'options',
    'conflicting-options',
    13,
  ],
  ['target is a krbtgt', { target: { isKrbtgt: true } }, 'target-not-krbtgt', 'target-krbtgt', 12],
];

const HEADER: readonly Row[] = [
  ['H.pac missing', { header: { pac: 'absent' } }, 'header-pac', 'header-pac-absent', 20],
  ['H.pac unreadable', { header: { pac: 'malformed' } }, 'header-pac', 'header-pac-malformed', 41],
  [
    'H.pac requester missing',
    { header: { requester: 'absent' } },
    'header-requester',
    'header-requester-absent',
    20,
  ],
  [
    'H.pac requester is another account',
    { header: { requester: 'other' } },
    'header-requester',
    'header-requester-other',
    20,
  ],
  [
    'H.pac client is not the middle',
    { header: { pacClientMatches: false } },
    'header-client',
    'header-client-mismatch',
    13,
  ],
];

const EVIDENCE: readonly Row[] = [
  [
    'E does not decrypt',
    { evidence: { decrypts: false } },
    'evidence-decrypts',
    'evidence-undecryptable',
    41,
  ],
  [
    'E.pac unreadable',
    { evidence: { pac: 'malformed' } },
    'evidence-pac',
    'evidence-pac-malformed',
    41,
    'STATUS_NOT_SUPPORTED',
  ],
  ['E of another RODC', { evidence: { rodc: 7 } }, 'evidence-rodc', 'evidence-rodc', 41],
  ['E expired', { evidence: { validity: 'expired' } }, 'evidence-valid', 'evidence-expired', 32],
  [
    'E not yet valid',
    { evidence: { validity: 'not-yet-valid' } },
    'evidence-valid',
    'evidence-not-yet-valid',
    33,
  ],
  ['E invalid', { evidence: { validity: 'invalid' } }, 'evidence-valid', 'evidence-invalid', 33],
  [
    'E is for another service',
    { evidence: { serverSid: serverB2 } },
    'evidence-server',
    'evidence-not-for-middle',
    13,
  ],
  [
    'E renamed to another service',
    { evidence: { serverSid: serverB2, decrypts: false } },
    'evidence-server',
    'evidence-not-for-middle',
    13,
  ],
  [
    'E is for no account at all',
    { evidence: { serverSid: undefined } },
    'evidence-server',
    'evidence-not-for-middle',
    13,
  ],
  [
    'E.pac client is not E.cname',
    { evidence: { pacClientMatches: false } },
    'evidence-client',
    'evidence-client-mismatch',
    13,
  ],
];

const RBCD: readonly Row[] = [
  [
    'descriptor missing',
    { target: { descriptor: 'absent' } },
    'rbcd-descriptor',
    'rbcd-descriptor-absent',
    13,
    'STATUS_NOT_FOUND',
  ],
  [
    'descriptor unparsable',
    { target: { descriptor: 'unparsable' } },
    'rbcd-descriptor',
    'rbcd-descriptor-unparsable',
    13,
  ],
  [
    'access check fails',
    { target: { descriptor: listing(serverB2) } },
    'rbcd-access',
    'rbcd-not-listed',
    13,
    'STATUS_NOT_FOUND',
  ],
];

const FORWARDABLE: readonly Row[] = [
  [
    'enforce: E not forwardable',
    { evidence: { forwardable: false } },
    'forwardable',
    'evidence-not-forwardable',
    13,
    'STATUS_ACCOUNT_RESTRICTION',
  ],
  [
    'legacy: E not forwardable and USER_NOT_DELEGATED in its PAC',
    {
      settings: { nonForwardableDelegation: 'legacy' },
      evidence: { forwardable: false, pacUserAccountControl: ND },
    },
    'forwardable',
    'user-not-delegated',
    13,
    'STATUS_ACCOUNT_RESTRICTION',
  ],
];

const firewall = 'STATUS_AUTHENTICATION_FIREWALL_FAILED';
const ACCOUNTS: readonly Row[] = [
  [
    'middle disabled',
    { middle: { state: 'disabled' } },
    'middle-state',
    'middle-disabled',
    18,
    'STATUS_ACCOUNT_DISABLED',
  ],
  [
    'middle locked',
    { middle: { state: 'locked' } },
    'middle-state',
    'middle-locked',
    18,
    'STATUS_ACCOUNT_LOCKED_OUT',
  ],
  [
    'middle expired',
    { middle: { state: 'expired' } },
    'middle-state',
    'middle-expired',
    18,
    'STATUS_ACCOUNT_EXPIRED',
  ],
  [
    'middle outside its hours',
    { middle: { state: 'outside-logon-hours' } },
    'middle-state',
    'middle-outside-logon-hours',
    18,
    'STATUS_INVALID_LOGON_HOURS',
  ],
  ['user deleted', { user: { place: 'unknown' } }, 'user-state', 'user-unknown', 6],
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
  ['target disabled', { target: { state: 'disabled' } }, 'target-state', 'target-disabled', 7],
  ['target expired', { target: { state: 'expired' } }, 'target-state', 'target-expired', 2],
  [
    'authentication policy refuses',
    { target: { authenticationPolicy: 'refuses' } },
    'authentication-policy',
    'target-authentication-policy',
    12,
    firewall,
  ],
  [
    'selective authentication refuses',
    { target: { selectiveAuthentication: 'refuses' } },
    'selective-authentication',
    'target-selective-authentication',
    12,
    firewall,
  ],
];

describe('MS-SFU 3.2.5.2, refusals with a grant on the target', () => {
  const rows = [...SHAPE, ...HEADER, ...EVIDENCE, ...RBCD, ...FORWARDABLE, ...ACCOUNTS];
  for (const row of rows) {
    test(row[0], () => expectRefusal(decideS4U2Proxy(rbcdFacts(row[1])), row));
  }
});

// Only the server signature counts on a TGT, and a KDC reports no other fault of it.
describe('MS-PAC 2.8.4, signature of the header ticket', () => {
  test.each([
    ['absent', 'header-signature-absent', 60, 'STATUS_INSUFFICIENT_RESOURCES'],
    ['invalid', 'header-signature-invalid', 41, 'STATUS_WRONG_PASSWORD'],
    ['unkeyed', 'header-signature-unkeyed', 60, 'STATUS_INSUFFICIENT_RESOURCES'],
    ['unsupported', 'header-signature-unsupported', 15, 'STATUS_LOGON_FAILURE'],
  ] as const)('%s', (fault, reason, code, status) => {
    const pac: BadSignature = { signature: 'server', fault };
    const row: Row = [fault, { header: { pac } }, 'header-pac', reason, code, status];
    expectRefusal(decideS4U2Proxy(rbcdFacts(row[1])), row);
  });
});

describe('MS-SFU 3.2.5.2.1, the list of the middle', () => {
  const rows: readonly Row[] = [
    [
      'no list, no RBCD bit',
      { middle: { allowedToDelegateTo: [] } },
      'kcd',
      'kcd-not-configured',
      13,
      'STATUS_NOT_SUPPORTED',
    ],
    [
      'another target listed, no RBCD bit',
      { middle: { allowedToDelegateTo: ['cifs/serverd.contoso.com'] } },
      'kcd',
      'kcd-no-match',
      13,
      'STATUS_NO_MATCH',
    ],
    [
      'the short name listed, the long one asked for',
      { middle: { allowedToDelegateTo: ['cifs/serverc'] } },
      'kcd',
      'kcd-no-match',
      13,
      'STATUS_NO_MATCH',
    ],
    [
      'target elsewhere, no RBCD bit: a list does not reach there',
      { target: { place: 'elsewhere' } },
      'kcd',
      'kcd-no-match',
      13,
      'STATUS_NO_MATCH',
    ],
    [
      'listed, E not forwardable, no RBCD bit',
      { evidence: { forwardable: false } },
      'kcd-forwardable',
      'evidence-not-forwardable',
      13,
      'STATUS_ACCOUNT_RESTRICTION',
    ],
    [
      'listed, E not forwardable, RBCD bit',
      { evidence: { forwardable: false }, request: { rbcdBit: true } },
      'forwardable',
      'evidence-not-forwardable',
      13,
      'STATUS_ACCOUNT_RESTRICTION',
    ],
    [
      'listed, E not forwardable, RBCD bit, legacy: the setting is about RBCD',
      {
        evidence: { forwardable: false },
        request: { rbcdBit: true },
        settings: { nonForwardableDelegation: 'legacy' },
      },
      'forwardable',
      'evidence-not-forwardable',
      13,
      'STATUS_ACCOUNT_RESTRICTION',
    ],
  ];
  for (const row of rows) {
    test(row[0], () => expectRefusal(decideS4U2Proxy(kcdFacts(row[1])), row));
  }

  test.each(['CIFS/SERVERC.contoso.com', 'cifs/serverc.CONTOSO.com'])(
    'the SPN is compared without case: %s',
    (spn) => {
      const decision = decideS4U2Proxy(kcdFacts({ target: { spn } }));
      expect(decision).toMatchObject({ allowed: true, mode: 'kcd' });
    },
  );

  test('a match is found behind others', () => {
    const allowedToDelegateTo = [
      'host/serverd',
      'http/serverc.contoso.com',
      'cifs/serverc.contoso.com',
    ];
    const decision = decideS4U2Proxy(kcdFacts({ middle: { allowedToDelegateTo } }));
    expect(decision).toMatchObject({ allowed: true, mode: 'kcd' });
  });

  test('a match needs no descriptor, and is recorded as the mode even with a grant', () => {
    const request = { rbcdBit: true };
    const descriptor = listing(serverB2);
    const decision = decideS4U2Proxy(kcdFacts({ request, target: { descriptor } }));
    expect(decision).toMatchObject({ allowed: true, mode: 'kcd' });
    expect(decision.checks).toContainEqual({ id: 'rbcd-access', outcome: 'skip', evidence: 'kcd' });
  });
});

describe('MS-SFU 3.2.5.2.3, target in another realm', () => {
  const elsewhere = { target: { place: 'elsewhere' } } as const;
  const legacy = { settings: { nonForwardableDelegation: 'legacy' } } as const;

  test('a referral, whatever the descriptor says', () => {
    const decision = decideS4U2Proxy(proxyFacts(elsewhere));
    expect(decision).toMatchObject({ allowed: true, mode: 'referral', pac: true });
    expect(decision.checks.map((check) => check.id)).not.toContain('rbcd-access');
  });

  test('a referral carries the PAC of the user even to an account without PAC', () => {
    const facts = proxyFacts({ target: { place: 'elsewhere', userAccountControl: 0x2000000 } });
    expect(decideS4U2Proxy(facts)).toMatchObject({ allowed: true, pac: true });
  });

  test('not without a forwardable E', () => {
    const row: Row = [
      '',
      {},
      'forwardable',
      'evidence-not-forwardable',
      13,
      'STATUS_ACCOUNT_RESTRICTION',
    ];
    const facts = proxyFacts({ ...elsewhere, evidence: { forwardable: false } });
    expectRefusal(decideS4U2Proxy(facts), row);
  });

  test('legacy: the referral does not need one', () => {
    const facts = proxyFacts({ ...elsewhere, ...legacy, evidence: { forwardable: false } });
    expect(decideS4U2Proxy(facts)).toMatchObject({ allowed: true, mode: 'referral' });
  });

  test('the state of the user counts here, where the account is', () => {
    const facts = proxyFacts({ ...elsewhere, user: { state: 'disabled' } });
    expect(decideS4U2Proxy(facts)).toMatchObject({ refusal: { reason: 'user-disabled' } });
  });
});

describe('MS-SFU 3.2.5.2.3, the last step of a cross-realm hop', () => {
  const proxyTgt = {
    forThisRealm: true,
    clientIsMiddle: true,
    pacNamesUser: true,
    targetMatches: true,
    lastTransitedIsMiddle: true,
  };
  const cross: ProxyChange = {
    header: { crossRealm: true },
    middle: { state: 'elsewhere' },
    user: { place: 'elsewhere' },
    evidence: { proxyTgt, serverSid: undefined, pacClientMatches: false },
  };

  test('allowed by the descriptor; the list of the middle is not asked', () => {
    const listed = {
      allowedToDelegateTo: ['cifs/serverc.contoso.com'],
      state: 'elsewhere',
    } as const;
    const decision = decideS4U2Proxy(rbcdFacts({ ...cross, middle: listed }));
    expect(decision).toMatchObject({ allowed: true, mode: 'rbcd' });
    expect(decision.checks).toContainEqual({ id: 'kcd', outcome: 'skip', evidence: 'cross-realm' });
  });

  test('refused by the descriptor', () => {
    const decision = decideS4U2Proxy(proxyFacts(cross));
    expect(decision).toMatchObject({ refusal: { status: 'STATUS_NOT_FOUND' } });
  });

  test('the target must be of this realm', () => {
    const row: Row = ['', {}, 'cross-target', 'cross-target-elsewhere', 13];
    expectRefusal(decideS4U2Proxy(rbcdFacts({ ...cross, target: { place: 'elsewhere' } })), row);
  });

  test('an ordinary ticket is no proxy TGT', () => {
    const { evidence: _, ...plain } = cross;
    const row: Row = ['', {}, 'cross-evidence', 'cross-evidence-not-proxy-tgt', 13];
    expectRefusal(decideS4U2Proxy(rbcdFacts(plain)), row);
  });

  test.each([
    ['forThisRealm', 'cross-evidence', 'cross-evidence-not-proxy-tgt'],
    ['clientIsMiddle', 'cross-client', 'cross-evidence-client'],
    ['pacNamesUser', 'cross-user', 'cross-evidence-user'],
    ['targetMatches', 'cross-delegation-target', 'cross-evidence-target'],
    ['lastTransitedIsMiddle', 'cross-transited', 'cross-evidence-transited'],
  ] as const)('not %s', (fact, check, reason) => {
    const evidence = { ...cross.evidence, proxyTgt: { ...proxyTgt, [fact]: false } };
    const row: Row = [fact, {}, check, reason, 13];
    expectRefusal(decideS4U2Proxy(rbcdFacts({ ...cross, evidence })), row);
  });
});

describe('MS-SFU 3.2.5.2.4, what is issued', () => {
  test('every check in the order of the rules', () => {
    expect(
      decideS4U2Proxy(rbcdFacts()).checks.map(({ id, outcome }) => `${id} ${outcome}`),
    ).toEqual([
      'target-found pass',
      'evidence-present pass',
      'options pass',
      'target-not-krbtgt pass',
      'header-pac pass',
      'header-requester pass',
      'header-client pass',
      'evidence-server pass',
      'evidence-decrypts pass',
      'evidence-pac pass',
      'evidence-rodc pass',
      'evidence-valid pass',
      'evidence-client pass',
      'kcd skip',
      'target-here pass',
      'rbcd-descriptor pass',
      'rbcd-access pass',
      'forwardable pass',
      'middle-state pass',
      'user-state pass',
      'target-state pass',
      'authentication-policy skip',
      'selective-authentication skip',
    ]);
  });

  test.each([true, false])('FORWARDABLE is that of the header ticket: %s', (forwardable) => {
    const decision = decideS4U2Proxy(rbcdFacts({ header: { forwardable } }));
    expect(decision).toMatchObject({ allowed: true, forwardable });
  });

  test('legacy: RBCD with evidence that is not forwardable', () => {
    const settings = { nonForwardableDelegation: 'legacy' } as const;
    const decision = decideS4U2Proxy(rbcdFacts({ settings, evidence: { forwardable: false } }));
    expect(decision).toMatchObject({ allowed: true, mode: 'rbcd' });
    expect(decision.checks).toContainEqual({
      id: 'forwardable',
      outcome: 'info',
      evidence: 'legacy',
    });
  });

  test.each([
    ['a password that has expired', { user: { state: 'password-expired' } }],
    ['a password that must change', { user: { state: 'password-must-change' } }],
    ['a user of another realm', { user: { place: 'elsewhere', state: 'disabled' } }],
    [
      'a user marked sensitive after the ticket was made',
      { user: { userAccountControl: 0x100000 } },
    ],
    ['a user who joined Protected Users since', { user: { protectedUser: true } }],
    ['a locked target', { target: { state: 'locked' } }],
    [
      'policies that allow',
      { target: { authenticationPolicy: 'allows', selectiveAuthentication: 'allows' } },
    ],
    ['one RODC for both tickets', { header: { rodc: 3 }, evidence: { rodc: 3 } }],
    ['no TRUSTED_TO_AUTH_FOR_DELEGATION', { evidence: { origin: 'protocol-transition' } }],
    ['a list for other targets', { middle: { allowedToDelegateTo: ['cifs/serverd'] } }],
  ] satisfies [string, ProxyChange][])('no obstacle: %s', (_, change) => {
    expect(decideS4U2Proxy(rbcdFacts(change))).toMatchObject({ allowed: true, mode: 'rbcd' });
  });

  test('what nobody looked at is assumed, and said so', () => {
    const assumed = 'assumed' as const;
    const decision = decideS4U2Proxy(
      rbcdFacts({
        header: { pac: assumed, pacClientMatches: assumed, requester: assumed },
        evidence: { pac: assumed, pacClientMatches: assumed, decrypts: assumed, validity: assumed },
      }),
    );
    expect(decision).toMatchObject({ allowed: true, assumed: true });
    expect(decision.checks.filter((check) => check.evidence === 'assumed')).toHaveLength(7);
    expect(decideS4U2Proxy(rbcdFacts())).toMatchObject({ assumed: false });
  });

  test('the user is never the one who must be listed', () => {
    const descriptor = listing(serverC);
    expect(decideS4U2Proxy(rbcdFacts({ target: { descriptor } }))).toMatchObject({
      allowed: false,
    });
  });
});
