import { addGrant } from '@doublehop/delegation/grants';
import { withPac } from '@doublehop/domain-controller/kdc/authorization-data';
import { sealTicket } from '@doublehop/domain-controller/kdc/sealed-ticket';
import { Key } from '@doublehop/crypto/key';
import { exchangeTgs } from '@doublehop/kerberos/client/service-ticket';
import { s4u2self } from '@doublehop/kerberos/client/s4u2self';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { decodeDelegationInfo } from '@doublehop/security/pac/delegation-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { encodePac, pacBuffer, PacType } from '@doublehop/security/pac/pac';
import type { Account } from '@doublehop/directory/account';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { describe, expect, test } from 'vitest';
import { account, krbtgt, passwordKeys } from './support/accounts.ts';
import { Realm, refusal } from './support/realm.ts';

const KRBTGT = krbtgt();
const MIDDLE_SPN = 'HTTP/serverb.contoso.com';
const TARGET_SPN = 'cifs/serverc.contoso.com';
const MIDDLE = account('computer', 'SERVERB$', 1104, { servicePrincipalNames: [MIDDLE_SPN] });
const TARGET = account('computer', 'SERVERC$', 1105, { servicePrincipalNames: [TARGET_SPN] });
const GRANTED: Partial<Account> = {
  allowedToActOnBehalf: encodeDescriptor(addGrant(undefined, MIDDLE.sid).descriptor),
};
const PROXY = { error: 'KDC_ERR_BADOPTION' } as const;

interface Changes {
  readonly middle?: Partial<Account>;
  readonly target?: Partial<Account>;
  readonly alice?: Partial<Account>;
}

function realm({ middle, target, alice }: Changes = {}, settings = {}): Realm {
  return new Realm(
    [
      KRBTGT,
      account('user', 'alice', 1103, alice),
      { ...MIDDLE, ...middle },
      { ...TARGET, ...target },
    ],
    settings,
  );
}

const forwardable = ({ flags }: { readonly flags: number }) =>
  (flags & TicketFlag.FORWARDABLE) !== 0;

/** The middle's TGT and the user's own ticket to it. */
async function arrive(r: Realm): Promise<{ tgt: Credentials; evidence: Credentials }> {
  const evidence = await r.ticket(await r.login('alice'), MIDDLE_SPN);
  return { tgt: await r.login('SERVERB$'), evidence };
}

