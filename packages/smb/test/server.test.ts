import { parseSddl } from '@doublehop/security/sddl';
import { decodeDescriptor } from '@doublehop/security/descriptor';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { ALL_DIALECTS } from '../src/dialects.ts';
import { Command, HeaderFlag } from '../src/messages/constants.ts';
import { decodeCreateResponse } from '../src/messages/create.ts';
import {
  decodeReadResponse,
  encodeCloseRequest,
  encodeFlushRequest,
  encodeLockRequest,
  encodeReadRequest,
  encodeWriteRequest,
} from '../src/messages/file.ts';
import { frame } from '../src/messages/frame.ts';
import { encodeMessage, frameKind, splitMessages } from '../src/messages/header.ts';
import {
  decodeOutput,
  encodeChangeNotifyRequest,
  encodeIoctlRequest,
  encodeQueryDirectoryRequest,
  encodeQueryInfoRequest,
  encodeSetInfoRequest,
} from '../src/messages/query.ts';
import { encodeEmpty, encodeTreeConnectRequest } from '../src/messages/session.ts';
import { NtStatus } from '../src/nt-status.ts';
import { listShares } from '../src/rpc/srvsvc.ts';
import { memoryTree } from '../src/tree/memory-tree.ts';
import type { ShareTree } from '../src/tree/share-tree.ts';
import {
  ALICE,
  foreignTicket,
  NOW,
  RawConnection,
  startHost,
  type TestHost,
} from './support/host.ts';
import { createRequest, PREVIOUS, RawSession, REQUEST, validateRequest } from './support/raw.ts';

const NOTHING = new Uint8Array(0);
const secret = {
  name: 'secret',
  encrypt: true,
  tree: memoryTree({ 's.txt': 'secret' }, { time: NOW }),
};
/** Only Alice has it, and one of its folders not even she. */
const forAlice = {
  name: 'Alice$',
  descriptor: parseSddl(`O:BAG:BAD:(A;;GA;;;${ALICE})`),
  tree: memoryTree(
    { open: { 'x.txt': 'x' }, shut: { 'y.txt': 'y' } },
    {
      time: NOW,
      descriptor: ([first]) =>
        parseSddl(`O:BAG:BAD:${first === 'shut' ? '' : '(A;;0x1200a9;;;WD)'}`),
    },
  ),
};

let host: TestHost;
afterEach(async () => {
  await host.close();
  expect(host.events.filter(({ kind }) => kind === 'defect')).toEqual([]);
  expect(host.server.connections).toBe(0);
});

