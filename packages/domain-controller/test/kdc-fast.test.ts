import { Key } from '@doublehop/crypto/key';
import { buildAsReq, startAs } from '@doublehop/kerberos/client/as-exchange';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import { getServiceTicket } from '@doublehop/kerberos/client/service-ticket';
import { s4u2proxy } from '@doublehop/kerberos/client/s4u2proxy';
import { s4u2self } from '@doublehop/kerberos/client/s4u2self';
import { buildTgsReq } from '@doublehop/kerberos/client/tgs-exchange';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { armorKey, kdcChallengeKey } from '@doublehop/kerberos/fast/keys';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { MessageType, PVNO } from '@doublehop/kerberos/iana/message-types';
import { AdType, PaType } from '@doublehop/kerberos/iana/padata-types';
import { ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import {
  type AuthorizationData,
  EncryptedData,
  findPadata,
  MethodData,
  type PaData,
} from '@doublehop/kerberos/messages/common';
import {
  KrbFastReq,
  KrbFastResponse,
  PaFxFastReply,
  PaFxFastRequest,
} from '@doublehop/kerberos/messages/fast';
import { AsRep, AsReq, KdcReqBody, TgsRep, TgsReq } from '@doublehop/kerberos/messages/kdc';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import { EtypeInfo2, PaEncTsEnc } from '@doublehop/kerberos/messages/padata';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { sealTicket } from '@doublehop/domain-controller/kdc/sealed-ticket';
import { decodeDer, encodeDer, span } from '@doublehop/wire/der';
import { describe, expect, test } from 'vitest';
import { clientChallengeKey, strengthenedKey } from '@doublehop/kerberos/fast/keys';
import type { KdcSettings } from '@doublehop/domain-controller/kdc/settings';
import { account, krbtgt, passwordKeys } from './support/accounts.ts';
import { NOW, Realm, refusal } from './support/realm.ts';

const KRBTGT = krbtgt();
const ALICE = account('user', 'alice', 1103);
const HOST = account('computer', 'PC$', 1105, { servicePrincipalNames: ['host/pc.contoso.com'] });
const WEB = account('computer', 'WEB$', 1106, { servicePrincipalNames: ['http/web.contoso.com'] });

const realm = (settings: Partial<KdcSettings> = {}, changes = {}): Realm =>
  new Realm([KRBTGT, { ...ALICE, ...changes }, HOST, WEB], settings);

/** A realm with the TGT of a computer in it. */
async function armored(settings: Partial<KdcSettings> = {}, changes = {}) {
  const r = realm(settings, changes);
  return { r, armor: await r.login('PC$') };
}

const passwordKey = (password: string, salt: string): Key => {
  const [key] = passwordKeys(password, salt, [18]).keys;
  if (key === undefined) throw new Error('no key');
  return Key.of(key.etype, key.bytes);
};
const ALICES = passwordKey('Passw0rd.alice', 'CONTOSO.COMalice');

/** What a hand-made armored AS-REQ has otherwise than an honest one. */
interface Forgery {
  readonly fastOptions?: number;
  readonly armorType?: number;
  readonly withoutArmor?: true;
  readonly ticket?: Credentials;
  readonly withoutSubkey?: true;
  readonly authorizationData?: AuthorizationData;
  readonly padata?: (armor: Key) => readonly PaData[];
  /** Body outside the armor. */
  readonly outer?: Partial<KdcReqBody>;
  readonly inner?: Partial<KdcReqBody>;
  /** Another type of checksum, with octets. */
  readonly checksum?: { readonly cksumtype: number; readonly checksum: Uint8Array };
}

function forge(r: Realm, tgt: Credentials, forgery: Forgery = {}) {
  const { ticket = tgt, armorType = 1, fastOptions = 0 } = forgery;
  const state = startAs(r.client, {
    client: r.name('alice'),
    secret: { kind: 'password', password: '' },
  });
  const { body } = buildAsReq(r.client, {}, state, undefined);
  const sessionKey = Key.of(ticket.key.etype, ticket.key.bytes);
  const subkey = Key.random(18, r.random);
  const key = armorKey(subkey, sessionKey);
  const authenticator = encodeDer(Authenticator, {
    authenticatorVno: PVNO,
    crealm: ticket.client.realm,
    cname: ticket.client.name,
    cusec: 0,
    ctime: NOW / 1000,
    ...(forgery.withoutSubkey ? {} : { subkey: { keytype: 18, keyvalue: subkey.bytes() } }),
    authorizationData: forgery.authorizationData,
  });
  const usage = KeyUsage.AP_REQ_AUTHENTICATOR;
  const cipher = sessionKey.encrypt(usage, authenticator, r.random);
  const armorValue = encodeDer(ApReq, {
    pvno: PVNO,
    msgType: MessageType.AP_REQ,
    apOptions: 0x4000_0000,
    ticket: ticket.ticket,
    authenticator: { etype: sessionKey.etype, cipher },
  });
  const outer = span(KdcReqBody, { ...body, ...forgery.outer });
  const inner = span(KdcReqBody, { ...body, ...forgery.inner });
  const fastReq = { fastOptions, padata: forgery.padata?.(key) ?? [], reqBody: inner };
  const plain = encodeDer(KrbFastReq, fastReq);
  const padataValue = encodeDer(PaFxFastRequest, {
    armor: forgery.withoutArmor ? undefined : { armorType, armorValue },
    reqChecksum: forgery.checksum ?? {
      cksumtype: key.checksumType,
      checksum: key.checksum(KeyUsage.FAST_REQ_CHKSUM, outer.raw),
    },
    encFastReq: { etype: 18, cipher: key.encrypt(KeyUsage.FAST_ENC, plain, r.random) },
  });
  const padata = [{ padataType: PaType.FX_FAST, padataValue }];
  const request = { pvno: PVNO, msgType: MessageType.AS_REQ, padata, reqBody: outer };
  return { key, nonce: inner.value.nonce, answer: r.send(encodeDer(AsReq, request)) };
}

/** A challenge of the client; `make` derives its key. */
const challenge =
  (r: Realm, longTerm = ALICES, make = clientChallengeKey, time = NOW / 1000) =>
  (armor: Key): PaData[] => {
    const key = make(armor, longTerm);
    const plain = encodeDer(PaEncTsEnc, { patimestamp: time, pausec: 0 });
    const cipher = key.encrypt(KeyUsage.ENC_CHALLENGE_CLIENT, plain, r.random);
    const padataValue = encodeDer(EncryptedData, { etype: 18, cipher });
    return [{ padataType: PaType.ENCRYPTED_CHALLENGE, padataValue }];
  };

const need = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('it is missing');
  return value;
};

