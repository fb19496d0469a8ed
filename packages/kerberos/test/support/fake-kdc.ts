import { Key } from '@doublehop/crypto/key';
import { computeChecksum, verifyChecksum } from '@doublehop/crypto/checksum';
import { iterationParams, stringToKeySync } from '@doublehop/crypto/string-to-key';
import { concat, equal } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer, span } from '@doublehop/wire/der';
import { s4uByteArray, s4uChecksumType } from '@doublehop/kerberos/client/s4u2self';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { KdcOption, PacOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import {
  Checksum,
  EncryptedData,
  findPadata,
  MethodData,
  type PaData,
} from '@doublehop/kerberos/messages/common';
import {
  AsRep,
  EncAsRepPart,
  type EncKdcRepPart,
  EncTgsRepPart,
  type KdcReq,
  KdcRequest,
  TgsRep,
} from '@doublehop/kerberos/messages/kdc';
import { KerbErrorData, KrbError } from '@doublehop/kerberos/messages/krb-error';
import {
  EtypeInfo2,
  PaEncTsEnc,
  PaForUser,
  PaPacOptions,
  PaS4uX509User,
  S4uUserId,
} from '@doublehop/kerberos/messages/padata';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import {
  formatName,
  type Principal,
  principal,
  type PrincipalName,
} from '@doublehop/kerberos/names';
import { type RandomSource } from '@doublehop/crypto/random';

/** An account of the fake KDC; the salt is not the default one, so that it must be asked for. */
export interface FakeAccount {
  readonly keys: readonly Key[];
  readonly salt: string;
  readonly iterations: number;
}

/** A reply before it is sealed. A test changes it to what an attacker or a bad KDC would send. */
export interface Draft {
  crealm: string;
  cname: PrincipalName;
  padata: PaData[];
  enc: EncKdcRepPart;
  key: Key;
  /** Server that the ticket names in the clear. */
  ticketServer: Principal;
}

/** What the client is told instead of a ticket. */
export interface Refusal {
  readonly code: number;
  readonly eData?: Uint8Array;
  readonly crealm?: string;
  readonly stime?: number;
}

class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`error ${refusal.code}`);
    this.refusal = refusal;
  }
}

/**
 * A KDC of one realm for tests of clients: it checks what a client must prove and answers by
 * script. It has no database, no PAC and no rules of its own beyond those that the tests need.
 */
export class FakeKdc {
  readonly realm: string;
  readonly random: RandomSource;
  /** Milliseconds since 1970. */
  now: number;
  skew = 300;
  preauth = true;
  s4u: 'x509' | 'for-user' | 'none' = 'x509';
  /** Names of accounts with their keys, `krbtgt/OTHER` for trusts among them. */
  readonly accounts = new Map<string, FakeAccount>();
  /** Server names (as text) that are in another realm. */
  readonly referrals = new Map<string, string>();
  /** `middle target` pairs that S4U2Proxy is granted for by RBCD. */
  readonly grants = new Set<string>();
  /** Users that are known by an enterprise name elsewhere. */
  readonly wrongRealms = new Map<string, string>();
  readonly requests: KdcReq[] = [];
  /** Changes a reply before it is sealed. */
  tamper: ((draft: Draft, request: KdcReq) => void) | undefined;
  /** Refuses a request at once. */
  refuse: ((request: KdcReq) => Refusal | undefined) | undefined;

  constructor(realm: string, now: number, random: RandomSource) {
    this.realm = realm;
    this.now = now;
    this.random = random;
    this.addKey(`krbtgt/${realm}`, Key.random(18, random));
  }

  addPassword(
    name: string,
    password: string,
    { etypes = [18, 17], iterations = 4096 }: { etypes?: number[]; iterations?: number } = {},
  ): void {
    const salt = `salt of ${name}`;
    const params = iterationParams(iterations);
    const keys = etypes.map((etype) => stringToKeySync(etype, password, salt, params));
    this.accounts.set(name, { keys, salt, iterations });
  }

  addKey(name: string, key: Key): void {
    this.accounts.set(name, { keys: [key], salt: '', iterations: 4096 });
  }

  /** Two-way trust. */
  trust(other: FakeKdc): void {
    for (const [a, b] of [[this, other] as const, [other, this] as const]) {
      const key = Key.random(18, this.random);
      a.addKey(`krbtgt/${b.realm}`, key);
      b.addKey(`krbtgt/${b.realm}@${a.realm}`, key);
    }
  }

