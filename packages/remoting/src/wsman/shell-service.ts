import { RemotingError } from '../errors.ts';
import {
  DEFAULT_IDLE_TIMEOUT,
  MAX_COMMANDS_PER_SHELL,
  MAX_OPERATION_WAIT,
  MAX_SHELLS,
  MAX_SHELLS_PER_USER,
  OUTPUT_WITH_COMMAND_WAIT,
} from '../limits.ts';
import { fromBase64 } from '../base64.ts';
import { childOf } from '../xml/parse.ts';
import { element, join, type Markup } from '../xml/write.ts';
import {
  accessDenied,
  actionNotSupported,
  commandNotFound,
  parameterIncorrect,
  FaultCode,
  invalidResource,
  receiverFault,
  schemaFault,
  senderFault,
  shellNotFound,
  timedOut,
} from './faults.ts';
import {
  Action,
  CONFIG_RESOURCE,
  configurationOf,
  isCommandShell,
  isStopSignal,
  isTerminateSignal,
  Namespace,
  OUTPUT_OPTION,
  SHELL_RESOURCE,
} from './names.ts';
import type { Timer } from './output-queue.ts';
import type { WsmanRequest } from './request.ts';
import { readSelectors } from './request.ts';
import { Shell } from './shell.ts';
import { readCommandShell } from '../winrs/shell-request.ts';
import type { OpenBackend, OpenShell, ShellBackend, ShellOwner } from './shell-backend.ts';
import {
  readCommand,
  readConnect,
  readCreate,
  readDisconnect,
  readReceive,
  readSend,
  readSignal,
} from './shell-requests.ts';
import {
  commandItems,
  connectedBody,
  createdBody,
  doneBody,
  enumeratedBody,
  receivedBody,
  shellItems,
  startedBody,
} from './shell-responses.ts';

export interface ShellServiceOptions<C extends ShellOwner> {
  readonly open: OpenBackend<C>;
  readonly clock: () => number;
  readonly timer: Timer;
  /** A new GUID in capitals. */
  readonly newId: () => string;
  readonly limits?: Partial<ShellLimits>;
}

/** Quotas, as `winrm/config/winrs` has them. */
export interface ShellLimits {
  readonly maxShells: number;
  readonly maxShellsPerUser: number;
  readonly maxCommandsPerShell: number;
  /** Milliseconds. */
  readonly idleTimeout: number;
}

/** From whom a request comes. */
export interface ShellClient<C extends ShellOwner> {
  readonly caller: C;
  readonly address: string;
}

/**
 * The shells of a server (MS-WSMV 3.1.4): who opened one is the only one who sees it, asks it or
 * closes it. What a shell does with its octets is its backend's.
 */
export class ShellService<C extends ShellOwner> {
  readonly #options: ShellServiceOptions<C>;
  readonly #limits: ShellLimits;
  readonly #shells = new Map<string, Shell>();

