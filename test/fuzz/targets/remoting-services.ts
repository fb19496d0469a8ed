import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { SecureText } from '@doublehop/powershell/objects/value';
import {
  decodeCredentials,
  decodeTsRequest,
  encodeCredentials,
  encodeTsRequest,
  subjectPublicKey,
} from '@doublehop/remoting/credssp/ts-request';
import { soapService } from '@doublehop/remoting/endpoint/soap-service';
import { RemotingError } from '@doublehop/remoting/errors';
import { ReplyReader } from '@doublehop/remoting/http/http-reply';
import {
  decryptMessage,
  encryptMessage,
  type MessageSealer,
} from '@doublehop/remoting/http/message-encryption';
import { basicServerScheme } from '@doublehop/remoting/http/password-scheme';
import { wsmanServer } from '@doublehop/remoting/http/wsman-server';
import {
  Action,
  COMMAND_SHELL_RESOURCE,
  configurationUri,
  OUTPUT_OPTION,
  SHELL_RESOURCE,
} from '@doublehop/remoting/wsman/names';
import { readRequest, writeRequest } from '@doublehop/remoting/wsman/request';
import { readResponse, writeFault, writeResponse } from '@doublehop/remoting/wsman/response';
import type { ShellOwner } from '@doublehop/remoting/wsman/shell-backend';
import * as requests from '@doublehop/remoting/wsman/shell-requests';
import * as responses from '@doublehop/remoting/wsman/shell-responses';
import { ShellService } from '@doublehop/remoting/wsman/shell-service';
import { element, type Markup } from '@doublehop/remoting/xml/write';
import { concat, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import type { FuzzTarget } from '../targets.ts';

const SHELL = '6F5D4C3B-2A19-4807-96A5-B4C3D2E1F001';
const COMMAND = '0F5D4C3B-2A19-4807-96A5-B4C3D2E1F002';
const MESSAGE = `uuid:${COMMAND}`;
const DATA = new Uint8Array([1, 2, 3, 4]);
const ALICE = { name: 'CONTOSO\\alice', sid: 'S-1-5-21-1-2-3-1104' };
const PRODUCT = { vendor: 'doublehop', version: '0' };
const protocol = { name: 'protocolversion', value: '2.3', mustComply: true };

function request(
  action: string,
  body?: Markup,
  resourceUri = configurationUri('JEA'),
  option = protocol,
): string {
  return writeRequest({
    action,
    messageId: MESSAGE,
    resourceUri,
    to: 'http://serverb.contoso.com:5985/wsman',
    selectors: { ShellId: SHELL },
    options: [option],
    operationTimeout: 0,
    ...(body !== undefined && { body }),
  });
}

/** One request of each kind. */
function shellRequests(): string[] {
  const target = { commandId: COMMAND };
  const creation = { shellId: SHELL, inputStreams: 'stdin pr', outputStreams: 'stdout' };
  const send = requests.sendBody({ stream: 'stdin', ...target, data: DATA, isEnd: false });
  const stop = requests.signalBody({ ...target, code: 'powershell/signal/crtl_c' });
  const enumerate = element('n:Enumerate', {}, element('w:OptimizeEnumeration'));
  const jea = configurationUri('JEA');
  const told = { name: OUTPUT_OPTION, value: 'TRUE', mustComply: false };
  const variable = element('rsp:Variable', { Name: 'A' }, 'b');
  const commandShell = element('rsp:Shell', {}, element('rsp:Environment', {}, variable));
  return [
    request(Action.CREATE, requests.createBody({ ...creation, creation: DATA })),
    request(Action.CREATE, commandShell, COMMAND_SHELL_RESOURCE),
    request(Action.COMMAND, requests.commandBody({ ...target, command: '', args: ['AQID'] })),
    request(Action.COMMAND, requests.commandBody({ ...target, command: '', args: [] }), jea, told),
    request(Action.SEND, send),
    request(Action.RECEIVE, requests.receiveBody({ streams: 'stdout', ...target })),
    request(Action.SIGNAL, stop),
    request(Action.DISCONNECT, requests.disconnectBody({ idleTimeout: 60, bufferMode: 'Drop' })),
    request(Action.RECONNECT, requests.reconnectBody()),
    request(Action.CONNECT, requests.connectBody({ connection: DATA })),
    request(Action.ENUMERATE, enumerate, SHELL_RESOURCE),
    request(Action.GET),
    request(Action.DELETE),
  ];
}

/** A service whose shells say nothing; `alarm` hears of its own mistakes. */
function service(alarm: (line: string) => void): {
  readonly shells: ShellService<ShellOwner>;
  readonly handle: ReturnType<typeof soapService<ShellOwner>>;
} {
  const backend = {
    command: () => undefined,
    send: () => undefined,
    stop: () => undefined,
    connect: (data: Uint8Array) => data,
    close: () => undefined,
  };
  const shells = new ShellService<ShellOwner>({
    open: async () => backend,
    clock: () => 0,
    timer: (_, act) => {
      const soon = setImmediate(act);
      return () => clearImmediate(soon);
    },
    newId: () => SHELL,
  });
  return { shells, handle: soapService({ shells, machine: 'b', newId: () => SHELL, log: alarm }) };
}

function defect(line: string): never {
  throw new Error(`the service failed: ${line}`);
}

/** PowerShell remoting: SOAP, CredSSP, encrypted messages, and HTTP from its first octet. */
export function remotingServiceTargets(): readonly FuzzTarget[] {
  return [soap(), answers(), multipart(), tsRequests(), http(), httpAnswers()];
}

function soap(): FuzzTarget {
  const connection = { remoteAddress: '' };
  return {
    name: 'wsman-requests',
    seeds: shellRequests().map((text) => utf8(text)),
    async run(input) {
      const text = fromUtf8(input);
      const { shells, handle } = service(defect);
      const [create = ''] = shellRequests();
      await handle({ text: create, caller: ALICE, connection });
      const { status } = await handle({ text, caller: ALICE, connection });
      await shells.close();
      if (status === 200) readRequest(text);
    },
    refuses: [],
    short: 300,
  };
}

/** What servers answer, read by a client. */
function answers(): FuzzTarget {
  const ids = { messageId: MESSAGE, relatesTo: MESSAGE };
  const streams = [{ name: 'stdout', commandId: COMMAND, data: DATA }];
  const fault = { code: 5, side: 'Sender', subcode: 'w:AccessDenied', reason: 'no' } as const;
  return {
    name: 'wsman-answers',
    seeds: [
      writeResponse(Action.RECEIVE, ids, responses.receivedBody({ streams }, COMMAND)),
      writeResponse(Action.COMMAND, ids, responses.startedBody(COMMAND)),
      writeResponse(Action.CONNECT, ids, responses.connectedBody(DATA)),
      writeResponse(Action.ENUMERATE, ids, responses.enumeratedBody([])),
      writeFault(fault, ids, 'serverb'),
    ].map((text) => utf8(text)),
    run(input) {
      const response = readResponse(fromUtf8(input), MESSAGE);
      for (const read of [responses.readReceived, responses.readStarted, responses.readConnected]) {
        try {
          read(response);
        } catch (error) {
          if (!(error instanceof RemotingError)) throw error;
        }
      }
      responses.readShells(response);
    },
    refuses: [RemotingError],
  };
}

const sealers: readonly MessageSealer[] = (['SPNEGO', 'CredSSP'] as const).map((name) => ({
  protocol: `application/HTTP-${name}-session-encrypted`,
  // A TLS record's head is enough of one here.
  seal: (message) => ({
    header: Uint8Array.of(23, 3, 3, message.length >> 8, message.length & 255),
    data: message,
  }),
  open: (_header, data) => data,
}));

/** Bodies; the first octet chooses the protocol. */
function multipart(): FuzzTarget {
  const typeOf = ({ protocol: name }: MessageSealer): string =>
    `multipart/encrypted;protocol="${name}";boundary="Encrypted Boundary"`;
  const head = '--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted';
  const seed = `${head}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=4\r\n`;
  const part = '--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n';
  const sealed = concat(utf8(seed + part), Uint8Array.of(2, 0, 0, 0, 1, 2), DATA);
  const tail = utf8('--Encrypted Boundary--\r\n');
  return {
    name: 'wsman-multipart',
    seeds: [
      concat(Uint8Array.of(0), sealed, tail),
      concat(Uint8Array.of(0), sealed, sealed, tail),
      concat(Uint8Array.of(1), sealed, tail),
    ],
    async run(input) {
      const sealer = sealers[(input[0] ?? 0) % sealers.length];
      if (sealer === undefined) return;
      const body = input.slice(1);
      const again = await encryptMessage(sealer, body.subarray(0, 65_535));
      const opened = await decryptMessage(sealer, again);
      if (opened.length !== Math.min(body.length, 65_535))
        throw new Error('it came back otherwise');
      await decryptMessage(sealer, { type: typeOf(sealer), body });
    },
    refuses: [RemotingError],
  };
}

function tsRequests(): FuzzTarget {
  const password = SecureText.of('geheim');
  const ofNothing = { negoTokens: undefined, authInfo: undefined, pubKeyAuth: undefined };
  const common = { version: 6, ...ofNothing, errorCode: undefined, clientNonce: undefined };
  return {
    name: 'credssp',
    seeds: [
      encodeTsRequest({ ...common, negoTokens: [{ negoToken: DATA }] }),
      encodeTsRequest({ ...common, pubKeyAuth: DATA, clientNonce: new Uint8Array(32) }),
      encodeTsRequest({ ...common, authInfo: DATA, errorCode: -1_073_741_715 }),
      encodeCredentials({ domain: 'CONTOSO', user: 'alice', password }),
    ],
    run(input) {
      for (const decode of [decodeTsRequest, decodeCredentials, subjectPublicKey]) {
        try {
          decode(input);
        } catch (error) {
          if (!(error instanceof RemotingError)) throw error;
        }
      }
    },
    refuses: [],
  };
}

/** A connection to the HTTP server, whose client may even know a password. */
function http(): FuzzTarget {
  const post = (fields: readonly string[], body = ''): Uint8Array =>
    utf8(
      ['POST /wsman HTTP/1.1', 'Host: b', ...fields, `Content-Length: ${body.length}`, '', ''].join(
        '\r\n',
      ) + body,
    );
  const soapType = 'Content-Type: application/soap+xml;charset=UTF-8';
  const basic = 'Authorization: Basic YWxpY2U6eA==';
  const sealed =
    'Content-Type: multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"';
  const bodies = shellRequests().map((body) => post([soapType, basic], body));
  return {
    name: 'wsman-http',
    seeds: [
      ...bodies,
      concat(...bodies.slice(0, 2)),
      post(['WSMANIDENTIFY: unauthenticated', soapType], '<a/>'),
      post([basic, sealed], '--Encrypted Boundary'),
      post(['Authorization: Negotiate AAAA']),
      utf8('POST /wsman HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n'),
    ],
    async run(input) {
      const complaints: string[] = [];
      const { shells, handle } = service((line) => complaints.push(line));
      const server = wsmanServer<ShellOwner>({
        schemes: [basicServerScheme(async () => ALICE)],
        handle,
        allowUnencrypted: true,
        product: PRODUCT,
        log: (line) => complaints.push(line),
      });
      const socket = new Duplex({ read: () => undefined, write: (_chunk, _how, done) => done() });
      // Sound: the server uses what a duplex stream has, and an address that may be absent.
      server.emit('connection', socket as Socket);
      socket.push(input);
      for (let count = 0; count < 12; count += 1) await turn();
      socket.destroy();
      await shells.close();
      const mistake = complaints.find((line) => /^(?:\w*Error): /u.test(line) && !isPeers(line));
      if (mistake !== undefined) defect(mistake);
    },
    refuses: [],
    short: 150,
  };
}

/** What HTTP servers answer, read by a client; the first octet is how many come at a time. */
function httpAnswers(): FuzzTarget {
  const answer = (fields: string, body: string): Uint8Array =>
    concat(Uint8Array.of(200), utf8(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`));
  return {
    name: 'http-answers',
    seeds: [
      answer('Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close', 'ok'),
      answer('WWW-Authenticate: Negotiate AAAA\r\nContent-Length: 0', ''),
      answer('Transfer-Encoding: chunked', '2;a=b\r\nok\r\n00A\r\n0123456789\r\n0\r\n\r\n'),
    ],
    run(input) {
      const reader = new ReplyReader();
      const size = Math.max(1, input[0] ?? 1);
      for (let at = 1; at < input.length; at += size) {
        reader.take(Buffer.from(input.subarray(at, at + size)));
      }
    },
    refuses: [RemotingError],
  };
}

/** What is said of a client's own doing. */
function isPeers(line: string): boolean {
  return line.startsWith('RemotingError: ') || /aborted|premature close/iu.test(line);
}
