import {
  type DirSyncRequest,
  dirSyncRequest,
  extendedDn,
  findControl,
  hasControl,
  type ListViewRequest,
  listViewRequest,
  type PagedResults,
  pagedResults,
  scopedQuery,
  sdFlags,
  searchOptions,
  type SortKey,
  sortRequest,
} from '@doublehop/ldap/controls';
import { LdapError } from '@doublehop/ldap/errors';
import type { Control } from '@doublehop/ldap/messages/common';
import { CONTROLS } from '@doublehop/ldap/oids';

/** What the controls of a search ask for. */
export interface SearchWish {
  /** Tombstones too: without the recycle bin, what is deleted is recycled also. */
  readonly deleted: boolean;
  /** Continuation references for naming contexts below the base. */
  readonly references: boolean;
  /** Naming contexts below the base belong to the search: the phantom root. */
  readonly contexts: boolean;
  readonly sdFlags: number | undefined;
  /** Names with GUID and SID: in hexadecimal (0) or as texts (1). */
  readonly extendedDn: number | undefined;
  /** A range that starts behind the last value is no error. */
  readonly rangeNoError: boolean;
  readonly paging: PagedResults | undefined;
  readonly sort: { readonly keys: readonly SortKey[]; readonly critical: boolean } | undefined;
  readonly view: { readonly list: ListViewRequest; readonly critical: boolean } | undefined;
  /** The attribute of the base that names what is searched instead of it. */
  readonly scopeAttribute: string | undefined;
  /** Changes since a cookie are asked for, not what is there. */
  readonly sync: DirSyncRequest | undefined;
  /** Equal for the same controls in any order, those aside that go from page to page. */
  readonly key: string;
}

/** SERVER_SEARCH_FLAG_DOMAIN_SCOPE and SERVER_SEARCH_FLAG_PHANTOM_ROOT (3.1.1.3.4.1.12). */
const OptionFlag = { domainScope: 1, phantomRoot: 2 } as const;

/** Controls that are another in every request of one search. */
const CHANGING: ReadonlySet<string> = new Set([CONTROLS.pagedResults, CONTROLS.virtualListView]);

/**
 * Reads the controls of a search (MS-ADTS 3.1.1.3.4.1). Throws protocolError for values that do not
 * decode, unavailableCriticalExtension for a virtual list view in pages.
 */
export function wishOf(controls: readonly Control[], globalCatalog: boolean): SearchWish {
  if (controls.length === 0) return globalCatalog ? PLAIN_IN_CATALOG : PLAIN;
  return read(controls, globalCatalog);
}

function read(controls: readonly Control[], globalCatalog: boolean): SearchWish {
  const options = findControl(controls, searchOptions)?.flags ?? 0;
  const paging = findControl(controls, pagedResults);
  const keys = findControl(controls, sortRequest);
  const list = findControl(controls, listViewRequest);
  if (list !== undefined && paging !== undefined) throw impossible(CONTROLS.virtualListView);
  const scoped = hasControl(controls, CONTROLS.domainScope);
  const contexts = globalCatalog || (options & OptionFlag.phantomRoot) !== 0;
  const isCritical = (oid: string): boolean =>
    controls.some(({ type, critical }) => type === oid && critical === true);
  return {
    deleted:
      hasControl(controls, CONTROLS.showDeleted) || hasControl(controls, CONTROLS.showRecycled),
    references: !scoped && !contexts && (options & OptionFlag.domainScope) === 0,
    contexts,
    sdFlags: findControl(controls, sdFlags)?.flags,
    extendedDn: findControl(controls, extendedDn)?.option,
    rangeNoError: hasControl(controls, CONTROLS.rangeRetrievalNoError),
    paging,
    sort: keys === undefined ? undefined : { keys, critical: isCritical(CONTROLS.sortRequest) },
    view: list === undefined ? undefined : { list, critical: isCritical(CONTROLS.virtualListView) },
    scopeAttribute: findControl(controls, scopedQuery)?.attribute,
    sync: findControl(controls, dirSyncRequest),
    key: controls.map(textOf).sort().join('\n'),
  };
}

/** Most searches come without controls. */
const PLAIN = read([], false);
const PLAIN_IN_CATALOG = read([], true);

function textOf({ type, critical, value }: Control): string {
  if (CHANGING.has(type)) return type;
  const octets = value === undefined ? '' : Buffer.from(value).toString('base64');
  return `${type} ${String(critical === true)} ${octets}`;
}

/** Result 12 of a control that cannot be done here and now. */
export function impossible(oid: string): LdapError {
  const text = `00000057: LdapErr: DSID-00000000, comment: Error processing control, data 0`;
  return new LdapError('unavailableCriticalExtension', `${text} (${oid})`);
}
