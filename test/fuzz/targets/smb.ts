import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { pooledRandom } from '@doublehop/crypto/random';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { decodeGuid } from '@doublehop/security/guid';
import { SecurityError } from '@doublehop/security/errors';
import { SmbError } from '@doublehop/smb/errors';
import { Command } from '@doublehop/smb/messages/constants';
import { unpackDirectory, packDirectory } from '@doublehop/smb/messages/directory';
import {
  encodeCloseRequest,
  encodeLockRequest,
  encodeReadRequest,
  encodeWriteRequest,
} from '@doublehop/smb/messages/file';
import { encodeCreateRequest } from '@doublehop/smb/messages/create';
import { frame } from '@doublehop/smb/messages/frame';
import { encodeMessage, splitMessages } from '@doublehop/smb/messages/header';
import {
  decodeNegotiateResponse,
  encodeNegotiateRequest,
  encodeNegotiateResponse,
} from '@doublehop/smb/messages/negotiate';
import {
  encodeChangeNotifyRequest,
  encodeIoctlRequest,
  encodeQueryDirectoryRequest,
  encodeQueryInfoRequest,
} from '@doublehop/smb/messages/query';
import {
  encodeSessionSetupRequest,
  encodeTreeConnectRequest,
} from '@doublehop/smb/messages/session';
import * as pdu from '@doublehop/smb/rpc/pdu';
import { rpcPipe } from '@doublehop/smb/rpc/server';
import { SRVSVC, srvsvc } from '@doublehop/smb/rpc/srvsvc';
import { ServerConnection } from '@doublehop/smb/server/connection';
import { dispatch } from '@doublehop/smb/server/dispatch';
import type { ValidSession } from '@doublehop/smb/server/objects';
import type { ServerSettings } from '@doublehop/smb/server/options';
import { serverSettings } from '@doublehop/smb/server/server';
import { ConnectionState } from '@doublehop/smb/server/state';
import { memoryTree } from '@doublehop/smb/tree/memory-tree';
import type { FuzzTarget } from '../targets.ts';

const GUID = decodeGuid(new Uint8Array(16).fill(1));
const ID = { persistent: 1n, volatile: 1n };
const NOTHING = new Uint8Array(0);
const user = { name: 'CONTOSO\\alice', token: { sids: new Set(['S-1-1-0'] as const) } };
const shares = [{ name: 'data', tree: memoryTree({ 'a.txt': 'a', b: {} }, { time: 0 }) }];

const settings: ServerSettings = serverSettings({
  keys: () => undefined,
  replayCache: memoryReplayCache(),
  clock: () => 0,
  random: pooledRandom(),
  authorize: () => user,
  shares,
  log: (event) => {
    if (event.kind === 'defect') throw event.error;
  },
});

/** Streams of strangers, requests of a session, and what servers answer. */
export function smbTargets(): readonly FuzzTarget[] {
  return [stream(), requests(), rpc(), answers()];
}

const header = (command: number) => ({
  creditCharge: 1,
  status: 0,
  command,
  credits: 1,
  flags: 0,
  messageId: 0n,
  treeId: 1,
  asyncId: undefined,
  sessionId: 1n,
});

const NEGOTIATE = encodeNegotiateRequest({
  securityMode: 1,
  capabilities: 0x7f,
  clientGuid: GUID,
  dialects: [0x0210, 0x0302, 0x0311],
  contexts: [
    { kind: 'preauth', hashes: [1], salt: new Uint8Array(32) },
    { kind: 'encryption', ciphers: [2, 1] },
    { kind: 'signing', algorithms: [2, 1, 0] },
    { kind: 'netname', name: 'serverc' },
  ],
});
const SETUP = encodeSessionSetupRequest({
  flags: 0,
  securityMode: 1,
  capabilities: 0,
  previousSessionId: 0n,
  token: Uint8Array.of(0x60, 0x03, 0x06, 0x01, 0x01),
});

/** A connection, from its first octet. */
function stream(): FuzzTarget {
  const negotiate = encodeMessage({ ...header(0), sessionId: 0n, treeId: 0 }, NEGOTIATE);
  const setup = encodeMessage({ ...header(1), messageId: 1n, sessionId: 0n }, SETUP);
  return {
    name: 'smb-stream',
    seeds: [frame(negotiate), Buffer.concat([frame(negotiate), frame(setup)])],
    async run(input) {
      const socket = new Duplex({ read: () => undefined, write: (_chunk, _how, done) => done() });
      // Sound: a connection uses what a duplex stream has, and an address that may be absent.
      const connection = new ServerConnection(1, socket as Socket, settings, GUID, () => undefined);
      socket.push(input);
      for (let count = 0; count < 3; count += 1) await turn();
      connection.destroy('done');
      await connection.over;
    },
    refuses: [],
    short: 200,
  };
}

