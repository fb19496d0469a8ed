import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions, TLSSocket } from 'node:tls';
import { RemotingError } from '../errors.ts';
import type { HttpContent } from './message-encryption.ts';
import { type HttpReply, ReplyReader } from './http-reply.ts';

export interface HttpConnectionOptions {
  /** `http://serverb.contoso.com:5985/wsman`. */
  readonly url: URL;
  /** Certificates to trust and a client's own, for https. */
  readonly tls?: SecureContextOptions & { readonly rejectUnauthorized?: boolean };
  /** In place of the DNS. */
  readonly lookup?: LookupFunction;
}

/** An answer that is waited for. */
interface Waiting {
  readonly resolve: (reply: HttpReply) => void;
  readonly reject: (error: RemotingError) => void;
}

/**
 * One connection over which messages are posted, one after the other (RFC 9112). A client of its
 * own in place of `node:http`'s: what a remoting client needs of HTTP is little, and that little is
 * most of what a small command costs. Once it is closed, it stays closed.
 */
export class HttpConnection {
  readonly #options: HttpConnectionOptions;
  readonly #socket: Socket;
  readonly #ready: Promise<void>;
  readonly #reader: ReplyReader = new ReplyReader();
  /** What every request begins with. */
  readonly #head: string;
  #waiting: Waiting | undefined;
  #failure: RemotingError | undefined;

  constructor(options: HttpConnectionOptions) {
    const { url } = options;
    this.#options = options;
    this.#head =
      `POST ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n` +
      'Connection: keep-alive\r\n';
    this.#socket = open(options);
    this.#ready = new Promise((resolve, reject) => {
      this.#socket.once(isTls(url) ? 'secureConnect' : 'connect', resolve);
      this.#socket.once('close', () => reject(this.#lost()));
    });
    // Who asks hears of it.
    this.#ready.catch(() => undefined);
    this.#socket.on('error', (error) => this.#fail(this.#unreachable(error)));
    this.#socket.on('close', () => this.#fail(this.#lost()));
    this.#socket.on('end', () => this.#fail(this.#lost()));
    // Without an encoding it gives Buffers.
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** DER of the server's certificate, once it is `ready`; undefined: there is no TLS. */
  get serverCertificate(): Uint8Array | undefined {
    return this.#socket instanceof TLSSocket ? this.#socket.getPeerCertificate().raw : undefined;
  }

  /** Resolves once the server is reached and TLS is set up. Throws RemotingError `http`. */
  ready(signal?: AbortSignal): Promise<void> {
    return signal === undefined ? this.#ready : this.#heeding(this.#ready, signal);
  }

  /**
   * Posts a message and gives the answer. The signal closes the connection, for nobody could tell
   * the answer from the next one's. Throws RemotingError `http` or `limit`.
   */
  post(
    { type, body }: HttpContent,
    authorization?: string,
    signal?: AbortSignal,
  ): Promise<HttpReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting !== undefined) throw new TypeError('the answer before is still awaited');
    const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
    this.#waiting = { resolve, reject };
    const field = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`;
    const head = `${this.#head}Content-Type: ${type}\r\n${field}Content-Length: ${body.length}`;
    // In one piece: each write is a system call, and wakes the other side.
    const message = Buffer.allocUnsafe(head.length + 4 + body.length);
    message.write(head, 'latin1');
    message.write('\r\n\r\n', head.length, 'latin1');
    message.set(body, head.length + 4);
    this.#socket.write(message);
    return signal === undefined ? promise : this.#heeding(promise, signal);
  }

  close(): void {
    this.#fail(this.#unreachable(new Error('the connection was closed')));
  }

  async #heeding<T>(awaited: Promise<T>, signal: AbortSignal): Promise<T> {
    const abort = (): void => this.#fail(this.#unreachable(signal.reason));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    try {
      return await awaited;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #take(chunk: Buffer): void {
    const waiting = this.#waiting;
    // What comes unasked may be meant to pass for the next answer.
    if (waiting === undefined) return this.#fail(this.#lost());
    try {
      const reply = this.#reader.take(chunk);
      if (reply === undefined) return;
      this.#waiting = undefined;
      if (!reply.isKept) this.#fail(this.#lost());
      waiting.resolve(reply);
    } catch (error) {
      this.#fail(error instanceof RemotingError ? error : this.#unreachable(error));
    }
  }

  #fail(error: RemotingError): void {
    this.#failure ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#socket.destroy();
    waiting?.reject(error);
  }

  #lost(): RemotingError {
    return this.#failure ?? this.#unreachable(new Error('the connection was lost'));
  }

  #unreachable(cause: unknown): RemotingError {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${this.#options.url.host} cannot be asked: ${why}`;
    return new RemotingError('http', message, { cause });
  }
}

function isTls(url: URL): boolean {
  return url.protocol === 'https:';
}

function open({ url, tls, lookup }: HttpConnectionOptions): Socket {
  // An IPv6 address has brackets in a URL.
  const host = url.hostname.replace(/^\[(.*)\]$/u, '$1');
  const common = { host, noDelay: true, ...(lookup !== undefined && { lookup }) };
  if (!isTls(url)) return connectTcp({ ...common, port: Number(url.port || 80) });
  // No session is taken up again: it may come without the certificate that a context is bound to.
  return connectTls({
    ...tls,
    ...common,
    port: Number(url.port || 443),
    ALPNProtocols: ['http/1.1'],
    // RFC 6066 3: addresses are no server names.
    ...(isIP(host) === 0 && { servername: host }),
  });
}
