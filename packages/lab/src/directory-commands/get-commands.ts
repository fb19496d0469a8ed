import type { DomainConnection } from '@doublehop/admin/connection';
import { entriesOf, firstEntries } from '@doublehop/admin/directory-client';
import { namesDomain } from '@doublehop/admin/domain';
import { textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { equals, everything, type Filter } from '@doublehop/ldap/filter';
import { parseFilter } from '@doublehop/ldap/filter-text';
import type { Parameter } from '@doublehop/powershell/commands/command';
import { asList, isTrue, toNumber } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject, Scalar } from '@doublehop/powershell/objects/value';
import { decodeGuid } from '@doublehop/security/guid';
import { decodeSid, ridOf } from '@doublehop/security/sid';
import {
  CONNECTION_PARAMETERS,
  type DirectoryCommand,
  MODULE,
  NAMESPACE,
  type Run,
  withDomain,
} from './access.ts';
import { type AdKind, adObject, attributesFor, isDefaultProperty, sidObject } from './ad-object.ts';
import { MissingIdentity, told } from './failures.ts';
import { parseAdFilter } from './filter.ts';
import { entryOf, identityText, kindFilter } from './identity.ts';
import { checkProperties } from './properties.ts';

/** `-Identity`, also from the pipeline. */
export const IDENTITY: Parameter = {
  name: 'Identity',
  type: 'object',
  position: 0,
  mandatory: true,
  fromPipeline: true,
};

/** Get-AD of a kind: by identity, by filter, or by LDAP filter. */
export function getCommand(kind: Exclude<AdKind, 'Principal'>): DirectoryCommand {
  const name = `Get-AD${kind}`;
  const sets = ['Filter', 'LdapFilter'];
  return {
    name,
    synopsis: `Gets one or more Active Directory ${kind.toLowerCase()}s.`,
    module: MODULE,
    defaultSet: 'Filter',
    outputTypes: [`${NAMESPACE}.AD${kind}`],
    parameters: [
      { ...IDENTITY, sets: ['Identity'] },
      { name: 'Filter', type: 'object', mandatory: true, sets: ['Filter'] },
      { name: 'LDAPFilter', type: 'string', mandatory: true, sets: ['LdapFilter'] },
      { name: 'Properties', type: 'string', many: true, aliases: ['Property'] },
      { name: 'SearchBase', type: 'string', sets },
      {
        name: 'SearchScope',
        type: 'string',
        validateSet: ['Base', 'OneLevel', 'Subtree', '0', '1', '2'],
        sets,
      },
      { name: 'ResultPageSize', type: 'int', sets },
      { name: 'ResultSetSize', type: 'int', sets },
      ...CONNECTION_PARAMETERS,
    ],
    run: (run) => told(run, { name, type: `AD${kind}` }, () => get(run, kind)),
  };
}

/** Get-ADDomain. */
export const GET_DOMAIN: DirectoryCommand = {
  name: 'Get-ADDomain',
  synopsis: 'Gets an Active Directory domain.',
  module: MODULE,
  outputTypes: [`${NAMESPACE}.ADDomain`],
  parameters: [
    { ...IDENTITY, mandatory: false },
    { name: 'Current', type: 'string', validateSet: ['LocalComputer', 'LoggedOnUser'] },
    ...CONNECTION_PARAMETERS,
  ],
  run: (run) =>
    told(run, { name: 'Get-ADDomain', type: 'ADDomain' }, () =>
      withDomain(run, async (connection) => {
        await run.streams.output(await domainObject(connection, run.bound['Identity'] ?? null));
      }),
    ),
};

/** Get-ADGroupMember. */
export const GET_GROUP_MEMBER: DirectoryCommand = {
  name: 'Get-ADGroupMember',
  synopsis: 'Gets the members of an Active Directory group.',
  module: MODULE,
  outputTypes: [`${NAMESPACE}.ADPrincipal`],
  parameters: [IDENTITY, { name: 'Recursive', type: 'switch' }, ...CONNECTION_PARAMETERS],
  run: (run) =>
    told(run, { name: 'Get-ADGroupMember', type: 'ADGroup' }, () =>
      withDomain(run, (connection) => members(run, connection)),
    ),
};

async function get(run: Run, kind: AdKind): Promise<void> {
  const { bound, streams } = run;
  const properties = asList(bound['Properties'] ?? null).map(toText);
  await withDomain(run, async (connection) => {
    await checkProperties(connection, properties, isDefaultProperty);
    const most = toNumber(bound['ResultSetSize'] ?? null) ?? 0;
    let count = 0;
    for await (const entry of found(run, connection, kind, properties)) {
      await streams.output(await adObject(connection, entry, kind, properties));
      count += 1;
      if (most > 0 && count >= most) break;
    }
  });
}

async function* found(
  { bound, session, parameterSet }: Run,
  connection: DomainConnection,
  kind: AdKind,
  properties: readonly string[],
): AsyncGenerator<ClientEntry> {
  const attributes = attributesFor(properties);
  if (parameterSet === 'Identity') {
    yield await entryOf(connection, bound['Identity'] ?? null, kind, attributes);
    return;
  }
  const wanted =
    parameterSet === 'LdapFilter'
      ? parseFilter(toText(bound['LDAPFilter'] ?? null))
      : parseAdFilter(toText(bound['Filter'] ?? null), session.variables);
  const ofKind = kindFilter(kind);
  const filter: Filter = wanted === undefined ? ofKind : { kind: 'and', filters: [ofKind, wanted] };
  const base = bound['SearchBase'];
  const pageSize = toNumber(bound['ResultPageSize'] ?? null) ?? 0;
  yield* entriesOf(
    connection.client.searchAll({
      base: base === undefined ? connection.domain.namingContext : toText(base),
      scope: scopeOf(toText(bound['SearchScope'] ?? 'Subtree')),
      filter,
      attributes,
      ...(pageSize > 0 && { pageSize }),
    }),
  );
}

