import type { Server } from 'node:http';
import { request } from 'node:http';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { RemotingError } from '@doublehop/remoting/errors';
import { gssClientScheme, gssServerSchemes } from '@doublehop/remoting/http/gss-scheme';
import { basicClientScheme, basicServerScheme } from '@doublehop/remoting/http/password-scheme';
import { WsmanConnection } from '@doublehop/remoting/http/wsman-client';
import { type SoapRequest, wsmanServer } from '@doublehop/remoting/http/wsman-server';
import { afterEach, describe, expect, test } from 'vitest';
import { clock, random, testService } from './support/tickets.ts';

const service = testService();
const open: { close(): void }[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

type Handle = (request: SoapRequest<string>) => Promise<{ status: number; text: string }>;

const echo: Handle = async ({ text, caller }) => ({ status: 200, text: `${caller}:${text}` });

/** A server on a port of its own; gives its URL. */
async function serve(
  handle: Handle = echo,
  more: { allowUnencrypted?: boolean } = {},
): Promise<URL> {
  const server: Server = wsmanServer<string>({
    schemes: [
      ...gssServerSchemes({
        acceptor: service.acceptor,
        bindingPolicy: 'ignore-if-absent',
        authorize: (context) => formatPrincipal(context.peer),
      }),
      basicServerScheme(async (user, password) => {
        if (password === 'right') return user;
        throw new RemotingError('authentication', 'the password is wrong');
      }),
    ],
    handle,
    product: { vendor: 'doublehop', version: 'test' },
    log: () => {},
    ...more,
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  servers.push(server);
  open.push({
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return new URL(`http://127.0.0.1:${address.port}/wsman`);
}

function client(url: URL, name: 'Negotiate' | 'Kerberos' = 'Negotiate'): WsmanConnection {
  const scheme = gssClientScheme(name, { getServiceTicket: service.ticket, clock, random });
  const connection = new WsmanConnection({ url, scheme });
  open.push(connection);
  return connection;
}

interface Raw {
  readonly status: number;
  readonly fields: string[];
  readonly body: string;
}

function raw(url: URL, headers: Record<string, string>, body = '', method = 'POST'): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const fields = response.rawHeaders.filter((_, i, all) => all[i - 1] === 'WWW-Authenticate');
        resolve({
          status: response.statusCode ?? 0,
          fields,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('authentication and message encryption (MS-WSMV 2.2.9.1)', () => {
  test.each(['Negotiate', 'Kerberos'] as const)(
    'by %s: messages go encrypted both ways',
    async (name) => {
      const connection = client(await serve(), name);
      const first = await connection.post('<hello/>');
      const second = await connection.post('ü'.repeat(20_000));
      expect(first).toEqual({ status: 200, text: 'alice@CONTOSO.COM:<hello/>' });
      expect(second.text).toHaveLength('alice@CONTOSO.COM:'.length + 20_000);
    },
  );

  test('many at once take turns on their connection', async () => {
    const connection = client(await serve());
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => connection.post(`${i}`)),
    );
    expect(answers.map(({ text }) => text.split(':')[1])).toEqual(answers.map((_, i) => `${i}`));
  });

  test('a connection that the server closed is made and authenticated anew', async () => {
    const url = await serve();
    const connection = client(url);
    const first = await connection.post('a');
    servers.at(-1)?.closeAllConnections();
    while (connection.isConnected) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    const second = await connection.post('b');
    expect([first, second].map(({ text }) => text)).toEqual([
      'alice@CONTOSO.COM:a',
      'alice@CONTOSO.COM:b',
    ]);
  });

  test('who has no ticket for this service is refused', async () => {
    const url = await serve();
    const stranger = testService();
    const scheme = gssClientScheme('Negotiate', {
      getServiceTicket: stranger.ticket,
      clock,
      random,
    });
    const connection = new WsmanConnection({ url, scheme });
    open.push(connection);
    await expect(connection.post('x')).rejects.toMatchObject({
      code: 'authentication',
      message: '127.0.0.1 refused the caller by Negotiate',
    });
  });

  test('Basic is neither offered nor taken without TLS', async () => {
    const url = await serve();
    const right = `Basic ${Buffer.from('alice:right').toString('base64')}`;
    const answer = await raw(url, { Authorization: right });
    expect([answer.status, answer.fields]).toEqual([401, ['Negotiate', 'Kerberos']]);
    expect(() => new WsmanConnection({ url, scheme: basicClientScheme('alice', 'x') })).toThrow(
      'Basic is used over HTTPS only',
    );
  });

  test('Basic where messages may go unencrypted', async () => {
    const url = await serve(echo, { allowUnencrypted: true });
    const field = (text: string) => ({
      Authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    expect(await raw(url, field('alice:right'), 'hi')).toMatchObject({
      status: 200,
      body: 'alice:hi',
    });
    expect((await raw(url, field('alice:wrong'), 'hi')).status).toBe(401);
    expect((await raw(url, field('nobody'), 'hi')).status).toBe(401);
  });
});

describe('what does not authenticate', () => {
  test('gets the schemes, whatever it sends', async () => {
    const url = await serve();
    for (const field of [
      '',
      'Negotiate',
      'Negotiate !!',
      'Negotiate AAAA',
      'CredSSP AAAA',
      'x y z',
    ]) {
      const headers: Record<string, string> = field === '' ? {} : { Authorization: field };
      const answer = await raw(url, headers, '<x/>');
      expect([field, answer.status, answer.fields]).toEqual([
        field,
        401,
        ['Negotiate', 'Kerberos'],
      ]);
    }
  });

  test('other paths and methods mean nothing', async () => {
    const url = await serve();
    expect((await raw(new URL('/', url), {}, '<x/>')).status).toBe(404);
    expect((await raw(url, {}, '', 'GET')).status).toBe(405);
    expect((await raw(new URL('/WSMAN?PSVersion=7.4', url), {})).status).toBe(401);
  });

  test('Identify is answered to anybody (MS-WSMV 3.1.4.1.16)', async () => {
    const url = await serve();
    const identify =
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
      'xmlns:w="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">' +
      '<s:Header/><s:Body><w:Identify/></s:Body></s:Envelope>';
    const answer = await raw(url, { WSMANIDENTIFY: 'unauthenticated' }, identify);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('<wsmid:ProductVendor>doublehop</wsmid:ProductVendor>');
    expect((await raw(url, { WSMANIDENTIFY: 'unauthenticated' }, '<x/>')).status).toBe(401);
    expect((await raw(url, {}, identify)).status).toBe(401);
  });

  test('a body without end is refused', async () => {
    const url = await serve();
    const answer = raw(url, {}, 'x'.repeat(2_000_000));
    // The server answers before it has read all: the writer may see the end of the connection.
    await expect(
      answer.then(
        ({ status }) => status,
        () => 413,
      ),
    ).resolves.toBe(413);
  });
});

describe('an authenticated client', () => {
  test('may not send what is not encrypted', async () => {
    const url = await serve();
    const scheme = gssClientScheme('Kerberos', { getServiceTicket: service.ticket, clock, random });
    const { token } = await scheme.begin({ host: '127.0.0.1' }).step();
    const field = `Kerberos ${Buffer.from(token ?? []).toString('base64')}`;
    const answer = await raw(
      url,
      { Authorization: field, 'Content-Type': 'application/soap+xml' },
      '<x/>',
    );
    expect([answer.status, answer.body]).toEqual([
      400,
      'messages over HTTP must be encrypted (AllowUnencrypted is false)',
    ]);
  });

  test('a broken message is refused, and the service goes on', async () => {
    const url = await serve();
    const scheme = gssClientScheme('Kerberos', { getServiceTicket: service.ticket, clock, random });
    const { token } = await scheme.begin({ host: '127.0.0.1' }).step();
    const answer = await raw(
      url,
      {
        Authorization: `Kerberos ${Buffer.from(token ?? []).toString('base64')}`,
        'Content-Type':
          'multipart/encrypted;protocol="application/HTTP-Kerberos-session-encrypted";' +
          'boundary="Encrypted Boundary"',
      },
      'nothing of it',
    );
    expect(answer.status).toBe(400);
    expect((await client(url).post('x')).status).toBe(200);
  });
});
