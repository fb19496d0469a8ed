import type { ProgressRecord } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import type { PsDictionary, PsValue } from '@doublehop/powershell/objects/value';
import type { Guid } from '@doublehop/security/guid';
import { concat } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { ClientPipeline } from './client-pipeline.ts';
import { type PipelineSpec, pipelineRequest } from './messages/create-pipeline.ts';
import type { PipelineState, PoolState } from './messages/enums.ts';
import type { HostCall, HostResponse } from './messages/host-call.ts';
import { type HostInfo, NO_HOST } from './messages/host-info.ts';
import type {
  CommandQuery,
  RunspaceBounds,
  SessionCapability,
  UserEvent,
} from './messages/session.ts';
import type { InformationRecord } from './messages/streams.ts';
import { ZERO_GUID } from './message.ts';
import { type ExchangeKey, SessionKey } from './secure-string.ts';
import { CAPABILITY, checkServerVersion } from './version.ts';
import {
  type AnyMessage,
  notDue,
  type Outgoing,
  PsrpWire,
  type Step,
  type WireOptions,
} from './wire.ts';

/** What a pipeline puts out. */
export type PipelineEvent =
  | { readonly type: 'output'; readonly value: PsValue }
  | { readonly type: 'error'; readonly record: ErrorRecord }
  | { readonly type: 'warning' | 'verbose' | 'debug'; readonly text: string }
  | { readonly type: 'progress'; readonly record: ProgressRecord }
  | { readonly type: 'information'; readonly record: InformationRecord }
  | { readonly type: 'pipeline-state'; readonly state: PipelineState; readonly error?: ErrorRecord }
  /** Answer with `respond` where the method has a result. */
  | { readonly type: 'host-call'; readonly call: HostCall };

/** What a client is told of a server's messages. */
export type ClientEvent =
  | (PipelineEvent & { readonly pipeline: ClientPipeline })
  | { readonly type: 'pool-state'; readonly state: PoolState; readonly error?: ErrorRecord }
  | { readonly type: 'private-data'; readonly data: PsDictionary }
  /** Of a pool that one connects to. */
  | { readonly type: 'bounds'; readonly bounds: RunspaceBounds }
  /** Answers `setRunspaces`, `reset` and `askAvailable`. */
  | { readonly type: 'availability'; readonly callId: bigint; readonly answer: boolean | bigint }
  | { readonly type: 'pool-host-call'; readonly call: HostCall }
  | { readonly type: 'user-event'; readonly event: UserEvent }
  /** SecureStrings can go both ways now. */
  | { readonly type: 'session-key' }
  /** The server broke the protocol: the pool takes nothing more. */
  | { readonly type: 'broken'; readonly error: RemotingError };

export interface ClientPoolOptions extends WireOptions {
  readonly id: Guid;
  /** Makes the id of each pipeline. */
  readonly newId: () => Guid;
  /** For SecureStrings (`makeExchangeKey`); without it there can be none. */
  readonly exchangeKey?: ExchangeKey;
  readonly hostInfo?: HostInfo;
  readonly minRunspaces?: number;
  readonly maxRunspaces?: number;
  readonly applicationArguments?: PsDictionary;
}

/**
 * A runspace pool at the client's end (MS-PSRP 3.1), without sockets and timers: octets of
 * fragments go in, events and fragments come out. Anything that is not due makes it Broken.
 */
export class ClientPool {
  readonly #wire: PsrpWire;
  readonly #options: ClientPoolOptions;
  readonly #pipelines = new Map<Guid, ClientPipeline>();
  #state: PoolState = 'BeforeOpen';
  #server: SessionCapability | undefined;
  #nextCall = 1n;
  #hasSentKey = false;

  constructor(options: ClientPoolOptions) {
    this.#options = options;
    this.#wire = new PsrpWire(options.id, 'server', options);
  }

  get state(): PoolState {
    return this.#state;
  }

  get id(): Guid {
    return this.#wire.poolId;
  }

  /** What the server said of itself. */
  get server(): SessionCapability | undefined {
    return this.#server;
  }

  get hasKey(): boolean {
    return this.#wire.key !== undefined;
  }

