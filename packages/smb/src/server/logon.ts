import { KerberosError } from '@doublehop/kerberos/errors';
import { type AcceptedContext, krb5Acceptor } from '@doublehop/kerberos/gss/acceptor';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { spnegoAcceptor } from '@doublehop/kerberos/spnego/acceptor';
import { statusError } from '../errors.ts';
import { SessionFlag, SETUP_BINDING } from '../messages/constants.ts';
import type { Message } from '../messages/header.ts';
import { decodeSessionSetupRequest, encodeSessionSetupResponse } from '../messages/session.ts';
import { NtStatus } from '../nt-status.ts';
import { sessionKeys } from '../security/keys.ts';
import { preauthNext } from '../security/preauth.ts';
import type { Session } from './objects.ts';
import type { ShareUser } from './options.ts';
import type { ConnectionState } from './state.ts';

/** What SESSION_SETUP answers. */
export interface SetupReply {
  readonly status: number;
  readonly body: Uint8Array;
  readonly session: Session;
}

/**
 * SESSION_SETUP (MS-SMB2 3.3.5.5): a session that begins, goes on, or authenticates anew. Throws
 * SmbError `status`; the session is gone then.
 */
export async function sessionSetup(state: ConnectionState, message: Message): Promise<SetupReply> {
  const request = decodeSessionSetupRequest(message.bytes);
  if ((request.flags & SETUP_BINDING) !== 0) {
    // One session, one connection (MS-SMB2 3.3.5.5).
    throw statusError(NtStatus.REQUEST_NOT_ACCEPTED, 'to bind a session');
  }
  const { sessionId } = message.header;
  const session = sessionId === 0n ? newSession(state) : state.sessions.get(sessionId);
  if (session === undefined) throw statusError(NtStatus.USER_SESSION_DELETED, 'the session');
  session.preauthHash = preauthNext(session.preauthHash, message.bytes);
  session.negotiation ??= newAcceptor(state);
  try {
    const { token = new Uint8Array(0) } = session.negotiation.step(request.token);
    const { context } = session.negotiation;
    if (context === undefined) {
      const body = encodeSessionSetupResponse({ flags: 0, token });
      return { status: NtStatus.MORE_PROCESSING_REQUIRED, body, session };
    }
    await establish(state, session, context);
    endPrevious(state, session, request.previousSessionId);
    const flags = session.encrypt ? SessionFlag.encrypt : 0;
    const body = encodeSessionSetupResponse({ flags, token });
    return { status: NtStatus.SUCCESS, body, session };
  } catch (error) {
    state.closeSession(session);
    throw refusal(state, error);
  } finally {
    if (session.negotiation?.context !== undefined) session.negotiation = undefined;
  }
}

function newSession(state: ConnectionState): Session {
  const { sessions, settings } = state;
  if (sessions.size >= settings.limits.maxSessions) {
    throw statusError(NtStatus.INSUFFICIENT_RESOURCES, 'too many sessions');
  }
  const bytes = settings.random(8);
  const id = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) | 1n;
  const session: Session = {
    id,
    negotiation: undefined,
    preauthHash: state.preauthHash,
    user: undefined,
    keys: undefined,
    expires: 0,
    encrypt: false,
    trees: new Map(),
  };
  sessions.set(id, session);
  return session;
}

function newAcceptor({ settings }: ConnectionState): NonNullable<Session['negotiation']> {
  const { keys, replayCache, clock, random } = settings;
  // Some clients (impacket) send no checksum of GSS: SMB protects its messages by itself.
  const options = { keys, replayCache, clock, random, bareRequests: true };
  return spnegoAcceptor(() => krb5Acceptor(options));
}

async function establish(
  state: ConnectionState,
  session: Session,
  context: AcceptedContext,
): Promise<void> {
  const { settings, negotiated } = state;
  if (negotiated === undefined) throw new TypeError('a session before the negotiation');
  const user = await authorized(state, context);
  session.expires = context.acceptance.ticketPart.endtime * 1000;
  if (session.user !== undefined) {
    // Authenticated anew: keys and opens stay, and so must the user (MS-SMB2 3.3.5.5.3).
    if (session.user.name !== user.name) throw statusError(NtStatus.ACCESS_DENIED, user.name);
    session.user = user;
    return;
  }
  const terms = { ...negotiated, preauthHash: session.preauthHash };
  const keys = sessionKeys('server', context.key.bytes(), terms);
  session.encrypt = settings.encrypt === true;
  if (session.encrypt && keys.sealer === undefined) {
    throw statusError(NtStatus.ACCESS_DENIED, 'the client cannot encrypt');
  }
  session.user = user;
  session.keys = keys;
  const end = (): void => state.closeSession(session);
  settings.sessions.set(session.id, { user: user.name, end });
  const { dialect } = negotiated;
  const encrypted = session.encrypt;
  const principal = formatPrincipal(context.peer);
  const name = user.name === '' ? principal : user.name;
  settings.log({ kind: 'logon', connection: state.id, user: name, dialect, encrypted });
}

async function authorized(state: ConnectionState, context: AcceptedContext): Promise<ShareUser> {
  try {
    const principal = context.peer;
    return await state.settings.authorize({ ...context.acceptance, principal, context });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not authorized';
    state.settings.log({ kind: 'refused', connection: state.id, reason });
    throw statusError(NtStatus.LOGON_FAILURE, 'the user');
  }
}

/** A client that lost its connection says which session it had (MS-SMB2 3.3.5.5.3). */
function endPrevious(state: ConnectionState, session: Session, previous: bigint): void {
  const old = state.settings.sessions.get(previous);
  if (previous !== session.id && old?.user === session.user?.name) old?.end();
}

function refusal(state: ConnectionState, error: unknown): unknown {
  if (!(error instanceof KerberosError)) return error;
  state.settings.log({ kind: 'refused', connection: state.id, reason: error.message });
  const skewed = error.detail.errorCode === ErrorCode.KRB_AP_ERR_SKEW;
  const status = skewed ? NtStatus.TIME_DIFFERENCE_AT_DC : NtStatus.LOGON_FAILURE;
  return statusError(status, 'the ticket');
}
