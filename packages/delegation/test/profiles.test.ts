import { buildAce, AceType } from '@doublehop/security/ace';
import { describe, expect, test } from 'vitest';
import { KDC_PROFILES } from '../src/profiles.ts';
import { decideS4U2Proxy } from '../src/s4u2proxy.ts';
import { decideS4U2Self } from '../src/s4u2self.ts';
import { proxyFacts, rbcdFacts, selfFacts, withAces } from './scene.ts';

// What Samba 4.22 was seen to do in the cases in which Windows does otherwise (MS-SFU 3.2.5).
const { windows, samba } = KDC_PROFILES;
const T2A4D = 0x100_1000;

function forwardable(facts: ReturnType<typeof selfFacts>): boolean {
  const decision = decideS4U2Self(facts);
  return decision.allowed && decision.forwardable;
}

describe('profiles', () => {
  test('S4U2Self without the bit and without a list', () => {
    expect(forwardable(selfFacts({ settings: windows }))).toBe(true);
    expect(forwardable(selfFacts({ settings: samba }))).toBe(false);
    const trusted = { settings: samba, middle: { userAccountControl: T2A4D } };
    expect(forwardable(selfFacts(trusted))).toBe(true);
  });

  test('S4U2Self for a member of Protected Users', () => {
    const change = { middle: { userAccountControl: T2A4D }, user: { protectedUser: true } };
    expect(forwardable(selfFacts({ ...change, settings: windows }))).toBe(false);
    expect(forwardable(selfFacts({ ...change, settings: samba }))).toBe(true);
  });

  test('hours in which the user may not log on', () => {
    const change = { user: { state: 'outside-logon-hours' } } as const;
    const reason = 'user-outside-logon-hours';
    for (const decide of [
      (settings: typeof windows) => decideS4U2Proxy(rbcdFacts({ ...change, settings })),
      (settings: typeof windows) => decideS4U2Self(selfFacts({ ...change, settings })),
    ]) {
      expect(decide(windows)).toMatchObject({ refusal: { reason } });
      expect(decide(samba).allowed).toBe(true);
    }
  });

  test('a password that must be changed', () => {
    const change = { user: { state: 'password-must-change' } } as const;
    expect(decideS4U2Proxy(rbcdFacts({ ...change, settings: windows })).allowed).toBe(true);
    expect(decideS4U2Proxy(rbcdFacts({ ...change, settings: samba }))).toMatchObject({
      refusal: { reason: 'user-password-must-change', code: 23 },
    });
  });

  test('NETWORK in the token', () => {
    const ace = buildAce({ type: AceType.allowed, mask: 0x100, sid: 'S-1-5-2' });
    const target = { descriptor: withAces([ace]) };
    expect(decideS4U2Proxy(proxyFacts({ settings: windows, target })).allowed).toBe(false);
    expect(decideS4U2Proxy(proxyFacts({ settings: samba, target })).allowed).toBe(true);
  });

  test('a user without an SPN is no service: no ticket to itself', () => {
    expect(decideS4U2Self(selfFacts({ server: { nameless: true } }))).toMatchObject({
      allowed: false,
      refusal: { reason: 'self-nameless', code: 7 },
    });
  });
});