function openResponse(key: Key, padata: readonly PaData[] | undefined): KrbFastResponse {
  const value = need(findPadata(padata, PaType.FX_FAST));
  const { encFastRep } = decodeDer(PaFxFastReply, value);
  return decodeDer(KrbFastResponse, key.decrypt(KeyUsage.FAST_REP, encFastRep.cipher));
}

/** An error in armor: outside, inside, and the padata beside it. */
function openError({ key, nonce, answer }: ReturnType<typeof forge>) {
  const outside = decodeDer(KrbError, answer);
  const outerPadata = decodeDer(MethodData, need(outside.eData));
  expect(outerPadata.map(({ padataType }) => padataType)).toEqual([PaType.FX_FAST]);
  const response = openResponse(key, outerPadata);
  expect(response.nonce).toBe(nonce);
  expect(response.finished).toBeUndefined();
  const inside = decodeDer(KrbError, need(findPadata(response.padata, PaType.FX_ERROR)));
  expect(inside.errorCode).toBe(outside.errorCode);
  // RFC 6113 §5.4.4: no e-data in PA-FX-ERROR.
  expect(inside.eData).toBeUndefined();
  return { outside, inside, padata: response.padata };
}

const types = (padata: readonly PaData[]): number[] => padata.map(({ padataType }) => padataType);

