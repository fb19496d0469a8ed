import { Key } from '@doublehop/crypto/key';
import { concat, fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KerberosError } from '../src/errors.ts';
import { type AcceptorOptions, krb5Acceptor } from '../src/gss/acceptor.ts';
import { bindingsHash, tlsServerEndPoint } from '../src/gss/channel-bindings.ts';
import { decodeGssChecksum, encodeGssChecksum } from '../src/gss/checksum.ts';
import { DEFAULT_FLAGS, GssFlag } from '../src/gss/flags.ts';
import { frame, frameKrb5, TokenId, unframe, unframeKrb5 } from '../src/gss/framing.ts';
import { type InitiatorOptions, krb5Initiator } from '../src/gss/initiator.ts';
import { saslContext } from '../src/gss/negotiation.ts';
import { Mechanism } from '../src/gss/oids.ts';
import { memoryReplayCache } from '../src/gss/replay-cache.ts';
import { keytabKeys } from '../src/gss/service-keys.ts';
import { ErrorCode } from '../src/iana/error-codes.ts';
import { ApOption, TicketFlag } from '../src/iana/flags.ts';
import { NameType } from '../src/iana/name-types.ts';
import { AdType } from '../src/iana/padata-types.ts';
import type { KeytabEntry } from '../src/keytab.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../src/messages/ap.ts';
import { AuthorizationData } from '../src/messages/common.ts';
import { KrbError } from '../src/messages/krb-error.ts';
import { formatPrincipal, principal } from '../src/names.ts';
import {
  acceptorOptions,
  AES_ETYPES,
  ALICE,
  establish,
  expectErrorCode,
  expectGssError,
  initiatorOptions,
  issueTicket,
  KRBTGT,
  NOW,
  random,
  serviceKeys,
  WEB,
} from './gss-support.ts';

const SECONDS = Math.floor(NOW / 1000);

/** The first token of an initiator. */
function request(options: Partial<InitiatorOptions> = {}): Uint8Array {
  const { token } = krb5Initiator(initiatorOptions(options)).step();
  if (token === undefined) throw new Error('no token');
  return token;
}

function accept(token: Uint8Array, options: Partial<AcceptorOptions> = {}) {
  return krb5Acceptor(acceptorOptions(options)).step(token);
}

/** An AP-REQ of our own making: the authenticator as `edit` leaves it. */
function forgedRequest(
  edit: (authenticator: Authenticator) => Authenticator,
  apOptions = 0,
): Uint8Array {
  const credentials = issueTicket();
  const key = Key.of(credentials.key.etype, credentials.key.bytes);
  const plain: Authenticator = {
    authenticatorVno: 5,
    crealm: ALICE.realm,
    cname: ALICE.name,
    cksum: {
      cksumtype: 0x8003,
      checksum: encodeGssChecksum({ bindings: new Uint8Array(16), flags: DEFAULT_FLAGS }),
    },
    cusec: 0,
    ctime: SECONDS,
    seqNumber: 7,
  };
  return encodeDer(ApReq, {
    pvno: 5,
    msgType: 14,
    apOptions,
    ticket: credentials.ticket,
    authenticator: {
      etype: key.etype,
      cipher: key.encrypt(11, encodeDer(Authenticator, edit(plain)), random),
    },
  });
}

