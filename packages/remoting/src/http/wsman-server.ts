import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { utf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import {
  HTTP_IDLE,
  HTTP_REQUEST_WAIT,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_ADDRESS,
  MAX_ENVELOPE,
  MAX_HTTP_HEADER,
} from '../limits.ts';
import { decodeXml } from '../xml/parse.ts';
import { identifyResponse, isIdentify } from '../wsman/identify.ts';
import {
  decryptMessage,
  encryptMessage,
  type HttpContent,
  innerCharset,
  isEncrypted,
  type MessageSealer,
  SOAP_TYPE,
} from './message-encryption.ts';
import {
  formatField,
  parseField,
  type ServerConnection,
  type ServerExchange,
  type ServerScheme,
  type ServerStep,
} from './scheme.ts';

/** A SOAP message of an authenticated caller. */
export interface SoapRequest<C> {
  readonly text: string;
  readonly caller: C;
  readonly connection: ServerConnection;
}

export interface SoapAnswer {
  /** 200, or 500 for a fault. */
  readonly status: number;
  readonly text: string;
}

export interface WsmanServerOptions<C> {
  /** In the order in which they are offered. */
  readonly schemes: readonly ServerScheme<C>[];
  readonly handle: (request: SoapRequest<C>) => Promise<SoapAnswer>;
  /** Key, certificate and authorities: the server is HTTPS. */
  readonly tls?: ServerOptions;
  /** Windows' AllowUnencrypted: off where absent. */
  readonly allowUnencrypted?: boolean;
  /** What Identify tells of the product (MS-WSMV 3.1.4.1.16). */
  readonly product: { readonly vendor: string; readonly version: string };
  /** A caller's connection is gone, or somebody else has it: what the caller left can be wiped. */
  readonly onCallerGone?: (caller: C) => void;
  /** Hears of what was refused and of errors; for a log. Never gets secrets. */
  readonly log: (line: string) => void;
}

/** An HTTP server for WS-Management; listening is the caller's. */
export function wsmanServer<C>(options: WsmanServerOptions<C>): Server {
  const service = new HttpService(options);
  const http = {
    maxHeaderSize: MAX_HTTP_HEADER,
    requestTimeout: HTTP_REQUEST_WAIT,
    headersTimeout: HTTP_REQUEST_WAIT,
    keepAliveTimeout: HTTP_IDLE,
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void service.serve(request, response);
  };
  const server =
    options.tls === undefined
      ? createHttpServer(http, listener)
      : createHttpsServer({ ...http, ...options.tls }, listener);
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => service.welcome(socket));
  return server;
}

/** What an Authorization field led to: an answer, or fields for the answer to come. */
type Taken =
  | { readonly isAnswered: true }
  | { readonly isAnswered: false; readonly fields: readonly string[] };

/** What is known of one connection: its security context belongs to it alone. */
interface Connection<C> {
  readonly facts: ServerConnection;
  exchange?: { readonly scheme: string; readonly exchange: ServerExchange<C> } | undefined;
  caller?: { readonly caller: C; readonly sealer: MessageSealer | undefined } | undefined;
  isBusy: boolean;
  isGone: boolean;
}

class HttpService<C> {
  readonly #options: WsmanServerOptions<C>;
  readonly #connections = new WeakMap<Socket, Connection<C>>();
  readonly #perAddress = new Map<string, number>();

  constructor(options: WsmanServerOptions<C>) {
    this.#options = options;
  }