function scopeOf(text: string): 'base' | 'one' | 'subtree' {
  const scope = text.toLowerCase();
  if (scope === 'base' || scope === '0') return 'base';
  return scope === 'onelevel' || scope === '1' ? 'one' : 'subtree';
}

/** LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS 3.1.1.3.4.4.3). */
const IN_CHAIN = '1.2.840.113556.1.4.1941';

/**
 * Members by their memberOf, so that the server pages them and no range is left out; and those
 * whose primary group it is, which are in no list (MS-ADTS 3.1.1.4.5.35).
 */
async function members(run: Run, connection: DomainConnection): Promise<void> {
  const attributes = attributesFor([]);
  const { bound, streams } = run;
  const group = await entryOf(connection, bound['Identity'] ?? null, 'Group', attributes);
  const isRecursive = isTrue(bound['Recursive'] ?? false);
  const direct = isRecursive
    ? ({
        kind: 'extensible',
        attribute: 'memberOf',
        matchingRule: IN_CHAIN,
        value: group.dn,
      } as const)
    : equals('memberOf', group.dn);
  const primaries = primaryOf(group);
  const base = connection.domain.namingContext;
  const nested: ClientEntry[] = [];
  const seen = new Set<string>();
  const show = async (filter: Filter): Promise<void> => {
    for await (const entry of entriesOf(
      connection.client.searchAll({ base, filter, attributes }),
    )) {
      if (seen.has(entry.dn) || valuesOf(entry, 'objectSid').length === 0) continue;
      seen.add(entry.dn);
      if (isRecursive && textsOf(entry, 'objectClass').includes('group')) nested.push(entry);
      else await streams.output(await adObject(connection, entry, 'Principal', []));
    }
  };
  await show({ kind: 'or', filters: [direct, ...primaries] });
  const inner = nested.flatMap(primaryOf);
  if (inner.length > 0) await show({ kind: 'or', filters: inner });
}

function primaryOf(group: ClientEntry): Filter[] {
  return valuesOf(group, 'objectSid').map((sid) =>
    equals('primaryGroupID', String(ridOf(decodeSid(sid)))),
  );
}

async function domainObject(
  connection: DomainConnection,
  identity: Run['bound'][string],
): Promise<PsObject> {
  const { domain, client } = connection;
  const wanted = identity === null ? '' : identityText(identity);
  const [head] = await firstEntries(
    client.search({ base: domain.namingContext, scope: 'base', filter: everything }),
    1,
  );
  const guid = head && valuesOf(head, 'objectGUID')[0];
  const names = [domain.namingContext, domain.sid, guid && decodeGuid(guid)];
  const isIt =
    wanted === '' ||
    namesDomain(domain, wanted) ||
    names.some((name) => name?.toLowerCase() === wanted.toLowerCase());
  if (!isIt) throw new MissingIdentity(wanted, domain.namingContext);
  const container = containers(head);
  const controller = domain.controller ?? null;
  return new PsObject({
    typeNames: ['ADDomain', 'ADPartition', 'ADObject', 'ADEntity']
      .map((name) => `${NAMESPACE}.${name}`)
      .concat('System.Object'),
    text: domain.namingContext,
    adapted: {
      ComputersContainer: container('AA312825768811D1ADED00C04FD8D5CD'),
      DistinguishedName: domain.namingContext,
      DNSRoot: domain.dnsName,
      DomainControllersContainer: container('A361B2FFFFD211D1AA4B00C04FD7D83A'),
      DomainSID: domain.sid === undefined ? null : sidObject(domain.sid),
      Forest: domain.dnsName,
      InfrastructureMaster: controller,
      Name: domain.dnsName.split('.')[0] ?? null,
      NetBIOSName: domain.netbiosName,
      ObjectClass: 'domainDNS',
      ObjectGUID: guid === undefined ? null : new Scalar('Guid', decodeGuid(guid)),
      PDCEmulator: controller,
      ReplicaDirectoryServers: controller === null ? [] : [controller],
      RIDMaster: controller,
      SystemsContainer: container('AB1D30F3768811D1ADED00C04FD8D5CD'),
      UsersContainer: container('A9D1CA15768811D1ADED00C04FD8D5CD'),
    },
  });
}

/** wellKnownObjects by GUID (MS-ADTS 6.1.1.4). */
function containers(head: ClientEntry | undefined): (guid: string) => string | null {
  const known = new Map(
    (head === undefined ? [] : textsOf(head, 'wellKnownObjects')).flatMap((value) => {
      const [, guid, dn] = /^B:32:([\da-f]{32}):(.+)$/iu.exec(value) ?? [];
      return guid === undefined || dn === undefined ? [] : [[guid.toUpperCase(), dn] as const];
    }),
  );
  return (guid) => known.get(guid) ?? null;
}
