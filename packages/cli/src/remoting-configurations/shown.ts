import {
  configurationOf,
  DEFAULT_SDDL,
  type Registration,
} from '@doublehop/remoting/configurations/registration';

/** What is told of a registration: nothing of a password. */
export interface ShownConfiguration {
  readonly name: string;
  readonly isEnabled: boolean;
  readonly runAs: string;
  readonly sessionType: string;
  readonly languageMode: string;
  readonly sddl: string;
  readonly roles: readonly { readonly group: string; readonly capabilities: readonly string[] }[];
  readonly transcripts: string | null;
  readonly file: string | null;
  readonly modulePath: readonly string[];
}

/** Throws RemotingError for a configuration file that says what it cannot mean. */
export function shownConfiguration(registration: Registration): ShownConfiguration {
  const { name, isEnabled, runAs, sddl, file, modulePath } = registration;
  const configuration = configurationOf(registration);
  const roles = (configuration?.roles ?? []).map(({ group, capabilities, files }) => ({
    group,
    capabilities: [...capabilities, ...files],
  }));
  const account = configuration?.groupManagedServiceAccount;
  const isVirtual = configuration?.runAsVirtualAccount === true;
  return {
    name,
    isEnabled,
    runAs: runAs?.user ?? account ?? (isVirtual ? 'a virtual account' : 'the caller'),
    sessionType: configuration?.sessionType ?? 'Default',
    languageMode: configuration?.languageMode ?? 'RestrictedLanguage',
    sddl: sddl ?? (roles.length > 0 ? 'members of the roles' : DEFAULT_SDDL),
    roles,
    transcripts: configuration?.transcriptDirectory ?? null,
    file: file?.path ?? null,
    modulePath,
  };
}

/** The same as lines, `Name : value`. */
export function configurationLines(shown: ShownConfiguration): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Name', shown.name],
    ['Enabled', shown.isEnabled ? 'yes' : 'no'],
    ['Runs as', shown.runAs],
    ['Session type', shown.sessionType],
    ['Language mode', shown.languageMode],
    ['May open', shown.sddl],
    ...shown.roles.map(
      ({ group, capabilities }) => ['Role', `${group}: ${capabilities.join(', ')}`] as const,
    ),
    ...(shown.transcripts === null ? [] : [['Transcripts', shown.transcripts] as const]),
    ...(shown.file === null ? [] : [['File', shown.file] as const]),
    ...shown.modulePath.map((folder) => ['Modules', folder] as const),
  ];
  return rows.map(([name, value]) => `${name.padEnd(13)} : ${value}\n`).join('');
}
