import type { RandomSource } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import {
  type AcceptedContext,
  type AcceptorOptions,
  type BindingPolicy,
  krb5Acceptor,
} from '@doublehop/kerberos/gss/acceptor';
import { tlsServerEndPoint } from '@doublehop/kerberos/gss/channel-bindings';
import { DEFAULT_FLAGS } from '@doublehop/kerberos/gss/flags';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import type { Negotiation } from '@doublehop/kerberos/gss/negotiation';
import { spnegoAcceptor } from '@doublehop/kerberos/spnego/acceptor';
import { spnegoInitiator } from '@doublehop/kerberos/spnego/initiator';
import { RemotingError } from '../errors.ts';
import { gssSealer } from './gss-sealer.ts';
import type {
  ClientConnection,
  ClientScheme,
  ServerConnection,
  ServerExchange,
  ServerScheme,
} from './scheme.ts';

export interface GssServerOptions<C> {
  /** What the Kerberos acceptor needs; channel bindings are set by the connection. */
  readonly acceptor: Omit<AcceptorOptions, 'channelBindings' | 'bindingPolicy'>;
  /** Windows' CbtHardeningLevel: None is `off`, Relaxed `ignore-if-absent`, Strict `required`. */
  readonly bindingPolicy: BindingPolicy;
  /**
   * Makes the caller of a ticket that was verified: its PAC is still to be. Throws RemotingError
   * `authentication`.
   */
  readonly authorize: (context: AcceptedContext, connection: ServerConnection) => Promise<C> | C;
}

/** `Negotiate` and `Kerberos` of a server: SPNEGO, or Kerberos without it, in either. */
export function gssServerSchemes<C>(options: GssServerOptions<C>): ServerScheme<C>[] {
  return (['Negotiate', 'Kerberos'] as const).map((name) => ({
    name,
    challenge: name,
    needsTls: false,
    begin: (connection) => new GssServer(name, options, connection),
  }));
}

class GssServer<C> implements ServerExchange<C> {
  readonly #name: 'Negotiate' | 'Kerberos';
  readonly #options: GssServerOptions<C>;
  readonly #connection: ServerConnection;
  readonly #negotiation: Negotiation<AcceptedContext>;

  constructor(
    name: 'Negotiate' | 'Kerberos',
    options: GssServerOptions<C>,
    connection: ServerConnection,
  ) {
    const { certificate } = connection.tls ?? {};
    const isBound = certificate !== undefined && options.bindingPolicy !== 'off';
    this.#name = name;
    this.#options = options;
    this.#connection = connection;
    this.#negotiation = spnegoAcceptor(() =>
      krb5Acceptor({
        ...options.acceptor,
        ...(isBound && {
          channelBindings: tlsServerEndPoint(certificate),
          bindingPolicy: options.bindingPolicy,
        }),
      }),
    );
  }

  async step(token: Uint8Array): ReturnType<ServerExchange<C>['step']> {
    const reply = this.#take(token);
    const { context } = this.#negotiation;
    if (context === undefined) {
      if (reply !== undefined) return { kind: 'continue', token: reply };
      throw new RemotingError('authentication', 'the negotiation of the client comes to no end');
    }
    const caller = await this.#options.authorize(context, this.#connection);
    return { kind: 'done', caller, token: reply, sealer: gssSealer(context, this.#name) };
  }

  #take(token: Uint8Array): Uint8Array | undefined {
    try {
      return this.#negotiation.step(token).token;
    } catch (cause) {
      if (!(cause instanceof KerberosError)) throw cause;
      throw new RemotingError('authentication', cause.message, { cause });
    }
  }
}

export interface GssClientOptions {
  /** A ticket for a service such as `HTTP/serverb.contoso.com`. */
  readonly getServiceTicket: (spn: string) => Promise<Credentials>;
  /** A forwarded TGT to give to the server: unconstrained delegation; none where absent. */
  readonly getForwardedTicket?: (ticket: Credentials) => Promise<Credentials | undefined>;
  /** Service class of the SPN; HTTP where absent, as Windows' client has it. */
  readonly service?: string;
  readonly clock: () => number;
  readonly random: RandomSource;
}

/** `Negotiate` or `Kerberos` of a client; both carry Kerberos. */
export function gssClientScheme(
  name: 'Negotiate' | 'Kerberos',
  options: GssClientOptions,
): ClientScheme {
  return {
    name,
    needsTls: false,
    begin: (connection) => {
      let negotiation: Negotiation | undefined;
      return {
        step: async (token) => {
          negotiation ??= await startClient(name, options, connection);
          if (negotiation.context !== undefined && token === undefined) {
            return { done: { sealer: gssSealer(negotiation.context, name) } };
          }
          const reply = negotiation.step(token).token;
          const { context } = negotiation;
          return context === undefined
            ? { token: reply }
            : { token: reply, done: { sealer: gssSealer(context, name) } };
        },
      };
    },
  };
}

async function startClient(
  name: 'Negotiate' | 'Kerberos',
  options: GssClientOptions,
  { host, serverCertificate }: ClientConnection,
): Promise<Negotiation> {
  const { getServiceTicket, getForwardedTicket, service = 'HTTP', clock, random } = options;
  const credentials = await getServiceTicket(`${service}/${host}`);
  const delegated = await getForwardedTicket?.(credentials);
  const channelBindings =
    serverCertificate === undefined ? undefined : tlsServerEndPoint(serverCertificate);
  const start = (): Negotiation =>
    krb5Initiator({ credentials, clock, random, flags: DEFAULT_FLAGS, channelBindings, delegated });
  return name === 'Kerberos' ? start() : spnegoInitiator(start);
}
