import { describe, expect, test } from 'vitest';
import { Key } from '@doublehop/crypto/key';
import { decodeDer } from '@doublehop/wire/der';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import {
  exchangeTgs,
  forwardTgt,
  getRealmTgt,
  getServiceTicket,
  renewTicket,
} from '@doublehop/kerberos/client/service-ticket';
import { buildTgsReq, readTgsReply, realmOfTgt } from '@doublehop/kerberos/client/tgs-exchange';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import { AuthorizationData, findPadata } from '@doublehop/kerberos/messages/common';
import { KdcRequest } from '@doublehop/kerberos/messages/kdc';
import { formatPrincipal, type Principal, principal } from '@doublehop/kerberos/names';
import { type Draft, FakeKdc } from './support/fake-kdc.ts';
import { alice, type Lab, makeKdc, makeLab, NOW, REALM, refusal, target } from './support/lab.ts';

const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
const seconds = Math.floor(NOW / 1000);

async function withTgt(
  lab: Lab = makeLab({ renewLifetime: 86_400 }),
): Promise<{ readonly lab: Lab; readonly tgt: Credentials }> {
  const { credentials } = await getInitialTicket(lab.context, { client: alice, secret });
  lab.kdc.requests.length = 0;
  return { lab, tgt: credentials };
}

/** The authenticator of a request, opened with the session key. */
function openAuthenticator(bytes: Uint8Array, { key }: Credentials): Authenticator {
  const request = decodeDer(KdcRequest, bytes).value;
  const header = findPadata(request.padata, PaType.TGS_REQ);
  const { authenticator } = decodeDer(ApReq, header ?? new Uint8Array(0));
  const session = Key.of(key.etype, key.bytes);
  const plain = session.decrypt(KeyUsage.TGS_REQ_AUTHENTICATOR, authenticator.cipher);
  return decodeDer(Authenticator, plain);
}

