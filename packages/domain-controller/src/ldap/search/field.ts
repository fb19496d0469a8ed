import type { Directory } from '@doublehop/directory/directory';
import { type Dn, isWithin, parseDn } from '@doublehop/directory/dn';
import type { DomainInfo } from '@doublehop/directory/domain';
import type { Entry } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import { LdapError } from '@doublehop/ldap/errors';
import type { ResultCode } from '@doublehop/ldap/result-codes';
import type { SearchRequest, ServerReference } from '@doublehop/ldap/server/handler';
import { SEARCH_PAUSE } from '../../limits.ts';
import type { Selection } from '../select.ts';
import type { NameWriter } from './extended-names.ts';
import type { SubjectEyes } from './eyes.ts';
import { type References, referralOf } from './references.ts';
import type { SearchWish } from './wish.ts';

/** One search: what is asked, by whom, and how what is found is shown. */
export interface Field {
  readonly directory: Directory;
  readonly domain: DomainInfo;
  readonly request: SearchRequest;
  readonly wish: SearchWish;
  readonly eyes: SubjectEyes;
  readonly names: NameWriter;
  readonly references: References;
  readonly select: Selection;
  /** Whose paged searches and views it may go on with: the client, or its session. */
  readonly owner: object;
  /** Equal for requests that are the same search; costs a digest, so asked for where it counts. */
  readonly key: () => string;
}

/** What a search finds, lazily. */
export interface Finding {
  /** With moments for others between them. */
  readonly entries: Iterable<Entry | undefined>;
  readonly references: readonly ServerReference[];
  /** How the search of what an attribute names went, where that was asked for. */
  readonly scopeCode?: ResultCode;
}

/**
 * Finds the base and what is to be searched from there. Throws noSuchObject for a base that is not
 * there, referral for one that another domain has (MS-ADTS 3.1.1.4.6). From a base that is not to
 * be seen, what is to be seen is found; where that is nothing, the entries throw noSuchObject.
 */
export function fieldOf(field: Field): Finding {
  const { directory, request, wish, eyes } = field;
  const { scope, filter } = request;
  const base = baseOf(field);
  const isHidden = base !== undefined && !eyes.isVisible(base);
  if (wish.scopeAttribute !== undefined) {
    if (isHidden) throw notThere(directory, base);
    return scoped(field, base, wish.scopeAttribute);
  }
  const name = base === undefined ? '' : { id: base.id };
  const { deleted, contexts } = wish;
  const asked = { base: name, scope, filter, eyes, deleted, contexts };
  const found = directory.searchSteps(asked, SEARCH_PAUSE);
  const entries = isHidden ? belowHidden(directory, base, found) : found;
  const references = wish.references && base !== undefined ? field.references.of(base, scope) : [];
  return { entries, references };
}

/** Undefined: the root above the naming contexts, of those who may ask for it. */
function baseOf({ directory, request, wish, domain }: Field): Entry | undefined {
  const { baseObject } = request;
  if (wish.contexts && isAbove(baseObject, domain)) return undefined;
  const base = directory.find(baseObject, { deleted: wish.deleted });
  if (base !== undefined) return base;
  const referral = referralOf(domain, baseObject);
  if (referral !== undefined) throw referral;
  directory.get(baseObject);
  throw new DirectoryError('noSuchObject', 'there is no such entry');
}

/** What is found from a base that is not to be seen: it is as if it were not there, if nothing. */
function* belowHidden(
  directory: Directory,
  base: Entry,
  found: Iterable<Entry | undefined>,
): Generator<Entry | undefined> {
  let any = false;
  for (const entry of found) {
    any ||= entry !== undefined;
    yield entry;
  }
  if (!any) throw notThere(directory, base);
}

/** Who may not see an entry is told the same as of what is not there. */
function notThere(directory: Directory, { parentId }: Entry): DirectoryError {
  const above = directory.find({ id: parentId });
  const more = above === undefined ? {} : { matchedDn: above.dn };
  return new DirectoryError('noSuchObject', 'there is no such entry', more);
}

/** Whether a base is above every naming context here: empty, or a part of the domain's name. */
function isAbove(baseObject: string, { dn }: DomainInfo): boolean {
  if (baseObject.startsWith('<')) return false;
  const name: Dn = parseDn(baseObject);
  const head = parseDn(dn);
  return name.length < head.length && isWithin(head, name);
}

/** MS-ADTS 3.1.1.3.4.1.18: the search is of the entries that an attribute of the base names. */
function scoped(field: Field, base: Entry | undefined, attribute: string): Finding {
  const { directory, request, eyes, wish } = field;
  if (request.scope !== 'base' || base === undefined) {
    throw new LdapError('unwillingToPerform', '00002035: only a base is searched by an attribute');
  }
  const type = directory.schema.attribute(attribute);
  if (type === undefined || type.syntax !== 'dn') {
    const text = `00000057: ${attribute} names no entries`;
    throw new LdapError('invalidAttributeSyntax', text);
  }
  const names = eyes.mayRead(base, type) ? base.values(type.name) : [];
  function* entries(): Generator<Entry | undefined> {
    let looked = 0;
    for (const name of names) {
      looked += 1;
      if (looked % SEARCH_PAUSE === 0) yield undefined;
      const named = typeof name === 'string' ? directory.find(name) : undefined;
      if (named === undefined) continue;
      const { filter } = request;
      const { deleted } = wish;
      yield* directory.search({ base: { id: named.id }, scope: 'base', filter, eyes, deleted });
    }
  }
  return { entries: entries(), references: [], scopeCode: 'success' };
}