describe('RFC 6113 §5.4 FAST in the AS exchange', () => {
  test('armored by the TGT of a computer: encrypted challenge, strengthened reply', async () => {
    const { r, armor } = await armored();
    const tgt = await r.login('alice', { armor });
    expect(tgt.client.name.nameString).toEqual(['alice']);
    expect(tgt.flags & TicketFlag.PRE_AUTHENT).not.toBe(0);
    expect(r.events.at(-1)).toMatchObject({ PreAuthType: '138', TargetUserName: 'alice' });
    expect(r.defects).toEqual([]);
    await expect(r.ticket(tgt, 'http/web.contoso.com')).resolves.toBeDefined();
  });

  test.each([17, 18, 19, 20])('with keys of type %i', async (etype) => {
    const keys = passwordKeys('Passw0rd.alice', 'CONTOSO.COMalice', [etype]);
    const { r, armor } = await armored({}, { keys });
    await expect(r.login('alice', { armor, etypes: [etype] })).resolves.toBeDefined();
  });

  test('a key from a keytab needs no question first', async () => {
    const { r, armor } = await armored();
    const before = r.events.length;
    await r.login('alice', { armor, optimistic: true });
    expect(r.events.length - before).toBe(1);
  });

  test('a wrong password is told in armor, and is event 4771', async () => {
    const { r, armor } = await armored();
    const seen = await refusal(r.login('alice', { armor, password: 'guess' }));
    expect(seen.error).toBe('KDC_ERR_PREAUTH_FAILED');
    expect(r.events.at(-1)).toMatchObject({ EventID: 4771, PreAuthType: '138' });
  });

  test('PREAUTH_REQUIRED inside and outside, in the order of Windows', async () => {
    const { r, armor } = await armored();
    const { padata } = openError(forge(r, armor));
    expect(types(padata)).toEqual([
      PaType.FX_ERROR,
      PaType.FX_COOKIE,
      PaType.ETYPE_INFO2,
      PaType.ENCRYPTED_CHALLENGE,
    ]);
    expect(findPadata(padata, PaType.FX_COOKIE)).toEqual(new TextEncoder().encode('Microsoft'));
    expect(findPadata(padata, PaType.ENCRYPTED_CHALLENGE)).toHaveLength(0);
    const info = decodeDer(EtypeInfo2, need(findPadata(padata, PaType.ETYPE_INFO2)));
    expect(info[0]).toMatchObject({ etype: 18, salt: 'CONTOSO.COMalice' });
  });

  test('the KDC proves itself by its own challenge, and names the ticket', async () => {
    const { r, armor } = await armored();
    const { key, nonce, answer } = forge(r, armor, { padata: challenge(r) });
    const rep = decodeDer(AsRep, answer);
    expect(types(need(rep.padata))).toEqual([PaType.FX_FAST]);
    const response = openResponse(key, rep.padata);
    expect(response.nonce).toBe(nonce);
    expect(types(response.padata)).toEqual([PaType.ETYPE_INFO2, PaType.ENCRYPTED_CHALLENGE]);
    const value = need(findPadata(response.padata, PaType.ENCRYPTED_CHALLENGE));
    const kdcs = kdcChallengeKey(key, ALICES);
    const { cipher } = decodeDer(EncryptedData, value);
    const plain = kdcs.decrypt(KeyUsage.ENC_CHALLENGE_KDC, cipher);
    expect(decodeDer(PaEncTsEnc, plain).patimestamp).toBe(NOW / 1000);
    const { finished, strengthenKey } = response;
    expect(finished).toMatchObject({ crealm: 'CONTOSO.COM', timestamp: NOW / 1000 });
    expect(finished?.ticketChecksum.checksum).toEqual(
      key.checksum(KeyUsage.FAST_FINISHED, rep.ticket),
    );
    const { keytype, keyvalue } = need(strengthenKey);
    const sealing = strengthenedKey(Key.of(keytype, keyvalue), ALICES);
    const usage = KeyUsage.AS_REP_ENC_PART;
    expect(sealing.decrypt(usage, rep.encPart.cipher).length).toBeGreaterThan(0);
    expect(() => ALICES.decrypt(usage, rep.encPart.cipher)).toThrow('does not match its MAC');
  });

  test('hide-client-names: nobody is named outside', async () => {
    const { r, armor } = await armored();
    const hide = { fastOptions: 0x4000_0000 };
    const { outside, inside } = openError(forge(r, armor, hide));
    expect(outside.cname?.nameString).toEqual(['WELLKNOWN', 'ANONYMOUS']);
    expect(inside.cname?.nameString).toEqual(['alice']);
    const granted = forge(r, armor, { ...hide, padata: challenge(r) });
    const rep = decodeDer(AsRep, granted.answer);
    expect(rep.cname.nameString).toEqual(['WELLKNOWN', 'ANONYMOUS']);
    const { finished } = openResponse(granted.key, rep.padata);
    expect(finished?.cname.nameString).toEqual(['alice']);
  });

  test('what is outside the armor does not count', async () => {
    const { r, armor } = await armored();
    const outer = { realm: 'ELSEWHERE', nonce: 7, kdcOptions: 0xffff_8000, till: 1 };
    const { answer } = forge(r, armor, { outer, padata: challenge(r) });
    expect(decodeDer(AsRep, answer).cname.nameString).toEqual(['alice']);
  });

  test('a timestamp is no proof in armor, nor a challenge without', async () => {
    const { r, armor } = await armored();
    const stamp = (): PaData[] => {
      const plain = encodeDer(PaEncTsEnc, { patimestamp: NOW / 1000, pausec: 0 });
      const cipher = ALICES.encrypt(KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, plain, r.random);
      const padataValue = encodeDer(EncryptedData, { etype: 18, cipher });
      return [{ padataType: PaType.ENC_TIMESTAMP, padataValue }];
    };
    const { inside } = openError(forge(r, armor, { padata: stamp }));
    expect(inside.errorCode).toBe(ErrorCode.KDC_ERR_PREAUTH_REQUIRED);
  });

  test.each([
    ['the long-term key itself', (_armor: Key, key: Key) => key],
    ["the KDC's challenge key", kdcChallengeKey],
  ])('a challenge made with %s', async (_what, make) => {
    const { r, armor } = await armored();
    const { inside, padata } = openError(forge(r, armor, { padata: challenge(r, ALICES, make) }));
    expect(inside.errorCode).toBe(ErrorCode.KDC_ERR_PREAUTH_FAILED);
    expect(types(padata)).toEqual([PaType.FX_ERROR, PaType.FX_COOKIE, PaType.ETYPE_INFO2]);
  });

  test('RFC 6113 §5.4.6: a challenge of another time', async () => {
    const { r, armor } = await armored();
    const old = challenge(r, ALICES, clientChallengeKey, NOW / 1000 - 301);
    const { inside } = openError(forge(r, armor, { padata: old }));
    expect(inside.errorCode).toBe(ErrorCode.KRB_AP_ERR_SKEW);
  });

  test('unknown critical options are refused in armor, others are not', async () => {
    const { r, armor } = await armored();
    const { inside } = openError(forge(r, armor, { fastOptions: 0x2000_0000 }));
    expect(inside.errorCode).toBe(ErrorCode.KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS);
    const { answer } = forge(r, armor, { fastOptions: 0xffff, padata: challenge(r) });
    expect(() => decodeDer(AsRep, answer)).not.toThrow();
  });

  test('a refusal that is no question for pre-authentication', async () => {
    const { r, armor } = await armored({}, { userAccountControl: 0x202 });
    const { inside, padata } = openError(forge(r, armor));
    expect(inside.eText).toBe('client-disabled');
    expect(types(padata)).toEqual([PaType.FX_ERROR, PaType.FX_COOKIE, PaType.ETYPE_INFO2]);
  });
});