describe('our client and our server', () => {
  test.each(
    ALL_DIALECTS.flatMap((dialect) => [[dialect, false] as const, [dialect, true] as const]),
  )('%s, encrypted: %s', async (dialect, encrypt) => {
    host = await startHost({}, [secret]);
    const connecting = host.connect('alice', { dialects: [dialect], encrypt });
    if (dialect === '2.1' && encrypt) {
      await expect(connecting).rejects.toMatchObject({ code: 'unsupported' });
      return;
    }
    const client = await connecting;
    expect([client.dialect, client.encrypted]).toEqual([dialect, encrypt]);
    const share = await client.share('DATA');
    const names = (await share.list('')).map(({ name }) => name);
    expect(names).toEqual(['Hello.txt', 'big.bin', 'docs', 'empty']);
    expect((await share.list('docs', '*.txt')).map(({ name }) => name)).toEqual(['a.txt', 'c.txt']);
    expect(await share.list('empty')).toEqual([]);
    expect(Buffer.from(await share.read('hello.TXT')).toString()).toBe('hello\n');
    const big = await share.read('big.bin', { offset: 10 });
    expect([big.length, new Set(big)]).toEqual([2_499_990, new Set([7])]);
    expect(await share.read('docs/c.txt', { offset: 1, length: 1 })).toEqual(Uint8Array.of(0x63));
    expect(await share.exists('docs\\none')).toBe(false);
    expect(await share.exists('none\\none')).toBe(false);
    expect(await share.stat('docs')).toMatchObject({ directory: true, written: NOW });
    expect((await listShares(client)).map(({ name }) => name)).toEqual(['data', 'secret', 'IPC$']);
    const sealed = client.share('secret');
    if (dialect === '2.1') {
      await expect(sealed).rejects.toMatchObject({ statusName: 'STATUS_ACCESS_DENIED' });
    } else {
      expect((await (await sealed).read('s.txt')).length).toBe(6);
    }
    await client.close();
  });

  test('a folder with more entries than one answer has room for', async () => {
    const names = Array.from({ length: 9_000 }, (_, index) => `file number ${index}.txt`);
    const tree = memoryTree(Object.fromEntries(names.map((name) => [name, ''])), { time: NOW });
    host = await startHost({}, [{ name: 'many', tree }]);
    const client = await host.connect();
    const found = await (await client.share('many')).list('');
    expect(found.map(({ name }) => name)).toEqual(names);
    await client.close();
  });

  test('a server that encrypts everything', async () => {
    host = await startHost({ encrypt: true });
    const client = await host.connect();
    expect(client.encrypted).toBe(true);
    expect(await (await client.share('data')).exists('docs')).toBe(true);
    await client.close();
    const old = host.connect('alice', { dialects: ['2.1'] });
    await expect(old).rejects.toMatchObject({ statusName: 'STATUS_ACCESS_DENIED' });
  });

  test('who is not let in: another key, no user, no dialect in common', async () => {
    host = await startHost({ dialects: ['3.1.1'] });
    const getServiceTicket = () => Promise.resolve(foreignTicket());
    const foreign = host.connect('alice', { getServiceTicket });
    await expect(foreign).rejects.toMatchObject({ statusName: 'STATUS_LOGON_FAILURE' });
    const nobody = host.connect('nobody');
    await expect(nobody).rejects.toMatchObject({ statusName: 'STATUS_LOGON_FAILURE' });
    const old = host.connect('alice', { dialects: ['2.1'] });
    await expect(old).rejects.toMatchObject({ code: 'unsupported' });
    const late = host.connect('alice', { clock: () => NOW - 600_000 });
    await expect(late).rejects.toMatchObject({ statusName: 'STATUS_TIME_DIFFERENCE_AT_DC' });
    expect(host.events.filter(({ kind }) => kind === 'refused')).toHaveLength(3);
  });

  test('descriptors of shares and of what is in them', async () => {
    host = await startHost({}, [forAlice]);
    const bob = await host.connect('bob');
    const shut = bob.share('alice$');
    await expect(shut).rejects.toMatchObject({ statusName: 'STATUS_ACCESS_DENIED' });
    const alice = await host.connect('alice');
    const share = await alice.share('alice$');
    expect((await share.list('open')).length).toBe(1);
    await expect(share.list('shut')).rejects.toMatchObject({ statusName: 'STATUS_ACCESS_DENIED' });
    // It is there, and she may not know it: neither true nor false (Test-Path's error).
    await expect(share.exists('shut')).rejects.toMatchObject({
      statusName: 'STATUS_ACCESS_DENIED',
    });
    const { dacl } = decodeDescriptor(await share.descriptor('open'));
    expect(dacl).toMatchObject({ aces: [{ mask: 0x12_00a9 }] });
    const seen = host.events.flatMap((event) => (event.kind === 'share' ? [event] : []));
    expect(seen.map(({ user, status }) => [user, status])).toEqual([
      ['CONTOSO\\bob', NtStatus.ACCESS_DENIED],
      ['CONTOSO\\alice', 0],
    ]);
  });

  test('the ticket ends: so does the session', async () => {
    host = await startHost();
    const client = await host.connect();
    const share = await client.share('data');
    host.later(37_000_000);
    const expired = share.stat('docs');
    await expect(expired).rejects.toMatchObject({ statusName: 'STATUS_NETWORK_SESSION_EXPIRED' });
    await client.close();
  });

  test('limits: connections of an address, sessions that never come', async () => {
    host = await startHost({ limits: { maxConnectionsPerAddress: 1, authenticationTimeout: 50 } });
    const silent = await RawConnection.open(host.port);
    const second = await RawConnection.open(host.port);
    expect(await second.next()).toBeUndefined();
    expect(await silent.next()).toBeUndefined();
    const client = await host.connect();
    await client.close();
  });
});