  /** Counts a new connection; one address has so many at most. */
  welcome(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const count = (this.#perAddress.get(address) ?? 0) + 1;
    if (count > MAX_CONNECTIONS_PER_ADDRESS) {
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, count);
    socket.once('close', () => {
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = this.#connectionOf(request.socket);
    if (connection.isBusy) {
      // A second request before the answer to the first: sequence numbers would lose their order.
      request.socket.destroy();
      return;
    }
    connection.isBusy = true;
    try {
      await this.#answer(request, response, connection);
    } catch (error) {
      this.#fail(error, response);
    } finally {
      connection.isBusy = false;
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection<C>,
  ): Promise<void> {
    const path = (request.url ?? '').split('?')[0]?.toLowerCase();
    if (path !== '/wsman' && path !== '/wsman-anon/identify') return plain(response, 404);
    if (request.method !== 'POST') return plain(response, 405);
    const { authorization, wsmanidentify } = request.headers;
    const mayMatter = connection.caller !== undefined || authorization !== undefined;
    const isIdentity = wsmanidentify?.toString().toLowerCase() === 'unauthenticated';
    // What an unknown client sends is let go by, not kept.
    const body = mayMatter || isIdentity ? await readBody(request) : await drain(request);
    if (isIdentity && isIdentify(body)) {
      const identity = utf8(identifyResponse(this.#options.product));
      return send(response, 200, [], { type: SOAP_TYPE, body: identity });
    }
    const taken: Taken =
      authorization === undefined
        ? { isAnswered: false, fields: [] }
        : await this.#authenticate(authorization, response, connection);
    if (taken.isAnswered) return;
    const { fields } = taken;
    if (connection.caller === undefined) return this.#challenge(response, connection);
    if (body.length === 0) return send(response, 200, fields);
    await this.#soap(request, response, connection, { body, fields });
  }

  async #soap(
    request: IncomingMessage,
    response: ServerResponse,
    { caller: known, facts }: Connection<C>,
    { body, fields }: { body: Uint8Array; fields: readonly string[] },
  ): Promise<void> {
    if (known === undefined) return;
    const { caller, sealer } = known;
    const type = request.headers['content-type'] ?? '';
    const isSealed = isEncrypted(type);
    if (isSealed && sealer === undefined)
      return plain(response, 400, 'nothing was agreed to encrypt with');
    if (!isSealed && facts.tls === undefined && this.#options.allowUnencrypted !== true) {
      this.#options.log(`${facts.remoteAddress}: a message that is not encrypted was refused`);
      return plain(
        response,
        400,
        'messages over HTTP must be encrypted (AllowUnencrypted is false)',
      );
    }
    const seals = isSealed ? sealer : undefined;
    const plainBody = seals === undefined ? body : await decryptMessage(seals, { type, body });
    const charset = seals === undefined ? charsetOf(type) : innerCharset(body);
    const text = decodeXml(plainBody, charset);
    const answer = await this.#options.handle({ text, caller, connection: facts });
    if (response.destroyed) return;
    const message = utf8(answer.text);
    const content =
      seals === undefined
        ? { type: SOAP_TYPE, body: message }
        : await encryptMessage(seals, message);
    send(response, answer.status, fields, content);
  }

  /** Takes an Authorization field. Gives the field for the answer, if there is one to be given. */
  async #authenticate(
    field: string,
    response: ServerResponse,
    connection: Connection<C>,
  ): Promise<Taken> {
    const parsed = parseField(field);
    const scheme = this.#schemesFor(connection).find(
      ({ name }) => name.toLowerCase() === parsed?.scheme.toLowerCase(),
    );
    this.#forget(connection);
    if (parsed === undefined || scheme === undefined) {
      abandon(connection);
      this.#challenge(response, connection);
      return { isAnswered: true };
    }
    if (connection.exchange?.scheme !== scheme.name) abandon(connection);
    const exchange = connection.exchange?.exchange ?? scheme.begin(connection.facts);
    connection.exchange = { scheme: scheme.name, exchange };
    try {
      const step = await exchange.step(parsed.token ?? new Uint8Array(0));
      // Who went while the scheme was at work is not told, and leaves nothing.
      if (connection.isGone) {
        this.#leave(connection, step);
        return { isAnswered: true };
      }
      if (step.kind === 'continue') {
        send(response, 401, [formatField(scheme.name, step.token)]);
        return { isAnswered: true };
      }
      connection.exchange = undefined;
      connection.caller = { caller: step.caller, sealer: step.sealer };
      const { token } = step;
      const fields = token === undefined ? [] : [formatField(scheme.name, token)];
      return { isAnswered: false, fields };
    } catch (error) {
      abandon(connection);
      if (!(error instanceof RemotingError)) throw error;
      this.#options.log(`${connection.facts.remoteAddress} was refused: ${error.message}`);
      // A refusal carries no token: with one, the client would have to go on.
      this.#challenge(response, connection);
      return { isAnswered: true };
    }
  }

  #challenge(response: ServerResponse, connection: Connection<C>): void {
    const challenges = this.#schemesFor(connection).map(({ challenge }) => challenge);
    send(response, 401, challenges);
  }

  #schemesFor({ facts }: Connection<C>): readonly ServerScheme<C>[] {
    const isSafe = facts.tls !== undefined || this.#options.allowUnencrypted === true;
    return this.#options.schemes.filter(({ needsTls }) => isSafe || !needsTls);
  }

  #connectionOf(socket: Socket): Connection<C> {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection<C> = { facts: factsOf(socket), isBusy: false, isGone: false };
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      connection.isGone = true;
      abandon(connection);
      this.#forget(connection);
    });
    return connection;
  }

  #forget(connection: Connection<C>): void {
    const { caller } = connection;
    connection.caller = undefined;
    if (caller === undefined) return;
    caller.sealer?.close?.();
    this.#options.onCallerGone?.(caller.caller);
  }

  /** A step whose client did not wait for it. */
  #leave(connection: Connection<C>, step: ServerStep<C>): void {
    abandon(connection);
    if (step.kind === 'continue') return;
    step.sealer?.close?.();
    this.#options.onCallerGone?.(step.caller);
  }

  #fail(error: unknown, response: ServerResponse): void {
    const isPeers = error instanceof RemotingError;
    this.#options.log(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    if (response.headersSent || response.destroyed) response.destroy();
    else if (isPeers) plain(response, error.code === 'limit' ? 413 : 400, error.message);
    else plain(response, 500);
    // What follows on this connection may be the rest of what was wrong.
    if (isPeers) response.once('finish', () => response.socket?.destroySoon());
  }
}

