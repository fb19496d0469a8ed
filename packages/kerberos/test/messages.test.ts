import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer, span, type Type } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '@doublehop/kerberos/messages/ap';
import {
  AuthorizationData,
  EncryptedData,
  EncryptionKey,
  HostAddress,
  MethodData,
} from '@doublehop/kerberos/messages/common';
import {
  AnyEncRepPart,
  AsRep,
  AsReq,
  EncTgsRepPart,
  KdcReqBody,
  KdcRequest,
  TgsRep,
  TgsReq,
} from '@doublehop/kerberos/messages/kdc';
import { EncKrbCredPart, KrbCred } from '@doublehop/kerberos/messages/krb-cred';
import { KerbErrorData, KrbError } from '@doublehop/kerberos/messages/krb-error';
import { EncKrbPrivPart, KrbPriv } from '@doublehop/kerberos/messages/krb-priv';
import {
  EtypeInfo,
  EtypeInfo2,
  KerbPaPacRequest,
  PaEncTsEnc,
  PaForUser,
  PaPacOptions,
  PaS4uX509User,
} from '@doublehop/kerberos/messages/padata';
import { PrincipalName } from '@doublehop/kerberos/names';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { mitEncodings } from './vectors/mit-asn1.ts';

/** The sample values of MIT's ktest.c. */
const realm = 'ATHENA.MIT.EDU';
const name = { nameType: 1, nameString: ['hftsai', 'extra'] };
const time = 771_228_197;
const usec = 123_456;
const flags = 0xfedc_ba98;
const nonce = 42;
const key = { keytype: 1, keyvalue: utf8('12345678') };
const cksum = { cksumtype: 1, checksum: utf8('1234') };
const encData = { etype: 0, kvno: 5, cipher: utf8('krbASN.1 test message') };
const address = { addrType: 2, address: Uint8Array.of(18, 208, 0, 35) };
const addresses = [address, address];
const authElement = { adType: 1, adData: utf8('foobar') };
const authorizationData = [authElement, authElement];
const pa = { padataType: 13, padataValue: utf8('pa-data') };
const padata = [pa, pa];
const ticketValue = { tktVno: 5, realm, sname: name, encPart: encData };
const ticket = encodeDer(Ticket, ticketValue);
const salt = (n: number): string => `Morton's #${n}`;

const authenticator = { authenticatorVno: 5, crealm: realm, cname: name, cusec: usec, ctime: time };
const encTicket = {
  flags,
  key,
  crealm: realm,
  cname: name,
  transited: { trType: 1, contents: utf8('EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.') },
  authtime: time,
  endtime: time,
};
const lastReq = { lrType: -5, lrValue: time };
const encRep = {
  key,
  lastReq: [lastReq, lastReq],
  nonce,
  authtime: time,
  endtime: time,
  srealm: realm,
  sname: name,
};
const body = {
  // ENC-TKT-IN-SKEY (bit 28) goes with an additional ticket and leaves with it, as MIT's encoder
  // has it.
  kdcOptions: 0xfedc_ba90,
  cname: name,
  realm,
  sname: name,
  from: time,
  till: time,
  rtime: time,
  nonce,
  etype: [0, 1],
  addresses,
  encAuthorizationData: encData,
  additionalTickets: [ticket, ticket],
};
const bodyOfTicket = {
  kdcOptions: flags,
  realm,
  till: time,
  nonce,
  etype: [0, 1],
  additionalTickets: [ticket, ticket],
};
const bodyOfServer = {
  kdcOptions: 0xfedc_ba90,
  realm,
  sname: name,
  till: time,
  nonce,
  etype: [0, 1],
};
const request = (msgType: number, value: object, elements?: object) => ({
  pvno: 5,
  msgType,
  padata: elements,
  reqBody: expect.objectContaining({ value: expect.objectContaining(value) }),
});
const reply = (msgType: number) => ({
  pvno: 5,
  msgType,
  crealm: realm,
  cname: name,
  ticket,
  encPart: encData,
});
const credInfo = {
  key,
  prealm: realm,
  pname: name,
  flags,
  authtime: time,
  starttime: time,
  endtime: time,
  renewTill: time,
  srealm: realm,
  sname: name,
  caddr: addresses,
};
const krbError = {
  pvno: 5,
  msgType: 30,
  cusec: usec,
  stime: time,
  susec: usec,
  errorCode: 60,
  realm,
  sname: name,
};
const userId = {
  nonce: 13_243_546,
  cname: name,
  crealm: realm,
  subjectCertificate: utf8('pa_s4u_x509_user'),
  options: 0x8000_0000,
};