describe('RFC 4120 §3.3: TGS exchange', () => {
  test('a service ticket', async () => {
    const { lab, tgt } = await withTgt();
    const { credentials, tgts } = await getServiceTicket(lab.context, tgt, target);
    expect(tgts).toEqual([]);
    expect(formatPrincipal(credentials.server)).toBe(`cifs/serverc@${REALM}`);
    expect(formatPrincipal(credentials.client)).toBe(`alice@${REALM}`);
    expect(credentials.flags & TicketFlag.FORWARDABLE).not.toBe(0);
    expect(credentials.times.endtime).toBe(tgt.times.endtime);
    const sealed = lab.kdc.openTicket(credentials.ticket, 'cifs/serverc');
    expect(sealed.key.keyvalue).toEqual(credentials.key.bytes);
    const body = lab.kdc.requests[0]?.reqBody.value;
    const options = KdcOption.FORWARDABLE | KdcOption.RENEWABLE | KdcOption.CANONICALIZE;
    expect(body?.kdcOptions).toBe(options >>> 0);
    expect(body?.cname).toBeUndefined();
    expect(body?.etype).toEqual([18, 17, 20, 19]);
  });

  test('the authenticator has a subkey and a checksum of the body (§5.2.7.1)', async () => {
    const { lab, tgt } = await withTgt();
    const request = { tgt, server: target.name, options: 0 };
    const sent = buildTgsReq(lab.context, request);
    const { cksum, subkey, ctime, cname } = openAuthenticator(sent.bytes, tgt);
    expect(subkey).toEqual({ keytype: 18, keyvalue: sent.key.bytes() });
    expect(ctime).toBe(seconds);
    expect(cname).toEqual(alice.name);
    const { raw } = decodeDer(KdcRequest, sent.bytes).value.reqBody;
    expect(cksum?.cksumtype).toBe(16);
    expect(sent.sessionKey.verifyChecksum(6, raw, cksum?.checksum ?? new Uint8Array(0))).toBe(true);
  });

  test('without a subkey the reply has usage 8 (§7.5.1)', async () => {
    const { lab, tgt } = await withTgt();
    const request = { tgt, server: target.name, options: 0, subkey: false };
    const sent = buildTgsReq(lab.context, request);
    expect(openAuthenticator(sent.bytes, tgt).subkey).toBeUndefined();
    expect(sent.replyUsage).toBe(8);
    expect(sent.key).toBe(sent.sessionKey);
    // The fake KDC always uses 9, which must not open.
    const answer = lab.kdc.answer(sent.bytes);
    expect(() => readTgsReply(lab.context, request, sent, answer)).toThrow('another key');
    expect(readTgsReply(lab.context, request, { ...sent, replyUsage: 9 }, answer)).toBeDefined();
  });

  test('two requests of one millisecond differ', async () => {
    const { lab, tgt } = await withTgt();
    const request = { tgt, server: target.name, options: 0 };
    const one = buildTgsReq(lab.context, request);
    const two = buildTgsReq(lab.context, request);
    expect(one.nonce).not.toBe(two.nonce);
    expect(openAuthenticator(one.bytes, tgt).subkey).not.toEqual(
      openAuthenticator(two.bytes, tgt).subkey,
    );
  });

  test.each([
    [true, KeyUsage.TGS_REQ_AUTHDATA_SUBKEY],
    [false, KeyUsage.TGS_REQ_AUTHDATA_SESSION_KEY],
  ])('authorization data is sealed by the subkey: %s (§5.4.1)', async (subkey, usage) => {
    const { lab, tgt } = await withTgt();
    const authorizationData = [{ adType: 1, adData: new Uint8Array([1, 2]) }];
    const additionalTickets = [tgt.ticket];
    const request = { tgt, server: target.name, options: 0, authorizationData, additionalTickets };
    const sent = buildTgsReq(lab.context, { ...request, subkey });
    const { encAuthorizationData, additionalTickets: sentTickets } = sent.body;
    const plain = sent.key.decrypt(usage, encAuthorizationData?.cipher ?? new Uint8Array(0));
    expect(decodeDer(AuthorizationData, plain)).toEqual(authorizationData);
    expect(sentTickets).toEqual([tgt.ticket]);
  });

  test('only a ticket-granting ticket can ask', async () => {
    const { lab, tgt } = await withTgt();
    const { credentials } = await getServiceTicket(lab.context, tgt, target);
    expect(() => realmOfTgt(credentials)).toThrow('is no ticket-granting ticket');
  });

  test('an unknown server', async () => {
    const { lab, tgt } = await withTgt();
    const unknown = principal(REALM, 2, 'cifs', 'nowhere');
    const { error, message } = await refusal(getServiceTicket(lab.context, tgt, unknown));
    expect(error.detail).toMatchObject({ errorCode: 7, subject: 'cifs/nowhere' });
    expect(message).toContain('the KDC does not know cifs/nowhere');
  });

  test('a clock that went wrong is corrected once', async () => {
    const { lab, tgt } = await withTgt();
    lab.kdc.now += 1_000_000;
    const context = { ...lab.context, clock: lab.context.clock };
    lab.context.clock.shift(-1_000_000);
    const { credentials } = await getServiceTicket(context, tgt, target);
    expect(credentials.server).toEqual(target);
    expect(lab.kdc.requests).toHaveLength(2);
    lab.kdc.refuse = () => ({ code: 37, stime: seconds });
    expect((await refusal(getServiceTicket(context, tgt, target))).code).toBe('skew');
    expect(lab.kdc.requests).toHaveLength(4);
  });
});