  answer(bytes: Uint8Array): Uint8Array {
    const request = decodeDer(KdcRequest, bytes);
    this.requests.push(request.value);
    try {
      const refusal = this.refuse?.(request.value);
      if (refusal !== undefined) throw new Refused(refusal);
      return request.kind === 'as' ? this.#as(request.value, bytes) : this.#tgs(request.value);
    } catch (error) {
      if (error instanceof Refused) return this.#error(error.refusal);
      throw error;
    }
  }

  /** The long-term key that a server's tickets are sealed with. */
  keyOf(name: string): Key {
    const [key] = this.accounts.get(name)?.keys ?? [];
    if (key === undefined) throw new Refused({ code: ErrorCode.KDC_ERR_S_PRINCIPAL_UNKNOWN });
    return key;
  }

  /** What is sealed in a ticket of one of the accounts. */
  openTicket(bytes: Uint8Array, name: string): EncTicketPart {
    const { encPart } = decodeDer(Ticket, bytes);
    return decodeDer(EncTicketPart, this.keyOf(name).decrypt(KeyUsage.TICKET, encPart.cipher));
  }

  #as(request: KdcReq, bytes: Uint8Array): Uint8Array {
    const body = request.reqBody.value;
    const { cname, sname } = body;
    if (cname === undefined || sname === undefined) throw new Refused({ code: 60 });
    const name = formatName(cname);
    const elsewhere = this.wrongRealms.get(name);
    if (elsewhere !== undefined) {
      throw new Refused({ code: ErrorCode.KDC_ERR_WRONG_REALM, crealm: elsewhere });
    }
    const account = this.accounts.get(name);
    if (account === undefined) throw new Refused({ code: ErrorCode.KDC_ERR_C_PRINCIPAL_UNKNOWN });
    const key = account.keys.find(({ etype }) => body.etype.includes(etype));
    if (key === undefined) throw new Refused({ code: ErrorCode.KDC_ERR_ETYPE_NOSUPP });
    const timestamp = findPadata(request.padata, PaType.ENC_TIMESTAMP);
    if (timestamp !== undefined) this.#checkTimestamp(account, timestamp);
    else if (this.preauth) {
      throw new Refused({
        code: ErrorCode.KDC_ERR_PREAUTH_REQUIRED,
        eData: encodeDer(MethodData, [
          ...etypeInfo(account),
          { padataType: PaType.ENC_TIMESTAMP, padataValue: new Uint8Array(0) },
          { padataType: PaType.FX_COOKIE, padataValue: new Uint8Array([1, 2, 3]) },
        ]),
      });
    }
    const client = { name: cname, realm: this.realm };
    const server = { name: sname, realm: this.realm };
    const draft = this.#draft(request, client, server, key);
    draft.padata.push(...etypeInfo(account));
    const checksum = key.checksum(KeyUsage.AS_REQ, bytes);
    const proof = encodeDer(Checksum, { cksumtype: key.checksumType, checksum });
    const flags = (draft.enc.flags | TicketFlag.INITIAL | TicketFlag.ENC_PA_REP) >>> 0;
    draft.enc = {
      ...draft.enc,
      flags,
      lastReq: [{ lrType: 6, lrValue: Math.floor(this.now / 1000) + 86_400 }],
      encryptedPaData: [{ padataType: PaType.REQ_ENC_PA_REP, padataValue: proof }],
    };
    return this.#seal(request, draft, 11);
  }

  #checkTimestamp(account: FakeAccount, value: Uint8Array): void {
    const { etype, cipher } = decodeDer(EncryptedData, value);
    const key = account.keys.find((candidate) => candidate.etype === etype);
    let plain: Uint8Array;
    try {
      plain = key?.decrypt(KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, cipher) ?? new Uint8Array(0);
    } catch {
      const eData = encodeDer(MethodData, etypeInfo(account));
      throw new Refused({ code: ErrorCode.KDC_ERR_PREAUTH_FAILED, eData });
    }
    this.#checkTime(decodeDer(PaEncTsEnc, plain).patimestamp);
  }

  #checkTime(seconds: number): void {
    if (Math.abs(seconds - this.now / 1000) > this.skew) {
      throw new Refused({ code: ErrorCode.KRB_AP_ERR_SKEW });
    }
  }

  #tgs(request: KdcReq): Uint8Array {
    const { header, replyKey, sessionKey } = this.#openHeader(request);
    const body = request.reqBody.value;
    if (body.sname === undefined) throw new Refused({ code: 60 });
    const middle = { name: header.cname, realm: header.crealm };
    const referral = this.#referralFor(body.sname);
    const name = referral === undefined ? body.sname : tgsName(referral);
    const server = { name, realm: this.realm };
    const padata: PaData[] = [];
    const sealed: PaData[] = [];
    let client = this.#s4u2self(request, { replyKey, sessionKey }, padata, sealed) ?? middle;
    const evidence = this.#s4u2proxy(request, middle, referral === undefined);
    if (evidence !== undefined) client = evidence;
    const shown = referral === undefined ? client : middle;
    const draft = this.#draft(request, shown, server, replyKey, header);
    draft.padata.push(...padata);
    if (sealed.length > 0) draft.enc = { ...draft.enc, encryptedPaData: sealed };
    if (evidence !== undefined) {
      // MS-SFU 3.2.5.2.2: the echo tells a proxy TGT from a plain referral.
      const echo = findPadata(request.padata, PaType.PAC_OPTIONS);
      const entry = { padataType: PaType.PAC_OPTIONS, padataValue: echo ?? new Uint8Array(0) };
      draft.enc = { ...draft.enc, encryptedPaData: [entry] };
    }
    return this.#seal(request, draft, 13);
  }

  #openHeader(request: KdcReq): {
    readonly header: EncTicketPart;
    readonly sessionKey: Key;
    readonly replyKey: Key;
  } {
    const apReq = decodeDer(ApReq, findPadata(request.padata, PaType.TGS_REQ) ?? new Uint8Array(0));
    const ticket = decodeDer(Ticket, apReq.ticket);
    const foreign = ticket.realm === this.realm ? '' : `@${ticket.realm}`;
    const header = this.openTicket(apReq.ticket, `krbtgt/${this.realm}${foreign}`);
    const sessionKey = Key.of(header.key.keytype, header.key.keyvalue);
    const plain = sessionKey.decrypt(KeyUsage.TGS_REQ_AUTHENTICATOR, apReq.authenticator.cipher);
    const authenticator = decodeDer(Authenticator, plain);
    this.#checkTime(authenticator.ctime);
    const { cksum, subkey } = authenticator;
    const bytes = request.reqBody.raw;
    const usage = KeyUsage.TGS_REQ_AUTHENTICATOR_CKSUM;
    if (
      cksum?.cksumtype !== sessionKey.checksumType ||
      !sessionKey.verifyChecksum(usage, bytes, cksum.checksum)
    ) {
      throw new Refused({ code: ErrorCode.KRB_AP_ERR_MODIFIED });
    }
    const replyKey = subkey === undefined ? sessionKey : Key.of(subkey.keytype, subkey.keyvalue);
    return { header, sessionKey, replyKey };
  }

  #referralFor(sname: PrincipalName): string | undefined {
    const name = formatName(sname);
    if (sname.nameType === NameType.ENTERPRISE) return sname.nameString[0]?.split('@').at(-1);
    return this.referrals.get(name);
  }

  #s4u2self(
    request: KdcReq,
    { replyKey, sessionKey }: { readonly replyKey: Key; readonly sessionKey: Key },
    padata: PaData[],
    sealed: PaData[],
  ): Principal | undefined {
    const modern = findPadata(request.padata, PaType.S4U_X509_USER);
    if (this.s4u === 'x509' && modern !== undefined) {
      const { userId, checksum } = decodeDer(PaS4uX509User, modern);
      const { cname, crealm, nonce } = userId.value;
      const usage = KeyUsage.PA_S4U_X509_USER_REQUEST;
      const good = verifyChecksum(
        checksum.cksumtype,
        replyKey,
        usage,
        userId.raw,
        checksum.checksum,
      );
      if (!good || nonce !== request.reqBody.value.nonce) {
        throw new Refused({ code: ErrorCode.KRB_AP_ERR_MODIFIED });
      }
      const user = this.#normalized(cname ?? { nameType: 1, nameString: ['mapped'] }, crealm);
      const reply = this.x509Reply(replyKey, { ...userId.value, cname: user.name });
      padata.push(reply);
      if (replyKey.etype === 23) {
        const { checksum: answered } = decodeDer(PaS4uX509User, reply.padataValue);
        const padataValue = concat(checksum.checksum, answered.checksum);
        sealed.push({ padataType: PaType.S4U_X509_USER, padataValue });
      }
      return user;
    }
    const old = findPadata(request.padata, PaType.FOR_USER);
    if (this.s4u !== 'for-user' || old === undefined) return undefined;
    const { userName, userRealm, cksum, authPackage } = decodeDer(PaForUser, old);
    const data = s4uByteArray({ name: userName, realm: userRealm }, authPackage);
    const expected = computeChecksum(-138, sessionKey, KeyUsage.NON_KERB_CKSUM, data);
    if (cksum.cksumtype !== -138 || !equal(expected, cksum.checksum)) {
      throw new Refused({ code: ErrorCode.KRB_AP_ERR_MODIFIED });
    }
    return this.#normalized(userName, userRealm);
  }

  /** PA-S4U-X509-USER of a reply: usage 27 and the option, or 26 without it (MS-SFU 2.2.2). */
  x509Reply(key: Key, value: Parameters<typeof span<S4uUserId>>[1], usage = 27): PaData {
    const userId = span(S4uUserId, value);
    const cksumtype = s4uChecksumType(key);
    const checksum = computeChecksum(cksumtype, key, usage, userId.raw);
    const padataValue = encodeDer(PaS4uX509User, { userId, checksum: { cksumtype, checksum } });
    return { padataType: PaType.S4U_X509_USER, padataValue };
  }

  /** An enterprise name becomes the account's name in the user's own realm. */
  #normalized(name: PrincipalName, realm: string): Principal {
    if (name.nameType !== NameType.ENTERPRISE || realm !== this.realm) return { name, realm };
    return principal(realm, NameType.PRINCIPAL, name.nameString[0]?.split('@')[0] ?? '');
  }

  #s4u2proxy(request: KdcReq, middle: Principal, local: boolean): Principal | undefined {
    const body = request.reqBody.value;
    if ((body.kdcOptions & KdcOption.CNAME_IN_ADDL_TKT) === 0) return undefined;
    const [ticket] = body.additionalTickets ?? [];
    if (ticket === undefined) throw new Refused({ code: ErrorCode.KDC_ERR_BADOPTION });
    const { sname, realm } = decodeDer(Ticket, ticket);
    const key = realm === this.realm ? formatName(sname) : `${formatName(sname)}@${realm}`;
    const evidence = this.openTicket(ticket, key);
    const options = findPadata(request.padata, PaType.PAC_OPTIONS);
    const rbcd =
      options !== undefined &&
      (decodeDer(PaPacOptions, options).flags & PacOption.RESOURCE_BASED_CONSTRAINED_DELEGATION) !==
        0;
    const target = formatName(body.sname ?? { nameType: 0, nameString: [] });
    if (!rbcd) throw badOption(0xc000_00bb);
    if (local && !this.grants.has(`${formatName(middle.name)} ${target}`)) {
      throw badOption(0xc000_0225);
    }
    if ((evidence.flags & TicketFlag.FORWARDABLE) === 0) throw badOption(0xc000_006e);
    // The user of a proxy TGT stands in its PAC; here in its authorization data.
    const [told] = evidence.authorizationData ?? [];
    return told === undefined
      ? { name: evidence.cname, realm: evidence.crealm }
      : decodeUser(told.adData);
  }

  #draft(
    request: KdcReq,
    client: Principal,
    server: Principal,
    key: Key,
    header?: EncTicketPart,
  ): Draft {
    const body = request.reqBody.value;
    const now = Math.floor(this.now / 1000);
    const copied = KdcOption.FORWARDABLE | KdcOption.PROXIABLE | KdcOption.FORWARDED;
    const renewable = (body.kdcOptions & KdcOption.RENEWABLE) !== 0;
    const wanted = body.kdcOptions & (copied | KdcOption.RENEWABLE);
    const allowed = header === undefined ? wanted : wanted & (header.flags | TicketFlag.FORWARDED);
    const session = Key.random(body.etype[0] ?? 18, this.random);
    return {
      crealm: client.realm,
      cname: client.name,
      padata: [],
      key,
      ticketServer: server,
      enc: {
        key: { keytype: session.etype, keyvalue: session.bytes() },
        lastReq: [],
        nonce: body.nonce,
        flags: allowed >>> 0,
        authtime: header?.authtime ?? now,
        starttime: now,
        endtime: Math.min(body.till, now + 36_000),
        ...(renewable && body.rtime !== undefined ? { renewTill: body.rtime } : {}),
        srealm: server.realm,
        sname: server.name,
        ...(body.addresses === undefined ? {} : { caddr: body.addresses }),
      },
    };
  }

  #seal(request: KdcReq, draft: Draft, msgType: 11 | 13): Uint8Array {
    const user = { name: draft.cname, realm: draft.crealm };
    this.tamper?.(draft, request);
    const { enc, ticketServer, key } = draft;
    const serverKey = this.#serverKey(enc.sname);
    const part = encodeDer(EncTicketPart, {
      flags: enc.flags,
      key: enc.key,
      crealm: user.realm,
      cname: user.name,
      transited: { trType: 1, contents: new Uint8Array(0) },
      authtime: enc.authtime,
      starttime: enc.starttime,
      endtime: enc.endtime,
      renewTill: enc.renewTill,
      ...this.#carriedUser(request),
    });
    const ticket = encodeDer(Ticket, {
      tktVno: 5,
      realm: ticketServer.realm,
      sname: ticketServer.name,
      encPart: {
        etype: serverKey.etype,
        cipher: serverKey.encrypt(KeyUsage.TICKET, part, this.random),
      },
    });
    const usage = msgType === 11 ? KeyUsage.AS_REP_ENC_PART : KeyUsage.TGS_REP_ENC_PART_SUBKEY;
    const plain = encodeDer(msgType === 11 ? EncAsRepPart : EncTgsRepPart, enc);
    return encodeDer(msgType === 11 ? AsRep : TgsRep, {
      pvno: 5,
      msgType,
      padata: draft.padata,
      crealm: draft.crealm,
      cname: draft.cname,
      ticket,
      encPart: { etype: key.etype, cipher: key.encrypt(usage, plain, this.random) },
    });
  }

  /** Stands for the PAC of a proxy TGT: whom the evidence ticket was for. */
  #carriedUser(request: KdcReq): { authorizationData?: EncTicketPart['authorizationData'] } {
    const body = request.reqBody.value;
    const [ticket] = body.additionalTickets ?? [];
    const header = findPadata(request.padata, PaType.TGS_REQ);
    if (ticket !== undefined) {
      const { sname, realm } = decodeDer(Ticket, ticket);
      const name = realm === this.realm ? formatName(sname) : `${formatName(sname)}@${realm}`;
      const { cname, crealm, authorizationData } = this.openTicket(ticket, name);
      return {
        authorizationData: authorizationData ?? [
          { adType: 1, adData: encodeUser({ name: cname, realm: crealm }) },
        ],
      };
    }
    if (header === undefined) return {};
    const { header: opened } = this.#openHeader(request);
    return opened.authorizationData === undefined
      ? {}
      : { authorizationData: opened.authorizationData };
  }

  #serverKey(sname: PrincipalName): Key {
    return this.keyOf(formatName(sname));
  }

  #error({ code, eData, crealm, stime }: Refusal): Uint8Array {
    return encodeDer(KrbError, {
      pvno: 5,
      msgType: 30,
      stime: stime ?? Math.floor(this.now / 1000),
      susec: 0,
      errorCode: code,
      realm: this.realm,
      sname: tgsName(this.realm),
      ...(crealm === undefined ? {} : { crealm }),
      ...(eData === undefined ? {} : { eData }),
    });
  }
}

