import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { concat, fromHex, toHex } from '@doublehop/wire/bytes';
import { encodeDer } from '@doublehop/wire/der';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { krb5Config } from '../src/config/krb5-conf.ts';
import { parseProfile } from '../src/config/profile.ts';
import type { ServerSpec } from '../src/config/values.ts';
import { KerberosError } from '../src/errors.ts';
import { ErrorCode } from '../src/iana/error-codes.ts';
import { MAX_MESSAGE } from '../src/limits.ts';
import { noResolver } from '../src/locate/resolver.ts';
import { KrbError } from '../src/messages/krb-error.ts';
import type { ChannelEvents, Endpoint, OpenChannel } from '../src/transport/channel.ts';
import { configuredExchange } from '../src/transport/configured.ts';
import { createKdcExchange, errorCodeOf } from '../src/transport/exchange.ts';
import { FrameReader, frameMessage } from '../src/transport/framing.ts';
import type { Timing } from '../src/transport/race.ts';

const REQUEST = Uint8Array.of(0x6a, 1, 2);
const ANSWER = Uint8Array.of(0x6b, 3, 4);

function krbError(errorCode: number): Uint8Array {
  return encodeDer(KrbError, {
    pvno: 5,
    msgType: 30,
    stime: 0,
    susec: 0,
    errorCode,
    realm: 'R',
    sname: { nameType: 2, nameString: ['krbtgt', 'R'] },
  });
}
const TOO_BIG = krbError(ErrorCode.KRB_ERR_RESPONSE_TOO_BIG);
const UNAVAILABLE = krbError(ErrorCode.KDC_ERR_SVC_UNAVAILABLE);

describe('RFC 4120 §7.2.2, messages on TCP', () => {
  test('the length goes first, four octets, big-endian', () => {
    expect(toHex(frameMessage(Uint8Array.of(1, 2, 3)))).toBe('00000003010203');
  });

  test('a stream cut anywhere gives the same messages', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(messages, fc.integer({ min: 1, max: 50 }), (list, step) => {
        const stream = concat(...list.map(frameMessage));
        const reader = new FrameReader();
        const read: Uint8Array[] = [];
        for (let at = 0; at < stream.length; at += step) {
          read.push(...reader.push(stream.subarray(at, at + step)));
        }
        expect(read).toEqual(list);
        expect(reader.partial).toBe(false);
      }),
    );
  });

  test('an unfinished message is known', () => {
    const reader = new FrameReader();
    expect(reader.push(fromHex('000000'))).toEqual([]);
    expect(reader.partial).toBe(true);
    expect(reader.push(fromHex('02'))).toEqual([]);
    expect(reader.partial).toBe(true);
    expect(reader.push(fromHex('abcd'))).toEqual([fromHex('abcd')]);
    expect(reader.partial).toBe(false);
  });

  test('a length above the limit or with the reserved bit is refused at once', () => {
    const push = (header: string) => () => new FrameReader(16).push(fromHex(header));
    expect(push('00000011')).toThrow(KerberosError);
    expect(push('80000001')).toThrow(expect.objectContaining({ code: 'limit' }));
    expect(push('00000010')).not.toThrow();
  });
});

test('the error code of a KRB-ERROR, and of nothing else', () => {
  expect(errorCodeOf(TOO_BIG)).toBe(52);
  expect(errorCodeOf(ANSWER)).toBeUndefined();
  expect(errorCodeOf(TOO_BIG.subarray(0, 20))).toBeUndefined();
  expect(errorCodeOf(new Uint8Array(0))).toBeUndefined();
});

/** A step of a scripted server: what it does when a request arrives. */
type Step = (events: ChannelEvents) => void;
const answer =
  (...replies: Uint8Array[]): Step =>
  (events) => {
    for (const reply of replies) events.onReply(reply);
  };
const fail: Step = (events) => events.onFailure('ECONNREFUSED');
const silence: Step = () => undefined;

/** Channels to servers that follow a script; `log` tells what was sent where. */
function scripted(script: Readonly<Record<string, Step>>) {
  const log: string[] = [];
  let opened = 0;
  let closed = 0;
  const open: OpenChannel = ({ address, port, transport }, events) => {
    opened += 1;
    const name = `${address}:${port}/${transport}`;
    return {
      send: () => {
        log.push(name);
        setImmediate(() => script[name]?.(events));
      },
      close: () => {
        closed += 1;
      },
    };
  };
  return { log, open, leaks: () => opened - closed };
}

const QUICK: Timing = {
  serverWait: 15,
  passWait: 20,
  passes: 3,
  tcpReplyWait: 150,
  exchangeWait: 2000,
};