const vectors: readonly (readonly [keyof typeof mitEncodings, Type<unknown>, unknown])[] = [
  [
    'authenticator',
    Authenticator,
    { ...authenticator, cksum, subkey: key, seqNumber: 17, authorizationData },
  ],
  ['authenticator(optionals empty)', Authenticator, authenticator],
  ['authenticator(optionals NULL)', Authenticator, authenticator],
  ['ticket', Ticket, ticketValue],
  ['keyblock', EncryptionKey, key],
  [
    'enc_tkt_part',
    EncTicketPart,
    { ...encTicket, starttime: time, renewTill: time, caddr: addresses, authorizationData },
  ],
  ['enc_tkt_part(optionals NULL)', EncTicketPart, encTicket],
  [
    'enc_kdc_rep_part',
    EncTgsRepPart,
    { ...encRep, flags, keyExpiration: time, starttime: time, renewTill: time, caddr: addresses },
  ],
  ['enc_kdc_rep_part(optionals NULL)', EncTgsRepPart, { ...encRep, flags: 0xfe5c_ba98 }],
  ['as_rep', AsRep, { ...reply(11), padata }],
  ['as_rep(optionals NULL)', AsRep, reply(11)],
  ['tgs_rep', TgsRep, { ...reply(13), padata }],
  ['tgs_rep(optionals NULL)', TgsRep, reply(13)],
  ['ap_req', ApReq, { pvno: 5, msgType: 14, apOptions: flags, ticket, authenticator: encData }],
  ['ap_rep', ApRep, { pvno: 5, msgType: 15, encPart: encData }],
  ['ap_rep_enc_part', EncApRepPart, { ctime: time, cusec: usec, subkey: key, seqNumber: 17 }],
  ['ap_rep_enc_part(optionals NULL)', EncApRepPart, { ctime: time, cusec: usec }],
  ['as_req', AsReq, request(10, body, padata)],
  ['as_req(optionals NULL except second_ticket)', AsReq, request(10, bodyOfTicket)],
  ['as_req(optionals NULL except server)', AsReq, request(10, bodyOfServer)],
  ['tgs_req', TgsReq, request(12, body, padata)],
  ['tgs_req(optionals NULL except second_ticket)', TgsReq, request(12, bodyOfTicket)],
  ['tgs_req(optionals NULL except server)', TgsReq, request(12, bodyOfServer)],
  ['kdc_req_body', KdcReqBody, body],
  ['kdc_req_body(optionals NULL except second_ticket)', KdcReqBody, bodyOfTicket],
  ['kdc_req_body(optionals NULL except server)', KdcReqBody, bodyOfServer],
  ['priv', KrbPriv, { pvno: 5, msgType: 21, encPart: encData }],
  [
    'enc_priv_part',
    EncKrbPrivPart,
    {
      userData: utf8('krb5data'),
      timestamp: time,
      usec,
      seqNumber: 17,
      sAddress: address,
      rAddress: address,
    },
  ],
  [
    'enc_priv_part(optionals NULL)',
    EncKrbPrivPart,
    { userData: utf8('krb5data'), sAddress: address },
  ],
  ['cred', KrbCred, { pvno: 5, msgType: 22, tickets: [ticket, ticket], encPart: encData }],
  [
    'enc_cred_part',
    EncKrbCredPart,
    {
      ticketInfo: [credInfo, credInfo],
      nonce,
      timestamp: time,
      usec,
      sAddress: address,
      rAddress: address,
    },
  ],
  ['enc_cred_part(optionals NULL)', EncKrbCredPart, { ticketInfo: [{ key }, credInfo] }],
  [
    'error',
    KrbError,
    {
      ...krbError,
      ctime: time,
      crealm: realm,
      cname: name,
      eText: 'krb5data',
      eData: utf8('krb5data'),
    },
  ],
  ['error(optionals NULL)', KrbError, krbError],
  ['authorization_data', AuthorizationData, authorizationData],
  ['padata_sequence', MethodData, padata],
  ['padata_sequence(empty)', MethodData, []],
  [
    'etype_info',
    EtypeInfo,
    [{ etype: 0, salt: utf8(salt(0)) }, { etype: 1 }, { etype: 2, salt: utf8(salt(2)) }],
  ],
  ['etype_info(only 1)', EtypeInfo, [{ etype: 0, salt: utf8(salt(0)) }]],
  ['etype_info(no info)', EtypeInfo, []],
  [
    'etype_info2',
    EtypeInfo2,
    [
      { etype: 0, salt: salt(0), s2kparams: utf8('s2k: 0') },
      { etype: 1, s2kparams: utf8('s2k: 1') },
      { etype: 2, salt: salt(2), s2kparams: utf8('s2k: 2') },
    ],
  ],
  ['etype_info2(only 1)', EtypeInfo2, [{ etype: 0, salt: salt(0), s2kparams: utf8('s2k: 0') }]],
  ['pa_enc_ts', PaEncTsEnc, { patimestamp: time, pausec: usec }],
  ['pa_enc_ts(no usec)', PaEncTsEnc, { patimestamp: time }],
  ['enc_data', EncryptedData, encData],
  ['enc_data(MSB-set kvno)', EncryptedData, { ...encData, kvno: -0x0100_0000 }],
  ['enc_data(kvno=-1)', EncryptedData, { ...encData, kvno: -1 }],
  ['pa_for_user', PaForUser, { userName: name, userRealm: realm, cksum, authPackage: 'krb5data' }],
  [
    'pa_s4u_x509_user',
    PaS4uX509User,
    { userId: expect.objectContaining({ value: userId }), checksum: cksum },
  ],
];

