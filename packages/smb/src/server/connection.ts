import type { Socket } from 'node:net';
import type { Guid } from '@doublehop/security/guid';
import { concat } from '@doublehop/wire/bytes';
import { SmbError, statusError } from '../errors.ts';
import { MAX_ANONYMOUS_FRAME, MAX_FRAME } from '../limits.ts';
import { Command, HeaderFlag } from '../messages/constants.ts';
import { malformed } from '../messages/cursor.ts';
import { Deframer, frame } from '../messages/frame.ts';
import {
  chainMessages,
  decodeTransform,
  encodeMessage,
  frameKind,
  type Header,
  type Message,
  splitMessages,
} from '../messages/header.ts';
import { encodeError } from '../messages/session.ts';
import { NtStatus } from '../nt-status.ts';
import { PREAUTH_START, preauthNext } from '../security/preauth.ts';
import type { Sealer } from '../security/transform.ts';
import type { Compound, Reply } from './call.ts';
import { answered, dispatch, type Dispatched } from './dispatch.ts';
import { sessionSetup } from './logon.ts';
import { negotiate, negotiateFromSmb1 } from './negotiate.ts';
import type { Session, ValidSession } from './objects.ts';
import type { ServerSettings } from './options.ts';
import { ConnectionState, type PendingRequest } from './state.ts';
import { CreditWindow } from './window.ts';

/** Frames that wait while one is worked on; more are left in the socket. */
const MAX_QUEUED = 8;

/** An answer on its way out. */
interface Outgoing {
  readonly message: Uint8Array;
  readonly signWith: ValidSession | undefined;
}

/** What answers are encrypted with. */
interface Seal {
  readonly id: bigint;
  readonly sealer: Sealer;
}

/** One client's connection: frames in their order, one after the other. */
export class ServerConnection {
  readonly state: ConnectionState;
  readonly #socket: Socket;
  readonly #deframer = new Deframer(MAX_ANONYMOUS_FRAME);
  readonly #window: CreditWindow;
  readonly #onClosed: () => void;
  readonly #over = Promise.withResolvers<void>();
  readonly #queue: Uint8Array[] = [];
  #working = false;
  #closed = false;
  /** Whether the time of a message runs that has not come whole. */
  #partial = false;
  #timer: NodeJS.Timeout | undefined;
  #writeTimer: NodeJS.Timeout | undefined;
  #reason = 'the client closed';

