import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import { defaultSettings, type ClientContext } from '@doublehop/kerberos/client/context';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { decodeAdPolicy, formatAdPolicy } from '@doublehop/kerberos/kpasswd/ad-policy';
import { changePassword } from '@doublehop/kerberos/kpasswd/change-password';
import {
  ChangePasswdData,
  decodeKpasswdMessage,
  encodeKpasswdMessage,
} from '@doublehop/kerberos/kpasswd/messages';
import { hostAddress, openPrivate, sealPrivate } from '@doublehop/kerberos/kpasswd/private-message';
import {
  decodeOutcome,
  describeResult,
  encodeOutcome,
  KpasswdResult,
} from '@doublehop/kerberos/kpasswd/result';
import { type KpasswdTransport, kpasswdTransport } from '@doublehop/kerberos/kpasswd/transport';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '@doublehop/kerberos/messages/ap';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import { Ticket } from '@doublehop/kerberos/messages/ticket';
import { parsePrincipal } from '@doublehop/kerberos/names';
import type { OpenChannel } from '@doublehop/kerberos/transport/channel';
import { createKdcExchange } from '@doublehop/kerberos/transport/exchange';
import { concat, fromHex, fromUtf8, toHex, utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const random = pooledRandom();
const NOW = Date.UTC(2026, 2, 2, 10);
const SESSION = Key.of(18, new Uint8Array(32).fill(7));
const context: ClientContext = {
  transport: () => Promise.reject(new Error('no KDC here')),
  clock: new KdcClock(() => NOW),
  random,
  settings: defaultSettings,
};
const alice = parsePrincipal('alice', 'CONTOSO.COM');
const credentials: Credentials = {
  client: alice,
  server: parsePrincipal('kadmin/changepw', 'CONTOSO.COM'),
  key: { etype: 18, bytes: SESSION.bytes() },
  times: { authtime: NOW / 1000, starttime: 0, endtime: NOW / 1000 + 300, renewTill: 0 },
  isSkey: false,
  flags: 0,
  addresses: [],
  authorizationData: [],
  ticket: encodeDer(Ticket, {
    tktVno: 5,
    realm: 'CONTOSO.COM',
    sname: { nameType: 2, nameString: ['kadmin', 'changepw'] },
    encPart: { etype: 18, cipher: utf8('sealed for the server') },
  }),
  secondTicket: new Uint8Array(),
};
const HERE = hostAddress('192.0.2.1');

/** A request as its server would read it. */
function opened(request: Uint8Array) {
  const { version, ap, body } = decodeKpasswdMessage(request);
  const { authenticator } = decodeDer(ApReq, ap);
  const text = SESSION.decrypt(KeyUsage.AP_REQ_AUTHENTICATOR, authenticator.cipher);
  const auth = decodeDer(Authenticator, text);
  const { keytype = 0, keyvalue = new Uint8Array() } = auth.subkey ?? {};
  const subkey = Key.of(keytype, keyvalue);
  return { version, auth, subkey, part: openPrivate(body, subkey) };
}

interface Answering {
  readonly code?: number;
  readonly text?: string | Uint8Array;
  readonly key?: Key;
  readonly seqNumber?: number;
  readonly ctime?: number;
}

/** A reply of a server that knows the ticket's key; what differs from a right one is given. */
function reply(request: Uint8Array, answer: Answering = {}): Uint8Array {
  const { auth, subkey } = opened(request);
  const { code = 0, text = '', key = subkey, ctime = auth.ctime } = answer;
  const rep = encodeDer(EncApRepPart, { ctime, cusec: auth.cusec, seqNumber: 99 });
  const cipher = SESSION.encrypt(KeyUsage.AP_REP_ENC_PART, rep, random);
  const ap = encodeDer(ApRep, { pvno: 5, msgType: 15, encPart: { etype: 18, cipher } });
  const words = typeof text === 'string' ? utf8(text) : text;
  const userData = concat(Uint8Array.of(code >> 8, code & 0xff), words);
  const part = { userData, seqNumber: answer.seqNumber ?? 99, sAddress: HERE };
  return encodeKpasswdMessage({ version: 1, ap, body: sealPrivate(part, key, random) });
}

function krbError(eData: Uint8Array | undefined): Uint8Array {
  const sname = { nameType: 2, nameString: ['kadmin', 'changepw'] };
  const base = { pvno: 5, msgType: 30, stime: 0, susec: 0, realm: 'CONTOSO.COM', sname };
  return encodeDer(KrbError, { ...base, errorCode: 37, eData });
}

const answering =
  (answer: (request: Uint8Array) => Uint8Array): KpasswdTransport =>
  (_realm, request) =>
    Promise.resolve(answer(request(HERE)));

const change = (transport: KpasswdTransport, newPassword = 'N3w.password') =>
  changePassword(context, transport, { credentials, newPassword });

/** The code, result and text of a change that fails. */
async function failure(work: Promise<unknown>) {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    return { code: error.code, result: error.detail.resultCode, message: error.message };
  }
  throw new Error('it succeeded');
}

