import type { LookupFunction } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { MAX_AUTHENTICATION_LEGS } from '../limits.ts';
import { decodeXml } from '../xml/parse.ts';
import { HttpConnection } from './http-connection.ts';
import type { HttpReply } from './http-reply.ts';
import {
  decryptMessage,
  encryptMessage,
  type HttpContent,
  isEncrypted,
  type MessageSealer,
  SOAP_TYPE,
} from './message-encryption.ts';
import { type ClientScheme, formatField } from './scheme.ts';

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
  #http: HttpConnection | undefined;
  #sealer: MessageSealer | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: WsmanClientOptions) {
    const { url, scheme } = options;
    const isTls = url.protocol === 'https:';
    if (scheme.needsTls && !isTls) {
      throw new RemotingError('unsupported', `${scheme.name} is used over HTTPS only`);
    }
    this.#options = options;
  }

  /** Whether the connection stands, and nobody has to authenticate before the next message. */
  get isConnected(): boolean {
    return this.#http?.isOpen === true;
  }

  /** Sends a message. Throws RemotingError `authentication`, `http`, `crypto`, `closed`. */
  post(text: string, signal?: AbortSignal): Promise<SoapReply> {
    const turn = this.#queue.then(() => this.#post(text, signal));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  close(): void {
    this.#isClosed = true;
    this.#http?.close();
  }

  async #post(text: string, signal: AbortSignal | undefined): Promise<SoapReply> {
    if (this.#isClosed) throw new RemotingError('closed', 'the connection was closed');
    const http = this.#http?.isOpen === true ? this.#http : await this.#authenticate(signal);
    const message = utf8(text);
    const sealer = this.#isTls ? undefined : this.#sealer;
    const content =
      sealer === undefined
        ? { type: SOAP_TYPE, body: message }
        : await encryptMessage(sealer, message);
    const reply = await http.post(content, undefined, signal);
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
  async #authenticate(signal: AbortSignal | undefined): Promise<HttpConnection> {
    const { url, tls, lookup } = this.#options;
    const http = new HttpConnection({
      url,
      ...(tls !== undefined && { tls }),
      ...(lookup !== undefined && { lookup }),
    });
    // The context of another connection is none on this one.
    this.#sealer = undefined;
    this.#http = http;
    try {
      await http.ready(signal);
      await this.#negotiate(http, signal);
    } catch (error) {
      http.close();
      throw error;
    }
    return http;
  }

  async #negotiate(http: HttpConnection, signal: AbortSignal | undefined): Promise<void> {
    const { scheme } = this.#options;
    const { serverCertificate } = http;
    const exchange = scheme.begin({
      host: this.#host,
      ...(serverCertificate !== undefined && { serverCertificate }),
    });
    let token: Uint8Array | undefined;
    for (let leg = 0; leg < MAX_AUTHENTICATION_LEGS; leg += 1) {
      const step = await exchange.step(token);
      this.#take(step.done);
      const reply = await http.post(EMPTY, formatField(scheme.name, step.token), signal);
      token = tokenOf(reply, scheme.name);
      if (reply.status === 401 && token === undefined) throw this.#refusal(reply);
      if (reply.status !== 401) {
        if (reply.status !== 200) throw this.#unexpected(reply);
        if (token !== undefined) this.#take((await exchange.step(token)).done);
        if (this.#sealer === undefined && !this.#isTls) throw this.#unproved();
        return;
      }
    }
    throw new RemotingError('authentication', `${this.#host}: the negotiation comes to no end`);
  }

  #take(done: { readonly sealer?: MessageSealer } | undefined): void {
    if (done?.sealer !== undefined) this.#sealer = done.sealer;
  }

  get #isTls(): boolean {
    return this.#options.url.protocol === 'https:';
  }

  get #host(): string {
    return this.#options.url.hostname;
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

const EMPTY: HttpContent = { type: SOAP_TYPE, body: new Uint8Array(0) };

/** The token of a scheme among the WWW-Authenticate fields. */
function tokenOf({ offered }: HttpReply, scheme: string): Uint8Array | undefined {
  for (const field of offered.flatMap((one) => one.split(','))) {
    const [name, text] = field.trim().split(/ +/u);
    const isToken = text !== undefined && /^[\d+/A-Za-z]+={0,2}$/u.test(text);
    if (isToken && name?.toLowerCase() === scheme.toLowerCase()) return Buffer.from(text, 'base64');
  }
  return undefined;
}
