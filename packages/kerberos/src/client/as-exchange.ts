import { isDeepStrictEqual } from 'node:util';
import { verifyChecksum } from '@doublehop/crypto/checksum';
import type { Key } from '@doublehop/crypto/key';
import { equal } from '@doublehop/wire/bytes';
import { encodeDer, span } from '@doublehop/wire/der';
import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { ErrorCode } from '../iana/error-codes.ts';
import { KdcOption, PacOption, TicketFlag } from '../iana/flags.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { MessageType, PVNO } from '../iana/message-types.ts';
import { NameType } from '../iana/name-types.ts';
import { LastReqType, PaType } from '../iana/padata-types.ts';
import { MAX_REFERRALS } from '../limits.ts';
import {
  Checksum,
  EncryptedData,
  findPadata,
  type HostAddresses,
  type PaData,
} from '../messages/common.ts';
import { AsReq, type EncKdcRepPart, type KdcRep, KdcReqBody } from '../messages/kdc.ts';
import type { KrbError } from '../messages/krb-error.ts';
import { KerbPaPacRequest, PaEncTsEnc, PaPacOptions } from '../messages/padata.ts';
import {
  formatName,
  formatPrincipal,
  isTicketGrantingService,
  type Principal,
  type PrincipalName,
  sameName,
  samePrincipal,
  ticketGrantingService,
} from '../names.ts';
import { armorRequest, type RequestArmor, ticketArmor } from './armor.ts';
import { encryptedChallenge } from './challenge.ts';
import { type ClientContext, freshNonce, freshTimestamp, permittedOf } from './context.ts';
import { checkReply, checkTime, credentialsOf, mismatch, openReply } from './kdc-reply.ts';
import { decodeAnswer, errorPadata, kerberosErrorOf } from './krb-error.ts';
import {
  chooseRecipe,
  type ClientSecret,
  defaultRecipe,
  type KeyRecipe,
  offeredRecipes,
  usableEtypes,
} from './secret.ts';

/** What is asked of an initial ticket; the settings of the context stand for what is absent. */
export interface InitialTicketOptions {
  readonly forwardable?: boolean | undefined;
  readonly proxiable?: boolean | undefined;
  /** Seconds. */
  readonly lifetime?: number | undefined;
  /** Seconds; 0 asks for no renewable ticket. */
  readonly renewLifetime?: number | undefined;
  readonly canonicalize?: boolean | undefined;
  /** The addresses that the ticket is bound to; none by default. */
  readonly addresses?: HostAddresses | undefined;
  /** Ask for a PAC, or for none (MS-KILE 2.2.3); absent leaves it to the KDC. */
  readonly includePac?: boolean | undefined;
  /** Ask for the client's claims, as Windows' clients do (MS-KILE 2.2.10). */
  readonly claims?: boolean | undefined;
  /** Narrows the permitted encryption types. */
  readonly etypes?: readonly number[] | undefined;
  /** Send the timestamp at once, without asking the KDC for the salt: one round trip less. */
  readonly optimistic?: boolean | undefined;
  /** The server, where not the ticket-granting service: kadmin/changepw for instance. */
  readonly server?: PrincipalName | undefined;
  /**
   * FAST: a TGT of the same realm, whoever's it is, that armors the exchange (RFC 6113 §5.4). With
   * it nothing goes without armor.
   */
  readonly armor?: Credentials | undefined;
}

/** Who wants an initial ticket. */
export interface InitialTicketRequest extends InitialTicketOptions {
  readonly client: Principal;
  readonly secret: ClientSecret;
}

/** What an AS exchange yields. */
export interface InitialTicket {
  readonly credentials: Credentials;
  /** Seconds since 1970, where the KDC told. */
  readonly passwordExpires: number | undefined;
}

/**
 * Where an AS exchange stands between two requests (RFC 4120 §3.1). A state is never changed:
 * {@link afterError} makes the next one.
 */
export interface AsState {
  /** In the realm that is asked now. */
  readonly client: Principal;
  readonly etypes: readonly number[];
  /** Realms that referred us to another one (RFC 6806 §4). */
  readonly visited: readonly string[];
  readonly preauth: 'none' | 'optimistic' | 'timestamp' | 'challenge';
  /** How the key of the proof is made; undefined without pre-authentication. */
  readonly recipe: KeyRecipe | undefined;
  /** What the KDC told about keys. */
  readonly recipes: readonly KeyRecipe[];
  /** PA-FX-COOKIE, which goes back as it came (RFC 6113 §5.2). */
  readonly cookie: PaData | undefined;
  readonly skewCorrected: boolean;
}