describe('streams of strangers', () => {
  test('octets of any kind, and half of messages: closed, and nothing is left', async () => {
    host = await startHost({ limits: { authenticationTimeout: 200, messageTimeout: 200 } });
    const wild = fc.sample(fc.uint8Array({ maxLength: 400 }), 60);
    const connections = await Promise.all(
      wild.map(async (bytes, index) => {
        const raw = await RawConnection.open(host.port);
        // Every other one has a length that is right.
        if (index % 2 === 0) raw.send(bytes);
        else raw.socket.write(bytes);
        return raw;
      }),
    );
    for (const raw of connections) {
      while ((await raw.next()) !== undefined) expect(raw.closed).toBe(false);
    }
    await expect.poll(() => host.server.connections).toBe(0);
  });

  test('a message that trickles in has its time, however it trickles', async () => {
    host = await startHost({ limits: { messageTimeout: 150 } });
    const session = await RawSession.open(host.port);
    const octets = frame(session.encode({ command: Command.echo, body: encodeEmpty() }));
    let at = 0;
    const trickle = setInterval(() => {
      session.raw.socket.write(octets.subarray(at, at + 1));
      at += 1;
    }, 20);
    expect(await session.raw.next()).toBeUndefined();
    clearInterval(trickle);
    const closed = { kind: 'close', connection: 1, reason: 'half a message' };
    await expect.poll(() => host.events).toContainEqual(closed);
  });

  test('a session that falls silent', async () => {
    host = await startHost({ limits: { idleTimeout: 50 } });
    const session = await RawSession.open(host.port);
    expect(await session.raw.next()).toBeUndefined();
    const closed = { kind: 'close', connection: 1, reason: 'silence' };
    await expect.poll(() => host.events).toContainEqual(closed);
  });
});

