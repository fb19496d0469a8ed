import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Check } from '../src/decision.ts';
import { addGrant, listGrants, removeGrant } from '../src/grants.ts';
import { lintDescriptor } from '../src/lint.ts';
import { checkGrant, rbcdToken } from '../src/rbcd.ts';
import { REFUSALS } from '../src/refusals.ts';
import { renderS4U2Proxy, renderS4U2Self } from '../src/render.ts';
import { decideS4U2Proxy } from '../src/s4u2proxy.ts';
import { decideS4U2Self } from '../src/s4u2self.ts';
import * as any from './arbitrary.ts';
import { serverB, serverB2 } from './scene.ts';

// Every property is about facts of any kind, also such as no KDC would gather.

const RUNS = { numRuns: 400 };

function expectSound(decision: {
  readonly allowed: boolean;
  readonly checks: readonly Check<string>[];
}): void {
  const outcomes = decision.checks.map((check) => check.outcome);
  const failed = outcomes.filter((outcome) => outcome === 'fail');
  expect(failed).toHaveLength(decision.allowed ? 0 : 1);
  if (!decision.allowed) expect(outcomes.at(-1)).toBe('fail');
  const assumed = decision.checks.some((check) => check.evidence === 'assumed');
  if ('assumed' in decision) expect(decision.assumed).toBe(assumed);
}

describe('a decision', () => {
  // Without this the properties below could hold for want of facts that are allowed.
  test('the facts below lead to every mode and to most of the refusals', () => {
    const seen = new Set<string>();
    for (const facts of fc.sample(any.proxyFacts, { numRuns: 3000, seed: 1 })) {
      const decision = decideS4U2Proxy(facts);
      seen.add(decision.allowed ? decision.mode : decision.refusal.reason);
    }
    for (const facts of fc.sample(any.selfFacts, { numRuns: 1000, seed: 1 })) {
      const decision = decideS4U2Self(facts);
      seen.add(decision.allowed ? decision.issue : decision.refusal.reason);
    }
    expect(seen).toContain('kcd');
    expect(seen).toContain('rbcd');
    expect(seen).toContain('referral');
    expect(seen).toContain('ticket');
    expect(seen.size).toBeGreaterThan(Object.keys(REFUSALS).length / 2);
  });

  test('S4U2Proxy: allowed without a failed check, or refused by the last one', () => {
    const check = fc.property(any.proxyFacts, (facts) => {
      const decision = decideS4U2Proxy(facts);
      expectSound(decision);
      if (!decision.allowed) expect(REFUSALS).toHaveProperty([decision.refusal.reason]);
    });
    fc.assert(check, RUNS);
  });

  test('S4U2Self: allowed without a failed check, or refused by the last one', () => {
    fc.assert(
      fc.property(any.selfFacts, (facts) => expectSound(decideS4U2Self(facts))),
      RUNS,
    );
  });

  test('both can be told in words', () => {
    const proxy = fc.property(any.proxyFacts, (facts) => {
      const decision = decideS4U2Proxy(facts);
      const { checks, sentence } = renderS4U2Proxy(decision, facts);
      expect(checks.map((check) => check.id)).toEqual(decision.checks.map((check) => check.id));
      expect(sentence).not.toContain('undefined');
    });
    const self = fc.property(any.selfFacts, (facts) => {
      const { sentence, allowed } = renderS4U2Self(decideS4U2Self(facts), facts);
      expect(sentence).not.toContain('undefined');
      expect(allowed).toBe(decideS4U2Self(facts).allowed);
    });
    fc.assert(proxy, RUNS);
    fc.assert(self, RUNS);
  });

  test('nobody acts with evidence that is not forwardable, but in legacy mode by RBCD', () => {
    const check = fc.property(any.proxyFacts, (facts) => {
      const decision = decideS4U2Proxy(facts);
      if (!decision.allowed || facts.evidence.forwardable) return;
      expect(facts.settings.nonForwardableDelegation).toBe('legacy');
      expect(decision.mode).not.toBe('kcd');
    });
    fc.assert(check, { numRuns: 2000 });
  });

  test('RBCD is allowed only where the access check says so', () => {
    const check = fc.property(any.proxyFacts, (facts) => {
      const decision = decideS4U2Proxy(facts);
      if (!decision.allowed || decision.mode !== 'rbcd') return;
      const { descriptor } = facts.target;
      expect(
        typeof descriptor === 'object' && checkGrant(descriptor, facts.header.token),
      ).toMatchObject({ granted: true });
    });
    fc.assert(check, { numRuns: 2000 });
  });

  test('taking away the grant never allows more', () => {
    const check = fc.property(any.proxyFacts, (facts) => {
      const without = { ...facts, target: { ...facts.target, descriptor: 'absent' as const } };
      if (decideS4U2Proxy(without).allowed) expect(decideS4U2Proxy(facts).allowed).toBe(true);
    });
    fc.assert(check, RUNS);
  });
});

