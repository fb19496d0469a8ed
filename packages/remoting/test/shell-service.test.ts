import { RemotingError } from '@doublehop/remoting/errors';
import { FaultCode, receiverFault } from '@doublehop/remoting/wsman/faults';
import {
  Action,
  configurationUri,
  OUTPUT_OPTION,
  SHELL_RESOURCE,
  SignalCode,
} from '@doublehop/remoting/wsman/names';
import type { Timer } from '@doublehop/remoting/wsman/output-queue';
import { readRequest, type RequestParts, writeRequest } from '@doublehop/remoting/wsman/request';
import { readResponse, writeResponse } from '@doublehop/remoting/wsman/response';
import type { ShellBackend, ShellOwner, ShellSink } from '@doublehop/remoting/wsman/shell-backend';
import * as requests from '@doublehop/remoting/wsman/shell-requests';
import * as responses from '@doublehop/remoting/wsman/shell-responses';
import { ShellService, type ShellServiceOptions } from '@doublehop/remoting/wsman/shell-service';
import { element, type Markup } from '@doublehop/remoting/xml/write';
import { OUTPUT_WITH_COMMAND_WAIT } from '@doublehop/remoting/limits';
import { fromUtf8, toBase64, utf8 } from '@doublehop/wire/bytes';
import { describe, expect, test } from 'vitest';

const ALICE: ShellOwner = { name: 'CONTOSO\\alice', sid: 'S-1-5-21-1-2-3-1104' };
const BOB: ShellOwner = { name: 'CONTOSO\\bob', sid: 'S-1-5-21-1-2-3-1105' };
const SHELL = '7B0E0C0A-0000-4000-8000-00000000000A';
const COMMAND = '7B0E0C0A-0000-4000-8000-00000000000C';
const VERSION = { name: 'protocolversion', value: '2.3', mustComply: true };

/** A clock that stands until it is moved; what was put off happens then. */
function testClock(): { clock: () => number; timer: Timer; pass(milliseconds: number): void } {
  let now = 0;
  const due = new Set<{ at: number; act: () => void }>();
  return {
    clock: () => now,
    timer: (milliseconds, act) => {
      const entry = { at: now + milliseconds, act };
      due.add(entry);
      return () => due.delete(entry);
    },
    pass: (milliseconds) => {
      now += milliseconds;
      for (const entry of [...due].filter(({ at }) => at <= now)) {
        due.delete(entry);
        entry.act();
      }
    },
  };
}

/** A backend that writes down what it is asked. */
class Notebook implements ShellBackend {
  readonly told: string[] = [];
  readonly sink: ShellSink;

  constructor(sink: ShellSink) {
    this.sink = sink;
  }

  command(commandId: string, data: Uint8Array): void {
    if (fromUtf8(data) === 'refuse') throw receiverFault(FaultCode.ACCESS_DENIED, 'w:X', 'no');
    this.told.push(`command ${commandId.at(-1)} ${fromUtf8(data)}`);
  }

  send(stream: string, commandId: string | undefined, data: Uint8Array): void {
    this.told.push(`send ${stream} ${commandId?.at(-1)} ${fromUtf8(data)}`);
  }

  stop(commandId: string): void {
    this.told.push(`stop ${commandId.at(-1)}`);
    this.sink.finished(commandId);
  }

  connect(data: Uint8Array): Uint8Array {
    return data.toReversed();
  }

  close(): void {
    this.told.push('close');
  }
}

