import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { WireError } from '@doublehop/wire/errors';
import { LdapError } from '../errors.ts';
import type { ServerLimits } from '../limits.ts';
import {
  type LdapMessage,
  type Operation,
  decodeEnvelope,
  decodeMessage,
} from '../messages/message.ts';
import { EXTENDED } from '../oids.ts';
import type { ResultCode } from '../result-codes.ts';
import { tlsServerEndPoint } from '@doublehop/kerberos/gss/channel-bindings';
import type { SaslServerFactory } from '../sasl/mechanism.ts';
import { Channel, WriteTimeout } from '../transport/channel.ts';
import { Binder, type BindOutcome } from './bind.ts';
import { Deadline } from './deadline.ts';
import type { CloseReason, LdapServerEvent } from './events.ts';
import type { LdapHandler, LdapResult } from './handler.ts';
import { OperationInProgress } from './operation.ts';
import {
  type Performance,
  type Request,
  WRITES,
  performRequest,
  targetOf,
  unsupported,
} from './perform.ts';
import type { ServerPolicy } from './policy.ts';
import {
  encodeBindResult,
  encodeExtendedResult,
  encodeNotice,
  encodeResult,
  isRequest,
  requestOfTag,
} from './results.ts';
import { Session, type SessionKind } from './session.ts';

/** What a connection shares with its server. */
export interface ConnectionOptions<I> {
  readonly handler: LdapHandler<I>;
  readonly mechanisms: readonly SaslServerFactory[];
  readonly sicily: SaslServerFactory | undefined;
  readonly tls: SecureContext | undefined;
  readonly limits: ServerLimits;
  readonly policy: ServerPolicy;
  readonly clock: () => number;
  readonly log: (event: LdapServerEvent) => void;
}

/**
 * `open`: messages are read and operations run side by side. `binding`, `securing`: a bind or a TLS
 * handshake has the connection to itself. `closing`: nothing more is read or begun.
 */
type State = 'open' | 'binding' | 'securing' | 'closing';

/** One client's connection: its sequence of messages and its operations in progress. */
export class Connection<I> {
  readonly #options: ConnectionOptions<I>;
  readonly #session: Session<I>;
  readonly #channel: Channel;
  readonly #binder: Binder<I>;
  readonly #deadline: Deadline;
  readonly #operations = new Map<number, OperationInProgress>();
  readonly #performance: Performance<I>;
  readonly #onClosed: () => void;
  readonly #over = Promise.withResolvers<void>();
  #state: State = 'open';
  #reason: CloseReason | undefined;
  /** Ends with the operations that write: one that has its time to itself waits for it. */
  #writes: Promise<unknown> = Promise.resolve();
  /** Ends with the last operation that had its time to itself; those that are queued wait. */
  #alone: Promise<unknown> = this.#writes;
  #waiting: (() => void)[] = [];
  #draining: (() => void)[] = [];

  constructor(
    kind: SessionKind,
    socket: Socket,
    options: ConnectionOptions<I>,
    onClosed: () => void,
  ) {
    const { limits } = options;
    this.#options = options;
    this.#session = new Session(kind, socket);
    this.#onClosed = onClosed;
    this.#binder = new Binder(this.#session, options);
    this.#deadline = new Deadline(limits, (reason) => this.#expire(reason));
    const events = {
      readable: () => this.#pump(),
      drained: () => this.#drained(),
      closed: (error: Error | undefined) => this.#closed(error),
    };
    const { maxAnonymousMessage: maxMessage, writeTimeout } = limits;
    this.#channel = new Channel(socket, events, { maxMessage, writeTimeout });
    this.#performance = this.#makePerformance();
    this.#deadline.set('first');
    const { remoteAddress: address } = this.#session;
    options.log({ kind: 'open', connection: kind.id, address });
  }

  /** Begins with TLS, as LDAPS does. */
  startImplicitTls(): void {
    this.#secure();
  }

  /** Waits for operations in progress, tells the client, closes; resolves when all is over. */
  async shutdown(): Promise<void> {
    if (this.#state !== 'closing') {
      this.#state = 'closing';
      await this.#idle();
      this.#disconnect('shutdown', 'unavailable', 'the server is shutting down');
    }
    await this.#over.promise;
  }

  /** Closes at once. */
  destroy(): void {
    this.#reason ??= 'shutdown';
    this.#channel.destroy();
  }

