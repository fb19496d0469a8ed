import { listViewResponse, type ListViewRequest, sortResponse } from '@doublehop/ldap/controls';
import { CONTROLS } from '@doublehop/ldap/oids';
import type { ResultCode } from '@doublehop/ldap/result-codes';
import type { LdapResult, ServerItem } from '@doublehop/ldap/server/handler';
import { asLdapError } from '../failures.ts';
import { type Field, fieldOf } from './field.ts';
import { type ListView, type ListViews, partOf } from './list-views.ts';
import { numberOfCode, orderOf, sortedPlaces } from './sort.ts';
import { impossible, type SearchWish } from './wish.ts';

/**
 * Shows a part of a sorted list (MS-ADTS 3.1.1.3.4.1.17). The list is made by the first request,
 * of entries that have a value to sort by, and stays as it is; what has gone since is left out.
 * Returns undefined where the control is to be ignored: it is not critical and cannot be done.
 */
export function* showList(
  field: Field,
  wish: SearchWish,
  lists: ListViews,
): Generator<ServerItem, LdapResult | undefined> {
  const { view: asked, sort } = wish;
  if (asked === undefined) return undefined;
  if (sort === undefined) {
    return asked.critical ? failed('sortControlMissing', 'sortControlMissing', 0) : undefined;
  }
  const found = yield* viewOf(field, asked.list, lists);
  if (found === undefined) {
    if (asked.critical) throw impossible(CONTROLS.virtualListView);
    return undefined;
  }
  const { view, contextId } = found;
  const part = partOf(view, asked.list);
  const contentCount = view.places.length;
  if (typeof part === 'string') return failed('virtualListViewError', part, contentCount);
  yield* partItems(field, view, part.start, part.end);
  const place = { targetPosition: part.target, contentCount, resultCode: 0, contextId };
  const controls = [sortResponse.encode({ resultCode: 0 }), listViewResponse.encode(place)];
  return { code: 'success', controls };
}

function failed(code: ResultCode, reason: ResultCode, contentCount: number): LdapResult {
  const response = { targetPosition: 0, contentCount, resultCode: numberOfCode(reason) };
  return { code, controls: [listViewResponse.encode(response)] };
}

/** The list that a context ID names, if it is of the same search; else a new one. */
function* viewOf(
  field: Field,
  { contextId }: ListViewRequest,
  lists: ListViews,
): Generator<ServerItem, { view: ListView; contextId: Uint8Array } | undefined> {
  const { owner, directory, eyes, wish } = field;
  const key = field.key();
  if (contextId !== undefined && contextId.length > 0) {
    const view = lists.find(contextId, owner);
    if (view === undefined) return undefined;
    if (view.request === key) return { view, contextId };
  }
  const order = orderOf(directory.schema, wish.sort?.keys ?? []);
  if (typeof order === 'string') return undefined;
  try {
    const all = yield* sortedPlaces(fieldOf(field).entries, order, eyes);
    const places = all.filter((place) => place.key !== undefined);
    const view: ListView = { places, order, request: key, owner };
    return { view, contextId: lists.keep(view) };
  } catch (error) {
    throw asLdapError(error);
  }
}

function* partItems(
  { directory, names, select, wish, eyes }: Field,
  { places }: ListView,
  start: number,
  end: number,
): Generator<ServerItem, void> {
  for (let at = start; at < end; at += 1) {
    const place = places[at];
    const entry = place === undefined ? undefined : directory.find({ id: place.id });
    if (entry === undefined || !eyes.isVisible(entry)) continue;
    if (!wish.deleted && entry.text('isDeleted') === 'TRUE') continue;
    yield { kind: 'entry', dn: names.nameOf(entry), attributes: select(entry) };
  }
}