  /** Octets of SESSION_CAPABILITY and INIT_RUNSPACEPOOL: `creationXml` of WS-Man's Create. */
  open(): Uint8Array {
    this.#due('BeforeOpen');
    const { hostInfo = NO_HOST, minRunspaces = 1, maxRunspaces = 1 } = this.#options;
    const { applicationArguments } = this.#options;
    this.#state = 'NegotiationSent';
    return together(
      this.#wire.send('SESSION_CAPABILITY', CAPABILITY),
      this.#wire.send('INIT_RUNSPACEPOOL', {
        minRunspaces,
        maxRunspaces,
        hostInfo,
        ...(applicationArguments === undefined ? {} : { applicationArguments }),
      }),
    );
  }

  /** Octets of SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL: to a pool that is there already. */
  connect(): Uint8Array {
    this.#due('BeforeOpen', 'Disconnected');
    this.#state = 'Connecting';
    const { minRunspaces, maxRunspaces } = this.#options;
    return together(
      this.#wire.send('SESSION_CAPABILITY', CAPABILITY),
      this.#wire.send('CONNECT_RUNSPACEPOOL', {
        ...(minRunspaces === undefined ? {} : { minRunspaces }),
        ...(maxRunspaces === undefined ? {} : { maxRunspaces }),
      }),
    );
  }

  /** Octets of fragments; `stream` is the pipeline whose stream they came in. Does not throw. */
  receive(bytes: Uint8Array, stream?: Guid): Step<ClientEvent> {
    const events: ClientEvent[] = [];
    const send: Outgoing[] = [];
    if (this.#state === 'Broken' || this.#state === 'Closed') return { events, send };
    try {
      for (const message of this.#wire.receive(bytes, stream)) {
        if (message.poolId !== this.id && message.poolId !== ZERO_GUID) {
          throw new RemotingError('psrp', 'a message of another pool');
        }
        this.#take(message, events, send);
      }
    } catch (error) {
      if (!(error instanceof RemotingError)) throw error;
      this.#state = 'Broken';
      events.push({ type: 'broken', error });
    }
    return { events, send };
  }

  /**
   * Begins a pipeline: its CREATE_PIPELINE goes with WS-Man's Command. Throws RemotingError
   * `crypto`: a SecureString before keys were exchanged (`exchangeKeys`).
   */
  createPipeline(spec: PipelineSpec): {
    readonly pipeline: ClientPipeline;
    readonly send: Outgoing;
  } {
    const request = pipelineRequest(spec);
    return this.#begin(!request.noInput, (id) => this.#wire.send('CREATE_PIPELINE', request, id));
  }

  commandMetadata(query: CommandQuery): {
    readonly pipeline: ClientPipeline;
    readonly send: Outgoing;
  } {
    return this.#begin(false, (id) => this.#wire.send('GET_COMMAND_METADATA', query, id));
  }

  /** A pipeline of a pool that was connected to: its output comes again. */
  adoptPipeline(id: Guid): ClientPipeline {
    const pipeline = new ClientPipeline(id, this.#wire, false);
    this.#pipelines.set(id, pipeline);
    return pipeline;
  }

  /** Sends the public key; `session-key` follows. Undefined: it was sent before. */
  exchangeKeys(): Outgoing | undefined {
    this.#due('Opened');
    return this.#sendKey();
  }

  setRunspaces(
    bound: 'min' | 'max',
    count: number,
  ): { readonly callId: bigint; readonly send: Outgoing } {
    const type = bound === 'min' ? 'SET_MIN_RUNSPACES' : 'SET_MAX_RUNSPACES';
    return this.#call((callId) => this.#wire.send(type, { callId, count }));
  }

  askAvailable(): { readonly callId: bigint; readonly send: Outgoing } {
    return this.#call((callId) => this.#wire.send('GET_AVAILABLE_RUNSPACES', { callId }));
  }

  /** Needs a server of protocol version 2.3. */
  reset(): { readonly callId: bigint; readonly send: Outgoing } {
    return this.#call((callId) => this.#wire.send('RESET_RUNSPACE_STATE', { callId }));
  }

  /** Answers a host call of the pool. */
  respond(response: HostResponse): Outgoing {
    return this.#wire.send('RUNSPACEPOOL_HOST_RESPONSE', response);
  }

  disconnected(): void {
    this.#due('Opened');
    this.#state = 'Disconnected';
  }

  reconnected(): void {
    this.#due('Disconnected');
    this.#state = 'Opened';
  }

  /** Wipes the key. */
  close(): void {
    this.#state = 'Closed';
    this.#pipelines.clear();
    this.#wire.close();
  }

  #due(...states: readonly PoolState[]): void {
    if (!states.includes(this.#state)) {
      throw new RemotingError('state', `the pool is ${this.#state}`);
    }
  }

  #begin(
    takesInput: boolean,
    write: (id: Guid) => Outgoing,
  ): { readonly pipeline: ClientPipeline; readonly send: Outgoing } {
    this.#due('Opened');
    const pipeline = new ClientPipeline(this.#options.newId(), this.#wire, takesInput);
    const send = write(pipeline.id);
    this.#pipelines.set(pipeline.id, pipeline);
    return { pipeline, send };
  }

  #call(write: (callId: bigint) => Outgoing): { readonly callId: bigint; readonly send: Outgoing } {
    this.#due('Opened');
    const callId = this.#nextCall;
    this.#nextCall += 1n;
    return { callId, send: write(callId) };
  }

  #sendKey(): Outgoing | undefined {
    const { exchangeKey } = this.#options;
    if (exchangeKey === undefined) throw new RemotingError('crypto', 'this pool has no key pair');
    if (this.#hasSentKey) return undefined;
    this.#hasSentKey = true;
    return this.#wire.send('PUBLIC_KEY', exchangeKey.publicBlob);
  }

  #take(message: AnyMessage, events: ClientEvent[], send: Outgoing[]): void {
    const { type, body } = message;
    if (type === 'SESSION_CAPABILITY') this.#negotiated(body);
    else if (type === 'APPLICATION_PRIVATE_DATA') {
      this.#checkNegotiated(type);
      events.push({ type: 'private-data', data: body });
    } else if (type === 'RUNSPACEPOOL_INIT_DATA') {
      if (this.#state !== 'Connecting') throw notDue(type, this.#state);
      events.push({ type: 'bounds', bounds: body });
    } else if (type === 'RUNSPACEPOOL_STATE') {
      this.#checkNegotiated(type);
      this.#state = body.state;
      events.push({ type: 'pool-state', ...body });
    } else if (type === 'PUBLIC_KEY_REQUEST') {
      this.#checkOpen(type);
      const key = this.#sendKey();
      if (key !== undefined) send.push(key);
    } else if (type === 'ENCRYPTED_SESSION_KEY') {
      this.#agree(body);
      events.push({ type: 'session-key' });
    } else {
      this.#checkOpen(type);
      events.push(this.#poolEvent(message) ?? this.#eventOfPipeline(message));
    }
  }

  #poolEvent({ type, body }: AnyMessage): ClientEvent | undefined {
    if (type === 'RUNSPACE_AVAILABILITY') return { type: 'availability', ...body };
    if (type === 'RUNSPACEPOOL_HOST_CALL') return { type: 'pool-host-call', call: body };
    if (type === 'USER_EVENT') return { type: 'user-event', event: body };
    return undefined;
  }

  #eventOfPipeline(message: AnyMessage): ClientEvent {
    const event = pipelineEvent(message);
    if (event === undefined) throw notDue(message.type, this.#state);
    const pipeline = this.#pipelines.get(message.pipelineId ?? ZERO_GUID);
    if (pipeline === undefined) throw new RemotingError('psrp', 'a message of no pipeline');
    if (event.type === 'pipeline-state') {
      pipeline.enter(event.state);
      if (pipeline.hasEnded) this.#pipelines.delete(pipeline.id);
    }
    return { ...event, pipeline };
  }

  #negotiated(server: SessionCapability): void {
    if (this.#state !== 'NegotiationSent' && this.#state !== 'Connecting') {
      throw notDue('SESSION_CAPABILITY', this.#state);
    }
    checkServerVersion(server);
    this.#server = server;
    if (this.#state === 'NegotiationSent') this.#state = 'NegotiationSucceeded';
  }

  /** MS-PSRP 3.1.5.4.4: only as an answer to PUBLIC_KEY. */
  #agree(sealed: string): void {
    const { exchangeKey } = this.#options;
    if (exchangeKey === undefined || !this.#hasSentKey) {
      throw notDue('ENCRYPTED_SESSION_KEY', this.#state);
    }
    this.#wire.key?.wipe();
    this.#wire.key = SessionKey.open(sealed, exchangeKey);
  }

  #checkNegotiated(type: AnyMessage['type']): void {
    if (this.#server === undefined) throw notDue(type, this.#state);
  }

  #checkOpen(type: AnyMessage['type']): void {
    if (this.#state !== 'Opened' && this.#state !== 'Disconnected') throw notDue(type, this.#state);
  }
}

function together(...outgoing: readonly Outgoing[]): Uint8Array {
  return concat(...outgoing.flatMap(({ fragments }) => fragments));
}

function pipelineEvent({ type, body }: AnyMessage): PipelineEvent | undefined {
  if (type === 'PIPELINE_OUTPUT') return { type: 'output', value: body };
  if (type === 'ERROR_RECORD') return { type: 'error', record: body };
  if (type === 'WARNING_RECORD') return { type: 'warning', text: body };
  if (type === 'VERBOSE_RECORD') return { type: 'verbose', text: body };
  if (type === 'DEBUG_RECORD') return { type: 'debug', text: body };
  if (type === 'PROGRESS_RECORD') return { type: 'progress', record: body };
  if (type === 'INFORMATION_RECORD') return { type: 'information', record: body };
  if (type === 'PIPELINE_STATE') return { type: 'pipeline-state', ...body };
  if (type === 'PIPELINE_HOST_CALL') return { type: 'host-call', call: body };
  return undefined;
}
