import { Key } from '@doublehop/crypto/key';
import { isLegacyEncryptionType } from '@doublehop/crypto/policy';
import type { RandomSource } from '@doublehop/crypto/random';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { type Credentials, isExpired } from '../credentials.ts';
import { ErrorCode, errorName } from '../iana/error-codes.ts';
import { ChecksumType } from '../iana/encryption-types.ts';
import { ApOption } from '../iana/flags.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { MessageType, PVNO } from '../iana/message-types.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../messages/ap.ts';
import type { EncryptionKey } from '../messages/common.ts';
import { KrbError } from '../messages/krb-error.ts';
import { formatPrincipal } from '../names.ts';
import { type ChannelBindings, bindingsHash, NO_BINDINGS } from './channel-bindings.ts';
import { encodeGssChecksum } from './checksum.ts';
import { KerberosContext } from './context.ts';
import { encodeCredentials } from './delegation.ts';
import { DEFAULT_FLAGS, GssFlag } from './flags.ts';
import { frameKrb5, TokenId, unframeKrb5 } from './framing.ts';
import { gssError, reading } from './gss-error.ts';
import type { GssStep, Negotiation } from './negotiation.ts';
import { firstSequence, sequenceOf } from './sequence-numbers.ts';

/** What an initiator needs; it fetches no tickets itself. */
export interface InitiatorOptions {
  /** A ticket for the acceptor. */
  readonly credentials: Credentials;
  /** The KDC's time in milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** GssFlag bits; DEFAULT_FLAGS where absent. DELEG is set by `delegated` alone. */
  readonly flags?: number;
  readonly channelBindings?: ChannelBindings | undefined;
  /** A forwarded TGT that the acceptor may use as the client: unconstrained delegation. */
  readonly delegated?: Credentials | undefined;
}

/** The initiator's side of a Kerberos context (RFC 4121 §4.1). */
export function krb5Initiator(options: InitiatorOptions): Negotiation {
  return new Krb5Initiator(options);
}

interface Sent {
  readonly sessionKey: Key;
  readonly subkey: Key;
  readonly sequence: number;
  readonly ctime: number;
  readonly cusec: number;
}

class Krb5Initiator implements Negotiation {
  context: KerberosContext | undefined;
  readonly #options: InitiatorOptions;
  readonly #flags: number;
  #sent: Sent | undefined;

  constructor(options: InitiatorOptions) {
    const { flags = DEFAULT_FLAGS, delegated } = options;
    this.#options = options;
    this.#flags = (flags & DEFAULT_FLAGS) | (delegated === undefined ? 0 : GssFlag.DELEG);
  }

