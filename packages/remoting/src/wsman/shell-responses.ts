import { fromBase64, toBase64 } from '../base64.ts';
import { RemotingError } from '../errors.ts';
import { childOf, childrenOf, type XmlElement } from '../xml/parse.ts';
import { element, join, Markup } from '../xml/write.ts';
import { CommandState, Namespace } from './names.ts';
import { selectorSet } from './request.ts';
import type { WsmanResponse } from './response.ts';
import { readShell, type ShellInfo, shellElement } from './shell-info.ts';

/** Bodies of the answers about shells (MS-WSMV 3.1.4): written by a server, read by a client. */

/** Output of a shell or of one of its commands. */
export interface Received {
  readonly streams: readonly ReceivedStream[];
  /** The command's state; absent: nothing is said. */
  readonly state?: 'Running' | 'Pending' | 'Done';
  readonly exitCode?: number;
}

export interface ReceivedStream {
  readonly name: string;
  readonly commandId?: string;
  readonly data: Uint8Array;
  readonly isEnd?: boolean;
}

export function createdBody(shell: ShellInfo, to: string): Markup {
  const created = element(
    'x:ResourceCreated',
    {},
    element('a:Address', {}, to),
    element(
      'a:ReferenceParameters',
      {},
      element('w:ResourceURI', {}, shell.resourceUri),
      ...selectorSet([['ShellId', shell.shellId]]),
    ),
  );
  return join([created, shellElement(shell)]);
}

/** The ShellId that a server gave. */
export function readCreated({ body }: WsmanResponse): string {
  const shell = body.find(
    ({ name, namespace }) => name === 'Shell' && namespace === Namespace.SHELL,
  );
  const id = childOf(shell, Namespace.SHELL, 'ShellId')?.text.trim() ?? selectedShell(body);
  if (id === undefined) throw unexpected('names no shell');
  return id;
}

export function receivedBody({ streams, state, exitCode }: Received, commandId?: string): Markup {
  const written = streams.map((stream) =>
    element(
      'rsp:Stream',
      {
        Name: stream.name,
        CommandId: stream.commandId,
        End: stream.isEnd === true ? 'true' : undefined,
      },
      // Letters that need no escape, and much of them.
      new Markup(toBase64(stream.data)),
    ),
  );
  const said =
    state === undefined
      ? undefined
      : element(
          'rsp:CommandState',
          { CommandId: commandId, State: stateUri(state) },
          exitCode === undefined ? undefined : element('rsp:ExitCode', {}, String(exitCode)),
        );
  return element('rsp:ReceiveResponse', {}, ...written, said);
}

export function readReceived(response: WsmanResponse): Received {
  const body = only(response, 'ReceiveResponse');
  const streams = childrenOf(body, Namespace.SHELL, 'Stream').map((stream) => {
    const commandId = stream.attributes.get('CommandId');
    return {
      name: stream.attributes.get('Name') ?? '',
      ...(commandId !== undefined && { commandId }),
      data: fromBase64(stream.text),
      isEnd: stream.attributes.get('End') === 'true',
    };
  });
  const said = childOf(body, Namespace.SHELL, 'CommandState');
  const state = said?.attributes.get('State')?.split('/').at(-1);
  const exitCode = childOf(said, Namespace.SHELL, 'ExitCode')?.text;
  return {
    streams,
    ...((state === 'Done' || state === 'Running' || state === 'Pending') && { state }),
    ...(exitCode !== undefined && { exitCode: Number(exitCode) | 0 }),
  };
}

export function startedBody(commandId: string): Markup {
  return element('rsp:CommandResponse', {}, element('rsp:CommandId', {}, commandId));
}

export function readStarted(response: WsmanResponse): string {
  const id = childOf(only(response, 'CommandResponse'), Namespace.SHELL, 'CommandId');
  if (id === undefined) throw unexpected('names no command');
  return id.text.trim();
}

/** What the answer to a Command tells of its output (`OUTPUT_OPTION`); undefined: nothing. */
export function readTold(response: WsmanResponse): Received | undefined {
  const isThere = response.body.some(
    ({ name, namespace }) => name === 'ReceiveResponse' && namespace === Namespace.SHELL,
  );
  return isThere ? readReceived(response) : undefined;
}

/** An answer that says nothing but that it was done: `SendResponse`, `SignalResponse`. */
export function doneBody(name: 'SendResponse' | 'SignalResponse' | 'DisconnectResponse'): Markup {
  return element(`rsp:${name}`);
}

export function connectedBody(answer?: Uint8Array): Markup {
  return element(
    'rsp:ConnectResponse',
    {},
    ...(answer === undefined
      ? []
      : [
          element('rsp:InputStreams', {}, 'stdin pr'),
          element('rsp:OutputStreams', {}, 'stdout'),
          element(
            'connectResponseXml',
            { xmlns: Namespace.POWERSHELL },
            new Markup(toBase64(answer)),
          ),
        ]),
  );
}

/** The fragments of a Connect's answer; empty for that of a command. */
export function readConnected(response: WsmanResponse): Uint8Array {
  const body = only(response, 'ConnectResponse');
  const xml = childOf(body, Namespace.POWERSHELL, 'connectResponseXml');
  return xml === undefined ? new Uint8Array(0) : fromBase64(xml.text);
}

/** An enumeration in one answer (DSP0226 8.4, `w:OptimizeEnumeration`). */
export function enumeratedBody(items: readonly Markup[]): Markup {
  return element(
    'n:EnumerateResponse',
    {},
    element('n:EnumerationContext'),
    element('w:Items', {}, join(items)),
    element('w:EndOfSequence'),
  );
}

export function shellItems(shells: readonly ShellInfo[]): Markup[] {
  return shells.map(shellElement);
}

/** A shell's commands, as an enumeration shows them. */
export function commandItems(commands: readonly { id: string; isDone: boolean }[]): Markup[] {
  return commands.map(({ id, isDone }) =>
    element(
      'rsp:Command',
      {},
      element('rsp:CommandId', {}, id),
      element('rsp:State', {}, isDone ? 'Done' : 'Running'),
    ),
  );
}

export function readShells({ body }: WsmanResponse): ShellInfo[] {
  const [answer] = body;
  const items = childOf(answer, Namespace.WSMAN, 'Items');
  return (items?.children ?? []).filter(({ name }) => name === 'Shell').map(readShell);
}

function stateUri(state: 'Running' | 'Pending' | 'Done'): string {
  const { DONE, RUNNING, PENDING } = CommandState;
  return { Running: RUNNING, Pending: PENDING, Done: DONE }[state];
}

function selectedShell(body: readonly XmlElement[]): string | undefined {
  const created = body.find(({ name }) => name === 'ResourceCreated');
  const parameters = childOf(created, Namespace.ADDRESSING, 'ReferenceParameters');
  const set = childOf(parameters, Namespace.WSMAN, 'SelectorSet');
  return childOf(set, Namespace.WSMAN, 'Selector')?.text.trim();
}

function only({ body }: WsmanResponse, name: string): XmlElement {
  const found = body.find((one) => one.name === name && one.namespace === Namespace.SHELL);
  if (found === undefined) throw unexpected(`is no rsp:${name}`);
  return found;
}

function unexpected(what: string): RemotingError {
  return new RemotingError('wsman', `the server's answer ${what}`);
}
