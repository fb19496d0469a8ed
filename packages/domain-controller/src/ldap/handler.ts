import type { LdapHandler } from '@doublehop/ldap/server/handler';
import { requireCaller, type Caller, type LdapContext, type Session } from './context.ts';
import { asLdapError } from './failures.ts';
import type { KerberosBinds } from './kerberos-bind.ts';
import { modify } from './modify.ts';
import { PagedSearches } from './paged-searches.ts';
import { rootDse, SUPPORTED_CONTROLS } from './root-dse.ts';
import { search } from './search.ts';
import { SimpleBinds } from './simple-bind.ts';
import { splitDescription } from './context.ts';
import { add, remove, rename } from './update.ts';

/** The directory as an LDAP server shows it (MS-ADTS 3.1.1.3). */
export function directoryHandler(context: LdapContext, binds: KerberosBinds): LdapHandler<Caller> {
  const passwords = new SimpleBinds(context);
  const paged = new WeakMap<Session, PagedSearches>();
  const mechanisms = binds.mechanisms.map(({ name }) => name);
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
    rootDse(_session, request) {
      context.directory.refresh();
      return rootDse(context, request, mechanisms);
    },
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

async function translated(work: Promise<void>): Promise<undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    throw asLdapError(error);
  }
}