function setUp(more: Partial<ShellServiceOptions<ShellOwner>> = {}) {
  const time = testClock();
  const backends: Notebook[] = [];
  let id = 0;
  const service = new ShellService<ShellOwner>({
    ...time,
    newId: () => `7B0E0C0A-0000-4000-8000-${String((id += 1)).padStart(12, '0')}`,
    open: async (_, sink) => {
      const backend = new Notebook(sink);
      backends.push(backend);
      return backend;
    },
    ...more,
  });
  const ask = async (
    action: string,
    body: Markup | undefined,
    parts: Partial<RequestParts> & { caller?: ShellOwner } = {},
  ) => {
    const { caller = ALICE, ...rest } = parts;
    const text = writeRequest({
      action,
      messageId: 'uuid:1',
      resourceUri: configurationUri('Microsoft.PowerShell'),
      to: 'http://b/wsman',
      ...(action === Action.CREATE ? { options: [VERSION] } : { selectors: { ShellId: SHELL } }),
      ...(body !== undefined && { body }),
      ...rest,
    });
    const answer = await service.perform(readRequest(text), { caller, address: '10.0.0.1' });
    return readResponse(
      writeResponse(action, { messageId: 'uuid:2', relatesTo: 'uuid:1' }, answer),
      'uuid:1',
    );
  };
  const create = (shellId: string | undefined = SHELL, parts: Parameters<typeof ask>[2] = {}) =>
    ask(
      Action.CREATE,
      requests.createBody({
        shellId,
        inputStreams: 'stdin pr',
        outputStreams: 'stdout',
        creation: utf8('hi'),
      }),
      parts,
    );
  const command = (args = 'run') =>
    ask(
      Action.COMMAND,
      requests.commandBody({
        commandId: COMMAND,
        command: '',
        args: [Buffer.from(args).toString('base64')],
      }),
    );
  const receive = async (commandId?: string, parts: Parameters<typeof ask>[2] = {}) =>
    responses.readReceived(
      await ask(
        Action.RECEIVE,
        requests.receiveBody({ streams: 'stdout', ...(commandId !== undefined && { commandId }) }),
        parts,
      ),
    );
  return { service, time, backends, ask, create, command, receive };
}

async function faultOf(promise: Promise<unknown>): Promise<number | undefined> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RemotingError) return error.detail.fault?.code;
  throw new Error(`no fault: ${String(error)}`);
}

