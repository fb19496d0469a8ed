import { hash } from 'node:crypto';
import type { Entry } from '@doublehop/directory/entry';
import { findControl, pagedResults, sdFlags } from '@doublehop/ldap/controls';
import { FilterType } from '@doublehop/ldap/filter-codec';
import type {
  LdapResult,
  RequestContext,
  SearchRequest,
  ServerEntry,
} from '@doublehop/ldap/server/handler';
import { encodeDer } from '@doublehop/wire/der';
import { MAX_PAGE_SIZE } from '../limits.ts';
import { type Caller, type LdapContext, requireCaller, type Session } from './context.ts';
import { SdFlag } from './descriptors.ts';
import { asLdapError } from './failures.ts';
import type { PagedSearches } from './paged-searches.ts';
import { type Selection, selectionOf } from './select.ts';

const EMPTY = new Uint8Array(0);

/**
 * A search in the directory (MS-ADTS 3.1.1.3.1.3): entries one by one as the client reads them.
 * Without paging, and in one page, no more than MaxPageSize of them.
 */
export function* search(
  context: LdapContext,
  session: Session,
  request: SearchRequest,
  { controls }: RequestContext,
  paged: PagedSearches,
): Generator<ServerEntry, LdapResult | undefined> {
  const caller = requireCaller(session);
  const paging = findControl(controls, pagedResults);
  const select = selectionFor(context, request, caller, findControl(controls, sdFlags)?.flags);
  const key = keyOf(request);
  const { entries } =
    paging === undefined || paging.cookie.length === 0
      ? begin(context, request)
      : paged.take(paging.cookie, key, caller);
  let parked = false;
  try {
    if (paging?.size === 0) return success(EMPTY);
    const limit = Math.min(paging?.size ?? MAX_PAGE_SIZE, MAX_PAGE_SIZE);
    const ended = yield* page(entries, select, limit);
    if (ended) return paging === undefined ? undefined : success(EMPTY);
    if (paging === undefined) {
      if (advance(entries).done === true) return undefined;
      return { code: 'sizeLimitExceeded', message: '00002023: MaxPageSize' };
    }
    parked = true;
    return success(paged.park({ entries, request: key, owner: caller }));
  } finally {
    if (!parked) entries.return?.();
  }
}

function begin(
  { directory }: LdapContext,
  { baseObject, scope, filter }: SearchRequest,
): { readonly entries: Iterator<Entry> } {
  directory.refresh();
  try {
    const found = directory.search({ base: baseObject, scope, filter });
    return { entries: found[Symbol.iterator]() };
  } catch (error) {
    throw asLdapError(error);
  }
}

/** Yields at most `limit` entries; returns whether there are no more. */
function* page(
  entries: Iterator<Entry>,
  select: Selection,
  limit: number,
): Generator<ServerEntry, boolean> {
  for (let count = 0; count < limit; count += 1) {
    const step = advance(entries);
    if (step.done === true) return true;
    yield { kind: 'entry', dn: step.value.dn, attributes: select(step.value) };
  }
  return false;
}

function advance(entries: Iterator<Entry>): IteratorResult<Entry> {
  try {
    return entries.next();
  } catch (error) {
    throw asLdapError(error);
  }
}

function selectionFor(
  { directory }: LdapContext,
  { attributes, typesOnly }: SearchRequest,
  { administrator }: Caller,
  asked: number | undefined,
): Selection {
  // The SACL is for who has SeSecurityPrivilege (MS-ADTS 3.1.1.3.4.1.11); flags of 0 mean all.
  const visible = SdFlag.owner | SdFlag.group | SdFlag.dacl | (administrator ? SdFlag.sacl : 0);
  return selectionOf(directory.schema, {
    attributes,
    typesOnly,
    defaultSdFlags: visible,
    ...(asked === undefined ? {} : { sdFlags: (asked === 0 ? 15 : asked) & visible }),
  });
}

/** What has to stay the same from page to page (RFC 2696 §3). */
function keyOf({ baseObject, scope, filter }: SearchRequest): string {
  const digest = hash('sha256', encodeDer(FilterType, filter), 'base64');
  return `${scope} ${baseObject.toLowerCase()} ${digest}`;
}

function success(cookie: Uint8Array): LdapResult {
  return { code: 'success', controls: [pagedResults.encode({ size: 0, cookie })] };
}
