import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { request as rawRequest } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { concat, fromHex, fromUtf8, toBase64, toHex, utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { KerberosError } from '../src/errors.ts';
import { tlsServerEndPoint } from '../src/gss/channel-bindings.ts';
import { DEFAULT_FLAGS, GssFlag } from '../src/gss/flags.ts';
import { krb5Initiator } from '../src/gss/initiator.ts';
import { Mechanism } from '../src/gss/oids.ts';
import { memoryReplayCache } from '../src/gss/replay-cache.ts';
import { negotiateClient, type NegotiateClientOptions } from '../src/http/negotiate-client.ts';
import { formatNegotiate, parseNegotiate } from '../src/http/negotiate-field.ts';
import {
  type NegotiateHandler,
  negotiateListener,
  type NegotiateServerOptions,
} from '../src/http/negotiate-server.ts';
import { formatPrincipal } from '../src/names.ts';
import { spnegoInitiator } from '../src/spnego/initiator.ts';
import {
  acceptorOptions,
  clock,
  initiatorOptions,
  issueTicket,
  KRBTGT,
  NOW,
  random,
} from './gss-support.ts';
import { NTLM_CLIENT } from './vectors/spnego.ts';
import { CERTIFICATE, CERTIFICATE_KEY, CERTIFICATE_SHA384 } from './vectors/tls.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function listen(listener: RequestListener, tls = false): Promise<string> {
  const server = tls
    ? createTlsServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY }, listener)
    : createServer(listener);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Sound: a server that listens on TCP has an address and a port.
  const { port } = server.address() as AddressInfo;
  return `${tls ? 'https' : 'http'}://serverb.contoso.com:${port}/`;
}

const greet: NegotiateHandler = (request, response, { principal, delegated, context }) => {
  let size = 0;
  request.on('data', (chunk: Buffer) => (size += chunk.length));
  request.on('end', () => {
    const bound = (context.flags & GssFlag.CHANNEL_BOUND) !== 0 ? ' bound' : '';
    const more = delegated === undefined ? '' : ' delegated';
    response.end(`${request.method} ${formatPrincipal(principal)} ${size}${bound}${more}`);
  });
};

function service(options: Partial<NegotiateServerOptions> = {}, tls = false): Promise<string> {
  return listen(negotiateListener({ ...acceptorOptions(), ...options }, greet), tls);
}

const lookup: LookupFunction = (_host, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

function client(options: Partial<NegotiateClientOptions> = {}) {
  return negotiateClient({
    getServiceTicket: async () => issueTicket(),
    clock,
    random,
    lookup,
    tls: { ca: CERTIFICATE },
    ...options,
  });
}

/** One request with exactly these header fields. */
async function ask(url: string, authorization?: string, agent?: Agent): Promise<IncomingMessage> {
  const headers = authorization === undefined ? {} : { authorization };
  const sent = rawRequest(url, { headers, lookup, agent });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

function spnegoToken(offer: readonly string[] = [Mechanism.KRB5]): Uint8Array {
  const start = () => krb5Initiator(initiatorOptions());
  return spnegoInitiator(start, { offer }).step().token ?? new Uint8Array(0);
}

describe('RFC 4559 §4: the fields', () => {
  test('a token in base64, the scheme in any case, other schemes beside', () => {
    expect(formatNegotiate()).toBe('Negotiate');
    expect(formatNegotiate(utf8('token'))).toBe('Negotiate dG9rZW4=');
    expect(parseNegotiate('negotiate dG9rZW4=')).toEqual({ token: utf8('token') });
    expect(parseNegotiate('Basic realm="a", Negotiate')).toEqual({ token: undefined });
    expect(parseNegotiate('Basic dG9rZW4=')).toBeUndefined();
    expect(parseNegotiate(undefined)).toBeUndefined();
  });

  test.each(['Negotiate dG9rZW4', 'Negotiate ***', 'Negotiate dG9rZW4= more'])(
    '"%s" is refused',
    (field) => {
      expect(() => parseNegotiate(field)).toThrow(KerberosError);
    },
  );

  test('a field beyond the limit is refused, and any text is read or refused', () => {
    expect(() => parseNegotiate(`Negotiate ${'A'.repeat(131_072)}`)).toThrow(KerberosError);
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), (text, token) => {
        expect(parseNegotiate(formatNegotiate(token))?.token ?? utf8('')).toEqual(token);
        try {
          parseNegotiate(`Negotiate ${text}`);
        } catch (error) {
          expect(error).toBeInstanceOf(KerberosError);
        }
      }),
    );
  });
});

