import { hash } from 'node:crypto';
import type { Entry } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import { pagedResults, scopedQueryResponse, sortResponse } from '@doublehop/ldap/controls';
import { FilterType } from '@doublehop/ldap/filter-codec';
import type { Control } from '@doublehop/ldap/messages/common';
import { CONTROLS } from '@doublehop/ldap/oids';
import type {
  LdapResult,
  RequestContext,
  SearchRequest,
  ServerItem,
  ServerReference,
} from '@doublehop/ldap/server/handler';
import { encodeDer } from '@doublehop/wire/der';
import { MAX_PAGE_SIZE, MAX_SORTED_ENTRIES } from '../limits.ts';
import { readableParts } from './access/access.ts';
import { type Caller, clientOf, type LdapContext, type Session } from './context.ts';
import { asLdapError } from './failures.ts';
import type { PagedSearch, PagedSearches } from './paged-searches.ts';
import { type Computation, computation as computationOf } from './search/computed.ts';
import { dirSync } from './search/dir-sync.ts';
import { extendedNames, PLAIN_NAMES } from './search/extended-names.ts';
import { SubjectEyes } from './search/eyes.ts';
import type { ListViews } from './search/list-views.ts';
import { type Field, fieldOf, type Finding } from './search/field.ts';
import { References } from './search/references.ts';
import { showList } from './search/show-list.ts';
import { numberOfCode, orderOf, PAUSE, sortedPlaces } from './search/sort.ts';
import { impossible, type SearchWish, wishOf } from './search/wish.ts';
import { AttributeLists, selectionOf } from './select.ts';

const EMPTY = new Uint8Array(0);

/** What searches are done with; `searchContext` makes it once. */
export interface SearchContext extends LdapContext {
  readonly computation: Computation;
  readonly lists: AttributeLists;
  readonly references: References;
}

export function searchContext(context: LdapContext): SearchContext {
  const lists = new AttributeLists(context.directory.schema);
  const references = new References(context);
  return { ...context, computation: computationOf(context), lists, references };
}

/** What a connection keeps between its searches. */
export interface SearchState {
  readonly paged: PagedSearches;
  readonly lists: ListViews;
}

type Search = Generator<ServerItem, LdapResult | undefined>;

/**
 * A search in the directory (MS-ADTS 3.1.1.3.1.3): entries one by one as the client reads them,
 * those and those attributes that it may see. Without paging, and in one page, no more than
 * MaxPageSize of them.
 */
export function* search(
  context: SearchContext,
  session: Session,
  request: SearchRequest,
  { controls }: RequestContext,
  state: SearchState,
): Search {
  const caller = clientOf(context, session);
  const wish = wishOf(controls, session.globalCatalog);
  const field = translated(() => beginField(context, session, caller, request, wish));
  if (wish.sync !== undefined) return yield* guarded(dirSync({ ...field, caller }, wish.sync));
  if (wish.view !== undefined) {
    const shown = yield* showList(field, wish, state.lists);
    if (shown !== undefined) return shown;
  }
  const responses: Control[] = [];
  const { paging } = wish;
  if (paging === undefined) {
    const finding = yield* begin(field, responses);
    return yield* whole(field, finding, responses);
  }
  if (paging.cookie.length > 0) {
    const { entries, eyes } = state.paged.take(paging.cookie, field.key(), field.owner);
    eyes.renew();
    if (wish.sort !== undefined) responses.push(sortResponse.encode({ resultCode: 0 }));
    return yield* page({ ...field, eyes }, { entries, references: [] }, responses, state.paged);
  }
  const { entries, references } = yield* begin(field, responses);
  const found = { entries: entries[Symbol.iterator](), references };
  return yield* page(field, found, responses, state.paged);
}

function beginField(
  context: SearchContext,
  session: Session,
  caller: Caller,
  request: SearchRequest,
  wish: SearchWish,
): Field {
  const { directory, domain, computation, lists, references } = context;
  directory.refresh();
  const eyes = new SubjectEyes(caller);
  const { attributes, typesOnly, scope } = request;
  const names =
    wish.extendedDn === undefined ? PLAIN_NAMES : extendedNames(directory, wish.extendedDn);
  const select = selectionOf(directory.schema, lists, {
    attributes,
    typesOnly,
    single: scope === 'base',
    sdFlags: wish.sdFlags,
    catalog: session.globalCatalog,
    rangeNoError: wish.rangeNoError,
    eyes,
    descriptorParts: (entry) => readableParts(caller, entry),
    compute: computation(caller, session.confidential),
    names,
  });
  const key = (): string => `${keyOf(request)} ${wish.key}`;
  const owner = session.identity ?? session;
  return { directory, domain, request, wish, eyes, names, references, select, owner, key };
}

