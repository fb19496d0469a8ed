import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import {
  openArmoredError,
  openArmoredReply,
  type RequestArmor,
} from '@doublehop/kerberos/client/armor';
import { checkKdcChallenge } from '@doublehop/kerberos/client/challenge';
import { KerberosError } from '@doublehop/kerberos/errors';
import {
  armorKey,
  clientChallengeKey,
  explicitArmorKey,
  kdcChallengeKey,
  strengthenedKey,
} from '@doublehop/kerberos/fast/keys';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { MessageType, PVNO } from '@doublehop/kerberos/iana/message-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { EncryptedData, MethodData, type PaData } from '@doublehop/kerberos/messages/common';
import {
  KrbFastArmoredReq,
  KrbFastFinished,
  KrbFastReq,
  KrbFastResponse,
  PaFxFastReply,
  PaFxFastRequest,
} from '@doublehop/kerberos/messages/fast';
import { type KdcRep, KdcReqBody } from '@doublehop/kerberos/messages/kdc';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import { PaEncTsEnc } from '@doublehop/kerberos/messages/padata';
import { fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer, span, type Type } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';

/** The sample values of MIT's ktest.c. */
const name = { nameType: 1, nameString: ['hftsai', 'extra'] };
const pa = { padataType: 13, padataValue: utf8('pa-data') };
const finished: KrbFastFinished = {
  timestamp: 771_228_197,
  usec: 123_456,
  crealm: 'ATHENA.MIT.EDU',
  cname: name,
  ticketChecksum: { cksumtype: 1, checksum: utf8('1234') },
};
const response: KrbFastResponse = {
  padata: [pa, pa],
  strengthenKey: { keytype: 1, keyvalue: utf8('12345678') },
  finished,
  nonce: 42,
};