interface Setup {
  readonly open?: OpenChannel;
  readonly timing?: Partial<Timing>;
  readonly udpPreferenceLimit?: number;
  readonly addresses?: (host: string) => Promise<readonly string[]>;
}

function exchangeWith(servers: readonly ServerSpec[], setup: Setup) {
  const { addresses = async () => [], timing, ...rest } = setup;
  return createKdcExchange({
    locator: { locate: async () => servers },
    resolver: { addresses },
    timing: { ...QUICK, ...timing },
    ...rest,
  });
}

const A: ServerSpec = { host: '10.0.0.1', port: 88 };
const B: ServerSpec = { host: '10.0.0.2', port: 88 };

describe('the order of attempts (MIT sendto_kdc.c)', () => {
  test('UDP to each server, a second apart, then TCP, then UDP again', async () => {
    const { log, open, leaks } = scripted({
      '10.0.0.1:88/udp': silence,
      '10.0.0.2:88/udp': silence,
      '10.0.0.1:88/tcp': fail,
      '10.0.0.2:88/tcp': fail,
    });
    const exchange = exchangeWith([A, B], { open });
    await expect(exchange('R', REQUEST)).rejects.toMatchObject({ code: 'kdc-unreachable' });
    const udp = ['10.0.0.1:88/udp', '10.0.0.2:88/udp'];
    expect(log).toEqual([...udp, '10.0.0.1:88/tcp', '10.0.0.2:88/tcp', ...udp, ...udp]);
    expect(leaks()).toBe(0);
  });

  test('TCP first above udp_preference_limit, UDP never above 32700', async () => {
    const dead = scripted({});
    const open: OpenChannel = (endpoint, events) => {
      setImmediate(fail, events);
      return dead.open(endpoint, events);
    };
    const exchange = exchangeWith([A], { open, udpPreferenceLimit: 2 });
    await expect(exchange('R', REQUEST)).rejects.toThrow();
    expect(dead.log).toEqual(['10.0.0.1:88/tcp', '10.0.0.1:88/udp']);
    dead.log.length = 0;
    await expect(exchange('R', new Uint8Array(32_701))).rejects.toThrow();
    expect(dead.log).toEqual(['10.0.0.1:88/tcp']);
    await expect(exchange('R', new Uint8Array(MAX_MESSAGE + 1))).rejects.toMatchObject({
      code: 'limit',
    });
  });

  test('a transport that the configuration prescribes is kept', async () => {
    const { log, open } = scripted({ '10.0.0.1:88/tcp': fail, '10.0.0.2:88/udp': fail });
    const servers: ServerSpec[] = [
      { ...A, transport: 'tcp' },
      { ...B, transport: 'udp' },
    ];
    await expect(exchangeWith(servers, { open })('R', REQUEST)).rejects.toThrow();
    expect(log).toEqual(['10.0.0.1:88/tcp', '10.0.0.2:88/udp']);
  });

  test('a server that fails at once gives way at once', async () => {
    const { log, open } = scripted({ '10.0.0.1:88/udp': fail, '10.0.0.2:88/udp': answer(ANSWER) });
    const exchange = exchangeWith([A, B], { open, timing: { serverWait: 60_000 } });
    expect(await exchange('R', REQUEST)).toEqual(ANSWER);
    expect(log).toEqual(['10.0.0.1:88/udp', '10.0.0.2:88/udp']);
  });

  test('a slow server still wins after the next was asked; duplicates do not matter', async () => {
    const late: Step = (events) => setTimeout(() => answer(ANSWER, ANSWER)(events), 40);
    const { log, open, leaks } = scripted({ '10.0.0.1:88/udp': late });
    const exchange = exchangeWith([A, B], { open, timing: { passWait: 1000 } });
    expect(await exchange('R', REQUEST)).toEqual(ANSWER);
    expect(log.slice(0, 2)).toEqual(['10.0.0.1:88/udp', '10.0.0.2:88/udp']);
    expect(leaks()).toBe(0);
  });

  test('an unavailable server is passed over, but its reply is better than none', async () => {
    const script = { '10.0.0.1:88/udp': answer(UNAVAILABLE), '10.0.0.1:88/tcp': fail };
    const other = scripted({ ...script, '10.0.0.2:88/udp': answer(ANSWER) });
    expect(await exchangeWith([A, B], { open: other.open })('R', REQUEST)).toEqual(ANSWER);
    const alone = scripted(script);
    expect(await exchangeWith([A], { open: alone.open })('R', REQUEST)).toEqual(UNAVAILABLE);
  });

  test('noise is no answer', async () => {
    const noise = answer(new Uint8Array(0), Uint8Array.of(0x30, 0), ANSWER);
    const { open } = scripted({ '10.0.0.1:88/udp': noise });
    expect(await exchangeWith([A], { open })('R', REQUEST)).toEqual(ANSWER);
    const tcp = scripted({ '10.0.0.1:88/tcp': noise });
    const exchange = exchangeWith([{ ...A, transport: 'tcp' }], { open: tcp.open });
    await expect(exchange('R', REQUEST)).rejects.toThrow(/no Kerberos answer/);
  });

  test('other services judge their replies themselves', async () => {
    const reply = Uint8Array.of(0, 6);
    const { open } = scripted({ '10.0.0.1:88/udp': answer(reply) });
    const judge = () => 'answer' as const;
    expect(await exchangeWith([A], { open })('R', REQUEST, { judge })).toEqual(reply);
  });
});

