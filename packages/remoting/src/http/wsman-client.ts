import type { IncomingMessage } from 'node:http';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { MAX_AUTHENTICATION_LEGS, MAX_ENVELOPE } from '../limits.ts';
import { decodeXml } from '../xml/parse.ts';
import {
  decryptMessage,
  encryptMessage,
  type HttpContent,
  isEncrypted,
  type MessageSealer,
  SOAP_TYPE,
} from './message-encryption.ts';
import { type ClientExchange, type ClientScheme, formatField } from './scheme.ts';

export interface WsmanClientOptions {
  /** `http://serverb.contoso.com:5985/wsman`. */
  readonly url: URL;
  readonly scheme: ClientScheme;
  /** Certificates to trust and a client's own, for https. */
  readonly tls?: SecureContextOptions & { readonly rejectUnauthorized?: boolean };
  /** In place of the DNS. */
  readonly lookup?: LookupFunction;
}

/** An answer: 200, or 500 with a fault in it. */
export interface SoapReply {
  readonly status: number;
  readonly text: string;
}

/**
 * One connection to a WS-Management service, authenticated once: a security context belongs to its
 * connection. Requests go one after the other. When the server has closed it between two requests,
 * the next one connects and authenticates anew.
 */
export class WsmanConnection {
  readonly #options: WsmanClientOptions;
  readonly #agent: HttpAgent | HttpsAgent;
  #socket: Socket | undefined;
  #sealer: MessageSealer | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: WsmanClientOptions) {
    const { url, scheme, tls } = options;
    const isTls = url.protocol === 'https:';
    if (scheme.needsTls && !isTls) {
      throw new RemotingError('unsupported', `${scheme.name} is used over HTTPS only`);
    }
    const common = { keepAlive: true, maxSockets: 1 };
    this.#options = options;
    // A resumed session may come without the certificate that the context is bound to.
    this.#agent = isTls
      ? new HttpsAgent({ ...tls, ...common, maxCachedSessions: 0 })
      : new HttpAgent(common);
  }

  /** Whether the connection stands, and nobody has to authenticate before the next message. */
  get isConnected(): boolean {
    return this.#socket?.destroyed === false;
  }

  /** Sends a message. Throws RemotingError `authentication`, `http`, `crypto`, `closed`. */
  post(text: string, signal?: AbortSignal): Promise<SoapReply> {
    const turn = this.#queue.then(() => this.#post(text, signal));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  async #post(text: string, signal: AbortSignal | undefined): Promise<SoapReply> {
    if (this.#isClosed) throw new RemotingError('closed', 'the connection was closed');
    if (!this.isConnected) await this.#authenticate(signal);
    const message = utf8(text);
    const sealer = this.#isTls ? undefined : this.#sealer;
    const content =
      sealer === undefined
        ? { type: SOAP_TYPE, body: message }
        : await encryptMessage(sealer, message);
    const reply = await this.#send(content, undefined, signal);
    if (reply.status === 401) throw this.#refusal(reply);
    const isSoap = reply.status === 200 || (reply.status === 500 && reply.body.length > 0);
    if (!isSoap) throw this.#unexpected(reply);
    return { status: reply.status, text: await this.#open(reply, sealer) };
  }

  async #open({ type, body }: HttpReply, sealer: MessageSealer | undefined): Promise<string> {
    if (!isEncrypted(type)) {
      // Nobody may pass an answer of his own off as the server's.
      if (sealer === undefined) return decodeXml(body);
      throw new RemotingError('crypto', `${this.#host} answered without encryption`);
    }
    if (sealer === undefined) throw new RemotingError('crypto', 'the answer cannot be decrypted');
    return decodeXml(await decryptMessage(sealer, { type, body }));
  }

  /** Authenticates with an empty message, so that the first one is encrypted already. */
  async #authenticate(signal: AbortSignal | undefined): Promise<void> {
    const { scheme } = this.#options;
    this.#sealer = undefined;
    let exchange: ClientExchange | undefined;
    let token: Uint8Array | undefined;
    for (let leg = 0; leg < MAX_AUTHENTICATION_LEGS; leg += 1) {
      const reply = await this.#send(
        EMPTY,
        async (socket) => {
          exchange ??= scheme.begin({ host: this.#host, ...certificateOf(socket) });
          const step = await exchange.step(token);
          this.#take(step.done);
          return formatField(scheme.name, step.token);
        },
        signal,
      );
      token = tokenOf(reply, scheme.name);
      if (reply.status === 401 && token === undefined) throw this.#refusal(reply);
      if (reply.status !== 401) {
        if (reply.status !== 200) throw this.#unexpected(reply);
        if (token !== undefined) this.#take((await exchange?.step(token))?.done);
        if (this.#sealer === undefined && !this.#isTls) throw this.#unproved();
        return;
      }
    }
    throw new RemotingError('authentication', `${this.#host}: the negotiation comes to no end`);
  }

  #take(done: { readonly sealer?: MessageSealer } | undefined): void {
    if (done?.sealer !== undefined) this.#sealer = done.sealer;
  }

  async #send(
    { type, body }: HttpContent,
    authorize: ((socket: Socket) => Promise<string>) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<HttpReply> {
    const { url, lookup } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
    const sent = (this.#isTls ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      agent: this.#agent,
      headers: { 'Content-Type': type, 'Content-Length': body.length },
      ...(signal !== undefined && { signal }),
      ...(lookup !== undefined && { lookup }),
    });
    const fail = (cause: unknown): void => {
      sent.destroy();
      reject(cause instanceof RemotingError ? cause : this.#unreachable(cause));
    };
    sent.on('error', fail);
    sent.on('response', (response) => void readReply(response).then(resolve, fail));
    sent.on('socket', (socket) => {
      // The context of another connection is none on this one.
      const isStale = authorize === undefined && socket !== this.#socket;
      if (isStale) return fail(new RemotingError('closed', `${this.#host} closed the connection`));
      this.#socket = socket;
      const field = untilSecure(socket).then(() => authorize?.(socket));
      field.then(
        (value) => {
          if (value !== undefined) sent.setHeader('Authorization', value);
          sent.end(body);
        },
        (error: unknown) => {
          // What the scheme says is more than that the computer cannot be asked.
          sent.destroy();
          reject(error instanceof Error ? error : this.#unreachable(error));
        },
      );
    });
    return promise;
  }

  get #isTls(): boolean {
    return this.#options.url.protocol === 'https:';
  }

  get #host(): string {
    return this.#options.url.hostname;
  }

  #unreachable(cause: unknown): RemotingError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new RemotingError('http', `${this.#options.url.host} cannot be asked: ${why}`, {
      cause,
    });
  }

  #refusal({ offered }: HttpReply): RemotingError {
    const { scheme } = this.#options;
    const isOffered = offered.some((one) =>
      one.toLowerCase().startsWith(scheme.name.toLowerCase()),
    );
    const names = offered.map((one) => one.split(' ')[0]).join(', ');
    const why = isOffered
      ? `refused the caller by ${scheme.name}`
      : `does not take ${scheme.name}; it offers ${names === '' ? 'nothing' : names}`;
    return new RemotingError('authentication', `${this.#host} ${why}`, { status: 401 });
  }

  #unexpected({ status, body }: HttpReply): RemotingError {
    const said = fromUtf8(body.subarray(0, 200))
      .replaceAll(/\p{Cc}+/gu, ' ')
      .trim();
    const words = said === '' ? '' : `: ${said}`;
    return new RemotingError('http', `${this.#host} answered ${status}${words}`, { status });
  }

  #unproved(): RemotingError {
    const message = `${this.#host} let the caller in without proving who it is`;
    return new RemotingError('authentication', message);
  }
}