describe('RFC 2743 §3.1: framing', () => {
  // MIT krb5 src/tests/gssapi/t_invalid.c spells the same header out.
  const HEADER = '60 0d 06 09 2a864886f712010202 01 00';

  test('a framed token is the mechanism and the inner token', () => {
    const token = frameKrb5(TokenId.AP_REQ, new Uint8Array(0));
    expect(toHex(token)).toBe(toHex(fromHex(HEADER)));
    expect(unframeKrb5(token)).toEqual({
      mechanism: Mechanism.KRB5,
      id: 0x0100,
      message: new Uint8Array(0),
    });
  });

  test('the mechanism of Windows is Kerberos too; others are not', () => {
    const token = fromHex('60 0d 06 09 2a864882f712010202 02 00');
    expect(unframeKrb5(token)).toMatchObject({ mechanism: Mechanism.MS_KRB5, id: TokenId.AP_REP });
    expect(toHex(frameKrb5(TokenId.AP_REP, new Uint8Array(0), Mechanism.MS_KRB5))).toBe(
      toHex(token),
    );
    const ntlm = frame(Mechanism.NTLM, utf8('NTLMSSP'));
    expectGssError('GSS_S_BAD_MECH', () => unframeKrb5(ntlm));
  });

  test.each([
    ['nothing', ''],
    ['a length that is too short', '60 0c 06 09 2a864886f712010202 01 00'],
    ['a length that is too long', '60 0e 06 09 2a864886f712010202 01 00'],
    ['no identifier of the token', '60 0b 06 09 2a864886f712010202'],
    ['half an identifier of the token', '60 0c 06 09 2a864886f712010202 01'],
    ['another tag', '61 0d 06 09 2a864886f712010202 01 00'],
    ['a mechanism that is cut short', '60 03 06 09 2a'],
  ])('%s is a defective token', (_what, token) => {
    expectGssError('GSS_S_DEFECTIVE_TOKEN', () => unframeKrb5(fromHex(token)));
  });

  test('random octets give nothing but a KerberosError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => unframe(concat(Uint8Array.of(0x60), bytes, bytes))).toThrow(KerberosError);
        expect(() => accept(bytes)).toThrow(KerberosError);
      }),
    );
  });
});

describe('RFC 4121 §4.1.1: the checksum', () => {
  test('lengths and flags are little-endian', () => {
    const value = {
      bindings: fromHex('000102030405060708090a0b0c0d0e0f'),
      flags: GssFlag.DELEG | GssFlag.MUTUAL,
      delegation: fromHex('761122'),
    };
    const bytes = fromHex('10000000 000102030405060708090a0b0c0d0e0f 03000000 0100 0300 761122');
    expect(toHex(encodeGssChecksum(value))).toBe(toHex(bytes));
    expect(decodeGssChecksum(bytes)).toEqual(value);
    // Extensions behind it are ignored.
    expect(decodeGssChecksum(concat(bytes, fromHex('00000001 00000000')))).toEqual(value);
  });

  test.each([
    ['of 23 octets', `10000000 ${'00'.repeat(16)} 020000`],
    ['with another length of Bnd', `0f000000 ${'00'.repeat(16)} 02000000`],
    ['with DELEG and no delegation', `10000000 ${'00'.repeat(16)} 01000000`],
    ['with another option', `10000000 ${'00'.repeat(16)} 01000000 0200 0000`],
    ['with a delegation cut short', `10000000 ${'00'.repeat(16)} 01000000 0100 0200 76`],
  ])('one %s is defective', (_what, bytes) => {
    expectGssError('GSS_S_DEFECTIVE_TOKEN', () => decodeGssChecksum(fromHex(bytes)));
  });

  test('a KRB-CRED of more than 65,535 octets is refused', () => {
    const checksum = { bindings: new Uint8Array(16), flags: 1, delegation: new Uint8Array(65_536) };
    expectGssError('GSS_S_FAILURE', () => encodeGssChecksum(checksum));
  });
});

