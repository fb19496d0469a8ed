import {
  CommandFailure,
  type CommandStreams,
  type PipelineCall,
} from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { toText } from '@doublehop/powershell/objects/text';
import {
  PsDictionary,
  PsObject,
  type PsValue,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { type Guid, parseGuid } from '@doublehop/security/guid';
import { RemotingError } from '../errors.ts';
import { FaultCode } from '../wsman/faults.ts';
import { type ClientEvent, ClientPool, type ClientPoolOptions } from '../psrp/client-pool.ts';
import type { ClientPipeline } from '../psrp/client-pipeline.ts';
import { hasResult, type HostCall, type HostResponse } from '../psrp/messages/host-call.ts';
import { type HostInfo, NO_HOST } from '../psrp/messages/host-info.ts';
import type { ExchangeKey } from '../psrp/secure-string.ts';
import { OUTPUT_WITH_COMMAND } from '../psrp/version.ts';
import type { Outgoing } from '../psrp/wire.ts';
import type { Received } from '../wsman/shell-responses.ts';
import type {
  RemoteHost,
  RemoteRequest,
  RemoteRunOptions,
  RemoteSession,
} from './remote-session.ts';
import { faultCode, type ShellClient } from './shell-client.ts';
import { Turns } from './turns.ts';

export interface PsrpSessionOptions {
  readonly computer: string;
  readonly shell: ShellClient;
  readonly newId: () => Guid;
  readonly exchangeKey: () => Promise<ExchangeKey>;
  readonly host?: RemoteHost;
  /** Requests that run at once; 1 where absent. */
  readonly runspaces?: number;
}

/** A command that was started, and what it had to say at once. */
interface Begun {
  readonly commandId: string;
  readonly told: Received | undefined;
}

/** A remote session over WS-Man: one runspace pool. */
export class PsrpSession implements RemoteSession {
  readonly computer: string;
  applicationData: PsDictionary = new PsDictionary();
  readonly #options: PsrpSessionOptions;
  /** The pool looks at them again when it needs a key. */
  readonly #poolOptions: { -readonly [K in keyof ClientPoolOptions]: ClientPoolOptions[K] };
  #pool: ClientPool;
  readonly #turns: Turns;
  #exchanging: Promise<void> | undefined;
  /** Signals that nobody needs to wait for. */
  #farewells: Promise<unknown> = Promise.resolve();

  constructor(options: PsrpSessionOptions) {
    const { computer, newId, host, runspaces = 1 } = options;
    this.computer = computer;
    this.#options = options;
    this.#turns = new Turns(runspaces);
    this.#poolOptions = {
      id: newId(),
      newId,
      hostInfo: hostInfoOf(host),
      ...(runspaces > 1 && { maxRunspaces: runspaces }),
    };
    this.#pool = new ClientPool(this.#poolOptions);
  }

  get shellId(): string {
    return this.#options.shell.shellId ?? '';
  }

  /** Opens the pool in a new shell. Throws RemotingError. */
  async open(idleTimeout?: number): Promise<void> {
    const { shell } = this.#options;
    const id = this.#pool.id.toUpperCase();
    await shell.create(id, this.#pool.open(), idleTimeout === undefined ? {} : { idleTimeout });
    await this.#untilOpened();
  }

  /** Takes up a shell that was left by this or another program. Throws RemotingError. */
  async take(shellId: string): Promise<void> {
    const { shell } = this.#options;
    // A shell's id is that of its pool.
    this.#poolOptions.id = parseGuid(shellId);
    this.#pool = new ClientPool(this.#poolOptions);
    const pool = await shell.connect(shellId, this.#pool.connect());
    this.#follow(this.#pool.receive(pool).events);
    await this.#untilOpened();
  }

  run(request: RemoteRequest, options: RemoteRunOptions): Promise<void> {
    return this.#turns.take(() => this.#run(request, options));
  }

  async disconnect(idleTimeout?: number): Promise<void> {
    await this.#settled();
    await this.#options.shell.disconnect(idleTimeout);
    this.#pool.disconnected();
  }

  async reconnect(): Promise<void> {
    await this.#options.shell.reconnect();
    this.#pool.reconnected();
  }

  async close(): Promise<void> {
    await this.#settled();
    this.#pool.close();
    const { shell } = this.#options;
    try {
      await shell.delete();
    } finally {
      shell.close();
    }
  }

  async #run(request: RemoteRequest, options: RemoteRunOptions): Promise<void> {
    options.signal.throwIfAborted();
    const statements = statementsOf(request);
    if (statements.some(hasSecret)) await this.#exchangeKeys();
    const noInput = options.input === undefined;
    const { pipeline, send } = this.#pool.createPipeline({ statements, noInput });
    const { commandId, told } = await this.#begin(pipeline.id.toUpperCase(), send, noInput);
    const stop = (): void => this.#stop(pipeline, commandId);
    options.signal.addEventListener('abort', stop, { once: true });
    const feeding = noInput ? undefined : this.#feed(pipeline, options.input ?? []);
    try {
      if (options.signal.aborted) stop();
      const end = await this.#receive(pipeline, commandId, options.streams, told);
      // The server has forgotten what it told to the end.
      if (told?.state !== 'Done') this.#farewell(commandId);
      options.signal.throwIfAborted();
      if (end !== undefined) throw new CommandFailure({ ...end, computer: this.computer });
    } catch (error) {
      // Where who reads the output failed, nobody waits for the rest of it.
      const isReaders = !(error instanceof RemotingError) && !pipeline.hasEnded;
      if (isReaders) this.#farewell(commandId);
      throw error;
    } finally {
      options.signal.removeEventListener('abort', stop);
      // What was still to be fed is for nobody; an error of it came from the same end.
      void feeding?.catch(() => undefined);
    }
  }

  /** The first fragments go with the command, the rest after it. Gives the command's id. */
  async #begin(wanted: string, { fragments }: Outgoing, noInput: boolean): Promise<Begun> {
    const { shell } = this.#options;
    const [first = new Uint8Array(0), ...rest] = packed(fragments, shell.maxData);
    const mayTell = this.applicationData.get(OUTPUT_WITH_COMMAND) === true;
    if (mayTell && noInput && rest.length === 0) return this.#asking(shell.run(wanted, first));
    const commandId = await this.#asking(shell.command(wanted, first));
    for (const data of rest) await this.#asking(shell.send('stdin', commandId, data));
    return { commandId, told: undefined };
  }

  async #feed(
    pipeline: ClientPipeline,
    input: AsyncIterable<PsValue> | Iterable<PsValue>,
  ): Promise<void> {
    for await (const value of input) {
      if (pipeline.hasEnded) return;
      await this.#send(pipeline.input(value));
    }
    if (!pipeline.hasEnded) await this.#send(pipeline.endInput());
  }

  /** Tells what the pipeline says until it has ended; gives the error that ended it. */
  async #receive(
    pipeline: ClientPipeline,
    commandId: string,
    streams: CommandStreams,
    told: Received | undefined,
  ): Promise<ErrorRecord | undefined> {
    let end: { readonly error?: ErrorRecord } | undefined;
    let next = told === undefined ? this.#next(commandId) : Promise.resolve(told);
    for (;;) {
      const { streams: parts, state } = await next;
      // Where much comes, the server gets the next of it ready while this is read.
      const isMuch = parts.reduce((size, { data }) => size + data.length, 0) >= MUCH;
      const ahead = isMuch && state === 'Running' ? this.#next(commandId) : undefined;
      for (const { data } of parts) {
        const { events, send } = this.#pool.receive(data, pipeline.id);
        for (const outgoing of send) await this.#send(outgoing);
        for (const event of events) {
          if (event.type === 'pipeline-state') {
            if (event.pipeline.hasEnded) end = event;
          } else await this.#tell(event, streams);
        }
      }
      if (state === 'Done' || end !== undefined) {
        this.#leave(ahead);
        break;
      }
      next = ahead ?? this.#next(commandId);
    }
    if (end !== undefined) return end.error;
    throw new RemotingError('closed', `${this.computer} ended the command without saying how`);
  }

  #next(commandId: string): Promise<Received> {
    const received = this.#asking(this.#options.shell.receive(commandId));
    // Who reads it hears of what went wrong; one that was asked for ahead may have no reader.
    received.catch(() => undefined);
    return received;
  }

  /** What was asked for ahead ends when the command is terminated. */
  #leave(ahead: Promise<Received> | undefined): void {
    const left = ahead?.catch(() => undefined);
    this.#farewells = Promise.all([this.#farewells, left]);
  }

  async #tell(event: ClientEvent, streams: CommandStreams): Promise<void> {
    switch (event.type) {
      case 'output':
        await streams.output(event.value);
        break;
      case 'error':
        await streams.error({ ...event.record, computer: this.computer });
        break;
      case 'warning':
      case 'verbose':
      case 'debug':
        await streams[event.type](event.text);
        break;
      case 'progress':
        await streams.progress(event.record);
        break;
      case 'information':
        await streams.information(event.record.message, event.record.tags);
        break;
      case 'host-call':
        await this.#hostCall(event.call, (response) => event.pipeline.respond(response));
        break;
      case 'pool-state':
      case 'pipeline-state':
      case 'pool-host-call':
      case 'private-data':
      case 'bounds':
      case 'availability':
      case 'user-event':
      case 'session-key':
      case 'broken':
        this.#follow([event]);
        break;
    }
  }

  /** Does what the remote command asks of the person here, or says that nobody is here. */
  async #hostCall(call: HostCall, respond: (response: HostResponse) => Outgoing): Promise<void> {
    const { host } = this.#options;
    const { method, parameters, callId } = call;
    if (/^Write(?:Line)?\d*$/u.test(method)) host?.write?.(writtenText(call));
    if (!hasResult(method)) return;
    const answer = await answerOf(method, toText(parameters[0] ?? null), host);
    if (answer instanceof SecureText) await this.#exchangeKeys();
    const outgoing =
      answer === undefined
        ? respond({ callId, method, result: null, error: notHere(method) })
        : respond({ callId, method, result: answer });
    await this.#send(outgoing);
  }

  /** Events of the pool itself. */
  #follow(events: readonly ClientEvent[]): void {
    for (const event of events) {
      if (event.type === 'private-data') this.applicationData = event.data;
      if (event.type === 'broken') throw event.error;
      if (event.type === 'pool-state' && event.error !== undefined) {
        throw new RemotingError('closed', `${this.computer}: ${event.error.message}`);
      }
    }
  }

  async #untilOpened(): Promise<void> {
    await this.#untilPool(() => this.#pool.state === 'Opened');
  }

  async #exchangeKeys(): Promise<void> {
    if (this.#pool.hasKey) return;
    this.#exchanging ??= this.#agreeOnKey();
    try {
      await this.#exchanging;
    } finally {
      this.#exchanging = undefined;
    }
  }

  async #agreeOnKey(): Promise<void> {
    this.#poolOptions.exchangeKey ??= await this.#options.exchangeKey();
    const key = this.#pool.exchangeKeys();
    if (key !== undefined) await this.#send(key);
    await this.#untilPool(() => this.#pool.hasKey);
  }

  /** Takes what the pool says until something is so. */
  async #untilPool(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const { streams } = await this.#asking(this.#options.shell.receive());
      for (const { data } of streams) {
        const { events, send } = this.#pool.receive(data);
        this.#follow(events);
        for (const outgoing of send) await this.#send(outgoing);
      }
    }
  }

  async #send({ pipelineId, isPriority, fragments }: Outgoing): Promise<void> {
    const { shell } = this.#options;
    const stream = isPriority ? 'pr' : 'stdin';
    for (const data of packed(fragments, shell.maxData)) {
      await this.#asking(shell.send(stream, pipelineId?.toUpperCase(), data));
    }
  }

  #stop(pipeline: ClientPipeline, commandId: string): void {
    pipeline.stop();
    this.#farewells = Promise.all([
      this.#farewells,
      this.#options.shell.stop(commandId).catch(() => undefined),
    ]);
  }

  /** The server may forget the command; nobody waits for that, and a session that is gone has. */
  #farewell(commandId: string): void {
    const said = this.#options.shell.terminate(commandId).catch(() => undefined);
    this.#farewells = Promise.all([this.#farewells, said]);
  }

  async #settled(): Promise<void> {
    await this.#turns.idle();
    await this.#farewells;
  }

  async #asking<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      if (faultCode(error) !== FaultCode.SHELL_NOT_FOUND) throw error;
      const why = 'it was closed or was idle for too long';
      const message = `the session on ${this.computer} is no more: ${why}`;
      throw new RemotingError('closed', message, { cause: error });
    }
  }
}