describe('MS-SMB2 3.3.5.2: what requests must be', () => {
  const echo = { command: Command.echo, body: encodeEmpty() };

  test('3.3.5.2.4: unsigned or with another signature', async () => {
    host = await startHost();
    const session = await RawSession.open(host.port);
    expect(await session.status(echo)).toBe(0);
    for (const at of [16, 50]) {
      const message = session.encode(echo);
      message[at] = at === 16 ? 0 : (message[at] ?? 0) ^ 1;
      session.raw.send(message);
      const [answer] = await session.answers();
      expect(answer?.header.status).toBe(NtStatus.ACCESS_DENIED);
    }
  });

  test('3.3.5.2.9, 3.3.5.2.11: no session, no tree connect, no file', async () => {
    host = await startHost();
    const session = await RawSession.open(host.port);
    const lost = session.encode({ ...createRequest('docs'), sessionId: 99n });
    session.raw.send(lost);
    const [unknown] = await session.answers();
    expect(unknown?.header.status).toBe(NtStatus.USER_SESSION_DELETED);
    expect(await session.status(createRequest('docs'))).toBe(NtStatus.NETWORK_NAME_DELETED);
    await session.tree();
    const fileId = { persistent: 5n, volatile: 5n };
    const close = { command: Command.close, body: encodeCloseRequest({ flags: 0, fileId }) };
    expect(await session.status(close)).toBe(NtStatus.FILE_CLOSED);
    const wild = await session.status({ command: 77, body: NOTHING });
    expect(wild).toBe(NtStatus.INVALID_PARAMETER);
    expect(await session.status({ command: Command.create, body: NOTHING })).toBe(
      NtStatus.INVALID_PARAMETER,
    );
    const oplock = { command: Command.oplockBreak, body: new Uint8Array(24) };
    expect(await session.status(oplock)).toBe(NtStatus.INVALID_OPLOCK_PROTOCOL);
  });

  test('3.3.5.2.3: a number that was not granted, or was used, ends the connection', async () => {
    for (const messageId of [5_000n, 1n]) {
      host = await startHost();
      const session = await RawSession.open(host.port);
      session.raw.send(session.encode({ ...echo, messageId }));
      expect(await session.raw.next()).toBeUndefined();
      if (messageId !== 1n) await host.close();
    }
  });

  test('3.3.1.1: credits are granted up to a limit, and never none', async () => {
    host = await startHost({ limits: { maxCredits: 16 } });
    const session = await RawSession.open(host.port);
    let granted = 0;
    for (let index = 0; index < 5; index += 1) {
      const [answer] = await session.exchange({ ...echo, credits: 1_000 });
      granted = answer?.header.credits ?? 0;
      expect(granted).toBeGreaterThan(0);
    }
    expect(granted).toBe(1);
  });

  test('3.3.5.2.7.2: a compound: open, read, close', async () => {
    host = await startHost();
    const session = await RawSession.open(host.port);
    await session.tree();
    const related = { flags: HeaderFlag.related, sessionId: -1n & 0xffff_ffff_ffff_ffffn };
    const range = { length: 100, offset: 0n, minimum: 0, fileId: PREVIOUS };
    const read = { command: Command.read, body: encodeReadRequest(range), ...related };
    const body = encodeCloseRequest({ flags: 0, fileId: PREVIOUS });
    const close = { command: Command.close, body, ...related };
    const good = await session.exchange(createRequest('hello.txt'), read, close);
    expect(good.map(({ header }) => header.status)).toEqual([0, 0, 0]);
    expect(decodeReadResponse(good[1]?.bytes ?? NOTHING).length).toBe(6);
    // The first failure is that of all that need its file.
    const bad = await session.exchange(createRequest('none'), read, close);
    const absent = NtStatus.OBJECT_NAME_NOT_FOUND;
    expect(bad.map(({ header }) => header.status)).toEqual([absent, absent, absent]);
    session.raw.send(session.encode(read));
    const [alone] = await session.answers();
    expect(alone?.header.status).toBe(NtStatus.INVALID_PARAMETER);
  });

  test('3.3.5.2.11: in the clear to a share that demands encryption', async () => {
    host = await startHost({}, [secret]);
    const session = await RawSession.open(host.port);
    await session.tree('secret');
    expect(await session.status(createRequest('s.txt'))).toBe(NtStatus.ACCESS_DENIED);
    const { sealer } = session.keys;
    const message = session.encode(createRequest('s.txt'));
    session.raw.send(sealer?.seal(session.sessionId, message) ?? NOTHING);
    const [answer] = await session.answers();
    expect(answer?.header.status).toBe(0);
  });

  test('3.3.5.15.12: what was negotiated, asked again', async () => {
    host = await startHost();
    const session = await RawSession.open(host.port);
    await session.tree();
    const { capabilities, clientGuid: guid, securityMode, dialects } = REQUEST;
    const same = { capabilities, guid, securityMode, dialects };
    expect(await session.status(validateRequest(same))).toBe(0);
    // Somebody in between has taken 3.1.1 away: no answer, no connection.
    session.raw.send(session.encode(validateRequest({ ...same, dialects: [0x0302, 0x0311] })));
    expect(await session.raw.next()).toBeUndefined();
  });

  test('3.3.5.3, 3.3.5.5: out of order, twice, or to bind a session', async () => {
    host = await startHost();
    const early = await RawConnection.open(host.port);
    early.send(encodeMessage({ ...HEADER, command: Command.echo }, encodeEmpty()));
    expect(await early.next()).toBeUndefined();
    const session = await RawSession.open(host.port);
    session.raw.send(session.encode({ command: Command.negotiate, body: NOTHING }));
    expect(await session.raw.next()).toBeUndefined();
  });
});

const HEADER = {
  creditCharge: 1,
  status: 0,
  command: 0,
  credits: 1,
  flags: 0,
  messageId: 0n,
  treeId: 0,
  asyncId: undefined,
  sessionId: 0n,
};