describe.each(AES_ETYPES)('RFC 4121 §4.1: a context with encryption type %i', (etype) => {
  test('mutual: both know each other, and messages travel both ways', () => {
    const { initiator, acceptor } = establish({ credentials: issueTicket({ etype }) });
    expect(formatPrincipal(acceptor.peer)).toBe('alice@CONTOSO.COM');
    expect(formatPrincipal(initiator.peer)).toBe('HTTP/serverb.contoso.com@CONTOSO.COM');
    expect(acceptor.flags).toBe(DEFAULT_FLAGS);
    expect(initiator.flags).toBe(DEFAULT_FLAGS);
    expect(acceptor.key.etype).toBe(etype);
    expect(toHex(acceptor.key.bytes())).toBe(toHex(initiator.key.bytes()));
    for (const seal of [true, false]) {
      const there = acceptor.unwrap(initiator.wrap(utf8('there'), { seal }));
      expect(there).toEqual({ message: utf8('there'), sealed: seal });
      const back = initiator.unwrap(acceptor.wrap(utf8('back'), { seal }));
      expect(back).toEqual({ message: utf8('back'), sealed: seal });
    }
    acceptor.verifyMic(utf8('x'), initiator.getMic(utf8('x')));
    initiator.verifyMic(utf8('y'), acceptor.getMic(utf8('y')));
    const split = acceptor.unwrapSplit(initiator.wrapSplit(utf8('split')));
    expect(split).toEqual({ message: utf8('split'), sealed: true });
  });

  test('one way: the initiator is done with its first token', () => {
    const flags = GssFlag.REPLAY | GssFlag.SEQUENCE | GssFlag.INTEG | GssFlag.CONF;
    const { initiator, acceptor } = establish({ credentials: issueTicket({ etype }), flags });
    expect(acceptor.flags).toBe(flags);
    expect(acceptor.unwrap(initiator.wrap(utf8('a'), { seal: true })).message).toEqual(utf8('a'));
    expect(initiator.unwrap(acceptor.wrap(utf8('b'), { seal: true })).message).toEqual(utf8('b'));
  });

  test('the limit of a message is what its token leaves', () => {
    const { initiator } = establish({ credentials: issueTicket({ etype }) });
    for (const seal of [true, false]) {
      const limit = initiator.wrapSizeLimit(1000, { seal });
      expect(initiator.wrap(new Uint8Array(limit), { seal }).length).toBe(1000);
    }
  });
});

