// Hops that are really made, what the target sees in the ticket, and how predictions did.
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import { KerberosError } from '@doublehop/kerberos/errors';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { pooledRandom } from '@doublehop/crypto/random';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Prediction } from '../src/explain/predict.ts';
import { compareProof } from '../src/prove/compare.ts';
import { openServiceTicket } from '../src/prove/open-ticket.ts';
import { isForwardable, type Proof, proveHop } from '../src/prove/prove.ts';
import { FORMS, targetName } from './support/hop-cases.ts';
import { type HopDomain, middleAccount, startHopDomain } from './support/hop-domain.ts';

const REALM = 'CONTOSO.COM';
const name = (text: string) => principal(REALM, NameType.PRINCIPAL, text);
const target = (form: string) =>
  principal(REALM, NameType.SRV_INST, 'cifs', targetName(Object.keys(FORMS).indexOf(form)));

describe('prove', () => {
  let domain: HopDomain;
  beforeAll(async () => {
    domain = await startHopDomain();
  });
  afterAll(async () => {
    await domain.close();
  });

  const hop = async (form: string, own: boolean): Promise<Proof> =>
    await proveHop({
      userClient: own ? domain.client('normal') : undefined,
      user: name('normal'),
      middleClient: domain.client(middleAccount('computer')),
      middle: name('computer$'),
      target: target(form),
    });

  test("with the user's own ticket: what the target sees", async () => {
    const { outcome, steps, ticket, evidence } = await hop('full control', true);
    expect(outcome).toBe('allowed');
    expect(steps.map(({ id }) => id)).toEqual([
      'user-logon',
      'own-ticket',
      'middle-logon',
      's4u2proxy',
    ]);
    if (ticket === undefined || evidence === undefined) throw new Error('no ticket');
    expect(isForwardable(evidence)).toBe(true);
    const index = Object.keys(FORMS).indexOf('full control');
    const opened = openServiceTicket(ticket, domain.keytab(`${targetName(index)}$`));
    expect(opened).toMatchObject({
      client: 'normal@CONTOSO.COM',
      pac: {
        account: 'normal',
        domain: 'CONTOSO',
        asserted: 'kerberos',
        delegation: {
          proxyTarget: `cifs/${targetName(index)}`,
          transited: ['computer$@CONTOSO.COM'],
        },
      },
    });
    expect(opened.flags).toContain('FORWARDABLE');
  });

  test('by protocol transition: the PAC says who vouched', async () => {
    const { ticket, steps } = await hop('full control', false);
    expect(steps.map(({ id }) => id)).toEqual(['middle-logon', 's4u2self', 's4u2proxy']);
    if (ticket === undefined) throw new Error('no ticket');
    const index = Object.keys(FORMS).indexOf('full control');
    const keytab = domain.keytab(`${targetName(index)}$`);
    expect(openServiceTicket(ticket, keytab).pac?.asserted).toBe('protocol-transition');
  });

  test("another account's key opens nothing", async () => {
    const { ticket } = await hop('full control', false);
    if (ticket === undefined) throw new Error('no ticket');
    const keytab = domain.keytab('computer$');
    expect(() => openServiceTicket(ticket, keytab)).toThrow(
      expect.objectContaining({ code: 'credentials', argument: '--target-keytab' }),
    );
  });

  test('refused: the step, the error and the status', async () => {
    const { outcome, steps, ticket } = await hop('absent', true);
    expect(outcome).toBe('refused');
    expect(ticket).toBeUndefined();
    expect(steps.at(-1)).toMatchObject({
      id: 's4u2proxy',
      error: { detail: { errorCode: 13, ntStatus: 0xc000_0225 } },
    });
  });

  test('nothing proved: a silent KDC, a wrong key', async () => {
    const silent = new KerberosClient({
      transport: () => Promise.reject(new KerberosError('kdc-unreachable', 'silence')),
      clock: Date.now,
      random: pooledRandom(),
      cache: memoryCache(),
      account: { client: name('computer$'), secret: { kind: 'password', password: 'x' } },
    });
    const parties = { user: name('normal'), middle: name('computer$'), target: target('absent') };
    const proof = await proveHop({ ...parties, middleClient: silent });
    expect(proof).toMatchObject({ outcome: 'failed', steps: [{ id: 'middle-logon' }] });
    const wrong = domain.client('computer$', true, { kind: 'password', password: 'wrong' });
    const second = await proveHop({ ...parties, middleClient: wrong });
    expect(second).toMatchObject({
      outcome: 'failed',
      steps: [{ id: 'middle-logon', error: { detail: { errorCode: 24 } } }],
    });
  });

  describe('compared with a prediction', () => {
    const refusedFor = (code: number, status?: 'STATUS_NOT_FOUND' | 'STATUS_NO_MATCH') =>
      prediction({
        outcome: 'refused',
        refusal: {
          reason: 'rbcd-not-listed',
          error: 'KDC_ERR_BADOPTION',
          code,
          status,
          stage: 's4u2proxy',
        },
      });

    test('the same', async () => {
      const allowed = await hop('full control', false);
      expect(compareProof(prediction({}), allowed).verdict).toBe('same');
      const refused = await hop('absent', false);
      expect(compareProof(refusedFor(13, 'STATUS_NOT_FOUND'), refused).verdict).toBe('same');
      expect(compareProof(refusedFor(13), refused).verdict).toBe('same');
    });

    test('refused for another reason', async () => {
      const refused = await hop('absent', false);
      expect(compareProof(refusedFor(7), refused).verdict).toBe('other-reason');
      const other = compareProof(refusedFor(13, 'STATUS_NO_MATCH'), refused);
      expect(other.verdict).toBe('other-reason');
      expect(other.sentence).toContain('STATUS_NO_MATCH');
    });

    test('different: where that may come from', async () => {
      const { verdict, causes } = compareProof(prediction({}), await hop('absent', false));
      expect(verdict).toBe('different');
      expect(causes.join()).toContain('replication');
      const allowed = compareProof(refusedFor(13), await hop('full control', false));
      expect(allowed).toMatchObject({ verdict: 'different' });
      expect(allowed.sentence).toContain('the KDC says allowed');
    });

    test('open: where nothing was predicted or proved', async () => {
      const proof = await hop('full control', false);
      expect(compareProof(prediction({ outcome: 'depends' }), proof).verdict).toBe('open');
      const failed = { ...proof, outcome: 'failed' } as const;
      expect(compareProof(prediction({}), failed).verdict).toBe('open');
    });
  });
});

function prediction(change: Partial<Prediction>): Prediction {
  return {
    outcome: 'allowed',
    stages: [],
    mode: 'rbcd',
    refusal: undefined,
    forwardable: true,
    unread: [],
    ...change,
  };
}
