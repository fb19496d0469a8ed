import type { Socket } from 'node:net';
import { SmbError } from '../errors.ts';
import { CLIENT_CREDITS, MAX_RESPONSE_FRAME } from '../limits.ts';
import { commandName, HeaderFlag, SecurityMode } from '../messages/constants.ts';
import { Deframer, frame } from '../messages/frame.ts';
import {
  encodeMessage,
  frameKind,
  type Header,
  type Message,
  splitMessages,
} from '../messages/header.ts';
import { isError, NtStatus } from '../nt-status.ts';
import type { SessionKeys } from '../security/keys.ts';

/** How a session protects its messages, once it is there. */
export interface Protection {
  readonly sessionId: bigint;
  readonly keys: SessionKeys;
  /** Whether everything is encrypted. */
  encrypt: boolean;
}

/** A request; the connection adds numbers, signature and seal. */
export interface Outgoing {
  readonly command: number;
  readonly body: Uint8Array;
  readonly treeId?: number;
  /** Where there is no protection yet. */
  readonly sessionId?: bigint;
  /** Octets that go one way: a credit for each 64 KiB (MS-SMB2 3.1.5.2). */
  readonly payload?: number;
  /** Encrypt this one, whatever the session does: of a share that demands it. */
  readonly seal?: boolean;
}

/** An answer, with the octets of the request: both are hashed before there are keys. */
export interface Answer {
  readonly header: Header;
  readonly bytes: Uint8Array;
  readonly sent: Uint8Array;
}

interface Pending {
  readonly command: number;
  readonly sent: Uint8Array;
  readonly sealed: boolean;
  readonly protection: Protection | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const CREDIT_OCTETS = 65_536;

/** Modes of signing as the client states them. */
export const CLIENT_SECURITY_MODE: number =
  SecurityMode.signingEnabled | SecurityMode.signingRequired;

/** A client's connection: numbers and credits, requests and their answers. */
export class Exchange {
  /** Set once the session is there. */
  protection: Protection | undefined;
  readonly #socket: Socket;
  readonly #timeout: number;
  readonly #deframer = new Deframer(MAX_RESPONSE_FRAME);
  readonly #pending = new Map<bigint, Pending>();
  #waiting: (() => void)[] = [];
  #nextId = 0n;
  #credits = 1;
  #failure: SmbError | undefined;

  constructor(socket: Socket, timeout: number) {
    this.#socket = socket;
    this.#timeout = timeout;
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    socket.on('error', (cause) => {
      this.#fail(new SmbError('closed', `the connection broke: ${cause.message}`, { cause }));
    });
    socket.on('close', () =>
      this.#fail(new SmbError('closed', 'the server closed the connection')),
    );
  }

  /** Credits at hand: how much may be asked for at once. */
  get credits(): number {
    return this.#credits;
  }

