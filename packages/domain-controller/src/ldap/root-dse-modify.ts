import { protectAdministrators } from '@doublehop/directory/admin-sd-holder';
import type { Entry } from '@doublehop/directory/entry';
import { LdapError } from '@doublehop/ldap/errors';
import type { ModifyRequest } from '@doublehop/ldap/server/handler';
import type { Guid } from '@doublehop/security/guid';
import { mayDo } from './access/access.ts';
import { type Caller, type LdapContext, requireCaller, type Session } from './context.ts';
import { accessDenied } from './failures.ts';
import { collectTombstones } from './tombstones.ts';

/** A control access right, and what it has to be held on; without one, administrators may. */
interface Operation {
  readonly right?: Guid;
  readonly on?: 'schema' | 'service';
  readonly work?: (context: LdapContext) => Promise<unknown>;
}

/** Control access rights of the operations (MS-ADTS 5.1.3.2.1). */
const Right = {
  doGarbageCollection: 'fec364e0-0a98-11d1-adbb-00c04fd8d5cd',
  recalculateHierarchy: '0bc1554e-0a99-11d1-adbb-00c04fd8d5cd',
  refreshGroupCache: '9432c620-033c-4db7-8b58-14ef6d0bf477',
  updateSchemaCache: 'be2bb760-7f46-11d2-b9ad-00c04f79f805',
} as const;

/**
 * Operations by lower-case name (MS-ADTS 3.1.1.3.3). Most ask for work that is always done here
 * already: the schema and memberships are never stale, every role is this
 * controller's.
 */
const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['becomedomainmaster', {}],
  ['becomeinfrastructuremaster', {}],
  ['becomepdc', {}],
  ['becomeridmaster', {}],
  ['becomeschemamaster', {}],
  ['checkphantoms', {}],
  [
    'dogarbagecollection',
    { right: Right.doGarbageCollection, on: 'service', work: collectTombstones },
  ],
  ['dolinkcleanup', {}],
  ['fixupinheritance', { work: ({ directory }) => directory.settle() }],
  ['invalidategcconnection', {}],
  ['null', {}],
  ['recalchierarchy', { right: Right.recalculateHierarchy, on: 'service' }],
  ['runprotectadmingroupstask', { work: ({ directory }) => protectAdministrators(directory) }],
  ['schemaupdateindicesnow', { right: Right.updateSchemaCache, on: 'schema' }],
  ['schemaupdatenow', { right: Right.updateSchemaCache, on: 'schema' }],
  ['updatecachedmemberships', { right: Right.refreshGroupCache, on: 'service' }],
]);

/** The names of the operations, as the rootDSE tells them. */
export const MODIFICATIONS: readonly string[] = [
  'becomeDomainMaster',
  'becomeInfrastructureMaster',
  'becomePdc',
  'becomeRidMaster',
  'becomeSchemaMaster',
  'checkPhantoms',
  'doGarbageCollection',
  'doLinkCleanup',
  'fixupInheritance',
  'invalidateGCConnection',
  'null',
  'recalcHierarchy',
  'runProtectAdminGroupsTask',
  'schemaUpdateIndicesNow',
  'schemaUpdateNow',
  'updateCachedMemberships',
];

/**
 * A modify of the rootDSE asks for an operation (MS-ADTS 3.1.1.3.3). Throws unwillingToPerform for
 * what is no operation here, insufficientAccessRights for who may not.
 */
export async function modifyRootDse(
  context: LdapContext,
  session: Session,
  { changes }: ModifyRequest,
): Promise<void> {
  const caller = requireCaller(session);
  const [change, ...more] = changes;
  const name = change?.modification.type.toLowerCase() ?? '';
  const operation = more.length > 0 ? undefined : OPERATIONS.get(name);
  if (change === undefined || operation === undefined || change.operation === 'delete') {
    const text = '00002035: SvcErr: DSID-00000000, problem 5003 (WILL_NOT_PERFORM), data 0';
    throw new LdapError('unwillingToPerform', text);
  }
  context.directory.refresh();
  if (!mayAsk(context, caller, operation)) throw accessDenied();
  await operation.work?.(context);
}

function mayAsk(context: LdapContext, caller: Caller, { right, on }: Operation): boolean {
  const { directory, domain } = context;
  if (caller.administrator || right === undefined) return caller.administrator;
  const place: Entry | undefined = directory.find(on === 'schema' ? domain.schemaDn : domain.dsaDn);
  return place !== undefined && mayDo(caller, place, { kind: 'control', right });
}