describe('RFC 4120 §3.2.3: what an acceptor refuses', () => {
  const codes = ErrorCode;

  test('a replay, also where it comes to another acceptor', () => {
    const replayCache = memoryReplayCache();
    const token = request();
    accept(token, { replayCache });
    expectErrorCode(codes.KRB_AP_ERR_REPEAT, () => accept(token, { replayCache }));
    accept(request(), { replayCache });
  });

  test('everything, where the replay cache is full', () => {
    const replayCache = memoryReplayCache({ maxEntries: 1 });
    accept(request(), { replayCache });
    expectErrorCode(codes.KRB_ERR_GENERIC, () => accept(request(), { replayCache }));
  });

  test('clocks that are more than five minutes apart', () => {
    for (const apart of [-301_000, 301_000]) {
      const off = request({ clock: () => NOW + apart });
      expectErrorCode(codes.KRB_AP_ERR_SKEW, () => accept(off));
      accept(off, { clockSkew: 600 });
    }
    accept(request({ clock: () => NOW + 299_000 }));
  });

  test('a ticket that is not yet or no longer valid', () => {
    const used = (part: Parameters<typeof issueTicket>[0]) =>
      request({ credentials: issueTicket(part) });
    const expired = used({ part: { endtime: SECONDS - 301 } });
    expectErrorCode(codes.KRB_AP_ERR_TKT_EXPIRED, () => accept(expired));
    accept(used({ part: { endtime: SECONDS - 299 } }));
    const early = used({ part: { starttime: SECONDS + 302 } });
    expectErrorCode(codes.KRB_AP_ERR_TKT_NYV, () => accept(early));
    const invalid = used({ part: { flags: TicketFlag.INVALID } });
    expectErrorCode(codes.KRB_AP_ERR_TKT_NYV, () => accept(invalid));
  });

  test('a ticket of somebody else', () => {
    const bob = principal('CONTOSO.COM', NameType.PRINCIPAL, 'bob');
    const token = request({ credentials: issueTicket({ part: { cname: bob.name } }) });
    expectErrorCode(codes.KRB_AP_ERR_BADMATCH, () => accept(token));
  });

  test('MS-KILE 3.1.5.7: the authenticator may name the client in another case', () => {
    const credentials = issueTicket();
    const typed = principal('contoso.com', NameType.PRINCIPAL, 'ALICE');
    const acceptor = krb5Acceptor(acceptorOptions());
    acceptor.step(request({ credentials: { ...credentials, client: typed } }));
    // Whom the ticket names is who came.
    expect(acceptor.context?.peer).toEqual(ALICE);
    const { name } = ALICE;
    for (const realm of ['contoso.co', 'contoso.com.', 'CONTO\u{17f}O.COM', '']) {
      const client = { name, realm };
      const token = request({ credentials: { ...credentials, client } });
      expectErrorCode(codes.KRB_AP_ERR_BADMATCH, () => accept(token));
    }
  });

  test('a ticket without a key, and one that no key opens', () => {
    expectErrorCode(codes.KRB_AP_ERR_NOKEY, () => accept(request(), { keys: () => undefined }));
    const other = Key.random(18, random);
    expectErrorCode(codes.KRB_AP_ERR_BAD_INTEGRITY, () =>
      accept(request(), { keys: () => [other] }),
    );
  });

  test('encryption types that are not permitted, of ticket and session key', () => {
    const rc4 = request({ credentials: issueTicket({ etype: 23, sessionEtype: 18 }) });
    expectErrorCode(codes.KDC_ERR_ETYPE_NOSUPP, () => accept(rc4));
    const weak = request({ credentials: issueTicket({ etype: 18, sessionEtype: 17 }) });
    expectErrorCode(codes.KDC_ERR_ETYPE_NOSUPP, () => accept(weak, { etypes: [18] }));
    accept(weak, { etypes: [17, 18] });
  });

  test('user-to-user', () => {
    const token = frameKrb5(
      TokenId.AP_REQ,
      forgedRequest((a) => a, ApOption.USE_SESSION_KEY),
    );
    expectErrorCode(codes.KRB_AP_ERR_NOKEY, () => accept(token));
  });

  test('an authenticator without the checksum of GSS-API', () => {
    const bare = (a: Authenticator): Authenticator => ({ ...a, cksum: undefined });
    const missing = frameKrb5(TokenId.AP_REQ, forgedRequest(bare));
    expectErrorCode(codes.KRB_AP_ERR_INAPP_CKSUM, () => accept(missing));
    expect(accept(missing, { bareRequests: true }).established).toBe(true);
    const other = frameKrb5(
      TokenId.AP_REQ,
      forgedRequest((a) => ({ ...a, cksum: { cksumtype: 7, checksum: new Uint8Array(16) } })),
    );
    expectErrorCode(codes.KRB_AP_ERR_INAPP_CKSUM, () => accept(other, { bareRequests: true }));
  });

  test('a bare AP-REQ, unless told otherwise; its AP-REP is bare too', () => {
    const bare = forgedRequest((a) => a);
    expectGssError('GSS_S_DEFECTIVE_TOKEN', () => accept(bare));
    const { token } = accept(bare, { bareRequests: true });
    expect(token?.[0]).toBe(0x6f);
  });

  test('the DCE style', () => {
    const checksum = encodeGssChecksum({
      bindings: new Uint8Array(16),
      flags: GssFlag.DCE_STYLE | GssFlag.MUTUAL,
    });
    const dce = forgedRequest((a) => ({ ...a, cksum: { cksumtype: 0x8003, checksum } }));
    expectGssError('GSS_S_FAILURE', () => accept(frameKrb5(TokenId.AP_REQ, dce)));
  });

  test('the error carries a KRB-ERROR, which the initiator understands', () => {
    const initiator = krb5Initiator(initiatorOptions({ clock: () => NOW + 400_000 }));
    const { token = new Uint8Array(0) } = initiator.step();
    const error = expectErrorCode(codes.KRB_AP_ERR_SKEW, () => accept(token));
    const reply = error.detail.token ?? new Uint8Array(0);
    const { id, message } = unframeKrb5(reply);
    expect(id).toBe(TokenId.KRB_ERROR);
    expect(decodeDer(KrbError, message)).toMatchObject({
      errorCode: 37,
      stime: SECONDS,
      susec: 250_000,
      realm: 'CONTOSO.COM',
    });
    const told = expectErrorCode(codes.KRB_AP_ERR_SKEW, () => initiator.step(reply));
    expect(told.message).toContain('KRB_AP_ERR_SKEW');
  });

  test('mutations of a valid token give nothing but a KerberosError', () => {
    const token = request();
    const edit = fc.tuple(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(edit, ([at, change]) => {
        const changed = Uint8Array.from(token);
        changed[at] = (changed[at] ?? 0) ^ change;
        try {
          accept(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(KerberosError);
        }
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.nat(token.length - 1), (size) => {
        expect(() => accept(token.subarray(0, size))).toThrow(KerberosError);
      }),
    );
  });

  test('an acceptor is used once', () => {
    const acceptor = krb5Acceptor(acceptorOptions());
    acceptor.step(request());
    expectGssError('GSS_S_FAILURE', () => acceptor.step(request()));
  });
});

describe('RC4 (RFC 4757), where it is permitted', () => {
  test('it authenticates, but protects no messages', () => {
    const credentials = issueTicket({ etype: 23 });
    const { initiator, acceptor } = establish({ credentials }, { etypes: [18, 23] });
    expect(acceptor.peer).toEqual(ALICE);
    expectGssError('GSS_S_FAILURE', () => initiator.wrap(utf8('a'), { seal: true }));
    expectGssError('GSS_S_FAILURE', () => initiator.getMic(utf8('a')));
    const token = fromHex(`0504 06 ff 0000 0000 ${'00'.repeat(60)}`);
    expectGssError('GSS_S_FAILURE', () => acceptor.unwrap(token));
  });
});

describe('RFC 4120 §3.2.5: what an initiator refuses', () => {
  function answered(edit: (part: EncApRepPart) => EncApRepPart): () => unknown {
    const credentials = issueTicket();
    const initiator = krb5Initiator(initiatorOptions({ credentials }));
    const { token = new Uint8Array(0) } = initiator.step();
    const { token: reply = new Uint8Array(0) } = accept(token);
    const { encPart } = decodeDer(ApRep, unframeKrb5(reply).message);
    const key = Key.of(credentials.key.etype, credentials.key.bytes);
    const part = edit(decodeDer(EncApRepPart, key.decrypt(12, encPart.cipher)));
    const cipher = key.encrypt(12, encodeDer(EncApRepPart, part), random);
    const forged = encodeDer(ApRep, { pvno: 5, msgType: 15, encPart: { etype: 18, cipher } });
    return () => initiator.step(frameKrb5(TokenId.AP_REP, forged));
  }

  test('an AP-REP for another request', () => {
    expect(answered((part) => part)()).toEqual({ established: true });
    const { KRB_AP_ERR_MUT_FAIL } = ErrorCode;
    expectErrorCode(
      KRB_AP_ERR_MUT_FAIL,
      answered((part) => ({ ...part, cusec: part.cusec ^ 1 })),
    );
    expectErrorCode(
      KRB_AP_ERR_MUT_FAIL,
      answered((part) => ({ ...part, ctime: part.ctime + 1 })),
    );
  });

  test('a subkey of RC4 under a session key of AES', () => {
    const subkey = { keytype: 23, keyvalue: new Uint8Array(16) };
    expectErrorCode(
      ErrorCode.KDC_ERR_ETYPE_NOSUPP,
      answered((part) => ({ ...part, subkey })),
    );
  });

  test('an AP-REP in another key, and tokens that are none', () => {
    const other = krb5Initiator(initiatorOptions()).step();
    const { token: reply = new Uint8Array(0) } = accept(other.token ?? new Uint8Array(0));
    const refuse = (token: Uint8Array) => {
      const initiator = krb5Initiator(initiatorOptions());
      initiator.step();
      return () => initiator.step(token);
    };
    expectErrorCode(ErrorCode.KRB_AP_ERR_BAD_INTEGRITY, refuse(reply));
    expectGssError('GSS_S_DEFECTIVE_TOKEN', refuse(new Uint8Array(0)));
    expectGssError('GSS_S_DEFECTIVE_TOKEN', refuse(request()));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(refuse(frameKrb5(TokenId.AP_REP, bytes))).toThrow(KerberosError);
        expect(refuse(frameKrb5(TokenId.KRB_ERROR, bytes))).toThrow(KerberosError);
      }),
      { numRuns: 50 },
    );
  });

  test('an expired ticket', () => {
    const later = krb5Initiator(initiatorOptions({ clock: () => NOW + 86_400_000 }));
    expectGssError('GSS_S_CREDENTIALS_EXPIRED', () => later.step());
  });

  test('an old acceptor without subkey, and a negative sequence number', () => {
    const credentials = issueTicket();
    const initiator = krb5Initiator(initiatorOptions({ credentials }));
    const { token = new Uint8Array(0) } = initiator.step();
    const acceptor = krb5Acceptor(acceptorOptions());
    const { token: reply = new Uint8Array(0) } = acceptor.step(token);
    const key = Key.of(credentials.key.etype, credentials.key.bytes);
    const { encPart } = decodeDer(ApRep, unframeKrb5(reply).message);
    const { subkey: _, ...rest } = decodeDer(EncApRepPart, key.decrypt(12, encPart.cipher));
    const part = encodeDer(EncApRepPart, { ...rest, seqNumber: -2 });
    const cipher = key.encrypt(12, part, random);
    const old = encodeDer(ApRep, { pvno: 5, msgType: 15, encPart: { etype: 18, cipher } });
    initiator.step(frameKrb5(TokenId.AP_REP, old));
    const wrapped = initiator.context?.wrap(utf8('a'), { seal: true });
    expect(wrapped?.[2]).toBe(0x02);
  });
});

