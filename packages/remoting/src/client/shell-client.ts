import { RemotingError } from '../errors.ts';
import { DEFAULT_ENVELOPE, MAX_ENVELOPE } from '../limits.ts';
import type { WsmanConnection } from '../http/wsman-client.ts';
import { FaultCode } from '../wsman/faults.ts';
import { Action, OUTPUT_OPTION, SHELL_RESOURCE, SignalCode } from '../wsman/names.ts';
import { type RequestParts, writeRequest } from '../wsman/request.ts';
import { readResponse, type WsmanResponse } from '../wsman/response.ts';
import type { ShellInfo } from '../wsman/shell-info.ts';
import * as requests from '../wsman/shell-requests.ts';
import * as responses from '../wsman/shell-responses.ts';
import { element } from '../xml/write.ts';

export interface ShellClientOptions {
  /** A new connection to the service; it authenticates by itself. */
  readonly connect: () => WsmanConnection;
  /** `http://serverb.contoso.com:5985/wsman`. */
  readonly url: URL;
  /** The configuration's. */
  readonly resourceUri: string;
  /** A new GUID in capitals. */
  readonly newId: () => string;
  /** Milliseconds that the server may take to answer a Receive that has nothing to say. */
  readonly operationTimeout?: number;
  /**
   * Octets of an envelope. Where absent, as many as any Windows server sends, and requests of what
   * the oldest take.
   */
  readonly maxEnvelope?: number;
}

const DEFAULT_OPERATION_TIMEOUT = 20_000;

/**
 * Shells of a WS-Management service (MS-WSMV 3.1.4), as octets: what is in them is PSRP's. Requests
 * that wait have connections of their own, so that others need not wait for them.
 */
export class ShellClient {
  readonly #options: ShellClientOptions;
  readonly #idle: WsmanConnection[] = [];
  readonly #all = new Set<WsmanConnection>();
  readonly #sessionId: string;
  #shellId: string | undefined;

  constructor(options: ShellClientOptions) {
    this.#options = options;
    this.#sessionId = options.newId();
  }

  get shellId(): string | undefined {
    return this.#shellId;
  }

  /** Octets of fragments that fit a request: base64 in an envelope. */
  get maxData(): number {
    const { maxEnvelope = DEFAULT_ENVELOPE } = this.#options;
    return Math.floor(((maxEnvelope - ENVELOPE_COST) * 3) / 4);
  }

  /** Opens a shell with PSRP's first octets; its id is the pool's. Throws RemotingError. */
  async create(
    shellId: string,
    creation: Uint8Array,
    more: { readonly name?: string; readonly idleTimeout?: number } = {},
  ): Promise<void> {
    const body = requests.createBody({
      shellId,
      ...more,
      inputStreams: 'stdin pr',
      outputStreams: 'stdout',
      creation,
    });
    const response = await this.#ask(Action.CREATE, body, { options: [PROTOCOL] });
    this.#shellId = responses.readCreated(response);
  }