describe('RFC 6113 §5.4.1 armor that is none', () => {
  const wrong: readonly [string, Forgery, keyof typeof ErrorCode, string][] = [
    ['no armor at all', { withoutArmor: true }, 'KRB_ERR_GENERIC', 'armor-absent'],
    ['type 0', { armorType: 0 }, 'KDC_ERR_PREAUTH_FAILED', 'armor-type'],
    ['type 2', { armorType: 2 }, 'KDC_ERR_PREAUTH_FAILED', 'armor-type'],
    ['no subkey', { withoutSubkey: true }, 'KDC_ERR_POLICY', 'armor-without-subkey'],
    [
      'an unkeyed checksum',
      { checksum: { cksumtype: 7, checksum: new Uint8Array(16) } },
      'KDC_ERR_POLICY',
      'armor-checksum-unkeyed',
    ],
    [
      'a checksum of something else',
      { checksum: { cksumtype: 16, checksum: new Uint8Array(12) } },
      'KRB_AP_ERR_MODIFIED',
      'armor-checksum',
    ],
  ];
  test.each(wrong)('%s', async (_name, forgery, error, reason) => {
    const { r, armor } = await armored();
    const { errorCode, eText, eData } = decodeDer(KrbError, forge(r, armor, forgery).answer);
    expect([errorCode, eText]).toEqual([ErrorCode[error], reason]);
    expect(eData).toBeUndefined();
    expect(r.defects).toEqual([]);
  });

  test('a service ticket', async () => {
    const { r, armor } = await armored();
    const ticket = await r.ticket(armor, 'http/web.contoso.com');
    const { errorCode, eText } = decodeDer(KrbError, forge(r, armor, { ticket }).answer);
    expect([errorCode, eText]).toEqual([ErrorCode.KDC_ERR_POLICY, 'armor-not-a-tgt']);
  });

  test('a TGT without a PAC, or of an account that is disabled since', async () => {
    const { r, armor } = await armored();
    const part = { ...r.open(armor, KRBTGT), authorizationData: undefined };
    const { realm: name, sname } = decodeDer(Ticket, armor.ticket);
    const { kvno = 0, keys = [] } = KRBTGT.keys ?? {};
    const key = Key.of(18, keys[0]?.bytes ?? new Uint8Array());
    const plain = encodeDer(EncTicketPart, part);
    const ticket = { ...armor, ticket: sealTicket(name, sname, { kvno, key }, plain, r.random) };
    const reasons = [decodeDer(KrbError, forge(r, armor, { ticket }).answer)];
    r.accounts.replace({ ...HOST, userAccountControl: 0x1002 });
    reasons.push(decodeDer(KrbError, forge(r, armor).answer));
    expect(reasons.map(({ errorCode, eText }) => [errorCode, eText])).toEqual([
      [ErrorCode.KDC_ERR_TGT_REVOKED, 'header-pac-absent'],
      [ErrorCode.KDC_ERR_CLIENT_REVOKED, 'client-disabled'],
    ]);
  });

  test('an expired TGT', async () => {
    const { r, armor } = await armored();
    r.now += 11 * 3_600_000;
    expect((await refusal(r.login('alice', { armor }))).error).toBe('KRB_AP_ERR_TKT_EXPIRED');
  });

  test('a clock that is wrong is told before the armor can be opened, and set right', async () => {
    const { r, armor } = await armored();
    const clock = new KdcClock(() => NOW + 600_000);
    const settings = { ...r.client.settings, correctSkew: true };
    const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
    const request = { client: r.name('alice'), secret, armor };
    await expect(
      getInitialTicket({ ...r.client, clock, settings }, request),
    ).resolves.toBeDefined();
    expect(Math.abs(clock.offset + 600_000)).toBeLessThan(2000);
  });

  test('AD-fx-fast-armor belongs into armor', async () => {
    const { r, armor } = await armored();
    const authorizationData = [{ adType: AdType.FX_FAST_ARMOR, adData: new Uint8Array() }];
    const { answer } = forge(r, armor, { authorizationData, padata: challenge(r) });
    expect(() => decodeDer(AsRep, answer)).not.toThrow();
  });

  test('an empty PA-FX-FAST is malformed', () => {
    const r = realm();
    const state = startAs(r.client, {
      client: r.name('alice'),
      secret: { kind: 'password', password: '' },
    });
    const { bytes } = buildAsReq(r.client, {}, state, undefined);
    const request = decodeDer(AsReq, bytes);
    const padata = [{ padataType: PaType.FX_FAST, padataValue: new Uint8Array() }];
    const { errorCode } = decodeDer(KrbError, r.send(encodeDer(AsReq, { ...request, padata })));
    expect(errorCode).toBe(ErrorCode.KRB_ERR_GENERIC);
  });
});

