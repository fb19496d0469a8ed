import { fromBase64, toBase64 } from '../base64.ts';
import { childOf, childrenOf, type XmlElement } from '../xml/parse.ts';
import { element, Markup } from '../xml/write.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { schemaFault } from './faults.ts';
import { Namespace } from './names.ts';
import type { WsmanRequest } from './request.ts';

/**
 * Bodies of the requests on shells (MS-WSMV 3.1.4.5 to 3.1.4.17): read by a server, written by a
 * client.
 */

export interface CreateBody {
  /** The client's choice (MS-PSRP 2.3); absent: the server chooses. */
  readonly shellId?: string;
  readonly name?: string;
  /** Milliseconds. */
  readonly idleTimeout?: number;
  readonly inputStreams: string;
  readonly outputStreams: string;
  /** Fragments of PSRP's opening messages. */
  readonly creation?: Uint8Array;
}

export interface CommandBody {
  readonly commandId?: string;
  readonly command: string;
  /** For PSRP each is fragments in base64. */
  readonly args: readonly string[];
}

export interface ReceiveBody {
  readonly streams: string;
  readonly commandId?: string;
}

export interface SendBody {
  readonly stream: string;
  readonly commandId?: string;
  readonly data: Uint8Array;
  readonly isEnd: boolean;
}

export interface SignalBody {
  readonly commandId?: string;
  readonly code: string;
}

export interface DisconnectBody {
  /** Milliseconds. */
  readonly idleTimeout?: number;
  readonly bufferMode: 'Block' | 'Drop';
}

export interface ConnectBody {
  readonly commandId?: string;
  /** Fragments of PSRP's connecting messages. */
  readonly connection?: Uint8Array;
}

export function readCreate(request: WsmanRequest): CreateBody {
  const shell = only(request, 'Shell');
  const text = (name: string): string | undefined =>
    childOf(shell, Namespace.SHELL, name)?.text.trim();
  const shellId = shell.attributes.get('ShellId') ?? text('ShellId');
  const name = shell.attributes.get('Name') ?? text('Name');
  const creation = childOf(shell, Namespace.POWERSHELL, 'creationXml')?.text;
  return {
    ...(shellId !== undefined && { shellId }),
    ...(name !== undefined && { name }),
    ...idleTimeoutOf(shell),
    inputStreams: text('InputStreams') ?? '',
    outputStreams: text('OutputStreams') ?? '',
    ...(creation !== undefined && { creation: fromBase64(creation) }),
  };
}

export function createBody(body: CreateBody): Markup {
  const { shellId: ShellId, name: Name, idleTimeout, creation } = body;
  return element(
    'rsp:Shell',
    { ShellId, Name },
    element('rsp:InputStreams', {}, body.inputStreams),
    element('rsp:OutputStreams', {}, body.outputStreams),
    idleTimeout === undefined
      ? undefined
      : element('rsp:IdleTimeOut', {}, formatDuration(idleTimeout)),
    creation === undefined
      ? undefined
      : element('creationXml', { xmlns: Namespace.POWERSHELL }, new Markup(toBase64(creation))),
  );
}

export function readCommand(request: WsmanRequest): CommandBody {
  const line = only(request, 'CommandLine');
  return {
    ...commandIdOf(line),
    command: childOf(line, Namespace.SHELL, 'Command')?.text ?? '',
    args: childrenOf(line, Namespace.SHELL, 'Arguments').map(({ text }) => text),
  };
}

export function commandBody({ commandId: CommandId, command, args }: CommandBody): Markup {
  return element(
    'rsp:CommandLine',
    { CommandId },
    element('rsp:Command', {}, command),
    ...args.map((arg) => element('rsp:Arguments', {}, arg)),
  );
}

export function readReceive(request: WsmanRequest): ReceiveBody {
  const desired = childOf(only(request, 'Receive'), Namespace.SHELL, 'DesiredStream');
  if (desired === undefined) throw schemaFault('Receive names no DesiredStream');
  return { streams: desired.text.trim(), ...commandIdOf(desired) };
}

