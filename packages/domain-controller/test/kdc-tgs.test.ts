import { getServiceTicket } from '@doublehop/kerberos/client/service-ticket';
import { AdType } from '@doublehop/kerberos/iana/padata-types';
import { Key } from '@doublehop/crypto/key';
import { exchangeTgs, forwardTgt, renewTicket } from '@doublehop/kerberos/client/service-ticket';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import { AsReq, KdcReqBody, TgsReq } from '@doublehop/kerberos/messages/kdc';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import { buildTgsReq } from '@doublehop/kerberos/client/tgs-exchange';
import { errorName } from '@doublehop/kerberos/iana/error-codes';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { sealTicket } from '@doublehop/domain-controller/kdc/sealed-ticket';
import { findPac } from '@doublehop/domain-controller/kdc/authorization-data';
import { pacBuffer, PacType } from '@doublehop/security/pac/pac';
import { verifyServiceTicketPac } from '@doublehop/security/pac/verify';
import { decodeDer, encodeDer, span } from '@doublehop/wire/der';
import { describe, expect, test } from 'vitest';
import { account, krbtgt, passwordKeys } from './support/accounts.ts';
import { NOW, Realm, refusal } from './support/realm.ts';

const KRBTGT = krbtgt();
const ALICE = account('user', 'alice', 1103);
const SERVER = account('computer', 'SERVERB$', 1104, {
  servicePrincipalNames: ['HTTP/serverb.contoso.com', 'HOST/serverb'],
});
const WEB = 'HTTP/serverb.contoso.com';

function realm(settings = {}): Realm {
  return new Realm([KRBTGT, ALICE, SERVER, account('user', 'bob', 1106)], settings);
}

function keyOf(of: { readonly keys: typeof KRBTGT.keys }): Key {
  return Key.of(18, of.keys?.keys[0]?.bytes ?? new Uint8Array());
}

describe('RFC 4120 §3.3 TGS exchange', () => {
  test('a ticket for a service inherits from the TGT', async () => {
    const r = realm();
    const tgt = await r.login('alice', { proxiable: true });
    const ticket = await r.ticket(tgt, WEB);
    const part = r.open(ticket, SERVER);
    expect(part.cname.nameString).toEqual(['alice']);
    expect(part.authtime).toBe(tgt.times.authtime);
    expect(part.endtime).toBeLessThanOrEqual(tgt.times.endtime);
    expect(part.flags & TicketFlag.INITIAL).toBe(0);
    const inherited = TicketFlag.FORWARDABLE | TicketFlag.PRE_AUTHENT;
    expect(part.flags & inherited).toBe(inherited);
    expect(r.events.at(-1)).toMatchObject({
      EventID: 4769,
      TargetUserName: 'alice',
      ServiceName: 'SERVERB$',
      RequestedService: WEB,
      TicketEncryptionType: '0x12',
    });
  });

  test('its PAC: all four signatures, nothing that is for TGTs only', async () => {
    const r = realm();
    const part = r.open(await r.ticket(await r.login('alice'), WEB), SERVER);
    const pac = r.pac(part);
    expect(pac.buffers.map(({ type }) => type)).toEqual([1, 10, 12, 6, 7, 16, 19]);
    const found = findPac(part.authorizationData);
    const encTicketPart = encodeDer(EncTicketPart, { ...part, authorizationData: found?.blanked });
    const keys = { serverKey: keyOf(SERVER), kdcKeys: [keyOf(KRBTGT)], encTicketPart };
    expect(verifyServiceTicketPac(pac, keys)).toMatchObject({
      valid: true,
      server: 'valid',
      kdc: 'valid',
      ticket: 'valid',
      full: 'valid',
    });
  });

  test('ok-as-delegate for a server that is trusted for delegation', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    expect((await r.ticket(tgt, WEB)).flags & TicketFlag.OK_AS_DELEGATE).toBe(0);
    r.accounts.replace({ ...SERVER, userAccountControl: 0x8_1000 });
    const flags = (await r.ticket(tgt, 'HOST/serverb')).flags;
    expect(flags & TicketFlag.OK_AS_DELEGATE).toBe(TicketFlag.OK_AS_DELEGATE);
  });

  test('NO_AUTH_DATA_REQUIRED: no PAC; a client that declines one gets none', async () => {
    const r = realm();
    r.accounts.replace({ ...SERVER, userAccountControl: 0x200_1000 });
    const part = r.open(await r.ticket(await r.login('alice'), WEB), SERVER);
    expect(part.authorizationData).toBeUndefined();
    r.accounts.replace(SERVER);
    const declined = await r.login('alice', { includePac: false });
    expect(r.open(declined, KRBTGT).authorizationData).toBeDefined();
    expect(r.open(await r.ticket(declined, WEB), SERVER).authorizationData).toBeUndefined();
    const asked = await r.login('alice', { includePac: true });
    expect(r.open(await r.ticket(asked, WEB), SERVER).authorizationData).toBeDefined();
  });

  test('RFC 4120 §3.3.3: restrictions in a TGT are in every ticket made from it', async () => {
    const r = realm();
    const restriction = { adType: AdType.TOKEN_RESTRICTIONS, adData: Uint8Array.of(7) };
    const { credentials } = await getServiceTicket(
      r.client,
      await r.login('alice'),
      r.name('krbtgt/CONTOSO.COM'),
      { authorizationData: [restriction] },
    );
    const part = r.open(await r.ticket(credentials, WEB), SERVER);
    expect(part.authorizationData).toHaveLength(2);
    expect(part.authorizationData?.[1]).toEqual(restriction);
    expect(r.pac(part).buffers.map(({ type }) => type)).toEqual([1, 10, 12, 6, 7, 16, 19]);
  });

  test('a user without an SPN is no server (MS-KILE 3.3.5.7)', async () => {
    const r = realm();
    const seen = await refusal(r.ticket(await r.login('alice'), 'bob'));
    expect(seen).toMatchObject({
      error: 'KDC_ERR_MUST_USE_USER2USER',
      reason: 'server-is-a-user',
    });
  });

  test('unknown and disabled servers', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    expect((await refusal(r.ticket(tgt, 'HTTP/nowhere'))).reason).toBe('server-unknown');
    r.accounts.replace({ ...SERVER, userAccountControl: 0x1002 });
    expect((await refusal(r.ticket(tgt, WEB))).reason).toBe('server-disabled');
  });
});

