import type { RandomSource } from '@doublehop/crypto/random';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import type { PsDictionary, PsValue } from '@doublehop/powershell/objects/value';
import { concat } from '@doublehop/wire/bytes';
import type { Guid } from '@doublehop/security/guid';
import { RemotingError } from '../errors.ts';
import { MAX_PIPELINES, MAX_RUNSPACES } from '../limits.ts';
import { HostCalls } from './host-calls.ts';
import { ZERO_GUID } from './message.ts';
import type { CreatePipeline } from './messages/create-pipeline.ts';
import type { PoolState } from './messages/enums.ts';
import type { HostMethod, HostResponse } from './messages/host-call.ts';
import type {
  CommandQuery,
  InitRunspacePool,
  RunspaceBounds,
  SessionCapability,
  UserEvent,
} from './messages/session.ts';
import { OpenedSecrets, SessionKey } from './secure-string.ts';
import { ServerPipeline } from './server-pipeline.ts';
import { answerVersion, CAPABILITY } from './version.ts';
import {
  type AnyMessage,
  notDue,
  type Outgoing,
  PsrpWire,
  type Step,
  type WireOptions,
} from './wire.ts';

/** What a server is told of a client's messages. */
export type ServerEvent =
  /** A pool is asked for: answer with `opened` or `fail`. */
  | { readonly type: 'open'; readonly request: InitRunspacePool }
  /** Somebody connects again: `response` goes with WS-Man's answer (`connectResponseXml`). */
  | { readonly type: 'connect'; readonly response: Uint8Array }
  | {
      readonly type: 'create-pipeline';
      readonly pipeline: ServerPipeline;
      readonly request: CreatePipeline;
    }
  /** Answer with output: a count, then an object for each command. */
  | {
      readonly type: 'command-metadata';
      readonly pipeline: ServerPipeline;
      readonly query: CommandQuery;
    }
  | { readonly type: 'input'; readonly pipeline: ServerPipeline; readonly value: PsValue }
  | { readonly type: 'end-of-input'; readonly pipeline: ServerPipeline }
  | {
      readonly type: 'host-response';
      readonly pipeline: ServerPipeline | undefined;
      readonly response: HostResponse;
    }
  /** Answer with `availability`. */
  | { readonly type: 'reset'; readonly callId: bigint }
  /** SecureStrings can go both ways now. */
  | { readonly type: 'session-key' }
  /** The client broke the protocol: the pool takes nothing more. */
  | { readonly type: 'broken'; readonly error: RemotingError };

export interface ServerPoolOptions extends WireOptions {
  /** Pool; undefined: what the client's first message says. */
  readonly id?: Guid;
  readonly random: RandomSource;
  /** APPLICATION_PRIVATE_DATA: `PSVersionTable` and more. */
  readonly privateData: PsDictionary;
}

/**
 * A runspace pool at the server's end (MS-PSRP 3.2), without sockets and timers: octets of
 * fragments go in, events and fragments come out. Anything that is not due makes it Broken.
 */
export class ServerPool {
  readonly #wire: PsrpWire;
  readonly #options: ServerPoolOptions;
  readonly #pipelines = new Map<Guid, ServerPipeline>();
  readonly #calls = new HostCalls();
  /** Secrets that the client sent are the session's, and end with it. */
  readonly #opened = new OpenedSecrets();
  readonly #pipelineCalls = new Map<Guid, HostCalls>();
  #state: PoolState = 'BeforeOpen';
  #capability: SessionCapability | undefined;
  #isOpenedBefore = false;
  #min = 1;
  #max = 1;

  constructor(options: ServerPoolOptions) {
    this.#options = options;
    this.#wire = new PsrpWire(options.id ?? ZERO_GUID, 'client', options);
  }

  get state(): PoolState {
    return this.#state;
  }

  get id(): Guid {
    return this.#wire.poolId;
  }

  /** What the client said of itself. */
  get client(): SessionCapability | undefined {
    return this.#capability;
  }

  /** Whether keys were exchanged. */
  get hasKey(): boolean {
    return this.#wire.key !== undefined;
  }