describe('an edit of a descriptor', () => {
  const stranger = 'S-1-5-21-1-2-3-4';

  test('adding and removing a grant returns the same bytes', () => {
    const check = fc.property(any.descriptors, (descriptor) => {
      const before = encodeDescriptor(descriptor);
      const added = addGrant(decodeDescriptor(before), stranger);
      const { descriptor: left } = removeGrant(
        decodeDescriptor(encodeDescriptor(added.descriptor)),
        stranger,
      );
      // What granted nobody anything is cleared, not written back.
      const cleared = descriptor.dacl !== 'null' && raws(descriptor).length === 0;
      expect(left === undefined).toBe(cleared);
      if (left !== undefined) expect(encodeDescriptor(left)).toEqual(before);
    });
    fc.assert(check, RUNS);
  });

  test('every other ACE is kept byte for byte and in order', () => {
    const check = fc.property(any.descriptors, any.sids, (descriptor, sid) => {
      const before = raws(descriptor);
      const added = addGrant(descriptor, sid);
      const grown = raws(added.descriptor);
      expect(grown.length - before.length).toBe(added.changed ? 1 : 0);
      expect(isSubsequence(before, grown)).toBe(true);
      const { descriptor: left, removed } = removeGrant(descriptor, sid);
      expect(isSubsequence(raws(left), before)).toBe(true);
      expect(raws(left).length + removed.length).toBe(before.length);
      expect(removed.every((ace) => ace.sid === sid)).toBe(true);
    });
    fc.assert(check, RUNS);
  });

  test('a grant that was added works, unless everybody is denied', () => {
    const check = fc.property(any.descriptors, (descriptor) => {
      const { descriptor: after } = addGrant(descriptor, stranger);
      const { granted, decidedBy } = checkGrant(after, rbcdToken([stranger]));
      if (!granted) expect(['S-1-1-0', 'S-1-5-11']).toContain(decidedBy?.ace.sid);
      if (lintDescriptor(after).some((lint) => lint.id === 'denied-everybody')) return;
      expect(listGrants(after).length).toBeGreaterThan(0);
    });
    fc.assert(check, RUNS);
  });

  test('the principals of a descriptor without conditions are those a KDC lets act', () => {
    const check = fc.property(any.descriptors, fc.constantFrom(serverB, serverB2), (sd, sid) => {
      if (raws(sd).some((raw) => isConditional(raw))) return;
      const listed = new Set(listGrants(sd).map((grant) => grant.sid));
      const { granted, decidedBy } = checkGrant(sd, rbcdToken([sid]));
      // One that is listed itself may still be denied with everybody before.
      if (granted && decidedBy?.ace.sid === sid) expect(listed).toContain(sid);
      if (granted) expect(listed.size).toBeGreaterThan(0);
    });
    fc.assert(check, { numRuns: 2000 });
  });
});

function raws(sd: ReturnType<typeof decodeDescriptor> | undefined): readonly string[] {
  const dacl = sd?.dacl;
  if (dacl === undefined || dacl === 'null') return [];
  return dacl.aces.map((ace) => Buffer.from(ace.raw).toString('hex'));
}

function isSubsequence(short: readonly string[], long: readonly string[]): boolean {
  let at = 0;
  for (const one of long) if (one === short[at]) at += 1;
  return at === short.length;
}

function isConditional(raw: string): boolean {
  return ['09', '0a', '0b', '0c'].includes(raw.slice(0, 2));
}