/** A request as it was sent. */
export interface AsSent {
  readonly bytes: Uint8Array;
  readonly body: KdcReqBody;
  readonly armor: RequestArmor | undefined;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
}

/** What follows a KRB-ERROR that is not the end: the next state, and the KDC's time if needed. */
export interface AsContinuation {
  readonly state: AsState;
  /** Seconds since 1970 by which the clock is to be adjusted first. */
  readonly kdcTime?: number | undefined;
}

/** The state before the first request. Throws KerberosError `etype-nosupp`. */
export function startAs(context: ClientContext, request: InitialTicketRequest): AsState {
  const { client, secret } = request;
  const { settings } = context;
  const etypes = usableEtypes(secret, permittedOf(settings, request.etypes, settings.asEtypes));
  const [first] = etypes;
  if (first === undefined) {
    const subject = formatPrincipal(client);
    const message = `there is no key of a permitted encryption type for ${subject}`;
    throw new KerberosError('etype-nosupp', message, { subject });
  }
  const optimistic = request.optimistic === true;
  return {
    client,
    etypes,
    visited: [],
    preauth: optimistic ? 'optimistic' : 'none',
    recipe: optimistic ? defaultRecipe(first, client) : undefined,
    recipes: [],
    cookie: undefined,
    skewCorrected: false,
  };
}

/** The AS-REQ of a state; `key` is that of the state's recipe, where it has one. */
export function buildAsReq(
  context: ClientContext,
  request: InitialTicketOptions,
  state: AsState,
  key: Key | undefined,
): AsSent {
  const armor = armorOf(context, request, state);
  const body = span(KdcReqBody, asBody(context, request, state));
  const padata: PaData[] = [];
  if (key !== undefined) padata.push(proof(context, state, armor, key));
  if (state.cookie !== undefined) padata.push(state.cookie);
  if (request.includePac !== undefined) {
    const padataValue = encodeDer(KerbPaPacRequest, { includePac: request.includePac });
    padata.push({ padataType: PaType.PAC_REQUEST, padataValue });
  }
  if (request.claims === true) {
    const padataValue = encodeDer(PaPacOptions, { flags: PacOption.CLAIMS });
    padata.push({ padataType: PaType.PAC_OPTIONS, padataValue });
  }
  // RFC 6806 §11: asks for a checksum of this request in the reply.
  padata.push({ padataType: PaType.REQ_ENC_PA_REP, padataValue: new Uint8Array(0) });
  const bytes = encodeDer(AsReq, {
    pvno: PVNO,
    msgType: MessageType.AS_REQ,
    padata: armor === undefined ? padata : [armorRequest(context, armor, padata, body, body.raw)],
    reqBody: body,
  });
  return { bytes, body: body.value, armor, sentAt: context.clock.now() };
}

/** The state after a KRB-ERROR. Throws the KerberosError that ends the exchange. */
export function afterError(
  context: ClientContext,
  request: InitialTicketOptions,
  state: AsState,
  sent: AsSent,
  error: KrbError,
): AsContinuation {
  switch (error.errorCode) {
    case ErrorCode.KDC_ERR_PREAUTH_REQUIRED:
      if (state.preauth === 'none' || state.preauth === 'optimistic') {
        return { state: withProof(state, sent, error) };
      }
      break;
    case ErrorCode.KDC_ERR_PREAUTH_FAILED:
    case ErrorCode.KDC_ERR_ETYPE_NOSUPP:
      // The guess was wrong, not necessarily the password.
      if (state.preauth === 'optimistic') {
        return { state: { ...state, preauth: 'none', recipe: undefined } };
      }
      break;
    case ErrorCode.KRB_AP_ERR_SKEW:
      if (context.settings.correctSkew && !state.skewCorrected) {
        return { state: { ...state, skewCorrected: true }, kdcTime: error.stime };
      }
      break;
    case ErrorCode.KDC_ERR_WRONG_REALM:
      if ((sent.body.kdcOptions & KdcOption.CANONICALIZE) !== 0) {
        return { state: inRealm(state, error) };
      }
      break;
    default:
  }
  throw kerberosErrorOf(error, {
    client: formatPrincipal(state.client),
    server: formatName(serverOf(request, state)),
    now: sent.sentAt,
  });
}