  /** Octets of fragments; `stream` is the pipeline whose stream they came in. Does not throw. */
  receive(bytes: Uint8Array, stream?: Guid): Step<ServerEvent> {
    const events: ServerEvent[] = [];
    const send: Outgoing[] = [];
    if (this.#state === 'Broken' || this.#state === 'Closed') return { events, send };
    try {
      for (const message of this.#wire.receive(bytes, stream)) {
        this.#check(message);
        this.#take(message, events, send);
      }
    } catch (error) {
      if (!(error instanceof RemotingError)) throw error;
      this.#state = 'Broken';
      events.push({ type: 'broken', error });
      send.push(this.#wire.send('RUNSPACEPOOL_STATE', { state: 'Broken' }));
    }
    return { events, send };
  }

  /** Answers `open`. */
  opened(): Outgoing {
    this.#due('NegotiationSucceeded');
    this.#state = 'Opened';
    return this.#wire.send('RUNSPACEPOOL_STATE', { state: 'Opened' });
  }

  /** The pool cannot go on: the client sees why. */
  fail(error: ErrorRecord): Outgoing {
    this.#state = 'Broken';
    return this.#wire.send('RUNSPACEPOOL_STATE', { state: 'Broken', error });
  }

  /** Answers `reset`. */
  availability(callId: bigint, answer: boolean): Outgoing {
    return this.#wire.send('RUNSPACE_AVAILABILITY', { callId, answer });
  }

  /** Asks the client for its key, so that SecureStrings can be sent to it (MS-PSRP 2.2.2.5). */
  requestKey(): Outgoing {
    this.#due('Opened');
    return this.#wire.send('PUBLIC_KEY_REQUEST', null, undefined, ZERO_GUID);
  }

  hostCall(
    method: HostMethod,
    parameters: readonly PsValue[],
  ): { readonly callId: bigint; readonly send: Outgoing } {
    this.#due('Opened');
    const callId = this.#calls.begin(method);
    const send = this.#wire.send('RUNSPACEPOOL_HOST_CALL', { callId, method, parameters });
    return { callId, send };
  }

  userEvent(event: UserEvent): Outgoing {
    this.#due('Opened');
    return this.#wire.send('USER_EVENT', event);
  }

  pipeline(id: Guid): ServerPipeline | undefined {
    return this.#pipelines.get(id);
  }

  /** The client went away and may come back (MS-PSRP 3.2.5.4.31). */
  disconnect(): void {
    this.#due('Opened');
    this.#state = 'Disconnected';
  }

  /** The same client is there again. */
  reconnect(): void {
    this.#due('Disconnected');
    this.#state = 'Opened';
  }

  /** Wipes the key, and the secrets that came. */
  close(): void {
    this.#opened.wipe();
    this.#state = 'Closed';
    this.#pipelines.clear();
    this.#pipelineCalls.clear();
    this.#wire.close();
  }

  #due(...states: readonly PoolState[]): void {
    if (!states.includes(this.#state)) {
      throw new RemotingError('state', `the pool is ${this.#state}`);
    }
  }

  #check({ type, poolId }: AnyMessage): void {
    if (this.#wire.poolId === ZERO_GUID) this.#wire.poolId = poolId;
    if (poolId !== this.#wire.poolId) throw new RemotingError('psrp', 'a message of another pool');
    const isOpen = this.#state === 'Opened';
    const isNegotiation = type === 'SESSION_CAPABILITY' || type === 'CONNECT_RUNSPACEPOOL';
    if (!isOpen && !isNegotiation && type !== 'INIT_RUNSPACEPOOL') throw notDue(type, this.#state);
  }

  #take(message: AnyMessage, events: ServerEvent[], send: Outgoing[]): void {
    const { type, body } = message;
    if (type === 'SESSION_CAPABILITY') send.push(this.#negotiate(body));
    else if (type === 'INIT_RUNSPACEPOOL') this.#init(body, events, send);
    else if (type === 'CONNECT_RUNSPACEPOOL') this.#connect(body, events, send);
    else if (type === 'PUBLIC_KEY') {
      send.push(this.#exchange(body));
      events.push({ type: 'session-key' });
    } else if (type === 'SET_MIN_RUNSPACES' || type === 'SET_MAX_RUNSPACES') {
      send.push(this.#setRunspaces(type, body));
    } else if (type === 'GET_AVAILABLE_RUNSPACES') {
      const answer = BigInt(Math.max(0, this.#max - this.#pipelines.size));
      send.push(this.#wire.send('RUNSPACE_AVAILABILITY', { callId: body.callId, answer }));
    } else if (type === 'RESET_RUNSPACE_STATE') {
      events.push({ type: 'reset', callId: body.callId });
    } else if (type === 'RUNSPACEPOOL_HOST_RESPONSE') {
      this.#calls.finish(body);
      events.push({ type: 'host-response', pipeline: undefined, response: body });
    } else this.#takeOfPipeline(message, events);
  }

  #takeOfPipeline(message: AnyMessage, events: ServerEvent[]): void {
    const { type, body, pipelineId } = message;
    if (pipelineId === undefined) throw notDue(type, this.#state);
    if (type === 'CREATE_PIPELINE') {
      events.push({ type: 'create-pipeline', pipeline: this.#begin(pipelineId), request: body });
      return;
    }
    if (type === 'GET_COMMAND_METADATA') {
      events.push({ type: 'command-metadata', pipeline: this.#begin(pipelineId), query: body });
      return;
    }
    const pipeline = this.#pipelines.get(pipelineId);
    if (type === 'PIPELINE_INPUT') {
      // Input that was under way when the pipeline ended is for nobody.
      if (pipeline !== undefined) events.push({ type: 'input', pipeline, value: body });
    } else if (type === 'END_OF_PIPELINE_INPUT') {
      if (pipeline !== undefined) events.push({ type: 'end-of-input', pipeline });
    } else if (type === 'PIPELINE_HOST_RESPONSE') {
      if (pipeline === undefined) return;
      this.#pipelineCalls.get(pipelineId)?.finish(body);
      events.push({ type: 'host-response', pipeline, response: body });
    } else throw notDue(type, this.#state);
  }

  /** MS-PSRP 3.2.5.4.1; a client that connects again negotiates again. */
  #negotiate(capability: SessionCapability): Outgoing {
    if (!['BeforeOpen', 'Opened', 'Disconnected'].includes(this.#state)) {
      throw notDue('SESSION_CAPABILITY', this.#state);
    }
    const protocolVersion = answerVersion(capability);
    this.#capability = capability;
    this.#state = 'NegotiationSent';
    const answer = { ...CAPABILITY, protocolVersion };
    return this.#wire.send('SESSION_CAPABILITY', answer, undefined, ZERO_GUID);
  }

  #init(request: InitRunspacePool, events: ServerEvent[], send: Outgoing[]): void {
    if (this.#state !== 'NegotiationSent' || this.#isOpenedBefore) {
      throw notDue('INIT_RUNSPACEPOOL', this.#state);
    }
    const { minRunspaces, maxRunspaces } = request;
    if (minRunspaces < 1 || maxRunspaces < minRunspaces || maxRunspaces > MAX_RUNSPACES) {
      throw new RemotingError('psrp', 'numbers of runspaces that cannot be');
    }
    this.#min = minRunspaces;
    this.#max = maxRunspaces;
    this.#isOpenedBefore = true;
    this.#state = 'NegotiationSucceeded';
    send.push(this.#wire.send('APPLICATION_PRIVATE_DATA', this.#options.privateData));
    events.push({ type: 'open', request });
  }

  /** MS-PSRP 3.2.5.4.28: the pool is as it was, but keys are exchanged anew. */
  #connect(asked: RunspaceBounds, events: ServerEvent[], send: Outgoing[]): void {
    if (this.#state !== 'NegotiationSent' || !this.#isOpenedBefore) {
      throw notDue('CONNECT_RUNSPACEPOOL', this.#state);
    }
    if (asked.minRunspaces !== undefined && asked.minRunspaces > this.#max) {
      throw new RemotingError('psrp', 'numbers of runspaces that cannot be');
    }
    this.#wire.key?.wipe();
    this.#wire.key = undefined;
    const bounds = { minRunspaces: this.#min, maxRunspaces: this.#max };
    const answers = [...send.splice(0), this.#wire.send('RUNSPACEPOOL_INIT_DATA', bounds)];
    events.push({
      type: 'connect',
      response: concat(...answers.flatMap(({ fragments }) => fragments)),
    });
    this.#state = 'Opened';
    send.push(this.#wire.send('APPLICATION_PRIVATE_DATA', this.#options.privateData));
    send.push(this.#wire.send('RUNSPACEPOOL_STATE', { state: 'Opened' }));
  }

  /** MS-PSRP 3.2.5.4.3. */
  #exchange(publicBlob: string): Outgoing {
    const key = this.#wire.key ?? SessionKey.random(this.#options.random, this.#opened);
    const sealed = key.sealFor(publicBlob);
    this.#wire.key = key;
    return this.#wire.send('ENCRYPTED_SESSION_KEY', sealed, undefined, ZERO_GUID);
  }

  /** MS-PSRP 3.2.5.4.6 and 3.2.5.4.7: refused where they do not fit. */
  #setRunspaces(
    type: 'SET_MIN_RUNSPACES' | 'SET_MAX_RUNSPACES',
    { callId, count }: { readonly callId: bigint; readonly count: number },
  ): Outgoing {
    const isMin = type === 'SET_MIN_RUNSPACES';
    const answer = isMin
      ? count >= 1 && count <= this.#max
      : count >= this.#min && count <= MAX_RUNSPACES;
    if (answer && isMin) this.#min = count;
    if (answer && !isMin) this.#max = count;
    return this.#wire.send('RUNSPACE_AVAILABILITY', { callId, answer });
  }

  #begin(id: Guid): ServerPipeline {
    if (this.#pipelines.has(id))
      throw new RemotingError('psrp', 'a pipeline that is there already');
    if (this.#pipelines.size >= MAX_PIPELINES) {
      throw new RemotingError('limit', 'too many pipelines at once');
    }
    const calls = new HostCalls();
    const pipeline = new ServerPipeline(id, this.#wire, calls, () => {
      this.#pipelines.delete(id);
      this.#pipelineCalls.delete(id);
    });
    this.#pipelines.set(id, pipeline);
    this.#pipelineCalls.set(id, calls);
    return pipeline;
  }
}