  step(token?: Uint8Array): GssStep {
    if (this.context !== undefined) throw gssError('GSS_S_FAILURE', 'the context is established');
    const sent = this.#sent;
    if (sent === undefined) {
      if (token !== undefined && token.length > 0) {
        throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the acceptor spoke before the initiator');
      }
      return this.#start();
    }
    if (token === undefined) throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the AP-REP is missing');
    const { subkey, sequence } = readReply(token, sent, formatPrincipal(this.#server));
    this.#establish(sent, subkey, sequence);
    return { established: true };
  }

  #start(): GssStep {
    const { credentials, clock, random } = this.#options;
    const now = clock();
    if (isExpired(credentials, now / 1000)) {
      const subject = formatPrincipal(credentials.server);
      const message = `the ticket for ${subject} has expired`;
      throw gssError('GSS_S_CREDENTIALS_EXPIRED', message, { subject });
    }
    const { etype, bytes } = credentials.key;
    const sessionKey = reading('the session key', () => Key.of(etype, bytes));
    const [high = 0, low = 0] = random(2);
    const sent: Sent = {
      sessionKey,
      subkey: Key.random(etype, random),
      sequence: firstSequence(random),
      ctime: Math.floor(now / 1000),
      // Below a millisecond it is random: two requests of one millisecond are no replays.
      cusec: (Math.floor(now) % 1000) * 1000 + (((high << 8) | low) % 1000),
    };
    const token = frameKrb5(TokenId.AP_REQ, this.#request(sent));
    this.#sent = sent;
    const mutual = (this.#flags & GssFlag.MUTUAL) !== 0;
    // Without an AP-REP the acceptor counts from the initiator's number (as MIT krb5 does).
    if (!mutual) this.#establish(sent, undefined, sent.sequence);
    return { token, established: !mutual };
  }

  #request(sent: Sent): Uint8Array {
    const { credentials, random } = this.#options;
    const { sessionKey } = sent;
    const cipher = sessionKey.encrypt(
      KeyUsage.AP_REQ_AUTHENTICATOR,
      encodeDer(Authenticator, this.#authenticator(sent)),
      random,
    );
    return encodeDer(ApReq, {
      pvno: PVNO,
      msgType: MessageType.AP_REQ,
      apOptions:
        ((this.#flags & GssFlag.MUTUAL) === 0 ? 0 : ApOption.MUTUAL_REQUIRED) |
        (credentials.isSkey ? ApOption.USE_SESSION_KEY : 0),
      ticket: credentials.ticket,
      authenticator: { etype: sessionKey.etype, cipher },
    });
  }

  #authenticator({ sessionKey, subkey, sequence, ctime, cusec }: Sent): Authenticator {
    const { credentials, channelBindings, delegated, random } = this.#options;
    const { client } = credentials;
    const checksum = encodeGssChecksum({
      bindings: channelBindings === undefined ? NO_BINDINGS : bindingsHash(channelBindings),
      flags: this.#flags,
      delegation:
        delegated === undefined ? undefined : encodeCredentials([delegated], sessionKey, random),
    });
    return {
      authenticatorVno: PVNO,
      crealm: client.realm,
      cname: client.name,
      cksum: { cksumtype: ChecksumType.GSS, checksum },
      cusec,
      ctime,
      subkey: { keytype: subkey.etype, keyvalue: subkey.bytes() },
      seqNumber: sequence,
    };
  }

  #establish(sent: Sent, acceptorSubkey: Key | undefined, receiveSequence: number): void {
    this.context = new KerberosContext({
      role: 'initiator',
      peer: this.#server,
      flags: this.#flags,
      key: sent.subkey,
      acceptorSubkey,
      sendSequence: sent.sequence,
      receiveSequence,
      random: this.#options.random,
    });
  }

  get #server() {
    return this.#options.credentials.server;
  }
}

interface Reply {
  readonly subkey: Key | undefined;
  readonly sequence: number;
}

/** Verifies the AP-REP (RFC 4120 §3.2.5): only who could read the ticket can have made it. */
function readReply(token: Uint8Array, sent: Sent, server: string): Reply {
  const { id, message } = unframeKrb5(token);
  if (id === TokenId.KRB_ERROR) throw peerError(message, server);
  if (id !== TokenId.AP_REP) throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the token is no AP-REP');
  return reading('the AP-REP', () => {
    const { encPart } = decodeDer(ApRep, message);
    const text = sent.sessionKey.decrypt(KeyUsage.AP_REP_ENC_PART, encPart.cipher);
    const { ctime, cusec, subkey, seqNumber } = decodeDer(EncApRepPart, text);
    if (ctime !== sent.ctime || cusec !== sent.cusec) {
      const errorCode = ErrorCode.KRB_AP_ERR_MUT_FAIL;
      throw gssError('GSS_S_FAILURE', `${server} did not prove who it is`, { errorCode });
    }
    return {
      subkey: subkey && acceptorKey(subkey, sent.sessionKey),
      sequence: sequenceOf(seqNumber),
    };
  });
}

/** The acceptor's subkey; it must not weaken what the KDC gave (RFC 8429 §5). */
function acceptorKey({ keytype, keyvalue }: EncryptionKey, sessionKey: Key): Key {
  if (isLegacyEncryptionType(keytype) && keytype !== sessionKey.etype) {
    const errorCode = ErrorCode.KDC_ERR_ETYPE_NOSUPP;
    throw gssError('GSS_S_FAILURE', `the subkey is of the encryption type ${keytype}`, {
      errorCode,
    });
  }
  return Key.of(keytype, keyvalue);
}

function peerError(message: Uint8Array, subject: string): Error {
  const { errorCode, eText } = reading('the KRB-ERROR', () => decodeDer(KrbError, message));
  return gssError('GSS_S_FAILURE', `${subject} refused: ${errorName(errorCode)} (${errorCode})`, {
    errorCode,
    subject,
    ...(eText === undefined ? {} : { errorText: eText }),
  });
}
