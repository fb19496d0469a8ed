import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { fromHex, utf8 } from '@doublehop/wire/bytes';
import { LdapClient } from '../src/client/client.ts';
import type { Filter } from '../src/filter.ts';
import { type Operation, encodeMessage } from '../src/messages/message.ts';
import { EXTENDED } from '../src/oids.ts';
import { RawPeer, startServer } from './support/harness.ts';

type Started = Awaited<ReturnType<typeof startServer>>;
let started: Started | undefined;

afterEach(async () => {
  await started?.stop();
  started = undefined;
});

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<Started> {
  started = await startServer(options);
  return started;
}

const message = (messageId: number, operation: Operation) =>
  encodeMessage({ messageId, operation });

const whoAmI = (messageId: number) =>
  message(messageId, { kind: 'extendedRequest', value: { name: EXTENDED.whoAmI } });

const search = (messageId: number, baseObject: string, filter?: Filter) =>
  message(messageId, {
    kind: 'searchRequest',
    value: {
      baseObject,
      scope: 'subtree',
      derefAliases: 'never',
      sizeLimit: 0,
      timeLimit: 0,
      typesOnly: false,
      filter: filter ?? { kind: 'present', attribute: 'objectClass' },
      attributes: [],
    },
  });

/** The unsolicited notice that ends a connection (RFC 4511 §4.4.1). */
const notice = (resultCode: number) => ({
  messageId: 0,
  operation: {
    kind: 'extendedResponse',
    value: { resultCode, name: EXTENDED.noticeOfDisconnection },
  },
});

describe('RFC 4511 §4.1.1 messages that are not valid', () => {
  test.each([
    ['not a SEQUENCE', '04 03 010203'],
    ['indefinite length', '30 80 020101 42 00 0000'],
    ['a length of five octets', '30 85 0000000001 00'],
    ['no message ID', '30 02 4200'],
    ['a negative message ID', '30 05 0201ff 4200'],
    ['an unknown operation', '30 05 020101 7f00'],
    ['an operation that only servers send', '30 0c 020101 6507 0a0100 0400 0400'],
    ['an operation that is cut short', '30 08 020101 6303 040561'],
  ])('%s: notice of disconnection with protocolError, and the end', async (_name, hex) => {
    const { raw, event } = await start();
    const peer = await raw();
    peer.send(fromHex(hex));
    await peer.until(({ closed }) => closed);
    expect(peer.messages).toMatchObject([notice(2)]);
    expect((await event('close')).reason).toBe('malformed');
  });

  test('a wrong value in a sound structure is answered, and the connection lives on', async () => {
    const peer = await (await start()).raw();
    // DelRequest of octets that are not UTF-8; a search with scope 7.
    peer.send(fromHex('3007 020101 4a02 ff00'));
    peer.send(fromHex('301b 020102 6316 0400 0a0107 0a0100 020100 020100 010100 8701 61 3000'));
    peer.send(whoAmI(3));
    await peer.until(({ messages }) => messages.length === 3);
    expect(peer.messages).toMatchObject([
      { messageId: 1, operation: { kind: 'deleteResponse', value: { resultCode: 2 } } },
      { messageId: 2, operation: { kind: 'searchDone', value: { resultCode: 2 } } },
      { messageId: 3, operation: { kind: 'extendedResponse', value: { resultCode: 0 } } },
    ]);
  });

  test('a request with the message ID 0 is answered, as by Windows', async () => {
    const peer = await (await start()).raw();
    peer.send(whoAmI(0));
    peer.send(whoAmI(1));
    await peer.until(({ messages }) => messages.length === 2);
    expect(peer.messages).toMatchObject([
      { messageId: 0, operation: { kind: 'extendedResponse', value: { resultCode: 0 } } },
      { messageId: 1, operation: { kind: 'extendedResponse', value: { resultCode: 0 } } },
    ]);
  });

  test('a filter that is too deep or too large is refused, and all goes on', async () => {
    const peer = await (await start()).raw();
    let deep: Filter = { kind: 'present', attribute: 'a' };
    for (let i = 0; i < 100; i += 1) deep = { kind: 'not', filter: deep };
    const wide: Filter = {
      kind: 'or',
      filters: Array.from({ length: 5_000 }, () => ({ kind: 'present', attribute: 'a' })),
    };
    peer.send(search(1, 'dc=example', deep));
    peer.send(search(2, 'dc=example', wide));
    peer.send(whoAmI(3));
    await peer.until(({ messages }) => messages.length === 3);
    expect(peer.messages.map(({ operation }) => operation)).toMatchObject([
      { kind: 'searchDone', value: { resultCode: 2 } },
      { kind: 'searchDone', value: { resultCode: 2 } },
      { kind: 'extendedResponse', value: { resultCode: 0 } },
    ]);
  });

  test('a message ID that is in use ends the connection', async () => {
    const peer = await (await start()).raw();
    peer.send(Buffer.concat([search(5, 'endless'), search(5, 'endless')]));
    await peer.until(({ messages }) => messages.some(({ messageId }) => messageId === 0));
    expect(peer.messages.at(-1)).toMatchObject(notice(2));
  });

  test('a message longer than an anonymous one may be is not waited for', async () => {
    const { raw, event } = await start({ limits: { maxAnonymousMessage: 1_000 } });
    const peer = await raw();
    peer.send(fromHex('30 84 00100000'));
    await peer.until(({ closed }) => closed);
    expect(peer.messages).toMatchObject([notice(2)]);
    expect((await event('close')).reason).toBe('too-large');
  });
});

