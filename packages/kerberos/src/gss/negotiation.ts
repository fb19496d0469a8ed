import { formatPrincipal } from '../names.ts';
import type { KerberosContext, WrapOptions, WrappedMessage } from './context.ts';
import { gssError } from './gss-error.ts';

/** What one step gives: a token for the peer, and whether this side is done. */
export interface GssStep {
  /** Never empty. */
  readonly token?: Uint8Array | undefined;
  readonly established: boolean;
}

/** An established context of any mechanism, as far as SPNEGO and SASL need it. */
export type SecurityContext = Pick<
  KerberosContext,
  | 'peer'
  | 'integrity'
  | 'confidentiality'
  | 'wrap'
  | 'unwrap'
  | 'wrapSizeLimit'
  | 'getMic'
  | 'verifyMic'
>;

/**
 * One side of the exchange of context tokens (RFC 2743 §2.2.1, §2.2.2), used once. A side that
 * threw is done for.
 */
export interface Negotiation<C extends SecurityContext = KerberosContext> {
  /**
   * Takes the peer's token, none at an initiator's first call. Throws KerberosError `gss`, whose
   * `detail.token` is for the peer.
   */
  step(token?: Uint8Array): GssStep;
  /** The context, once this side is done. */
  readonly context: C | undefined;
}

/** A negotiation and its context as one object: the shape that SASL mechanisms work with. */
export interface SaslContext {
  step(token?: Uint8Array): GssStep;
  readonly established: boolean;
  readonly integrity: boolean;
  readonly confidentiality: boolean;
  /** `client@REALM`, the other side's name. */
  readonly peer: string | undefined;
  wrap(message: Uint8Array, options: WrapOptions): Uint8Array;
  unwrap(token: Uint8Array): WrappedMessage;
  wrapSizeLimit(output: number, options: WrapOptions): number;
}

/** Joins a negotiation and the context that comes of it. */
export function saslContext(negotiation: Negotiation<SecurityContext>): SaslContext {
  const context = (): SecurityContext => {
    const established = negotiation.context;
    if (established === undefined) throw gssError('GSS_S_NO_CONTEXT', 'no context is established');
    return established;
  };
  return {
    step: (token) => negotiation.step(token),
    get established() {
      return negotiation.context !== undefined;
    },
    get integrity() {
      return negotiation.context?.integrity === true;
    },
    get confidentiality() {
      return negotiation.context?.confidentiality === true;
    },
    get peer() {
      const peer = negotiation.context?.peer;
      return peer === undefined ? undefined : formatPrincipal(peer);
    },
    wrap: (message, options) => context().wrap(message, options),
    unwrap: (token) => context().unwrap(token),
    wrapSizeLimit: (output, options) => context().wrapSizeLimit(output, options),
  };
}
