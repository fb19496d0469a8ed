import { computeChecksum, isKeyed } from '@doublehop/crypto/checksum';
import type { Key } from '@doublehop/crypto/key';
import type { S4U2SelfFacts, S4U2SelfRequestFacts } from '@doublehop/delegation/facts';
import { decideS4U2Self } from '@doublehop/delegation/s4u2self';
import type { Account } from '@doublehop/directory/account';
import { ChecksumType, EncryptionType } from '@doublehop/kerberos/iana/encryption-types';
import { KdcOption, S4uOption } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata, type MethodData } from '@doublehop/kerberos/messages/common';
import {
  PaForUser,
  PaS4uX509User,
  S4uUserId,
  type S4uUserId as UserId,
} from '@doublehop/kerberos/messages/padata';
import { formatName, formatPrincipal, type PrincipalName } from '@doublehop/kerberos/names';
import { concat, utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer, span } from '@doublehop/wire/der';
import { clientClaims, ownPac } from './claims/issued.ts';
import type { KdcContext } from './context.ts';
import { conflictingOptions, delegatedFlags, derivedTimes, refusedBy } from './derived.ts';
import { middleFacts, userFacts } from './delegation-facts.ts';
import { type AuthenticatedRequest, checksumHolds } from './header-ticket.ts';
import { issueTicket, serverFlags, tgsReply } from './issue.ts';
import { findClient, findServer, isOurRealm } from './names.ts';
import type { KdcCall } from './request.ts';

/** Who is meant, as the padata of the request says (MS-SFU 2.2.1, 2.2.2). */
interface Requested {
  readonly facts: Omit<S4U2SelfRequestFacts, 'conflictingOptions' | 'forwardable'>;
  readonly name: PrincipalName | undefined;
  readonly realm: string;
  /** S4UUserID, which is answered in kind. */
  readonly userId: UserId | undefined;
}

/** A ticket to the middle itself in the name of a user (MS-SFU 3.2.5.1). */
export function answerS4U2Self(
  request: AuthenticatedRequest,
  middle: Account,
  call: KdcCall,
  context: KdcContext,
): Uint8Array {
  call.record.kind = 's4u2self';
  const requested = readRequested(request, call);
  const parties = gather(requested, call, context);
  const { user, server } = parties;
  const decision = decideS4U2Self(selfFacts(request, middle, requested, parties, call, context));
  if (!decision.allowed) throw refusedBy(decision.refusal);
  if (user === undefined || server === undefined) {
    throw new RangeError('S4U2Self was allowed without user and server');
  }
  const { header, replyKey } = request;
  const times = derivedTimes(header, call, context);
  const cname = { nameType: NameType.PRINCIPAL, nameString: [user.samAccountName] };
  const flags = delegatedFlags(header, call, decision.forwardable) | serverFlags(server);
  const own = [
    ...context.pacs.identity(user, user.samAccountName, times.authtime, 'by-service'),
    ...clientClaims(user, call, context),
  ];
  const pac = ownPac(own, user, server, context);
  const order = { cname, sname: parties.sname, server, flags, times, pac };
  const issued = issueTicket(order, call, context);
  const padata = replyPadata(requested, cname, context.domain.realm, replyKey);
  return tgsReply(issued, { key: replyKey, usage: request.replyUsage }, padata, call, context);
}

/** Who takes part, as far as they could be found. */
interface Parties {
  readonly sname: PrincipalName;
  readonly server: Account | undefined;
  readonly user: Account | undefined;
  /** The user's account should be in this realm. */
  readonly local: boolean;
  /** `alice@CONTOSO.COM`, for the record and for sentences. */
  readonly userName: string;
}

function gather({ name, realm }: Requested, call: KdcCall, context: KdcContext): Parties {
  const { accounts, domain } = context;
  const { sname = NOBODY } = call.body;
  const local = isOurRealm(domain, realm);
  const user = local && name !== undefined ? findClient(accounts, domain, name) : undefined;
  const server = findServer(accounts, domain, sname);
  const userName = formatPrincipal({ name: name ?? NOBODY, realm });
  call.record.user = userName;
  if (server !== undefined) call.record.server = server;
  return { sname, server, user, local, userName };
}

const NOBODY: PrincipalName = { nameType: NameType.UNKNOWN, nameString: [] };

