import { Buffer, isUtf8 } from 'node:buffer';
import { concat, fromUtf8, utf8 } from '@doublehop/wire/bytes';
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

/** Bits of the security-layer octet (RFC 4752 §3.3). */
const BITS: Readonly<Record<Protection, number>> = { none: 1, integrity: 2, confidentiality: 4 };

const STRONGEST_FIRST: readonly Protection[] = ['confidentiality', 'integrity', 'none'];

/** A peer that takes less than this in a buffer could not be sent anything. */
const LEAST_BUFFER = 1_024;

const EMPTY = new Uint8Array(0);

/** What the client of GSSAPI wants. */
export interface GssapiClientOptions {
  /** Layers that the caller accepts; the strongest that both sides have is taken. Default: all. */
  readonly layers?: readonly Protection[];
  /** The identity to act as; '' by default: the one that is authenticated. */
  readonly authorizationId?: string;
}

/** The client's side of GSSAPI (RFC 4752 §3.1) over an initiator's Kerberos 5 context. */
export function gssapiClient(
  context: GssContext,
  options: GssapiClientOptions = {},
): SaslClientMechanism {
  return new GssapiClient(context, options);
}

/** The server's side of GSSAPI (RFC 4752 §3.2); `accept` makes an acceptor's Kerberos 5 context. */
export function gssapiServer(
  accept: (context: SaslServerContext) => GssContext,
): SaslServerFactory {
  return {
    name: 'GSSAPI',
    create: (server) => new GssapiServer(accept(server), server.layers),
  };
}

class GssapiClient implements SaslClientMechanism {
  readonly name = 'GSSAPI';
  securityLayer: SecurityLayer | undefined;
  readonly #context: GssContext;
  readonly #layers: readonly Protection[];
  readonly #authorizationId: string;
  #done = false;

  constructor(context: GssContext, options: GssapiClientOptions) {
    this.#context = context;
    this.#layers = options.layers ?? STRONGEST_FIRST;
    this.#authorizationId = options.authorizationId ?? '';
  }

  async start(): Promise<SaslClientStep> {
    const { token } = await this.#context.step();
    return { response: token ?? EMPTY, complete: false };
  }

