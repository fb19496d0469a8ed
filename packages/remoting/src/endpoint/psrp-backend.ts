import type { RandomSource } from '@doublehop/crypto/random';
import { CommandFailure, type CommandStreams } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { PsDictionary, PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { wildcard } from '@doublehop/powershell/objects/wildcard';
import { type Guid, parseGuid } from '@doublehop/security/guid';
import { concat } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { MAX_WAITING_INPUT } from '../limits.ts';
import type { HostInfo } from '../psrp/messages/host-info.ts';
import { type ServerEvent, ServerPool } from '../psrp/server-pool.ts';
import type { ServerPipeline } from '../psrp/server-pipeline.ts';
import type { Outgoing, Step } from '../psrp/wire.ts';
import { OUTPUT_WITH_COMMAND } from '../psrp/version.ts';
import type { Timer } from '../wsman/output-queue.ts';
import type { ShellBackend, ShellSink } from '../wsman/shell-backend.ts';
import { Channel } from './channel.ts';
import { commandMetadata } from './command-metadata.ts';
import type { EndpointSession, PipelineRequest } from './endpoint-session.ts';
import { hasPerson, RemoteConsole } from './remote-console.ts';
import { SessionRunner } from './session-runner.ts';
import { stoppedWork } from './stopped-work.ts';

export interface PsrpBackendOptions<S> {
  readonly session: EndpointSession<S>;
  readonly sink: ShellSink;
  readonly random: RandomSource;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Octets of a fragment. */
  readonly fragmentSize?: number;
  /** Bounds the wait for commands that do not stop; without it there is no bound. */
  readonly timer?: Timer;
  /** Hears of what failed on this side; for a log. */
  readonly log: (line: string) => void;
}

/** A pipeline under way. */
interface Running {
  readonly commandId: string;
  readonly pipeline: ServerPipeline;
  readonly input: Channel<PsValue>;
  readonly abort: AbortController;
  /** Objects that came and were not taken. */
  waiting: number;
  /** Present where commands can ask a person. */
  console?: RemoteConsole;
  done: Promise<void>;
}

/** A shell that speaks PSRP: its pool, and the session whose commands its pipelines run. */
export class PsrpBackend<S> implements ShellBackend {
  readonly #options: PsrpBackendOptions<S>;
  readonly #pool: ServerPool;
  readonly #running = new Map<Guid, Running>();
  #poolHost: HostInfo | undefined;
  /** Runspaces that nothing runs in: variables stay in them. */
  #idle: SessionRunner<S>[] = [];

  constructor(options: PsrpBackendOptions<S>) {
    const { random, fragmentSize } = options;
    this.#options = options;
    this.#pool = new ServerPool({
      random,
      privateData: privateData(),
      ...(fragmentSize !== undefined && { fragmentSize }),
    });
  }

  /** Takes the client's first messages. Throws RemotingError for what is no PSRP. */
  open(creation: Uint8Array): void {
    this.#follow(this.#pool.receive(creation), undefined);
    if (this.#pool.state === 'Opened') return;
    throw new RemotingError('psrp', 'the client does not open a runspace pool');
  }

  /** A long request has only its beginning here; the rest comes by `send`. */
  command(commandId: string, data: Uint8Array): void {
    this.#follow(this.#pool.receive(data, guidOf(commandId)), commandId);
  }

  send(_stream: 'stdin' | 'pr', commandId: string | undefined, data: Uint8Array): void {
    const stream = commandId === undefined ? undefined : guidOf(commandId);
    this.#follow(this.#pool.receive(data, stream), commandId);
  }

  async stop(commandId: string): Promise<void> {
    const running = this.#running.get(guidOf(commandId));
    running?.pipeline.stop();
    running?.abort.abort(STOPPED);
  }

  connect(data: Uint8Array): Uint8Array {
    const { events, send } = this.#pool.receive(data);
    this.#tell(send);
    for (const event of events) {
      if (event.type === 'connect') return event.response;
      if (event.type === 'broken') throw event.error;
    }
    throw new RemotingError('psrp', 'the client does not connect to a runspace pool');
  }

  /** Stops what runs, logs the user off, wipes the session's key. */
  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { abort } of running) abort.abort(STOPPED);
    await stoppedWork(
      running.map(({ done }) => done),
      this.#options.timer,
    );
    this.#pool.close();
    this.#idle = [];
    await this.#options.session.close();
  }

  #follow({ events, send }: Step<ServerEvent>, commandId: string | undefined): void {
    this.#tell(send);
    for (const event of events) this.#take(event, commandId);
  }

  #take(event: ServerEvent, commandId: string | undefined): void {
    switch (event.type) {
      case 'open':
        this.#poolHost = event.request.hostInfo;
        this.#know(event.request.applicationArguments);
        this.#tell([this.#pool.opened()]);
        break;
      case 'create-pipeline':
        this.#begin(event.pipeline, commandId, (running) => this.#run(running, event.request));
        break;
      case 'command-metadata':
        this.#begin(event.pipeline, commandId, (running) =>
          this.#describe(running, event.query.names),
        );
        break;
      case 'input':
        this.#input(event.pipeline.id, event.value);
        break;
      case 'end-of-input':
        this.#running.get(event.pipeline.id)?.input.end();
        break;
      case 'reset':
        this.#idle = [];
        this.#tell([this.#pool.availability(event.callId, true)]);
        break;
      case 'broken':
        this.#options.log(`a client broke the protocol: ${event.error.message}`);
        for (const { abort } of this.#running.values()) abort.abort(event.error);
        throw event.error;
      case 'host-response':
        if (event.pipeline === undefined) break;
        this.#running.get(event.pipeline.id)?.console?.answer(event.response);
        break;
      // Keys are the pool's own matter.
      case 'session-key':
      case 'connect':
        break;
    }
  }

  /** `$PSSenderInfo.ApplicationArguments`: what the client says of itself. */
  #know(applicationArguments: PsDictionary | undefined): void {
    const sender = this.#options.session.variables?.['PSSenderInfo'];
    if (sender instanceof PsObject) {
      sender.set('ApplicationArguments', applicationArguments ?? null);
    }
  }

  #begin(
    pipeline: ServerPipeline,
    commandId: string | undefined,
    work: (running: Running) => Promise<void>,
  ): void {
    const running: Running = {
      commandId: commandId ?? pipeline.id,
      pipeline,
      input: new Channel<PsValue>(),
      abort: new AbortController(),
      waiting: 0,
      done: Promise.resolve(),
    };
    this.#running.set(pipeline.id, running);
    running.done = this.#toItsEnd(running, work);
  }

  /** Every pipeline ends with a state that the client sees, whatever happened. */
  async #toItsEnd(running: Running, work: (running: Running) => Promise<void>): Promise<void> {
    const { pipeline, commandId, abort } = running;
    let end: Outgoing;
    try {
      // The answer to the command goes first.
      await Promise.resolve();
      await work(running);
      end = pipeline.complete();
    } catch (error) {
      end = abort.signal.aborted ? pipeline.stopped() : pipeline.fail(this.#recordOf(error));
    }
    running.input.end();
    this.#running.delete(pipeline.id);
    this.#tell([end]);
    this.#options.sink.finished(commandId);
  }

  /** The client's console, if there is a person at it. */
  #consoleFor(running: Running, hostInfo: HostInfo): RemoteConsole | undefined {
    if (!hasPerson(hostInfo, this.#poolHost)) return undefined;
    const { pipeline, abort } = running;
    running.console = new RemoteConsole({
      pipeline,
      put: (outgoing) => this.#put([outgoing]),
      signal: abort.signal,
    });
    return running.console;
  }

  async #run(
    running: Running,
    request: PipelineRequest & { readonly noInput: boolean; readonly hostInfo: HostInfo },
  ): Promise<void> {
    const runner = this.#idle.pop() ?? new SessionRunner(this.#options.session);
    const width = request.hostInfo.console?.bufferSize?.x;
    const host = this.#consoleFor(running, request.hostInfo);
    try {
      await runner.run(request, {
        streams: this.#streams(running),
        signal: running.abort.signal,
        ...(!request.noInput && { input: this.#taking(running) }),
        ...(width !== undefined && width > 0 && { width }),
        ...(host !== undefined && { host }),
      });
    } finally {
      this.#idle.push(runner);
    }
  }

  /** GET_COMMAND_METADATA (MS-PSRP 3.2.5.4.14): a count, then the commands. */
  async #describe({ pipeline }: Running, names: readonly string[] = []): Promise<void> {
    const patterns = (names.length === 0 ? ['*'] : names).map((name) => wildcard(name));
    const found = this.#options.session.commands.filter(({ name }) =>
      patterns.some((fits) => fits(name)),
    );
    this.#tell(commandMetadata(found).map((value) => pipeline.output(value)));
  }

  #streams(running: Running): CommandStreams {
    const { pipeline } = running;
    const put = (outgoing: Outgoing): Promise<void> | undefined => this.#put([outgoing]);
    return {
      output: (value) => put(pipeline.output(value)),
      error: (record) => put(pipeline.error(record)),
      warning: (text) => put(pipeline.warning(text)),
      verbose: (text) => put(pipeline.verbose(text)),
      debug: (text) => put(pipeline.debug(text)),
      progress: (record) => put(pipeline.progress(record)),
      information: (message, tags) => {
        const time = new Date(this.#options.clock()).toISOString();
        return put(pipeline.information({ message, tags, time }));
      },
    };
  }

  /** Input as the pipeline takes it. */
  async *#taking(running: Running): AsyncGenerator<PsValue> {
    for await (const value of running.input) {
      running.waiting -= 1;
      yield value;
    }
  }

  #input(id: Guid, value: PsValue): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.waiting += 1;
    if (running.waiting > MAX_WAITING_INPUT) {
      const message = `more than ${MAX_WAITING_INPUT} objects came before the pipeline took them`;
      running.input.fail(new RemotingError('limit', message));
    } else void running.input.write(value);
  }

  /** What is small enough not to wait for. */
  #tell(outgoing: readonly Outgoing[]): void {
    void this.#put(outgoing);
  }

  #put(outgoing: readonly Outgoing[]): Promise<void> | undefined {
    let last: Promise<void> | undefined;
    for (const { pipelineId, fragments } of outgoing) {
      const running = pipelineId === undefined ? undefined : this.#running.get(pipelineId);
      const commandId = running?.commandId ?? pipelineId;
      // Small fragments of one message go in one element.
      last = this.#options.sink.output(commandId, together(fragments)) ?? last;
    }
    return last;
  }

  #recordOf(error: unknown): ErrorRecord {
    if (error instanceof CommandFailure) return error.record;
    if (error instanceof RemotingError) {
      return {
        message: error.message,
        errorId: 'RemotingError',
        category: 'InvalidData',
        target: null,
        exceptionType: 'System.Management.Automation.Remoting.PSRemotingDataStructureException',
      };
    }
    this.#options.log(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    return {
      message: 'The command failed on the computer that runs it; its log says more.',
      errorId: 'InternalError',
      category: 'NotSpecified',
      target: null,
    };
  }
}

const STOPPED = new RemotingError('closed', 'the pipeline was stopped');

function guidOf(commandId: string): Guid {
  try {
    return parseGuid(commandId);
  } catch (cause) {
    throw new RemotingError('psrp', 'the CommandId is no GUID', { cause });
  }
}

function together(fragments: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = fragments;
  return only !== undefined && more.length === 0 ? only : concat(...fragments);
}

/** APPLICATION_PRIVATE_DATA: by it a client decides what it may ask (MS-PSRP 2.2.2.13). */
function privateData(): PsDictionary {
  const version = (text: string): Scalar => new Scalar('Version', text);
  const table = new PsDictionary([
    ['PSVersion', version('5.1.0.0')],
    ['PSEdition', 'doublehop'],
    ['WSManStackVersion', version('3.0')],
    ['PSRemotingProtocolVersion', version('2.3')],
    ['SerializationVersion', version('1.1.0.1')],
    ['PSCompatibleVersions', ['1.0', '2.0', '3.0', '4.0', '5.0', '5.1'].map(version)],
  ]);
  return new PsDictionary([
    ['PSVersionTable', table],
    [OUTPUT_WITH_COMMAND, true],
  ]);
}