describe('KRB_ERR_RESPONSE_TOO_BIG (RFC 4120 §7.2.1)', () => {
  test('the same request goes by TCP, to the server that said so first', async () => {
    const { log, open } = scripted({
      '10.0.0.1:88/udp': fail,
      '10.0.0.2:88/udp': answer(TOO_BIG),
      '10.0.0.2:88/tcp': answer(ANSWER),
    });
    expect(await exchangeWith([A, B], { open })('R', REQUEST)).toEqual(ANSWER);
    expect(log).toEqual(['10.0.0.1:88/udp', '10.0.0.2:88/udp', '10.0.0.2:88/tcp']);
  });

  test('where TCP does not work the error names both ways', async () => {
    const { open } = scripted({ '10.0.0.1:88/udp': answer(TOO_BIG), '10.0.0.1:88/tcp': fail });
    await expect(exchangeWith([A], { open })('R', REQUEST)).rejects.toThrow(
      /10\.0\.0\.1:88\/udp \(no answer\), 10\.0\.0\.1:88\/tcp \(ECONNREFUSED\)/,
    );
  });

  test('over TCP it is an answer like any other', async () => {
    const { open } = scripted({ '10.0.0.1:88/tcp': answer(TOO_BIG) });
    expect(await exchangeWith([A], { open })('R', REQUEST, { tcpOnly: true })).toEqual(TOO_BIG);
  });
});