describe('RFC 4559 §4.1: the server', () => {
  test('without a token it asks for one, and says so', async () => {
    const response = await ask(await service());
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Negotiate');
    expect(await textOf(response)).toContain('HTTP Negotiate with Kerberos');
  });

  test('a bad token is answered 401 without a token, with the reason', async () => {
    const refusals: KerberosError[] = [];
    const replayCache = memoryReplayCache();
    const url = await service({ replayCache, onRefused: (error) => refusals.push(error) });
    const ntlm = await ask(url, formatNegotiate(fromHex(NTLM_CLIENT)));
    expect([ntlm.statusCode, ntlm.headers['www-authenticate']]).toEqual([401, 'Negotiate']);
    expect(await textOf(ntlm)).toContain('NTLM');

    const token = formatNegotiate(spnegoToken());
    expect((await ask(url, token)).statusCode).toBe(200);
    const replay = await ask(url, token);
    expect(replay.statusCode).toBe(401);
    expect(await textOf(replay)).toContain('KRB_AP_ERR_REPEAT (34)');
    expect((await ask(url, 'Negotiate ?')).statusCode).toBe(401);
    expect(refusals.map(({ code }) => code)).toEqual(['gss', 'gss', 'http']);
  });

  test('every request authenticates for itself, also on one connection', async () => {
    const response = await ask(await service(), formatNegotiate(spnegoToken()));
    expect(response.headers['persistent-auth']).toBe('false');
    expect(response.headers['www-authenticate']).toMatch(/^Negotiate [A-Za-z0-9+/]+=*$/u);
  });

  test('the legs of a negotiation belong to their connection', async () => {
    const url = await service();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const initiator = spnegoInitiator(() => krb5Initiator(initiatorOptions()), {
      offer: ['1.2.3.4', Mechanism.KRB5],
    });
    let token = initiator.step().token;
    const statuses: unknown[] = [];
    while (initiator.context === undefined) {
      const response = await ask(url, formatNegotiate(token), agent);
      await textOf(response);
      statuses.push(response.statusCode);
      token = initiator.step(parseNegotiate(response.headers['www-authenticate'])?.token).token;
    }
    const last = await ask(url, formatNegotiate(token), agent);
    statuses.push(last.statusCode, await textOf(last));
    expect(statuses).toEqual([401, 401, 200, 'GET alice@CONTOSO.COM 0']);
    agent.destroy();

    const first = await ask(url, formatNegotiate(spnegoToken(['1.2.3.4', Mechanism.KRB5])));
    const request = parseNegotiate(first.headers['www-authenticate'])?.token;
    expect(request?.length).toBeGreaterThan(10);
    // On another connection the second leg is nobody's.
    const second = await ask(url, formatNegotiate(request));
    expect(second.headers['www-authenticate']).toBe('Negotiate');
  });

  test('random tokens are answered 401', async () => {
    const url = await service();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), async (token) => {
        const response = await ask(url, `Negotiate ${toBase64(concat(token))}`);
        response.resume();
        expect(response.statusCode).toBe(401);
      }),
      { numRuns: 20 },
    );
  });
});