describe('RFC 3244 §2: messages', () => {
  test('length, version, length of the AP-REQ, AP-REQ, KRB-PRIV', () => {
    const message = { version: 0xff80, ap: Uint8Array.of(1, 2, 3), body: Uint8Array.of(4, 5) };
    const bytes = encodeKpasswdMessage(message);
    expect(toHex(bytes)).toBe('000bff8000030102030405');
    expect(decodeKpasswdMessage(bytes)).toEqual(message);
  });

  test.each([
    ['another length', '000cff8000030102030405'],
    ['an AP-REQ that is cut off', '000bff8000060102030405'],
    ['less than a header', '0005000100'],
    ['nothing', ''],
  ])('%s is malformed', (_what, hex) => {
    expect(() => decodeKpasswdMessage(fromHex(hex))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  test('what sixteen bits cannot count is not sent', () => {
    const body = new Uint8Array(0xffff - 5);
    const message = { version: 1, ap: new Uint8Array(), body };
    expect(() => encodeKpasswdMessage(message)).toThrow(expect.objectContaining({ code: 'limit' }));
    const fitting = { ...message, body: body.subarray(1) };
    expect(encodeKpasswdMessage(fitting)).toHaveLength(0xffff);
  });

  test('ChangePasswdData: the fields are [0], [1] and [2]', () => {
    const value = { newPasswd: utf8('p'), targName: alice.name, targRealm: 'R' };
    const bytes = encodeDer(ChangePasswdData, value);
    expect(toHex(bytes)).toBe('301ea003040170a1123010a003020101a10930071b05616c696365a2031b0152');
    expect(decodeDer(ChangePasswdData, bytes)).toEqual(value);
  });

  test('any octets: a message or KerberosError malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, honest) => {
        if (honest && bytes.length > 1) new DataView(bytes.buffer).setUint16(0, bytes.length);
        try {
          const message = decodeKpasswdMessage(bytes);
          expect(encodeKpasswdMessage(message)).toEqual(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'KerberosError', code: 'malformed' });
        }
      }),
    );
  });
});

