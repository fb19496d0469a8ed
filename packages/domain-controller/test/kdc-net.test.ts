import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RequestHandler } from '@doublehop/domain-controller/kdc/net/handler';
import { listenTcp, type TcpLimits } from '@doublehop/domain-controller/kdc/net/tcp';
import { listenUdp } from '@doublehop/domain-controller/kdc/net/udp';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import { decodeDer } from '@doublehop/wire/der';
import { afterEach, describe, expect, test } from 'vitest';
import { account, krbtgt } from './support/accounts.ts';
import { Realm } from './support/realm.ts';

/** Answers with what it was asked; a request that begins with 0 is no Kerberos. */
const ECHO: RequestHandler = {
  handle: (request) => (request[0] === 0 ? undefined : request.slice()),
};

const HERE = { address: '127.0.0.1', port: 0 };
const LIMITS: TcpLimits = { maxRequest: 64, timeout: 10_000, maxConnections: 3, maxPerAddress: 2 };
const IMPATIENT: TcpLimits = { ...LIMITS, timeout: 150 };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close();
});

async function tcp(limits = LIMITS, handler = ECHO): Promise<number> {
  const listener = await listenTcp(handler, HERE, limits);
  open.push(listener);
  return listener.port;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const frame = (...octets: number[]) => Uint8Array.from([0, 0, 0, octets.length, ...octets]);

/** However it ends: who writes to a connection that was just ended is told of a reset first. */
function closed(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve(true);
    else socket.once('close', () => resolve(true));
  });
}

/** Takes so many octets and leaves the rest to the next reader. */
function read(socket: Socket, size: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const chunk: Uint8Array | null = socket.read(size);
      if (chunk === null) return;
      settle();
      resolve([...chunk]);
    };
    const ended = () => {
      settle();
      reject(new Error(`the connection ended before ${size} octets came`));
    };
    const settle = () => {
      socket.off('readable', look);
      socket.off('close', ended);
    };
    socket.on('readable', look);
    socket.on('close', ended);
    look();
  });
}

describe('KDC on TCP (RFC 4120 §7.2.2)', () => {
  test('several requests on one connection, in any pieces', async () => {
    const socket = await dial(await tcp());
    const both = [...frame(1, 2), ...frame(3)];
    for (const octet of both) socket.write(Uint8Array.of(octet));
    expect(await read(socket, both.length)).toEqual(both);
    socket.destroy();
  });

  test.each([
    ['a length over the limit', Uint8Array.from([0, 0, 1, 0])],
    ['the reserved high bit', Uint8Array.from([0x80, 0, 0, 1, 1])],
    ['what is no Kerberos', frame(0)],
  ])('%s ends the connection', async (_name, bytes) => {
    const socket = await dial(await tcp());
    socket.resume();
    socket.write(bytes);
    expect(await closed(socket)).toBe(true);
  });

  test.each([
    ['a length over the limit', [0, 0, 1, 0]],
    ['the reserved high bit', [0x80, 0, 0, 1, 1]],
  ])('%s: KRB_ERR_FIELD_TOOLONG, and the end', async (_name, bytes) => {
    const { kdc } = new Realm([krbtgt()]);
    const socket = await dial(await tcp(LIMITS, kdc));
    socket.write(Uint8Array.from([...bytes, ...Array.from({ length: 500 }, () => 1)]));
    const [size = 0] = (await read(socket, 4)).slice(3);
    const { errorCode } = decodeDer(KrbError, Uint8Array.from(await read(socket, size)));
    expect(errorCode).toBe(61);
    socket.resume();
    expect(await closed(socket)).toBe(true);
  });

  test('a client that never finishes is dropped, however busy it looks', async () => {
    const socket = await dial(await tcp(IMPATIENT));
    socket.resume();
    socket.write(Uint8Array.from([0, 0, 0, 60]));
    const drip = setInterval(() => socket.write(Uint8Array.of(1)), 20);
    expect(await closed(socket)).toBe(true);
    clearInterval(drip);
  });

  test('a client that says nothing is dropped', async () => {
    const socket = await dial(await tcp(IMPATIENT));
    socket.resume();
    expect(await closed(socket)).toBe(true);
  });

  test('one address has so many connections and no more', async () => {
    const port = await tcp();
    const first = await dial(port);
    const second = await dial(port);
    first.write(frame(1));
    second.write(frame(2));
    expect(await read(first, 5)).toEqual([...frame(1)]);
    expect(await read(second, 5)).toEqual([...frame(2)]);
    const third = await dial(port);
    third.resume();
    expect(await closed(third)).toBe(true);
    first.destroy();
    await closed(first);
    second.destroy();
  });

  test('a port that is taken is told', async () => {
    const port = await tcp();
    await expect(listenTcp(ECHO, { ...HERE, port })).rejects.toThrow(/cannot listen on TCP/);
  });
});

describe('KDC on UDP (RFC 4120 §7.2.1)', () => {
  test('a datagram, a reply', async () => {
    const listener = await listenUdp(ECHO, HERE);
    open.push(listener);
    const socket = createSocket('udp4');
    socket.send(Uint8Array.of(7, 8), listener.port, '127.0.0.1');
    const [reply] = await once(socket, 'message');
    expect([...(reply as Uint8Array)]).toEqual([7, 8]);
    socket.close();
  });

  const UDP = { address: '192.0.2.7', port: 50_000, transport: 'udp' } as const;
  const ACCOUNTS = [krbtgt(), account('user', 'alice', 1103)];

  /** The requests of a login, as they were sent. */
  async function recorded(realm: Realm): Promise<Uint8Array[]> {
    const sent: Uint8Array[] = [];
    const transport = (_realm: string, request: Uint8Array) => {
      sent.push(request);
      return Promise.resolve(realm.send(request));
    };
    const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
    const client = { ...realm.client, transport };
    await getInitialTicket(client, { client: realm.name('alice'), secret });
    return sent;
  }

  test('a reply that does not fit: RESPONSE_TOO_BIG', async () => {
    const realm = new Realm(ACCOUNTS, { maxDatagramReply: 400 });
    const [, request = new Uint8Array()] = await recorded(realm);
    const reply = realm.kdc.handle(request, UDP) ?? new Uint8Array();
    expect(decodeDer(KrbError, reply).errorCode).toBe(52);
  });

  test('the same datagram again: the same reply and no second event, for ten seconds', async () => {
    const realm = new Realm(ACCOUNTS);
    const [, request = new Uint8Array()] = await recorded(realm);
    const first = realm.kdc.handle(request, UDP);
    const events = realm.events.length;
    realm.now += 9000;
    expect(realm.kdc.handle(request, UDP)).toEqual(first);
    expect(realm.events).toHaveLength(events);
    realm.now += 2000;
    expect(realm.kdc.handle(request, UDP)).not.toEqual(first);
  });
});