describe('MS-SMB2 3.3.5.9: CREATE where nothing can be changed', () => {
  test.each([
    ['a folder as a file', 'docs', { options: 0x40 }, 'FILE_IS_A_DIRECTORY'],
    ['a file as a folder', 'hello.txt', { options: 1 }, 'NOT_A_DIRECTORY'],
    ['what is there, anew', 'hello.txt', { disposition: 2 }, 'OBJECT_NAME_COLLISION'],
    ['what is not there, anew', 'new.txt', { disposition: 2 }, 'ACCESS_DENIED'],
    ['what is not there, or anew', 'new.txt', { disposition: 3 }, 'ACCESS_DENIED'],
    ['over what is there', 'hello.txt', { disposition: 5 }, 'ACCESS_DENIED'],
    ['a disposition that is none', 'hello.txt', { disposition: 6 }, 'INVALID_PARAMETER'],
    ['to write', 'hello.txt', { desiredAccess: 2 }, 'ACCESS_DENIED'],
    ['to do everything', 'hello.txt', { desiredAccess: 0x1000_0000 }, 'ACCESS_DENIED'],
    ['to audit', 'hello.txt', { desiredAccess: 0x100_0000 }, 'PRIVILEGE_NOT_HELD'],
    ['for nothing', 'hello.txt', { desiredAccess: 0 }, 'ACCESS_DENIED'],
    ['to delete on close', 'hello.txt', { options: 0x1000 }, 'ACCESS_DENIED'],
    ['by its identifier', 'hello.txt', { options: 0x2000 }, 'NOT_SUPPORTED'],
    ['from the root', '\\hello.txt', {}, 'INVALID_PARAMETER'],
    ['out of the share', '..\\x', {}, 'OBJECT_NAME_INVALID'],
    ['with a wildcard', 'hello.*', {}, 'OBJECT_NAME_INVALID'],
    ['another stream', 'hello.txt:x', {}, 'OBJECT_NAME_INVALID'],
    ['below what is not there', 'none\\x', {}, 'OBJECT_PATH_NOT_FOUND'],
    ['below a file', 'hello.txt\\x', {}, 'OBJECT_PATH_NOT_FOUND'],
  ] as const)('%s', async (_what, name, how, status) => {
    host = await startHost();
    const session = await RawSession.open(host.port);
    await session.tree();
    expect(await session.status(createRequest(name, how))).toBe(NtStatus[status]);
  });

  test.each([
    ['as much as possible', 'hello.txt', { desiredAccess: 0x200_0000 }],
    ['what is there, or anew', 'hello.txt', { disposition: 3 }],
    ['the one stream by its name', 'hello.txt::$DATA', {}],
    ['the root', '', { options: 1 }],
  ] as const)('%s', async (_what, name, how) => {
    host = await startHost();
    const session = await RawSession.open(host.port);
    await session.tree();
    expect(await session.status(createRequest(name, how))).toBe(0);
  });
});

