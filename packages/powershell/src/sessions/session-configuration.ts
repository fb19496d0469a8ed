import { type DataNode, type DataTable, fail, parseDataFile } from '../language/data-file.ts';
import { capabilityOf, COMMON_KEYS, type RoleCapability } from './role-capability.ts';
import { TableReader } from './table-reader.ts';

export type SessionType = 'Default' | 'Empty' | 'RestrictedRemoteServer';

/** about_Language_Modes. */
export type ConfiguredLanguageMode =
  | 'FullLanguage'
  | 'ConstrainedLanguage'
  | 'RestrictedLanguage'
  | 'NoLanguage';

/** What members of a group may do. */
export interface RoleDefinition {
  /** `CONTOSO\DnsAdmins`. */
  readonly group: string;
  /** Names of role capabilities: `RoleCapabilities/<name>.psrc` of a module. */
  readonly capabilities: readonly string[];
  /** Paths of `.psrc` files. */
  readonly files: readonly string[];
}

/** Groups of which a user must be a member besides those of the roles. */
export type RequiredGroups =
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'and' | 'or'; readonly of: readonly RequiredGroups[] };

/** What a `.pssc` file says (about_Session_Configuration_Files). */
export interface SessionConfiguration {
  readonly sessionType: SessionType;
  readonly languageMode: ConfiguredLanguageMode;
  readonly roles: readonly RoleDefinition[];
  readonly requiredGroups?: RequiredGroups;
  readonly runAsVirtualAccount: boolean;
  readonly runAsVirtualAccountGroups: readonly string[];
  /** `CONTOSO\jea$`. */
  readonly groupManagedServiceAccount?: string;
  readonly transcriptDirectory?: string;
  /** What every user of the session may see, whatever the role. */
  readonly visible: RoleCapability;
}

const KEYS = {
  read: [
    ...COMMON_KEYS.read,
    'SchemaVersion',
    'SessionType',
    'LanguageMode',
    'RoleDefinitions',
    'RequiredGroups',
    'RunAsVirtualAccount',
    'RunAsVirtualAccountGroups',
    'GroupManagedServiceAccount',
    'TranscriptDirectory',
    'ExecutionPolicy',
    'PowerShellVersion',
  ],
  refused: [...COMMON_KEYS.refused, 'MountUserDrive', 'UserDriveMaximumSize'],
};

/**
 * Reads a `.pssc` file. Throws PowerShellError, with the line, for a key that does not exist, that
 * is not supported, or that says what it cannot mean.
 */
export function readSessionConfiguration(text: string, file: string): SessionConfiguration {
  const { source, table } = parseDataFile(text, file);
  const reader = new TableReader(source, table, KEYS);
  const types: readonly SessionType[] = ['Default', 'Empty', 'RestrictedRemoteServer'];
  const modes: readonly ConfiguredLanguageMode[] = [
    'FullLanguage',
    'ConstrainedLanguage',
    'RestrictedLanguage',
    'NoLanguage',
  ];
  const sessionType = reader.oneOf('SessionType', types) ?? 'Default';
  const usual = sessionType === 'Default' ? 'FullLanguage' : 'NoLanguage';
  const groups = reader.node('RequiredGroups');
  const account = reader.text('GroupManagedServiceAccount');
  const transcriptDirectory = reader.text('TranscriptDirectory');
  checkAccounts(reader, account);
  return {
    sessionType,
    languageMode: reader.oneOf('LanguageMode', modes) ?? usual,
    roles: rolesOf(reader),
    ...(groups !== undefined && { requiredGroups: requiredGroups(reader, groups) }),
    runAsVirtualAccount: reader.flag('RunAsVirtualAccount'),
    runAsVirtualAccountGroups: reader.texts('RunAsVirtualAccountGroups'),
    ...(account !== undefined && { groupManagedServiceAccount: account }),
    ...(transcriptDirectory !== undefined && { transcriptDirectory }),
    visible: capabilityOf(reader),
  };
}

/** Whether a user is in the groups that a configuration asks for. */
export function isInGroups(
  required: RequiredGroups,
  isMember: (group: string) => boolean,
): boolean {
  switch (required.kind) {
    case 'group':
      return isMember(required.name);
    case 'and':
      return required.of.every((one) => isInGroups(one, isMember));
    case 'or':
      return required.of.some((one) => isInGroups(one, isMember));
  }
}

/** A session runs as one account: a virtual one or a managed one. */
function checkAccounts(reader: TableReader, account: string | undefined): void {
  const isVirtual = reader.flag('RunAsVirtualAccount');
  const groups = reader.node('RunAsVirtualAccountGroups');
  if (isVirtual && account !== undefined) {
    const at = reader.node('GroupManagedServiceAccount')?.at ?? reader.at;
    fail(reader.source, at, 'GroupManagedServiceAccount besides RunAsVirtualAccount');
  }
  if (!isVirtual && groups !== undefined && reader.texts('RunAsVirtualAccountGroups').length > 0) {
    fail(reader.source, groups.at, 'RunAsVirtualAccountGroups without RunAsVirtualAccount');
  }
}

function rolesOf(reader: TableReader): RoleDefinition[] {
  const { entries } = reader.table('RoleDefinitions') ?? { entries: [] };
  return entries.map(({ key, value }) => {
    if (value.kind !== 'table') {
      return fail(reader.source, value.at, `the roles of ${key} should be a hashtable`);
    }
    const read = ['RoleCapabilities', 'RoleCapabilityFiles'];
    const role = new TableReader(reader.source, value, { read });
    const capabilities = role.texts('RoleCapabilities');
    const files = role.texts('RoleCapabilityFiles');
    if (capabilities.length + files.length === 0) {
      fail(reader.source, value.at, `${key} has no role capability`);
    }
    return { group: key, capabilities, files };
  });
}

/** `@{ And = 'a', @{ Or = 'b', 'c' } }`, or a name, or several of which one is enough. */
function requiredGroups(reader: TableReader, node: DataNode): RequiredGroups {
  if (node.kind === 'text') return { kind: 'group', name: node.value };
  if (node.kind === 'table') return combination(reader, node);
  return fail(reader.source, node.at, 'RequiredGroups should be @{ And = … } or @{ Or = … }');
}

function combination(reader: TableReader, table: DataTable): RequiredGroups {
  const inner = new TableReader(reader.source, table, { read: ['And', 'Or'] });
  const [entry, ...more] = table.entries;
  if (entry === undefined || more.length > 0) {
    return fail(reader.source, table.at, 'RequiredGroups should be @{ And = … } or @{ Or = … }');
  }
  const kind = entry.key.toLowerCase() === 'and' ? 'and' : 'or';
  const of = inner.nodes(entry.key).map((one) => requiredGroups(reader, one));
  if (of.length === 0) fail(reader.source, entry.at, `${entry.key} names no group`);
  return { kind, of };
}
