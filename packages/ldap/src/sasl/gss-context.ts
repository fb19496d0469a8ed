/** What one step of a security context gives: a token for the peer, and whether all is done. */
export interface GssStep {
  readonly token?: Uint8Array | undefined;
  readonly established: boolean;
}

/**
 * A GSS-API security context of either side (RFC 2743), as far as SASL needs it: Kerberos 5
 * (RFC 4121) or SPNEGO (RFC 4178). Methods throw where the peer's token is not valid.
 */
export interface GssContext {
  /** Takes the peer's token, none at the initiator's first call. Not called once established. */
  step(token?: Uint8Array): Promise<GssStep> | GssStep;
  readonly established: boolean;
  /** GSS_C_INTEG_FLAG of the established context. */
  readonly integrity: boolean;
  /** GSS_C_CONF_FLAG of the established context. */
  readonly confidentiality: boolean;
  /** The initiator's name, `client@REALM`, where the context is the acceptor's. */
  readonly peer?: string | undefined;
  /** GSS_Wrap (RFC 2743 §2.3.3). */
  wrap(message: Uint8Array, options: { readonly seal: boolean }): Uint8Array;
  /** GSS_Unwrap (RFC 2743 §2.3.4); `sealed` is its conf_state. */
  unwrap(token: Uint8Array): { readonly message: Uint8Array; readonly sealed: boolean };
  /** GSS_Wrap_size_limit (RFC 2743 §2.2.7): the longest message whose token fits in `output`. */
  wrapSizeLimit?(output: number, options: { readonly seal: boolean }): number;
}
