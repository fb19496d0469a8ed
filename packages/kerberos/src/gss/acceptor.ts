import { Key } from '@doublehop/crypto/key';
import { defaultEncryptionTypes } from '@doublehop/crypto/policy';
import type { RandomSource } from '@doublehop/crypto/random';
import { equal } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { ChecksumType } from '../iana/encryption-types.ts';
import { ErrorCode } from '../iana/error-codes.ts';
import { ApOption } from '../iana/flags.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { MessageType, PVNO } from '../iana/message-types.ts';
import { AdType } from '../iana/padata-types.ts';
import { ApRep, ApReq, type Authenticator, EncApRepPart } from '../messages/ap.ts';
import { KrbError } from '../messages/krb-error.ts';
import { type EncTicketPart, Ticket } from '../messages/ticket.ts';
import type { Principal } from '../names.ts';
import { type ApRequestPolicy, type VerifiedRequest, verifyApRequest } from './ap-request.ts';
import { findAuthorizationData } from './authorization-data.ts';
import { bindingsHash, type ChannelBindings, NO_BINDINGS } from './channel-bindings.ts';
import { decodeGssChecksum, type GssChecksum } from './checksum.ts';
import { type ContextParts, KerberosContext } from './context.ts';
import { decodeCredentials } from './delegation.ts';
import { DEFAULT_FLAGS, GssFlag } from './flags.ts';
import { frameKrb5, isFramed, TokenId, unframeKrb5 } from './framing.ts';
import { gssError, reading } from './gss-error.ts';
import type { GssStep, Negotiation } from './negotiation.ts';
import type { ReplayCache } from './replay-cache.ts';
import { firstSequence, sequenceOf } from './sequence-numbers.ts';
import type { ServiceKeys } from './service-keys.ts';

/**
 * What becomes of an initiator's channel bindings where the acceptor has some. Bindings that are
 * there must be the same under either policy but `off`.
 */
export type BindingPolicy = 'off' | 'ignore-if-absent' | 'required';

/** What an acceptor needs. */
export interface AcceptorOptions {
  readonly keys: ServiceKeys;
  /** Shared by all acceptors of the same keys. */
  readonly replayCache: ReplayCache;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** Seconds by which the initiator's clock may differ; 300 where absent. */
  readonly clockSkew?: number;
  /** Encryption types that are accepted; those of AES where absent. */
  readonly etypes?: readonly number[];
  /** The session key of a TGT of this service's: opens user-to-user tickets. Absent: none do. */
  readonly userToUserKey?: Key | undefined;
  /** Absent: the initiator's bindings are not looked at. */
  readonly channelBindings?: ChannelBindings | undefined;
  /** `ignore-if-absent` where absent. */
  readonly bindingPolicy?: BindingPolicy;
  /**
   * Take a bare AP-REQ and one without the checksum of RFC 4121 §4.1.1, as Windows does: such an
   * initiator asks for no protection of messages, and its channel is not bound. Off where absent.
   */
  readonly bareRequests?: boolean;
}

/** What the acceptor learned beside the context. */
export interface Acceptance {
  /** The service as the ticket names it. */
  readonly server: Principal;
  /** DER of the Ticket: the evidence of S4U2Proxy (MS-SFU 3.1.5.2.1). */
  readonly ticket: Uint8Array;
  /** What the ticket says. Its session key is secret. */
  readonly ticketPart: EncTicketPart;
  /** The PAC's octets as the ticket carries them; not verified here. */
  readonly pac: Uint8Array | undefined;
  /** A forwarded TGT of the client, where it delegated one. */
  readonly delegated: Credentials | undefined;
}

/** An acceptor's established context. */
export class AcceptedContext extends KerberosContext {
  readonly acceptance: Acceptance;

  constructor(parts: ContextParts, acceptance: Acceptance) {
    super(parts);
    this.acceptance = acceptance;
  }

  /** Also the session keys of the ticket and of a TGT that was delegated: take copies before. */
  override close(): void {
    super.close();
    const { ticketPart, delegated } = this.acceptance;
    ticketPart.key.keyvalue.fill(0);
    delegated?.key.bytes.fill(0);
  }
}