interface HttpReply extends HttpContent {
  readonly status: number;
  /** WWW-Authenticate fields. */
  readonly offered: readonly string[];
}

const EMPTY: HttpContent = { type: SOAP_TYPE, body: new Uint8Array(0) };

async function readReply(response: IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The stream of a response yields Buffers unless an encoding was set.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ENVELOPE * 2) throw new RemotingError('limit', 'the answer is too long');
    chunks.push(chunk);
  }
  const offered = response.rawHeaders.filter(
    (_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === 'www-authenticate',
  );
  const type = response.headers['content-type'] ?? '';
  return { status: response.statusCode ?? 0, type, body: Buffer.concat(chunks), offered };
}

/** The token of a scheme among the WWW-Authenticate fields. */
function tokenOf({ offered }: HttpReply, scheme: string): Uint8Array | undefined {
  for (const field of offered.flatMap((one) => one.split(','))) {
    const [name, text] = field.trim().split(/ +/u);
    const isToken = text !== undefined && /^[\d+/A-Za-z]+={0,2}$/u.test(text);
    if (isToken && name?.toLowerCase() === scheme.toLowerCase()) return Buffer.from(text, 'base64');
  }
  return undefined;
}

function certificateOf(socket: Socket): { serverCertificate?: Uint8Array } {
  if (!(socket instanceof TLSSocket)) return {};
  return { serverCertificate: socket.getPeerCertificate().raw };
}

/** Resolves once TLS is set up: before, there is no certificate to bind to. */
function untilSecure(socket: Socket): Promise<void> {
  const isReady = !(socket instanceof TLSSocket) || socket.getProtocol() !== null;
  if (isReady && !socket.connecting) return Promise.resolve();
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => resolve());
  });
}
