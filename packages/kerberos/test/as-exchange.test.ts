import { describe, expect, test } from 'vitest';
import { Key } from '@doublehop/crypto/key';
import { encodeDer } from '@doublehop/wire/der';
import { getInitialTicket, identifyRealm } from '@doublehop/kerberos/client/initial-ticket';
import { secretFromKeytab } from '@doublehop/kerberos/client/secret';
import type { KerberosError } from '@doublehop/kerberos/errors';
import { KdcOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata, MethodData } from '@doublehop/kerberos/messages/common';
import { EtypeInfo, EtypeInfo2 } from '@doublehop/kerberos/messages/padata';
import { formatPrincipal, principal } from '@doublehop/kerberos/names';
import { type Draft, FakeKdc } from './support/fake-kdc.ts';
import { alice, type Lab, makeKdc, makeLab, NOW, REALM, refusal } from './support/lab.ts';

const password = (text = 'Passw0rd.alice') => ({ kind: 'password', password: text }) as const;
const seconds = Math.floor(NOW / 1000);

function login(lab: Lab, options: object = {}) {
  return getInitialTicket(lab.context, { client: alice, secret: password(), ...options });
}

/** Padata types of each request that the KDC got. */
function padataTypes({ kdc }: Lab): number[][] {
  return kdc.requests.map(({ padata = [] }) => padata.map(({ padataType }) => padataType));
}

describe('RFC 4120 §3.1: AS exchange by password', () => {
  test('the KDC asks for a timestamp, the salt of ETYPE-INFO2 makes the key', async () => {
    const lab = makeLab({ renewLifetime: 7 * 86_400 });
    const { credentials, passwordExpires } = await login(lab);
    expect(padataTypes(lab)).toEqual([
      [PaType.REQ_ENC_PA_REP],
      [PaType.ENC_TIMESTAMP, PaType.FX_COOKIE, PaType.REQ_ENC_PA_REP],
    ]);
    expect(formatPrincipal(credentials.server)).toBe(`krbtgt/${REALM}@${REALM}`);
    expect(formatPrincipal(credentials.client)).toBe(`alice@${REALM}`);
    expect(credentials.times).toEqual({
      authtime: seconds,
      starttime: seconds,
      endtime: seconds + 36_000,
      renewTill: seconds + 7 * 86_400,
    });
    expect(passwordExpires).toBe(seconds + 86_400);
    // The session key is the one in the ticket.
    const sealed = lab.kdc.openTicket(credentials.ticket, `krbtgt/${REALM}`);
    expect(credentials.key.bytes).toEqual(sealed.key.keyvalue);
    expect(credentials.flags & TicketFlag.FORWARDABLE).not.toBe(0);
    expect(lab.log.map(({ step }) => step)).toEqual([
      'AS-REQ, pre-authentication: none',
      'KRB-ERROR 25',
      'AS-REQ, pre-authentication: timestamp',
    ]);
  });

  test('the cookie goes back as it came (RFC 6113 §5.2)', async () => {
    const lab = makeLab();
    await login(lab);
    const cookie = findPadata(lab.kdc.requests[1]?.padata, PaType.FX_COOKIE);
    expect(cookie).toEqual(new Uint8Array([1, 2, 3]));
  });

  test('a KDC without pre-authentication answers at once', async () => {
    const lab = makeLab();
    lab.kdc.preauth = false;
    await login(lab);
    expect(lab.kdc.requests).toHaveLength(1);
  });

  test('the optimistic timestamp takes the default salt; a wrong guess costs a round', async () => {
    const lab = makeLab();
    await login(lab, { optimistic: true });
    expect(padataTypes(lab).map(([first]) => first)).toEqual([
      PaType.ENC_TIMESTAMP,
      PaType.REQ_ENC_PA_REP,
      PaType.ENC_TIMESTAMP,
    ]);
  });

  test('a keytab needs no salt, so that the optimistic timestamp is right', async () => {
    const lab = makeLab();
    const key = Key.random(17, lab.context.random);
    lab.kdc.addKey('alice', key);
    const entry = {
      principal: alice,
      timestamp: 1,
      kvno: 3,
      key: { etype: 17, bytes: key.bytes() },
    };
    const secret = secretFromKeytab([entry], alice);
    const { credentials } = await login(lab, { secret, optimistic: true });
    expect(lab.kdc.requests).toHaveLength(1);
    expect(lab.kdc.requests[0]?.reqBody.value.etype).toEqual([17]);
    expect(credentials.client.name.nameString).toEqual(['alice']);
  });

  test('the newest key of each type is taken from a keytab', () => {
    const entry = (kvno: number, etype: number) => ({
      principal: alice,
      timestamp: kvno,
      kvno,
      key: { etype, bytes: new Uint8Array([kvno]) },
    });
    const entries = [entry(1, 18), entry(2, 18), entry(2, 17)];
    expect(secretFromKeytab(entries, alice)).toEqual({
      kind: 'keys',
      keys: [
        { etype: 18, bytes: new Uint8Array([2]) },
        { etype: 17, bytes: new Uint8Array([2]) },
      ],
    });
    const bob = principal(REALM, 1, 'bob');
    expect(() => secretFromKeytab(entries, bob)).toThrow('no key for bob@CONTOSO.COM');
  });

  test('what is asked for stands in the request', async () => {
    const lab = makeLab();
    const addresses = [{ addrType: 2, address: new Uint8Array([127, 0, 0, 1]) }];
    const { credentials } = await login(lab, {
      forwardable: false,
      proxiable: true,
      lifetime: 600,
      renewLifetime: 1200,
      addresses,
      includePac: false,
      claims: true,
      etypes: [17, 23],
    });
    const body = lab.kdc.requests.at(-1)?.reqBody.value;
    expect(body?.kdcOptions).toBe((KdcOption.PROXIABLE | KdcOption.RENEWABLE) >>> 0);
    expect(body?.till).toBe(seconds + 600);
    expect(body?.rtime).toBe(seconds + 1200);
    expect(body?.etype).toEqual([17]);
    expect(padataTypes(lab)[0]).toEqual([
      PaType.PAC_REQUEST,
      PaType.PAC_OPTIONS,
      PaType.REQ_ENC_PA_REP,
    ]);
    expect(credentials.addresses).toEqual(addresses);
    expect(credentials.times.endtime).toBe(seconds + 600);
  });
});

