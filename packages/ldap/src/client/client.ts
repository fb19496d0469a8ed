import type { SaslClientMechanism } from '../sasl/mechanism.ts';
import type { TextOrOctets } from '../messages/values.ts';
import type {
  ClientChange,
  ClientItem,
  Done,
  LdapClientOptions,
  NewAttributes,
  OperationOptions,
  Rename,
  SearchOptions,
} from './types.ts';

/**
 * A connection to an LDAP server. Operations may run side by side; each fails with an LdapError of
 * the server's result code or a local condition.
 */
export declare class LdapClient {
  /** Connects; with TLS in place where the URL or `startTls` says so. */
  static connect(options: LdapClientOptions): Promise<LdapClient>;
  /** Whether TLS protects the connection. */
  readonly tls: boolean;
  /** Host name of the URL, for the names of services. */
  readonly host: string;
  /** tls-server-end-point of the server's certificate (RFC 5929 §4), with TLS. */
  readonly channelBinding: Uint8Array | undefined;
  /** Simple bind (RFC 4513 §5.1); paramError where the password would travel in clear text. */
  bindSimple(name: string, password: string, options?: OperationOptions): Promise<Done>;
  /** SASL bind (RFC 4513 §5.2); the mechanism's layer is in effect when it resolves. */
  bindSasl(mechanism: SaslClientMechanism, options?: OperationOptions): Promise<Done>;
  /** Entries and references as they come; returns the result. Leaving the loop abandons it. */
  search(options: SearchOptions): AsyncGenerator<ClientItem, Done, void>;
  /** The same, page by page (RFC 2696). */
  searchAll(
    options: SearchOptions & { readonly pageSize?: number },
  ): AsyncGenerator<ClientItem, Done, void>;
  add(dn: string, attributes: NewAttributes, options?: OperationOptions): Promise<Done>;
  modify(dn: string, changes: readonly ClientChange[], options?: OperationOptions): Promise<Done>;
  delete(dn: string, options?: OperationOptions): Promise<Done>;
  modifyDn(dn: string, rename: Rename, options?: OperationOptions): Promise<Done>;
  compare(
    dn: string,
    attribute: string,
    value: TextOrOctets,
    options?: OperationOptions,
  ): Promise<boolean>;
  extended(
    name: string,
    value?: Uint8Array,
    options?: OperationOptions,
  ): Promise<Done & { readonly name: string | undefined; readonly value: Uint8Array | undefined }>;
  /** RFC 4532. */
  whoAmI(): Promise<string>;
  /** Unbinds and closes; operations in progress fail with serverDown. */
  close(): Promise<void>;
}