describe('RFC 6113 §5.4: messages', () => {
  // MIT krb5 src/tests/asn.1/reference_encode.out: krb5_fast_response, krb5_pa_fx_fast_reply.
  test('KrbFastResponse as MIT encodes it', () => {
    const bytes = fromHex(
      '30819fa026302430 10a10302010da20904 0770612d64617461 3010a10302010da2 0904077061 2d64617461'
        .concat('a1133011a003020101a10a04083132333435363738a25b3059a011180f31393934')
        .concat('303631303036303331375aa105020301e240a2101b0e415448454e412e4d49542e454455')
        .concat('a31a3018a003020101a111300f1b066866747361691b056578747261a40f300da0030201')
        .concat('01a106040431323334a30302012a')
        .replaceAll(' ', ''),
    );
    expect(decodeDer(KrbFastResponse, bytes)).toEqual(response);
    expect(toHex(encodeDer(KrbFastResponse, response))).toBe(toHex(bytes));
  });

  test('PA-FX-FAST-REPLY as MIT encodes it', () => {
    const encFastRep = { etype: 0, kvno: 5, cipher: utf8('krbASN.1 test message') };
    const hex =
      'a0293027a0253023a003020100a103020105a21704156b726241534e2e312074657374206d657373616765';
    expect(decodeDer(PaFxFastReply, fromHex(hex))).toEqual({ encFastRep });
    expect(toHex(encodeDer(PaFxFastReply, { encFastRep }))).toBe(hex);
  });

  const body = span(KdcReqBody, {
    kdcOptions: 0,
    realm: 'A',
    till: 0,
    nonce: 42,
    etype: [18],
  });
  const armored: KrbFastArmoredReq = {
    armor: { armorType: 1, armorValue: utf8('AP-REQ') },
    reqChecksum: finished.ticketChecksum,
    encFastReq: { etype: 18, cipher: utf8('cipher') },
  };

  test('requests go there and back, the body with its octets', () => {
    expect(decodeDer(PaFxFastRequest, encodeDer(PaFxFastRequest, armored))).toEqual(armored);
    const { armor: _armor, ...own } = armored;
    expect(decodeDer(PaFxFastRequest, encodeDer(PaFxFastRequest, own))).toEqual(own);
    const request = { fastOptions: 0x4000_0000, padata: [pa], reqBody: body };
    const again = decodeDer(KrbFastReq, encodeDer(KrbFastReq, request));
    expect(toHex(again.reqBody.raw)).toBe(toHex(body.raw));
    expect(again).toEqual(request);
  });

  test('what a later RFC adds at the end is passed over', () => {
    const bytes = encodeDer(KrbFastFinished, finished);
    const longer = Uint8Array.of(...bytes, 0xa9, 3, 2, 1, 7);
    longer[1] = bytes.length - 2 + 5;
    expect(decodeDer(KrbFastFinished, longer)).toEqual(finished);
  });

  const types: readonly [string, Type<unknown>, Uint8Array][] = [
    ['PA-FX-FAST-REQUEST', PaFxFastRequest, encodeDer(PaFxFastRequest, armored)],
    [
      'KrbFastReq',
      KrbFastReq,
      encodeDer(KrbFastReq, { fastOptions: 0, padata: [pa], reqBody: body }),
    ],
    ['KrbFastResponse', KrbFastResponse, encodeDer(KrbFastResponse, response)],
  ];
  test.each(types)('%s: changed octets are refused or read, nothing else', (_name, type, bytes) => {
    const change = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), change), (input) => {
        const hostile = input instanceof Uint8Array ? input : bytes.slice();
        if (!(input instanceof Uint8Array)) for (const [at, octet] of input) hostile[at] = octet;
        try {
          const value = decodeDer(type, hostile);
          const again = encodeDer(type, value);
          expect(toHex(encodeDer(type, decodeDer(type, again)))).toBe(toHex(again));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});

const random = pooledRandom();
const ticket = Uint8Array.of(0x61, 0);

function lab() {
  const key = Key.random(18, random);
  const armor: RequestArmor = { key, shown: undefined };
  const seal = (value: Partial<KrbFastResponse>, with_ = key): PaData => {
    const plain = encodeDer(KrbFastResponse, { padata: [], nonce: 7, ...value });
    const cipher = with_.encrypt(KeyUsage.FAST_REP, plain, random);
    const padataValue = encodeDer(PaFxFastReply, { encFastRep: { etype: 18, cipher } });
    return { padataType: PaType.FX_FAST, padataValue };
  };
  const checksum = key.checksum(KeyUsage.FAST_FINISHED, ticket);
  const end = { ...finished, ticketChecksum: { cksumtype: key.checksumType, checksum } };
  const reply = (...padata: readonly PaData[]): KdcRep => ({
    pvno: PVNO,
    msgType: MessageType.AS_REP,
    padata,
    crealm: 'WELLKNOWN:ANONYMOUS',
    cname: { nameType: 11, nameString: ['WELLKNOWN', 'ANONYMOUS'] },
    ticket,
    encPart: { etype: 18, cipher: new Uint8Array() },
  });
  return { key, armor, seal, end, reply };
}

describe('RFC 6113 §5.4.3: what a client makes of a reply', () => {
  test('names and padata are those of the armor; the key is strengthened', () => {
    const { armor, seal, end, reply } = lab();
    const fresh = Key.random(18, random);
    const strengthenKey = { keytype: 18, keyvalue: fresh.bytes() };
    const opened = openArmoredReply(
      armor,
      7,
      reply(seal({ padata: [pa], strengthenKey, finished: end })),
    );
    expect(opened.rep).toMatchObject({ crealm: 'ATHENA.MIT.EDU', cname: name, padata: [pa] });
    const own = Key.random(18, random);
    const expected = strengthenedKey(fresh, own);
    expect(toHex(opened.strengthen(own).bytes())).toBe(toHex(expected.bytes()));
    const plain = openArmoredReply(armor, 7, reply(seal({ finished: end })));
    expect(plain.strengthen(own)).toBe(own);
  });

  type Forge = (l: ReturnType<typeof lab>) => KdcRep;
  const forged: readonly [string, Forge, RegExp][] = [
    ['no armor', ({ reply }) => reply(), /did not know FAST/u],
    [
      'another key',
      ({ reply, seal, end }) => reply(seal({ finished: end }, Key.random(18, random))),
      /another key/u,
    ],
    [
      'another nonce',
      ({ reply, seal, end }) => reply(seal({ finished: end, nonce: 8 })),
      /nonce in the armor/u,
    ],
    ['no end', ({ reply, seal }) => reply(seal({})), /no end/u],
    [
      'another ticket',
      ({ reply, seal, end }) => ({
        ...reply(seal({ finished: end })),
        ticket: Uint8Array.of(0x61, 1, 0),
      }),
      /not the one in the armor/u,
    ],
    [
      'an unkeyed checksum of the ticket',
      ({ reply, seal, end }) =>
        reply(seal({ finished: { ...end, ticketChecksum: { cksumtype: 7, checksum: ticket } } })),
      /not the one in the armor/u,
    ],
    [
      'a checksum for another kind of key',
      ({ reply, seal, end }) =>
        reply(seal({ finished: { ...end, ticketChecksum: { cksumtype: 20, checksum: ticket } } })),
      /not the one in the armor/u,
    ],
  ];
  test.each(forged)('%s', (_name, forge, message) => {
    const l = lab();
    const open = () => openArmoredReply(l.armor, 7, forge(l));
    expect(open).toThrow(message);
    expect(open).toThrow(KerberosError);
  });

  test('a strengthen-key of an unknown type', () => {
    const { armor, seal, end, reply } = lab();
    const strengthenKey = { keytype: 99, keyvalue: new Uint8Array(8) };
    const { strengthen } = openArmoredReply(
      armor,
      7,
      reply(seal({ strengthenKey, finished: end })),
    );
    expect(() => strengthen(armor.key)).toThrow('the key in its armor cannot be used');
  });

  const error: KrbError = {
    pvno: PVNO,
    msgType: MessageType.KRB_ERROR,
    stime: 0,
    susec: 0,
    errorCode: 25,
    realm: 'A',
    sname: name,
  };

  test('an error counts as it stands in the armor', () => {
    const { armor, seal } = lab();
    const inside = encodeDer(KrbError, { ...error, errorCode: 24 });
    const padata = [{ padataType: PaType.FX_ERROR, padataValue: inside }, pa];
    const bare = { ...error, eData: encodeDer(MethodData, [seal({ padata })]) };
    const opened = openArmoredError(armor, 7, bare);
    expect(opened?.errorCode).toBe(24);
    expect(opened?.eData).toEqual(encodeDer(MethodData, padata));
    expect(() => openArmoredError(armor, 8, bare)).toThrow('nonce');
  });

  test('a bare error is none; armor without an error is a mistake', () => {
    const { armor, seal } = lab();
    expect(openArmoredError(armor, 7, error)).toBeUndefined();
    expect(openArmoredError(armor, 7, { ...error, eData: utf8('x') })).toBeUndefined();
    const empty = { ...error, eData: encodeDer(MethodData, [seal({})]) };
    expect(() => openArmoredError(armor, 7, empty)).toThrow('no error');
  });

  test('hostile armor throws KerberosError alone', () => {
    const { key, armor, reply } = lab();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (plain) => {
        const cipher = key.encrypt(KeyUsage.FAST_REP, plain, random);
        const padataValue = encodeDer(PaFxFastReply, { encFastRep: { etype: 18, cipher } });
        const rep = reply({ padataType: PaType.FX_FAST, padataValue });
        expect(() => openArmoredReply(armor, 7, rep)).toThrow(KerberosError);
      }),
    );
  });
});

