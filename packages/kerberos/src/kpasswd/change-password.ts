import { CryptoError } from '@doublehop/crypto/errors';
import { Key } from '@doublehop/crypto/key';
import { utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import type { InitialTicketOptions } from '../client/as-exchange.ts';
import { type ClientContext, freshTimestamp, type Timestamp } from '../client/context.ts';
import { getInitialTicket } from '../client/initial-ticket.ts';
import { kerberosErrorOf } from '../client/krb-error.ts';
import type { ClientSecret } from '../client/secret.ts';
import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { firstSequence, sequenceOf } from '../gss/sequence-numbers.ts';
import { ApOption } from '../iana/flags.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { MessageType, PVNO } from '../iana/message-types.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../messages/ap.ts';
import type { HostAddress } from '../messages/common.ts';
import { KrbError } from '../messages/krb-error.ts';
import { formatPrincipal, type Principal } from '../names.ts';
import {
  ChangePasswdData,
  CHANGE_PASSWORD_SERVICE,
  decodeKpasswdMessage,
  encodeKpasswdMessage,
  KpasswdVersion,
} from './messages.ts';
import { openPrivate, sealPrivate } from './private-message.ts';
import { decodeOutcome, describeResult, type KpasswdOutcome, KpasswdResult } from './result.ts';
import type { KpasswdTransport } from './transport.ts';

/** A password that is to be changed. */
export interface PasswordChange {
  /** A ticket for kadmin/changepw; an initial one where it is the client's own password. */
  readonly credentials: Credentials;
  readonly newPassword: string;
  /** Whose password; absent: the client's own. */
  readonly target?: Principal | undefined;
}

/** Seconds that a ticket for kadmin/changepw should live (as MIT's kpasswd asks). */
const TICKET_LIFETIME = 300;

/**
 * An initial ticket for kadmin/changepw, by the present password (RFC 3244 §2): also by one that
 * has expired or must be changed, which KDCs let pass for this service alone.
 *
 * Throws what `getInitialTicket` does.
 */
export async function getPasswordTicket(
  context: ClientContext,
  client: Principal,
  secret: ClientSecret,
): Promise<Credentials> {
  const options: InitialTicketOptions = {
    server: CHANGE_PASSWORD_SERVICE,
    lifetime: TICKET_LIFETIME,
    renewLifetime: 0,
    forwardable: false,
    proxiable: false,
  };
  return (await getInitialTicket(context, { ...options, client, secret })).credentials;
}

/**
 * Changes a password at the realm of the ticket (RFC 3244): the client's own by version 1, which
 * every server knows, another's by version 0xff80.
 *
 * Throws KerberosError `password-change` with `detail.resultCode` where the server refuses,
 * `reply-mismatch` for an answer that nobody with the ticket's key made, `malformed`, and what the
 * transport throws.
 */
export async function changePassword(
  context: ClientContext,
  transport: KpasswdTransport,
  change: PasswordChange,
): Promise<void> {
  if (!change.newPassword.isWellFormed()) {
    throw new KerberosError('malformed', 'the new password is no text');
  }
  const { key, server } = change.credentials;
  const sessionKey = Key.of(key.etype, key.bytes);
  const sent: Sent[] = [];
  const reply = await transport(server.realm, (sender) => {
    const request = buildRequest(context, change, sessionKey, sender, distinctTime(context, sent));
    sent.push(request);
    return request.bytes;
  });
  const outcome = readReply(reply, sent, { change, sessionKey, now: context.clock.now() });
  if (outcome.code !== KpasswdResult.SUCCESS) throw refusal(outcome, change);
}

/** A request to one server, and what its answer is recognized by. */
interface Sent {
  readonly bytes: Uint8Array;
  readonly subkey: Key;
  readonly ctime: number;
  readonly cusec: number;
}

function buildRequest(
  context: ClientContext,
  { credentials, newPassword, target }: PasswordChange,
  sessionKey: Key,
  sender: HostAddress,
  { seconds: ctime, microseconds: cusec }: Timestamp,
): Sent {
  const { random } = context;
  const subkey = Key.random(sessionKey.etype, random);
  const seqNumber = firstSequence(random);
  const { name, realm } = credentials.client;
  const authenticator = encodeDer(Authenticator, {
    authenticatorVno: PVNO,
    crealm: realm,
    cname: name,
    cusec,
    ctime,
    subkey: { keytype: subkey.etype, keyvalue: subkey.bytes() },
    seqNumber,
  });
  const cipher = sessionKey.encrypt(KeyUsage.AP_REQ_AUTHENTICATOR, authenticator, random);
  const ap = encodeDer(ApReq, {
    pvno: PVNO,
    msgType: MessageType.AP_REQ,
    apOptions: ApOption.MUTUAL_REQUIRED,
    ticket: credentials.ticket,
    authenticator: { etype: sessionKey.etype, cipher },
  });
  const newPasswd = utf8(newPassword);
  const userData =
    target === undefined
      ? newPasswd
      : encodeDer(ChangePasswdData, { newPasswd, targName: target.name, targRealm: target.realm });
  const part = { userData, timestamp: ctime, usec: cusec, seqNumber, sAddress: sender };
  const version = target === undefined ? KpasswdVersion.CHANGE : KpasswdVersion.SET;
  const body = sealPrivate(part, subkey, random);
  return { bytes: encodeKpasswdMessage({ version, ap, body }), subkey, ctime, cusec };
}

/** A time that no other request has: an AP-REP says by it which one it answers. */
function distinctTime(context: ClientContext, sent: readonly Sent[]): Timestamp {
  const { seconds, microseconds } = freshTimestamp(context);
  let usec = microseconds;
  while (sent.some(({ ctime, cusec }) => ctime === seconds && cusec === usec)) {
    usec = (usec + 1) % 1_000_000;
  }
  return { seconds, microseconds: usec };
}

interface ReplyContext {
  readonly change: PasswordChange;
  readonly sessionKey: Key;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const KRB_ERROR_TAG = 0x60 | MessageType.KRB_ERROR;

function readReply(
  reply: Uint8Array,
  sent: readonly Sent[],
  context: ReplyContext,
): KpasswdOutcome {
  try {
    if (reply[0] === KRB_ERROR_TAG) return readError(reply, context);
    const { ap, body } = decodeKpasswdMessage(reply);
    if (ap.length === 0) return readError(body, context);
    const rep = openApRep(ap, context.sessionKey);
    const request = sent.find(({ ctime, cusec }) => ctime === rep.ctime && cusec === rep.cusec);
    if (request === undefined) throw mismatch('its AP-REP is to another request');
    // In the subkey of the request, whatever the AP-REP says (RFC 3244 §2).
    const { userData, seqNumber } = openPrivate(body, request.subkey);
    if (seqNumber !== undefined && sequenceOf(seqNumber) !== sequenceOf(rep.seqNumber)) {
      throw mismatch('its sequence number is not the announced one');
    }
    return decodeOutcome(userData);
  } catch (cause) {
    if (cause instanceof CryptoError) throw mismatch('it is not sealed with our key', cause);
    if (!(cause instanceof WireError)) throw cause;
    const message = `the password server's answer cannot be read: ${cause.message}`;
    throw new KerberosError('malformed', message, { cause });
  }
}

function openApRep(bytes: Uint8Array, sessionKey: Key): EncApRepPart {
  const { encPart } = decodeDer(ApRep, bytes);
  return decodeDer(EncApRepPart, sessionKey.decrypt(KeyUsage.AP_REP_ENC_PART, encPart.cipher));
}

/** A refusal that nothing protects: it can stop a change, and can not pretend that one was made. */
function readError(bytes: Uint8Array, { change, now }: ReplyContext): KpasswdOutcome {
  const error = decodeDer(KrbError, bytes);
  const { client, server } = change.credentials;
  const subject = { client: formatPrincipal(client), server: formatPrincipal(server), now };
  const outcome = error.eData === undefined ? undefined : outcomeIn(error.eData);
  if (outcome === undefined) throw kerberosErrorOf(error, subject);
  if (outcome.code === KpasswdResult.SUCCESS) throw mismatch('an error says that it succeeded');
  return outcome;
}

function outcomeIn(eData: Uint8Array): KpasswdOutcome | undefined {
  try {
    return decodeOutcome(eData);
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}

function refusal({ code, text }: KpasswdOutcome, change: PasswordChange): KerberosError {
  const words = describeResult(code);
  return new KerberosError('password-change', text === '' ? words : `${words}: ${text}`, {
    resultCode: code,
    subject: formatPrincipal(change.target ?? change.credentials.client),
  });
}

function mismatch(what: string, cause?: unknown): KerberosError {
  const message = `the password server's answer does not match the request: ${what}`;
  return new KerberosError('reply-mismatch', message, { cause });
}
