import { LdapError } from '../errors.ts';
import type { Operation } from '../messages/message.ts';
import type { SearchRequest } from '../messages/search.ts';
import { EXTENDED } from '../oids.ts';
import { utf8 } from '@doublehop/wire/bytes';
import type { Answer, ExtendedResult, LdapHandler, LdapResult, LdapSession } from './handler.ts';
import type { OperationInProgress } from './operation.ts';
import { SUCCESS, encodeExtendedResult, encodeResult, failure } from './results.ts';
import { type SearchOutcome, type SearchOutput, runSearch } from './search.ts';

/** The requests that a handler answers. */
export type Request = Extract<
  Operation,
  {
    kind:
      | 'searchRequest'
      | 'modifyRequest'
      | 'addRequest'
      | 'deleteRequest'
      | 'modifyDnRequest'
      | 'compareRequest'
      | 'extendedRequest';
  }
>;

/** Requests that may change data: one after the other, in the order of their arrival. */
export const WRITES: ReadonlySet<Operation['kind']> = new Set<Operation['kind']>([
  'modifyRequest',
  'addRequest',
  'deleteRequest',
  'modifyDnRequest',
  'extendedRequest',
]);

/** What a request is performed with. */
export interface Performance<I> {
  readonly handler: LdapHandler<I>;
  readonly session: LdapSession<I>;
  readonly output: SearchOutput;
  /** Milliseconds. */
  readonly searchTimeout: number;
}

/** A request that has come to its end: what is sent, and what is logged. */
export interface Performed {
  readonly response: Uint8Array;
  readonly result: LdapResult;
  readonly entries: number;
  /** An error that is not the client's. */
  readonly bug?: unknown;
}

/** Hands a request to the handler. Never rejects: whatever is thrown becomes a result. */
export async function performRequest<I>(
  request: Request,
  operation: OperationInProgress,
  performance: Performance<I>,
): Promise<Performed> {
  const { messageId } = operation;
  try {
    const refused = unsupported(operation, performance.handler.supportedControls);
    if (refused !== undefined) return answered(messageId, request, refused, 0);
    if (request.kind === 'searchRequest') {
      const { result, entries } = await search(request.value, operation, performance);
      return answered(messageId, request, result, entries);
    }
    const result = await perform(request, operation, performance);
    return answered(messageId, request, result ?? SUCCESS, 0);
  } catch (error) {
    const { result, bug } = failure(error);
    const performed = answered(messageId, request, result, 0);
    return bug ? { ...performed, bug: error } : performed;
  }
}

/** The refusal of a critical control that nobody here knows (RFC 4511 §4.1.11). */
export function unsupported(
  operation: OperationInProgress,
  supported: ReadonlySet<string>,
): LdapResult | undefined {
  const control = operation.controls.find(
    ({ critical, type }) => critical === true && !supported.has(type),
  );
  if (control === undefined) return undefined;
  return { code: 'unavailableCriticalExtension', message: `control ${control.type}` };
}

/** The entry, base or OID that a request is about, for the log. */
export function targetOf(request: Request): string {
  switch (request.kind) {
    case 'searchRequest':
      return request.value.baseObject;
    case 'modifyRequest':
      return request.value.object;
    case 'deleteRequest':
      return request.value;
    case 'extendedRequest':
      return request.value.name;
    case 'addRequest':
    case 'modifyDnRequest':
    case 'compareRequest':
      return request.value.entry;
  }
}

function answered(
  messageId: number,
  request: Request,
  result: LdapResult,
  entries: number,
): Performed {
  const response =
    request.kind === 'extendedRequest'
      ? encodeExtendedResult(messageId, result)
      : encodeResult(messageId, request.kind, result);
  return { response, result, entries };
}

async function search<I>(
  request: SearchRequest,
  operation: OperationInProgress,
  { handler, session, output, searchTimeout }: Performance<I>,
): Promise<SearchOutcome> {
  // The zero-length DN is the rootDSE as a base and nothing but the tree's root otherwise.
  if (request.baseObject === '' && request.scope === 'base') {
    const entry = await handler.rootDse(session, request, operation);
    const items = (entry === undefined ? [] : [entry]).values();
    return await runSearch(items, request, operation, output, searchTimeout);
  }
  const results = handler.search(session, request, operation);
  return await runSearch(results, request, operation, output, searchTimeout);
}

function perform<I>(
  request: Exclude<Request, { kind: 'searchRequest' }>,
  operation: OperationInProgress,
  { handler, session }: Performance<I>,
): Answer {
  switch (request.kind) {
    case 'modifyRequest':
      return handler.modify(session, request.value, operation);
    case 'addRequest':
      return handler.add(session, request.value, operation);
    case 'deleteRequest':
      return handler.delete(session, request.value, operation);
    case 'modifyDnRequest':
      return handler.modifyDn(session, request.value, operation);
    case 'compareRequest':
      return compare(handler.compare(session, request.value, operation));
    case 'extendedRequest':
      return extended(request.value, operation, handler, session);
  }
}

async function compare(answer: boolean | Promise<boolean>): Promise<LdapResult> {
  return { code: (await answer) ? 'compareTrue' : 'compareFalse' };
}

async function extended<I>(
  request: { readonly name: string; readonly value?: Uint8Array | undefined },
  operation: OperationInProgress,
  handler: LdapHandler<I>,
  session: LdapSession<I>,
): Promise<ExtendedResult> {
  const { name, value } = request;
  if (name === EXTENDED.whoAmI) {
    // No responseName, and no requestValue to heed (RFC 4532 §2.2).
    return { code: 'success', value: utf8(handler.authorizationId(session)) };
  }
  const result = await handler.extended?.(session, { name, value }, operation);
  if (result === undefined) {
    throw new LdapError('protocolError', 'no such extended operation');
  }
  return result;
}