  constructor(options: ShellServiceOptions<C>) {
    this.#options = options;
    this.#limits = {
      maxShells: MAX_SHELLS,
      maxShellsPerUser: MAX_SHELLS_PER_USER,
      maxCommandsPerShell: MAX_COMMANDS_PER_SHELL,
      idleTimeout: DEFAULT_IDLE_TIMEOUT,
      ...options.limits,
    };
  }

  /** Shells that are open. */
  get size(): number {
    return this.#shells.size;
  }

  /** Does a request; gives the body of the answer. Throws RemotingError with the fault. */
  async perform(request: WsmanRequest, client: ShellClient<C>): Promise<Markup> {
    const resource = request.resourceUri.toLowerCase();
    const isShells = resource === SHELL_RESOURCE || resource === `${SHELL_RESOURCE}/command`;
    if (resource === CONFIG_RESOURCE) return this.#config(request);
    if (request.action === Action.ENUMERATE && isShells) return this.#enumerate(request, client);
    if (request.action === Action.CREATE) return this.#create(request, client);
    const isNamed = isCommandShell(resource) || configurationOf(resource) !== undefined;
    if (!isShells && !isNamed) throw invalidResource(request.resourceUri);
    return this.#operate(request, this.#shellOf(request, client));
  }

  /** Closes the shells that have been idle for too long. */
  async sweep(): Promise<void> {
    await this.#closeAll([...this.#shells.values()].filter(({ isIdle }) => isIdle));
  }

  /** Closes every shell. */
  async close(): Promise<void> {
    await this.#closeAll([...this.#shells.values()]);
  }

  /** One that does not close well keeps no other open. */
  async #closeAll(shells: readonly Shell[]): Promise<void> {
    const ends = await Promise.allSettled(shells.map((shell) => this.#close(shell)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #operate(request: WsmanRequest, shell: Shell): Promise<Markup> {
    const { backend } = shell;
    if (backend === undefined) throw shellNotFound();
    shell.touch();
    try {
      switch (request.action) {
        case Action.COMMAND:
          return await this.#command(request, shell, backend);
        case Action.SEND:
          return await send(request, shell, backend);
        case Action.RECEIVE:
          return await this.#receive(request, shell);
        case Action.SIGNAL:
          return await signal(request, shell, backend);
        case Action.DISCONNECT:
          return disconnect(request, shell);
        case Action.RECONNECT:
          shell.reconnect();
          return element('rsp:ReconnectResponse');
        case Action.CONNECT:
          return await connect(request, shell, backend);
        case Action.GET:
          return shellItems([shell.info])[0] ?? element('rsp:Shell');
        case Action.DELETE:
          await this.#close(shell);
          return element('x:DeleteResponse');
        default:
          throw actionNotSupported(request.action);
      }
    } finally {
      shell.touch();
    }
  }

  async #create(request: WsmanRequest, client: ShellClient<C>): Promise<Markup> {
    const kind = kindOf(request);
    const body = readCreate(request);
    const shellId = body.shellId ?? this.#options.newId();
    if (!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu.test(shellId)) {
      throw schemaFault('ShellId is no GUID');
    }
    this.#checkQuota(shellId, client.caller);
    const { clock, timer } = this.#options;
    const most = this.#limits.idleTimeout;
    const shell = new Shell({
      shellId,
      name: body.name ?? `Session-${shellId.slice(0, 8)}`,
      resourceUri: request.resourceUri,
      owner: client.caller,
      clientIp: client.address,
      idleTimeout: Math.min(body.idleTimeout ?? most, most),
      maxIdleTimeout: most,
      clock,
      timer,
    });
    // The place is taken before anything that waits: quotas hold for those who come at once.
    this.#shells.set(shellId.toUpperCase(), shell);
    const sink = shell.sink(() => void this.#close(shell));
    try {
      const backend = await this.#options.open(
        {
          caller: client.caller,
          shellId,
          resourceUri: request.resourceUri,
          clientIp: client.address,
          creation: body.creation ?? new Uint8Array(0),
          ...kind,
        },
        sink,
      );
      await begin(shell, backend);
    } catch (error) {
      await this.#close(shell);
      throw error;
    }
    return createdBody(shell.info, request.to);
  }

  #checkQuota(shellId: string, { sid }: C): void {
    const { maxShells, maxShellsPerUser } = this.#limits;
    const own = [...this.#shells.values()].filter((shell) => shell.parts.owner.sid === sid);
    if (this.#shells.has(shellId.toUpperCase())) throw accessDenied();
    if (own.length < maxShellsPerUser && this.#shells.size < maxShells) return;
    throw receiverFault(
      FaultCode.SHELL_QUOTA,
      'w:QuotaLimit',
      `The user has ${own.length} shells open on this computer, which has ${this.#shells.size}; ` +
        `${maxShellsPerUser} and ${maxShells} are allowed. Close one (Remove-PSSession) and try ` +
        'again.',
    );
  }

  async #command(request: WsmanRequest, shell: Shell, backend: ShellBackend): Promise<Markup> {
    const { commandId = this.#options.newId(), command, args } = readCommand(request);
    if (shell.command(commandId) !== undefined) throw schemaFault('the CommandId is in use');
    const { maxCommandsPerShell: most } = this.#limits;
    if (shell.size >= most && shell.forgetTold() >= most) {
      throw receiverFault(
        FaultCode.OPERATION_QUOTA,
        'w:QuotaLimit',
        `A shell runs ${most} commands at once at most.`,
      );
    }
    shell.addCommand(commandId);
    try {
      if (backend.commandLine === undefined) {
        await backend.command(commandId, fromBase64(args.join('')));
      } else await backend.commandLine(commandId, [command, ...args].join(' '));
    } catch (error) {
      shell.removeCommand(commandId);
      throw error;
    }
    const isAsked = request.options.some(({ name }) => name.toLowerCase() === OUTPUT_OPTION);
    return isAsked ? await this.#told(request, shell, commandId) : startedBody(commandId);
  }

  /** What a command has to say goes with the answer to it. */
  async #told(request: WsmanRequest, shell: Shell, commandId: string): Promise<Markup> {
    const queue = shell.command(commandId);
    const budget = request.maxEnvelopeSize - ENVELOPE_COST;
    await queue?.settled(budget, Math.min(request.operationTimeout, OUTPUT_WITH_COMMAND_WAIT));
    const said = queue?.take(budget);
    if (said === undefined) return startedBody(commandId);
    if (said.state === 'Done') shell.removeCommand(commandId);
    return join([startedBody(commandId), receivedBody(said, commandId)]);
  }

  async #receive(request: WsmanRequest, shell: Shell): Promise<Markup> {
    const { commandId } = readReceive(request);
    const isPool = commandId === undefined && !isCommandShell(shell.parts.resourceUri);
    const queue = isPool ? shell.output : shell.command(commandId ?? '');
    if (queue === undefined) throw noCommand(shell);
    const budget = request.maxEnvelopeSize - ENVELOPE_COST;
    const wait = Math.min(request.operationTimeout, MAX_OPERATION_WAIT);
    const waited = await queue.read(budget, wait);
    if (waited === 'timed-out') throw timedOut();
    if (waited === 'ended') throw aborted();
    return receivedBody(waited, commandId);
  }

  #enumerate(request: WsmanRequest, { caller }: ShellClient<C>): Markup {
    const own = [...this.#shells.values()].filter(({ parts }) => parts.owner.sid === caller.sid);
    if (!request.resourceUri.toLowerCase().endsWith('/command')) {
      return enumeratedBody(shellItems(own.map(({ info }) => info)));
    }
    const [enumerate] = request.body;
    const filter = childOf(enumerate, Namespace.WSMAN, 'Filter');
    const set = childOf(filter, Namespace.WSMAN, 'SelectorSet');
    const wanted = readSelectors(set).get('shellid')?.toUpperCase();
    const shell = own.find(({ parts }) => parts.shellId.toUpperCase() === wanted);
    if (shell === undefined) throw shellNotFound();
    return enumeratedBody(commandItems(shell.commands));
  }

  #config(request: WsmanRequest): Markup {
    if (request.action !== Action.GET) throw actionNotSupported(request.action);
    const { maxShellsPerUser } = this.#limits;
    return element(
      'cfg:Config',
      { 'xmlns:cfg': Namespace.CONFIG },
      element('cfg:MaxEnvelopeSizekb', {}, '500'),
      element('cfg:MaxTimeoutms', {}, String(MAX_OPERATION_WAIT)),
      element('cfg:MaxBatchItems', {}, '32000'),
      element('cfg:Winrs', {}, element('cfg:MaxShellsPerUser', {}, String(maxShellsPerUser))),
    );
  }

  /** A shell of the caller's: another's is as if it were not there. */
  #shellOf(request: WsmanRequest, { caller }: ShellClient<C>): Shell {
    const shell = this.#shells.get(request.selectors.get('shellid')?.toUpperCase() ?? '');
    if (shell === undefined || shell.parts.owner.sid !== caller.sid) throw shellNotFound();
    return shell;
  }

  async #close(shell: Shell): Promise<void> {
    const id = shell.parts.shellId.toUpperCase();
    if (this.#shells.get(id) === shell) this.#shells.delete(id);
    await shell.close();
  }
}