/**
 * The acceptor's side of a Kerberos context (RFC 4121 §4.1): one AP-REQ, answered by an AP-REP
 * where the initiator asked for one. Throws KerberosError `gss` with `detail.errorCode` and, where
 * the service is known, a KRB-ERROR token for the initiator.
 */
export function krb5Acceptor(options: AcceptorOptions): Negotiation<AcceptedContext> {
  if (options.bindingPolicy === 'required' && options.channelBindings === undefined) {
    throw new TypeError('channel bindings are required but not given');
  }
  return new Krb5Acceptor(options);
}

class Krb5Acceptor implements Negotiation<AcceptedContext> {
  context: AcceptedContext | undefined;
  readonly #options: AcceptorOptions;
  #used = false;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  step(token?: Uint8Array): GssStep {
    if (this.#used) throw gssError('GSS_S_FAILURE', 'the acceptor was used before');
    this.#used = true;
    if (token === undefined || token.length === 0) {
      throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the token is empty');
    }
    const { framed, message } = readToken(token, this.#options.bareRequests === true);
    const request = reading('the AP-REQ', () => decodeDer(ApReq, message));
    const ticket = reading('the ticket', () => decodeDer(Ticket, request.ticket));
    const now = this.#options.clock() / 1000;
    let reply: Uint8Array | undefined;
    try {
      reply = this.#accept(request, ticket, now);
    } catch (error) {
      throw error instanceof KerberosError ? withToken(error, ticket, now) : error;
    }
    if (reply === undefined) return { established: true };
    return { token: framed ? frameKrb5(TokenId.AP_REP, reply) : reply, established: true };
  }

  /** Establishes the context; returns the AP-REP, where one is due. */
  #accept(request: ApReq, ticket: Ticket, now: number): Uint8Array | undefined {
    const options = this.#options;
    const verified = verifyApRequest(request, ticket, policyOf(options), now);
    const { authenticator, sessionKey, subkey, ticketPart } = verified;
    const checksum = readChecksum(authenticator, request, options);
    if ((checksum.flags & GssFlag.DCE_STYLE) !== 0) {
      throw gssError('GSS_S_FAILURE', 'the DCE style of authentication is not supported');
    }
    const bound = checkBindings(checksum, authenticator, options);
    const delegated = readDelegation(checksum, verified);
    const mutual = (checksum.flags & GssFlag.MUTUAL) !== 0;
    const key = subkey ?? sessionKey;
    const receiveSequence = sequenceOf(authenticator.seqNumber);
    const answer = mutual
      ? { subkey: Key.random(key.etype, options.random), sequence: firstSequence(options.random) }
      : undefined;
    const parts: ContextParts = {
      role: 'acceptor',
      peer: verified.client,
      flags:
        (checksum.flags & DEFAULT_FLAGS) |
        (delegated === undefined ? 0 : GssFlag.DELEG) |
        (bound ? GssFlag.CHANNEL_BOUND : 0),
      key,
      acceptorSubkey: answer?.subkey,
      sendSequence: answer?.sequence ?? receiveSequence,
      receiveSequence,
      random: options.random,
    };
    this.context = new AcceptedContext(parts, {
      server: verified.server,
      ticket: request.ticket.slice(),
      ticketPart,
      pac: findAuthorizationData(ticketPart.authorizationData, AdType.WIN2K_PAC)?.slice(),
      delegated,
    });
    return answer && encodeReply(verified, answer, options.random);
  }
}

interface Answer {
  readonly subkey: Key;
  readonly sequence: number;
}

/** AP-REP (RFC 4120 §3.2.4): encrypted in the session key, whatever subkeys there are. */
function encodeReply(
  { authenticator, sessionKey }: VerifiedRequest,
  { subkey, sequence }: Answer,
  random: RandomSource,
): Uint8Array {
  const part = encodeDer(EncApRepPart, {
    ctime: authenticator.ctime,
    cusec: authenticator.cusec,
    subkey: { keytype: subkey.etype, keyvalue: subkey.bytes() },
    seqNumber: sequence,
  });
  return encodeDer(ApRep, {
    pvno: PVNO,
    msgType: MessageType.AP_REP,
    encPart: {
      etype: sessionKey.etype,
      cipher: sessionKey.encrypt(KeyUsage.AP_REP_ENC_PART, part, random),
    },
  });
}