describe('refusals, in words that help', () => {
  test.each<[string, (lab: Lab) => object, string, RegExp]>([
    ['wrong password', () => ({ secret: password('wrong') }), 'password', /wrong password or key/],
    [
      'unknown client',
      () => ({ client: principal(REALM, 1, 'nobody') }),
      'krb-error',
      /C_PRINCIPAL_UNKNOWN \(6\): the KDC does not know nobody@CONTOSO.COM/,
    ],
    [
      'wrong password without pre-authentication',
      ({ kdc }) => {
        kdc.preauth = false;
        return { secret: password('wrong') };
      },
      'password',
      /wrong password or key for alice@CONTOSO.COM/,
    ],
    [
      'expired password',
      ({ kdc }) => {
        kdc.refuse = () => ({ code: 23 });
        return {};
      },
      'krb-error',
      /KDC_ERR_KEY_EXPIRED \(23\): the password of alice@CONTOSO.COM has expired/,
    ],
    [
      'no pre-authentication in common',
      ({ kdc }) => {
        const pkinit = { padataType: PaType.PK_AS_REQ, padataValue: new Uint8Array(0) };
        kdc.refuse = () => ({ code: 25, eData: encodeDer(MethodData, [pkinit]) });
        return {};
      },
      'krb-error',
      /other means than an encrypted timestamp \(it offers padata types 16\)/,
    ],
  ])('%s', async (_title, prepare, code, message) => {
    const lab = makeLab();
    const refused = await refusal(login(lab, prepare(lab)));
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
    expect(refused.message).not.toContain('Passw0rd');
  });

  test('a KDC that always asks for pre-authentication ends the exchange', async () => {
    const lab = makeLab();
    lab.kdc.refuse = () => undefined;
    const timestamp = { padataType: PaType.ENC_TIMESTAMP, padataValue: new Uint8Array(0) };
    lab.kdc.refuse = () => ({ code: 25, eData: encodeDer(MethodData, [timestamp]) });
    expect((await refusal(login(lab))).error.detail.errorCode).toBe(25);
    expect(lab.kdc.requests).toHaveLength(2);
  });
});