/** Encryption adds a few per cent to an envelope, and its heads. */
const MAX_BODY = MAX_ENVELOPE * 1.25;

/** Ends an authentication that has come to no end. */
function abandon<C>(connection: Connection<C>): void {
  connection.exchange?.exchange.abandon?.();
  connection.exchange = undefined;
}

function factsOf(socket: Socket): ServerConnection {
  const remoteAddress = socket.remoteAddress ?? '';
  if (!(socket instanceof TLSSocket)) return { remoteAddress };
  const own = socket.getCertificate();
  const peer = socket.authorized ? socket.getPeerCertificate().raw : undefined;
  return {
    remoteAddress,
    tls: {
      certificate: own !== null && 'raw' in own ? own.raw : undefined,
      clientCertificate: peer,
    },
  };
}

/** Lets a body go by. */
async function drain(request: IncomingMessage): Promise<Uint8Array> {
  await eachChunk(request, () => {});
  return new Uint8Array(0);
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  await eachChunk(request, (chunk) => chunks.push(chunk));
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** By events: reading a stream by iteration costs more than a small body does otherwise. */
function eachChunk(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let size = 0;
    // A request yields Buffers unless an encoding was set.
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY) return take(chunk);
      request.pause();
      reject(tooLong());
    });
    request.once('end', resolve);
    request.once('error', reject);
    request.once('close', () => {
      if (!request.complete) reject(new RemotingError('http', 'the request ended too soon'));
    });
  });
}

function tooLong(): RemotingError {
  return new RemotingError('limit', `the message is longer than ${MAX_ENVELOPE} octets`);
}

const NOTHING = new Uint8Array(0);

/** Octets of an answer that is copied once more rather than sent apart from its header. */
const ONE_WRITE = 16_384;

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function charsetOf(type: string): string {
  return /charset="?([\w-]+)/iu.exec(type)?.[1] ?? 'UTF-8';
}

function plain(response: ServerResponse, status: number, text = ''): void {
  send(response, status, [], { type: 'text/plain; charset=utf-8', body: utf8(text) });
}

function send(
  response: ServerResponse,
  status: number,
  authenticate: readonly string[],
  content?: HttpContent,
): void {
  response.writeHead(status, {
    ...(authenticate.length > 0 && { 'WWW-Authenticate': [...authenticate] }),
    ...(content !== undefined && content.body.length > 0 && { 'Content-Type': content.type }),
    'Content-Length': content?.body.length ?? 0,
  });
  const body = content?.body ?? NOTHING;
  if (body.length > ONE_WRITE) response.end(body);
  // Text goes out in one piece with the header, octets apart from it: each is a system call.
  else response.end(latin1(body), 'latin1');
}
