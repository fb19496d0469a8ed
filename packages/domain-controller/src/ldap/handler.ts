import type { LdapHandler, SearchRequest, ServerEntry } from '@doublehop/ldap/server/handler';
import { isPing, pingEntry } from '../netlogon/ping.ts';
import { requireCaller, type Caller, type LdapContext, type Session } from './context.ts';
import { asLdapError } from './failures.ts';
import type { SaslBinds } from './sasl-binds.ts';
import { modify } from './modify.ts';
import { PagedSearches } from './paged-searches.ts';
import { rootDse, SUPPORTED_CONTROLS } from './root-dse.ts';
import { search } from './search.ts';
import { SimpleBinds } from './simple-bind.ts';
import { splitDescription } from './context.ts';
import { add, remove, rename } from './update.ts';

/** The directory as an LDAP server shows it (MS-ADTS 3.1.1.3). */
export function directoryHandler(context: LdapContext, binds: SaslBinds): LdapHandler<Caller> {
  const passwords = new SimpleBinds(context);
  const paged = new WeakMap<Session, PagedSearches>();
  const pagedOf = (session: Session): PagedSearches => {
    const found = paged.get(session) ?? new PagedSearches(context.clock);
    paged.set(session, found);
    return found;
  };
  return {
    supportedControls: new Set(SUPPORTED_CONTROLS),
    bindSimple: (_session, name, password) => passwords.bind(name, password),
    bindSasl: (_session, outcome) => binds.callerOf(outcome),
    authorizationId: ({ identity }) =>
      identity === undefined ? '' : `u:${context.domain.netbiosName}\\${identity.samAccountName}`,
    rootDse: ({ localAddress }, request) => rootDseOf(context, request, binds, localAddress),
    search: (session, request, from) => search(context, session, request, from, pagedOf(session)),
    add: (session, request) => translated(add(context, session, request)),
    modify: (session, request, { controls }) =>
      translated(modify(context, session, request, controls)),
    modifyDn: (session, request) => translated(rename(context, session, request)),
    delete: (session, dn, { controls }) => translated(remove(context, session, dn, controls)),
    compare(session, { entry, assertion }) {
      requireCaller(session);
      try {
        context.directory.refresh();
        const { name } = splitDescription(assertion.attribute);
        return context.directory.compare(entry, name, assertion.value);
      } catch (error) {
        throw asLdapError(error);
      }
    },
    closed: (session) => paged.get(session)?.clear(),
  };
}

/**
 * The rootDSE, or the answer to a ping (MS-ADTS 6.3.3). `address` is the controller's, as its client
 * sees it.
 */
export function rootDseOf(
  context: LdapContext,
  request: SearchRequest,
  { mechanisms }: Pick<SaslBinds, 'mechanisms'>,
  address: string,
): ServerEntry | undefined {
  context.directory.refresh();
  if (isPing(request)) return pingEntry(context, request, address);
  return rootDse(
    context,
    request,
    mechanisms.map(({ name }) => name),
  );
}

async function translated(work: Promise<void>): Promise<undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    throw asLdapError(error);
  }
}