describe('limits of an exchange', () => {
  test('udp_preference_limit, request_timeout and kdc come from krb5.conf', async () => {
    const { log, open } = scripted({});
    const text = `[libdefaults]
      udp_preference_limit = 0
      request_timeout = 1s
    [realms]
      R = {
        kdc = [fd00::1]:8088
      }`;
    const exchange = configuredExchange(krb5Config(parseProfile(text)), {
      resolver: noResolver,
      random: (size) => new Uint8Array(size),
      clock: () => 0,
      open,
    });
    await expect(exchange('R', REQUEST)).rejects.toThrow(/\[fd00::1\]:8088\/tcp \(no answer\)/);
    expect(log[0]).toBe('fd00::1:8088/tcp');
    await expect(exchange('S', REQUEST)).rejects.toMatchObject({ code: 'no-kdc' });
  });

  test('an established connection is waited for, but not for ever', async () => {
    const connected: Step = (events) => events.onConnect();
    const { log, open } = scripted({
      '10.0.0.1:88/tcp': connected,
      '10.0.0.2:88/tcp': answer(ANSWER),
    });
    const exchange = exchangeWith([A, B], { open });
    expect(await exchange('R', REQUEST, { tcpOnly: true })).toEqual(ANSWER);
    expect(log).toEqual(['10.0.0.1:88/tcp', '10.0.0.2:88/tcp']);
  });

  test('all together end at the deadline, also while a name is resolved', async () => {
    const { open } = scripted({});
    const timing = { exchangeWait: 60, serverWait: 60_000 };
    await expect(exchangeWith([A], { open, timing })('R', REQUEST)).rejects.toThrow(/no answer/);
    const addresses = () => new Promise<readonly string[]>(() => undefined);
    const named = exchangeWith([{ host: 'dc', port: 88 }], { open, timing, addresses });
    await expect(named('R', REQUEST)).rejects.toMatchObject({ code: 'kdc-unreachable' });
  });

  test('the signal ends it with its reason', async () => {
    const { open, leaks } = scripted({});
    const controller = new AbortController();
    const reason = new Error('enough');
    const exchange = exchangeWith([A], { open, timing: { serverWait: 60_000 } });
    const running = exchange('R', REQUEST, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(running).rejects.toBe(reason);
    expect(leaks()).toBe(0);
    await expect(exchange('R', REQUEST, { signal: controller.signal })).rejects.toBe(reason);
  });

  test('names are resolved to all their addresses, those without one are named', async () => {
    const { log, open } = scripted({ '10.0.0.1:88/udp': fail, '::1:88/udp': answer(ANSWER) });
    const addresses = async (host: string) => {
      if (host === 'bad') throw new Error('EAI_AGAIN');
      return host === 'dc' ? ['10.0.0.1', '::1'] : [];
    };
    const server = (host: string): ServerSpec => ({ host, port: 88, transport: 'udp' });
    const found = exchangeWith([server('none'), server('dc')], { open, addresses });
    expect(await found('R', REQUEST)).toEqual(ANSWER);
    expect(log).toEqual(['10.0.0.1:88/udp', '::1:88/udp']);
    const lost = exchangeWith([server('none'), server('bad')], { open, addresses });
    await expect(lost('R', REQUEST)).rejects.toThrow(/none \(no address\), bad \(EAI_AGAIN\)/);
  });
});

describe('sockets of node', () => {
  const cleanup: (() => void)[] = [];
  afterEach(() => {
    for (const close of cleanup.splice(0)) close();
  });

  async function udpServer(onMessage: (request: Uint8Array) => Uint8Array[]): Promise<ServerSpec> {
    const socket = dgram.createSocket('udp4');
    cleanup.push(() => socket.close());
    socket.on('message', (request, { port, address }) => {
      for (const reply of onMessage(request)) socket.send(reply, port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return { host: '127.0.0.1', port: socket.address().port };
  }

  async function tcpServer(serve: (socket: net.Socket) => void, port = 0): Promise<ServerSpec> {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      cleanup.push(() => socket.destroy());
      serve(socket);
    });
    cleanup.push(() => server.close());
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { host: '127.0.0.1', port: address.port };
  }

  const exchange = (servers: readonly ServerSpec[], timing: Partial<Timing> = {}) =>
    exchangeWith(servers, { timing: { serverWait: 1000, ...timing } });

  test('UDP: the datagram is lost once, then answered twice', async () => {
    let seen = 0;
    const server = await udpServer((request) => {
      seen += 1;
      expect(new Uint8Array(request)).toEqual(REQUEST);
      return seen === 1 ? [] : [ANSWER, ANSWER];
    });
    const udp: ServerSpec = { ...server, transport: 'udp' };
    expect(await exchange([udp], { serverWait: 20 })('R', REQUEST)).toEqual(ANSWER);
    expect(seen).toBe(2);
  });

  test('UDP to TCP on the same port, the answer in pieces', async () => {
    const server = await udpServer(() => [TOO_BIG]);
    const large = new Uint8Array(100_000).fill(7);
    large[0] = 0x6d;
    await tcpServer((socket) => {
      socket.once('data', (data) => {
        expect(toHex(Buffer.from(data))).toBe('000000036a0102');
        const frame = frameMessage(large);
        socket.write(frame.subarray(0, 3));
        setTimeout(() => socket.write(frame.subarray(3)), 5);
      });
    }, server.port);
    expect(await exchange([server])('R', REQUEST)).toEqual(large);
  });

  test('closed ports, early ends and long answers are failures with their reason', async () => {
    const gone = await tcpServer(() => undefined);
    cleanup.splice(0).forEach((close) => close());
    await expect(exchange([gone])('R', REQUEST)).rejects.toThrow(
      /udp \(ECONNREFUSED\), 127\.0\.0\.1:\d+\/tcp \(ECONNREFUSED\)/,
    );
    const closing = await tcpServer((socket) => socket.end());
    const tcpOnly = { tcpOnly: true };
    await expect(exchange([closing])('R', REQUEST, tcpOnly)).rejects.toThrow(/closed without/);
    const long = await tcpServer((socket) => socket.write(fromHex('7fffffff')));
    await expect(exchange([long])('R', REQUEST, tcpOnly)).rejects.toThrow(/answer too long/);
  });

  test('the next server answers where the first is down, over IPv6 too', async () => {
    const gone = await tcpServer(() => undefined);
    cleanup.splice(0).forEach((close) => close());
    const server = await udpServer(() => [ANSWER]);
    expect(await exchange([gone, server])('R', REQUEST)).toEqual(ANSWER);
    const endpoint: Endpoint = { address: '::1', port: gone.port, transport: 'udp' };
    const six: ServerSpec = { host: endpoint.address, port: endpoint.port };
    await expect(exchange([six])('R', REQUEST)).rejects.toThrow(/\[::1\]:\d+\/udp/);
  });
});