describe('renewed and forwarded', () => {
  test('renewal gives the same life again, until renew-till', async () => {
    const r = realm();
    const tgt = await r.login('alice', { renewLifetime: 3 * 86_400, lifetime: 3600 });
    r.now = NOW + 3_000_000;
    const renewed = await renewTicket(r.client, tgt);
    expect(renewed.times.endtime).toBe(r.now / 1000 + 3600);
    expect(renewed.times.renewTill).toBe(tgt.times.renewTill);
    expect(r.open(renewed, KRBTGT).authtime).toBe(NOW / 1000);
    expect(r.events.at(-1)?.EventID).toBe(4770);
    await expect(r.ticket(renewed, WEB)).resolves.toBeDefined();
  });

  test('renewal after something about krbtgt changed', async () => {
    const r = realm();
    const tgt = await r.login('alice', { renewLifetime: 3 * 86_400 });
    await r.ticket(tgt, WEB);
    r.accounts.replace({ ...KRBTGT, logonCount: 1 });
    await expect(renewTicket(r.client, tgt)).resolves.toBeDefined();
  });

  test('not renewable, or too late', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const options = KdcOption.RENEW;
    const seen = await refusal(exchangeTgs(r.client, { tgt, server: tgt.server.name, options }));
    expect(seen.reason).toBe('not-renewable');
  });

  test('a forwarded TGT is for the next host', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const forwarded = await forwardTgt(r.client, tgt);
    const flags = TicketFlag.FORWARDED | TicketFlag.FORWARDABLE;
    expect(r.open(forwarded, KRBTGT).flags & flags).toBe(flags);
    const service = r.open(await r.ticket(forwarded, WEB), SERVER);
    expect(service.flags & TicketFlag.FORWARDED).toBe(TicketFlag.FORWARDED);
    const fixed = await r.login('alice', { forwardable: false });
    const options = KdcOption.FORWARDED;
    const request = { tgt: fixed, server: fixed.server.name, options };
    expect((await refusal(exchangeTgs(r.client, request))).reason).toBe('not-forwardable');
  });
});