describe('MS-SMB2 3.3.5.10 to 3.3.5.21: what can be done with an open file', () => {
  async function opened(name: string, access = 0x12_0089) {
    const session = await RawSession.open(host.port);
    await session.tree();
    const [answer] = await session.exchange(createRequest(name, { desiredAccess: access }));
    const { fileId } = decodeCreateResponse(answer?.bytes ?? NOTHING);
    return { session, fileId };
  }

  test('READ: the end, a folder, without the right, more than was paid for', async () => {
    host = await startHost();
    const { session, fileId } = await opened('hello.txt');
    const read = (offset: bigint, length: number, minimum = 0, id = fileId) => ({
      command: Command.read,
      body: encodeReadRequest({ offset, length, minimum, fileId: id }),
    });
    expect(await session.status(read(6n, 1))).toBe(NtStatus.END_OF_FILE);
    expect(await session.status(read(0n, 100, 7))).toBe(NtStatus.END_OF_FILE);
    expect(await session.status(read(0n, 0))).toBe(0);
    expect(await session.status(read(-1n & 0xffff_ffff_ffff_ffffn, 1))).toBe(
      NtStatus.INVALID_PARAMETER,
    );
    expect(await session.status(read(0n, 65_537))).toBe(NtStatus.INVALID_PARAMETER);
    const [folder] = await session.exchange(createRequest('docs'));
    const ofFolder = decodeCreateResponse(folder?.bytes ?? NOTHING).fileId;
    expect(await session.status(read(0n, 1, 0, ofFolder))).toBe(NtStatus.INVALID_DEVICE_REQUEST);
    const [look] = await session.exchange(createRequest('hello.txt', { desiredAccess: 0x80 }));
    const toLook = decodeCreateResponse(look?.bytes ?? NOTHING).fileId;
    expect(await session.status(read(0n, 1, 0, toLook))).toBe(NtStatus.ACCESS_DENIED);
  });

  test('WRITE, SET_INFO, FLUSH and a lock for oneself are refused', async () => {
    host = await startHost();
    const { session, fileId } = await opened('hello.txt');
    const data = Uint8Array.of(1);
    const lock = (flags: number) => ({
      command: Command.lock,
      body: encodeLockRequest({ fileId, ranges: [{ offset: 0n, length: 1n, flags }] }),
    });
    const write = encodeWriteRequest({ offset: 0n, fileId, data });
    expect(await session.status({ command: Command.write, body: write })).toBe(
      NtStatus.ACCESS_DENIED,
    );
    const set = encodeSetInfoRequest({ infoType: 1, infoClass: 4, fileId, data });
    expect(await session.status({ command: Command.setInfo, body: set })).toBe(
      NtStatus.ACCESS_DENIED,
    );
    const flush = { command: Command.flush, body: encodeFlushRequest(fileId) };
    expect(await session.status(flush)).toBe(NtStatus.ACCESS_DENIED);
    expect(await session.status(lock(2))).toBe(NtStatus.LOCK_NOT_GRANTED);
    expect([await session.status(lock(1)), await session.status(lock(4))]).toEqual([0, 0]);
  });

  test('QUERY_DIRECTORY: one by one, anew, nothing, no room, no such class', async () => {
    host = await startHost();
    const { session, fileId } = await opened('docs');
    const query = (flags: number, pattern = '*', maxOutput = 1_000, infoClass = 12) => ({
      command: Command.queryDirectory,
      body: encodeQueryDirectoryRequest({ infoClass, flags, fileId, pattern, maxOutput }),
    });
    expect(await session.status(query(0, 'none'))).toBe(NtStatus.NO_SUCH_FILE);
    const sizes: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      const [answer] = await session.exchange(query(index === 0 ? 3 : 2));
      sizes.push(decodeOutput(answer?.bytes ?? NOTHING).length - 12);
    }
    // `.`, `..`, a.txt, b.md, c.txt in UTF-16.
    expect(sizes).toEqual([2, 4, 10, 8, 10]);
    expect(await session.status(query(2))).toBe(NtStatus.NO_MORE_FILES);
    expect(await session.status(query(1, '*', 13))).toBe(NtStatus.INFO_LENGTH_MISMATCH);
    expect(await session.status(query(1, '*', 1_000, 99))).toBe(NtStatus.INVALID_INFO_CLASS);
    expect(await session.status(query(1))).toBe(0);
  });

  // Sizes of MS-FSCC 2.4 and 2.5; of those with a name or a label, with that.
  test.each([
    [1, 4, 40],
    [1, 5, 24],
    [1, 6, 8],
    [1, 7, 4],
    [1, 8, 4],
    [1, 14, 8],
    [1, 16, 4],
    [1, 17, 4],
    [1, 18, 100 + 20],
    [1, 22, 24 + 14],
    [1, 28, 16],
    [1, 34, 56],
    [1, 35, 8],
    [1, 48, 4 + 18],
    [1, 59, 24],
    [2, 1, 18 + 12],
    [2, 3, 24],
    [2, 4, 8],
    [2, 5, 12 + 8],
    [2, 7, 32],
    [2, 11, 28],
  ])('QUERY_INFO: type %i, class %i has %i octets', async (infoType, infoClass, size) => {
    host = await startHost();
    const { session, fileId } = await opened('hello.txt');
    const query = { infoType, infoClass, additional: 0, fileId, input: NOTHING };
    const body = (maxOutput: number) => encodeQueryInfoRequest({ ...query, maxOutput });
    const command = Command.queryInfo;
    const [answer] = await session.exchange({ command, body: body(1_000) });
    expect(answer?.header.status).toBe(0);
    expect(decodeOutput(answer?.bytes ?? NOTHING).length).toBe(size);
    const short = await session.status({ command, body: body(size - 1) });
    expect([NtStatus.INFO_LENGTH_MISMATCH, NtStatus.BUFFER_OVERFLOW]).toContain(short);
  });

  test('QUERY_INFO: classes and kinds that are not answered', async () => {
    host = await startHost();
    const { session, fileId } = await opened('hello.txt');
    const status = async (infoType: number, infoClass: number, additional = 0, maxOutput = 100) => {
      const query = { infoType, infoClass, maxOutput, additional, fileId, input: NOTHING };
      return await session.status({
        command: Command.queryInfo,
        body: encodeQueryInfoRequest(query),
      });
    };
    expect(await status(1, 15)).toBe(NtStatus.NO_EAS_ON_FILE);
    expect(await status(1, 21)).toBe(NtStatus.OBJECT_NAME_NOT_FOUND);
    expect(await status(1, 99)).toBe(NtStatus.INVALID_INFO_CLASS);
    expect(await status(2, 8)).toBe(NtStatus.INVALID_PARAMETER);
    expect(await status(3, 0, 7, 4)).toBe(NtStatus.BUFFER_TOO_SMALL);
    expect(await status(3, 0, 8)).toBe(NtStatus.ACCESS_DENIED);
    expect(await status(3, 0, 7)).toBe(0);
    expect(await status(4, 0)).toBe(NtStatus.NOT_SUPPORTED);
    expect(await status(9, 0)).toBe(NtStatus.INVALID_PARAMETER);
  });

  test('IOCTL: referrals, unknown controls, pipes', async () => {
    host = await startHost();
    const { session, fileId } = await opened('hello.txt');
    const control = async (code: number, isFsctl = true) => {
      const request = { code, fileId, input: NOTHING, maxOutput: 100, isFsctl };
      return await session.status({ command: Command.ioctl, body: encodeIoctlRequest(request) });
    };
    expect(await control(0x0006_0194)).toBe(NtStatus.NOT_FOUND);
    expect(await control(0x0014_01fc)).toBe(NtStatus.INVALID_DEVICE_REQUEST);
    expect(await control(0x0011_c017)).toBe(NtStatus.INVALID_DEVICE_REQUEST);
    expect(await control(0x0011_c017, false)).toBe(NtStatus.NOT_SUPPORTED);
  });

  test('CHANGE_NOTIFY waits until it is cancelled, or the folder is closed', async () => {
    host = await startHost();
    const { session, fileId } = await opened('docs');
    const request = { flags: 0, maxOutput: 100, fileId, filter: 1 };
    const notify = { command: Command.changeNotify, body: encodeChangeNotifyRequest(request) };
    const [first] = await session.exchange(notify);
    expect(first?.header.status).toBe(NtStatus.PENDING);
    const asyncId = first?.header.asyncId;
    session.raw.send(
      session.encode({ command: Command.cancel, body: encodeEmpty(), asyncId, messageId: 0n }),
    );
    const [cancelled] = await session.answers();
    expect(cancelled?.header).toMatchObject({ asyncId, status: NtStatus.CANCELLED, credits: 0 });
    const [second] = await session.exchange(notify);
    const close = encodeCloseRequest({ flags: 0, fileId });
    session.raw.send(session.encode({ command: Command.close, body: close }));
    const [over] = await session.answers();
    expect(over?.header.status).toBe(NtStatus.NOTIFY_CLEANUP);
    expect(over?.header.asyncId).toBe(second?.header.asyncId);
    const [closed] = await session.answers();
    expect(closed?.header.status).toBe(0);
  });
});

