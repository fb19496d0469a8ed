import { type Socket, connect as connectSocket, isIP } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as connectTls } from 'node:tls';
import { WireError } from '@doublehop/wire/errors';
import { LdapError } from '../errors.ts';
import { MAX_QUEUED_ITEMS, MAX_RESPONSE } from '../limits.ts';
import type { Control } from '../messages/common.ts';
import {
  type LdapMessage,
  type Operation,
  decodeMessage,
  encodeMessage,
} from '../messages/message.ts';
import type { SecurityLayer } from '../sasl/mechanism.ts';
import { tlsServerEndPoint } from '@doublehop/kerberos/gss/channel-bindings';
import { Channel } from '../transport/channel.ts';
import { PendingOperation } from './pending.ts';

const MAX_MESSAGE_ID = 2_147_483_647;

/** How long the server may leave full buffers unread, in milliseconds. */
const WRITE_TIMEOUT = 60_000;

/**
 * A client's connection as requests and their answers. It knows message IDs, flow and the end of
 * the connection, and nothing of what operations mean.
 */
export class Link {
  readonly #channel: Channel;
  readonly #pending = new Map<number, PendingOperation>();
  #nextId = 1;
  #down: LdapError | undefined;
  /** No message is read: a bind response or the start of TLS is being acted on. */
  #held = false;
  readonly #closed = Promise.withResolvers<void>();
  tls = false;
  channelBinding: Uint8Array | undefined;

  constructor(socket: Socket, maxMessage: number = MAX_RESPONSE) {
    const events = {
      readable: () => this.#pump(),
      drained: () => undefined,
      closed: (error: Error | undefined) => this.#end(error),
    };
    this.#channel = new Channel(socket, events, { maxMessage, writeTimeout: WRITE_TIMEOUT });
  }

  /** Why the connection is no more, or undefined. */
  get down(): LdapError | undefined {
    return this.#down;
  }

  /** Requests whose answers have not all come. */
  get busy(): number {
    return this.#pending.size;
  }