  /** Takes up a shell that was left; gives PSRP's answer. */
  async connect(shellId: string, connection: Uint8Array): Promise<Uint8Array> {
    this.#shellId = shellId;
    const body = requests.connectBody({ connection });
    return responses.readConnected(await this.#ask(Action.CONNECT, body, { options: [PROTOCOL] }));
  }

  async connectCommand(commandId: string): Promise<void> {
    await this.#ask(Action.CONNECT, requests.connectBody({ commandId }));
  }

  /** Starts a command with its first octets. Gives its id: servers before 2.2 choose their own. */
  async command(commandId: string, data: Uint8Array): Promise<string> {
    const args = [Buffer.from(data).toString('base64')];
    const body = requests.commandBody({ commandId, command: '', args });
    return responses.readStarted(await this.#ask(Action.COMMAND, body));
  }

  /**
   * Starts a command that has come whole, and takes what it has to say at once, if the server has
   * offered that (`OUTPUT_OPTION`). What is told to its end needs no `terminate`.
   */
  async run(
    commandId: string,
    data: Uint8Array,
  ): Promise<{ readonly commandId: string; readonly told: responses.Received | undefined }> {
    const args = [Buffer.from(data).toString('base64')];
    const body = requests.commandBody({ commandId, command: '', args });
    const options = [{ name: OUTPUT_OPTION, value: 'TRUE', mustComply: false }];
    const response = await this.#ask(Action.COMMAND, body, { options });
    return { commandId: responses.readStarted(response), told: responses.readTold(response) };
  }

  async send(
    stream: 'stdin' | 'pr',
    commandId: string | undefined,
    data: Uint8Array,
  ): Promise<void> {
    const target = commandId === undefined ? {} : { commandId };
    await this.#ask(Action.SEND, requests.sendBody({ stream, ...target, data, isEnd: false }));
  }

  /**
   * What the shell or a command has to say next; it waits as long as that takes. Throws
   * RemotingError `closed` when the shell is no more, and the signal's reason.
   */
  async receive(commandId?: string, signal?: AbortSignal): Promise<responses.Received> {
    const target = commandId === undefined ? {} : { commandId };
    const body = requests.receiveBody({ streams: 'stdout', ...target });
    const options = [{ name: KEEP_ALIVE, value: 'TRUE', mustComply: false }];
    for (;;) {
      signal?.throwIfAborted();
      try {
        const response = await this.#ask(Action.RECEIVE, body, { options }, signal);
        return responses.readReceived(response);
      } catch (error) {
        if (faultCode(error) !== FaultCode.TIMED_OUT) throw error;
      }
    }
  }

  /** Stops a command; it says by itself that it has stopped. */
  async stop(commandId: string): Promise<void> {
    const code = SignalCode.POWERSHELL_STOP;
    await this.#ask(Action.SIGNAL, requests.signalBody({ commandId, code }));
  }

  /** Forgets a command that is done. */
  async terminate(commandId: string): Promise<void> {
    const code = SignalCode.TERMINATE;
    await this.#ask(Action.SIGNAL, requests.signalBody({ commandId, code }));
  }

  /** Leaves the shell running on the server. */
  async disconnect(idleTimeout?: number): Promise<void> {
    const time = idleTimeout === undefined ? {} : { idleTimeout };
    const body = requests.disconnectBody({ ...time, bufferMode: 'Block' });
    await this.#ask(Action.DISCONNECT, body);
  }

  async reconnect(): Promise<void> {
    await this.#ask(Action.RECONNECT, requests.reconnectBody());
  }

  /** The user's shells on the server. */
  async enumerate(): Promise<readonly ShellInfo[]> {
    const body = element(
      'n:Enumerate',
      {},
      element('w:OptimizeEnumeration'),
      element('w:MaxElements', {}, '32000'),
    );
    const parts = { resourceUri: SHELL_RESOURCE, selectors: {} };
    return responses.readShells(await this.#ask(Action.ENUMERATE, body, parts));
  }

  /** Closes the shell on the server. One that is gone already is closed. */
  async delete(): Promise<void> {
    if (this.#shellId === undefined) return;
    try {
      await this.#ask(Action.DELETE, undefined);
    } catch (error) {
      if (faultCode(error) !== FaultCode.SHELL_NOT_FOUND) throw error;
    } finally {
      this.#shellId = undefined;
    }
  }

  /** Closes the connections; a shell that is left goes on. */
  close(): void {
    for (const connection of this.#all) connection.close();
    this.#all.clear();
    this.#idle.length = 0;
  }

  async #ask(
    action: string,
    body: RequestParts['body'],
    parts: Partial<RequestParts> = {},
    signal?: AbortSignal,
  ): Promise<WsmanResponse> {
    const { url, resourceUri, newId, maxEnvelope, operationTimeout } = this.#options;
    const messageId = `uuid:${newId()}`;
    const text = writeRequest({
      action,
      messageId,
      resourceUri,
      to: url.href,
      sessionId: this.#sessionId,
      operationTimeout: operationTimeout ?? DEFAULT_OPERATION_TIMEOUT,
      ...(this.#shellId !== undefined && { selectors: { ShellId: this.#shellId } }),
      maxEnvelopeSize: maxEnvelope ?? MAX_ENVELOPE,
      ...(body !== undefined && { body }),
      ...parts,
    });
    const connection = this.#take();
    try {
      const reply = await connection.post(text, signal);
      this.#idle.push(connection);
      return readResponse(reply.text, messageId);
    } catch (error) {
      if (!this.#idle.includes(connection)) this.#drop(connection);
      throw error;
    }
  }

  #take(): WsmanConnection {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const connection = this.#options.connect();
    this.#all.add(connection);
    return connection;
  }

  #drop(connection: WsmanConnection): void {
    connection.close();
    this.#all.delete(connection);
  }
}

const PROTOCOL = { name: 'protocolversion', value: '2.3', mustComply: true };
const KEEP_ALIVE = 'WSMAN_CMDSHELL_OPTION_KEEPALIVE';

/** Octets of a request besides its data. */
const ENVELOPE_COST = 3072;

/** The WSManFault code of an error; undefined: it is no fault. */
export function faultCode(error: unknown): number | undefined {
  return error instanceof RemotingError ? error.detail.fault?.code : undefined;
}
