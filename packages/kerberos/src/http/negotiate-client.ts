import type { IncomingHttpHeaders } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';
import type { RandomSource } from '@doublehop/crypto/random';
import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { type ChannelBindings, tlsServerEndPoint } from '../gss/channel-bindings.ts';
import type { KerberosContext } from '../gss/context.ts';
import { DEFAULT_FLAGS, GssFlag } from '../gss/flags.ts';
import { krb5Initiator } from '../gss/initiator.ts';
import type { Negotiation } from '../gss/negotiation.ts';
import { HTTP_WAIT, MAX_HTTP_BODY, MAX_NEGOTIATION_LEGS } from '../limits.ts';
import { spnegoInitiator } from '../spnego/initiator.ts';
import { HttpConnection, type HttpReply } from './http-connection.ts';
import { formatNegotiate, parseNegotiate } from './negotiate-field.ts';

/** What the client needs; where tickets come from is the caller's. */
export interface NegotiateClientOptions {
  /** A ticket for a service such as `HTTP/serverb.contoso.com`. */
  readonly getServiceTicket: (spn: string) => Promise<Credentials>;
  /** A forwarded TGT to hand to the service, for unconstrained delegation; none where absent. */
  readonly getForwardedTicket?: (ticket: Credentials) => Promise<Credentials | undefined>;
  /** The KDC's time in milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** GssFlag bits; DEFAULT_FLAGS where absent. Without MUTUAL the server proves nothing. */
  readonly flags?: number;
  /** Send a token with the first request; otherwise only when the server asks. On by default. */
  readonly upFront?: boolean;
  /** Certificates to trust and the like, for https. */
  readonly tls?: SecureContextOptions;
  /** In place of the DNS. */
  readonly lookup?: LookupFunction;
  /** Octets of a body that are taken; MAX_HTTP_BODY where absent. */
  readonly maxBody?: number;
  /** Milliseconds of a call, all of its requests together; HTTP_WAIT where absent. */
  readonly timeout?: number;
}

/** A request; the fields that belong to the connection are set by the client. */
export interface NegotiateRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent again with every token. */
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

/** An answer. Redirects are not followed: their target is another service. */
export interface NegotiateResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** The context with the server that answered; undefined where nobody authenticated. */
  readonly context: KerberosContext | undefined;
}

/** A client that answers for its user with Kerberos. */
export interface NegotiateClient {
  /**
   * Sends a request. Throws KerberosError `http` where the server refuses the ticket, or does not
   * prove who it is, and whatever `getServiceTicket` throws.
   */
  fetch(url: string | URL, request?: NegotiateRequest): Promise<NegotiateResponse>;
}

/** The client's side of HTTP Negotiate (RFC 4559 §4.2). */
export function negotiateClient(options: NegotiateClientOptions): NegotiateClient {
  return {
    async fetch(url, request = {}) {
      // A connection for each call: the tokens of an exchange must not be spread over several.
      const connection = new HttpConnection(new URL(url), {
        tls: options.tls,
        lookup: options.lookup,
        maxBody: options.maxBody ?? MAX_HTTP_BODY,
      });
      const late = AbortSignal.timeout(options.timeout ?? HTTP_WAIT);
      const { signal = late } = request;
      const bounded = { ...request, signal: AbortSignal.any([signal, late]) };
      try {
        return await new Exchange(options, connection, bounded).run();
      } finally {
        connection.close();
      }
    },
  };
}

class Exchange {
  readonly #options: NegotiateClientOptions;
  readonly #connection: HttpConnection;
  readonly #request: NegotiateRequest;
  #negotiation: Negotiation | undefined;

  constructor(
    options: NegotiateClientOptions,
    connection: HttpConnection,
    request: NegotiateRequest,
  ) {
    this.#options = options;
    this.#connection = connection;
    this.#request = request;
  }

  async run(): Promise<NegotiateResponse> {
    let starting = this.#options.upFront !== false;
    let token: Uint8Array | undefined;
    for (let leg = 0; leg < MAX_NEGOTIATION_LEGS; leg += 1) {
      const reply = await this.#connection.send(this.#request, async (socket) => {
        if (starting) token = await this.#start(socket);
        return token === undefined ? undefined : formatNegotiate(token);
      });
      const offer = parseNegotiate(reply.headers['www-authenticate']);
      if (reply.status !== 401) return this.#finish(reply, offer?.token);
      starting = this.#negotiation === undefined;
      if (starting && offer === undefined) return { ...reply, context: undefined };
      if (!starting) token = this.#continue(reply, offer?.token);
    }
    throw this.#failure('the negotiation comes to no end');
  }

  async #start(socket: Socket): Promise<Uint8Array | undefined> {
    const { getServiceTicket, getForwardedTicket, clock, random, flags } = this.#options;
    const credentials = await getServiceTicket(this.#spn);
    const delegated = await getForwardedTicket?.(credentials);
    const channelBindings = bindingsOf(socket);
    this.#negotiation = spnegoInitiator(() =>
      krb5Initiator({
        credentials,
        clock,
        random,
        flags: flags ?? DEFAULT_FLAGS,
        channelBindings,
        delegated,
      }),
    );
    return this.#negotiation.step().token;
  }

  /** The next token after a 401; without one in it, the server refused (RFC 4559 §4.1). */
  #continue(reply: HttpReply, token: Uint8Array | undefined): Uint8Array {
    if (token === undefined) {
      throw this.#failure(`refused the ticket: ${firstLines(reply.body)}`);
    }
    const next = this.#negotiation?.step(token).token;
    if (next === undefined) throw this.#failure('refused the ticket after it had accepted it');
    return next;
  }

  #finish(reply: HttpReply, token: Uint8Array | undefined): NegotiateResponse {
    const negotiation = this.#negotiation;
    if (negotiation === undefined) return { ...reply, context: undefined };
    if (token !== undefined && negotiation.context === undefined) negotiation.step(token);
    const { context } = negotiation;
    const mutual = ((this.#options.flags ?? DEFAULT_FLAGS) & GssFlag.MUTUAL) !== 0;
    if (mutual && context === undefined) {
      throw this.#failure(`answered ${reply.status} without proving who it is`);
    }
    return { ...reply, context };
  }

  get #spn(): string {
    return `HTTP/${this.#connection.url.hostname}`;
  }

  #failure(what: string): KerberosError {
    return new KerberosError('http', `${this.#spn} ${what}`, { subject: this.#spn });
  }
}

/** tls-server-end-point of the server's certificate (RFC 5929 §4.1), over TLS. */
function bindingsOf(socket: Socket): ChannelBindings | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  return tlsServerEndPoint(socket.getPeerCertificate().raw);
}

const SHOWN = 300;

/** The beginning of an answer for an error message: no control characters, bounded. */
function firstLines(body: Uint8Array): string {
  const text = Buffer.from(body.subarray(0, SHOWN)).toString('utf8');
  return text.replace(/\p{Cc}+/gu, ' ').trim() || 'no reason given';
}
