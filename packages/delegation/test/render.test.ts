import { AceType, buildAce } from '@doublehop/security/ace';
import { ntStatusValue } from '@doublehop/security/ntstatus';
import { describe, expect, test } from 'vitest';
import { ADVICE } from '../src/advice.ts';
import type { S4U2ProxyFacts, S4U2SelfFacts } from '../src/facts.ts';
import { KRB_ERRORS, REFUSALS } from '../src/refusals.ts';
import { type RenderedDecision, renderS4U2Proxy, renderS4U2Self } from '../src/render.ts';
import { decideS4U2Proxy } from '../src/s4u2proxy.ts';
import { decideS4U2Self } from '../src/s4u2self.ts';
import {
  type ProxyChange,
  domainComputers,
  kcdFacts,
  listing,
  middles,
  proxyFacts,
  rbcdFacts,
  selfFacts,
  serverB,
  serverB2,
  withAces,
} from './scene.ts';

const proxy = (facts: S4U2ProxyFacts): RenderedDecision =>
  renderS4U2Proxy(decideS4U2Proxy(facts), facts);
const self = (facts: S4U2SelfFacts): RenderedDecision =>
  renderS4U2Self(decideS4U2Self(facts), facts);

describe('a decision in words', () => {
  test('the refused hop of the story', () => {
    const { allowed, sentence, refusal, checks } = proxy(proxyFacts());
    expect(allowed).toBe(false);
    expect(sentence).toBe('SERVERC$ does not list SERVERB$: it lists nobody');
    expect(refusal).toMatchObject({
      reason: 'rbcd-descriptor-absent',
      error: 'KDC_ERR_BADOPTION',
      code: 13,
      status: 'STATUS_NOT_FOUND',
      sentence,
    });
    expect(checks.at(-1)).toEqual({
      id: 'rbcd-descriptor',
      rule: 'MS-SFU 3.2.5.2.3',
      outcome: 'fail',
      subject: 'SERVERC$',
      detail: sentence,
      evidence: 'absent',
    });
  });

  test.each([
    [
      rbcdFacts(),
      'SERVERB$ may act for alice@CONTOSO.COM to cifs/serverc.contoso.com, by the list of SERVERC$',
    ],
    [
      kcdFacts(),
      'SERVERB$ may act for alice@CONTOSO.COM to cifs/serverc.contoso.com, by its own list',
    ],
    [
      proxyFacts({ target: { place: 'elsewhere' } }),
      'SERVERB$ may act for alice@CONTOSO.COM to cifs/serverc.contoso.com, by referral',
    ],
  ])('an allowed hop', (facts, sentence) => {
    expect(proxy(facts)).toMatchObject({ allowed: true, sentence, refusal: undefined });
  });

  test.each([
    [selfFacts(), 'SERVERB$ gets a forwardable ticket to itself for alice@CONTOSO.COM'],
    [
      selfFacts({ middle: { allowedToDelegateTo: ['cifs/serverc'] } }),
      'SERVERB$ gets a non-forwardable ticket to itself for alice@CONTOSO.COM',
    ],
    [
      selfFacts({ header: { crossRealm: true }, server: { place: 'elsewhere' } }),
      'SERVERB$ gets a forwardable referral for alice@CONTOSO.COM',
    ],
    [
      selfFacts({ server: { sid: serverB2, name: 'HTTP/serverb2' } }),
      'SERVERB$ asked for HTTP/serverb2, which is not itself',
    ],
  ])('S4U2Self', (facts, sentence) => {
    expect(self(facts).sentence).toBe(sentence);
  });

  test('an assumption is said to be one', () => {
    const { checks } = proxy(rbcdFacts({ evidence: { pac: 'assumed' } }));
    expect(checks.find((check) => check.id === 'evidence-pac')?.detail).toBe(
      'not looked at, assumed: ' +
        'all signatures of the evidence ticket for HTTP/serverb.contoso.com hold',
    );
  });
});