  /**
   * Sends a request and waits for its answer, an interim one aside. Statuses of the severity
   * "error" are the caller's to look at. Throws SmbError `closed`, `timeout`, `integrity`,
   * `malformed`.
   */
  async request(outgoing: Outgoing): Promise<Answer> {
    const charge = Math.max(1, Math.ceil((outgoing.payload ?? 0) / CREDIT_OCTETS));
    while (this.#failure === undefined && this.#credits < charge) {
      // Credits come with answers: where none is due, none will come.
      if (this.#pending.size === 0) {
        throw new SmbError('malformed', 'the server grants too few credits');
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
    this.#credits -= charge;
    const messageId = this.#nextId;
    this.#nextId += BigInt(charge);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = this.#write(outgoing, messageId, charge);
    const timer = setTimeout(() => {
      const name = commandName(outgoing.command);
      this.#fail(new SmbError('timeout', `no answer to ${name} in ${this.#timeout} ms`));
    }, this.#timeout);
    const protection = this.protection;
    const sealed = this.#isSealed(outgoing);
    const { command } = outgoing;
    this.#pending.set(messageId, { command, sent, sealed, protection, resolve, reject, timer });
    return await promise;
  }

  /** Ends the connection. */
  close(): void {
    this.#fail(new SmbError('closed', 'the connection was closed here'));
  }

  #isSealed({ seal }: Outgoing): boolean {
    return this.protection !== undefined && (seal === true || this.protection.encrypt);
  }

  #write(outgoing: Outgoing, messageId: bigint, charge: number): Uint8Array {
    const { command, body, treeId = 0 } = outgoing;
    const { protection } = this;
    const message = encodeMessage(
      {
        creditCharge: charge,
        status: 0,
        command,
        credits: Math.max(charge, CLIENT_CREDITS),
        flags: 0,
        messageId,
        treeId,
        asyncId: undefined,
        sessionId: protection?.sessionId ?? outgoing.sessionId ?? 0n,
      },
      body,
    );
    if (!this.#isSealed(outgoing)) {
      protection?.keys.signer.sign(message);
      this.#socket.write(frame(message));
      return message;
    }
    const sealer = protection?.keys.sealer;
    if (protection === undefined || sealer === undefined) {
      throw new SmbError('unsupported', 'encryption was not negotiated');
    }
    this.#socket.write(frame(sealer.seal(protection.sessionId, message)));
    return message;
  }

  #receive(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#deframer.push(chunk);
      for (;;) {
        const next = this.#deframer.next();
        if (next === undefined) break;
        this.#take(next);
      }
    } catch (error) {
      if (!(error instanceof SmbError)) throw error;
      this.#fail(error);
    }
  }

  #take(bytes: Uint8Array): void {
    const kind = frameKind(bytes);
    if (kind !== 'transform') {
      for (const message of splitMessages(bytes)) this.#answer(message, false);
      return;
    }
    const opener = this.protection?.keys.opener;
    if (opener === undefined) throw new SmbError('integrity', 'an encrypted answer without keys');
    for (const message of splitMessages(opener.open(bytes))) this.#answer(message, true);
  }

  #answer({ header, bytes }: Message, sealed: boolean): void {
    if ((header.flags & HeaderFlag.response) === 0) {
      throw new SmbError('malformed', 'the server sent a request');
    }
    const pending = this.#pending.get(header.messageId);
    // The break of an oplock, of which we never have one, has no number (MS-SMB2 3.2.5.19).
    if (pending === undefined) return;
    if (pending.command !== header.command) {
      throw new SmbError('malformed', 'an answer to another command than was sent');
    }
    const isInterim = header.status === NtStatus.PENDING && header.asyncId !== undefined;
    if (!isInterim) verify(pending, header, bytes, sealed);
    this.#credits += header.credits;
    this.#wake();
    if (isInterim) {
      pending.timer.refresh();
      return;
    }
    this.#pending.delete(header.messageId);
    clearTimeout(pending.timer);
    pending.resolve({ header, bytes, sent: pending.sent });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  #fail(error: SmbError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#socket.destroy();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
    this.#wake();
  }
}

/** Every answer in a session is encrypted as its request was, or signed (MS-SMB2 3.2.5.1.3). */
function verify(
  { protection, sealed: wasSealed, command }: Pending,
  header: Header,
  bytes: Uint8Array,
  sealed: boolean,
): void {
  if (protection === undefined || sealed) return;
  // The session is gone for the server: it has no key to protect that with.
  if (header.status === NtStatus.USER_SESSION_DELETED) return;
  const name = commandName(command);
  if (wasSealed) throw new SmbError('integrity', `the answer to ${name} came in the clear`);
  const isSigned = (header.flags & HeaderFlag.signed) !== 0;
  if (!isSigned || !protection.keys.signer.verify(bytes)) {
    const what = isError(header.status) ? 'refusal' : 'answer';
    throw new SmbError('integrity', `the ${what} to ${name} has no valid signature`);
  }
}