describe('clock skew (RFC 4120 §3.1.3)', () => {
  test('the time of the KDC is taken over once', async () => {
    const lab = makeLab({}, { clockOff: 3600 });
    const { credentials } = await login(lab);
    expect(lab.context.clock.offset).toBe(-3_600_000);
    expect(credentials.times.authtime).toBe(seconds);
    expect(lab.kdc.requests).toHaveLength(3);
  });

  test('a KDC that is never satisfied is told as such, with the difference', async () => {
    const lab = makeLab({}, { clockOff: 3600 });
    lab.kdc.refuse = () => ({ code: 37, stime: seconds + 432 });
    const { code, message } = await refusal(login(lab));
    expect(code).toBe('skew');
    expect(message).toContain('the clocks differ too much');
    expect(lab.kdc.requests).toHaveLength(2);
  });

  test('without correction the first refusal is the last', async () => {
    const lab = makeLab({ correctSkew: false }, { clockOff: 3600 });
    const { code, message } = await refusal(login(lab));
    expect(code).toBe('skew');
    expect(message).toContain("the KDC's clock is 60 min 0 s behind");
    expect(lab.context.clock.offset).toBe(0);
  });

  test('a skewed reply without pre-authentication is noticed, too', async () => {
    const strict = makeLab({ correctSkew: false }, { clockOff: -3600 });
    strict.kdc.preauth = false;
    strict.kdc.tamper = ({ enc }: Draft) => Object.assign(enc, { endtime: seconds - 3000 });
    expect((await refusal(login(strict))).code).toBe('skew');
  });
});

describe('encryption types: nothing is downgraded', () => {
  test('our order counts, not the KDC’s', async () => {
    const lab = makeLab({ etypes: [17, 18] });
    await login(lab);
    const timestamp = findPadata(lab.kdc.requests[1]?.padata, PaType.ENC_TIMESTAMP);
    // EncryptedData begins with etype [0] INTEGER 17.
    expect([...(timestamp ?? [])].slice(2, 7)).toEqual([0xa0, 3, 2, 1, 17]);
  });

  test.each<[string, InfoPadata]>([
    ['ETYPE-INFO2', [PaType.ETYPE_INFO2, encodeDer(EtypeInfo2, [{ etype: 23 }])]],
    ['ETYPE-INFO', [PaType.ETYPE_INFO, encodeDer(EtypeInfo, [{ etype: 23 }])]],
  ])('%s with RC4 alone is refused', async (_title, [padataType, padataValue]) => {
    const lab = makeLab();
    const timestamp = { padataType: PaType.ENC_TIMESTAMP, padataValue: new Uint8Array(0) };
    const eData = encodeDer(MethodData, [timestamp, { padataType, padataValue }]);
    lab.kdc.refuse = () => ({ code: 25, eData });
    const { code, message } = await refusal(login(lab));
    expect(code).toBe('etype-nosupp');
    expect(message).toContain('encryption types 23, of which none is permitted');
    expect(lab.kdc.requests).toHaveLength(1);
  });

  test('RC4 works where it is permitted', async () => {
    const lab = makeLab({ etypes: [18, 23] });
    lab.kdc.addPassword('alice', 'Passw0rd.alice', { etypes: [23] });
    const { credentials } = await login(lab);
    expect(credentials.client).toEqual(alice);
  });

  test('a reply under a type that was not asked for is refused', async () => {
    const lab = makeLab({ etypes: [18] });
    lab.kdc.preauth = false;
    const rc4 = Key.random(23, lab.context.random);
    lab.kdc.tamper = (draft) => {
      draft.key = rc4;
    };
    expect((await refusal(login(lab))).code).toBe('etype-nosupp');
  });

  test('so is a session key of such a type', async () => {
    const lab = makeLab();
    lab.kdc.tamper = (draft) => {
      draft.enc = { ...draft.enc, key: { keytype: 23, keyvalue: new Uint8Array(16) } };
    };
    const { code, message } = await refusal(login(lab));
    expect(code).toBe('etype-nosupp');
    expect(message).toContain('encryption type 23 for the session key');
  });

  test('and a key of another length', async () => {
    const lab = makeLab();
    lab.kdc.tamper = (draft) => set(draft, { key: { keytype: 18, keyvalue: new Uint8Array(31) } });
    expect((await refusal(login(lab))).message).toContain('the session key cannot be used');
  });

  test.each([
    [1, 'fewer than 4096'],
    [4095, 'fewer than 4096'],
    [0xffff_ffff, 'refused'],
  ])('%i iterations are refused (RFC 3962 §8)', async (iterations, message) => {
    const lab = makeLab();
    const s2kparams = new Uint8Array(4);
    new DataView(s2kparams.buffer).setUint32(0, iterations);
    const info = encodeDer(EtypeInfo2, [{ etype: 18, salt: 'x', s2kparams }]);
    const eData = encodeDer(MethodData, [
      { padataType: PaType.ENC_TIMESTAMP, padataValue: new Uint8Array(0) },
      { padataType: PaType.ETYPE_INFO2, padataValue: info },
    ]);
    lab.kdc.refuse = () => ({ code: 25, eData });
    const refused = await refusal(login(lab));
    expect(refused.code).toBe('limit');
    expect(refused.message).toContain(message);
  });

  test('a keytab without a permitted key is refused before anything is sent', async () => {
    const lab = makeLab();
    const keys = [{ etype: 23, bytes: new Uint8Array(16) }];
    expect((await refusal(login(lab, { secret: { kind: 'keys', keys } }))).code).toBe(
      'etype-nosupp',
    );
    expect(lab.kdc.requests).toHaveLength(0);
  });

  test('KDC_ERR_ETYPE_NOSUPP', async () => {
    const lab = makeLab({ etypes: [20] });
    expect((await refusal(login(lab))).code).toBe('etype-nosupp');
  });
});