describe('RFC 4121 §4.1.1.2: channel bindings', () => {
  const tls = { applicationData: utf8('tls-server-end-point:certificate') };
  const other = { applicationData: utf8('tls-server-end-point:another') };

  test('the hash covers addresses and data, with little-endian lengths', () => {
    // MD5 of what RFC 4121 §4.1.1.2 describes, computed with Python's struct and hashlib.
    expect(toHex(bindingsHash({ applicationData: utf8('abc') }))).toBe(
      '420b92da63953711d03790fc6a20013d',
    );
    const address = (last: number) => ({ type: 2, address: Uint8Array.of(10, 0, 0, last) });
    expect(
      toHex(
        bindingsHash({
          applicationData: utf8('abc'),
          initiator: address(1),
          acceptor: address(2),
        }),
      ),
    ).toBe('8126966f25f5a2f0f730105a6ec79574');
  });

  test('the same bindings: the context is bound', () => {
    const { acceptor } = establish({ channelBindings: tls }, { channelBindings: tls });
    expect(acceptor.flags & GssFlag.CHANNEL_BOUND).not.toBe(0);
  });

  test('other bindings are refused by every policy but off', () => {
    const token = (): Uint8Array => request({ channelBindings: other });
    for (const bindingPolicy of ['ignore-if-absent', 'required'] as const) {
      expectGssError('GSS_S_BAD_BINDINGS', () =>
        accept(token(), { channelBindings: tls, bindingPolicy }),
      );
    }
    accept(token(), { channelBindings: tls, bindingPolicy: 'off' });
    accept(token());
  });

  test('no bindings are refused where they are required', () => {
    const bindingPolicy = 'required';
    const refuse = () => accept(request(), { channelBindings: tls, bindingPolicy });
    expectGssError('GSS_S_BAD_BINDINGS', refuse);
    const { acceptor } = establish({}, { channelBindings: tls });
    expect(acceptor.flags & GssFlag.CHANNEL_BOUND).toBe(0);
    expect(() => krb5Acceptor(acceptorOptions({ bindingPolicy }))).toThrow(TypeError);
  });

  test('MS-KILE 3.2.5.8: no bindings from a client that would send some', () => {
    const options = encodeDer(AuthorizationData, [
      { adType: AdType.AP_OPTIONS, adData: fromHex('00400000') },
    ]);
    const aware = forgedRequest((a) => ({
      ...a,
      authorizationData: [{ adType: AdType.IF_RELEVANT, adData: options }],
    }));
    const token = frameKrb5(TokenId.AP_REQ, aware);
    expectGssError('GSS_S_BAD_BINDINGS', () => accept(token, { channelBindings: tls }));
    accept(token);
  });

  test('RFC 5929 §4: octets that are no certificate', () => {
    expect(() => tlsServerEndPoint(utf8('no certificate'))).toThrow();
  });
});