/** Octets of an answer besides its streams. */
const ENVELOPE_COST = 2048;

const ERROR_OPERATION_ABORTED = 995;

/** A shell that was closed while it opened never was. */
async function begin(shell: Shell, backend: ShellBackend): Promise<void> {
  if (!shell.isClosed) return shell.start(backend);
  await backend.close();
  throw aborted();
}

async function send(request: WsmanRequest, shell: Shell, backend: ShellBackend): Promise<Markup> {
  for (const { stream, commandId, data, isEnd } of readSend(request)) {
    if (commandId !== undefined && shell.command(commandId) === undefined) throw noCommand(shell);
    if (stream !== 'stdin' && stream !== 'pr') throw schemaFault(`there is no stream ${stream}`);
    await backend.send(stream, commandId, data, isEnd);
  }
  return doneBody('SendResponse');
}

async function signal(request: WsmanRequest, shell: Shell, backend: ShellBackend): Promise<Markup> {
  const { commandId, code } = readSignal(request);
  const queue = commandId === undefined ? undefined : shell.command(commandId);
  if (commandId === undefined || queue === undefined) throw noCommand(shell);
  if (isStopSignal(code)) await backend.stop(commandId);
  else if (isTerminateSignal(code)) {
    if (!queue.isDone) await backend.stop(commandId);
    shell.removeCommand(commandId);
  } else throw schemaFault(`there is no signal ${code}`);
  return doneBody('SignalResponse');
}