  async step(challenge: Uint8Array): Promise<SaslClientStep> {
    if (this.#done) {
      if (challenge.length === 0) return { complete: true };
      throw new LdapError('authUnknown', 'the server sent data after the end of GSSAPI');
    }
    if (!this.#context.established) {
      const { token, established } = await this.#context.step(challenge);
      if (token === undefined && !established) {
        throw new LdapError('authUnknown', 'the security context came to no end');
      }
      // "If GSS_Init_sec_context returns GSS_S_COMPLETE … the client responds with … no data."
      return { response: token ?? EMPTY, complete: false };
    }
    this.#done = true;
    return { response: this.#negotiate(challenge), complete: true };
  }

  /** Answers the server's offer of layers (RFC 4752 §3.1, last paragraphs). */
  #negotiate(challenge: Uint8Array): Uint8Array {
    const offer = readTrailer(this.#context.unwrap(challenge).message);
    const able = usable(this.#context, this.#layers);
    const taken = able.find((layer) => (offer.bits & BITS[layer]) !== 0);
    if (taken === undefined) {
      throw new LdapError('authUnknown', 'client and server have no security layer in common');
    }
    let size = 0;
    if (taken !== 'none') {
      if (offer.size < LEAST_BUFFER) {
        throw new LdapError('authUnknown', 'the server takes no buffer of a useful size');
      }
      this.securityLayer = gssLayer(this.#context, taken, offer.size);
      size = MAX_SASL_BUFFER;
    }
    const trailer = concat(writeTrailer(BITS[taken], size), utf8(this.#authorizationId));
    return this.#context.wrap(trailer, { seal: false });
  }
}

class GssapiServer implements SaslServerMechanism {
  readonly #context: GssContext;
  readonly #layers: ReadonlySet<Protection>;
  /** Layers offered, once the offer went out. */
  #offered: readonly Protection[] | undefined;

  constructor(context: GssContext, layers: ReadonlySet<Protection>) {
    this.#context = context;
    this.#layers = layers;
  }

  async step(response: Uint8Array | undefined): Promise<SaslServerStep> {
    if (this.#offered !== undefined) return this.#finish(response ?? EMPTY, this.#offered);
    if (this.#context.established) {
      // The empty response to our last token (RFC 4752 §3.2).
      if (response !== undefined && response.length > 0) {
        throw new LdapError('invalidCredentials', 'unexpected data after the security context');
      }
      return this.#offer();
    }
    // A client may not speak first in its bind: an empty challenge lets it begin (RFC 4422 §3.3).
    if (response === undefined) return { complete: false, challenge: EMPTY };
    const { token, established } = await this.#context.step(response);
    if (token !== undefined && token.length > 0) return { complete: false, challenge: token };
    if (!established) {
      throw new LdapError('invalidCredentials', 'the security context came to no end');
    }
    return this.#offer();
  }

  #offer(): SaslServerStep {
    const layers = usable(this.#context, [...this.#layers]);
    let bits = 0;
    for (const layer of layers) bits |= BITS[layer];
    this.#offered = layers;
    // The size is 0 where no layer but `none` is offered (RFC 4752 §3.2).
    const size = layers.some((layer) => layer !== 'none') ? MAX_SASL_BUFFER : 0;
    const challenge = this.#context.wrap(writeTrailer(bits, size), { seal: false });
    return { complete: false, challenge };
  }

  #finish(response: Uint8Array, offered: readonly Protection[]): SaslServerStep {
    const { message } = this.#context.unwrap(response);
    const { bits, size } = readTrailer(message);
    const taken = offered.find((layer) => BITS[layer] === bits);
    if (taken === undefined) {
      throw new LdapError('invalidCredentials', 'the client took a layer that was not offered');
    }
    if (taken === 'none' ? size !== 0 : size < LEAST_BUFFER) {
      throw new LdapError('invalidCredentials', 'the buffer size does not fit the layer');
    }
    const layer = taken === 'none' ? undefined : gssLayer(this.#context, taken, size);
    const { peer } = this.#context;
    if (peer === undefined) throw new Error('an established acceptor has no peer');
    const authorizationId = readAuthorizationId(message.subarray(4));
    const context = this.#context;
    return {
      complete: true,
      outcome: { mechanism: 'GSSAPI', peer, authorizationId, layer, context },
    };
  }
}

/** The layers that a context supports, of those asked for, strongest first. */
function usable(context: GssContext, layers: readonly Protection[]): readonly Protection[] {
  return STRONGEST_FIRST.filter(
    (layer) =>
      layers.includes(layer) &&
      (layer !== 'integrity' || context.integrity) &&
      (layer !== 'confidentiality' || context.confidentiality),
  );
}

/** One octet of layers, then three of the largest buffer (RFC 4752 §3.1). */
function writeTrailer(bits: number, size: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, size);
  bytes[0] = bits;
  return bytes;
}

function readTrailer(bytes: Uint8Array): { readonly bits: number; readonly size: number } {
  const [bits, high, middle, low] = bytes;
  if (bits === undefined || high === undefined || middle === undefined || low === undefined) {
    throw new LdapError('invalidCredentials', 'the choice of a security layer is cut short');
  }
  return { bits, size: high * 65_536 + middle * 256 + low };
}

function readAuthorizationId(bytes: Uint8Array): string {
  // Not NUL-terminated (RFC 4752 §3.1), and NUL stands in no identity (RFC 4422 §3.4.1).
  if (!isUtf8(Buffer.from(bytes)) || bytes.includes(0)) {
    throw new LdapError('invalidCredentials', 'the authorization identity is not valid');
  }
  return fromUtf8(bytes);
}