describe('RFC 3244 §2: results', () => {
  test.each(Object.entries(KpasswdResult))('%s', (_name, code) => {
    const bytes = encodeOutcome({ code, text: 'grün' });
    expect(toHex(bytes)).toBe(`000${code}6772c3bc6e`);
    expect(decodeOutcome(bytes)).toEqual({ code, text: 'grün' });
    expect(describeResult(code)).not.toBe('');
  });

  test.each(['', '00', '0008', 'ff80'])('%j is no result', (hex) => {
    expect(() => decodeOutcome(fromHex(hex))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  test('a text cannot move the cursor of a terminal, and is bounded', () => {
    const bytes = encodeOutcome({ code: 4, text: `\u001b[2J${'x'.repeat(5000)}` });
    const { text } = decodeOutcome(bytes);
    expect(text.startsWith('?[2Jx')).toBe(true);
    expect(text).toHaveLength(1024);
  });
});

describe("Active Directory's password policy in a result", () => {
  // The structure of MIT krb5's lib/krb5/krb/chpw.c: zeros, length, history, properties, two ages.
  const policy = (length: string, history: string, properties: string, minAge: string) =>
    fromHex(`0000${length}${history}${properties}000021d20a7c8000${minAge}`);
  const DAY = '000000c92a69c000';

  test('its fields', () => {
    expect(decodeAdPolicy(policy('00000007', '00000018', '00000001', DAY))).toEqual({
      minLength: 7,
      history: 24,
      properties: 1,
      maxAge: 0x21d20a7c8000n,
      minAge: 864_000_000_000n,
    });
  });

  test('in words', () => {
    const text = formatAdPolicy(policy('00000007', '00000018', '00000001', DAY)) ?? '';
    for (const part of ['at least 7', 'mixes', 'last 24', 'once a day']) {
      expect(text).toContain(part);
    }
    const none = formatAdPolicy(policy('00000000', '00000000', '00000000', '0000000000000000'));
    expect(none).toBe('the policy asks for nothing');
  });

  test('a text of thirty octets is a text', () => {
    expect(formatAdPolicy(utf8('x'.repeat(30)))).toBeUndefined();
    expect(formatAdPolicy(new Uint8Array(29))).toBeUndefined();
  });

  test('it stands in place of the text', () => {
    const outcome = concat(Uint8Array.of(0, 4), policy('0000000c', '00000000', '00000000', DAY));
    expect(decodeOutcome(outcome).text).toContain('at least 12 characters');
  });
});

describe('RFC 4120 §7.5.3: addresses', () => {
  test.each([
    ['192.0.2.1', 2, 'c0000201'],
    ['::ffff:192.0.2.1', 2, 'c0000201'],
    ['2001:db8::1', 24, '20010db8000000000000000000000001'],
    ['fe80::1%eth0', 24, 'fe800000000000000000000000000001'],
    ['::', 24, '00000000000000000000000000000000'],
    ['64:ff9b::192.0.2.33', 24, '0064ff9b0000000000000000c0000221'],
    ['1:2:3:4:5:6:7:8', 24, '00010002000300040005000600070008'],
  ])('%s', (ip, addrType, hex) => {
    expect(hostAddress(ip)).toEqual({ addrType, address: fromHex(hex) });
  });

  test('a name is none', () => {
    expect(() => hostAddress('localhost')).toThrow(TypeError);
  });
});

describe('a change of password', () => {
  test('version 1: the password sealed in a subkey, with time, number and address', async () => {
    let request: Uint8Array = new Uint8Array();
    await change(
      answering((bytes) => {
        request = bytes;
        return reply(bytes);
      }),
    );
    const { version, auth, part, subkey } = opened(request);
    expect(version).toBe(1);
    expect(fromUtf8(part.userData)).toBe('N3w.password');
    expect(part).toMatchObject({ seqNumber: auth.seqNumber, sAddress: HERE });
    expect(part.timestamp).toBe(NOW / 1000);
    expect(auth).toMatchObject({ crealm: 'CONTOSO.COM', cname: alice.name });
    expect(toHex(subkey.bytes())).not.toBe(toHex(SESSION.bytes()));
    expect(toHex(request)).not.toContain(toHex(utf8('N3w.password')));
  });

  test("version 0xff80: another's", async () => {
    const target = parsePrincipal('bob', 'CONTOSO.COM');
    let request: Uint8Array = new Uint8Array();
    const transport = answering((bytes) => {
      request = bytes;
      return reply(bytes);
    });
    await changePassword(context, transport, { credentials, newPassword: 'x', target });
    const { version, part } = opened(request);
    expect(version).toBe(0xff80);
    expect(decodeDer(ChangePasswdData, part.userData)).toEqual({
      newPasswd: utf8('x'),
      targName: target.name,
      targRealm: 'CONTOSO.COM',
    });
  });

  test("a refusal is told with the server's words", async () => {
    const seen = await failure(change(answering((r) => reply(r, { code: 4, text: 'too short' }))));
    expect(seen).toEqual({
      code: 'password-change',
      result: KpasswdResult.SOFTERROR,
      message: 'the new password is refused: too short',
    });
  });

  test.each([
    ['behind a header', (error: Uint8Array) => framed(error)],
    ['bare, as Active Directory sends it', (error: Uint8Array) => error],
  ])('a KRB-ERROR with a result, %s', async (_how, wrap) => {
    const eData = encodeOutcome({ code: 5, text: 'no' });
    const seen = await failure(change(answering(() => wrap(krbError(eData)))));
    expect(seen).toMatchObject({ code: 'password-change', result: KpasswdResult.ACCESSDENIED });
  });

  test('a KRB-ERROR without a result is told by its own code', async () => {
    const seen = await failure(change(answering(() => framed(krbError(undefined)))));
    expect(seen.code).toBe('skew');
  });

  const framed = (body: Uint8Array) =>
    encodeKpasswdMessage({ version: 1, ap: new Uint8Array(), body });

  test.each<[string, (request: Uint8Array) => Uint8Array]>([
    ['an error that pretends success', () => framed(krbError(Uint8Array.of(0, 0)))],
    ['the result under another key', (r) => reply(r, { key: SESSION })],
    ['the AP-REP of another request', (r) => reply(r, { ctime: 1 })],
    ['another sequence number', (r) => reply(r, { seqNumber: 100 })],
  ])('%s is not believed', async (_what, answer) => {
    expect((await failure(change(answering(answer)))).code).toBe('reply-mismatch');
  });

  test('a password that is no text is not sent', async () => {
    const never = answering(() => expect.unreachable());
    expect((await failure(change(never, '\ud800'))).code).toBe('malformed');
  });

  test('a reply changed anywhere: KerberosError, and never success', async () => {
    const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(
      fc.asyncProperty(at, fc.integer({ min: 1, max: 255 }), async (share, bits) => {
        const answer = (request: Uint8Array) => {
          const bytes = reply(request);
          const place = Math.floor(share * bytes.length);
          // Of the header only the lengths matter; versions of replies are not compared.
          bytes[place] = (bytes[place] ?? 0) ^ (place === 2 || place === 3 ? 0 : bits);
          return place === 2 || place === 3 ? framed(bytes) : bytes;
        };
        const seen = await failure(change(answering(answer)));
        expect(['malformed', 'reply-mismatch', 'gss']).toContain(seen.code);
      }),
    );
  });

  test('any octets for a reply: KerberosError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const seen = await failure(change(answering(() => framed(bytes))));
        expect(['malformed', 'reply-mismatch']).toContain(seen.code);
      }),
    );
  });
});