/** A TGT with changed contents, sealed by krbtgt. */
function resealed(r: Realm, tgt: Credentials, change: Partial<EncTicketPart>): Credentials {
  const part = { ...r.open(tgt, KRBTGT), ...change };
  const { realm: name, sname } = decodeDer(Ticket, tgt.ticket);
  const kvno = KRBTGT.keys?.kvno ?? 0;
  return {
    ...tgt,
    ticket: sealTicket(
      name,
      sname,
      { kvno, key: keyOf(KRBTGT) },
      encodeDer(EncTicketPart, part),
      r.random,
    ),
  };
}

describe('the header ticket (RFC 4120 §3.3.3.1)', () => {
  test('must be a TGT of this realm', async () => {
    const r = realm();
    const service = await r.ticket(await r.login('alice'), WEB);
    const disguised = { ...service, server: r.name('krbtgt/CONTOSO.COM') };
    expect((await refusal(r.ticket(disguised, 'HOST/serverb'))).error).toBe('KDC_ERR_POLICY');
  });

  test('not to be renewed either: a service makes tickets to itself as it likes', async () => {
    const r = realm();
    const tgt = await r.login('alice', { renewLifetime: 3 * 86_400 });
    const service = await r.ticket(tgt, WEB);
    const disguised = { ...service, server: r.name('krbtgt/CONTOSO.COM') };
    for (const server of [r.name(WEB).name, disguised.server.name]) {
      const request = { tgt: disguised, server, options: KdcOption.RENEW };
      const seen = await refusal(exchangeTgs(r.client, request));
      expect(seen).toMatchObject({ error: 'KDC_ERR_POLICY', reason: 'header-not-a-tgt' });
    }
  });

  test('must not have ended, nor begin later', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const late = resealed(r, tgt, { starttime: NOW / 1000 + 301 });
    expect((await refusal(r.ticket(late, WEB))).error).toBe('KRB_AP_ERR_TKT_NYV');
    r.now = NOW + 10 * 3600 * 1000;
    expect((await refusal(r.ticket(tgt, WEB))).error).toBe('KRB_AP_ERR_TKT_EXPIRED');
  });

  test('two minutes before its end it is no TGT any more (CVE-2022-2031)', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const options = { options: KdcOption.RENEW, server: tgt.server.name };
    const last = resealed(r, tgt, { endtime: NOW / 1000 + 120 });
    expect((await refusal(r.ticket(last, WEB))).error).toBe('KRB_AP_ERR_TKT_EXPIRED');
    const seen = await refusal(exchangeTgs(r.client, { tgt: last, ...options }));
    expect(seen.error).toBe('KRB_AP_ERR_TKT_EXPIRED');
    await expect(
      r.ticket(resealed(r, tgt, { endtime: NOW / 1000 + 121 }), WEB),
    ).resolves.toBeDefined();
  });

  test('RC4 seals none, although krbtgt has such a key', async () => {
    const keys = passwordKeys('Passw0rd.krbtgt', 'CONTOSO.COMkrbtgt', [18, 23]);
    const r = new Realm([krbtgt({ keys }), ALICE, SERVER], { encryptionTypes: [18, 23] });
    const tgt = await r.login('alice');
    const { realm: name, sname } = decodeDer(Ticket, tgt.ticket);
    const seal = { kvno: keys.kvno, key: Key.of(23, keys.keys[1]?.bytes ?? new Uint8Array()) };
    const ticket = sealTicket(name, sname, seal, new Uint8Array(64), r.random);
    const seen = await refusal(r.ticket({ ...tgt, ticket }, WEB));
    expect(seen).toMatchObject({ error: 'KRB_ERR_GENERIC', reason: 'header-rc4' });
  });

  test('an invalid one is good to be validated alone', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const flags = (tgt.flags | TicketFlag.INVALID) >>> 0;
    const invalid = resealed(r, tgt, { flags, starttime: NOW / 1000 - 60 });
    const validate = { options: KdcOption.VALIDATE, server: tgt.server.name };
    expect((await refusal(r.ticket(invalid, WEB))).error).toBe('KRB_AP_ERR_TKT_NYV');
    const { credentials } = await exchangeTgs(r.client, { tgt: invalid, ...validate });
    const { flags: now, starttime, endtime } = r.open(credentials, KRBTGT);
    expect(now & TicketFlag.INVALID).toBe(0);
    expect([starttime, endtime]).toEqual([NOW / 1000 - 60, tgt.times.endtime]);
    await expect(r.ticket(credentials, WEB)).resolves.toBeDefined();
    const early = resealed(r, tgt, { flags, starttime: NOW / 1000 + 301 });
    const seen = await refusal(exchangeTgs(r.client, { tgt: early, ...validate }));
    expect(seen.error).toBe('KRB_AP_ERR_TKT_NYV');
    const again = await refusal(exchangeTgs(r.client, { tgt, ...validate }));
    expect(again.reason).toBe('not-invalid');
  });

  test('krbtgt may be named by itself: the ticket is a TGT', async () => {
    const r = realm();
    const server = { nameType: 1, nameString: ['krbtgt'] };
    const tgt = await r.login('alice', { server });
    expect(pacBuffer(r.pac(r.open(tgt, KRBTGT)), PacType.requesterSid)).toBeDefined();
    const usual = { ...tgt, server: r.name('krbtgt/CONTOSO.COM') };
    await expect(r.ticket(usual, WEB)).resolves.toBeDefined();
  });

  test('a changed octet is noticed', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const ticket = Uint8Array.from(tgt.ticket);
    ticket[ticket.length - 40] = (ticket[ticket.length - 40] ?? 0) ^ 1;
    const seen = await refusal(r.ticket({ ...tgt, ticket }, WEB));
    expect(seen.error).toBe('KRB_AP_ERR_BAD_INTEGRITY');
  });

  test('without a PAC it is revoked (CVE-2021-42287)', async () => {
    const r = realm();
    const bare = resealed(r, await r.login('alice'), { authorizationData: undefined });
    const seen = await refusal(r.ticket(bare, WEB));
    expect(seen).toMatchObject({ error: 'KDC_ERR_TGT_REVOKED', reason: 'header-pac-absent' });
  });

  test('its name must still mean the account that got it (CVE-2021-42287)', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    r.accounts.replace({ ...ALICE, samAccountName: 'formerly-alice' });
    r.accounts.replace(account('user', 'alice', 1999));
    expect(await refusal(r.ticket(tgt, WEB))).toMatchObject({
      error: 'KDC_ERR_TGT_REVOKED',
      reason: 'client-changed',
    });
  });

  test('an account that was disabled since gets nothing more', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    await r.ticket(tgt, WEB);
    r.accounts.replace({ ...ALICE, userAccountControl: 0x202 });
    expect((await refusal(r.ticket(tgt, WEB))).status).toBe('STATUS_ACCOUNT_DISABLED');
  });

  test('after a change of the krbtgt key, old TGTs live on; after two, not', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const next = krbtgt({ keys: passwordKeys('next', 'krbtgt', [18], 3) });
    const old = KRBTGT.keys === undefined ? [] : [KRBTGT.keys];
    r.accounts.replace({ ...next, previousKeys: old });
    await expect(r.ticket(tgt, WEB)).resolves.toBeDefined();
    r.accounts.replace({ ...next, keys: passwordKeys('third', 'krbtgt', [18], 4) });
    expect((await refusal(r.ticket(tgt, WEB))).error).toBe('KRB_AP_ERR_BADKEYVER');
  });
});