describe('MS-SMB2 3.3.5.6 to 3.3.5.8: ends', () => {
  test('LOGOFF, TREE_DISCONNECT close what was open', async () => {
    host = await startHost();
    const session = await RawSession.open(host.port);
    await session.tree();
    const { treeId } = session;
    expect(await session.status(createRequest('docs'))).toBe(0);
    const empty = encodeEmpty();
    expect(await session.status({ command: Command.treeDisconnect, body: empty })).toBe(0);
    expect(await session.status({ ...createRequest('docs'), treeId })).toBe(
      NtStatus.NETWORK_NAME_DELETED,
    );
    expect(await session.status({ command: Command.logoff, body: empty })).toBe(0);
    session.raw.send(session.encode(createRequest('docs')));
    const [gone] = await session.answers();
    expect(gone?.header.status).toBe(NtStatus.USER_SESSION_DELETED);
  });

  test('3.3.5.5.3: who comes back ends the session it had, and nobody else', async () => {
    host = await startHost();
    const old = await RawSession.open(host.port);
    const { sessionId: previousSessionId } = old;
    const echo = { command: Command.echo, body: encodeEmpty() };
    await RawSession.open(host.port, { user: 'bob', previousSessionId });
    expect(await old.status(echo)).toBe(0);
    await RawSession.open(host.port, { previousSessionId });
    old.raw.send(old.encode(echo));
    const [gone] = await old.answers();
    expect(gone?.header.status).toBe(NtStatus.USER_SESSION_DELETED);
  });

  test('a session that ends while a file is read: the answer still comes, signed', async () => {
    const reading = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const inside = memoryTree({ 'slow.txt': 'slow' }, { time: NOW });
    const tree: ShareTree = {
      volume: inside.volume,
      stat: (path) => inside.stat(path),
      list: (path) => inside.list(path),
      read: async (path, offset, length) => {
        reading.resolve();
        await goOn.promise;
        return await inside.read(path, offset, length);
      },
    };
    host = await startHost({}, [{ name: 'slow', tree }]);
    const old = await RawSession.open(host.port);
    await old.tree('slow');
    const range = { length: 9, offset: 0n, minimum: 0, fileId: PREVIOUS };
    const read = { command: Command.read, body: encodeReadRequest(range), flags: 4 };
    const answers = old.exchange(createRequest('slow.txt'), read);
    await reading.promise;
    await RawSession.open(host.port, { previousSessionId: old.sessionId });
    goOn.resolve();
    expect((await answers).map(({ header }) => header.status)).toEqual([0, 0]);
  });

  test('LOGOFF that came encrypted is answered so, though the keys are gone', async () => {
    host = await startHost();
    const session = await RawSession.open(host.port);
    const message = session.encode({ command: Command.logoff, body: encodeEmpty() });
    session.raw.send(session.keys.sealer?.seal(session.sessionId, message) ?? NOTHING);
    const bytes = (await session.raw.next()) ?? NOTHING;
    expect(frameKind(bytes)).toBe('transform');
    const [answer] = splitMessages(session.keys.opener?.open(bytes) ?? NOTHING);
    expect(answer?.header).toMatchObject({ command: Command.logoff, status: 0 });
  });

  test('TREE_CONNECT: names that are none, too many', async () => {
    host = await startHost({ limits: { maxTrees: 1, maxOpens: 1 } });
    const session = await RawSession.open(host.port);
    const connect = async (path: string) =>
      await session.status({
        command: Command.treeConnect,
        body: encodeTreeConnectRequest({ path }),
      });
    expect(await connect('data')).toBe(NtStatus.BAD_NETWORK_NAME);
    expect(await connect('\\\\serverc\\none')).toBe(NtStatus.BAD_NETWORK_NAME);
    await session.tree();
    expect(await connect('\\\\serverc\\data')).toBe(NtStatus.INSUFFICIENT_RESOURCES);
    expect(await session.status(createRequest('docs'))).toBe(0);
    expect(await session.status(createRequest('docs'))).toBe(NtStatus.TOO_MANY_OPENED_FILES);
  });
});