  /** Sends a request. Throws LdapError `serverDown` where the connection is gone. */
  request(operation: Operation, controls: readonly Control[] = []): PendingOperation {
    if (this.#down !== undefined) throw this.#down;
    const messageId = this.#takeId();
    const pending = new PendingOperation(messageId, operation.kind === 'searchRequest');
    this.#send(messageId, operation, controls);
    this.#pending.set(messageId, pending);
    this.#steer();
    return pending;
  }

  /** The operation has had its last answer, or nobody waits for it. */
  finish(pending: PendingOperation): void {
    this.#pending.delete(pending.messageId);
    this.#steer();
  }

  /** Tells the server that nobody waits any more (RFC 4511 §4.11). */
  abandon(pending: PendingOperation): void {
    if (!this.#pending.has(pending.messageId)) return;
    this.finish(pending);
    if (this.#down !== undefined) return;
    this.#send(this.#takeId(), { kind: 'abandonRequest', value: pending.messageId });
  }

  /** An answer was read: reading may go on. */
  taken(): void {
    this.#steer();
  }

  /** Goes on reading behind a bind response, through the layer where one was agreed on. */
  release(layer?: SecurityLayer): void {
    if (layer !== undefined) this.#channel.install(layer);
    this.#held = false;
    this.#pump();
  }

  /** Puts TLS on top and verifies the server (RFC 4513 §3.1.3). */
  async secure(host: string, options: ConnectionOptions): Promise<void> {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const wrap = (socket: Socket): TLSSocket => connectTls({ host, ...name, ...options, socket });
    try {
      const socket = await this.#channel.startTls(wrap, 'secureConnect');
      this.tls = true;
      const certificate = socket.getPeerX509Certificate()?.raw;
      this.channelBinding = certificate && tlsServerEndPoint(certificate).applicationData;
    } catch (error) {
      this.#channel.destroy();
      const reason = error instanceof Error ? error.message : 'failed';
      throw new LdapError('connectError', `TLS with ${host}: ${reason}`, { cause: error });
    }
    this.release();
  }

  /**
   * Unbinds (RFC 4511 §4.3) and closes; resolves when the connection is gone. A server that does
   * not close its side within `patience` milliseconds is left.
   */
  async close(patience: number): Promise<void> {
    if (this.#down === undefined) {
      this.#send(this.#takeId(), { kind: 'unbindRequest', value: null });
      this.#fail(new LdapError('serverDown', 'the connection was closed by this side'));
      this.#channel.end();
    }
    const late = setTimeout(() => this.#channel.destroy(), patience);
    await this.#closed.promise;
    clearTimeout(late);
  }

  /** Ends the connection at once. */
  destroy(error: LdapError): void {
    this.#fail(error);
    this.#channel.destroy();
  }

  #send(messageId: number, operation: Operation, controls: readonly Control[] = []): void {
    const message = { messageId, operation };
    this.#channel.send(encodeMessage(controls.length > 0 ? { ...message, controls } : message));
  }

  #takeId(): number {
    do {
      this.#nextId = this.#nextId === MAX_MESSAGE_ID ? 1 : this.#nextId + 1;
    } while (this.#pending.has(this.#nextId));
    return this.#nextId;
  }

  #pump(): void {
    try {
      while (!this.#held && this.#down === undefined) {
        const bytes = this.#channel.next();
        if (bytes === undefined) break;
        this.#take(decodeMessage(bytes));
      }
    } catch (error) {
      if (!(error instanceof LdapError || error instanceof WireError)) throw error;
      const { message } = error;
      this.destroy(new LdapError('decodingError', `from the server: ${message}`, { cause: error }));
    }
    this.#steer();
  }

  #take(message: LdapMessage): void {
    const { messageId, operation } = message;
    if (messageId === 0) {
      const reason = operation.kind === 'extendedResponse' ? operation.value.message : '';
      this.destroy(new LdapError('serverDown', `the server disconnected: ${reason}`));
      return;
    }
    const pending = this.#pending.get(messageId);
    // Answers to what was abandoned may still be on their way (RFC 4511 §4.11).
    if (pending === undefined) return;
    this.#held = operation.kind === 'bindResponse';
    pending.push(message);
  }

  /**
   * Stops reading while a search that nobody reads has filled its queue, unless something else is
   * awaited: the reader of one search may well wait for another operation before it goes on.
   */
  #steer(): void {
    if (this.#channel.closed) return;
    let queued = 0;
    let awaited = false;
    for (const pending of this.#pending.values()) {
      queued += pending.queued;
      if (pending.queued === 0) awaited = true;
    }
    this.#channel.reading = queued < MAX_QUEUED_ITEMS || awaited;
  }

  #end(error: Error | undefined): void {
    const reason = error === undefined ? '' : `: ${error.message}`;
    const detail = error === undefined ? {} : { cause: error };
    this.#fail(
      new LdapError('serverDown', `the connection to the server was lost${reason}`, detail),
    );
    this.#closed.resolve();
  }

  #fail(error: LdapError): void {
    if (this.#down !== undefined) return;
    this.#down = error;
    for (const pending of this.#pending.values()) pending.fail(error);
    this.#pending.clear();
  }
}

/** A TCP connection. Throws LdapError `connectError`. */
export async function openSocket(host: string, port: number, timeout: number): Promise<Socket> {
  const socket = connectSocket({ host, port, noDelay: true });
  return await new Promise<Socket>((resolve, reject) => {
    const fail = (reason: string, cause?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new LdapError('connectError', `${host}:${port}: ${reason}`, { cause }));
    };
    const failed = (error: Error) => fail(error.message, error);
    const timer = setTimeout(() => fail(`no connection in ${timeout} ms`), timeout);
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', failed);
      resolve(socket);
    });
  });
}