function disconnect(request: WsmanRequest, shell: Shell): Markup {
  shell.disconnect(readDisconnect(request).idleTimeout);
  return doneBody('DisconnectResponse');
}

async function connect(
  request: WsmanRequest,
  shell: Shell,
  backend: ShellBackend,
): Promise<Markup> {
  const { commandId, connection } = readConnect(request);
  if (commandId !== undefined) {
    if (shell.command(commandId) === undefined) throw commandNotFound();
    return connectedBody();
  }
  if (connection === undefined) {
    throw senderFault(
      FaultCode.CONNECT_DATA_MISSING,
      'w:InvalidOptions',
      'Connect came without the data that PowerShell negotiates with.',
    );
  }
  const answer = await backend.connect(connection);
  shell.reconnect();
  return connectedBody(answer);
}

/** What shell is asked for. Throws RemotingError with a fault. */
function kindOf(
  request: WsmanRequest,
): Pick<OpenShell<ShellOwner>, 'configuration' | 'protocolVersion' | 'commandShell'> {
  const { resourceUri } = request;
  checkOptions(request);
  if (isCommandShell(resourceUri)) {
    const commandShell = readCommandShell(request);
    return { configuration: '', protocolVersion: '', commandShell };
  }
  const configuration = configurationOf(resourceUri);
  if (configuration === undefined) throw invalidResource(resourceUri);
  return { configuration, protocolVersion: protocolOf(request) };
}

function noCommand({ parts }: Shell): RemotingError {
  return isCommandShell(parts.resourceUri) ? parameterIncorrect() : commandNotFound();
}

/** Options that must be complied with are known, or the request is refused (MS-WSMV 2.2.4.25). */
function checkOptions({ options }: WsmanRequest): void {
  const KNOWN = [
    'protocolversion',
    'winrs_noprofile',
    'winrs_codepage',
    'wsman_cmdshell_option_keepalive',
  ];
  const unknown = options.find(
    ({ name, mustComply }) => mustComply && !KNOWN.includes(name.toLowerCase()),
  );
  if (unknown !== undefined) {
    throw senderFault(
      FaultCode.OPTION_NOT_UNDERSTOOD,
      'w:InvalidOptions',
      `The option ${unknown.name} is not understood.`,
    );
  }
}

/** The version of PSRP (MS-PSRP 3.1.5.4.1). */
function protocolOf({ options }: WsmanRequest): string {
  const version = options.find(({ name }) => name.toLowerCase() === 'protocolversion');
  if (version !== undefined) return version.value;
  throw senderFault(
    FaultCode.PROTOCOL_OPTION_MISSING,
    'w:InvalidOptions',
    'The option protocolversion is missing.',
  );
}

function aborted(): RemotingError {
  return receiverFault(
    ERROR_OPERATION_ABORTED,
    'w:InternalError',
    'The operation ended because the shell was closed, or its client disconnected.',
  );
}
