import type { ResultCode } from '../result-codes.ts';

/** Why the server ended a connection. */
export type CloseReason =
  /** The client ended it, by unbind or by closing. */
  | 'client'
  | 'network'
  | 'malformed'
  | 'too-large'
  | 'tls'
  | 'sasl-layer'
  | 'idle-timeout'
  | 'first-message-timeout'
  | 'message-timeout'
  | 'write-timeout'
  | 'too-many-connections'
  | 'too-many-connections-of-address'
  | 'shutdown'
  | 'bug';

/**
 * What a server tells its log. No event holds a password, a token or an attribute value;
 * `millis` is the time since the request was read.
 */
export type LdapServerEvent =
  | { readonly kind: 'open'; readonly connection: number; readonly address: string }
  | {
      readonly kind: 'close';
      readonly connection: number;
      readonly address: string;
      readonly reason: CloseReason;
    }
  | {
      readonly kind: 'bind';
      readonly connection: number;
      readonly address: string;
      /** `simple`, `anonymous`, or the SASL mechanism. */
      readonly method: string;
      /** The name bound as, where it is known. */
      readonly name: string | undefined;
      readonly code: ResultCode;
      readonly message: string;
      /** The error behind the code, which the client was not told. */
      readonly cause: unknown;
      readonly millis: number;
    }
  | {
      readonly kind: 'operation';
      readonly connection: number;
      readonly operation: string;
      /** The entry, base or OID that the operation is about. */
      readonly target: string;
      readonly code: ResultCode | 'abandoned';
      readonly message: string;
      /** Entries sent. */
      readonly entries: number;
      readonly millis: number;
    }
  | { readonly kind: 'error'; readonly connection: number; readonly error: unknown };

/** Takes the server's events. */
export type LdapServerLog = (event: LdapServerEvent) => void;