/** How the key that seals a reply is made. Throws KerberosError `etype-nosupp`. */
export function replyRecipe(state: AsState, rep: KdcRep): KeyRecipe {
  const { etype } = rep.encPart;
  const { client, recipe } = state;
  if (!state.etypes.includes(etype)) {
    const subject = formatPrincipal(client);
    const message = `the KDC answers ${subject} with encryption type ${etype}, not asked for`;
    throw new KerberosError('etype-nosupp', message, { subject });
  }
  const offered = offeredRecipes(rep.padata, client, [etype]) ?? [];
  const found =
    [...offered, ...(recipe === undefined ? [] : [recipe]), ...state.recipes].find(
      (known) => known.etype === etype,
    ) ?? defaultRecipe(etype, client);
  // String-to-key is slow: the recipe whose key is there already is kept where it says the same.
  return recipe !== undefined && isDeepStrictEqual(recipe, found) ? recipe : found;
}

/** Opens and verifies an AS-REP (RFC 4120 §3.1.5). Throws KerberosError. */
export function openAsRep(
  context: ClientContext,
  state: AsState,
  sent: AsSent,
  rep: KdcRep,
  key: Key,
): InitialTicket {
  const enc = openReply(key, KeyUsage.AS_REP_ENC_PART, rep);
  if (enc === undefined) throw sealedByAnother(state);
  checkReply(sent.body, context.settings.etypes, rep, enc);
  checkNames(sent.body, state, rep, enc);
  checkAddresses(sent.body, enc);
  checkEncPaRep(sent, key, enc);
  checkTime(context, enc.starttime ?? enc.authtime);
  return { credentials: credentialsOf(rep, enc), passwordExpires: passwordExpires(enc) };
}

function asBody(
  { random, clock, settings }: ClientContext,
  request: InitialTicketOptions,
  state: AsState,
): KdcReqBody {
  const { client } = state;
  const now = clock.seconds();
  const till = now + (request.lifetime ?? settings.lifetime);
  const renew = request.renewLifetime ?? settings.renewLifetime;
  // An enterprise name is nobody's final name: it only works with canonicalization (RFC 6806 §5).
  const enterprise = client.name.nameType === NameType.ENTERPRISE;
  const kdcOptions =
    ((request.forwardable ?? settings.forwardable) ? KdcOption.FORWARDABLE : 0) |
    ((request.proxiable ?? settings.proxiable) ? KdcOption.PROXIABLE : 0) |
    (renew > 0 ? KdcOption.RENEWABLE : 0) |
    ((request.canonicalize ?? settings.canonicalize) || enterprise ? KdcOption.CANONICALIZE : 0);
  return {
    kdcOptions: kdcOptions >>> 0,
    cname: client.name,
    realm: client.realm,
    sname: serverOf(request, state),
    till,
    ...(renew > 0 ? { rtime: Math.max(till, now + renew) } : {}),
    nonce: freshNonce(random),
    etype: state.etypes,
    addresses: request.addresses,
  };
}

function serverOf(request: InitialTicketOptions, { client }: AsState): PrincipalName {
  return request.server ?? ticketGrantingService(client.realm).name;
}

/** The armor of the next request; fresh, as the clock may have been set right. */
function armorOf(
  context: ClientContext,
  { armor }: InitialTicketOptions,
  { client }: AsState,
): RequestArmor | undefined {
  if (armor === undefined) return undefined;
  if (
    isTicketGrantingService(armor.server.name) &&
    armor.server.name.nameString[1] === client.realm
  ) {
    return ticketArmor(context, armor);
  }
  const subject = formatPrincipal(armor.server);
  const message = `a ticket for ${subject} is no armor towards the KDC of ${client.realm}`;
  throw new KerberosError('no-credentials', message, { subject });
}

function proof(
  context: ClientContext,
  { preauth }: AsState,
  armor: RequestArmor | undefined,
  key: Key,
): PaData {
  return armor === undefined || preauth === 'timestamp'
    ? encryptedTimestamp(context, key)
    : encryptedChallenge(context, armor.key, key);
}

/** PA-ENC-TIMESTAMP (RFC 4120 §5.2.7.2). */
function encryptedTimestamp(context: ClientContext, key: Key): PaData {
  const { seconds, microseconds } = freshTimestamp(context);
  const plain = encodeDer(PaEncTsEnc, { patimestamp: seconds, pausec: microseconds });
  const cipher = key.encrypt(KeyUsage.AS_REQ_PA_ENC_TIMESTAMP, plain, context.random);
  const padataValue = encodeDer(EncryptedData, { etype: key.etype, cipher });
  return { padataType: PaType.ENC_TIMESTAMP, padataValue };
}

