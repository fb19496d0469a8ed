import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';
import { concat } from '@doublehop/wire/bytes';
import { KerberosError } from '../errors.ts';

/** A request to the one server of a connection. */
export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

/** A whole answer. */
export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** How the server is reached. */
export interface HttpConnectionOptions {
  readonly tls: SecureContextOptions | undefined;
  readonly lookup: LookupFunction | undefined;
  readonly maxBody: number;
}

/** Makes the Authorization field, once the connection stands and TLS is set up. */
export type Authorize = (socket: Socket) => Promise<string | undefined>;

/** Requests one after the other, on one connection as long as the server keeps it open. */
export class HttpConnection {
  readonly url: URL;
  readonly #options: HttpConnectionOptions;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #secure = new WeakSet<Socket>();

  /** Throws KerberosError `http` for a URL that is neither http nor https. */
  constructor(url: URL, options: HttpConnectionOptions) {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new KerberosError('http', `${url.protocol} is not HTTP`, { subject: url.href });
    }
    this.url = url;
    this.#options = options;
    const agentOptions = { keepAlive: true, maxSockets: 1 };
    this.#agent =
      url.protocol === 'https:'
        ? // A resumed session may come without the certificate that the context is bound to.
          new HttpsAgent({ ...options.tls, ...agentOptions, maxCachedSessions: 0 })
        : new HttpAgent(agentOptions);
  }

  /** Sends a request, reads the answer. Throws KerberosError `http`, or what `authorize` does. */
  send(request: HttpRequest, authorize: Authorize): Promise<HttpReply> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
    const sent = this.#open(request);
    sent.on('error', (cause) => reject(this.#failure(cause)));
    sent.on('response', (response) => {
      readReply(response, this.#options.maxBody).then(resolve, (error: unknown) => {
        sent.destroy();
        reject(error instanceof KerberosError ? error : this.#failure(toError(error)));
      });
    });
    sent.on('socket', (socket) => {
      const prepared = this.#untilSecure(socket).then(() => authorize(socket));
      prepared.then(
        (field) => {
          if (field !== undefined) sent.setHeader('Authorization', field);
          sent.end(request.body);
        },
        (error: unknown) => {
          reject(toError(error));
          sent.destroy();
        },
      );
    });
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }

  #failure(cause: Error): KerberosError {
    const subject = this.url.host;
    const message = `${subject} cannot be asked: ${cause.message}`;
    return new KerberosError('http', message, { subject, cause });
  }

  /** Resolves once TLS is set up: before, there is no certificate to bind to. */
  #untilSecure(socket: Socket): Promise<void> {
    if (!(socket instanceof TLSSocket) || this.#secure.has(socket)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        this.#secure.add(socket);
        resolve();
      });
    });
  }

  #open({ method = 'GET', headers, body, signal }: HttpRequest): ClientRequest {
    const { lookup } = this.#options;
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const secure = this.url.protocol === 'https:';
    return (secure ? httpsRequest : httpRequest)(this.url, {
      method,
      headers: { ...headers, ...length },
      agent: this.#agent,
      ...(signal === undefined ? {} : { signal }),
      ...(lookup === undefined ? {} : { lookup }),
    });
  }
}

async function readReply(response: IncomingMessage, maxBody: number): Promise<HttpReply> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // The stream of a response yields Buffers unless an encoding was set.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) {
      throw new KerberosError('http', `the answer is longer than ${maxBody} octets`);
    }
    chunks.push(chunk);
  }
  const { statusCode = 0, headers } = response;
  return { status: statusCode, headers, body: concat(...chunks) };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