describe('RFC 4121 §4.1.1.1: delegation', () => {
  const delegated = issueTicket({
    server: KRBTGT,
    part: { flags: TicketFlag.FORWARDED | TicketFlag.FORWARDABLE, renewTill: SECONDS + 99_999 },
  });

  test('a forwarded TGT reaches the acceptor whole', () => {
    const { initiator, acceptor } = establish({ delegated });
    expect(acceptor.acceptance.delegated).toEqual(delegated);
    expect(acceptor.flags).toBe(DEFAULT_FLAGS | GssFlag.DELEG);
    expect(initiator.flags).toBe(DEFAULT_FLAGS | GssFlag.DELEG);
  });

  test('without one there is none, whatever flags say', () => {
    const { acceptor } = establish({ flags: DEFAULT_FLAGS | GssFlag.DELEG });
    expect(acceptor.acceptance.delegated).toBeUndefined();
    expect(acceptor.flags & GssFlag.DELEG).toBe(0);
  });

  test('a delegation in an unknown key, or that is none, is refused', () => {
    const deleg = (delegation: Uint8Array): Uint8Array =>
      frameKrb5(
        TokenId.AP_REQ,
        forgedRequest((a) => ({
          ...a,
          cksum: {
            cksumtype: 0x8003,
            checksum: encodeGssChecksum({ bindings: new Uint8Array(16), flags: 1, delegation }),
          },
        })),
      );
    expect(() => accept(deleg(utf8('none')))).toThrow(KerberosError);
    const { token = new Uint8Array(0) } = krb5Initiator(initiatorOptions({ delegated })).step();
    expect(token.length).toBeGreaterThan(1000);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(() => accept(deleg(bytes))).toThrow(KerberosError);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what the acceptor learns', () => {
  const pac = utf8('not really a PAC');
  const wrapped = encodeDer(AuthorizationData, [{ adType: AdType.WIN2K_PAC, adData: pac }]);

  test('the ticket is the evidence, and the PAC is found in AD-IF-RELEVANT', () => {
    const authorizationData = [
      { adType: 999, adData: utf8('unknown') },
      { adType: AdType.IF_RELEVANT, adData: wrapped },
    ];
    const credentials = issueTicket({ part: { authorizationData } });
    const { acceptance } = establish({ credentials }).acceptor;
    expect(toHex(acceptance.ticket)).toBe(toHex(credentials.ticket));
    expect(acceptance.pac).toEqual(pac);
    expect(formatPrincipal(acceptance.server)).toBe(formatPrincipal(WEB));
    expect(acceptance.ticketPart.authtime).toBe(SECONDS - 60);
  });

  test('a ticket without a PAC has none; a broken AD-IF-RELEVANT is an error', () => {
    expect(establish().acceptor.acceptance.pac).toBeUndefined();
    const authorizationData = [{ adType: AdType.IF_RELEVANT, adData: utf8('broken') }];
    const broken = issueTicket({ part: { authorizationData } });
    expect(() => establish({ credentials: broken })).toThrow(KerberosError);
  });
});

describe('keys of a keytab', () => {
  const entry = (name: string, kvno: number, key: Key): KeytabEntry => ({
    principal: principal('CONTOSO.COM', NameType.PRINCIPAL, ...name.split('/')),
    timestamp: 0,
    kvno,
    key: { etype: key.etype, bytes: key.bytes() },
  });
  const right = serviceKeys.get(18) ?? Key.random(18, random);
  const wrong = Key.random(18, random);

  test('any: a ticket for an alias opens with the key of the account', () => {
    const keys = keytabKeys([entry('SERVERB$', 2, wrong), entry('SERVERB$', 3, right)]);
    establish({}, { keys });
  });

  test('any: a wrong version in the keytab does no harm', () => {
    establish({}, { keys: keytabKeys([entry('SERVERB$', 77, right)]) });
  });

  test('named: only the principal that the ticket names', () => {
    const account = [entry('SERVERB$', 3, right)];
    const refuse = () => establish({}, { keys: keytabKeys(account, { match: 'named' }) });
    expectErrorCode(ErrorCode.KRB_AP_ERR_NOKEY, refuse);
    const named = [...account, entry('HTTP/serverb.contoso.com', 3, right)];
    establish({}, { keys: keytabKeys(named, { match: 'named' }) });
  });

  test('the best match is tried first, and at most 32 are', () => {
    const many = Array.from({ length: 50 }, (_, at) => entry(`HOST${at}$`, 1, wrong));
    const keys = keytabKeys([...many, entry('HTTP/serverb.contoso.com', 3, right)])(WEB, 18, 3);
    if (keys === undefined || keys instanceof Key) throw new Error('expected a list');
    expect(keys.length).toBe(32);
    expect(toHex(keys[0]?.bytes() ?? new Uint8Array(0))).toBe(toHex(right.bytes()));
  });
});

describe('replay cache', () => {
  const cipher = (text: string) => utf8(text);

  test('entries are forgotten once their time is up, and make room', () => {
    const cache = memoryReplayCache({ maxEntries: 2 });
    expect(cache.check({ cipher: cipher('a'), expires: 600 }, 300)).toBe('fresh');
    expect(cache.check({ cipher: cipher('b'), expires: 660 }, 310)).toBe('fresh');
    expect(cache.check({ cipher: cipher('a'), expires: 600 }, 599)).toBe('replayed');
    expect(cache.check({ cipher: cipher('c'), expires: 700 }, 659)).toBe('full');
    expect(cache.check({ cipher: cipher('c'), expires: 700 }, 660)).toBe('fresh');
    expect(cache.check({ cipher: cipher('b'), expires: 660 }, 660)).toBe('replayed');
  });
});

describe('the SASL view of a context', () => {
  test('it steps, tells and wraps', () => {
    const mine = saslContext(krb5Initiator(initiatorOptions()));
    const theirs = saslContext(krb5Acceptor(acceptorOptions()));
    expectGssError('GSS_S_NO_CONTEXT', () => mine.wrap(utf8('a'), { seal: true }));
    expect([mine.established, mine.integrity, mine.peer]).toEqual([false, false, undefined]);
    const { token, established } = mine.step();
    expect(established).toBe(false);
    mine.step(theirs.step(token).token);
    expect(theirs).toMatchObject({
      established: true,
      integrity: true,
      confidentiality: true,
      peer: 'alice@CONTOSO.COM',
    });
    expect(theirs.unwrap(mine.wrap(utf8('a'), { seal: true })).sealed).toBe(true);
    expect(mine.wrapSizeLimit(100, { seal: false })).toBe(72);
  });
});