function withProof(state: AsState, { armor }: AsSent, error: KrbError): AsState {
  const padata = errorPadata(error.eData) ?? [];
  const { client, etypes } = state;
  const offers = (type: number): boolean => padata.some(({ padataType }) => padataType === type);
  const challenge = armor !== undefined && offers(PaType.ENCRYPTED_CHALLENGE);
  if (!challenge && !offers(PaType.ENC_TIMESTAMP)) {
    const types = padata.map(({ padataType }) => padataType).join(', ') || 'none';
    const subject = formatPrincipal(client);
    throw new KerberosError(
      'krb-error',
      `the KDC wants ${subject} to pre-authenticate by other means than an encrypted timestamp ` +
        `(it offers padata types ${types})${offers(PaType.FX_FAST) ? FAST_ADVICE : ''}`,
      { subject, errorCode: error.errorCode },
    );
  }
  const recipes =
    offeredRecipes(padata, client, etypes) ?? etypes.map((etype) => defaultRecipe(etype, client));
  return {
    ...state,
    preauth: challenge ? 'challenge' : 'timestamp',
    recipe: chooseRecipe(recipes, etypes, client),
    recipes,
    cookie: padata.find(({ padataType }) => padataType === PaType.FX_COOKIE),
  };
}

const FAST_ADVICE = '; in the armor of another ticket (FAST) there may be more';

/** RFC 6806 §4: the realm to ask next is in crealm; no realm is asked twice. */
function inRealm(state: AsState, { crealm }: KrbError): AsState {
  const { client } = state;
  const visited = [...state.visited, client.realm];
  if (crealm === undefined) throw mismatch('a referral names no realm');
  if (visited.includes(crealm) || visited.length > MAX_REFERRALS) {
    throw new KerberosError('limit', `referrals for ${formatPrincipal(client)} lead in a circle`, {
      subject: crealm,
    });
  }
  return {
    ...state,
    client: { name: client.name, realm: crealm },
    visited,
    preauth: 'none',
    recipe: undefined,
    recipes: [],
    cookie: undefined,
  };
}

function sealedByAnother(state: AsState): KerberosError {
  // With pre-authentication the KDC has proved to have taken this very key.
  if (state.preauth !== 'none') return mismatch('it is sealed by another key');
  const subject = formatPrincipal(state.client);
  return new KerberosError('password', `wrong password or key for ${subject}`, { subject });
}

function checkNames(body: KdcReqBody, state: AsState, rep: KdcRep, enc: EncKdcRepPart): void {
  const canonical = (body.kdcOptions & KdcOption.CANONICALIZE) !== 0;
  const client = { name: rep.cname, realm: rep.crealm };
  if (!canonical && !samePrincipal(client, state.client)) throw mismatch('another client is named');
  const { sname } = body;
  if (sname === undefined) throw new TypeError('an AS-REQ names a server');
  const asked = sameName(enc.sname, sname) && enc.srealm === body.realm;
  const granting = isTicketGrantingService(sname) && isTicketGrantingService(enc.sname);
  if (!asked && !(canonical && granting)) throw mismatch('another server is named');
}

/** RFC 4120 §3.1.5: the ticket must be for the addresses that were asked for. */
function checkAddresses({ addresses = [] }: KdcReqBody, { caddr = [] }: EncKdcRepPart): void {
  const same =
    addresses.length === caddr.length &&
    addresses.every(({ addrType, address }) =>
      caddr.some((found) => found.addrType === addrType && equal(found.address, address)),
    );
  if (!same) throw mismatch('the ticket is for other addresses');
}

/** RFC 6806 §11: a KDC that sets the flag has put a checksum of the request into the reply. */
function checkEncPaRep(sent: AsSent, key: Key, enc: EncKdcRepPart): void {
  if ((enc.flags & TicketFlag.ENC_PA_REP) === 0) return;
  const value = findPadata(enc.encryptedPaData, PaType.REQ_ENC_PA_REP);
  if (value === undefined) throw mismatch('the checksum of the request is missing');
  const { cksumtype, checksum } = decodeAnswer(Checksum, value);
  // Only the type of the key itself: an unkeyed one would prove nothing.
  const proven =
    cksumtype === key.checksumType &&
    verifyChecksum(cksumtype, key, KeyUsage.AS_REQ, sent.bytes, checksum);
  if (!proven) throw mismatch('the request was changed on its way');
}

function passwordExpires({ lastReq, keyExpiration }: EncKdcRepPart): number | undefined {
  const told = lastReq.find(({ lrType }) => Math.abs(lrType) === LastReqType.PASSWORD_EXPIRES);
  return told?.lrValue ?? keyExpiration;
}
