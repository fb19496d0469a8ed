import type { SecureContextOptions } from 'node:tls';
import { KerberosError } from '@doublehop/kerberos/errors';
import {
  type AcceptedContext,
  type AcceptorOptions,
  krb5Acceptor,
} from '@doublehop/kerberos/gss/acceptor';
import type { Negotiation } from '@doublehop/kerberos/gss/negotiation';
import { spnegoAcceptor } from '@doublehop/kerberos/spnego/acceptor';
import { concat } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import type { ServerConnection, ServerExchange, ServerScheme, ServerStep } from '../http/scheme.ts';
import { checkProof, CREDSSP_VERSION, publicKeyProof, SAFE_VERSION } from './binding.ts';
import { tlsSealer } from './tls-sealer.ts';
import { TlsTunnel } from './tls-tunnel.ts';
import {
  decodeCredentials,
  decodeTsRequest,
  encodeTsRequest,
  type PasswordCredentials,
  type TsRequest,
} from './ts-request.ts';

export interface CredSspServerOptions<C> {
  readonly acceptor: Omit<AcceptorOptions, 'channelBindings' | 'bindingPolicy'>;
  /** Key and certificate of the TLS inside; self-signed is usual. */
  readonly tls: Pick<SecureContextOptions, 'key' | 'cert'>;
  /**
   * Proves the password that was delegated by logging on with it, and that its user is the one of
   * the inner ticket. Throws RemotingError `authentication`.
   */
  readonly logOn: (
    credentials: PasswordCredentials,
    context: AcceptedContext,
    connection: ServerConnection,
  ) => Promise<C>;
  /** Take versions 2 to 4, which can be relayed (CVE-2018-0886). Off where absent. */
  readonly oldVersions?: boolean;
}

/** CredSSP of a server (MS-CSSP 3.2): the client gives its password away, inside TLS. */
export function credSspServerScheme<C>(options: CredSspServerOptions<C>): ServerScheme<C> {
  return {
    name: 'CredSSP',
    challenge: 'CredSSP',
    needsTls: false,
    begin: (connection) => new CredSspServer(options, connection),
  };
}

class CredSspServer<C> implements ServerExchange<C> {
  readonly #options: CredSspServerOptions<C>;
  readonly #connection: ServerConnection;
  readonly #tunnel: TlsTunnel;
  readonly #negotiation: Negotiation<AcceptedContext>;
  #version = CREDSSP_VERSION;
  #isProved = false;

  constructor(options: CredSspServerOptions<C>, connection: ServerConnection) {
    this.#options = options;
    this.#connection = connection;
    this.#tunnel = TlsTunnel.server(options.tls);
    this.#negotiation = spnegoAcceptor(() => krb5Acceptor(options.acceptor));
  }

  async step(token: Uint8Array): Promise<ServerStep<C>> {
    try {
      const { plain, records } = await this.#tunnel.feed(token);
      if (plain.length === 0) {
        if (records.length > 0) return { kind: 'continue', token: records };
        throw new RemotingError('authentication', 'the client of CredSSP says nothing');
      }
      return await this.#take(decodeTsRequest(plain), records);
    } catch (error) {
      this.#tunnel.close();
      throw refusal(error);
    }
  }

  abandon(): void {
    this.#tunnel.close();
    this.#negotiation.context?.close();
  }

  async #take(request: TsRequest, records: Uint8Array): Promise<ServerStep<C>> {
    this.#version = Math.min(CREDSSP_VERSION, request.version);
    if (this.#version < SAFE_VERSION && this.#options.oldVersions !== true) {
      throw new RemotingError(
        'authentication',
        `CredSSP version ${request.version} can be relayed (CVE-2018-0886) and is refused`,
      );
    }
    if (request.authInfo !== undefined) return this.#logOn(request.authInfo);
    const [first] = request.negoTokens ?? [];
    const reply = first === undefined ? undefined : this.#negotiation.step(first.negoToken).token;
    const { context } = this.#negotiation;
    const pubKeyAuth =
      context === undefined || request.pubKeyAuth === undefined
        ? undefined
        : this.#prove(context, { ...request, pubKeyAuth: request.pubKeyAuth });
    const answer = encodeTsRequest({
      version: CREDSSP_VERSION,
      negoTokens: reply === undefined ? undefined : [{ negoToken: reply }],
      authInfo: undefined,
      pubKeyAuth,
      errorCode: undefined,
      clientNonce: undefined,
    });
    return { kind: 'continue', token: concat(records, await this.#tunnel.write(answer)) };
  }

  /** Checks that the client sees this TLS connection's key, and proves the same to it. */
  #prove(
    context: AcceptedContext,
    { pubKeyAuth, clientNonce: nonce }: TsRequest & { readonly pubKeyAuth: Uint8Array },
  ): Uint8Array {
    const { publicKey } = this.#tunnel;
    const parts = { publicKey, nonce };
    checkProof(
      publicKeyProof(this.#version, 'client-to-server', parts),
      context.unwrap(pubKeyAuth).message,
    );
    this.#isProved = true;
    const { header, data } = context.wrapSplit(
      publicKeyProof(this.#version, 'server-to-client', parts),
    );
    return concat(header, data);
  }

  async #logOn(authInfo: Uint8Array): Promise<ServerStep<C>> {
    const { context } = this.#negotiation;
    if (context === undefined || !this.#isProved) {
      throw new RemotingError('authentication', 'CredSSP: a password came before its proof');
    }
    const { message, sealed } = context.unwrap(authInfo);
    if (!sealed) throw new RemotingError('credssp', 'CredSSP: the password is not encrypted');
    const credentials = takeCredentials(message);
    try {
      const caller = await this.#options.logOn(credentials, context, this.#connection);
      return { kind: 'done', caller, sealer: tlsSealer(this.#tunnel) };
    } finally {
      // From here on TLS protects what is said.
      context.close();
    }
  }
}

/** Reads the password out of octets that are overwritten, whatever they are. */
function takeCredentials(message: Uint8Array): PasswordCredentials {
  try {
    return decodeCredentials(message);
  } finally {
    message.fill(0);
  }
}

function refusal(error: unknown): unknown {
  const isPeers =
    error instanceof KerberosError || (error instanceof RemotingError && error.code === 'credssp');
  return isPeers ? new RemotingError('authentication', error.message, { cause: error }) : error;
}