/** Rewrites the authenticator of a TGS-REQ, and sends it. */
function withAuthenticator(
  r: Realm,
  tgt: Credentials,
  change: (authenticator: Authenticator) => Authenticator,
): string {
  const sent = buildTgsReq(r.client, { tgt, server: r.name(WEB).name, options: 0 });
  const req = decodeDer(TgsReq, sent.bytes);
  const [first, ...rest] = req.padata ?? [];
  if (first === undefined) throw new Error('no PA-TGS-REQ');
  const apReq = decodeDer(ApReq, first.padataValue);
  const usage = KeyUsage.TGS_REQ_AUTHENTICATOR;
  const plain = decodeDer(
    Authenticator,
    sent.sessionKey.decrypt(usage, apReq.authenticator.cipher),
  );
  const cipher = sent.sessionKey.encrypt(usage, encodeDer(Authenticator, change(plain)), r.random);
  const authenticator = { etype: sent.sessionKey.etype, cipher };
  const padataValue = encodeDer(ApReq, { ...apReq, authenticator });
  const bytes = encodeDer(TgsReq, { ...req, padata: [{ ...first, padataValue }, ...rest] });
  const reply = r.send(bytes);
  return reply[0] === 0x7e ? errorName(decodeDer(KrbError, reply).errorCode) : 'issued';
}