type InfoPadata = readonly [number, Uint8Array];

describe('RFC 4120 §3.1.5: the reply must be the answer to the request', () => {
  const other = principal(REALM, 1, 'mallory');
  test.each<[string, (draft: Draft) => void, RegExp]>([
    ['nonce', (draft) => set(draft, { nonce: draft.enc.nonce ^ 1 }), /the nonce differs/],
    ['client', (draft) => void (draft.cname = other.name), /another client is named/],
    ['client realm', (draft) => void (draft.crealm = 'EVIL.COM'), /another client is named/],
    [
      'server',
      (draft) => {
        set(draft, { sname: { nameType: 2, nameString: ['cifs', 'serverc'] } });
        draft.ticketServer = { name: draft.enc.sname, realm: REALM };
      },
      /another server is named/,
    ],
    [
      'server in the clear',
      (draft) => void (draft.ticketServer = principal(REALM, 2, 'krbtgt', 'EVIL.COM')),
      /another server than the sealed part/,
    ],
    ['end', (draft) => set(draft, { endtime: seconds + 90_000 }), /lives too long/],
    ['renew-till', (draft) => set(draft, { renewTill: seconds + 900_000 }), /renewable too long/],
    [
      'renewable without an end',
      (draft) => {
        const { renewTill: _end, ...enc } = draft.enc;
        draft.enc = enc;
      },
      /renewable without an end/,
    ],
    [
      'addresses',
      (draft) => set(draft, { caddr: [{ addrType: 2, address: new Uint8Array(4) }] }),
      /for other addresses/,
    ],
    ['checksum of the request', (draft) => set(draft, { encryptedPaData: [] }), /is missing/],
    [
      'changed checksum of the request',
      ({ enc }) => {
        const value = enc.encryptedPaData?.[0]?.padataValue;
        if (value !== undefined) value[value.length - 1] = (value.at(-1) ?? 0) ^ 1;
      },
      /the request was changed on its way/,
    ],
    ['key', (draft) => void (draft.key = Key.of(18, new Uint8Array(32))), /sealed by another key/],
  ])('another %s is refused', async (_title, tamper, message) => {
    const lab = makeLab({ renewLifetime: 86_400 });
    lab.kdc.tamper = tamper;
    const refused = await refusal(login(lab));
    expect(refused.code).toBe('reply-mismatch');
    expect(refused.message).toMatch(message);
  });

  test('with canonicalization the KDC may write the client otherwise (RFC 6806 §6)', async () => {
    const lab = makeLab();
    lab.kdc.tamper = (draft) => void (draft.cname = { nameType: 1, nameString: ['Alice'] });
    const { credentials } = await login(lab, { canonicalize: true });
    expect(credentials.client.name.nameString).toEqual(['Alice']);
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['noise', new Uint8Array([0x6b, 0x03, 1, 2, 3])],
    ['half a KRB-ERROR', new Uint8Array([0x7e, 0x10, 0x30])],
  ])('%s as an answer is malformed', async (_title, answer) => {
    const lab = makeLab();
    const context = { ...lab.context, transport: async () => answer };
    const request = { client: alice, secret: password() };
    expect((await refusal(getInitialTicket(context, request))).code).toBe('malformed');
  });
});