/** Octets in one answer that let expect more. */
const MUCH = 65_536;

function statementsOf(request: RemoteRequest): readonly PipelineCall[] {
  if (request.kind === 'commands') return request.statements;
  const { text, using } = request;
  const args = using === undefined || using.size === 0 ? [] : [{ name: '--%', value: using }];
  return [[{ name: text, isScript: true, args }]];
}

function hasSecret(calls: PipelineCall): boolean {
  return calls.some(({ args }) => args.some(({ value = null }) => containsSecret(value, 0)));
}

/** How deep a secret is looked for: a credential in a table of `$using:` values. */
const SECRET_DEPTH = 8;

function containsSecret(value: PsValue, depth: number): boolean {
  if (value instanceof SecureText) return true;
  if (depth >= SECRET_DEPTH || value === null || typeof value !== 'object') return false;
  const within = (one: PsValue): boolean => containsSecret(one, depth + 1);
  if (value instanceof PsDictionary) return [...value.entries()].some(([, one]) => within(one));
  if (value instanceof PsObject) {
    const { base } = value;
    const inside = base === undefined || base.kind === 'primitive' ? [] : baseValues(base);
    return [...value.properties()].some((one) => within(one.value)) || inside.some(within);
  }
  // isArray loses readonly.
  return Array.isArray(value) && (value as readonly PsValue[]).some(within);
}

