import type { DomainConnection } from '@doublehop/admin/connection';
import { AdminError } from '@doublehop/admin/errors';
import { formatRdn } from '@doublehop/directory/dn';
import { LdapClient } from '@doublehop/ldap/client/client';
import type { Parameter } from '@doublehop/powershell/commands/command';
import { toNumber } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { SecureText } from '@doublehop/powershell/objects/value';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import {
  CONNECTION_PARAMETERS,
  type DirectoryCommand,
  MODULE,
  PROCESS_PARAMETERS,
  type Run,
  shouldProcess,
  withDomain,
} from './access.ts';
import { ACCOUNT_FLAGS } from './account-flags.ts';
import { type AccountKind, type AdKind, adObject, attributesFor } from './ad-object.ts';
import { changesOf, controlOf, newAttributes, writtenParameters } from './changes.ts';
import { told } from './failures.ts';
import { IDENTITY } from './get-commands.ts';
import { entryOf } from './identity.ts';

/** Set-AD of a kind. */
export function setCommand(kind: AccountKind): DirectoryCommand {
  const name = `Set-AD${kind}`;
  return {
    name,
    synopsis: `Modifies an Active Directory ${kind.toLowerCase()}.`,
    module: MODULE,
    parameters: [
      IDENTITY,
      ...writtenParameters(kind),
      { name: 'SamAccountName', type: 'string' },
      { name: 'ServicePrincipalNames', type: 'hashtable' },
      { name: 'Add', type: 'hashtable' },
      { name: 'Remove', type: 'hashtable' },
      { name: 'Replace', type: 'hashtable' },
      { name: 'Clear', type: 'string', many: true },
      ...CONNECTION_PARAMETERS,
      ...PROCESS_PARAMETERS,
    ],
    run: (run) => told(run, { name, type: `AD${kind}` }, () => set(run, kind)),
  };
}

/** Set-ADAccountControl: every flag, of whatever account. */
export const SET_ACCOUNT_CONTROL: DirectoryCommand = {
  name: 'Set-ADAccountControl',
  synopsis: 'Modifies user account control (UAC) values for an Active Directory account.',
  module: MODULE,
  parameters: [
    IDENTITY,
    ...ACCOUNT_FLAGS.map(({ name }): Parameter => ({ name, type: 'bool' })),
    { name: 'PassThru', type: 'switch' },
    ...CONNECTION_PARAMETERS,
    ...PROCESS_PARAMETERS,
  ],
  run: (run) =>
    told(run, { name: 'Set-ADAccountControl', type: 'ADAccount' }, () => set(run, 'Principal')),
};

/** New-AD of a kind. */
export function newCommand(kind: AccountKind): DirectoryCommand {
  const name = `New-AD${kind}`;
  return {
    name,
    synopsis: `Creates a new Active Directory ${kind.toLowerCase()}.`,
    module: MODULE,
    parameters: [
      { name: 'Name', type: 'string', position: 0, mandatory: true },
      { name: 'SamAccountName', type: 'string' },
      { name: 'Path', type: 'string' },
      { name: 'AccountPassword', type: 'object' },
      ...writtenParameters(kind),
      { name: 'ServicePrincipalNames', type: 'string', many: true },
      { name: 'OtherAttributes', type: 'hashtable' },
      ...(kind === 'ServiceAccount' ? OF_SERVICE_ACCOUNTS : []),
      ...CONNECTION_PARAMETERS,
      ...PROCESS_PARAMETERS,
    ],
    run: (run) => told(run, { name, type: `AD${kind}` }, () => create(run, kind)),
  };
}

const OF_SERVICE_ACCOUNTS: readonly Parameter[] = [
  { name: 'ManagedPasswordIntervalInDays', type: 'int' },
  { name: 'RestrictToSingleComputer', type: 'switch' },
];

/** Remove-AD of a kind; asks first. */
export function removeCommand(kind: Exclude<AdKind, 'Principal'>): DirectoryCommand {
  const name = `Remove-AD${kind}`;
  return {
    name,
    synopsis: `Removes an Active Directory ${kind.toLowerCase()}.`,
    module: MODULE,
    parameters: [IDENTITY, ...CONNECTION_PARAMETERS, ...PROCESS_PARAMETERS],
    run: (run) => told(run, { name, type: `AD${kind}` }, () => remove(run, kind)),
  };
}