const AP_REQ_TAG = 0x60 | MessageType.AP_REQ;

function readToken(
  token: Uint8Array,
  bare: boolean,
): { readonly framed: boolean; readonly message: Uint8Array } {
  if (bare && token[0] === AP_REQ_TAG) return { framed: false, message: token };
  if (!isFramed(token)) throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the token is not of GSS-API');
  const { id, message } = unframeKrb5(token);
  if (id !== TokenId.AP_REQ) throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the token is no AP-REQ');
  return { framed: true, message };
}

const DEFAULT_SKEW = 300;

function policyOf(options: AcceptorOptions): ApRequestPolicy {
  return {
    keys: options.keys,
    replayCache: options.replayCache,
    etypes: options.etypes ?? defaultEncryptionTypes,
    clockSkew: options.clockSkew ?? DEFAULT_SKEW,
    userToUserKey: options.userToUserKey,
  };
}

function readChecksum(
  { cksum }: Authenticator,
  { apOptions }: ApReq,
  { bareRequests }: AcceptorOptions,
): GssChecksum {
  if (cksum?.cksumtype === ChecksumType.GSS) return decodeGssChecksum(cksum.checksum);
  if (cksum !== undefined || bareRequests !== true) {
    throw gssError('GSS_S_FAILURE', 'the authenticator has no checksum of GSS-API', {
      errorCode: ErrorCode.KRB_AP_ERR_INAPP_CKSUM,
    });
  }
  const mutual = (apOptions & ApOption.MUTUAL_REQUIRED) !== 0;
  return { bindings: NO_BINDINGS, flags: mutual ? GssFlag.MUTUAL : 0 };
}

/** KERB_AP_OPTIONS_CBT: the initiator sends bindings wherever it can (MS-KILE 3.2.5.8). */
const AP_OPTIONS_CBT = 0x4000;

/** Whether both sides named the same channel. Throws where they must have and did not. */
function checkBindings(
  { bindings }: GssChecksum,
  { authorizationData }: Authenticator,
  { channelBindings, bindingPolicy = 'ignore-if-absent' }: AcceptorOptions,
): boolean {
  if (channelBindings === undefined || bindingPolicy === 'off') return false;
  if (equal(bindings, bindingsHash(channelBindings))) return true;
  const optional = bindingPolicy === 'ignore-if-absent' && equal(bindings, NO_BINDINGS);
  if (optional && !awareOfBindings(authorizationData)) return false;
  throw gssError('GSS_S_BAD_BINDINGS', 'the client authenticates over another channel');
}

function awareOfBindings(list: Authenticator['authorizationData']): boolean {
  const options = findAuthorizationData(list, AdType.AP_OPTIONS);
  if (options?.length !== 4) return false;
  const view = new DataView(options.buffer, options.byteOffset, 4);
  return (view.getUint32(0, true) & AP_OPTIONS_CBT) !== 0;
}

function readDelegation(
  { delegation }: GssChecksum,
  { sessionKey, subkey }: VerifiedRequest,
): Credentials | undefined {
  if (delegation === undefined) return undefined;
  const keys = subkey === undefined ? [sessionKey] : [sessionKey, subkey];
  return decodeCredentials(delegation, keys)[0];
}

/** The error with a KRB-ERROR for the initiator (RFC 4121 §4.1, RFC 4120 §3.2.3). */
function withToken(error: KerberosError, ticket: Ticket, now: number): KerberosError {
  const stime = Math.floor(now);
  const message = encodeDer(KrbError, {
    pvno: PVNO,
    msgType: MessageType.KRB_ERROR,
    stime,
    susec: Math.floor((now - stime) * 1_000_000),
    errorCode: error.detail.errorCode ?? ErrorCode.KRB_ERR_GENERIC,
    realm: ticket.realm,
    sname: ticket.sname,
  });
  const token = frameKrb5(TokenId.KRB_ERROR, message);
  return new KerberosError(error.code, error.message, { ...error.detail, token });
}