describe("RFC 6113 §5.4.6: the KDC's challenge", () => {
  const armor = Key.random(18, random);
  const longTerm = Key.random(17, random);
  const made = (key: Key, usage: number): KdcRep => {
    const plain = encodeDer(PaEncTsEnc, { patimestamp: 1, pausec: 0 });
    const padataValue = encodeDer(EncryptedData, {
      etype: key.etype,
      cipher: key.encrypt(usage, plain, random),
    });
    return lab().reply({ padataType: PaType.ENCRYPTED_CHALLENGE, padataValue });
  };

  test("is made with the client's key; Heimdal 7 takes the other pepper", () => {
    for (const make of [kdcChallengeKey, clientChallengeKey]) {
      const rep = made(make(armor, longTerm), KeyUsage.ENC_CHALLENGE_KDC);
      expect(() => checkKdcChallenge(rep, armor, longTerm)).not.toThrow();
    }
  });

  test("the client's own challenge, sent back, is no answer", () => {
    const rep = made(clientChallengeKey(armor, longTerm), KeyUsage.ENC_CHALLENGE_CLIENT);
    expect(() => checkKdcChallenge(rep, armor, longTerm)).toThrow('does not know the key');
  });

  test('nor is one by somebody else', () => {
    const rep = made(kdcChallengeKey(armor, Key.random(17, random)), KeyUsage.ENC_CHALLENGE_KDC);
    expect(() => checkKdcChallenge(rep, armor, longTerm)).toThrow('does not know the key');
  });

  test('derived keys have the type of the first, and are all different', () => {
    const makers = [
      armorKey,
      explicitArmorKey,
      strengthenedKey,
      clientChallengeKey,
      kdcChallengeKey,
    ];
    const keys = makers.map((make) => make(armor, longTerm));
    expect(keys.map(({ etype }) => etype)).toEqual([18, 18, 18, 18, 18]);
    expect(new Set(keys.map((key) => toHex(key.bytes()))).size).toBe(5);
  });
});