function set(draft: Draft, fields: Partial<Draft['enc']>): void {
  draft.enc = { ...draft.enc, ...fields };
}

describe('RFC 6806: enterprise names and referrals of clients', () => {
  const upn = principal(REALM, NameType.ENTERPRISE, 'alice@fabrikam.com');

  function twoRealms(): { readonly lab: Lab; readonly fabrikam: FakeKdc } {
    const fabrikam = makeKdc('FABRIKAM.COM');
    fabrikam.addPassword('alice\\@fabrikam.com', 'Passw0rd.alice');
    const lab = makeLab({}, { others: [fabrikam] });
    lab.kdc.wrongRealms.set('alice\\@fabrikam.com', 'FABRIKAM.COM');
    return { lab, fabrikam };
  }

  test('KDC_ERR_WRONG_REALM leads to the realm of the user', async () => {
    const { lab, fabrikam } = twoRealms();
    fabrikam.tamper = (draft) => void (draft.cname = alice.name);
    const { credentials } = await login(lab, { client: upn });
    expect(formatPrincipal(credentials.client)).toBe('alice@FABRIKAM.COM');
    expect(formatPrincipal(credentials.server)).toBe('krbtgt/FABRIKAM.COM@FABRIKAM.COM');
    const options = lab.kdc.requests[0]?.reqBody.value.kdcOptions ?? 0;
    expect(options & KdcOption.CANONICALIZE).not.toBe(0);
  });

  test('the realm of a user is found without a secret (MS-SFU 3.1.5.1.1.2)', async () => {
    const { lab, fabrikam } = twoRealms();
    expect(await identifyRealm(lab.context, upn)).toBe('FABRIKAM.COM');
    expect(fabrikam.requests).toHaveLength(1);
    fabrikam.refuse = () => ({ code: 23 });
    expect(await identifyRealm(lab.context, upn)).toBe('FABRIKAM.COM');
    fabrikam.refuse = () => ({ code: 6 });
    expect((await refusal(identifyRealm(lab.context, upn))).error.detail.errorCode).toBe(6);
  });

  test('without canonicalization it is an error', async () => {
    const { lab } = twoRealms();
    lab.kdc.wrongRealms.set('alice', 'FABRIKAM.COM');
    expect((await refusal(login(lab))).error.detail.errorCode).toBe(68);
  });

  test('a circle ends', async () => {
    const { lab, fabrikam } = twoRealms();
    fabrikam.wrongRealms.set('alice\\@fabrikam.com', REALM);
    const { code, message } = await refusal(login(lab, { client: upn }));
    expect(code).toBe('limit');
    expect(message).toContain('lead in a circle');
  });

  test('so does an endless chain', async () => {
    const lab = makeLab();
    let hops = 0;
    const context = {
      ...lab.context,
      transport: async (_realm: string, request: Uint8Array) => {
        hops += 1;
        lab.kdc.refuse = () => ({ code: 68, crealm: `R${hops}.COM` });
        return lab.kdc.answer(request);
      },
    };
    const error: KerberosError = (
      await refusal(getInitialTicket(context, { client: upn, secret: password() }))
    ).error;
    expect(error.code).toBe('limit');
    expect(hops).toBe(11);
  });
});