describe('MS-KILE 3.3.5.6: KDC support for armoring', () => {
  const question = (r: Realm): MethodData => {
    const secret = { kind: 'password', password: '' } as const;
    const state = startAs(r.client, { client: r.name('alice'), secret });
    const { bytes } = buildAsReq(r.client, {}, state, undefined);
    return decodeDer(MethodData, need(decodeDer(KrbError, r.send(bytes)).eData));
  };

  test('supported: offered with a cookie, and not wanted', async () => {
    const r = realm();
    const padata = question(r);
    const { ETYPE_INFO2, ENC_TIMESTAMP, FX_FAST, FX_COOKIE } = PaType;
    expect(types(padata)).toEqual([ETYPE_INFO2, ENC_TIMESTAMP, FX_FAST, FX_COOKIE]);
    expect(findPadata(padata, FX_COOKIE)).toEqual(new TextEncoder().encode('Microsof\0'));
    await expect(r.login('alice')).resolves.toBeDefined();
  });

  test('off: as if it were not known', async () => {
    const { r, armor } = await armored({ fast: 'off' });
    expect(types(question(r))).toEqual([PaType.ETYPE_INFO2, PaType.ENC_TIMESTAMP]);
    // The answer comes bare, and the client takes no bare answer.
    expect((await refusal(r.login('alice', { armor }))).error).toBe('KDC_ERR_PREAUTH_REQUIRED');
    expect(r.events.at(-1)?.Reason).toBe('preauth-required');
  });

  test('required: of users, as computers have nothing to armor with', async () => {
    const { r, armor } = await armored({ fast: 'required' });
    expect(types(question(r))).toEqual([PaType.ETYPE_INFO2, PaType.FX_FAST, PaType.FX_COOKIE]);
    // A timestamp that is right does not help, and is not even looked at.
    for (const optimistic of [true, false]) {
      await expect(r.login('alice', { optimistic })).rejects.toThrow(/armor of another ticket/u);
    }
    expect(r.events.at(-1)).toMatchObject({ Reason: 'preauth-required', PreAuthType: '-' });
    await expect(r.login('alice', { armor })).resolves.toBeDefined();
  });
});

