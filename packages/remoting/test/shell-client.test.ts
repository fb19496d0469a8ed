import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { ShellClient } from '@doublehop/remoting/client/shell-client';
import { soapService } from '@doublehop/remoting/endpoint/soap-service';
import { gssClientScheme, gssServerSchemes } from '@doublehop/remoting/http/gss-scheme';
import { WsmanConnection } from '@doublehop/remoting/http/wsman-client';
import { wsmanServer } from '@doublehop/remoting/http/wsman-server';
import { configurationUri } from '@doublehop/remoting/wsman/names';
import type { ShellOwner, ShellSink } from '@doublehop/remoting/wsman/shell-backend';
import { ShellService } from '@doublehop/remoting/wsman/shell-service';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { concat, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clock, random, testService } from './support/tickets.ts';

const newId = (): string => randomUUID().toUpperCase();

/** A server whose shells echo, and a client of it. */
async function setUp(): Promise<{
  client: ShellClient;
  another: () => ShellClient;
  shells: ShellService<ShellOwner>;
}> {
  const service = testService();
  const open = async (_: unknown, sink: ShellSink) => ({
    command: (id: string, data: Uint8Array) => {
      void sink.output(id, concat(utf8('echo '), data));
      if (fromUtf8(data) !== 'wait') sink.finished(id);
    },
    send: (_stream: string, id: string | undefined, data: Uint8Array) => void sink.output(id, data),
    stop: (id: string) => sink.finished(id, 1),
    connect: (data: Uint8Array) => data.toReversed(),
    close: () => {},
  });
  const timer = (milliseconds: number, act: () => void) => {
    const timeout = setTimeout(act, milliseconds);
    return () => clearTimeout(timeout);
  };
  const shells = new ShellService<ShellOwner>({ open, clock, timer, newId });
  const server = wsmanServer<ShellOwner>({
    schemes: gssServerSchemes({
      acceptor: service.acceptor,
      bindingPolicy: 'ignore-if-absent',
      authorize: ({ peer }) => ({ name: formatPrincipal(peer), sid: 'S-1-5-21-1-2-3-1104' }),
    }),
    handle: soapService({ shells, machine: 'serverb', newId, log: () => {} }),
    product: { vendor: 'doublehop', version: 'test' },
    log: () => {},
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const url = new URL(`http://127.0.0.1:${port}/wsman`);
  const scheme = gssClientScheme('Negotiate', { getServiceTicket: service.ticket, clock, random });
  const another = (): ShellClient => {
    const client = new ShellClient({
      connect: () => new WsmanConnection({ url, scheme }),
      url,
      resourceUri: configurationUri('Microsoft.PowerShell'),
      newId,
      operationTimeout: 50,
    });
    onTestFinished(() => client.close());
    return client;
  };
  onTestFinished(async () => {
    await shells.close();
    server.close();
    server.closeAllConnections();
  });
  return { client: another(), another, shells };
}

const text = (data: readonly { data: Uint8Array }[]): string =>
  fromUtf8(concat(...data.map((one) => one.data)));

describe('a client of shells', () => {
  test('opens, runs, reads, closes', async () => {
    const { client, shells } = await setUp();
    await client.create(newId(), utf8('hello'));
    const id = newId();
    await client.command(id, utf8('x'));
    const { streams, state } = await client.receive(id);
    expect([text(streams), state]).toEqual(['echo x', 'Done']);
    await client.terminate(id);
    expect(shells.size).toBe(1);
    await client.delete();
    await client.delete();
    expect(shells.size).toBe(0);
  });

  test('asks again when the server has nothing to say; others need not wait', async () => {
    const { client } = await setUp();
    await client.create(newId(), utf8('hello'));
    const waiting = client.receive();
    const id = newId();
    await client.command(id, utf8('wait'));
    expect(text((await client.receive(id)).streams)).toBe('echo wait');
    const more = client.receive(id);
    await client.send('stdin', id, utf8('more'));
    expect(text((await more).streams)).toBe('more');
    await client.stop(id);
    expect(await client.receive(id)).toMatchObject({ state: 'Done', exitCode: 1 });
    await client.send('pr', undefined, utf8('pool'));
    expect(text((await waiting).streams)).toBe('pool');
  });

  test('leaves a shell, and another client takes it up', async () => {
    const { client, another } = await setUp();
    await client.create(newId(), utf8('hello'), { name: 'mine', idleTimeout: 60_000 });
    const { shellId = '' } = client;
    await client.disconnect();
    const second = another();
    const [shell] = await second.enumerate();
    expect(shell).toMatchObject({ shellId, name: 'mine', state: 'Disconnected' });
    expect(fromUtf8(await second.connect(shellId, utf8('abc')))).toBe('cba');
    await second.delete();
  });

  test('a shell that is gone says so', async () => {
    const { client, another } = await setUp();
    await client.create(newId(), utf8('hello'));
    const second = another();
    await second.connect(client.shellId ?? '', utf8('x'));
    await second.delete();
    await expect(client.command(newId(), utf8('x'))).rejects.toMatchObject({
      code: 'fault',
      detail: { fault: { subcode: 'w:InvalidSelectors' } },
    });
  });

  test('a wait can be given up', async () => {
    const { client } = await setUp();
    await client.create(newId(), utf8('hello'));
    const abort = new AbortController();
    const waiting = client.receive(undefined, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow();
    await client.delete();
  });

  test('what fits into a request', async () => {
    const { client } = await setUp();
    await client.create(newId(), utf8('hello'));
    const id = newId();
    const data = new Uint8Array(client.maxData).fill(0x61);
    await client.command(id, data);
    expect(text((await client.receive(id)).streams)).toHaveLength(data.length + 5);
  });
});
