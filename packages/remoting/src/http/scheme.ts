import type { MessageSealer } from './message-encryption.ts';

/** What a server knows of a connection before anybody authenticates. */
export interface ServerConnection {
  /** The client's IP address. */
  readonly remoteAddress: string;
  /** Present over TLS. */
  readonly tls?: {
    /** DER of this server's certificate: the channel that an authentication is bound to. */
    readonly certificate: Uint8Array | undefined;
    /** DER of the client's, if it showed one that the TLS layer verified. */
    readonly clientCertificate: Uint8Array | undefined;
  };
}

/** What one token of a client led to. */
export type ServerStep<C> =
  /** The exchange goes on with the next request on the connection. */
  | { readonly kind: 'continue'; readonly token: Uint8Array }
  /** The client is who it says; `token` goes with the answer. */
  | {
      readonly kind: 'done';
      readonly caller: C;
      readonly token?: Uint8Array | undefined;
      /** Absent where the scheme protects no messages: TLS has to. */
      readonly sealer?: MessageSealer;
    };

/** One authentication on one connection. */
export interface ServerExchange<C> {
  /** Takes a token. Throws RemotingError `authentication` when the client is refused. */
  step(token: Uint8Array): Promise<ServerStep<C>>;
  /** The client went before the exchange came to its end. */
  abandon?(): void;
}

/** A way to authenticate that a server offers (MS-WSMV 2.2.9.1). */
export interface ServerScheme<C> {
  /** As in the Authorization field. */
  readonly name: string;
  /** Its WWW-Authenticate field when nobody has authenticated. */
  readonly challenge: string;
  /** Whether it may be used without TLS: Basic may not. */
  readonly needsTls: boolean;
  begin(connection: ServerConnection): ServerExchange<C>;
}

/** What a client knows of its connection. */
export interface ClientConnection {
  /** The name of the server as it was asked for. */
  readonly host: string;
  /** Over TLS, DER of the server's certificate. */
  readonly serverCertificate?: Uint8Array;
}

export interface ClientStep {
  readonly token?: Uint8Array | undefined;
  /** Present once this side is done; absent protection means that TLS has to do. */
  readonly done?: { readonly sealer?: MessageSealer };
}

/** One authentication of a client on one connection. */
export interface ClientExchange {
  /** Takes the server's token; none at the first step. */
  step(token?: Uint8Array): Promise<ClientStep>;
}

/** A way to authenticate that a client uses. */
export interface ClientScheme {
  readonly name: string;
  readonly needsTls: boolean;
  begin(connection: ClientConnection): ClientExchange;
}

/** A field of one scheme: its name and its token in base64. */
export interface AuthenticationField {
  readonly scheme: string;
  readonly token: Uint8Array | undefined;
}

/** Reads an Authorization field; undefined: it has no form that any scheme has. */
export function parseField(field: string): AuthenticationField | undefined {
  const parts = /^([\w:/.-]{1,128})(?: +([\d+/A-Za-z]*={0,2}))?$/u.exec(field.trim());
  if (parts === null) return undefined;
  const [, scheme = '', text] = parts;
  return { scheme, token: text === undefined ? undefined : Buffer.from(text, 'base64') };
}

export function formatField(scheme: string, token: Uint8Array | undefined): string {
  return token === undefined ? scheme : `${scheme} ${Buffer.from(token).toString('base64')}`;
}