describe('why a descriptor does not grant', () => {
  const allow = (mask: number, flags = 0) =>
    buildAce({ type: AceType.allowed, mask, sid: serverB, flags });
  const denyGroup = buildAce({ type: AceType.denied, mask: 0x100, sid: middles });

  test.each([
    ['unparsable', 'the list of SERVERC$ cannot be read'],
    [withAces([]), 'SERVERC$ does not list SERVERB$: its list is empty'],
    [listing(serverB2), `SERVERC$ does not list SERVERB$: its only entry names ${serverB2}`],
    [
      listing(serverB2, 'S-1-5-2'),
      'SERVERC$ does not list SERVERB$: none of its 2 entries names it or a group in its ticket',
    ],
    [
      withAces([allow(0x10000000)]),
      'SERVERC$ does not list SERVERB$ with a right that counts: ' +
        'entry 1 (SERVERB$) has generic rights only, which a KDC does not expand',
    ],
    [
      withAces([allow(0x100, 0x0a)]),
      'SERVERC$ does not list SERVERB$ with a right that counts: ' +
        'entry 1 (SERVERB$) is inherit-only, so it does not count here',
    ],
    [withAces([denyGroup, allow(0x100)]), `SERVERC$ denies SERVERB$: entry 1 denies ${middles}`],
  ] as const)('%#', (descriptor, sentence) => {
    expect(proxy(proxyFacts({ target: { descriptor } })).sentence).toBe(sentence);
  });

  test('a condition that is not true', () => {
    const applicationData = Uint8Array.from([0x61, 0x72, 0x74, 0x78]);
    const fields = { type: AceType.allowedCallback, mask: 0x100, sid: serverB, applicationData };
    const descriptor = withAces([buildAce(fields)]);
    expect(proxy(proxyFacts({ target: { descriptor } })).sentence).toMatch(
      /with a right that counts: entry 1 \(SERVERB\$\) has a condition/,
    );
  });

  test('who lets the middle pass is named, the group too', () => {
    const detail = (sid: typeof serverB): string | undefined =>
      proxy(proxyFacts({ target: { descriptor: listing(sid) } })).checks.find(
        (check) => check.id === 'rbcd-access',
      )?.detail;
    expect(detail(serverB)).toBe('SERVERC$ lists SERVERB$ (entry 1)');
    expect(detail(domainComputers)).toBe(
      `SERVERC$ lists SERVERB$ through ${domainComputers} (entry 1)`,
    );
    expect(detail('S-1-1-0')).toBe('SERVERC$ lists SERVERB$ through Everyone (entry 1)');
  });
});

describe('why evidence is not forwardable', () => {
  const transition = { origin: 'protocol-transition', forwardable: false } as const;
  const rows: readonly (readonly [ProxyChange, string])[] = [
    [{ user: { userAccountControl: 0x100000 } }, 'is sensitive and cannot be delegated'],
    [{ user: { protectedUser: true } }, 'is a member of Protected Users'],
    [{}, 'alice@CONTOSO.COM came with a ticket from a TGT that was not forwardable'],
    [
      { evidence: transition, middle: { allowedToDelegateTo: ['cifs/serverd'] } },
      'SERVERB$ lacks TRUSTED_TO_AUTH_FOR_DELEGATION for protocol transition: it has a list',
    ],
    [{ evidence: transition }, 'SERVERB$ lacks TRUSTED_TO_AUTH_FOR_DELEGATION'],
    [
      { evidence: transition, middle: { userAccountControl: 0x1000000 } },
      'neither the user nor the middle asked for a forwardable ticket',
    ],
  ];
  test.each(rows)('%#', (change, words) => {
    const evidence = { forwardable: false, ...change.evidence };
    const { sentence } = proxy(rbcdFacts({ ...change, evidence }));
    expect(sentence).toContain(`the evidence ticket is not forwardable: `);
    expect(sentence).toContain(words);
  });
});

describe('the table of refusals', () => {
  const rows = Object.entries(REFUSALS);

  test.each(rows)('%s', (reason, refusal) => {
    expect(refusal.reason).toBe(reason);
    expect(refusal.code).toBe(KRB_ERRORS[refusal.error]);
    if (refusal.status !== undefined) expect(ntStatusValue(refusal.status) >>> 30).toBe(3);
    const { meaning, fix, elsewhere } = ADVICE[refusal.reason];
    for (const text of [meaning, fix, elsewhere ?? 'as here']) {
      expect(text).toMatch(/^\S.*[^.\s]$/);
    }
  });

  test('every reason has advice, and no advice is without reason', () => {
    expect(Object.keys(ADVICE).toSorted()).toEqual(Object.keys(REFUSALS).toSorted());
  });
});