describe('the transport', () => {
  const servers = ['192.0.2.10', '192.0.2.20'].map((host) => ({
    host,
    port: 464,
    transport: undefined,
  }));
  const timing = { serverWait: 5, passWait: 5, passes: 2, tcpReplyWait: 5, exchangeWait: 1000 };

  /** An exchange whose servers do as told. */
  function exchangeOver(open: OpenChannel) {
    const locate = (_realm: string, service = 'kdc') =>
      Promise.resolve(service === 'kpasswd' ? servers : []);
    const resolver = { addresses: (host: string) => Promise.resolve([host]) };
    return createKdcExchange({ locator: { locate }, resolver, timing, open });
  }

  test('each server gets a request of its own, with the address it is sent from', async () => {
    const seen: string[] = [];
    const exchange = exchangeOver((endpoint, events) => ({
      send(bytes) {
        const { sAddress } = opened(bytes).part;
        seen.push(`${endpoint.address} ${sAddress.address.join('.')}`);
        if (endpoint.address === '192.0.2.20') events.onReply(reply(bytes));
      },
      close: () => undefined,
    }));
    const senderFor = ({ address }: { address: string }) =>
      Promise.resolve(address === '192.0.2.10' ? '192.0.2.1' : '192.0.2.2');
    await change(kpasswdTransport(exchange, { senderFor }));
    expect(new Set(seen)).toEqual(new Set(['192.0.2.10 192.0.2.1', '192.0.2.20 192.0.2.2']));
  });

  test('noise on UDP is passed over', async () => {
    const exchange = exchangeOver((_endpoint, events) => ({
      send(bytes) {
        events.onReply(Uint8Array.of(1, 2, 3));
        events.onReply(reply(bytes));
      },
      close: () => undefined,
    }));
    const senderFor = () => Promise.resolve('192.0.2.1');
    await expect(change(kpasswdTransport(exchange, { senderFor }))).resolves.toBeUndefined();
  });

  test('requests of one moment are told apart', async () => {
    const still = { ...context, random: (size: number) => new Uint8Array(size).fill(7) };
    const requests: Uint8Array[] = [];
    const transport: KpasswdTransport = (_realm, request) => {
      for (let i = 0; i < 4; i += 1) requests.push(request(HERE));
      return Promise.resolve(reply(requests[0] ?? new Uint8Array()));
    };
    await changePassword(still, transport, { credentials, newPassword: 'N3w.password' });
    expect(new Set(requests.map((bytes) => opened(bytes).auth.cusec)).size).toBe(4);
  });

  test('no way to a server is told as that', async () => {
    const exchange = exchangeOver(() => ({ send: () => undefined, close: () => undefined }));
    const senderFor = () => Promise.reject(new Error('ENETUNREACH'));
    const seen = await failure(change(kpasswdTransport(exchange, { senderFor })));
    expect(seen.code).toBe('kdc-unreachable');
    expect(seen.message).toContain('ENETUNREACH');
  });
});