/** Finds where to look, and sorts what is there where that is asked for. */
function* begin(field: Field, responses: Control[]): Generator<ServerItem, Finding> {
  const finding = translated(() => fieldOf(field));
  const { directory, eyes, wish } = field;
  if (finding.scopeCode !== undefined) {
    const resultCode = numberOfCode(finding.scopeCode);
    responses.push(scopedQueryResponse.encode({ resultCode }));
  }
  if (wish.sort === undefined) return finding;
  const order = orderOf(directory.schema, wish.sort.keys);
  if (typeof order === 'string') {
    if (wish.sort.critical) throw impossible(CONTROLS.sortRequest);
    responses.push(sortResponse.encode({ resultCode: numberOfCode(order) }));
    return finding;
  }
  const places = yield* guarded(sortedPlaces(finding.entries, order, eyes));
  responses.push(sortResponse.encode({ resultCode: 0 }));
  return { ...finding, entries: entriesOf(field, places) };
}

/** Entries by their numbers, those left out that have gone meanwhile. */
function* entriesOf(
  { directory, wish }: Pick<Field, 'directory' | 'wish'>,
  places: readonly { readonly id: number }[],
): Generator<Entry> {
  for (const { id } of places) {
    const entry = directory.find({ id });
    if (entry === undefined) continue;
    if (!wish.deleted && entry.text('isDeleted') === 'TRUE') continue;
    yield entry;
  }
}

/** A search without pages: references after the entries. */
function* whole(field: Field, finding: Finding, controls: readonly Control[]): Search {
  const entries = finding.entries[Symbol.iterator]();
  try {
    const ended = yield* send(field, entries, MAX_PAGE_SIZE);
    if (!ended && (yield* hasMore(entries))) {
      return { code: 'sizeLimitExceeded', message: '00002023: MaxPageSize', controls };
    }
    yield* finding.references;
    return controls.length === 0 ? undefined : { code: 'success', controls };
  } finally {
    entries.return?.();
  }
}

type PageField = Omit<Field, 'eyes'> & Pick<PagedSearch, 'eyes'>;

/**
 * What is left of a search after its first page: what was found by then, as far as
 * MAX_SORTED_ENTRIES reaches, whatever is changed between the pages; what is gone is left out.
 */
function* foreseen(
  field: PageField,
  entries: Iterator<Entry | undefined>,
): Generator<ServerItem, Iterator<Entry | undefined>> {
  const places: { id: number }[] = [];
  while (places.length < MAX_SORTED_ENTRIES) {
    const step = advance(entries);
    if (step.done === true) break;
    if (step.value === undefined) yield PAUSE;
    else places.push({ id: step.value.id });
  }
  function* rest(): Generator<Entry | undefined> {
    try {
      yield* entriesOf(field, places);
      for (let step = entries.next(); step.done !== true; step = entries.next()) yield step.value;
    } finally {
      entries.return?.();
    }
  }
  return rest();
}

/** One page; the references come with the first. */
function* page(
  field: PageField,
  finding: {
    readonly entries: Iterator<Entry | undefined>;
    readonly references: readonly ServerReference[];
  },
  responses: readonly Control[],
  paged: PagedSearches,
): Search {
  const { owner, key, eyes, wish } = field;
  const { entries } = finding;
  const size = wish.paging?.size ?? 0;
  const answer = (cookie: Uint8Array): LdapResult => ({
    code: 'success',
    controls: [...responses, pagedResults.encode({ size: 0, cookie })],
  });
  let parked = false;
  try {
    if (size === 0) return answer(EMPTY);
    const ended = yield* send(field, entries, Math.min(size, MAX_PAGE_SIZE));
    yield* finding.references;
    if (ended) return answer(EMPTY);
    const isFirst = wish.paging?.cookie.length === 0;
    const rest = isFirst ? yield* foreseen(field, entries) : entries;
    parked = true;
    return answer(paged.park({ entries: rest, eyes, request: key(), owner }));
  } finally {
    if (!parked) entries.return?.();
  }
}

/** Yields at most `limit` entries; returns whether there are no more. */
function* send(
  { select, names }: Pick<Field, 'names' | 'select'>,
  entries: Iterator<Entry | undefined>,
  limit: number,
): Generator<ServerItem, boolean> {
  for (let count = 0; count < limit; ) {
    const step = advance(entries);
    if (step.done === true) return true;
    if (step.value === undefined) {
      yield PAUSE;
      continue;
    }
    count += 1;
    yield { kind: 'entry', dn: names.nameOf(step.value), attributes: select(step.value) };
  }
  return false;
}

function* hasMore(entries: Iterator<Entry | undefined>): Generator<ServerItem, boolean> {
  for (;;) {
    const step = advance(entries);
    if (step.done === true) return false;
    if (step.value !== undefined) return true;
    yield PAUSE;
  }
}

function advance(entries: Iterator<Entry | undefined>): IteratorResult<Entry | undefined> {
  return translated(() => entries.next());
}

/** The same steps, with errors of the directory as clients are told them. */
function* guarded<T>(work: Generator<ServerItem, T>): Generator<ServerItem, T> {
  for (;;) {
    const step = translated(() => work.next());
    if (step.done === true) return step.value;
    yield step.value;
  }
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof DirectoryError ? asLdapError(error) : error;
  }
}

/** What has to stay the same from page to page (RFC 2696 §3). */
function keyOf({ baseObject, scope, filter, attributes }: SearchRequest): string {
  const digest = hash('sha256', encodeDer(FilterType, filter), 'base64');
  return `${scope} ${baseObject.toLowerCase()} ${digest} ${attributes.join(',').toLowerCase()}`;
}
