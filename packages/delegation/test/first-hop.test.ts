import { describe, expect, test } from 'vitest';
import { rbcdToken } from '../src/rbcd.ts';
import { renderFirstHop } from '../src/render.ts';
import {
  decideFirstHop,
  type FirstHopDecision,
  type FirstHopFacts,
  type FirstHopServer,
} from '../src/first-hop.ts';
import { DEFAULT_SETTINGS } from '../src/facts.ts';
import { listing, serverB, serverC, user } from './scene.ts';

// MS-KILE 3.3.5.6 and 3.3.5.7: a user gets a ticket of its own to a middle.

const alice = 'S-1-5-21-1004336348-1177238915-682003330-1104';

interface Change extends Partial<Omit<FirstHopFacts, 'server' | 'user'>> {
  readonly user?: Partial<FirstHopFacts['user']>;
  readonly server?: Partial<FirstHopServer>;
}

function hopFacts(change: Change = {}): FirstHopFacts {
  return {
    settings: DEFAULT_SETTINGS,
    token: rbcdToken([alice]),
    devicePolicy: undefined,
    forwardableAsked: true,
    ...change,
    user: { ...user, ...change.user },
    server: {
      name: 'SERVERB$',
      place: 'local',
      sid: serverB,
      state: 'usable',
      authenticationPolicy: 'none',
      ...change.server,
    },
  };
}

function expectRefusal(decision: FirstHopDecision, check: string, reason: string, code: number) {
  expect(decision).toMatchObject({ allowed: false, refusal: { reason, code } });
  expect(decision.checks.at(-1)).toMatchObject({ id: check, outcome: 'fail' });
}

describe('refused', () => {
  test.each<[Change, string, string, number]>([
    [{ user: { place: 'unknown' } }, 'user-state', 'user-unknown', 6],
    [{ user: { state: 'disabled' } }, 'user-state', 'user-disabled', 18],
    [{ user: { state: 'locked' } }, 'user-state', 'user-locked', 18],
    [{ user: { state: 'password-expired' } }, 'user-password', 'user-password-expired', 23],
    [{ user: { state: 'password-must-change' } }, 'user-password', 'user-password-must-change', 23],
    [{ server: { place: 'unknown' } }, 'server-found', 'server-unknown', 7],
    [{ server: { state: 'disabled' } }, 'server-state', 'server-disabled', 7],
    [{ server: { nameless: true } }, 'server-named', 'server-nameless', 27],
    [
      { server: { authenticationPolicy: policy(true) } },
      'server-policy',
      'server-authentication-policy',
      12,
    ],
  ])('%j', (change, check, reason, code) => {
    expectRefusal(decideFirstHop(hopFacts(change)), check, reason, code);
    const words = renderFirstHop(decideFirstHop(hopFacts(change)), hopFacts(change));
    expect(words.refusal?.sentence).not.toMatch(/undefined|^$/u);
  });
});

describe('a ticket', () => {
  test('is forwardable where the user can be delegated and the client asks for it', () => {
    const decision = decideFirstHop(hopFacts());
    expect(decision).toMatchObject({ allowed: true, forwardable: true, assumed: false });
    expect(renderFirstHop(decision, hopFacts()).sentence).toBe(
      'alice@CONTOSO.COM gets a forwardable ticket to SERVERB$',
    );
  });

  test.each<[Change, string]>([
    [{ user: { userAccountControl: 0x10_0200 } }, 'NOT_DELEGATED'],
    [{ user: { protectedUser: true } }, 'Protected Users'],
    [{ forwardableAsked: false }, 'did not ask'],
  ])('is not: %j', (change, why) => {
    const facts = hopFacts(change);
    const decision = decideFirstHop(facts);
    expect(decision).toMatchObject({ allowed: true, forwardable: false });
    const words = renderFirstHop(decision, facts);
    expect(words.checks.map(({ detail }) => detail).join('\n')).toContain(why);
  });

  test('is, of a Protected User of a domain that knows no such group', () => {
    const settings = { ...DEFAULT_SETTINGS, protectedUsers: false };
    const facts = hopFacts({ settings, user: { protectedUser: true } });
    expect(decideFirstHop(facts)).toMatchObject({ forwardable: true });
  });

  test('what was not looked at is said to be assumed', () => {
    const facts = hopFacts({ forwardableAsked: 'assumed', devicePolicy: 'desks' });
    expect(decideFirstHop(facts)).toMatchObject({
      allowed: true,
      forwardable: true,
      assumed: true,
    });
  });

  test('a policy that is not enforced is only noted', () => {
    const facts = hopFacts({ server: { authenticationPolicy: policy(false) } });
    const decision = decideFirstHop(facts);
    expect(decision.allowed).toBe(true);
    expect(decision.checks).toContainEqual({
      id: 'server-policy',
      outcome: 'info',
      evidence: 'audits',
    });
  });
});

function policy(enforced: boolean) {
  return { name: 'tier 0', enforced, descriptor: listing(serverC) };
}
