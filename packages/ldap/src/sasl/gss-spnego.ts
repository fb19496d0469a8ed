import { LdapError } from '../errors.ts';
import { MAX_SASL_BUFFER } from '../limits.ts';
import type { GssContext } from './gss-context.ts';
import { gssLayer } from './gss-layer.ts';
import type {
  Protection,
  SaslClientMechanism,
  SaslClientStep,
  SaslServerContext,
  SaslServerFactory,
  SaslServerMechanism,
  SaslServerStep,
  SecurityLayer,
} from './mechanism.ts';

const EMPTY = new Uint8Array(0);

/**
 * The client's side of GSS-SPNEGO as Windows has it (MS-ADTS 5.1.1.1.2): tokens of SPNEGO, and no
 * negotiation after them. The flags that the context was asked for decide the layer.
 */
export function gssSpnegoClient(context: GssContext): SaslClientMechanism {
  return new GssSpnegoClient(context);
}

/** The server's side; `accept` makes an acceptor's SPNEGO context. */
export function gssSpnegoServer(
  accept: (context: SaslServerContext) => GssContext,
): SaslServerFactory {
  return rawServer('GSS-SPNEGO', accept);
}

/** A server's side that is tokens of a context and nothing more, under any name. */
export function rawServer(
  name: string,
  accept: (context: SaslServerContext) => GssContext,
): SaslServerFactory {
  return { name, create: (server) => new RawServer(name, accept(server), server.layers) };
}

class GssSpnegoClient implements SaslClientMechanism {
  readonly name = 'GSS-SPNEGO';
  securityLayer: SecurityLayer | undefined;
  readonly #context: GssContext;

  constructor(context: GssContext) {
    this.#context = context;
  }

  async start(): Promise<SaslClientStep> {
    const { token } = await this.#context.step();
    return this.#respond(token ?? EMPTY);
  }

  async step(challenge: Uint8Array): Promise<SaslClientStep> {
    if (this.#context.established) {
      if (challenge.length === 0) return { complete: true };
      throw new LdapError('authUnknown', 'the server sent data after the end of GSS-SPNEGO');
    }
    const { token, established } = await this.#context.step(challenge);
    if (token === undefined && !established) {
      throw new LdapError('authUnknown', 'the security context came to no end');
    }
    return this.#respond(token);
  }

  #respond(response: Uint8Array | undefined): SaslClientStep {
    const complete = this.#context.established;
    if (complete) this.securityLayer = layerOf(this.#context);
    return { response, complete };
  }
}

class RawServer implements SaslServerMechanism {
  readonly #name: string;
  readonly #context: GssContext;
  readonly #layers: ReadonlySet<Protection>;

  constructor(name: string, context: GssContext, layers: ReadonlySet<Protection>) {
    this.#name = name;
    this.#context = context;
    this.#layers = layers;
  }

  async step(response: Uint8Array | undefined): Promise<SaslServerStep> {
    if (response === undefined) return { complete: false, challenge: EMPTY };
    const { token, established } = await this.#context.step(response);
    if (!established) {
      if (token === undefined) {
        throw new LdapError('invalidCredentials', 'the security context came to no end');
      }
      return { complete: false, challenge: token };
    }
    const context = this.#context;
    const layer = layerOf(context);
    if (layer !== undefined && !this.#layers.has(layer.protection)) {
      // Active Directory refuses the bind rather than leave the layer out (MS-ADTS 5.1.1.1.2).
      throw new LdapError('unwillingToPerform', 'no SASL layer is available on this connection');
    }
    const { peer } = context;
    if (peer === undefined) throw new Error('an established acceptor has no peer');
    return {
      complete: true,
      challenge: token,
      outcome: { mechanism: this.#name, peer, layer, context },
    };
  }
}

/** Sealed where confidentiality was asked for, signed where only integrity was. */
function layerOf(context: GssContext): SecurityLayer | undefined {
  if (context.confidentiality) return gssLayer(context, 'confidentiality', MAX_SASL_BUFFER);
  if (context.integrity) return gssLayer(context, 'integrity', MAX_SASL_BUFFER);
  return undefined;
}
