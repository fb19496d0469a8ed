import type { ConnectionOptions } from 'node:tls';
import type { Filter } from '../filter.ts';
import type { Attribute, Control } from '../messages/common.ts';
import type { DerefAliases, Scope } from '../messages/search.ts';
import type { ChangeKind } from '../messages/update.ts';
import type { TextOrOctets } from '../messages/values.ts';

/** How to reach a server; times in milliseconds. */
export interface LdapClientOptions {
  /** `ldap://host:port` or `ldaps://host:port`; ports default to 389 and 636. */
  readonly url: string;
  /** TLS by the StartTLS operation, before anything else is sent (RFC 4511 §4.14). */
  readonly startTls?: boolean;
  /** Trust for LDAPS and StartTLS: `ca`, `servername`, … */
  readonly tls?: ConnectionOptions;
  /** Sends passwords without TLS and without a sealing layer; default false: paramError. */
  readonly allowClearTextPassword?: boolean;
  /** To connect, TLS included; default 10,000. */
  readonly connectTimeout?: number;
  /** For each answer, in a search between two of them, and to close; default 30,000. */
  readonly timeout?: number;
  /** Longest message taken from the server, in octets; default MAX_RESPONSE. */
  readonly maxMessage?: number;
}

/** What every operation takes. */
export interface OperationOptions {
  readonly controls?: readonly Control[];
  /** Abandons the operation (RFC 4511 §4.11); it ends in userCancelled. */
  readonly signal?: AbortSignal;
  /** Milliseconds, instead of the client's. */
  readonly timeout?: number;
}

/** What to search; what is absent has the usual value. */
export interface SearchOptions extends OperationOptions {
  /** '' is the rootDSE or the whole tree. */
  readonly base: string;
  /** Default `subtree`. */
  readonly scope?: Scope;
  /** A tree, or a text of RFC 4515; default `(objectClass=*)`. */
  readonly filter?: Filter | string;
  /** Default all user attributes. */
  readonly attributes?: readonly string[];
  /** Entries; 0, the default, is no limit of ours. */
  readonly sizeLimit?: number;
  /** Seconds; 0, the default, is no limit of ours. */
  readonly timeLimit?: number;
  readonly typesOnly?: boolean;
  /** Default `never`. */
  readonly derefAliases?: DerefAliases;
}

/** An entry that was found. */
export interface ClientEntry {
  readonly kind: 'entry';
  readonly dn: string;
  readonly attributes: readonly Attribute[];
  readonly controls: readonly Control[];
}

/** A continuation reference: the search goes on elsewhere (RFC 4511 §4.5.3). */
export interface ClientReference {
  readonly kind: 'reference';
  readonly uris: readonly string[];
  readonly controls: readonly Control[];
}

/** What a search yields (RFC 4511 §4.5.2). */
export type ClientItem = ClientEntry | ClientReference;

/** The outcome of an operation that succeeded. */
export interface Done {
  readonly message: string;
  readonly controls: readonly Control[];
}

/** Attributes of an entry to be added; one value may stand alone. */
export type NewAttributes = Readonly<Record<string, TextOrOctets | readonly TextOrOctets[]>>;

/** One change of a modify request. */
export interface ClientChange {
  readonly operation: ChangeKind;
  readonly attribute: string;
  /** None: delete the whole attribute, or replace it by nothing. */
  readonly values?: readonly TextOrOctets[];
}

/** A rename or move (RFC 4511 §4.9). */
export interface Rename {
  readonly newRdn: string;
  /** Default true. */
  readonly deleteOldRdn?: boolean;
  readonly newSuperior?: string;
}

/** A search that is fetched page by page. */
export interface SearchAllOptions extends SearchOptions {
  /** Entries of one page; default 1,000, which Active Directory allows (MaxPageSize). */
  readonly pageSize?: number;
}

/** The outcome of an extended operation. */
export interface ExtendedDone extends Done {
  readonly name: string | undefined;
  readonly value: Uint8Array | undefined;
}
