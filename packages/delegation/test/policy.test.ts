import { parseSddl } from '@doublehop/security/sddl';
import { describe, expect, test } from 'vitest';
import { evaluatePolicy, type PolicyFacts } from '../src/policy.ts';
import { rbcdToken } from '../src/rbcd.ts';
import { renderS4U2Proxy } from '../src/render.ts';
import { decideS4U2Proxy } from '../src/s4u2proxy.ts';
import { proxyFacts, rbcdFacts, serverB } from './scene.ts';

const policy = (sddl: string, enforced = true): PolicyFacts => ({
  name: 'Tier 0',
  silo: 'Servers',
  enforced,
  descriptor: parseSddl(sddl),
});

const decide = (authenticationPolicy: PolicyFacts) => {
  const facts = rbcdFacts({ target: { authenticationPolicy } });
  const decision = decideS4U2Proxy(facts);
  return { decision, rendered: renderS4U2Proxy(decision, facts) };
};

describe('MS-KILE 3.3.5.7 AllowedToAuthenticateTo', () => {
  const middle = rbcdToken([serverB]);

  test.for([
    ['an ACE for the middle', `O:SYD:(A;;CR;;;${serverB})`, 'allows', undefined],
    ['a deny before it', `O:SYD:(D;;CR;;;WD)(A;;CR;;;${serverB})`, 'refuses', 'FIREWALL'],
    ['an empty DACL', 'O:SYD:', 'refuses', 'FIREWALL'],
    ['no DACL at all', 'O:SY', 'allows', undefined],
    ['another right', `O:SYD:(A;;RP;;;${serverB})`, 'refuses', 'FIREWALL'],
  ] as const)('%s: %s', ([, sddl, finding, status]) => {
    const verdict = evaluatePolicy(policy(sddl), middle);
    expect(verdict.finding).toBe(finding);
    expect(verdict.status?.includes('FIREWALL')).toBe(status === undefined ? undefined : true);
  });

  test('a descriptor that cannot be read refuses with another status', () => {
    const broken = { ...policy('O:SY'), descriptor: 'unparsable' } as const;
    expect(evaluatePolicy(broken, middle)).toEqual({
      finding: 'refuses',
      status: 'STATUS_INVALID_PARAMETER',
    });
  });

  test('refuses the middle of a hop that is granted', () => {
    const { decision, rendered } = decide(policy('O:SYD:(A;;CR;;;BA)'));
    expect(decision).toMatchObject({
      allowed: false,
      refusal: {
        reason: 'target-authentication-policy',
        error: 'KDC_ERR_POLICY',
        status: 'STATUS_AUTHENTICATION_FIREWALL_FAILED',
      },
    });
    expect(rendered.sentence).toBe(
      'the authentication policy Tier 0 of the silo Servers of SERVERC$ does not admit SERVERB$: ' +
        'no entry is about it',
    );
  });

  test('one that is not enforced only says so', () => {
    const { decision, rendered } = decide(policy('O:SYD:', false));
    expect(decision.allowed).toBe(true);
    const check = rendered.checks.find(({ id }) => id === 'authentication-policy');
    expect(check?.outcome).toBe('info');
    expect(check?.detail).toContain('it is not enforced');
  });

  test('whoever goes to itself needs no permission', () => {
    const facts = rbcdFacts({
      target: { sid: serverB, authenticationPolicy: policy('O:SYD:') },
    });
    expect(decideS4U2Proxy(facts).allowed).toBe(true);
  });
});

describe('MS-SFU 3.2.5.2.3 conditional ACEs explained', () => {
  const sentence = (condition: string): string => {
    const descriptor = parseSddl(`O:SYD:(XA;;CR;;;WD;(${condition}))`);
    const facts = proxyFacts({ target: { descriptor } });
    const decision = decideS4U2Proxy(facts);
    expect(decision).toMatchObject({ refusal: { status: 'STATUS_UNSUCCESSFUL' } });
    return renderS4U2Proxy(decision, facts).sentence;
  };

  test('the device is unknown', () => {
    expect(sentence('Device_Member_of {SID(AU)}')).toContain(
      'the device is unknown: the request was not armored',
    );
    expect(sentence('@Device.tier == 0')).toContain('the request was not armored');
  });

  test('the middle has no claims', () => {
    expect(sentence('@User.tier == 0')).toContain("the middle's TGT has no claims");
  });

  test('nothing is unknown, and yet it does not hold', () => {
    expect(sentence('Member_of {SID(BA)}')).toMatch(/has a condition that is false$/);
  });

  test('the device is known where its TGT armors the request', () => {
    const descriptor = parseSddl('O:SYD:(XA;;CR;;;WD;(Device_Member_of {SID(AU)}))');
    const device = rbcdToken(['S-1-5-21-1-2-3-1200']);
    const token = rbcdToken([serverB], { device });
    expect(
      decideS4U2Proxy(proxyFacts({ header: { token }, target: { descriptor } })),
    ).toMatchObject({ allowed: true, mode: 'rbcd' });
  });
});
