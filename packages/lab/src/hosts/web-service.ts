import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type NegotiateIdentity, negotiateServer } from '@doublehop/kerberos/http/negotiate-server';
import { KerberosError } from '@doublehop/kerberos/errors';
import { errno, LabError, messageOf } from '../errors.ts';
import { HTTP_REQUEST_WAIT, MAX_HTTP_CONNECTIONS, MAX_HTTP_HEADER } from '../limits.ts';
import type { ProcessSystem } from '../process/system.ts';
import { refusalOf } from './answers.ts';
import type { Host, HopTarget } from './host.ts';

/** Finds the host that a request to hop means. Throws LabError `unknown-host`. */
export type FindTarget = (name: string) => Omit<HopTarget, 'service'>;

/** A listening web service. */
export interface WebService {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The web service of a host: `/` tells in words and `/whoami` in JSON whom the host sees; `/hop`
 * calls another host as the caller. Every request authenticates by HTTP Negotiate.
 */
export async function listenWeb(
  host: Host,
  where: { readonly address: string; readonly port: number },
  findTarget: FindTarget,
  { clock, random, log }: ProcessSystem,
): Promise<WebService> {
  const { keys, replayCache } = host;
  const negotiate = negotiateServer({
    keys,
    replayCache,
    clock,
    random,
    onRefused: ({ message }) => log(`${host.name}: a caller was refused: ${message}`),
  });
  const server = createServer(
    {
      maxHeaderSize: MAX_HTTP_HEADER,
      requestTimeout: HTTP_REQUEST_WAIT,
      headersTimeout: HTTP_REQUEST_WAIT,
    },
    (request, response) => {
      // Bodies mean nothing here; unread ones would keep the connection busy.
      request.resume();
      const caller = negotiate.authenticate(request, response);
      if (caller === undefined) return;
      void respond(host, caller, request, findTarget).then((answer) => send(response, answer));
    },
  );
  server.maxConnections = MAX_HTTP_CONNECTIONS;
  const { address, port } = where;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `${host.name} cannot listen on TCP ${address}:${port}: ${messageOf(cause)}`;
      reject(new LabError('address', message, { cause }));
    });
    server.listen(port, address, resolve);
  });
  // Errors of accepting (too many open files) pass when connections close.
  server.on('error', (error) => log(`${host.name}: ${messageOf(error)}`));
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Whether listening failed because somebody else has the port. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof LabError && errno(error.detail.cause) === 'EADDRINUSE';
}

interface Answer {
  readonly status: number;
  readonly body: string | object;
}

async function respond(
  host: Host,
  caller: NegotiateIdentity,
  { method, url = '/' }: IncomingMessage,
  findTarget: FindTarget,
): Promise<Answer> {
  try {
    if (method !== 'GET' && method !== 'HEAD') return wrong(405, 'only GET is understood here');
    const { pathname, searchParams } = new URL(url, 'http://host');
    if (pathname === '/') return { status: 200, body: greeting(host, caller) };
    if (pathname === '/whoami') return { status: 200, body: host.whoAmI(caller) };
    if (pathname !== '/hop') return wrong(404, 'there are /, /whoami and /hop?target=HOST here');
    return await hop(host, caller, searchParams, findTarget);
  } catch (error) {
    return { status: statusOf(error), body: refusalOf(error) };
  }
}

async function hop(
  host: Host,
  caller: NegotiateIdentity,
  query: URLSearchParams,
  findTarget: FindTarget,
): Promise<Answer> {
  const target = query.get('target');
  const service = query.get('service') ?? 'HTTP';
  if (target === null) return wrong(400, 'say where to: /hop?target=HOST');
  if (!/^[A-Za-z][\w-]{0,63}$/u.test(service)) return wrong(400, 'that is no class of services');
  return { status: 200, body: await host.hop(caller, { ...findTarget(target), service }) };
}

function greeting(host: Host, caller: NegotiateIdentity): string {
  const { user, via } = host.whoAmI(caller);
  const way = via.length === 0 ? '' : ` through ${via.join(', ')}`;
  return `You are ${user} on ${host.name}${way}\n`;
}

function wrong(status: number, words: string): Answer {
  return { status, body: refusalOf(new LabError('usage', words)) };
}

/** 403: the KDC or this host says no; 502: the hop failed on its way. */
function statusOf(error: unknown): number {
  if (error instanceof KerberosError) return 502;
  if (!(error instanceof LabError)) return 500;
  if (error.code === 'unknown-host') return 404;
  return error.code === 'refused' || error.code === 'negative-cache' ? 403 : 401;
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body, undefined, 2)}\n`;
  response.writeHead(status, {
    'Content-Type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}
