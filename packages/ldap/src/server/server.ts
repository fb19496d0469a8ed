import type { AddressInfo, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { ServerLimits } from '../limits.ts';
import type { SaslServerFactory } from '../sasl/mechanism.ts';
import type { LdapServerLog } from './events.ts';
import type { LdapHandler } from './handler.ts';

/** What a server is made of. */
export interface LdapServerOptions<I> {
  readonly handler: LdapHandler<I>;
  /** SASL mechanisms offered; none by default. */
  readonly mechanisms?: readonly SaslServerFactory[];
  /** Certificate and key, from `tls.createSecureContext`; absent: neither StartTLS nor LDAPS. */
  readonly tls?: SecureContext;
  /** Milliseconds since 1970: for the durations in the log. */
  readonly clock: () => number;
  readonly limits?: Partial<ServerLimits>;
  readonly policy?: Partial<ServerPolicy>;
  readonly log?: LdapServerLog;
}

/** Security settings, each at its safe value by default. */
export interface ServerPolicy {
  /** Takes passwords of simple binds in clear text; default false: confidentialityRequired. */
  readonly allowClearTextSimpleBind: boolean;
  /**
   * Takes SASL binds without integrity and without TLS; default false: strongerAuthRequired, as
   * LDAPServerIntegrity = 2 of Active Directory.
   */
  readonly allowUnsignedSasl: boolean;
  /** Offers SASL layers inside TLS; default false (MS-ADTS 5.1.1.1.2). */
  readonly allowLayerInsideTls: boolean;
  /**
   * What a simple bind with a name and no password becomes (RFC 4513 §5.1.2): refused by default;
   * `anonymous` is what Active Directory does without DenyUnauthenticatedBind.
   */
  readonly unauthenticatedBind: 'refuse' | 'anonymous';
}

/** Where to listen; `implicitTls` is LDAPS. */
export interface ListenOptions {
  readonly host?: string;
  readonly port: number;
  readonly implicitTls?: boolean;
}

/** A running engine: it owns no data and knows its connections only. */
export interface LdapServer {
  /** Starts listening; may be called for several addresses. */
  listen(options: ListenOptions): Promise<AddressInfo>;
  /** Serves a connection that somebody else accepted. */
  accept(socket: Socket, options?: { readonly implicitTls?: boolean }): void;
  /** Connections now. */
  readonly connections: number;
  /**
   * Stops listening, lets operations in progress finish (at most `closeTimeout`), tells every client
   * `unavailable` (RFC 4511 §4.4.1) and ends its connection.
   */
  close(): Promise<void>;
}

/** Makes an LDAP server around a handler; it listens when told to. */
export declare function createLdapServer<I>(options: LdapServerOptions<I>): LdapServer;
