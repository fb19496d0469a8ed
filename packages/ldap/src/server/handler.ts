import type { Attribute, Control, OutgoingAttribute } from '../messages/common.ts';
import type { SearchRequest } from '../messages/search.ts';
import type {
  AddRequest,
  Change,
  CompareRequest,
  ModifyDnRequest,
  ModifyRequest,
} from '../messages/update.ts';
import type { ResultCode } from '../result-codes.ts';
import type { Protection, SaslOutcome } from '../sasl/mechanism.ts';

export type { AddRequest, Attribute, Change, CompareRequest, ModifyDnRequest, ModifyRequest };
export type { Control, OutgoingAttribute, SearchRequest };

/**
 * One connection as its handler sees it. `I` is what the handler's own binds return for a client;
 * it is absent while the connection is anonymous.
 */
export interface LdapSession<I> {
  /** Number of the connection within its server, for logs. */
  readonly id: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Whether it came to a port of the global catalog (MS-ADTS 3.1.1.3.1.10). */
  readonly globalCatalog: boolean;
  readonly identity: I | undefined;
  /** Whether TLS protects the connection. */
  readonly tls: boolean;
  /** The SASL security layer in effect. */
  readonly layer: Protection;
  /** Whether secrets may travel: TLS, or a layer with confidentiality. */
  readonly confidential: boolean;
  /** tls-server-end-point of the server's certificate (RFC 5929 §4), with TLS. */
  readonly channelBinding: Uint8Array | undefined;
}

/** The result of an operation (RFC 4511 §4.1.9); what is absent is empty. */
export interface LdapResult {
  readonly code: ResultCode;
  readonly matchedDn?: string;
  readonly message?: string;
  readonly referrals?: readonly string[];
  /** Controls of the response. */
  readonly controls?: readonly Control[];
}

/** An entry to be sent, its attributes already selected. */
export interface ServerEntry {
  readonly kind: 'entry';
  readonly dn: string;
  readonly attributes: readonly OutgoingAttribute[];
  readonly controls?: readonly Control[];
}

/** A continuation reference to be sent (RFC 4511 §4.5.3). */
export interface ServerReference {
  readonly kind: 'reference';
  readonly uris: readonly string[];
}

/** Nothing to be sent: a search that has found nothing for a while lets others have their turn. */
export interface ServerPause {
  readonly kind: 'pause';
}

/** What a search of a handler yields (RFC 4511 §4.5.2). */
export type ServerItem = ServerEntry | ServerReference | ServerPause;

/**
 * What a search yields, and its result as the return value: a generator. It is advanced no faster
 * than the client reads; `return` is called when the search is abandoned or hits a limit, so
 * a `finally` releases what it holds.
 */
export type SearchResults =
  | Iterator<ServerItem, LdapResult | undefined>
  | AsyncIterator<ServerItem, LdapResult | undefined>;

/** The answer to an extended request (RFC 4511 §4.12). */
export interface ExtendedResult extends LdapResult {
  readonly name?: string;
  readonly value?: Uint8Array;
}

/** `undefined` stands for success. */
export type Answer = LdapResult | undefined | Promise<LdapResult | undefined>;

/** What comes with every request. */
export interface RequestContext {
  /** Controls that the engine knows to be supported, and uncritical ones that are not. */
  readonly controls: readonly Control[];
  /** Aborted when the request is abandoned, timed out, or its connection gone. */
  readonly signal: AbortSignal;
}

/** A write that may be one of several at a time. */
export type QueuedRequest =
  | { readonly kind: 'addRequest'; readonly value: AddRequest }
  | { readonly kind: 'modifyRequest'; readonly value: ModifyRequest };

/**
 * The data model behind a server. Every method may throw an LdapError, whose code and message go
 * to the client; any other error is logged and answered with `other`, without its text.
 *
 * Requests of one connection that write are handed over one after the other, in the order of their
 * arrival, each when the one before has ended (but see `queues`); searches and compares run beside
 * them.
 */
export interface LdapHandler<I> {
  /** OIDs of the controls that the handler acts on; others fail where critical. */
  readonly supportedControls: ReadonlySet<string>;
  /** A simple bind with a name and a password (RFC 4513 §5.1.3). */
  bindSimple(session: LdapSession<I>, name: string, password: Uint8Array): I | Promise<I>;
  /** The client that a SASL mechanism authenticated. Decides on `authorizationId` too. */
  bindSasl(session: LdapSession<I>, outcome: SaslOutcome): I | Promise<I>;
  /** RFC 4532: `u:…` or `dn:…` of the session, '' when anonymous. */
  authorizationId(session: LdapSession<I>): string;
  /** A base search of the zero-length DN (RFC 4512 §5.1); undefined: the filter does not match. */
  rootDse(
    session: LdapSession<I>,
    request: SearchRequest,
    context: RequestContext,
  ): ServerEntry | undefined | Promise<ServerEntry | undefined>;
  search(session: LdapSession<I>, request: SearchRequest, context: RequestContext): SearchResults;
  /**
   * Whether an add or a modify is in its place in the order of writes as soon as the call of `add`
   * or `modify` has returned, and reads nothing outside of that place. Such requests are handed
   * over without waiting for each other to end, so that they become durable together; all others
   * are kept apart from them. Absent: none is.
   */
  queues?(request: QueuedRequest): boolean;
  add(session: LdapSession<I>, request: AddRequest, context: RequestContext): Answer;
  modify(session: LdapSession<I>, request: ModifyRequest, context: RequestContext): Answer;
  modifyDn(session: LdapSession<I>, request: ModifyDnRequest, context: RequestContext): Answer;
  delete(session: LdapSession<I>, dn: string, context: RequestContext): Answer;
  /** Whether the entry has the value (RFC 4511 §4.10). */
  compare(
    session: LdapSession<I>,
    request: CompareRequest,
    context: RequestContext,
  ): boolean | Promise<boolean>;
  /** Undefined: no such extended operation. StartTLS and Who am I? never come here. */
  extended?(
    session: LdapSession<I>,
    request: { readonly name: string; readonly value: Uint8Array | undefined },
    context: RequestContext,
  ): ExtendedResult | undefined | Promise<ExtendedResult | undefined>;
  /** The connection has ended. */
  closed?(session: LdapSession<I>): void;
}