function selfFacts(
  { header }: AuthenticatedRequest,
  middle: Account,
  requested: Requested,
  { sname, server, user, local, userName }: Parties,
  { body, now }: KdcCall,
  { settings }: KdcContext,
): S4U2SelfFacts {
  return {
    settings,
    request: {
      ...requested.facts,
      conflictingOptions: conflictingOptions(body.kdcOptions, NOT_IN_AN_AS_REQ),
      forwardable: (body.kdcOptions & KdcOption.FORWARDABLE) !== 0,
    },
    header: { ...header.facts(), pacNamesUser: false },
    middle: middleFacts(middle, now, settings),
    server: {
      name: formatName(sname),
      place: server === undefined ? 'unknown' : 'local',
      sid: server?.sid,
      nameless: server?.kind === 'user' && server.servicePrincipalNames.length === 0,
    },
    user: userFacts(user, userName, local, now, settings),
  };
}

const NOT_IN_AN_AS_REQ = ['FORWARDED', 'PROXY', 'ENC_TKT_IN_SKEY', 'RENEW', 'VALIDATE'] as const;

/** PA-S4U-X509-USER wins where both are there, as on Windows (MS-SFU 3.2.5.1). */
function readRequested(request: AuthenticatedRequest, call: KdcCall): Requested {
  const modern = findPadata(call.req.padata, PaType.S4U_X509_USER);
  if (modern !== undefined) return readX509User(modern, request, call);
  const old = findPadata(call.req.padata, PaType.FOR_USER) ?? new Uint8Array();
  const { userName, userRealm, cksum } = decodeDer(PaForUser, old);
  const covered = forUserBytes(userName, userRealm);
  return {
    facts: {
      form: 'for-user',
      checksum: checksumFact(cksum, request.header.sessionKey, KeyUsage.NON_KERB_CKSUM, covered),
      nonceMatches: true,
      userNamed: userName.nameString.some((part) => part !== ''),
      certificate: false,
    },
    name: userName,
    realm: userRealm,
    userId: undefined,
  };
}

function readX509User(padata: Uint8Array, request: AuthenticatedRequest, call: KdcCall): Requested {
  const { userId, checksum } = decodeDer(PaS4uX509User, padata);
  const { nonce, cname, crealm, subjectCertificate } = userId.value;
  const key = request.subkey ?? request.header.sessionKey;
  return {
    facts: {
      form: 'x509-user',
      checksum: checksumFact(checksum, key, KeyUsage.PA_S4U_X509_USER_REQUEST, userId.raw),
      nonceMatches: nonce === call.body.nonce,
      userNamed: cname?.nameString.some((part) => part !== '') ?? false,
      certificate: subjectCertificate !== undefined && subjectCertificate.length > 0,
    },
    name: cname,
    realm: crealm,
    userId: userId.value,
  };
}

/** What the checksum of PA-FOR-USER covers (MS-SFU 2.2.1). */
function forUserBytes(name: PrincipalName, realm: string): Uint8Array {
  const type = new Uint8Array(4);
  new DataView(type.buffer).setInt32(0, name.nameType, true);
  return concat(type, utf8(name.nameString.join('')), utf8(realm), utf8('Kerberos'));
}

function checksumFact(
  { cksumtype, checksum }: { readonly cksumtype: number; readonly checksum: Uint8Array },
  key: Key,
  usage: number,
  data: Uint8Array,
): 'valid' | 'unkeyed' | 'invalid' {
  // RC4 clients send an unkeyed rsa-md4 in PA-S4U-X509-USER (MS-SFU 2.2.2).
  const md4 = cksumtype === ChecksumType.RSA_MD4 && key.etype === EncryptionType.RC4_HMAC;
  if (!isKeyed(cksumtype) && !(md4 && usage === KeyUsage.PA_S4U_X509_USER_REQUEST)) {
    return 'unkeyed';
  }
  return checksumHolds(cksumtype, key, usage, data, checksum) ? 'valid' : 'invalid';
}

/** PA-S4U-X509-USER of the reply, with the user's name as the account spells it. */
function replyPadata(
  { userId }: Requested,
  cname: PrincipalName,
  crealm: string,
  key: Key,
): MethodData | undefined {
  if (userId === undefined) return undefined;
  const { nonce, options = 0 } = userId;
  const answered = (options & S4uOption.USE_REPLY_KEY_USAGE) !== 0;
  const usage = answered ? KeyUsage.PA_S4U_X509_USER_REPLY : KeyUsage.PA_S4U_X509_USER_REQUEST;
  const body = span(S4uUserId, { nonce, cname, crealm, options: userId.options });
  const cksumtype = key.etype === EncryptionType.RC4_HMAC ? ChecksumType.RSA_MD4 : key.checksumType;
  const checksum = { cksumtype, checksum: computeChecksum(cksumtype, key, usage, body.raw) };
  const padataValue = encodeDer(PaS4uX509User, { userId: body, checksum });
  return [{ padataType: PaType.S4U_X509_USER, padataValue }];
}