  get #blocked(): boolean {
    const { maxOperations } = this.#options.limits;
    const full = this.#operations.size >= maxOperations;
    return this.#state !== 'open' || full || this.#channel.congested;
  }

  /** Takes messages as long as there are some and they may be begun. */
  #pump(): void {
    try {
      while (!this.#blocked) {
        const bytes = this.#channel.next();
        if (bytes === undefined) break;
        this.#deadline.received();
        this.#take(bytes);
      }
    } catch (error) {
      this.#refuseStream(error);
    }
    this.#settle();
  }

  #settle(): void {
    if (this.#state === 'closing' || this.#state === 'securing') return;
    const blocked = this.#blocked;
    this.#channel.reading = !blocked;
    if (!blocked && this.#channel.partial) this.#deadline.set('message');
    else this.#deadline.set(this.#operations.size > 0 || blocked ? 'none' : 'idle');
  }

  #take(bytes: Uint8Array): void {
    let message: LdapMessage;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      this.#refuseMessage(bytes, error);
      return;
    }
    const { messageId, operation } = message;
    if (operation.kind === 'abandonRequest') {
      this.#operations.get(operation.value)?.stop('abandoned');
    } else if (operation.kind === 'unbindRequest') {
      this.#end('client');
    } else if (this.#operations.has(messageId) || !isRequest(operation.kind)) {
      // A message ID that is in use, or what only a server sends (RFC 4511 §4.1.1.1). A request may
      // have the ID 0, against the same clause: clients made for Windows begin to count there.
      throw new LdapError('protocolError', 'not a request, or its message ID is in use');
    } else {
      this.#begin(message);
    }
  }

  #begin({ messageId, operation, controls }: LdapMessage): void {
    const started = this.#options.clock();
    const progress = new OperationInProgress(messageId, controls ?? [], started);
    this.#operations.set(messageId, progress);
    const done = this.#run(progress, operation);
    void done.finally(() => this.#finished(messageId));
  }

  async #run(progress: OperationInProgress, operation: Operation): Promise<void> {
    if (operation.kind === 'bindRequest') return await this.#bind(progress, operation.value);
    this.#binder.reset();
    if (operation.kind === 'extendedRequest' && operation.value.name === EXTENDED.startTls) {
      return await this.#startTls(progress);
    }
    // Sound: `#take` has let requests through only, and those two are dealt with.
    const request = operation as Request;
    if (!WRITES.has(request.kind)) return await this.#perform(progress, request);
    return await this.#write(progress, request);
  }

  /** Writes in the order of arrival; those that a handler queues wait together to be durable. */
  #write(progress: OperationInProgress, request: Request): Promise<void> {
    const earlier = this.#writes;
    const isQueued =
      (request.kind === 'addRequest' || request.kind === 'modifyRequest') &&
      this.#options.handler.queues?.(request) === true;
    if (isQueued) {
      const work = this.#alone.then(() => this.#perform(progress, request));
      this.#writes = work.then(() => earlier);
      return work;
    }
    const work = earlier.then(() => this.#perform(progress, request));
    this.#writes = work;
    this.#alone = work;
    return work;
  }

  async #perform(progress: OperationInProgress, request: Request): Promise<void> {
    const { clock, log } = this.#options;
    const done = await performRequest(request, progress, this.#performance);
    const connection = this.#session.id;
    if (done.bug !== undefined) log({ kind: 'error', connection, error: done.bug });
    const abandoned = progress.stopped === 'abandoned';
    if (!abandoned) this.#channel.send(done.response);
    log({
      kind: 'operation',
      connection,
      operation: request.kind,
      target: targetOf(request),
      code: abandoned ? 'abandoned' : done.result.code,
      message: done.result.message ?? '',
      entries: done.entries,
      millis: clock() - progress.started,
    });
  }

  #makePerformance(): Performance<I> {
    const channel = this.#channel;
    const output = {
      send: (bytes: Uint8Array) => channel.send(bytes),
      get congested(): boolean {
        return channel.congested;
      },
      drained: () => this.#whenDrained(),
    };
    const { handler, limits } = this.#options;
    return { handler, session: this.#session, output, searchTimeout: limits.searchTimeout };
  }

  /** A bind has the connection to itself, once what was begun has ended (RFC 4511 §4.2.1). */
  async #bind(
    progress: OperationInProgress,
    request: Extract<Operation, { kind: 'bindRequest' }>['value'],
  ): Promise<void> {
    this.#state = 'binding';
    await this.#idle(progress);
    const { clock, log, limits, handler } = this.#options;
    const critical = unsupported(progress, handler.supportedControls);
    const outcome: BindOutcome =
      critical === undefined
        ? await this.#binder.bind(request)
        : { result: critical, method: 'simple', name: undefined };
    const { result, layer } = outcome;
    this.#channel.send(encodeBindResult(progress.messageId, outcome));
    if (layer !== undefined) {
      this.#channel.install(layer);
      this.#session.layer = layer.protection;
    }
    const bound = this.#session.identity !== undefined;
    this.#channel.maxMessage = bound ? limits.maxMessage : limits.maxAnonymousMessage;
    const { id: connection, remoteAddress: address } = this.#session;
    const { code, message = '' } = result;
    const millis = clock() - progress.started;
    const { method, name, cause } = outcome;
    log({ kind: 'bind', connection, address, method, name, code, message, cause, millis });
    this.#reopen();
  }

  /** StartTLS: only with nothing else in progress, and nothing in place yet (RFC 4511 §4.14). */
  async #startTls(progress: OperationInProgress): Promise<void> {
    const { messageId } = progress;
    const refusal = this.#refusalOfTls();
    const name = EXTENDED.startTls;
    this.#channel.send(
      encodeExtendedResult(messageId, { ...(refusal ?? { code: 'success' }), name }),
    );
    if (refusal !== undefined) return;
    this.#secure();
  }

  #refusalOfTls(): LdapResult | undefined {
    if (this.#options.tls === undefined) {
      return { code: 'unavailable', message: 'the server has no certificate' };
    }
    if (this.#session.tls) return { code: 'operationsError', message: 'TLS is in place' };
    if (this.#session.layer !== 'none' || this.#operations.size > 1) {
      return { code: 'operationsError', message: 'operations or a SASL layer are in place' };
    }
    return undefined;
  }

  #secure(): void {
    const { tls: secureContext } = this.#options;
    this.#state = 'securing';
    this.#deadline.set('message');
    const wrap = (socket: Socket) =>
      new TLSSocket(socket, { isServer: true, ...(secureContext && { secureContext }) });
    this.#channel
      .startTls(wrap, 'secure')
      .then((socket) => this.#secured(socket))
      .catch(() => {
        this.#channel.destroy();
      });
  }

  #secured(socket: TLSSocket): void {
    socket.disableRenegotiation();
    const certificate = socket.getX509Certificate()?.raw;
    this.#session.channelBinding = certificate && tlsServerEndPoint(certificate).applicationData;
    this.#session.tls = true;
    // Who authenticated in clear text need not be who speaks now (RFC 4513 §3.1.2).
    this.#session.identity = undefined;
    this.#deadline.set('idle');
    this.#reopen();
    this.#pump();
  }

  #reopen(): void {
    if (this.#state !== 'closing') this.#state = 'open';
  }

  #finished(messageId: number): void {
    this.#operations.delete(messageId);
    if (this.#operations.size <= 1) for (const wake of this.#waiting.splice(0)) wake();
    this.#pump();
  }

  /** Resolves when no operation but the given one is in progress. */
  async #idle(except?: OperationInProgress): Promise<void> {
    const rest = except === undefined ? 0 : 1;
    while (this.#operations.size > rest) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #drained(): void {
    for (const wake of this.#draining.splice(0)) wake();
    this.#pump();
  }

  #whenDrained(): Promise<void> {
    if (!this.#channel.congested || this.#channel.closed) return Promise.resolve();
    return new Promise((resolve) => this.#draining.push(resolve));
  }

  /** A whole message that does not decode: answered, or the end (RFC 4511 §4.1.1). */
  #refuseMessage(bytes: Uint8Array, error: unknown): void {
    if (!(error instanceof WireError)) throw error;
    const { messageId, tag } = decodeEnvelope(bytes);
    const kind = requestOfTag(tag);
    // A wrong tag or length means that the peer does not speak LDAP; a wrong value is only wrong.
    const harmless = error.code === 'value' || error.code === 'oversize' || error.code === 'depth';
    if (!harmless || kind === undefined || messageId === 0) throw error;
    this.#channel.send(
      encodeResult(messageId, kind, { code: 'protocolError', message: error.message }),
    );
  }

  #refuseStream(error: unknown): void {
    if (error instanceof LdapError && error.code === 'adminLimitExceeded') {
      this.#disconnect('too-large', 'protocolError', error.message);
    } else if (error instanceof LdapError && error.code === 'decodingError') {
      this.#disconnect('sasl-layer', 'protocolError', error.message);
    } else if (error instanceof LdapError || error instanceof WireError) {
      this.#disconnect('malformed', 'protocolError', error.message);
    } else {
      this.#options.log({ kind: 'error', connection: this.#session.id, error });
      this.#disconnect('bug', 'other', 'internal error');
    }
  }

  #expire(reason: CloseReason): void {
    if (this.#state === 'securing') {
      // There is no way to tell the client anything before TLS is in place.
      this.#channel.destroy();
      return;
    }
    if (reason === 'idle-timeout') this.#disconnect(reason, 'unavailable', 'idle for too long');
    else this.#disconnect(reason, 'protocolError', 'no whole message in time');
  }

  #disconnect(reason: CloseReason, code: ResultCode, message: string): void {
    if (this.#channel.closed) return;
    this.#channel.send(encodeNotice(code, message));
    this.#end(reason);
  }

  #end(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#state = 'closing';
    this.#deadline.set('none');
    this.#channel.end();
    for (const operation of this.#operations.values()) operation.stop('abandoned');
  }

  #closed(error: Error | undefined): void {
    if (error instanceof WriteTimeout) this.#reason ??= 'write-timeout';
    if (this.#state === 'securing') this.#reason ??= 'tls';
    this.#reason ??= error === undefined ? 'client' : 'network';
    this.#state = 'closing';
    this.#deadline.set('none');
    for (const operation of this.#operations.values()) operation.stop('abandoned');
    for (const wake of this.#draining.splice(0)) wake();
    const { id: connection, remoteAddress: address } = this.#session;
    this.#options.log({ kind: 'close', connection, address, reason: this.#reason });
    try {
      this.#options.handler.closed?.(this.#session);
    } catch (failure) {
      this.#options.log({ kind: 'error', connection, error: failure });
    }
    this.#onClosed();
    this.#over.resolve();
  }
}
