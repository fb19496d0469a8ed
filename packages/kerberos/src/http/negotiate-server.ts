import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { utf8 } from '@doublehop/wire/bytes';
import { KerberosError } from '../errors.ts';
import {
  type AcceptedContext,
  type Acceptance,
  type AcceptorOptions,
  krb5Acceptor,
} from '../gss/acceptor.ts';
import { type ChannelBindings, tlsServerEndPoint } from '../gss/channel-bindings.ts';
import { gssError } from '../gss/gss-error.ts';
import type { Negotiation } from '../gss/negotiation.ts';
import { errorName } from '../iana/error-codes.ts';
import type { Principal } from '../names.ts';
import { spnegoAcceptor } from '../spnego/acceptor.ts';
import { formatNegotiate, parseNegotiate } from './negotiate-field.ts';

/** Who sent a request, proved by Kerberos. */
export interface NegotiateIdentity extends Acceptance {
  readonly principal: Principal;
  readonly context: AcceptedContext;
}

/**
 * What the middleware needs. Over TLS it binds the authentication to its own certificate
 * (tls-server-end-point); behind a proxy that ends TLS give the proxy's `channelBindings`.
 */
export interface NegotiateServerOptions extends AcceptorOptions {
  /** Hears of every request that was refused with a token in it; for a log. */
  readonly onRefused?: (error: KerberosError, request: IncomingMessage) => void;
}

/** HTTP Negotiate for node:http and node:https. */
export interface NegotiateServer {
  /**
   * The identity of a request, with the answer's WWW-Authenticate field set; or undefined, after
   * the request was answered with 401 (RFC 4559 §4.1). Every request authenticates for itself.
   */
  authenticate(request: IncomingMessage, response: ServerResponse): NegotiateIdentity | undefined;
}

/** A handler that is only called for authenticated requests. */
export type NegotiateHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  identity: NegotiateIdentity,
) => void;

/**
 * The server's side of HTTP Negotiate (RFC 4559). Tickets make requests large: give createServer a
 * `maxHeaderSize` of 64 KiB, for Node's own default of 16 KiB refuses users in many groups (431).
 */
export function negotiateServer(options: NegotiateServerOptions): NegotiateServer {
  return new Negotiator(options);
}

/** A request listener that calls `handler` for authenticated requests and answers 401 to others. */
export function negotiateListener(
  options: NegotiateServerOptions,
  handler: NegotiateHandler,
): RequestListener {
  const server = negotiateServer(options);
  return (request, response) => {
    const identity = server.authenticate(request, response);
    if (identity !== undefined) handler(request, response, identity);
  };
}

class Negotiator implements NegotiateServer {
  readonly #options: NegotiateServerOptions;
  /** Exchanges of several tokens: they belong to their connection (RFC 4559 §6). */
  readonly #pending = new WeakMap<Socket, Negotiation<AcceptedContext>>();
  readonly #bindings = new WeakMap<Socket, ChannelBindings>();

  constructor(options: NegotiateServerOptions) {
    this.#options = options;
  }

  authenticate(request: IncomingMessage, response: ServerResponse): NegotiateIdentity | undefined {
    const { socket } = request;
    try {
      const field = parseNegotiate(request.headers.authorization);
      if (field?.token === undefined) return challenge(response, WANTED);
      const negotiation = this.#pending.get(socket) ?? this.#begin(socket);
      this.#pending.delete(socket);
      const { token } = negotiation.step(field.token);
      const { context } = negotiation;
      if (context === undefined) {
        this.#pending.set(socket, negotiation);
        return challenge(response, UNFINISHED, token);
      }
      if (token !== undefined) response.setHeader('WWW-Authenticate', formatNegotiate(token));
      // The next request on this connection must authenticate anew (MS-N2HT 3.3.5).
      response.setHeader('Persistent-Auth', 'false');
      return { principal: context.peer, context, ...context.acceptance };
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      this.#options.onRefused?.(error, request);
      return challenge(response, explain(error));
    }
  }

  #begin(socket: Socket): Negotiation<AcceptedContext> {
    const channelBindings = this.#options.channelBindings ?? this.#ownBindings(socket);
    if (channelBindings === undefined && this.#options.bindingPolicy === 'required') {
      throw gssError('GSS_S_BAD_BINDINGS', 'this service authenticates over TLS only');
    }
    return spnegoAcceptor(() => krb5Acceptor({ ...this.#options, channelBindings }));
  }

  #ownBindings(socket: Socket): ChannelBindings | undefined {
    if (!(socket instanceof TLSSocket)) return undefined;
    const known = this.#bindings.get(socket);
    if (known !== undefined) return known;
    const certificate = socket.getCertificate();
    if (certificate === null || !('raw' in certificate)) return undefined;
    const bindings = tlsServerEndPoint(certificate.raw);
    this.#bindings.set(socket, bindings);
    return bindings;
  }
}

const WANTED =
  'This service wants HTTP Negotiate with Kerberos (RFC 4559). ' +
  'Get a ticket (kinit), and call the service by the name that its account has.';

const UNFINISHED = 'The authentication goes on with the next request on this connection.';

function explain({ message, detail }: KerberosError): string {
  const { errorCode } = detail;
  const name = errorCode === undefined ? '' : `${errorName(errorCode)} (${errorCode}): `;
  return `The authentication failed. ${name}${message}`;
}

/** Answers 401. A failure carries no token: with one, the client would have to go on. */
function challenge(response: ServerResponse, text: string, token?: Uint8Array): undefined {
  const body = utf8(`401 Unauthorized\n${text}\n`);
  response.writeHead(401, {
    'WWW-Authenticate': formatNegotiate(token),
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
  });
  response.end(body);
  return undefined;
}
