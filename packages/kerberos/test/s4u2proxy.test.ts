import { beforeEach, describe, expect, test } from 'vitest';
import { decodeDer } from '@doublehop/wire/der';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { s4u2proxy, type S4u2ProxyRequest } from '@doublehop/kerberos/client/s4u2proxy';
import { s4u2self } from '@doublehop/kerberos/client/s4u2self';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KdcOption, PacOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata } from '@doublehop/kerberos/messages/common';
import { PaPacOptions } from '@doublehop/kerberos/messages/padata';
import { formatPrincipal, principal } from '@doublehop/kerberos/names';
import { type FakeKdc, statusData } from './support/fake-kdc.ts';
import { alice, type Lab, makeKdc, makeLab, middle, refusal, target } from './support/lab.ts';

const secret = { kind: 'password', password: 'Passw0rd.serverb' } as const;

async function prepare(
  lab: Lab,
): Promise<{ readonly tgt: Credentials; readonly evidence: Credentials }> {
  const { credentials: tgt } = await getInitialTicket(lab.context, { client: middle, secret });
  const evidence = await s4u2self(lab.context, { tgt, user: alice });
  lab.kdc.requests.length = 0;
  return { tgt, evidence };
}

describe('MS-SFU 3.1.5.2: S4U2Proxy in one realm', () => {
  let lab: Lab;
  let tgt: Credentials;
  let evidence: Credentials;
  beforeEach(async () => {
    lab = makeLab();
    ({ tgt, evidence } = await prepare(lab));
    lab.kdc.grants.add('SERVERB$ cifs/serverc');
  });
  const ask = (more: Partial<S4u2ProxyRequest> = {}) =>
    s4u2proxy(lab.context, { tgt, evidence, target, ...more });

  test('a ticket of the user to the target', async () => {
    const ticket = await ask();
    expect(ticket.client).toEqual(alice);
    expect(ticket.server).toEqual(target);
    expect(lab.kdc.openTicket(ticket.ticket, 'cifs/serverc').cname).toEqual(alice.name);
    const [request] = lab.kdc.requests;
    const body = request?.reqBody.value;
    expect((body?.kdcOptions ?? 0) & KdcOption.CNAME_IN_ADDL_TKT).not.toBe(0);
    expect(body?.additionalTickets).toEqual([evidence.ticket]);
    const options = findPadata(request?.padata, PaType.PAC_OPTIONS) ?? new Uint8Array(0);
    expect(decodeDer(PaPacOptions, options).flags).toBe(
      PacOption.RESOURCE_BASED_CONSTRAINED_DELEGATION,
    );
  });

  test('without the RBCD bit only classic delegation is asked for', async () => {
    const { error, message } = await refusal(ask({ rbcd: false }));
    expect(lab.kdc.requests[0]?.padata).toHaveLength(1);
    expect(error.detail).toMatchObject({ errorCode: 13, ntStatus: 0xc000_00bb });
    expect(message).toContain('STATUS_NOT_SUPPORTED');
    expect(message).toContain('ask another domain controller');
  });

  test('the refusal says that the target does not list the middle', async () => {
    lab.kdc.grants.clear();
    const { error, message } = await refusal(ask());
    expect(error.code).toBe('krb-error');
    expect(error.detail).toMatchObject({ errorCode: 13, ntStatus: 0xc000_0225 });
    expect(message).toBe(
      'KDC_ERR_BADOPTION (13): SERVERB$@CONTOSO.COM may not act for alice@CONTOSO.COM to ' +
        "cifs/serverc; STATUS_NOT_FOUND: the target's msDS-AllowedToActOnBehalfOfOtherIdentity " +
        'does not list the middle',
    );
  });

  test('evidence that is not forwardable is told first', async () => {
    const plain = await s4u2self(lab.context, { tgt, user: alice, forwardable: false });
    expect(plain.flags & TicketFlag.FORWARDABLE).toBe(0);
    const { message } = await refusal(ask({ evidence: plain }));
    expect(message).toContain(
      'to cifs/serverc; the evidence ticket is not forwardable; STATUS_ACCOUNT_RESTRICTION',
    );
  });

  test.each<[number, number | undefined, RegExp]>([
    [13, 0xc000_0272, /STATUS_NO_MATCH: the middle's msDS-AllowedToDelegateTo does not list/],
    [13, 0xc000_006e, /STATUS_ACCOUNT_RESTRICTION: the evidence ticket is not forwardable/],
    [13, 0xc000_9999, /0xC0009999: no more is known/],
    [13, undefined, /the KDC gives no reason: the target does not list the middle/],
    [12, 0xc000_0413, /KDC_ERR_POLICY \(12\).*STATUS_AUTHENTICATION_FIREWALL_FAILED/],
  ])('error %i with status %s', async (code, status, message) => {
    lab.kdc.refuse = () => (status === undefined ? { code } : { code, eData: statusData(status) });
    const refused = await refusal(ask());
    expect(refused.message).toMatch(message);
    expect(refused.error.detail.ntStatus).toBe(status);
  });

  test('other errors are left as they are', async () => {
    lab.kdc.refuse = () => ({ code: 7 });
    expect((await refusal(ask())).message).toContain('the KDC does not know cifs/serverc');
  });

  test('KRB_AP_ERR_BAD_INTEGRITY for a target in a foreign realm is explained', async () => {
    lab.kdc.refuse = () => ({ code: 31 });
    const foreign = principal('FABRIKAM.COM', 2, 'cifs', 'serverc');
    const { message } = await refusal(ask({ target: foreign }));
    expect(message).toContain('name cifs/serverc without its realm');
  });

  test('a KDC without S4U is found out by the name in its reply', async () => {
    lab.kdc.tamper = (draft) => void (draft.cname = middle.name);
    const { code, message } = await refusal(ask());
    expect(code).toBe('reply-mismatch');
    expect(message).toContain('itself: the KDC does not do S4U2Proxy');
  });

  test('a ticket for somebody else is refused', async () => {
    lab.kdc.tamper = (draft) => void (draft.cname = { nameType: 1, nameString: ['bob'] });
    expect((await refusal(ask())).message).toContain('it is for bob@CONTOSO.COM');
  });
});

describe('MS-SFU 3.1.5.2.2: a target of another realm', () => {
  interface Realms {
    readonly lab: Lab;
    readonly b: FakeKdc;
    readonly c: FakeKdc;
    readonly tgt: Credentials;
    readonly evidence: Credentials;
  }

  async function threeRealms(): Promise<Realms> {
    const b = makeKdc('B.COM');
    const c = makeKdc('C.COM');
    const lab = makeLab({}, { others: [b, c] });
    lab.kdc.trust(b);
    b.trust(c);
    for (const [kdc, realm] of [
      [lab.kdc, 'B.COM'],
      [b, 'C.COM'],
    ] as const) {
      kdc.referrals.set('cifs/serverc', realm);
      kdc.referrals.set('krbtgt/C.COM', realm);
    }
    c.grants.add('SERVERB$ cifs/serverc');
    return { lab, b, c, ...(await prepare(lab)) };
  }
  const anywhere = { name: target.name, realm: '' };

  test('proxy TGT, own TGT, proxy TGT of the target realm, ticket', async () => {
    const { lab, b, c, tgt, evidence } = await threeRealms();
    const ticket = await s4u2proxy(lab.context, { tgt, evidence, target: anywhere });
    expect(formatPrincipal(ticket.server)).toBe('cifs/serverc@C.COM');
    expect(ticket.client).toEqual(alice);
    const asked = [lab.kdc, b, c].map(({ requests }) =>
      requests.map(({ reqBody: { value } }) => ({
        server: value.sname?.nameString.join('/'),
        proxy: (value.kdcOptions & KdcOption.CNAME_IN_ADDL_TKT) !== 0,
      })),
    );
    expect(asked).toEqual([
      [
        { server: 'cifs/serverc', proxy: true },
        { server: 'cifs/serverc', proxy: false },
      ],
      [
        { server: 'cifs/serverc', proxy: false },
        { server: 'krbtgt/C.COM', proxy: false },
      ],
      [
        { server: 'cifs/serverc', proxy: false },
        { server: 'cifs/serverc', proxy: true },
      ],
    ]);
  });

  test('the KDC of the target refuses', async () => {
    const { lab, c, tgt, evidence } = await threeRealms();
    c.grants.clear();
    const { error } = await refusal(s4u2proxy(lab.context, { tgt, evidence, target: anywhere }));
    expect(error.detail.ntStatus).toBe(0xc000_0225);
  });

  test('a referral without the echo of RBCD is no proxy TGT', async () => {
    const { lab, tgt, evidence } = await threeRealms();
    lab.kdc.tamper = (draft) => void (draft.enc = { ...draft.enc, encryptedPaData: [] });
    const work = s4u2proxy(lab.context, { tgt, evidence, target: anywhere });
    expect((await refusal(work)).message).toContain('in another realm, which only RBCD can reach');
  });

  test('the referrals must end where the caller says', async () => {
    const { lab, tgt, evidence } = await threeRealms();
    const elsewhere = { name: target.name, realm: 'D.COM' };
    const work = s4u2proxy(lab.context, { tgt, evidence, target: elsewhere });
    expect((await refusal(work)).message).toContain('the target is in C.COM');
    const right = { name: target.name, realm: 'C.COM' };
    expect((await s4u2proxy(lab.context, { tgt, evidence, target: right })).client).toEqual(alice);
  });
});