export function receiveBody({ streams, commandId: CommandId }: ReceiveBody): Markup {
  return element('rsp:Receive', {}, element('rsp:DesiredStream', { CommandId }, streams));
}

export function readSend(request: WsmanRequest): SendBody[] {
  return childrenOf(only(request, 'Send'), Namespace.SHELL, 'Stream').map((stream) => ({
    stream: stream.attributes.get('Name') ?? '',
    ...commandIdOf(stream),
    data: fromBase64(stream.text),
    isEnd: stream.attributes.get('End')?.toLowerCase() === 'true',
  }));
}

export function sendBody({ stream, commandId: CommandId, data, isEnd }: SendBody): Markup {
  const attributes = { Name: stream, CommandId, End: isEnd ? 'true' : undefined };
  return element('rsp:Send', {}, element('rsp:Stream', attributes, new Markup(toBase64(data))));
}

export function readSignal(request: WsmanRequest): SignalBody {
  const signal = only(request, 'Signal');
  const code = childOf(signal, Namespace.SHELL, 'Code')?.text.trim();
  if (code === undefined) throw schemaFault('Signal has no Code');
  return { ...commandIdOf(signal), code };
}

export function signalBody({ commandId: CommandId, code }: SignalBody): Markup {
  return element('rsp:Signal', { CommandId }, element('rsp:Code', {}, code));
}

export function readDisconnect(request: WsmanRequest): DisconnectBody {
  const disconnect = only(request, 'Disconnect');
  const mode = childOf(disconnect, Namespace.SHELL, 'BufferMode')?.text.trim();
  return { ...idleTimeoutOf(disconnect), bufferMode: mode === 'Drop' ? 'Drop' : 'Block' };
}

export function disconnectBody({ idleTimeout, bufferMode }: DisconnectBody): Markup {
  const time = idleTimeout === undefined ? undefined : formatDuration(idleTimeout);
  return element(
    'rsp:Disconnect',
    {},
    time === undefined ? undefined : element('rsp:IdleTimeOut', {}, time),
    element('rsp:BufferMode', {}, bufferMode),
  );
}

export function readConnect(request: WsmanRequest): ConnectBody {
  const connect = only(request, 'Connect');
  const connection = childOf(connect, Namespace.POWERSHELL, 'connectXml')?.text;
  return {
    ...commandIdOf(connect),
    ...(connection !== undefined && { connection: fromBase64(connection) }),
  };
}

export function connectBody({ commandId: CommandId, connection }: ConnectBody): Markup {
  const xml =
    connection === undefined
      ? undefined
      : element('connectXml', { xmlns: Namespace.POWERSHELL }, new Markup(toBase64(connection)));
  return element('rsp:Connect', { CommandId }, xml);
}

export function reconnectBody(): Markup {
  return element('rsp:Reconnect');
}

function only(request: WsmanRequest, name: string): XmlElement {
  const [first, ...more] = request.body;
  const isIt = first?.name === name && first.namespace === Namespace.SHELL;
  if (first === undefined || !isIt || more.length > 0) {
    throw schemaFault(`the body of ${request.action} is rsp:${name}`);
  }
  return first;
}

function commandIdOf(of: XmlElement): { commandId?: string } {
  const commandId = of.attributes.get('CommandId');
  return commandId === undefined ? {} : { commandId };
}

function idleTimeoutOf(of: XmlElement): { idleTimeout?: number } {
  const text = childOf(of, Namespace.SHELL, 'IdleTimeOut')?.text;
  const idleTimeout = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && (idleTimeout === undefined || idleTimeout < 0)) {
    throw schemaFault('IdleTimeOut is no duration of zero or more');
  }
  return idleTimeout === undefined ? {} : { idleTimeout };
}