  constructor(
    id: number,
    socket: Socket,
    settings: ServerSettings,
    serverGuid: Guid,
    onClosed: () => void,
  ) {
    const address = socket.remoteAddress ?? '';
    this.state = new ConnectionState(id, address, settings, serverGuid);
    this.state.onOver = (request, status) => this.#late(request, status);
    this.#socket = socket;
    this.#window = new CreditWindow(settings.limits.maxCredits);
    this.#onClosed = onClosed;
    settings.log({ kind: 'open', connection: id, address });
    this.#wait(settings.limits.authenticationTimeout, 'no session in time');
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    socket.on('drain', () => {
      clearTimeout(this.#writeTimer);
      this.#writeTimer = undefined;
      this.#flow();
    });
    socket.on('error', (error) => {
      this.#reason = error.message;
    });
    socket.on('close', () => this.#finish());
  }

  /** Resolves when the connection is no more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Closes at once. */
  destroy(reason: string): void {
    if (!this.#closed) this.#reason = reason;
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.#deframer.push(chunk);
      for (;;) {
        const next = this.#deframer.next();
        if (next === undefined) break;
        this.#queue.push(next);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#flow();
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    try {
      for (;;) {
        const next = this.#queue.shift();
        if (next === undefined || this.#closed) break;
        this.#partial = false;
        await this.#process(next);
        this.#flow();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#working = false;
    }
    this.#setTimer();
  }

  #fail(error: unknown): void {
    if (error instanceof SmbError) return this.destroy(error.message);
    this.state.settings.log({ kind: 'defect', connection: this.state.id, error });
    this.destroy('a defect');
  }

  /** Reads on as long as the client reads too, and not too much waits. */
  #flow(): void {
    const full = this.#queue.length >= MAX_QUEUED || this.#writeTimer !== undefined;
    if (full === this.#socket.isPaused()) return;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }

  async #process(bytes: Uint8Array): Promise<void> {
    switch (frameKind(bytes)) {
      case 'smb1':
        return this.#smb1(bytes);
      case 'plain':
        return await this.#messages(splitMessages(bytes), undefined);
      case 'transform': {
        const session = this.state.sessions.get(decodeTransform(bytes).sessionId);
        const opener = session?.keys?.opener;
        if (opener === undefined) throw malformed('encrypted for no session');
        return await this.#messages(splitMessages(opener.open(bytes)), session);
      }
      case 'compressed':
      case 'other':
        throw malformed('neither SMB 2 nor encrypted');
    }
  }

  #smb1(bytes: Uint8Array): void {
    if (this.state.negotiated !== undefined) throw malformed('SMB 1 after the negotiation');
    this.#window.use(0n, 1);
    const body = negotiateFromSmb1(this.state, bytes);
    const request = { ...NO_HEADER, command: Command.negotiate };
    this.#send([this.#encode(request, { status: 0, body }, 0n, 0, undefined)], undefined);
  }

  async #messages(messages: readonly Message[], sealedBy: Session | undefined): Promise<void> {
    const compound: Compound = {
      sessionId: 0n,
      treeId: 0,
      fileId: undefined,
      failure: undefined,
      size: 0,
    };
    // The key is kept for the answer to LOGOFF, after which the session has none.
    const sealer = sealedBy?.keys?.sealer;
    const seal = sealedBy && sealer && { id: sealedBy.id, sealer };
    const out: Outgoing[] = [];
    const last = messages.length - 1;
    for (const [index, message] of messages.entries()) {
      const { header } = message;
      if ((header.flags & HeaderFlag.response) !== 0) throw malformed('an answer of a client');
      if (header.command === Command.cancel) {
        this.#cancel(header);
        continue;
      }
      this.#window.use(header.messageId, header.creditCharge);
      const place = { isFirst: index === 0, isLast: index === last };
      const answer = await this.#one(message, sealedBy, compound, place);
      compound.size += answer.message.length;
      out.push(answer);
    }
    this.#send(out, seal);
  }

  async #one(
    message: Message,
    sealedBy: Session | undefined,
    compound: Compound,
    place: { readonly isFirst: boolean; readonly isLast: boolean },
  ): Promise<Outgoing> {
    const { header } = message;
    const alone = place.isFirst && place.isLast;
    if (header.command === Command.negotiate) return await this.#negotiate(message, alone);
    if (this.state.negotiated === undefined) throw malformed('a request before the negotiation');
    if (header.command === Command.sessionSetup) return await this.#setup(message, alone, sealedBy);
    const done = await dispatch(this.state, { message, sealedBy, compound, ...place });
    return this.#finishRequest(header, done);
  }

  #finishRequest(header: Header, { reply, session, treeId }: Dispatched): Outgoing {
    const sessionId = session?.id ?? header.sessionId;
    if (header.command === Command.logoff && reply.status === NtStatus.SUCCESS) {
      const ended = this.state.sessions.get(sessionId);
      if (ended !== undefined) this.state.closeSession(ended);
    }
    return this.#encode(header, reply, sessionId, treeId, session);
  }

  async #negotiate(message: Message, alone: boolean): Promise<Outgoing> {
    const { state } = this;
    if (state.negotiated !== undefined || !alone) throw malformed('a second negotiation');
    const reply = await answered(state, () => {
      return { status: NtStatus.SUCCESS, body: negotiate(state, message.bytes) };
    });
    const out = this.#encode(message.header, reply, 0n, 0, undefined);
    state.preauthHash = preauthNext(preauthNext(PREAUTH_START, message.bytes), out.message);
    return out;
  }