describe("MIT krb5's encodings", () => {
  test('every one of them is looked at', () => {
    expect(vectors.map(([title]) => title)).toEqual(Object.keys(mitEncodings));
  });

  test.each(vectors)('%s', (title, type, value) => {
    const bytes = fromHex(mitEncodings[title]);
    const decoded = decodeDer(type, bytes);
    expect(decoded).toEqual(value);
    expect(toHex(encodeDer(type, decoded))).toBe(toHex(bytes));
  });

  test('the value of PA-S4U-X509-USER gives the bytes that its checksum covers', () => {
    const bytes = fromHex(mitEncodings.pa_s4u_x509_user);
    const { userId: decoded } = decodeDer(PaS4uX509User, bytes);
    expect(toHex(bytes)).toContain(toHex(decoded.raw));
    expect(toHex(bytes).indexOf(toHex(decoded.raw))).toBe(8);
  });
});

describe('messages that MIT has no encodings of', () => {
  test('PA-PAC-OPTIONS (MS-KILE 2.2.10): claims and RBCD', () => {
    const bytes = encodeDer(PaPacOptions, { flags: 0x9000_0000 });
    expect(toHex(bytes)).toBe('3009a00703050090000000');
    expect(decodeDer(PaPacOptions, bytes)).toEqual({ flags: 0x9000_0000 });
  });

  test('KERB-PA-PAC-REQUEST (MS-KILE 2.2.3)', () => {
    expect(toHex(encodeDer(KerbPaPacRequest, { includePac: true }))).toBe('3005a0030101ff');
    expect(decodeDer(KerbPaPacRequest, fromHex('3005a003010100'))).toEqual({ includePac: false });
  });

  test('KERB-ERROR-DATA with a KERB-EXT-ERROR (MS-KILE 2.2.1, 2.2.2)', () => {
    const dataValue = fromHex('250200c00000000001000000');
    const bytes = encodeDer(KerbErrorData, { dataType: 3, dataValue });
    expect(toHex(bytes)).toBe('3015a103020103a20e040c250200c00000000001000000');
    expect(decodeDer(KerbErrorData, bytes)).toEqual({ dataType: 3, dataValue });
  });

  test('name-type -128 as pyasn1 writes it, with an octet too many', () => {
    const named = { nameType: -128, nameString: ['CORP\\a'] };
    const minimal = encodeDer(PrincipalName, named);
    expect(toHex(minimal)).toBe('3011a003020180a10a30081b06434f52505c61');
    const padded = fromHex(toHex(minimal).replace('3011a003020180', '3012a0040202ff80'));
    expect(decodeDer(PrincipalName, padded)).toEqual(named);
    // Nowhere else: an address of the same type.
    const elsewhere = (type: string) => fromHex(type + 'a106040412000023');
    expect(decodeDer(HostAddress, elsewhere('300da003020102')).addrType).toBe(2);
    expect(() => decodeDer(HostAddress, elsewhere('300ea00402020002'))).toThrow('minimal');
  });

  test('either tag is taken for the encrypted part of a reply (RFC 4120 §5.4.2)', () => {
    const tgs = fromHex(mitEncodings.enc_kdc_rep_part);
    const as = tgs.slice();
    as[0] = 0x79;
    expect(decodeDer(AnyEncRepPart, tgs).kind).toBe('tgs');
    expect(decodeDer(AnyEncRepPart, as).kind).toBe('as');
    expect(decodeDer(AnyEncRepPart, as).value).toEqual(decodeDer(AnyEncRepPart, tgs).value);
  });

  test('a request body that is encoded once is carried byte for byte', () => {
    const value = { ...bodyOfServer, kdcOptions: 0x4081_0010 };
    const reqBody = span(KdcReqBody, value);
    const bytes = encodeDer(TgsReq, { pvno: 5, msgType: 12, padata, reqBody });
    const decoded = decodeDer(KdcRequest, bytes);
    expect(decoded.kind).toBe('tgs');
    expect(decoded.value.reqBody.raw).toEqual(reqBody.raw);
    expect(decoded.value.reqBody.value).toEqual(value);
  });
});