describe('S4U2Self (MS-SFU 3.2.5.1)', () => {
  test('a ticket to the middle itself, the identity asserted by the service', async () => {
    const r = realm();
    const ticket = await r.self(await r.login('SERVERB$'), 'ALICE', MIDDLE_SPN);
    expect(ticket.client.name.nameString).toEqual(['alice']);
    const part = r.open(ticket, MIDDLE);
    const logonInfo = pacBuffer(r.pac(part), PacType.logonInfo) ?? new Uint8Array();
    const { extraSids, effectiveName } = decodeLogonInfo(logonInfo);
    expect(effectiveName).toBe('alice');
    expect(extraSids.map(({ sid }) => sid)).toEqual(['S-1-5-21-0-0-0-497', 'S-1-18-2']);
    expect(r.events.at(-1)).toMatchObject({
      Exchange: 's4u2self',
      TargetUserName: 'SERVERB$',
      ImpersonatedUser: 'ALICE@CONTOSO.COM',
    });
  });

  test('by its sAMAccountName, and in the old form', async () => {
    const r = realm();
    const tgt = await r.login('SERVERB$');
    expect(r.open(await r.self(tgt, 'alice'), MIDDLE).cname.nameString).toEqual(['alice']);
    const compat = await s4u2self(r.client, { tgt, user: r.name('alice'), compat: true });
    expect(compat.client.name.nameString).toEqual(['alice']);
  });

  test.each<[string, Changes, boolean]>([
    ['no transition bit, no list: yes', {}, true],
    ['no transition bit, a list: no', { middle: { allowedToDelegateTo: [TARGET_SPN] } }, false],
    ['transition bit: yes', { middle: { userAccountControl: 0x100_1000 } }, true],
    [
      'transition bit and a list: yes',
      { middle: { userAccountControl: 0x100_1000, allowedToDelegateTo: [TARGET_SPN] } },
      true,
    ],
    ['a sensitive user: no', { alice: { userAccountControl: 0x10_0200 } }, false],
    ['a Protected User: no', { alice: { protectedUser: true } }, false],
  ])('forwardable (MS-SFU 3.2.5.1.2): %s', async (_name, changes, expected) => {
    const r = realm(changes);
    expect(forwardable(await r.self(await r.login('SERVERB$'), 'alice'))).toBe(expected);
  });

  test('not forwardable from a TGT that is not', async () => {
    const r = realm();
    const tgt = await r.login('SERVERB$', { forwardable: false });
    expect(forwardable(await r.self(tgt, 'alice'))).toBe(false);
  });

  test('to another service: AP_ERR_BADMATCH', async () => {
    const r = realm();
    const seen = await refusal(r.self(await r.login('SERVERB$'), 'alice', TARGET_SPN));
    expect(seen).toMatchObject({ error: 'KRB_AP_ERR_BADMATCH', reason: 'self-not-self' });
  });

  test('nobody of that name; somebody who is disabled', async () => {
    const r = realm({ alice: { userAccountControl: 0x202 } });
    const tgt = await r.login('SERVERB$');
    expect(await refusal(r.self(tgt, 'mallory'))).toMatchObject({ reason: 'user-unknown' });
    expect(await refusal(r.self(tgt, 'alice'))).toMatchObject({
      reason: 'user-disabled',
      status: 'STATUS_ACCOUNT_DISABLED',
    });
  });
});