  async #setup(message: Message, alone: boolean, sealedBy: Session | undefined): Promise<Outgoing> {
    const { state } = this;
    const { header } = message;
    if (!alone) throw malformed('a session within a compound');
    this.#checkReauthentication(message, sealedBy);
    let session: Session | undefined;
    const reply = await answered(state, async () => {
      const done = await sessionSetup(state, message);
      session = done.session;
      return { status: done.status, body: done.body };
    });
    const valid = reply.status === NtStatus.SUCCESS ? session : undefined;
    // Sound: a session that was set up with success has its user and keys.
    const signWith = valid as ValidSession | undefined;
    const id = session?.id ?? header.sessionId;
    const out = this.#encode(header, reply, id, 0, signWith);
    if (session !== undefined && reply.status === NtStatus.MORE_PROCESSING_REQUIRED) {
      session.preauthHash = preauthNext(session.preauthHash, out.message);
    }
    if (valid !== undefined) this.#deframer.maxFrame = MAX_FRAME;
    return out;
  }

  /** To authenticate anew, a session signs or encrypts as always (MS-SMB2 3.3.5.2.4). */
  #checkReauthentication({ header, bytes }: Message, sealedBy: Session | undefined): void {
    const session = this.state.sessions.get(header.sessionId);
    if (session?.keys === undefined || sealedBy === session) return;
    const isSigned = (header.flags & HeaderFlag.signed) !== 0;
    if (isSigned && session.keys.signer.verify(bytes)) return;
    throw statusError(NtStatus.ACCESS_DENIED, 'to authenticate anew');
  }

  /** CANCEL (MS-SMB2 3.3.5.16.1) is not answered; what it cancels is. */
  #cancel({ asyncId, messageId, sessionId }: Header): void {
    for (const request of this.state.pending.values()) {
      const meant =
        asyncId === undefined ? request.messageId === messageId : request.asyncId === asyncId;
      if (meant && request.session.id === sessionId) {
        this.state.finishPending(request.asyncId, NtStatus.CANCELLED);
      }
    }
  }

  /** The late answer to a request that waited. */
  #late({ asyncId, messageId, command, session }: PendingRequest, status: number): void {
    const header = { ...NO_HEADER, command, messageId, flags: HeaderFlag.response };
    const full = { ...header, asyncId, status, sessionId: session.id };
    const message = encodeMessage(full, encodeError());
    this.#send([{ message, signWith: session }], undefined);
  }

  #encode(
    request: Header,
    { status, body, treeId: newTree, pending }: Reply,
    sessionId: bigint,
    treeId: number,
    signWith: ValidSession | undefined,
  ): Outgoing {
    const header: Header = {
      creditCharge: request.creditCharge,
      status,
      command: request.command,
      credits: this.#window.grant(request.credits),
      flags: HeaderFlag.response | (request.flags & HeaderFlag.related),
      messageId: request.messageId,
      treeId: newTree ?? treeId,
      asyncId: pending?.asyncId,
      sessionId,
    };
    return { message: encodeMessage(header, body), signWith };
  }

  /**
   * Signs each answer, or encrypts all of them together: as the request was, or as the session
   * demands (MS-SMB2 3.3.4.1).
   */
  #send(out: readonly Outgoing[], asked: Seal | undefined): void {
    if (out.length === 0 || this.#closed) return;
    const messages = chainMessages(out.map(({ message }) => message));
    const seal = asked ?? demandedSeal(out);
    if (seal !== undefined) {
      this.#write(frame(seal.sealer.seal(seal.id, concat(...messages))));
      return;
    }
    for (const [index, message] of messages.entries()) {
      out[index]?.signWith?.keys.signer.sign(message);
    }
    this.#write(frame(concat(...messages)));
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.write(bytes)) return;
    const { writeTimeout } = this.state.settings.limits;
    this.#writeTimer ??= setTimeout(() => this.destroy('the client does not read'), writeTimeout);
  }

  #setTimer(): void {
    if (this.#closed) return;
    const { idleTimeout, messageTimeout } = this.state.settings.limits;
    const isValid = [...this.state.sessions.values()].some(({ user }) => user !== undefined);
    if (!isValid) return;
    const wasPartial = this.#partial;
    this.#partial = this.#deframer.waiting > 0;
    if (!this.#partial) this.#wait(idleTimeout, 'silence');
    // From its first octet: a trickle does not prolong it.
    else if (!wasPartial) this.#wait(messageTimeout, 'half a message');
  }

  #wait(time: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.destroy(reason), time);
  }

  #finish(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#writeTimer);
    this.#queue.length = 0;
    this.state.closeAll();
    const reason = this.#reason;
    this.state.settings.log({ kind: 'close', connection: this.state.id, reason });
    this.#onClosed();
    this.#over.resolve();
  }
}

/** The key that a session encrypts with where it encrypts everything. */
function demandedSeal(out: readonly Outgoing[]): Seal | undefined {
  const [first] = out;
  const session = out.find(({ signWith }) => signWith?.encrypt === true)?.signWith;
  const sealer = session?.keys.sealer;
  if (first === undefined || session === undefined || sealer === undefined) return undefined;
  // The end of an authentication is signed: the client has no keys to decrypt it with yet.
  const { buffer, byteOffset } = first.message;
  const command = new DataView(buffer, byteOffset).getUint16(12, true);
  return command === Command.sessionSetup ? undefined : { id: session.id, sealer };
}

const NO_HEADER: Header = {
  creditCharge: 0,
  status: 0,
  command: 0,
  credits: 0,
  flags: 0,
  messageId: 0n,
  treeId: 0,
  asyncId: undefined,
  sessionId: 0n,
};