describe('RFC 4120 §3.3.4: the reply must be the answer to the request', () => {
  test.each<[string, (draft: Draft) => void, RegExp]>([
    ['nonce', (draft) => set(draft, { nonce: 1 }), /the nonce differs/],
    ['client', (draft) => void (draft.cname = { nameType: 1, nameString: ['bob'] }), /client/],
    ['end', (draft) => set(draft, { endtime: seconds + 864_000 }), /lives too long/],
    ['key', (draft) => void (draft.key = Key.of(18, new Uint8Array(32))), /another key/],
    [
      'server',
      (draft) => {
        set(draft, { sname: { nameType: 2, nameString: ['SERVERB$'] } });
        draft.ticketServer = { name: draft.enc.sname, realm: REALM };
      },
      /another server is named/,
    ],
    [
      'realm',
      (draft) => {
        set(draft, { srealm: 'EVIL.COM' });
        draft.ticketServer = { name: draft.enc.sname, realm: 'EVIL.COM' };
      },
      /another realm is named/,
    ],
  ])('another %s is refused', async (_title, tamper, message) => {
    const { lab, tgt } = await withTgt();
    lab.kdc.tamper = tamper;
    const refused = await refusal(getServiceTicket(lab.context, tgt, target));
    expect(refused.code).toBe('reply-mismatch');
    expect(refused.message).toMatch(message);
  });

  test('a session key of a type outside of the narrowed list is refused', async () => {
    const { lab, tgt } = await withTgt();
    lab.kdc.tamper = (draft) => set(draft, { key: { keytype: 18, keyvalue: new Uint8Array(32) } });
    const refused = await refusal(getServiceTicket(lab.context, tgt, target, { etypes: [17] }));
    expect(refused.code).toBe('etype-nosupp');
  });

  test('a referral is refused where it was not asked for', async () => {
    const { lab, tgt } = await withTgt();
    lab.kdc.trust(makeKdc('FABRIKAM.COM'));
    lab.kdc.referrals.set('cifs/serverc', 'FABRIKAM.COM');
    const work = getServiceTicket(lab.context, tgt, target, { canonicalize: false });
    expect((await refusal(work)).code).toBe('reply-mismatch');
  });
});

function set(draft: Draft, fields: Partial<Draft['enc']>): void {
  draft.enc = { ...draft.enc, ...fields };
}

describe('RFC 4120 §3.3.3: renewed and forwarded tickets', () => {
  test('RENEW', async () => {
    const { lab, tgt } = await withTgt();
    lab.kdc.now += 3_600_000;
    const renewed = await renewTicket(lab.context, tgt);
    expect(renewed.times.endtime).toBe(tgt.times.endtime + 3600);
    expect(renewed.server).toEqual(tgt.server);
    const options = lab.kdc.requests[0]?.reqBody.value.kdcOptions ?? 0;
    expect(options & KdcOption.RENEW).not.toBe(0);
  });

  test('a ticket that is not renewable is not sent', async () => {
    const { lab, tgt } = await withTgt(makeLab());
    expect((await refusal(renewTicket(lab.context, tgt))).code).toBe('no-credentials');
    expect(lab.kdc.requests).toHaveLength(0);
  });

  test('FORWARDED, for other addresses', async () => {
    const { lab, tgt } = await withTgt();
    const addresses = [{ addrType: 2, address: new Uint8Array([10, 0, 0, 1]) }];
    const forwarded = await forwardTgt(lab.context, tgt, addresses);
    expect(forwarded.flags & TicketFlag.FORWARDED).not.toBe(0);
    expect(forwarded.flags & TicketFlag.FORWARDABLE).not.toBe(0);
    expect(forwarded.addresses).toEqual(addresses);
    expect(forwarded.server).toEqual(tgt.server);
  });

  test('a KDC that does not forward is noticed', async () => {
    const { lab, tgt } = await withTgt();
    lab.kdc.tamper = (draft) => set(draft, { flags: TicketFlag.FORWARDABLE });
    expect((await refusal(forwardTgt(lab.context, tgt))).message).toContain('not forwarded');
  });
});