describe('RFC 4559 §4.2: the client', () => {
  test.each([true, false])('asks as its user (a token up front: %s)', async (upFront) => {
    const spns: string[] = [];
    const getServiceTicket = async (spn: string) => {
      spns.push(spn);
      return issueTicket();
    };
    const url = await service();
    const { status, body, context } = await client({ upFront, getServiceTicket }).fetch(url);
    expect([status, fromUtf8(body)]).toEqual([200, 'GET alice@CONTOSO.COM 0']);
    expect(spns).toEqual(['HTTP/serverb.contoso.com']);
    expect(context?.peer.name.nameString).toEqual(['HTTP', 'serverb.contoso.com']);
  });

  test('sends its body, and hands over a forwarded ticket if told to', async () => {
    const url = await service();
    const getForwardedTicket = async () => issueTicket({ server: KRBTGT });
    const options = { upFront: false, getForwardedTicket };
    const request = { method: 'POST', body: utf8('x'.repeat(70_000)) };
    const { body } = await client(options).fetch(url, request);
    expect(fromUtf8(body)).toBe('POST alice@CONTOSO.COM 70000 delegated');
  });

  test('a server that wants nobody gets no ticket', async () => {
    const url = await listen((_request, response) => response.end('open'));
    const getServiceTicket = () => Promise.reject(new Error('not to be asked'));
    const reply = await client({ upFront: false, getServiceTicket }).fetch(url);
    expect([reply.status, reply.context]).toEqual([200, undefined]);
  });

  test('a 401 that does not offer Negotiate is the caller’s', async () => {
    const url = await listen((_request, response) => {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
    });
    const reply = await client({ upFront: false }).fetch(url);
    expect([reply.status, reply.context]).toEqual([401, undefined]);
  });

  test('a refused ticket is an error with the server’s reason', async () => {
    const url = await service({ clock: () => NOW + 400_000 });
    const error = await client()
      .fetch(url)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'http', detail: { subject: 'HTTP/serverb.contoso.com' } });
    expect(String(error)).toContain('KRB_AP_ERR_SKEW (37)');
  });

  test('a server that does not prove who it is is refused, unless nobody asked', async () => {
    const url = await listen((_request, response) => response.end('hello'));
    const error = await client()
      .fetch(url)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'http' });
    expect(String(error)).toContain('without proving who it is');
    const flags = DEFAULT_FLAGS & ~GssFlag.MUTUAL;
    expect((await client({ flags }).fetch(url)).status).toBe(200);
  });

  test('a wrong proof is refused', async () => {
    const other = await ask(await service(), formatNegotiate(spnegoToken()));
    const proof = other.headers['www-authenticate'] ?? '';
    const url = await listen((_request, response) => {
      response.writeHead(200, { 'WWW-Authenticate': proof }).end('hello');
    });
    await expect(client().fetch(url)).rejects.toMatchObject({ code: 'gss' });
  });

  test('a server that never ends the negotiation is left', async () => {
    const url = await listen((_request, response) => {
      response.writeHead(401, { 'WWW-Authenticate': 'Negotiate oQcwBaADCgEB' }).end();
    });
    await expect(client().fetch(url)).rejects.toBeInstanceOf(KerberosError);
  });

  test('limits and errors: body, URL, connection, the caller’s ticket', async () => {
    const url = await service();
    await expect(client({ maxBody: 5 }).fetch(url)).rejects.toMatchObject({ code: 'http' });
    await expect(client().fetch('ftp://host/')).rejects.toMatchObject({ code: 'http' });
    const closed = client().fetch('http://serverb.contoso.com:1/');
    await expect(closed).rejects.toMatchObject({ code: 'http' });
    const getServiceTicket = () => Promise.reject(new TypeError('no ticket'));
    await expect(client({ getServiceTicket }).fetch(url)).rejects.toThrow('no ticket');
  });
});

describe('RFC 5929 §4: tls-server-end-point', () => {
  test('the hash is that of the signature', () => {
    const der = Buffer.from(CERTIFICATE.replaceAll(/-.*-|\n/gu, ''), 'base64');
    const { applicationData } = tlsServerEndPoint(der);
    const prefix = 'tls-server-end-point:';
    expect(fromUtf8(applicationData.subarray(0, prefix.length))).toBe(prefix);
    expect(toHex(applicationData.subarray(prefix.length))).toBe(CERTIFICATE_SHA384);
  });

  test('client and server bind to the certificate by themselves', async () => {
    const url = await service({ bindingPolicy: 'required' }, true);
    const { body } = await client().fetch(url);
    expect(fromUtf8(body)).toBe('GET alice@CONTOSO.COM 0 bound');
  });

  test('a ticket that was bound to another channel is refused', async () => {
    const channelBindings = { applicationData: utf8('tls-server-end-point:another') };
    const url = await service({ channelBindings }, true);
    await expect(client().fetch(url)).rejects.toThrow('over another channel');
  });

  test('where bindings are required, plain HTTP is refused', async () => {
    const url = await service({ bindingPolicy: 'required' });
    await expect(client().fetch(url)).rejects.toThrow('over TLS only');
  });
});

describe('a server that does not go on', () => {
  const silent: readonly [string, RequestListener][] = [
    ['before its answer', () => undefined],
    ['in the middle of its answer', (_request, response) => void response.write('be')],
  ];
  test.each(silent)('%s', async (_when, listener) => {
    const url = await listen(listener);
    await expect(client({ timeout: 50 }).fetch(url)).rejects.toMatchObject({ code: 'http' });
    const controller = new AbortController();
    const call = client().fetch(url, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'http' });
  });
});
