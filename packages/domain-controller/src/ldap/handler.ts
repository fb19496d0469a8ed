import type {
  Control,
  LdapHandler,
  ModifyDnRequest,
  ModifyRequest,
  QueuedRequest,
  SearchRequest,
  ServerEntry,
} from '@doublehop/ldap/server/handler';
import { DirectoryError } from '@doublehop/directory/errors';
import { isPing, pingEntry } from '../netlogon/ping.ts';
import { clientOf, type Caller, type LdapContext, type Session } from './context.ts';
import { isVisible, mayRead } from './access/access.ts';
import { asLdapError } from './failures.ts';
import type { SaslBinds } from './sasl-binds.ts';
import { modify } from './modify.ts';
import { PagedSearches } from './paged-searches.ts';
import { rootDse, SUPPORTED_CONTROLS } from './root-dse.ts';
import { modifyRootDse } from './root-dse-modify.ts';
import { search, searchContext, type SearchState } from './search.ts';
import { ListViews } from './search/list-views.ts';
import { settled } from './settled.ts';
import { SimpleBinds } from './simple-bind.ts';
import { splitDescription } from './context.ts';
import { reanimate, isDeletedDescriptor, reanimationOf, refuseDeleted } from './tombstones.ts';
import { remove, rename } from './update.ts';
import { add } from './add.ts';

/** The directory as an LDAP server shows it (MS-ADTS 3.1.1.3). */
export function directoryHandler(context: LdapContext, binds: SaslBinds): LdapHandler<Caller> {
  const passwords = new SimpleBinds(context);
  const states = new WeakMap<Session, SearchState>();
  const searched = searchContext(context);
  const stateOf = (session: Session): SearchState => {
    const { clock } = context;
    const found = states.get(session);
    if (found !== undefined) return found;
    const state = { paged: new PagedSearches(clock), lists: new ListViews(clock) };
    states.set(session, state);
    return state;
  };
  return {
    supportedControls: new Set(SUPPORTED_CONTROLS),
    bindSimple: (_session, name, password) => passwords.bind(name, password),
    bindSasl: (_session, outcome) => binds.callerOf(outcome),
    authorizationId: ({ identity }) =>
      identity === undefined ? '' : `u:${context.domain.netbiosName}\\${identity.samAccountName}`,
    rootDse: ({ localAddress, identity }, request) =>
      rootDseOf(context, request, binds, localAddress, identity),
    search: (session, request, from) =>
      settled(context, () => search(searched, session, request, from, stateOf(session))),
    queues: (request) => isQueued(context, request),
    add: (session, request) => translated(add(context, session, request)),
    modify: (session, request, { controls }) =>
      translated(modified(context, session, request, controls)),
    modifyDn: (session, request, { controls }) =>
      translated(renamed(context, session, request, controls)),
    delete: (session, dn, { controls }) => translated(remove(context, session, dn, controls)),
    compare(session, { entry, assertion }) {
      const caller = clientOf(context, session);
      try {
        context.directory.refresh();
        const { name } = splitDescription(assertion.attribute);
        refuseHidden(context, caller, entry, name);
        return context.directory.compare(entry, name, assertion.value);
      } catch (error) {
        throw asLdapError(error);
      }
    },
    closed(session) {
      const state = states.get(session);
      state?.paged.clear();
      state?.lists.clear();
    },
  };
}

/** Attributes whose values are looked at before the unit of work, or change what is. */
const LOOKED_AT: ReadonlySet<string> = new Set([
  'dBCSPwd',
  'dSHeuristics',
  'isDeleted',
  'unicodePwd',
  'userPassword',
]);

/**
 * Whether all that a request reads is read in its unit of work, which `add` and `modify` queue
 * before they first wait: so without passwords, whose keys take time.
 */
function isQueued({ directory: { schema } }: LdapContext, request: QueuedRequest): boolean {
  if (request.kind === 'modifyRequest') {
    const { object, changes } = request.value;
    return object !== '' && !changes.some(({ modification }) => isLookedAt(modification));
  }
  return !request.value.attributes.some(isLookedAt);

  function isLookedAt({ type }: { readonly type: string }): boolean {
    const { name } = splitDescription(type);
    return LOOKED_AT.has(schema.attribute(name)?.name ?? name);
  }
}

/** What may not be read is not there to be compared either (MS-ADTS 3.1.1.4.3). */
function refuseHidden(
  { directory }: LdapContext,
  caller: Caller,
  name: string,
  attribute: string,
): void {
  const entry = directory.get(name);
  const type = directory.schema.attribute(attribute);
  if (!isVisible(caller, entry)) {
    throw new DirectoryError('noSuchObject', `there is no ${name}`);
  }
  if (type === undefined || mayRead(caller, entry, type)) return;
  throw new DirectoryError('noSuchAttribute', `${attribute} is not there`, { attribute });
}

/**
 * The rootDSE, or the answer to a ping (MS-ADTS 6.3.3). `address` is the controller's for its
 * client.
 */
export function rootDseOf(
  context: LdapContext,
  request: SearchRequest,
  { mechanisms }: Pick<SaslBinds, 'mechanisms'>,
  address: string,
  caller?: Caller,
): ServerEntry | undefined {
  context.directory.refresh();
  if (isPing(request)) {
    // Over TCP, a filter that names nothing of a ping is not answered, as Windows has it.
    const asks = request.filter.kind === 'and' || request.filter.kind === 'equality';
    return asks ? pingEntry(context, request, address) : undefined;
  }
  return rootDse(
    context,
    request,
    mechanisms.map(({ name }) => name),
    caller,
  );
}

/** A modify changes an entry, makes one of a tombstone, or asks the rootDSE for an operation. */
async function modified(
  context: LdapContext,
  session: Session,
  request: ModifyRequest,
  controls: readonly Control[],
): Promise<void> {
  if (request.object === '') return await modifyRootDse(context, session, request);
  const reanimation = reanimationOf(request, controls);
  if (reanimation !== undefined) {
    return await reanimate(context, session, request.object, reanimation);
  }
  if (!isDeletedDescriptor(context, session, request, controls)) {
    refuseDeleted(context, session, request.object, controls);
  }
  return await modify(context, session, request, controls);
}

async function renamed(
  context: LdapContext,
  session: Session,
  request: ModifyDnRequest,
  controls: readonly Control[],
): Promise<void> {
  refuseDeleted(context, session, request.entry, controls);
  return await rename(context, session, request);
}

async function translated(work: Promise<void>): Promise<undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    throw asLdapError(error);
  }
}
