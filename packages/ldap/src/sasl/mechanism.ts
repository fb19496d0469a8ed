import type { GssContext } from './gss-context.ts';

/** What a security layer does to the octets of a connection (RFC 4422 §3.7). */
export type Protection = 'none' | 'integrity' | 'confidentiality';

/** A negotiated security layer; one object serves both directions of one side. */
export interface SecurityLayer {
  readonly protection: Exclude<Protection, 'none'>;
  /** The most octets that `wrap` takes at once. */
  readonly maxSend: number;
  /** The longest buffer that the peer may send. */
  readonly maxReceive: number;
  /** The content of one buffer for the peer, without its length. */
  wrap(bytes: Uint8Array): Uint8Array;
  /** The octets in the content of one buffer from the peer; throws where they were changed. */
  unwrap(bytes: Uint8Array): Uint8Array;
}

/** One step of the client. */
export interface SaslClientStep {
  /** Absent: nothing to say; an empty array is an empty response, which is something else. */
  readonly response?: Uint8Array | undefined;
  /** Nothing more is expected from the server but its outcome. */
  readonly complete: boolean;
}

/** The client's side of one exchange; used once. */
export interface SaslClientMechanism {
  /** As registered with IANA, in capitals. */
  readonly name: string;
  /** The initial response, where the mechanism lets the client speak first (RFC 4422 §3.3). */
  start(): Promise<SaslClientStep>;
  /** The response to a challenge; also called with data that comes with the server's success. */
  step(challenge: Uint8Array): Promise<SaslClientStep>;
  /** The layer that takes effect after the server's success. */
  readonly securityLayer?: SecurityLayer | undefined;
}

/** Who the client proved to be, and on which terms. */
export interface SaslOutcome {
  readonly mechanism: string;
  /** The name that was authenticated, `client@REALM` for Kerberos. */
  readonly peer: string;
  /** The identity that the client asks to act as; '' or absent: its own (RFC 4422 §3.4.1). */
  readonly authorizationId?: string | undefined;
  readonly layer?: SecurityLayer | undefined;
  /** The established context: it knows more about the client, authorization data for instance. */
  readonly context?: GssContext | undefined;
}

/** One step of the server. */
export type SaslServerStep =
  | { readonly complete: false; readonly challenge: Uint8Array }
  | {
      readonly complete: true;
      /** Data that goes out with the success (RFC 4422 §3.6). */
      readonly challenge?: Uint8Array | undefined;
      readonly outcome: SaslOutcome;
    };

/** The server's side of one exchange; used once. Errors thrown by `step` end the exchange. */
export interface SaslServerMechanism {
  /** `response` is absent where the client sent no credentials field at all. */
  step(response: Uint8Array | undefined): Promise<SaslServerStep>;
}

/** What a server mechanism may know about the connection. */
export interface SaslServerContext {
  /** Whether TLS is in place. */
  readonly tls: boolean;
  /** tls-server-end-point of the server's certificate, with TLS (RFC 5929 §4). */
  readonly channelBinding?: Uint8Array | undefined;
  /** The layers that may be offered: only `none` inside TLS (MS-ADTS 5.1.1.1.2). */
  readonly layers: ReadonlySet<Protection>;
}

/** Makes the server's side of an exchange. */
export interface SaslServerFactory {
  readonly name: string;
  create(context: SaslServerContext): SaslServerMechanism;
}
