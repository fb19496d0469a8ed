import { applyChanges } from '@doublehop/admin/apply';
import type { DomainConnection } from '@doublehop/admin/connection';
import { entriesOf } from '@doublehop/admin/directory-client';
import { AdminError } from '@doublehop/admin/errors';
import { planEdit } from '@doublehop/admin/plan';
import { resolveAccount, resolvePrincipal } from '@doublehop/admin/resolve';
import { LdapClient } from '@doublehop/ldap/client/client';
import type { Filter } from '@doublehop/ldap/filter';
import { parseFilter } from '@doublehop/ldap/filter-text';
import type { ClientChange, ClientEntry } from '@doublehop/ldap/client/types';
import { LdapError } from '@doublehop/ldap/errors';
import {
  type Command,
  CommandFailure,
  failure,
  type Invocation,
  type Parameter,
  type PlainCommand,
} from '@doublehop/powershell/commands/command';
import { asList, isTrue, toNumber } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import {
  PsDictionary,
  PsObject,
  type PsValue,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { type AdKind, adObject, attributesFor } from './ad-object.ts';
import { parseAdFilter } from './filter.ts';
import { attributeOf } from './properties.ts';

/** What the commands need: a connection to a domain, and the caller's variables. */
export interface DirectoryAccess {
  /** A connection to a controller: of the caller's domain where `server` is absent. */
  readonly directory: (server: string | undefined) => Promise<DomainConnection>;
  readonly variables: (name: string) => PsValue | undefined;
}

type Run = Invocation<DirectoryAccess>;

const MODULE = 'ActiveDirectory';
const NAMESPACE = 'Microsoft.ActiveDirectory.Management';
const KINDS: readonly AdKind[] = ['Computer', 'User', 'ServiceAccount'];

/** Which entries a kind means. */
const CLASSES: Readonly<Record<AdKind, string>> = {
  Computer: '(objectClass=computer)',
  User: '(&(objectCategory=person)(objectClass=user))',
  ServiceAccount:
    '(|(objectClass=msDS-GroupManagedServiceAccount)(objectClass=msDS-ManagedServiceAccount))',
};

const SERVER: Parameter = { name: 'Server', type: 'string' };

const WRITTEN: readonly Parameter[] = [
  { name: 'PrincipalsAllowedToDelegateToAccount', type: 'object', many: true },
  { name: 'Description', type: 'string' },
  { name: 'DisplayName', type: 'string' },
  { name: 'DNSHostName', type: 'string' },
  { name: 'Enabled', type: 'bool' },
  { name: 'TrustedForDelegation', type: 'bool' },
  { name: 'AccountNotDelegated', type: 'bool' },
  { name: 'ServicePrincipalNames', type: 'hashtable' },
  { name: 'Add', type: 'hashtable' },
  { name: 'Remove', type: 'hashtable' },
  { name: 'Replace', type: 'hashtable' },
  { name: 'Clear', type: 'string', many: true },
  { name: 'PassThru', type: 'switch' },
];

/**
 * Get-, Set- and New- of computers, users and service accounts, over sealed LDAP. `accessOf` finds
 * what they need in what the host of the commands gives them.
 */
export function directoryCommands<S>(
  accessOf: (given: S) => DirectoryAccess,
): readonly Command<S>[] {
  return DIRECTORY_COMMANDS.map((command) => ({
    ...command,
    run: (invocation: Invocation<S>) =>
      command.run({ ...invocation, session: accessOf(invocation.session) }),
  }));
}

const DIRECTORY_COMMANDS: readonly PlainCommand<DirectoryAccess>[] = KINDS.flatMap((kind) => [
  getCommand(kind),
  setCommand(kind),
  newCommand(kind),
]);

function getCommand(kind: AdKind): PlainCommand<DirectoryAccess> {
  return {
    name: `Get-AD${kind}`,
    synopsis: `Gets one or more Active Directory ${kind.toLowerCase()}s.`,
    module: MODULE,
    defaultSet: 'Filter',
    outputTypes: [`Microsoft.ActiveDirectory.Management.AD${kind}`],
    parameters: [
      {
        name: 'Identity',
        type: 'object',
        position: 0,
        mandatory: true,
        fromPipeline: true,
        sets: ['Identity'],
      },
      { name: 'Filter', type: 'object', mandatory: true, sets: ['Filter'] },
      { name: 'LDAPFilter', type: 'string', mandatory: true, sets: ['LdapFilter'] },
      { name: 'Properties', type: 'string', many: true, aliases: ['Property'] },
      { name: 'SearchBase', type: 'string', sets: ['Filter', 'LdapFilter'] },
      {
        name: 'SearchScope',
        type: 'string',
        validateSet: ['Base', 'OneLevel', 'Subtree', '0', '1', '2'],
        sets: ['Filter', 'LdapFilter'],
      },
      { name: 'ResultSetSize', type: 'int', sets: ['Filter', 'LdapFilter'] },
      SERVER,
    ],
    run: (run) => told(run, kind, () => get(run, kind)),
  };
}

function setCommand(kind: AdKind): PlainCommand<DirectoryAccess> {
  return {
    name: `Set-AD${kind}`,
    synopsis: `Modifies an Active Directory ${kind.toLowerCase()}.`,
    module: MODULE,
    parameters: [
      { name: 'Identity', type: 'object', position: 0, mandatory: true, fromPipeline: true },
      ...WRITTEN,
      SERVER,
    ],
    run: (run) => told(run, kind, () => set(run, kind)),
  };
}

function newCommand(kind: AdKind): PlainCommand<DirectoryAccess> {
  return {
    name: `New-AD${kind}`,
    synopsis: `Creates a new Active Directory ${kind.toLowerCase()}.`,
    module: MODULE,
    parameters: [
      { name: 'Name', type: 'string', position: 0, mandatory: true },
      { name: 'SamAccountName', type: 'string' },
      { name: 'Path', type: 'string' },
      { name: 'AccountPassword', type: 'object' },
      ...WRITTEN.filter(({ name }) => !['Add', 'Remove', 'Replace', 'Clear'].includes(name)),
      SERVER,
    ],
    run: (run) => told(run, kind, () => create(run, kind)),
  };
}

/** What a new account of a kind is, and where it is put. */
const NEW: Readonly<Record<AdKind, { folder: string; objectClass: string; control: number }>> = {
  Computer: { folder: 'CN=Computers', objectClass: 'computer', control: 0x1000 },
  User: { folder: 'CN=Users', objectClass: 'user', control: 0x202 },
  ServiceAccount: {
    folder: 'CN=Managed Service Accounts',
    objectClass: 'msDS-GroupManagedServiceAccount',
    control: 0x1000,
  },
};

async function create(run: Run, kind: AdKind): Promise<void> {
  const { bound } = run;
  await withDomain(run, async (connection) => {
    const { folder, objectClass, control } = NEW[kind];
    const name = toText(bound['Name'] ?? null);
    const parent = toText(bound['Path'] ?? `${folder},${connection.domain.namingContext}`);
    const suffix = kind === 'User' ? '' : '$';
    const given = toText(bound['SamAccountName'] ?? name);
    const password = bound['AccountPassword'];
    const { client } = connection;
    if (!(client instanceof LdapClient)) throw new TypeError('the connection cannot add entries');
    await client.add(`CN=${escapeRdn(name)},${parent}`, {
      objectClass,
      sAMAccountName: given.endsWith(suffix) ? given : `${given}${suffix}`,
      userAccountControl: String(control),
      ...(kind === 'ServiceAccount' && { 'msDS-ManagedPasswordInterval': '30' }),
      ...(bound['DNSHostName'] !== undefined && { dNSHostName: toText(bound['DNSHostName']) }),
      ...(password instanceof SecureText && { unicodePwd: quoted(password) }),
    });
  });
  const { DNSHostName: _host, ...rest } = bound;
  await set(
    { ...run, bound: { ...rest, Identity: bound['SamAccountName'] ?? bound['Name'] ?? null } },
    kind,
  );
}

/** A name as it stands in a DN (RFC 4514 §2.4). */
function escapeRdn(name: string): string {
  return name.replaceAll(/[",+;<=>\\]|^[ #]| $/gu, '\\$&');
}

/** unicodePwd (MS-ADTS 3.1.1.3.1.5): the password in quotation marks, UTF-16LE. */
function quoted(password: SecureText): Uint8Array {
  return Buffer.concat([QUOTE, password.reveal(), QUOTE]);
}

const QUOTE: Uint8Array = Buffer.from('"', 'utf16le');

async function get(run: Run, kind: AdKind): Promise<void> {
  const { bound, streams } = run;
  const properties = asList(bound['Properties'] ?? null).map(toText);
  await withDomain(run, async (connection) => {
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
    const { dn } = await resolveAccount(connection, identityText(bound['Identity'] ?? null));
    yield* entriesOf(connection.client.search({ base: dn, scope: 'base', attributes }));
    return;
  }
  const wanted =
    parameterSet === 'LdapFilter'
      ? parseFilter(toText(bound['LDAPFilter'] ?? null))
      : parseAdFilter(toText(bound['Filter'] ?? null), session.variables);
  const ofKind = parseFilter(CLASSES[kind]);
  const filter: Filter = wanted === undefined ? ofKind : { kind: 'and', filters: [ofKind, wanted] };
  const base = bound['SearchBase'];
  yield* entriesOf(
    connection.client.searchAll({
      base: base === undefined ? connection.domain.namingContext : toText(base),
      scope: scopeOf(toText(bound['SearchScope'] ?? 'Subtree')),
      filter,
      attributes,
    }),
  );
}

async function set(run: Run, kind: AdKind): Promise<void> {
  const { bound, streams } = run;
  await withDomain(run, async (connection) => {
    const account = await resolveAccount(connection, identityText(bound['Identity'] ?? null));
    if ('PrincipalsAllowedToDelegateToAccount' in bound) {
      const list = asList(bound['PrincipalsAllowedToDelegateToAccount'] ?? null);
      const middles = await Promise.all(
        list
          .filter((one) => one !== null)
          .map((one) => resolvePrincipal(connection, principalText(one), 'the principal')),
      );
      const edit =
        middles.length === 0 ? ({ kind: 'clear' } as const) : ({ kind: 'set', middles } as const);
      const { outcomes } = await applyChanges(connection, [planEdit(account, edit)]);
      for (const outcome of outcomes) if (outcome.state === 'failed') throw outcome.error;
    }
    const changes = changesOf(bound, account.userAccountControl);
    if (changes.length > 0) await connection.client.modify(account.dn, changes);
    if (bound['PassThru'] !== true) return;
    const attributes = attributesFor([]);
    const again = connection.client.search({ base: account.dn, scope: 'base', attributes });
    for await (const entry of entriesOf(again)) {
      await streams.output(await adObject(connection, entry, kind, []));
    }
  });
}

/** What a Set- command writes besides the list of principals. */
function changesOf(bound: Run['bound'], control: number): ClientChange[] {
  const changes: ClientChange[] = [];
  for (const name of ['Description', 'DisplayName', 'DNSHostName']) {
    const value = bound[name];
    if (value === undefined) continue;
    const text = toText(value);
    const values = text === '' ? [] : [text];
    changes.push({ operation: 'replace', attribute: attributeOf(name), values });
  }
  const flags = FLAGS.filter(({ name }) => name in bound);
  if (flags.length > 0) {
    let now = control;
    for (const { name, bit, isInverse } of flags) {
      const isOn = isTrue(bound[name] ?? null) !== isInverse;
      now = isOn ? now | bit : now & ~bit;
    }
    changes.push({ operation: 'replace', attribute: 'userAccountControl', values: [String(now)] });
  }
  const spns = bound['ServicePrincipalNames'];
  if (spns instanceof PsDictionary) changes.push(...tableChanges(spns, 'servicePrincipalName'));
  for (const operation of ['Add', 'Remove', 'Replace'] as const) {
    const table = bound[operation];
    if (!(table instanceof PsDictionary)) continue;
    for (const [name, value] of table.entries()) {
      changes.push(changeOf(operation, attributeOf(toText(name)), value));
    }
  }
  for (const name of asList(bound['Clear'] ?? null)) {
    changes.push({ operation: 'replace', attribute: attributeOf(toText(name)), values: [] });
  }
  return changes;
}

const FLAGS = [
  { name: 'Enabled', bit: 0x2, isInverse: true },
  { name: 'TrustedForDelegation', bit: 0x8_0000, isInverse: false },
  { name: 'AccountNotDelegated', bit: 0x10_0000, isInverse: false },
] as const;

/** `@{Add='a','b'; Remove='c'}` of one attribute. */
function tableChanges(table: PsDictionary, attribute: string): ClientChange[] {
  return [...table.entries()].map(([operation, value]) => {
    const name = toText(operation).toLowerCase();
    const known = (['Add', 'Remove', 'Replace'] as const).find((one) => one.toLowerCase() === name);
    if (known !== undefined) return changeOf(known, attribute, value);
    throw failure(
      `The key '${toText(operation)}' is none of Add, Remove and Replace.`,
      'ParameterArgumentValidationError',
      'InvalidArgument',
    );
  });
}

function changeOf(
  operation: 'Add' | 'Remove' | 'Replace',
  attribute: string,
  value: PsValue,
): ClientChange {
  const kind = ({ Add: 'add', Remove: 'delete', Replace: 'replace' } as const)[operation];
  const values = asList(value).map((one) => (one instanceof Uint8Array ? one : toText(one)));
  return { operation: kind, attribute, values };
}

async function withDomain(
  { bound, session }: Run,
  work: (connection: DomainConnection) => Promise<void>,
): Promise<void> {
  const server = bound['Server'];
  const connection = await session.directory(server === undefined ? undefined : toText(server));
  try {
    await work(connection);
  } finally {
    await connection.close();
  }
}

/** An identity of any form: an object of another command, or text. */
function identityText(value: PsValue): string {
  const dn = value instanceof PsObject ? value.get('DistinguishedName') : undefined;
  return dn === undefined ? toText(value) : toText(dn);
}

/** A principal: an object's SID, which also means something where it is of another domain. */
function principalText(value: PsValue): string {
  const sid = value instanceof PsObject ? value.get('SID') : undefined;
  return sid === undefined ? toText(value) : toText(sid);
}

function scopeOf(text: string): 'base' | 'one' | 'subtree' {
  const scope = text.toLowerCase();
  if (scope === 'base' || scope === '0') return 'base';
  return scope === 'onelevel' || scope === '1' ? 'one' : 'subtree';
}

/** Errors with the module's words and ids; others stay what they are. */
async function told(run: Run, kind: AdKind, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AdminError) && !(error instanceof LdapError)) throw error;
    const isMissing = error instanceof AdminError && error.code === 'not-found';
    const identity = identityText(run.bound['Identity'] ?? null);
    const missing = `Cannot find an object with identity: '${identity}'.`;
    const name = isMissing ? 'ADIdentityNotFoundException' : 'ADException';
    throw new CommandFailure({
      message: isMissing ? `${missing} ${error.message}` : error.message,
      errorId: `ActiveDirectoryCmdlet:${name},${NAMESPACE}.Commands.AD${kind}`,
      category: isMissing ? 'ObjectNotFound' : 'NotSpecified',
      target: identity === '' ? null : identity,
      exceptionType: `${NAMESPACE}.${name}`,
    });
  }
}