async function set(run: Run, kind: AdKind): Promise<void> {
  const { bound } = run;
  await withDomain(run, async (connection) => {
    const entry = await entryOf(connection, bound['Identity'] ?? null, kind, attributesFor([]));
    const changes = [...(await changesOf(connection, entry, bound))];
    const { SamAccountName: name } = bound;
    if (name !== undefined) {
      const values = [toText(name)];
      changes.push({ operation: 'replace', attribute: 'sAMAccountName', values });
    }
    if (!(await shouldProcess(run, { operation: 'Set', target: entry.dn }))) return;
    if (changes.length > 0) await connection.client.modify(entry.dn, changes);
    await passThru(run, connection, entry.dn, kind);
  });
}

/** What a new account of a kind is, and where it is put. */
const NEW: Readonly<Record<AccountKind, { folder: string; objectClass: string; control: number }>> =
  {
    Computer: {
      folder: 'CN=Computers',
      objectClass: 'computer',
      control: ACCOUNT_CONTROL.WORKSTATION_TRUST_ACCOUNT,
    },
    User: {
      folder: 'CN=Users',
      objectClass: 'user',
      control: ACCOUNT_CONTROL.NORMAL_ACCOUNT | ACCOUNT_CONTROL.ACCOUNTDISABLE,
    },
    ServiceAccount: {
      folder: 'CN=Managed Service Accounts',
      objectClass: 'msDS-GroupManagedServiceAccount',
      control: ACCOUNT_CONTROL.WORKSTATION_TRUST_ACCOUNT,
    },
  };

/** Days between two passwords of a group managed service account, if nobody says. */
const DEFAULT_INTERVAL = 30;

async function create(run: Run, kind: AccountKind): Promise<void> {
  const { bound } = run;
  await withDomain(run, async (connection) => {
    const { folder, objectClass, control } = NEW[kind];
    const name = toText(bound['Name'] ?? null);
    const parent = toText(bound['Path'] ?? `${folder},${connection.domain.namingContext}`);
    const dn = `${formatRdn({ type: 'CN', value: name })},${parent}`;
    const suffix = kind === 'User' ? '' : '$';
    const given = toText(bound['SamAccountName'] ?? name);
    const password = bound['AccountPassword'];
    // All that the account is to be stands in the one add: what is refused leaves nothing behind.
    const attributes = {
      ...(await newAttributes(connection, bound)),
      objectClass,
      sAMAccountName: given.endsWith(suffix) ? given : `${given}${suffix}`,
      userAccountControl: String(controlOf(bound, control)),
      ...(kind === 'ServiceAccount' && ofServiceAccount(bound)),
      ...(password instanceof SecureText && { unicodePwd: quoted(password) }),
    };
    if (!(await shouldProcess(run, { operation: 'New', target: dn }))) return;
    await editorOf(connection).add(dn, attributes);
    await passThru(run, connection, dn, kind);
  });
}

/** A group's, whose password has an interval; or one computer's alone. */
function ofServiceAccount(bound: Run['bound']): Readonly<Record<string, string>> {
  if (bound['RestrictToSingleComputer'] === true) {
    return { objectClass: 'msDS-ManagedServiceAccount' };
  }
  if (bound['DNSHostName'] === undefined) {
    throw new AdminError('usage', 'A group managed service account needs -DNSHostName.');
  }
  const days = toNumber(bound['ManagedPasswordIntervalInDays'] ?? null) ?? DEFAULT_INTERVAL;
  return { 'msDS-ManagedPasswordInterval': String(days) };
}

async function remove(run: Run, kind: AdKind): Promise<void> {
  await withDomain(run, async (connection) => {
    const { dn } = await entryOf(connection, run.bound['Identity'] ?? null, kind, ['name']);
    if (!(await shouldProcess(run, { operation: 'Remove', target: dn, asks: true }))) return;
    await editorOf(connection).delete(dn);
  });
}

async function passThru(
  { bound, streams }: Run,
  connection: DomainConnection,
  dn: string,
  kind: AdKind,
): Promise<void> {
  if (bound['PassThru'] !== true) return;
  const entry = await entryOf(connection, dn, kind, attributesFor([]));
  await streams.output(await adObject(connection, entry, kind, []));
}

/** Entries are made and removed through one controller: none that fails over does that. */
function editorOf({ client }: DomainConnection): Pick<LdapClient, 'add' | 'delete'> {
  if (client instanceof LdapClient) return client;
  throw new AdminError('usage', 'Entries are made and removed at one controller: name a -Server.');
}

/** unicodePwd (MS-ADTS 3.1.1.3.1.5): the password in quotation marks, UTF-16LE. */
function quoted(password: SecureText): Uint8Array {
  return Buffer.concat([QUOTE, password.reveal(), QUOTE]);
}

const QUOTE: Uint8Array = Buffer.from('"', 'utf16le');