/** A transport to several fake KDCs. */
export function transportTo(
  ...kdcs: readonly FakeKdc[]
): (realm: string, request: Uint8Array) => Promise<Uint8Array> {
  return async (realm, request) => {
    const kdc = kdcs.find((candidate) => candidate.realm === realm);
    if (kdc === undefined) throw new Error(`no KDC of ${realm}`);
    return kdc.answer(request);
  };
}

/** KERB-ERROR-DATA with an NTSTATUS (MS-KILE 2.2.1, 2.2.2). */
export function statusData(status: number): Uint8Array {
  const dataValue = new Uint8Array(12);
  new DataView(dataValue.buffer).setUint32(0, status, true);
  dataValue[8] = 1;
  return encodeDer(KerbErrorData, { dataType: 3, dataValue });
}

/** A stream of bytes that is the same in every run. */
export function countingRandom(): RandomSource {
  let state = 1;
  return (size) =>
    Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 16;
    });
}

function badOption(status: number): Refused {
  return new Refused({ code: ErrorCode.KDC_ERR_BADOPTION, eData: statusData(status) });
}

function tgsName(realm: string): PrincipalName {
  return { nameType: NameType.SRV_INST, nameString: ['krbtgt', realm] };
}

function etypeInfo({ keys, salt, iterations }: FakeAccount): PaData[] {
  const s2kparams = iterationParams(iterations);
  const info = keys.map(({ etype }) => ({ etype, salt, s2kparams }));
  return [{ padataType: PaType.ETYPE_INFO2, padataValue: encodeDer(EtypeInfo2, info) }];
}

function encodeUser(user: Principal): Uint8Array {
  return encodeDer(S4uUserId, { nonce: 0, cname: user.name, crealm: user.realm });
}

function decodeUser(bytes: Uint8Array): Principal {
  const { cname, crealm } = decodeDer(S4uUserId, bytes);
  return { name: cname ?? { nameType: 0, nameString: [] }, realm: crealm };
}