describe('RFC 6806 §8: referrals of servers', () => {
  interface Realms {
    readonly lab: Lab;
    readonly tgt: Credentials;
    readonly b: FakeKdc;
    readonly c: FakeKdc;
  }

  /** CONTOSO.COM trusts B.COM, B.COM trusts C.COM, and the target is in C.COM. */
  async function threeRealms(): Promise<Realms> {
    const b = makeKdc('B.COM');
    const c = makeKdc('C.COM');
    const { lab, tgt } = await withTgt(makeLab({}, { others: [b, c] }));
    lab.kdc.trust(b);
    b.trust(c);
    for (const [kdc, realm] of [
      [lab.kdc, 'B.COM'],
      [b, 'C.COM'],
    ] as const) {
      kdc.referrals.set('cifs/serverc', realm);
      kdc.referrals.set('krbtgt/C.COM', realm);
    }
    return { lab, tgt, b, c };
  }

  const anywhere: Principal = { name: target.name, realm: '' };

  test('they lead to the realm of the server', async () => {
    const { lab, tgt } = await threeRealms();
    const { credentials, tgts } = await getServiceTicket(lab.context, tgt, anywhere);
    expect(formatPrincipal(credentials.server)).toBe('cifs/serverc@C.COM');
    expect(tgts.map(({ server }) => formatPrincipal(server))).toEqual([
      `krbtgt/B.COM@${REALM}`,
      'krbtgt/C.COM@B.COM',
    ]);
    expect(credentials.client).toEqual(alice);
  });

  test('a realm that is named is gone to first (RFC 4120 §3.3.1)', async () => {
    const { lab, tgt, c } = await threeRealms();
    const named = { name: target.name, realm: 'C.COM' };
    const { credentials, tgts } = await getServiceTicket(lab.context, tgt, named);
    expect(formatPrincipal(credentials.server)).toBe('cifs/serverc@C.COM');
    expect(tgts).toHaveLength(2);
    expect(c.requests).toHaveLength(1);
    expect(lab.kdc.requests[0]?.reqBody.value.sname?.nameString).toEqual(['krbtgt', 'C.COM']);
  });

  test('a TGT of another realm', async () => {
    const { lab, tgt } = await threeRealms();
    const { credentials } = await getRealmTgt(lab.context, tgt, 'C.COM');
    expect(formatPrincipal(credentials.server)).toBe('krbtgt/C.COM@B.COM');
  });

  test('authorization data goes to the first KDC only', async () => {
    const { lab, tgt, b, c } = await threeRealms();
    const authorizationData = [{ adType: 1, adData: new Uint8Array([1]) }];
    await getServiceTicket(lab.context, tgt, anywhere, { authorizationData });
    const sealed = [lab.kdc, b, c].map(
      ({ requests }) => requests[0]?.reqBody.value.encAuthorizationData !== undefined,
    );
    expect(sealed).toEqual([true, false, false]);
  });

  test('a circle ends', async () => {
    const { lab, tgt, b } = await threeRealms();
    b.referrals.set('cifs/serverc', REALM);
    const { code, message } = await refusal(getServiceTicket(lab.context, tgt, anywhere));
    expect(code).toBe('limit');
    expect(message).toContain(`lead back to ${REALM}`);
  });

  test('a long chain ends after ten realms', async () => {
    const chain = Array.from({ length: 12 }, (_, i) => makeKdc(`R${i}.COM`));
    const { lab, tgt } = await withTgt(makeLab({}, { others: chain }));
    const all = [lab.kdc, ...chain];
    for (const [i, kdc] of all.entries()) {
      const next = all[i + 1];
      if (next === undefined) break;
      kdc.trust(next);
      kdc.referrals.set('cifs/serverc', next.realm);
    }
    const { code, message } = await refusal(getServiceTicket(lab.context, tgt, anywhere));
    expect(code).toBe('limit');
    expect(message).toContain('more than 10 realms');
  });

  test('one exchange alone shows the referral', async () => {
    const { lab, tgt } = await threeRealms();
    const options = KdcOption.CANONICALIZE;
    const reply = await exchangeTgs(lab.context, { tgt, server: target.name, options });
    expect(realmOfTgt(reply.credentials)).toBe('B.COM');
  });
});
