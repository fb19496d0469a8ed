import { computeChecksum, isKeyed, verifyChecksum } from '@doublehop/crypto/checksum';
import { CryptoError } from '@doublehop/crypto/errors';
import type { Key } from '@doublehop/crypto/key';
import { concat, equal, utf8 } from '@doublehop/wire/bytes';
import { encodeDer, span } from '@doublehop/wire/der';
import type { Credentials } from '../credentials.ts';
import { ChecksumType, EncryptionType } from '../iana/encryption-types.ts';
import { KdcOption, PacOption, S4uOption } from '../iana/flags.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { NameType } from '../iana/name-types.ts';
import { PaType } from '../iana/padata-types.ts';
import { findPadata, type PaData } from '../messages/common.ts';
import { PaForUser, PaPacOptions, PaS4uX509User, S4uUserId } from '../messages/padata.ts';
import {
  formatName,
  formatPrincipal,
  isTicketGrantingService,
  type Principal,
  type PrincipalName,
  sameName,
  samePrincipal,
} from '../names.ts';
import type { ClientContext } from './context.ts';
import { identifyRealm } from './initial-ticket.ts';
import { mismatch } from './kdc-reply.ts';
import { decodeAnswer } from './krb-error.ts';
import { armorFor, exchangeTgs, getRealmTgt, ReferralPath } from './service-ticket.ts';
import {
  inheritedOptions,
  realmOfTgt,
  type TgsKeys,
  type TgsReply,
  type TgsRequest,
} from './tgs-exchange.ts';

/** A middle asks for a ticket of a user to itself (MS-SFU 3.1.5.1). */
export interface S4u2SelfRequest {
  /** The middle's own TGT, of its own realm. */
  readonly tgt: Credentials;
  /**
   * The user. With the name type ENTERPRISE (a UPN) the realm is found out, beginning at the
   * given one.
   */
  readonly user: Principal;
  /** The name of the middle that the ticket is for; its client name where absent. */
  readonly server?: PrincipalName | undefined;
  /** Whether the ticket should serve as evidence for S4U2Proxy; asked for by default. */
  readonly forwardable?: boolean | undefined;
  /** X.509 certificate of the user, in DER. */
  readonly certificate?: Uint8Array | undefined;
  /**
   * Send PA-FOR-USER beside PA-S4U-X509-USER, for KDCs that know only the former (Heimdal, Samba).
   * Their reply does not prove the user's name. Off by default, as in Windows since
   * PhaseOutOldStyleS4U (MS-SFU 3.1.5.1.1.1).
   */
  readonly compat?: boolean | undefined;
  /** FAST: see `TgsRequest.armor`. */
  readonly armor?: TgsRequest['armor'];
}

/**
 * S4U2Self: a ticket whose client is the user and whose server is the middle.
 *
 * Throws KerberosError; `reply-mismatch` where the KDC does not do S4U2Self, or not as asked.
 */
export async function s4u2self(
  context: ClientContext,
  request: S4u2SelfRequest,
): Promise<Credentials> {
  const self = request.tgt.client;
  const server = request.server ?? self.name;
  let user = await inOwnRealm(context, request.user);
  let { certificate } = request;
  let tgt = await tgtForRealm(context, request.tgt, user.realm);
  const path = new ReferralPath(realmOfTgt(tgt), formatPrincipal(user));
  for (let first = true; ; first = false) {
    const { reply, proved } = await ask(context, request, { tgt, user, server, certificate });
    if (proved !== undefined) {
      // Only the user's own realm may tell how the name is really written (MS-SFU 3.1.5.1.2).
      if (!first && !samePrincipal(proved, user)) throw mismatch('the user changes on the way');
      user = proved;
    }
    const { credentials } = reply;
    if (!isTicketGrantingService(credentials.server.name)) {
      checkUser(credentials.client, user, self, proved !== undefined);
      return credentials;
    }
    path.follow(credentials);
    certificate = undefined;
    tgt = credentials;
  }
}

/** The bytes that the checksum of PA-FOR-USER covers: S4UByteArray (MS-SFU 2.2.1). */
export function s4uByteArray({ name, realm }: Principal, authPackage: string): Uint8Array {
  const nameType = new Uint8Array(4);
  new DataView(nameType.buffer).setInt32(0, name.nameType, true);
  return concat(nameType, ...name.nameString.map(utf8), utf8(realm), utf8(authPackage));
}