describe('S4U2Proxy (MS-SFU 3.2.5.2)', () => {
  test('the target does not list the middle: STATUS_NOT_FOUND', async () => {
    const r = realm();
    const { tgt, evidence } = await arrive(r);
    expect(await refusal(r.proxy(tgt, evidence, TARGET_SPN))).toEqual({
      ...PROXY,
      reason: 'rbcd-descriptor-absent',
      status: 'STATUS_NOT_FOUND',
    });
    expect(r.events.at(-1)).toMatchObject({
      EventID: 4769,
      Status: '0xd',
      NtStatus: 'STATUS_NOT_FOUND',
      ServiceName: 'SERVERC$',
      ImpersonatedUser: 'alice@CONTOSO.COM',
    });
  });

  test('by RBCD: the user reaches the target, and the ticket tells the way', async () => {
    const r = realm({ target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    r.now += 60_000;
    const ticket = await r.proxy(tgt, evidence, TARGET_SPN);
    const part = r.open(ticket, TARGET);
    expect(part.cname.nameString).toEqual(['alice']);
    expect(part.authtime).toBe(evidence.times.authtime);
    const info = pacBuffer(r.pac(part), PacType.delegationInfo) ?? new Uint8Array();
    const way = [`${MIDDLE_SPN}@CONTOSO.COM`];
    expect(decodeDelegationInfo(info)).toEqual({
      proxyTarget: TARGET_SPN,
      transitedServices: way,
    });
    expect(r.events.at(-1)).toMatchObject({
      DelegationMode: 'rbcd',
      TransmittedServices: way[0],
    });
  });

  test('by RBCD from protocol transition', async () => {
    const r = realm({ target: GRANTED });
    const tgt = await r.login('SERVERB$');
    const ticket = await r.proxy(tgt, await r.self(tgt, 'alice'), TARGET_SPN);
    const pac = r.pac(r.open(ticket, TARGET));
    const { extraSids } = decodeLogonInfo(pacBuffer(pac, PacType.logonInfo) ?? new Uint8Array());
    expect(extraSids.map(({ sid }) => sid)).toEqual(['S-1-5-21-0-0-0-497', 'S-1-18-2']);
  });

  test('two middles: the list grows', async () => {
    const second = 'HTTP/serverd';
    const third = account('computer', 'SERVERD$', 1107, {
      servicePrincipalNames: [second],
      allowedToActOnBehalf: encodeDescriptor(addGrant(undefined, TARGET.sid).descriptor),
    });
    const r = realm({ target: GRANTED });
    r.accounts.replace(third);
    const { tgt, evidence } = await arrive(r);
    const hop = await r.proxy(tgt, evidence, TARGET_SPN);
    const on = await r.proxy(await r.login('SERVERC$'), hop, second);
    const info = pacBuffer(r.pac(r.open(on, third)), PacType.delegationInfo) ?? new Uint8Array();
    expect(decodeDelegationInfo(info)).toEqual({
      proxyTarget: second,
      transitedServices: [`${MIDDLE_SPN}@CONTOSO.COM`, `${TARGET_SPN}@CONTOSO.COM`],
    });
  });

  test('by the middle’s own list, whichever bit is set', async () => {
    const r = realm({ middle: { allowedToDelegateTo: [TARGET_SPN.toUpperCase()] } });
    const { tgt, evidence } = await arrive(r);
    await r.proxy(tgt, evidence, TARGET_SPN, false);
    expect(r.events.at(-1)?.DelegationMode).toBe('kcd');
    await r.proxy(tgt, evidence, TARGET_SPN);
    expect(r.events.at(-1)?.DelegationMode).toBe('kcd');
  });

  test.each<[string, Changes, string]>([
    ['no list', {}, 'STATUS_NOT_SUPPORTED'],
    ['another one', { middle: { allowedToDelegateTo: ['cifs/other'] } }, 'STATUS_NO_MATCH'],
  ])('without the RBCD bit, %s', async (_name, changes, status) => {
    const r = realm({ ...changes, target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    const seen = await refusal(r.proxy(tgt, evidence, TARGET_SPN, false));
    expect(seen).toMatchObject({ ...PROXY, status });
  });

  test.each<[string, Changes]>([
    ['sensitive', { alice: { userAccountControl: 0x10_0200 } }],
    ['in Protected Users', { alice: { protectedUser: true } }],
  ])('a user who is %s: STATUS_ACCOUNT_RESTRICTION', async (_name, changes) => {
    const r = realm({ ...changes, target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    expect(await refusal(r.proxy(tgt, evidence, TARGET_SPN))).toMatchObject({
      ...PROXY,
      status: 'STATUS_ACCOUNT_RESTRICTION',
    });
  });

  test('evidence for somebody else', async () => {
    const r = realm({ target: GRANTED });
    const { tgt } = await arrive(r);
    const other = await r.ticket(await r.login('alice'), TARGET_SPN);
    const seen = await refusal(r.proxy(tgt, other, TARGET_SPN));
    expect(seen).toMatchObject({ ...PROXY, reason: 'evidence-not-for-middle' });
  });

  test('to krbtgt: that would be unconstrained', async () => {
    const r = realm({ target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    const seen = await refusal(
      exchangeTgs(r.client, {
        tgt,
        server: r.name('krbtgt/CONTOSO.COM').name,
        options: KdcOption.CNAME_IN_ADDL_TKT,
        additionalTickets: [evidence.ticket],
        sameClient: false,
      }),
    );
    expect(seen).toMatchObject({ error: 'KDC_ERR_POLICY', reason: 'target-krbtgt' });
  });

  test('without evidence', async () => {
    const r = realm({ target: GRANTED });
    const { tgt } = await arrive(r);
    const server = r.name(TARGET_SPN).name;
    const options = KdcOption.CNAME_IN_ADDL_TKT;
    const seen = await refusal(exchangeTgs(r.client, { tgt, server, options, sameClient: false }));
    expect(seen).toMatchObject({ ...PROXY, reason: 'evidence-absent' });
  });
});

describe('evidence seen before (MS-SFU 3.2.5.2.2)', () => {
  const otherKeys = { kvno: 2, keys: passwordKeys('another', 'CONTOSO.COMSERVERB$').keys };

  test('is good again, and refused when its middle has other keys', async () => {
    const r = realm({ target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    const first = r.open(await r.proxy(tgt, evidence, TARGET_SPN), TARGET);
    const second = r.open(await r.proxy(tgt, evidence, TARGET_SPN), TARGET);
    expect(second.cname).toEqual(first.cname);
    expect(second.authtime).toBe(first.authtime);
    r.accounts.replace({ ...MIDDLE, keys: otherKeys });
    expect(await refusal(r.proxy(tgt, evidence, TARGET_SPN))).toMatchObject({
      error: 'KRB_AP_ERR_MODIFIED',
    });
  });

  test('is refused when krbtgt has other keys than those that signed it', async () => {
    const r = realm({ target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    await r.proxy(tgt, evidence, TARGET_SPN);
    r.accounts.replace(krbtgt());
    const fresh = await r.login('SERVERB$');
    expect(await refusal(r.proxy(fresh, evidence, TARGET_SPN))).toMatchObject({
      reason: 'evidence-signature-invalid',
    });
  });
});

/** The middle changes evidence with its own key, which it has. */
function forged(r: Realm, evidence: Credentials, change: Partial<EncTicketPart>): Credentials {
  const part = { ...r.open(evidence, MIDDLE), ...change };
  const { realm: name, sname } = decodeDer(Ticket, evidence.ticket);
  const key = Key.of(18, MIDDLE.keys?.keys[0]?.bytes ?? new Uint8Array());
  return {
    ...evidence,
    ticket: sealTicket(name, sname, { kvno: 1, key }, encodeDer(EncTicketPart, part), r.random),
  };
}

describe('the Bronze-bit rule (MS-PAC 2.8, CVE-2020-17049)', () => {
  test('a middle that turns FORWARDABLE on is found out by the ticket signature', async () => {
    const r = realm({ target: GRANTED, alice: { userAccountControl: 0x10_0200 } });
    const tgt = await r.login('SERVERB$');
    const evidence = await r.self(tgt, 'alice');
    const { flags } = r.open(evidence, MIDDLE);
    const forgery = forged(r, evidence, { flags: (flags | TicketFlag.FORWARDABLE) >>> 0 });
    const seen = await refusal(r.proxy(tgt, forgery, TARGET_SPN));
    expect(seen).toMatchObject({
      error: 'KRB_AP_ERR_MODIFIED',
      reason: 'evidence-signature-invalid',
    });
  });

  test('and one that changes the user, or takes the PAC away', async () => {
    const r = realm({ target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    const cname = { nameType: 1, nameString: ['Administrator'] };
    const asAdmin = await refusal(r.proxy(tgt, forged(r, evidence, { cname }), TARGET_SPN));
    expect(asAdmin.error).toBe('KRB_AP_ERR_MODIFIED');
    const bare = forged(r, evidence, { authorizationData: undefined });
    const seen = await refusal(r.proxy(tgt, bare, TARGET_SPN));
    expect(seen.reason).toBe('evidence-pac-absent');
  });

  test.each([
    ['ticket', PacType.ticketChecksum],
    ['full', PacType.fullChecksum],
  ])('evidence without its %s signature (CVE-2020-17049, CVE-2022-37967)', async (name, type) => {
    const r = realm({ target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    const pac = encodePac(r.pac(r.open(evidence, MIDDLE)).buffers.filter((b) => b.type !== type));
    const stripped = forged(r, evidence, { authorizationData: withPac(pac) });
    const seen = await refusal(r.proxy(tgt, stripped, TARGET_SPN));
    // The server signature is over the whole PAC: its middle can make that one again, and must.
    expect(['evidence-signature-invalid', `evidence-${name}-signature-absent`]).toContain(
      seen.reason,
    );
    expect(seen.error).toBe('KRB_AP_ERR_MODIFIED');
  });

  test('a re-sealed but unchanged ticket is as good as the original', async () => {
    const r = realm({ target: GRANTED });
    const { tgt, evidence } = await arrive(r);
    await expect(r.proxy(tgt, forged(r, evidence, {}), TARGET_SPN)).resolves.toBeDefined();
  });
});