describe('RFC 6113 §5.4.2 FAST in the TGS exchange', () => {
  const web = 'http/web.contoso.com';

  test('armored by the header ticket', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const { credentials } = await getServiceTicket(r.client, tgt, r.name(web), { armor: 'own' });
    expect(r.open(credentials, WEB).cname.nameString).toEqual(['alice']);
    expect(r.defects).toEqual([]);
  });

  test("MS-KILE 3.3.5.7.4: armored by a device's ticket", async () => {
    const { r, armor } = await armored();
    const tgt = await r.login('alice');
    const { credentials } = await getServiceTicket(r.client, tgt, r.name(web), { armor });
    expect(r.open(credentials, WEB).cname.nameString).toEqual(['alice']);
  });

  test('a refusal comes in armor', async () => {
    const { r, armor } = await armored();
    const tgt = await r.login('alice');
    for (const how of ['own', armor] as const) {
      const asked = getServiceTicket(r.client, tgt, r.name('http/nowhere'), { armor: how });
      expect((await refusal(asked)).error).toBe('KDC_ERR_S_PRINCIPAL_UNKNOWN');
    }
    expect(r.events.at(-1)?.RequestedService).toBe('http/nowhere');
  });

  test('S4U in armor: its padata count inside', async () => {
    const { r, armor } = await armored({}, {});
    const user = r.name('alice');
    for (const how of ['own', armor] as const) {
      const evidence = await s4u2self(r.client, { tgt: armor, user, armor: how });
      expect(evidence.client.name.nameString).toEqual(['alice']);
      const hop = { tgt: armor, evidence, target: r.name(web), armor: how };
      // Nobody allowed it: that is said in armor too.
      expect((await refusal(s4u2proxy(r.client, hop))).error).toBe('KDC_ERR_BADOPTION');
      expect(r.events.at(-1)?.Exchange).toBe('s4u2proxy');
    }
  });

  /** A TGS-REQ with authorization data in its authenticator. */
  const marked = async (adType: number, subkey: boolean, fast: boolean): Promise<KrbError> => {
    const r = realm();
    const tgt = await r.login('alice');
    const request = { tgt, server: r.name(web).name, options: 0, subkey } as const;
    const sent = buildTgsReq(r.client, fast ? { ...request, armor: 'own' } : request);
    const req = decodeDer(TgsReq, sent.bytes);
    const apReq = decodeDer(ApReq, need(findPadata(req.padata, PaType.TGS_REQ)));
    const usage = KeyUsage.TGS_REQ_AUTHENTICATOR;
    const { sessionKey } = sent;
    const honest = decodeDer(
      Authenticator,
      sessionKey.decrypt(usage, apReq.authenticator.cipher).slice(),
    );
    const authorizationData = adType === 0 ? undefined : [{ adType, adData: new Uint8Array() }];
    const plain = encodeDer(Authenticator, { ...honest, authorizationData });
    const cipher = sessionKey.encrypt(usage, plain, r.random);
    const padataValue = encodeDer(ApReq, {
      ...apReq,
      authenticator: { etype: sessionKey.etype, cipher },
    });
    const others = need(req.padata).filter(({ padataType }) => padataType !== PaType.TGS_REQ);
    const padata = [{ padataType: PaType.TGS_REQ, padataValue }, ...others];
    return decodeDer(KrbError, r.send(encodeDer(TgsReq, { ...req, padata })));
  };

  test('AD-fx-fast-used without FAST: somebody took it away', async () => {
    const { errorCode, eText } = await marked(AdType.FX_FAST_USED, true, false);
    expect([errorCode, eText]).toEqual([ErrorCode.KRB_AP_ERR_MODIFIED, 'armor-removed']);
  });

  test('AD-fx-fast-armor: armor is no request', async () => {
    const { errorCode, eText, eData } = await marked(AdType.FX_FAST_ARMOR, true, true);
    expect([errorCode, eText]).toEqual([ErrorCode.KRB_ERR_GENERIC, 'armor-as-request']);
    expect(eData).toBeUndefined();
  });

  test('the checksum binds the armor to its authenticator', async () => {
    const { errorCode, eText } = await marked(AdType.LOCAL, true, true);
    expect([errorCode, eText]).toEqual([ErrorCode.KRB_AP_ERR_MODIFIED, 'armor-checksum']);
  });

  test('no armor without a subkey', async () => {
    const { errorCode, eText } = await marked(0, false, true);
    expect([errorCode, eText]).toEqual([ErrorCode.KRB_ERR_GENERIC, 'armor-without-subkey']);
  });

  test('off: the request outside counts', async () => {
    const r = realm({ fast: 'off' });
    const tgt = await r.login('alice');
    const request = { tgt, server: r.name(web).name, options: 0, armor: 'own' } as const;
    const { bytes } = buildTgsReq(r.client, request);
    expect(decodeDer(TgsRep, r.send(bytes)).padata).toBeUndefined();
  });
});