/** The checksum type of PA-S4U-X509-USER under a key: rsa-md4 under RC4 (MS-SFU 2.2.2). */
export function s4uChecksumType(key: Key): number {
  return key.etype === EncryptionType.RC4_HMAC ? ChecksumType.RSA_MD4 : key.checksumType;
}

interface Step {
  readonly tgt: Credentials;
  readonly user: Principal;
  readonly server: PrincipalName;
  readonly certificate: Uint8Array | undefined;
}

interface Sent {
  readonly keys: TgsKeys;
  /** The checksum of the request's PA-S4U-X509-USER. */
  readonly checksum: Uint8Array;
}

const AUTH_PACKAGE = 'Kerberos';

async function inOwnRealm(context: ClientContext, user: Principal): Promise<Principal> {
  if (user.name.nameType !== NameType.ENTERPRISE) return user;
  return { name: user.name, realm: await identifyRealm(context, user) };
}

async function tgtForRealm(
  context: ClientContext,
  tgt: Credentials,
  realm: string,
): Promise<Credentials> {
  if (realmOfTgt(tgt) === realm) return tgt;
  return (await getRealmTgt(context, tgt, realm)).credentials;
}

/** One request; `proved` is the user's name as the reply's own checksum confirms it. */
async function ask(
  context: ClientContext,
  { tgt: { client: self }, compat = false, forwardable = true, armor }: S4u2SelfRequest,
  step: Step,
): Promise<{ readonly reply: TgsReply; readonly proved: Principal | undefined }> {
  const { tgt, user } = step;
  const realm = realmOfTgt(tgt);
  context.log?.({
    exchange: 'S4U2Self',
    realm,
    step: compat ? 'PA-S4U-X509-USER and PA-FOR-USER' : 'PA-S4U-X509-USER',
    subject: formatPrincipal(user),
  });
  const inherited = inheritedOptions(tgt);
  const { FORWARDABLE } = KdcOption;
  let sent: Sent | undefined;
  const reply = await exchangeTgs(context, {
    tgt,
    server: realm === self.realm ? step.server : enterpriseName(step.server, self.realm),
    options:
      KdcOption.CANONICALIZE | (forwardable ? inherited | FORWARDABLE : inherited & ~FORWARDABLE),
    sameClient: false,
    armor: armorFor(tgt, armor),
    padata: (keys) => {
      const x509User = paS4uX509User(keys, step);
      sent = { keys, checksum: x509User.checksum };
      const padata = [x509User.padata];
      if (compat && user.name.nameString.length > 0) padata.push(paForUser(keys, user));
      return [...padata, paPacOptions()];
    },
  });
  if (sent === undefined) throw new TypeError('the request was built without its padata');
  const proved = verifyS4uReply(reply, sent);
  if (proved === undefined && !compat) {
    // MS-SFU 3.1.5.1.2: whoever sent PA-S4U-X509-USER alone must get it back.
    throw mismatch(
      'PA-S4U-X509-USER is missing; the KDC may know PA-FOR-USER only (compatibility mode)',
    );
  }
  return { reply, proved };
}

/** The middle as other realms know it: `name@REALM` in one component (RFC 6806 §5). */
function enterpriseName(name: PrincipalName, realm: string): PrincipalName {
  return { nameType: NameType.ENTERPRISE, nameString: [`${formatName(name)}@${realm}`] };
}

function paS4uX509User(
  { nonce, key }: TgsKeys,
  { user, certificate }: Step,
): { readonly padata: PaData; readonly checksum: Uint8Array } {
  const userId = span(S4uUserId, {
    nonce,
    ...(user.name.nameString.length === 0 ? {} : { cname: user.name }),
    crealm: user.realm,
    subjectCertificate: certificate,
    options: S4uOption.USE_REPLY_KEY_USAGE,
  });
  const cksumtype = s4uChecksumType(key);
  const usage = KeyUsage.PA_S4U_X509_USER_REQUEST;
  const checksum = computeChecksum(cksumtype, key, usage, userId.raw);
  const padataValue = encodeDer(PaS4uX509User, { userId, checksum: { cksumtype, checksum } });
  return { padata: { padataType: PaType.S4U_X509_USER, padataValue }, checksum };
}