describe('a shell (MS-WSMV 3.1.4)', () => {
  test('is created, runs a command, takes input, gives output, is deleted', async () => {
    const { service, backends, ask, create, command, receive } = setUp();
    expect(responses.readCreated(await create())).toBe(SHELL);
    const [backend] = backends;
    expect(responses.readStarted(await command())).toBe(COMMAND);
    const input = { stream: 'stdin', commandId: COMMAND, data: utf8('more'), isEnd: false };
    await ask(Action.SEND, requests.sendBody(input));
    await ask(Action.SEND, requests.sendBody({ stream: 'pr', data: utf8('pool'), isEnd: false }));
    void backend?.sink.output(COMMAND, utf8('one'));
    void backend?.sink.output(COMMAND, utf8('two'));
    expect(await receive(COMMAND)).toMatchObject({
      streams: [{ data: Buffer.from('one') }, { data: Buffer.from('two') }],
      state: 'Running',
    });
    backend?.sink.finished(COMMAND);
    expect(await receive(COMMAND)).toEqual({ streams: [], state: 'Done', exitCode: 0 });
    await ask(
      Action.SIGNAL,
      requests.signalBody({ commandId: COMMAND, code: SignalCode.TERMINATE }),
    );
    expect(await faultOf(receive(COMMAND))).toBe(FaultCode.COMMAND_NOT_FOUND);
    await ask(Action.DELETE, undefined);
    expect(backend?.told).toEqual([
      'command C run',
      'send stdin C more',
      'send pr undefined pool',
      'close',
    ]);
    expect([service.size, await faultOf(receive())]).toEqual([0, FaultCode.SHELL_NOT_FOUND]);
  });

  test('Receive waits for output, and not for ever', async () => {
    const { time, backends, create, receive } = setUp();
    await create();
    const waiting = receive();
    void backends[0]?.sink.output(undefined, utf8('late'));
    expect((await waiting).streams).toMatchObject([{ name: 'stdout', data: Buffer.from('late') }]);
    const forever = receive();
    await Promise.resolve();
    time.pass(60_001);
    expect(await faultOf(forever)).toBe(FaultCode.TIMED_OUT);
  });

  test('output goes in pieces that fit the envelope, and a writer far ahead waits', async () => {
    const { backends, create, command, receive } = setUp();
    await create();
    await command();
    const [backend] = backends;
    const waits: (Promise<void> | undefined)[] = [];
    for (let i = 0; i < 50; i += 1)
      waits.push(backend?.sink.output(COMMAND, new Uint8Array(32_000)));
    expect(waits.filter((wait) => wait !== undefined)).not.toHaveLength(0);
    backend?.sink.finished(COMMAND);
    let received = 0;
    for (;;) {
      const { streams, state } = await receive(COMMAND, { maxEnvelopeSize: 153_600 });
      expect(streams.length).toBeLessThanOrEqual(3);
      received += streams.length;
      if (state === 'Done') break;
    }
    await Promise.all(waits.map(async (wait) => wait));
    expect(received).toBe(50);
  });

  test('a stop is told to the backend once', async () => {
    const { backends, ask, create, command } = setUp();
    await create();
    await command();
    for (const code of [SignalCode.POWERSHELL_STOP, SignalCode.TERMINATE]) {
      await ask(Action.SIGNAL, requests.signalBody({ commandId: COMMAND, code }));
    }
    expect(backends[0]?.told).toEqual(['command C run', 'stop C']);
  });

  test('is left and taken up again, with what was said meanwhile', async () => {
    const { backends, ask, create, command, receive } = setUp();
    await create();
    await command();
    const waiting = faultOf(receive(COMMAND));
    await Promise.resolve();
    await ask(
      Action.DISCONNECT,
      requests.disconnectBody({ idleTimeout: 1000, bufferMode: 'Block' }),
    );
    expect(await waiting).toBe(995);
    void backends[0]?.sink.output(COMMAND, utf8('meanwhile'));
    const [shell] = responses.readShells(
      await ask(Action.ENUMERATE, element('n:Enumerate'), { resourceUri: SHELL_RESOURCE }),
    );
    expect(shell).toMatchObject({
      shellId: SHELL,
      state: 'Disconnected',
      owner: ALICE.name,
      idleTimeout: 1000,
    });
    const connected = await ask(Action.CONNECT, requests.connectBody({ connection: utf8('abc') }));
    expect(fromUtf8(responses.readConnected(connected))).toBe('cba');
    await ask(Action.CONNECT, requests.connectBody({ commandId: COMMAND }));
    expect(await receive(COMMAND)).toMatchObject({ streams: [{ data: Buffer.from('meanwhile') }] });
    await ask(Action.DISCONNECT, requests.disconnectBody({ bufferMode: 'Block' }));
    await ask(Action.RECONNECT, requests.reconnectBody());
  });

  test('is closed when nobody uses it', async () => {
    const { service, time, backends, create } = setUp({ limits: { idleTimeout: 10_000 } });
    await create();
    time.pass(9999);
    await service.sweep();
    expect(service.size).toBe(1);
    time.pass(2);
    await service.sweep();
    expect([service.size, backends[0]?.told]).toEqual([0, ['close']]);
  });

  test('is not kept for longer than the service allows by who leaves it', async () => {
    const { service, time, ask, create } = setUp({ limits: { idleTimeout: 10_000 } });
    await create();
    const years = requests.disconnectBody({ idleTimeout: 2_147_483_647, bufferMode: 'Block' });
    await ask(Action.DISCONNECT, years);
    time.pass(10_001);
    await service.sweep();
    expect(service.size).toBe(0);
  });

  test('that is closed while it opens never was: its user is logged off', async () => {
    const opening = Promise.withResolvers<void>();
    const backends: Notebook[] = [];
    const { service, create } = setUp({
      open: async (_, sink) => {
        await opening.promise;
        const backend = new Notebook(sink);
        backends.push(backend);
        return backend;
      },
    });
    const created = faultOf(create());
    await service.close();
    opening.resolve();
    expect(await created).toBe(995);
    expect([service.size, backends[0]?.told]).toEqual([0, ['close']]);
  });

  test('that does not close well keeps no other open', async () => {
    const closed: string[] = [];
    const { service, time, create } = setUp({
      limits: { idleTimeout: 10_000 },
      open: async ({ shellId }, sink) =>
        Object.assign(new Notebook(sink), {
          close: () => {
            closed.push(shellId);
            if (shellId === SHELL) throw new Error('it does not end');
          },
        }),
    });
    await create();
    await create(SHELL.replace(/A$/u, 'B'));
    time.pass(10_001);
    await expect(service.sweep()).rejects.toThrow('it does not end');
    expect([service.size, closed.length]).toEqual([0, 2]);
  });

  test('that ends by itself is gone', async () => {
    const { service, backends, create, receive } = setUp();
    await create();
    const waiting = faultOf(receive());
    await Promise.resolve();
    backends[0]?.sink.closed();
    expect(await waiting).toBe(995);
    expect(service.size).toBe(0);
  });
});

