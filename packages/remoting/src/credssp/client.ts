import type { RandomSource } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import type { KerberosContext } from '@doublehop/kerberos/gss/context';
import { DEFAULT_FLAGS } from '@doublehop/kerberos/gss/flags';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import type { Negotiation } from '@doublehop/kerberos/gss/negotiation';
import { spnegoInitiator } from '@doublehop/kerberos/spnego/initiator';
import { concat } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import type { MessageSealer } from '../http/message-encryption.ts';
import type { ClientExchange, ClientScheme, ClientStep } from '../http/scheme.ts';
import {
  checkProof,
  CREDSSP_VERSION,
  NONCE_SIZE,
  publicKeyProof,
  SAFE_VERSION,
} from './binding.ts';
import { tlsSealer } from './tls-sealer.ts';
import { TlsTunnel } from './tls-tunnel.ts';
import {
  decodeTsRequest,
  encodeCredentials,
  encodeTsRequest,
  type PasswordCredentials,
  type TsRequest,
} from './ts-request.ts';

export interface CredSspClientOptions {
  /** A ticket of the user for the server. */
  readonly getServiceTicket: (spn: string) => Promise<Credentials>;
  /** Service class of the SPN; HTTP where absent. */
  readonly service?: string;
  /** What the server gets: it can be the user anywhere, as long as it likes. */
  readonly credentials: PasswordCredentials;
  readonly clock: () => number;
  readonly random: RandomSource;
  /** Take servers below version 5, which can be relayed (CVE-2018-0886). Off where absent. */
  readonly oldVersions?: boolean;
}

/** CredSSP of a client (MS-CSSP 3.1): Kerberos inside TLS, then the password. */
export function credSspClientScheme(options: CredSspClientOptions): ClientScheme {
  return {
    name: 'CredSSP',
    needsTls: false,
    begin: ({ host }) => new CredSspClient(options, host),
  };
}

class CredSspClient implements ClientExchange {
  readonly #options: CredSspClientOptions;
  readonly #host: string;
  readonly #tunnel: TlsTunnel;
  readonly #nonce: Uint8Array;
  #negotiation: Negotiation | undefined;
  #version = CREDSSP_VERSION;
  #isProving = false;

  constructor(options: CredSspClientOptions, host: string) {
    this.#options = options;
    this.#host = host;
    this.#tunnel = TlsTunnel.client(host);
    this.#nonce = options.random(NONCE_SIZE);
  }

  async step(token: Uint8Array = new Uint8Array(0)): Promise<ClientStep> {
    const { plain, records } = await this.#tunnel.feed(token);
    const answer = plain.length === 0 ? undefined : this.#read(plain);
    if (!this.#tunnel.isSecure) return { token: records };
    const next = await this.#next(answer);
    const last = concat(records, await this.#tunnel.write(encodeTsRequest(next)));
    // After the password the server says nothing more than that the caller is in.
    return { token: last, ...(next.authInfo !== undefined && { done: this.#done() }) };
  }

  #done(): { sealer: MessageSealer } {
    return { sealer: tlsSealer(this.#tunnel) };
  }

  #read(plain: Uint8Array): TsRequest {
    const answer = decodeTsRequest(plain);
    if (answer.errorCode !== undefined) {
      const status = (answer.errorCode >>> 0).toString(16).padStart(8, '0');
      const message = `${this.#host} refused the logon by CredSSP: NTSTATUS 0x${status}`;
      throw new RemotingError('authentication', message);
    }
    this.#version = Math.min(CREDSSP_VERSION, answer.version);
    if (this.#version < SAFE_VERSION && this.#options.oldVersions !== true) {
      throw new RemotingError(
        'authentication',
        `${this.#host} speaks CredSSP ${answer.version}, which can be relayed (CVE-2018-0886)`,
      );
    }
    return answer;
  }

  async #next(answer: TsRequest | undefined): Promise<TsRequest> {
    if (this.#isProving) return this.#delegate(answer);
    this.#negotiation ??= await this.#start();
    const [token] = answer?.negoTokens ?? [];
    const reply = this.#negotiation.step(token?.negoToken).token;
    const { context } = this.#negotiation;
    this.#isProving = context !== undefined;
    return {
      version: CREDSSP_VERSION,
      negoTokens: reply === undefined ? undefined : [{ negoToken: reply }],
      authInfo: undefined,
      pubKeyAuth: context === undefined ? undefined : this.#proof(context),
      errorCode: undefined,
      clientNonce: context === undefined ? undefined : this.#nonce,
    };
  }

  #proof(context: KerberosContext): Uint8Array {
    const parts = { publicKey: this.#tunnel.publicKey, nonce: this.#nonce };
    return sealed(context, publicKeyProof(this.#version, 'client-to-server', parts));
  }

  /** Gives the password away, once the server has proved that nobody is in between. */
  #delegate(answer: TsRequest | undefined): TsRequest {
    const context = this.#negotiation?.context;
    if (context === undefined || answer?.pubKeyAuth === undefined) {
      throw new RemotingError('credssp', `${this.#host} does not prove its key by CredSSP`);
    }
    const parts = { publicKey: this.#tunnel.publicKey, nonce: this.#nonce };
    checkProof(
      publicKeyProof(this.#version, 'server-to-client', parts),
      context.unwrap(answer.pubKeyAuth).message,
    );
    return {
      version: CREDSSP_VERSION,
      negoTokens: undefined,
      authInfo: sealed(context, encodeCredentials(this.#options.credentials)),
      pubKeyAuth: undefined,
      errorCode: undefined,
      clientNonce: this.#version < SAFE_VERSION ? undefined : this.#nonce,
    };
  }

  async #start(): Promise<Negotiation> {
    const { getServiceTicket, service = 'HTTP', clock, random } = this.#options;
    const credentials = await getServiceTicket(`${service}/${this.#host}`);
    return spnegoInitiator(() =>
      krb5Initiator({ credentials, clock, random, flags: DEFAULT_FLAGS }),
    );
  }
}

function sealed(context: KerberosContext, message: Uint8Array): Uint8Array {
  const { header, data } = context.wrapSplit(message);
  return concat(header, data);
}