describe('RFC 4120 §5.3: a Ticket is carried unopened, but checked when it is opened', () => {
  test('another version is refused', () => {
    const bytes = ticket.slice();
    bytes[8] = 4;
    expect(() => decodeDer(Ticket, bytes)).toThrow(WireError);
  });

  test('more additional tickets than the limit are refused', () => {
    const five = { ...bodyOfServer, additionalTickets: Array.from({ length: 5 }, () => ticket) };
    expect(() => decodeDer(KdcReqBody, encodeDer(KdcReqBody, five))).toThrow(WireError);
  });
});

/** Whatever the bytes are, a decoder returns a value or throws WireError. */
function onlyWireErrors(type: Type<unknown>, bytes: Uint8Array): boolean {
  try {
    decodeDer(type, bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  return true;
}

describe('hostile bytes', () => {
  const types = new Map(vectors.map(([title, type]) => [type, fromHex(mitEncodings[title])]));

  test.each([...types])('random bytes and mutations of an encoding (%#)', (type, seed) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => onlyWireErrors(type, bytes)),
      { numRuns: 50 },
    );
    const mutation = fc.tuple(fc.nat(seed.length - 1), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        fc.nat(seed.length),
        (mutations, cut) => {
          const bytes = seed.slice();
          for (const [at, value] of mutations) bytes[at] = value;
          return onlyWireErrors(type, bytes) && onlyWireErrors(type, bytes.subarray(0, cut));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('every truncation and every flipped octet of a whole request', () => {
    const seed = fromHex(mitEncodings.tgs_req);
    for (let at = 0; at < seed.length; at += 1) {
      expect(() => decodeDer(KdcRequest, seed.subarray(0, at))).toThrow(WireError);
      for (const bit of [0x01, 0x20, 0x80]) {
        const bytes = seed.slice();
        bytes[at] = (bytes[at] ?? 0) ^ bit;
        expect(onlyWireErrors(KdcRequest, bytes)).toBe(true);
      }
    }
  });
});