describe('the authenticator (RFC 4120 §3.3.2)', () => {
  test('untouched it is accepted', async () => {
    const r = realm();
    expect(withAuthenticator(r, await r.login('alice'), (same) => same)).toBe('issued');
  });

  test('names the client of the ticket', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const cname = { nameType: 1, nameString: ['bob'] };
    expect(withAuthenticator(r, tgt, (a) => ({ ...a, cname }))).toBe('KRB_AP_ERR_BADMATCH');
  });

  test('is of now', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const change = (a: Authenticator) => ({ ...a, ctime: a.ctime - 301 });
    expect(withAuthenticator(r, tgt, change)).toBe('KRB_AP_ERR_SKEW');
  });

  test('covers the body with a keyed checksum', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const none = (a: Authenticator) => ({ ...a, cksum: undefined });
    expect(withAuthenticator(r, tgt, none)).toBe('KRB_AP_ERR_INAPP_CKSUM');
    const md5 = { cksumtype: 7, checksum: new Uint8Array(16) };
    const unkeyed = (a: Authenticator) => ({ ...a, cksum: md5 });
    expect(withAuthenticator(r, tgt, unkeyed)).toBe('KRB_AP_ERR_INAPP_CKSUM');
    const wrong = { cksumtype: 16, checksum: new Uint8Array(12) };
    const other = (a: Authenticator) => ({ ...a, cksum: wrong });
    expect(withAuthenticator(r, tgt, other)).toBe('KRB_AP_ERR_MODIFIED');
    const lenient = realm({ requestChecksum: 'lenient' });
    expect(withAuthenticator(lenient, await lenient.login('alice'), none)).toBe('issued');
  });

  test('without PA-TGS-REQ there is nothing to answer to', async () => {
    const r = realm();
    const sent = buildTgsReq(r.client, {
      tgt: await r.login('alice'),
      server: r.name(WEB).name,
      options: 0,
    });
    const req = decodeDer(TgsReq, sent.bytes);
    const error = decodeDer(KrbError, r.send(encodeDer(TgsReq, { ...req, padata: undefined })));
    expect(errorName(error.errorCode)).toBe('KDC_ERR_PADATA_TYPE_NOSUPP');
  });
});

describe('enc-authorization-data', () => {
  const own = { adType: 999, adData: new Uint8Array([1]) };

  test('goes into the ticket, but never a PAC of the client’s making', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const pac = { adType: 128, adData: new Uint8Array(8) };
    const authorizationData = [own, pac];
    const request = { tgt, server: r.name(WEB).name, options: 0, authorizationData };
    const { credentials } = await exchangeTgs(r.client, request);
    const part = r.open(credentials, SERVER);
    expect(part.authorizationData?.map(({ adType }) => adType)).toEqual([1, 999]);
    expect(pacBuffer(r.pac(part), PacType.logonInfo)).toBeDefined();
  });
});

test('an AS-REQ where the realm is another one', async () => {
  const r = realm();
  const client = { ...r.name('alice'), realm: 'ELSEWHERE.TEST' };
  const body = {
    kdcOptions: 0,
    cname: client.name,
    realm: client.realm,
    sname: { nameType: 2, nameString: ['krbtgt', client.realm] },
    till: 0,
    nonce: 1,
    etype: [18],
  };
  const reqBody = span(KdcReqBody, body);
  const reply = r.send(encodeDer(AsReq, { pvno: 5, msgType: 10, reqBody }));
  expect(errorName(decodeDer(KrbError, reply).errorCode)).toBe('KDC_ERR_WRONG_REALM');
});