describe('who may do what', () => {
  test("another user's shell is as if it were not there", async () => {
    const { ask, backends, create, command, receive } = setUp();
    await create();
    await command();
    const operations: [string, Markup | undefined][] = [
      [Action.RECEIVE, requests.receiveBody({ streams: 'stdout' })],
      [Action.COMMAND, requests.commandBody({ command: '', args: [] })],
      [Action.SEND, requests.sendBody({ stream: 'stdin', data: utf8('x'), isEnd: false })],
      [Action.SIGNAL, requests.signalBody({ commandId: COMMAND, code: SignalCode.TERMINATE })],
      [Action.CONNECT, requests.connectBody({ connection: utf8('x') })],
      [Action.DISCONNECT, requests.disconnectBody({ bufferMode: 'Drop' })],
      [Action.RECONNECT, requests.reconnectBody()],
      [Action.GET, undefined],
      [Action.DELETE, undefined],
    ];
    for (const [action, body] of operations) {
      expect(await faultOf(ask(action, body, { caller: BOB }))).toBe(FaultCode.SHELL_NOT_FOUND);
    }
    const all = { resourceUri: SHELL_RESOURCE, caller: BOB };
    expect(responses.readShells(await ask(Action.ENUMERATE, element('n:Enumerate'), all))).toEqual(
      [],
    );
    expect(backends[0]?.told).toEqual(['command C run']);
    void backends[0]?.sink.output(undefined, utf8('still'));
    expect((await receive()).streams).toHaveLength(1);
  });

  test('a ShellId that is taken is refused, also to another user', async () => {
    const { create } = setUp();
    await create();
    expect(await faultOf(create(SHELL.toLowerCase(), { caller: BOB }))).toBe(
      FaultCode.ACCESS_DENIED,
    );
  });

  test('quotas hold for those who come at once', async () => {
    const { create } = setUp({ limits: { maxShellsPerUser: 2 } });
    const results = await Promise.allSettled(
      ['1', '2', '3'].map((last) => create(`${SHELL.slice(0, -1)}${last}`)),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(create(SHELL, { caller: BOB })).resolves.toBeDefined();
  });

  test('a refused opening leaves nothing behind', async () => {
    const { service, create } = setUp({
      open: async () => {
        throw receiverFault(FaultCode.RUN_AS_LOGON_FAILED, 'w:InternalError', 'no logon');
      },
    });
    expect(await faultOf(create())).toBe(FaultCode.RUN_AS_LOGON_FAILED);
    expect(service.size).toBe(0);
  });

  test('a refused command leaves nothing behind', async () => {
    const { create, command } = setUp();
    await create();
    expect(await faultOf(command('refuse'))).toBe(FaultCode.ACCESS_DENIED);
    await expect(command()).resolves.toBeDefined();
    expect(await faultOf(command())).toBe(FaultCode.SCHEMA);
  });
});

describe('output with the answer to a command (an extension)', () => {
  const options = [{ name: OUTPUT_OPTION.toUpperCase(), value: 'TRUE', mustComply: false }];
  const body = (): Markup =>
    requests.commandBody({ commandId: COMMAND, command: '', args: [toBase64(utf8('run'))] });

  test('what is told to its end is forgotten', async () => {
    const { backends, create, ask, receive } = setUp();
    await create();
    const answer = ask(Action.COMMAND, body(), { options });
    await Promise.resolve();
    void backends[0]?.sink.output(COMMAND, utf8('one'));
    backends[0]?.sink.finished(COMMAND);
    expect(responses.readStarted(await answer)).toBe(COMMAND);
    expect(responses.readTold(await answer)).toMatchObject({
      streams: [{ data: Buffer.from('one') }],
      state: 'Done',
    });
    expect(await faultOf(receive(COMMAND))).toBe(FaultCode.COMMAND_NOT_FOUND);
  });

  test('what goes on is answered soon, and goes on', async () => {
    const { time, backends, create, ask, receive } = setUp();
    await create();
    const answer = ask(Action.COMMAND, body(), { options });
    await Promise.resolve();
    time.pass(OUTPUT_WITH_COMMAND_WAIT);
    expect(responses.readTold(await answer)).toBeUndefined();
    void backends[0]?.sink.output(COMMAND, utf8('late'));
    backends[0]?.sink.finished(COMMAND);
    expect(await receive(COMMAND)).toMatchObject({ streams: [{}], state: 'Done' });
  });

  test('what does not fit comes by Receive, and closing a shell ends the wait', async () => {
    const { backends, create, ask, receive } = setUp();
    await create();
    const answer = ask(Action.COMMAND, body(), { options, maxEnvelopeSize: 8192 });
    await Promise.resolve();
    void backends[0]?.sink.output(COMMAND, new Uint8Array(4000));
    void backends[0]?.sink.output(COMMAND, new Uint8Array(4000));
    expect(responses.readTold(await answer)).toMatchObject({ streams: [{}], state: 'Running' });
    expect((await receive(COMMAND)).streams).toHaveLength(1);
    const second = requests.commandBody({ commandId: SHELL, command: '', args: [] });
    const waiting = ask(Action.COMMAND, second, { options });
    await ask(Action.DELETE, undefined);
    expect(responses.readTold(await waiting)).toBeUndefined();
  });

  test('commands told to their end make room for others, without a signal', async () => {
    const { backends, create, command, receive, ask } = setUp({
      limits: { maxCommandsPerShell: 1 },
    });
    await create();
    await command();
    const another = requests.commandBody({ commandId: SHELL, command: '', args: [] });
    expect(await faultOf(ask(Action.COMMAND, another))).toBe(FaultCode.OPERATION_QUOTA);
    backends[0]?.sink.finished(COMMAND);
    expect(await faultOf(ask(Action.COMMAND, another))).toBe(FaultCode.OPERATION_QUOTA);
    expect((await receive(COMMAND)).state).toBe('Done');
    await expect(ask(Action.COMMAND, another)).resolves.toBeDefined();
  });
});

describe('what is refused', () => {
  const cases: [string, number, (set: ReturnType<typeof setUp>) => Promise<unknown>][] = [
    [
      'no protocol version',
      FaultCode.PROTOCOL_OPTION_MISSING,
      ({ create }) => create(SHELL, { options: [] }),
    ],
    [
      'an option nobody knows',
      FaultCode.OPTION_NOT_UNDERSTOOD,
      ({ create }) =>
        create(SHELL, { options: [VERSION, { name: 'x', value: '', mustComply: true }] }),
    ],
    ['a ShellId that is no GUID', FaultCode.SCHEMA, ({ create }) => create('mine')],
    [
      'another resource',
      FaultCode.INVALID_RESOURCE_URI,
      ({ create }) =>
        create(SHELL, {
          resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/other',
        }),
    ],
    [
      'an unknown action',
      FaultCode.ACTION_NOT_SUPPORTED,
      async ({ create, ask }) => {
        await create();
        return ask(Action.PUT, undefined);
      },
    ],
    [
      'Connect without data',
      FaultCode.CONNECT_DATA_MISSING,
      async ({ create, ask }) => {
        await create();
        return ask(Action.CONNECT, requests.connectBody({}));
      },
    ],
    [
      'a signal nobody knows',
      FaultCode.SCHEMA,
      async ({ create, command, ask }) => {
        await create();
        await command();
        return ask(Action.SIGNAL, requests.signalBody({ commandId: COMMAND, code: 'x' }));
      },
    ],
    [
      'a stream nobody knows',
      FaultCode.SCHEMA,
      async ({ create, ask }) => {
        await create();
        return ask(
          Action.SEND,
          requests.sendBody({ stream: 'stderr', data: utf8('x'), isEnd: false }),
        );
      },
    ],
  ];
  test.each(cases)('%s', async (_, code, act) => {
    expect(await faultOf(act(setUp()))).toBe(code);
  });
});