/** MS-SFU 2.2.1: HMAC-MD5 by the TGT's session key, whatever the type of that key. */
function paForUser({ sessionKey }: TgsKeys, user: Principal): PaData {
  const cksumtype = ChecksumType.HMAC_MD5;
  const data = s4uByteArray(user, AUTH_PACKAGE);
  const checksum = computeChecksum(cksumtype, sessionKey, KeyUsage.NON_KERB_CKSUM, data);
  const padataValue = encodeDer(PaForUser, {
    userName: user.name,
    userRealm: user.realm,
    cksum: { cksumtype, checksum },
    authPackage: AUTH_PACKAGE,
  });
  return { padataType: PaType.FOR_USER, padataValue };
}

/** MS-SFU 3.1.5.1.1. */
function paPacOptions(): PaData {
  const flags = PacOption.CLAIMS | PacOption.RESOURCE_BASED_CONSTRAINED_DELEGATION;
  const padataValue = encodeDer(PaPacOptions, { flags: flags >>> 0 });
  return { padataType: PaType.PAC_OPTIONS, padataValue };
}

/** The user in the reply's PA-S4U-X509-USER, verified, or undefined where it has none. */
function verifyS4uReply(reply: TgsReply, { keys, checksum: asked }: Sent): Principal | undefined {
  const value = findPadata(reply.padata, PaType.S4U_X509_USER);
  const sealed = findPadata(reply.encryptedPadata, PaType.S4U_X509_USER);
  if (value === undefined) {
    if (sealed !== undefined) throw mismatch('PA-S4U-X509-USER was taken out');
    return undefined;
  }
  const { userId, checksum } = decodeAnswer(PaS4uX509User, value);
  const { nonce, cname, crealm, options = 0 } = userId.value;
  if (nonce !== keys.nonce) throw mismatch('the nonce of PA-S4U-X509-USER differs');
  const replyUsage = (options & S4uOption.USE_REPLY_KEY_USAGE) !== 0;
  const usage = replyUsage ? KeyUsage.PA_S4U_X509_USER_REPLY : KeyUsage.PA_S4U_X509_USER_REQUEST;
  if (!isGoodChecksum(keys.key, usage, userId.raw, checksum)) {
    throw mismatch('the checksum of PA-S4U-X509-USER is wrong');
  }
  // Under RC4 the checksums prove nothing by themselves; the sealed copy does (MS-SFU 2.2.2).
  const sealing = keys.key.etype === EncryptionType.RC4_HMAC || sealed !== undefined;
  if (sealing && !equal(sealed ?? new Uint8Array(0), concat(asked, checksum.checksum))) {
    throw mismatch('the sealed checksums of PA-S4U-X509-USER differ');
  }
  if (cname === undefined || cname.nameString.length === 0) throw mismatch('no user is named');
  return { name: cname, realm: crealm };
}

function isGoodChecksum(
  key: Key,
  usage: number,
  data: Uint8Array,
  { cksumtype, checksum }: { readonly cksumtype: number; readonly checksum: Uint8Array },
): boolean {
  if (key.etype !== EncryptionType.RC4_HMAC && !isKeyed(cksumtype)) return false;
  try {
    return verifyChecksum(cksumtype, key, usage, data, checksum);
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

/** The client in the clear must be the user: a KDC without S4U puts the middle there. */
function checkUser(found: Principal, user: Principal, self: Principal, proved: boolean): void {
  if (samePrincipal(found, user)) return;
  if (samePrincipal(found, self)) {
    throw mismatch(`it is for ${formatPrincipal(self)} itself: the KDC does not do S4U2Self`);
  }
  // Without a proved name the KDC's spelling is all there is: Active Directory compares names
  // without regard to case, and an enterprise name comes back as another one.
  const enterprise = user.name.nameType === NameType.ENTERPRISE;
  if (!proved && (enterprise || sameName(folded(found.name), folded(user.name)))) return;
  throw mismatch(`it is for ${formatPrincipal(found)}`);
}

function folded({ nameType, nameString }: PrincipalName): PrincipalName {
  return { nameType, nameString: nameString.map((part) => part.toLowerCase()) };
}