describe('slow, silent and greedy peers', () => {
  test('pipelined requests are all answered, however they are cut', async () => {
    const { raw } = await start();
    const ids = Array.from({ length: 60 }, (_, i) => i + 1);
    const stream = Buffer.concat(ids.map((id) => (id % 2 === 0 ? whoAmI(id) : search(id, 'no'))));
    for (const step of [1, 7, 64, stream.length]) {
      const peer = await raw();
      for (let at = 0; at < stream.length; at += step) {
        peer.send(stream.subarray(at, at + step));
        if (step < 64 && at % 70 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await peer.until(({ messages }) => messages.length === ids.length);
      expect(peer.messages.map(({ messageId }) => messageId).sort((a, b) => a - b)).toEqual(ids);
    }
  });

  test('silence from the start', async () => {
    const { raw, event } = await start({ limits: { firstMessageTimeout: 20 } });
    await (await raw()).until(({ closed }) => closed);
    expect((await event('close')).reason).toBe('first-message-timeout');
  });

  test('silence later', async () => {
    const { raw, event } = await start({ limits: { idleTimeout: 20 } });
    const peer = await raw();
    peer.send(whoAmI(1));
    await peer.until(({ closed }) => closed);
    expect(peer.messages).toMatchObject([{ messageId: 1 }, notice(52)]);
    expect((await event('close')).reason).toBe('idle-timeout');
  });

  test('half a message, and octets that trickle', async () => {
    const { raw, event } = await start({ limits: { messageTimeout: 60 } });
    const peer = await raw();
    const bytes = search(1, 'x'.repeat(200));
    let at = 0;
    const timer = setInterval(() => {
      peer.send(bytes.subarray(at, at + 1));
      at += 1;
    }, 2);
    await peer.until(({ closed }) => closed);
    clearInterval(timer);
    expect(at).toBeLessThan(bytes.length);
    expect((await event('close')).reason).toBe('message-timeout');
  });

  test('a client that asks and does not read is dropped; the search waits meanwhile', async () => {
    const { raw, event, handler } = await start({ limits: { writeTimeout: 50 } });
    const peer = await raw();
    peer.socket.pause();
    peer.send(search(1, 'endless'));
    expect((await event('close')).reason).toBe('write-timeout');
    expect(handler.released).toBe(1);
    const { entries } = await event('operation');
    // 10 KB an entry: what the kernel and one high-water mark hold, no more.
    expect(entries).toBeLessThan(5_000);
  });

  test('a TLS handshake that does not end', async () => {
    const { server, event } = await start({ limits: { messageTimeout: 20 } });
    const { port } = await server.listen({ host: '127.0.0.1', port: 0, implicitTls: true });
    const peer = await RawPeer.connect(port);
    peer.send(fromHex('16 03 01 02 00 01 00'));
    await event('close');
    peer.socket.destroy();
  });

  test('no more operations at a time than the limit; the others wait their turn', async () => {
    const { raw, handler } = await start({ limits: { maxOperations: 2 } });
    const peer = await raw();
    let running = 0;
    let most = 0;
    handler.compare = (async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      return true;
    }) as unknown as typeof handler.compare;
    const assertion = { attribute: 'a', value: utf8('b') };
    for (let id = 1; id <= 10; id += 1) {
      peer.send(message(id, { kind: 'compareRequest', value: { entry: '', assertion } }));
    }
    await peer.until(({ messages }) => messages.length === 10);
    expect(most).toBe(2);
  });

  test('connections beyond the limits, of all and of one address, are closed at once', async () => {
    for (const [limits, reason] of [
      [{ maxConnections: 2 }, 'too-many-connections'],
      [{ maxConnectionsPerAddress: 2 }, 'too-many-connections-of-address'],
    ] as const) {
      const server = await startServer({ limits });
      const peers = [await server.raw(), await server.raw(), await server.raw()];
      await peers[2]?.until(({ closed }) => closed);
      expect(server.server.connections).toBe(2);
      expect((await server.event('close')).reason).toBe(reason);
      peers[0]?.socket.destroy();
      await server.event('close', (event) => event.reason !== reason);
      const next = await server.raw();
      next.send(whoAmI(1));
      await next.until(({ messages }) => messages.length === 1);
      await server.stop();
    }
  });

  test('abandon stops a search without an answer (§4.11)', async () => {
    const { raw, event } = await start();
    const peer = await raw();
    peer.send(search(1, 'endless'));
    await peer.until(({ messages }) => messages.length > 3);
    peer.send(message(2, { kind: 'abandonRequest', value: 1 }));
    await event('operation', ({ code }) => code === 'abandoned');
    peer.send(whoAmI(3));
    await peer.until(({ messages }) => messages.at(-1)?.messageId === 3);
    expect(peer.messages.every(({ operation }) => operation.kind !== 'searchDone')).toBe(true);
  });

  test('unbind ends the connection without an answer (§4.3)', async () => {
    const { raw, event } = await start();
    const peer = await raw();
    peer.send(message(1, { kind: 'unbindRequest', value: null }));
    await peer.until(({ closed }) => closed);
    expect(peer.messages).toEqual([]);
    expect((await event('close')).reason).toBe('client');
  });

  test('a bind waits for what was begun before it (§4.2.1)', async () => {
    const { raw } = await start();
    const peer = await raw();
    const slow = { kind: 'addRequest', value: { entry: 'cn=slow', attributes: [] } } as const;
    const anonymous = { kind: 'simple', value: new Uint8Array(0) } as const;
    const bind = { version: 3, name: '', authentication: anonymous };
    peer.send(
      Buffer.concat([
        message(1, slow),
        message(2, { kind: 'bindRequest', value: bind }),
        whoAmI(3),
      ]),
    );
    await peer.until(({ messages }) => messages.length === 3);
    expect(peer.messages.map(({ messageId }) => messageId)).toEqual([1, 2, 3]);
  });
});

describe('a server that does not close', () => {
  test('is left when the patience of the client is over', async () => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket.resume());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // Sound: a server that listens on TCP has an address and a port.
    const { port } = server.address() as AddressInfo;
    const client = await LdapClient.connect({ url: `ldap://127.0.0.1:${port}`, timeout: 50 });
    await client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
});

describe('random octets', () => {
  test('never crash or hang the server, and end in a notice or silence', async () => {
    const { port, server, events } = await start({ limits: { messageTimeout: 200 } });
    const seeds = [
      whoAmI(1),
      search(2, 'dc=example'),
      message(3, { kind: 'deleteRequest', value: 'x' }),
    ];
    const mutated = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }),
      )
      .map(([seed, changes]) => {
        const bytes = seed.slice();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    const octets = fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated);
    await fc.assert(
      fc.asyncProperty(fc.array(octets, { minLength: 1, maxLength: 5 }), async (chunks) => {
        const peer = await RawPeer.connect(port);
        for (const chunk of chunks) peer.send(chunk);
        peer.socket.end();
        await peer.until(({ closed }) => closed);
        for (const { messageId, operation } of peer.messages) {
          if (messageId === 0) expect(operation.kind).toBe('extendedResponse');
        }
      }),
      { numRuns: 150 },
    );
    expect(events.filter(({ kind }) => kind === 'error')).toEqual([]);
    const peer = await RawPeer.connect(port);
    peer.send(whoAmI(77));
    await peer.until(({ messages }) => messages.length === 1);
    peer.socket.destroy();
    expect(server.connections).toBeLessThan(10);
  });
});