function baseValues(
  base: Exclude<NonNullable<PsObject['base']>, { kind: 'primitive' }>,
): PsValue[] {
  return base.kind === 'dictionary'
    ? [...base.entries.entries()].map(([, one]) => one)
    : base.items;
}

/** Fragments together, as many as fit a request. */
function packed(fragments: readonly Uint8Array[], most: number): Uint8Array[] {
  const packs: Uint8Array[][] = [];
  let size = most + 1;
  for (const fragment of fragments) {
    if (size + fragment.length > most) {
      packs.push([]);
      size = 0;
    }
    packs.at(-1)?.push(fragment);
    size += fragment.length;
  }
  return packs.map((pack) => Buffer.concat(pack));
}

function hostInfoOf(host: RemoteHost | undefined): HostInfo {
  if (host === undefined) return NO_HOST;
  const size = { x: host.width, y: host.height };
  return {
    isHostNull: false,
    isUiNull: false,
    isRawUiNull: false,
    useRunspaceHost: false,
    console: {
      foregroundColor: 7,
      backgroundColor: 0,
      cursorPosition: { x: 0, y: 0 },
      windowPosition: { x: 0, y: 0 },
      cursorSize: 25,
      bufferSize: size,
      windowSize: size,
      maxWindowSize: size,
      maxPhysicalWindowSize: size,
      windowTitle: 'doublehop',
    },
  };
}

/** The text of Write and WriteLine: with colours, it is the last parameter (MS-PSRP 2.2.3.17). */
function writtenText({ method, parameters }: HostCall): string {
  const text = toText(parameters.at(-1) ?? null);
  return method.startsWith('WriteLine') ? `${text}\n` : text;
}

async function answerOf(
  method: HostCall['method'],
  prompt: string,
  host: RemoteHost | undefined,
): Promise<PsValue | undefined> {
  if (method === 'ReadLine') return host?.readLine?.();
  if (method !== 'ReadLineAsSecureString') return undefined;
  const secret = await host?.readSecret?.(prompt);
  return secret === undefined ? undefined : SecureText.of(secret);
}

function notHere(method: string): ErrorRecord {
  return {
    message: `${method} asks the person at the console, and nobody can be asked here.`,
    errorId: 'HostFunctionNotImplemented',
    category: 'NotImplemented',
    target: null,
    exceptionType: 'System.Management.Automation.Host.HostException',
  };
}