/** Bodies of requests in a session with a share and a folder; the first octet is the command. */
function requests(): FuzzTarget {
  const seed = (command: number, body: Uint8Array) => Buffer.concat([Uint8Array.of(command), body]);
  const how = { oplockLevel: 0, impersonation: 2, attributes: 0, shareAccess: 7 };
  const create = { ...how, desiredAccess: 0x80, disposition: 1, options: 0, name: 'a.txt' };
  const contexts = [{ name: 'MxAc', data: NOTHING }];
  const range = { offset: 0n, length: 10, minimum: 0, fileId: ID };
  const list = { infoClass: 37, flags: 0, fileId: ID, pattern: '*', maxOutput: 1_000 };
  const query = { infoType: 1, infoClass: 18, maxOutput: 1_000, additional: 0 };
  const control = { code: 0x0011_c017, fileId: ID, input: NOTHING, maxOutput: 9, isFsctl: true };
  const locks = [{ offset: 0n, length: 1n, flags: 1 }];
  return {
    name: 'smb-requests',
    seeds: [
      seed(Command.treeConnect, encodeTreeConnectRequest({ path: '\\\\serverc\\data' })),
      seed(Command.create, encodeCreateRequest({ ...create, contexts })),
      seed(Command.close, encodeCloseRequest({ flags: 1, fileId: ID })),
      seed(Command.read, encodeReadRequest(range)),
      seed(Command.write, encodeWriteRequest({ offset: 0n, fileId: ID, data: NOTHING })),
      seed(Command.lock, encodeLockRequest({ fileId: ID, ranges: locks })),
      seed(Command.ioctl, encodeIoctlRequest(control)),
      seed(Command.queryDirectory, encodeQueryDirectoryRequest(list)),
      seed(Command.queryInfo, encodeQueryInfoRequest({ ...query, fileId: ID, input: NOTHING })),
      seed(
        Command.changeNotify,
        encodeChangeNotifyRequest({ flags: 0, maxOutput: 9, fileId: ID, filter: 1 }),
      ),
    ],
    async run(input) {
      const state = new ConnectionState(1, '', settings, GUID);
      openSession(state);
      const [command = 0] = input;
      const bytes = encodeMessage({ ...header(command), flags: 8 }, input.subarray(1));
      const [message] = splitMessages(bytes);
      if (message === undefined) return;
      const compound = { sessionId: 1n, treeId: 1, fileId: ID, failure: undefined, size: 0 };
      const place = { isFirst: true, isLast: true };
      await dispatch(state, { message, sealedBy: undefined, compound, ...place });
      state.closeAll();
    },
    refuses: [SmbError],
  };
}

function openSession(state: ConnectionState): void {
  const signer = { sign: () => undefined, verify: () => true };
  const session: ValidSession = {
    id: 1n,
    negotiation: undefined,
    preauthHash: NOTHING,
    user,
    keys: { signer, sealer: undefined, opener: undefined },
    expires: 1,
    encrypt: false,
    trees: new Map(),
  };
  state.sessions.set(1n, session);
  const [share] = shares;
  if (share === undefined) return;
  const tree = { id: 1, session, share, access: 0x12_00a9 };
  session.trees.set(1, tree);
  const times = { created: 0, accessed: 0, written: 0, changed: 0 };
  const entry = { name: 'b', directory: true, size: 0, ...times, id: 2n };
  const file = { kind: 'file', tree, share, path: ['b'], entry, access: 0x12_00a9 } as const;
  state.addOpen((key) => ({ ...file, key, listing: undefined }));
}

/** PDUs on the pipe of the server service, once it is bound. */
function rpc(): FuzzTarget {
  const contexts = [{ id: 0, abstract: SRVSVC, transfers: [pdu.NDR] }];
  const body = pdu.encodeBind({ maxFragment: 4_280, contexts });
  const bind = pdu.encodePdu({ type: pdu.PduType.bind, flags: 3, callId: 1, body });
  const stub = Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
  const request = pdu.encodeRequest({ contextId: 0, opnum: 15, stub });
  const call = pdu.encodePdu({ type: pdu.PduType.request, flags: 3, callId: 2, body: request });
  return {
    name: 'smb-rpc',
    seeds: [bind, call],
    async run(input) {
      const end = rpcPipe([srvsvc(() => shares)]).open(user);
      await end.write(bind);
      await end.write(input);
    },
    refuses: [SmbError, SecurityError],
  };
}

/** What a client reads of a server's. */
function answers(): FuzzTarget {
  const facts = { securityMode: 1, dialect: 0x0311, serverGuid: GUID, capabilities: 4 };
  const sizes = { maxTransact: 1, maxRead: 1, maxWrite: 1, systemTime: 0n, startTime: 0n };
  const contexts = [{ kind: 'encryption', ciphers: [2] } as const];
  const negotiate = encodeNegotiateResponse({ ...facts, ...sizes, token: NOTHING, contexts });
  const basics = { created: 0n, accessed: 0n, written: 0n, changed: 0n, allocated: 0n, size: 0n };
  const entries = ['.', '..', 'a'].map((name) => {
    return { name, file: { ...basics, attributes: 16 }, id: 1n };
  });
  return {
    name: 'smb-answers',
    seeds: [encodeMessage(header(0), negotiate), packDirectory(37, entries, 1_000).data],
    run(input) {
      if (input[0] === 0xfe) decodeNegotiateResponse(splitMessages(input)[0]?.bytes ?? input);
      else unpackDirectory(input);
    },
    refuses: [SmbError, SecurityError],
  };
}
