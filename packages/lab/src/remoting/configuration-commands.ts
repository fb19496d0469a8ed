import { isCredential } from '@doublehop/powershell/commands/convert-argument';
import {
  type Command,
  failure,
  type Invocation,
  type Parameter,
} from '@doublehop/powershell/commands/command';
import { asList } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject } from '@doublehop/powershell/objects/value';
import { isWildcard, wildcard } from '@doublehop/powershell/objects/wildcard';
import {
  type ConfigurationFile,
  configurationOf,
  DEFAULT_SDDL,
  type Registration,
} from '@doublehop/remoting/configurations/registration';
import type { ConfigurationStore } from '@doublehop/remoting/configurations/store';
import { RemotingError } from '@doublehop/remoting/errors';
import { AceType } from '@doublehop/security/ace';
import { parseSddl } from '@doublehop/security/sddl';
import { groupName } from '../commands/sid-names.ts';
import { askedPerson, type AskPassword, credentialOf } from '../console/target.ts';
import { isAdministrator } from '../hosts/local-groups.ts';
import type { HostSession } from '../sessions/host-session.ts';

/** What the commands work with: the registrations of the computer that they run on. */
export interface ConfigurationAccess {
  readonly session: HostSession;
  readonly store: ConfigurationStore;
  /** Reads a `.pssc` file; absent: the computer has none that could be read. */
  readonly readFile?: (path: string) => Promise<ConfigurationFile>;
  /** The password for `-RunAsCredential NAME`; absent, or undefined: nobody can be asked. */
  readonly askPassword?: AskPassword;
}

type Run = Invocation<ConfigurationAccess>;

const NAME: Parameter = {
  name: 'Name',
  type: 'string',
  position: 0,
  mandatory: true,
  fromProperty: true,
};

const FORCED: readonly Parameter[] = [
  { name: 'Force', type: 'switch' },
  { name: 'NoServiceRestart', type: 'switch' },
];

/** What is said of a configuration. */
const SAID: readonly Parameter[] = [
  { name: 'Path', type: 'string' },
  { name: 'RunAsCredential', type: 'object' },
  { name: 'SecurityDescriptorSddl', type: 'string' },
];

/** The configuration that every computer has. */
const DEFAULT_NAME = 'microsoft.powershell';

/**
 * Register-, Get-, Set-, Enable-, Disable- and Unregister-PSSessionConfiguration, for
 * administrators of the computer, on the registrations that `doublehop psconfig` works with too.
 * New sessions follow at once: no service is restarted, and `-Force` has nothing to ask about.
 */
export function configurationCommands<S>(
  accessOf: (given: S) => ConfigurationAccess,
): readonly Command<S>[] {
  const named = (
    verb: string,
    does: string,
    parameters: readonly Parameter[],
    work: (run: Run) => Promise<void>,
  ): Command<S> => ({
    name: `${verb}-PSSessionConfiguration`,
    synopsis: does,
    module: 'Microsoft.PowerShell.Core',
    parameters,
    run: (invocation) => told({ ...invocation, session: accessOf(invocation.session) }, verb, work),
  });
  return [
    named('Register', 'Creates a new session configuration.', [NAME, ...SAID, ...FORCED], register),
    named(
      'Get',
      'Gets the registered session configurations on the computer.',
      [
        { ...NAME, many: true, mandatory: false },
        { name: 'Force', type: 'switch' },
      ],
      get,
    ),
    named('Set', 'Changes a session configuration.', [NAME, ...SAID, ...FORCED], set),
    named('Enable', 'Lets a session configuration be opened again.', [NAME, ...FORCED], (run) =>
      turn(run, true),
    ),
    named('Disable', 'Lets nobody open a session configuration.', [NAME, ...FORCED], (run) =>
      turn(run, false),
    ),
    named('Unregister', 'Deletes a session configuration.', [NAME, ...FORCED], unregister),
  ];
}

async function register(run: Run): Promise<void> {
  const { store } = run.session;
  const name = nameOf(run);
  if (name.toLowerCase() === DEFAULT_NAME || (await store.get(name)) !== undefined) {
    const message = `The session configuration "${name}" is there already: Set- changes it.`;
    throw failure(message, 'PSSessionConfigurationExists', 'InvalidOperation', name);
  }
  const registration = await said(run, { name, modulePath: [], isEnabled: true });
  await store.put(registration);
  await run.streams.output(shown(registration, run.session.session));
}

async function set(run: Run): Promise<void> {
  await run.session.store.put(await said(run, await needed(run)));
}

async function turn(run: Run, isEnabled: boolean): Promise<void> {
  await run.session.store.put({ ...(await needed(run)), isEnabled });
}

async function unregister(run: Run): Promise<void> {
  const { name } = await needed(run);
  await run.session.store.remove(name);
}

async function get({ bound, session, streams }: Run): Promise<void> {
  const patterns = asList(bound['Name'] ?? '*').map(toText);
  const usual: Registration = { name: DEFAULT_NAME, modulePath: [], isEnabled: true };
  const all = [usual, ...(await session.store.list())];
  for (const pattern of patterns) {
    const isMeant = wildcard(pattern);
    const found = all.filter(({ name }) => isMeant(name));
    for (const one of found) await streams.output(shown(one, session.session));
    if (found.length > 0 || isWildcard(pattern)) continue;
    await streams.error(notRegistered(pattern).record);
  }
}

/** The registration with what the parameters say. */
async function said({ bound, session }: Run, before: Registration): Promise<Registration> {
  const { Path: path, SecurityDescriptorSddl: sddl, RunAsCredential: person } = bound;
  const after: Registration = {
    ...before,
    ...(path !== undefined && { file: await fileOf(toText(path), session) }),
    ...(sddl !== undefined && { sddl: toText(sddl) }),
  };
  if (person === undefined) return after;
  const credential = isCredential(person)
    ? credentialOf(person)
    : await askedPerson(toText(person), session.askPassword);
  return await session.store.withRunAs(after, credential.user, credential.password);
}

async function fileOf(
  path: string,
  { readFile, session }: ConfigurationAccess,
): Promise<ConfigurationFile> {
  if (readFile !== undefined) return await readFile(path);
  const { name } = session.host;
  const message = `${name} has no file ${path}: "doublehop psconfig --host ${name}" takes one.`;
  throw failure(message, 'PathNotFound', 'ObjectNotFound', path);
}

function nameOf({ bound }: Run): string {
  return toText(bound['Name'] ?? null);
}

async function needed(run: Run): Promise<Registration> {
  const name = nameOf(run);
  const found = await run.session.store.get(name);
  if (found !== undefined) return found;
  if (name.toLowerCase() !== DEFAULT_NAME) throw notRegistered(name);
  const message = `${DEFAULT_NAME} is the computer's own: register one beside it.`;
  throw failure(message, 'DefaultPSSessionConfiguration', 'InvalidOperation', name);
}

function notRegistered(name: string): ReturnType<typeof failure> {
  const message = `No session configuration matches criteria "${name}".`;
  return failure(message, 'NoSessionConfigurationFound', 'ObjectNotFound', name);
}

/** What is told of a registration: nothing of a password. */
function shown(registration: Registration, { host }: HostSession): PsObject {
  const { name, isEnabled, runAs, sddl = DEFAULT_SDDL, file } = registration;
  const configuration = configurationOf(registration);
  return new PsObject({
    typeNames: [
      'Microsoft.PowerShell.Commands.PSSessionConfigurationCommands#PSSessionConfiguration',
      'System.Object',
    ],
    text: name,
    adapted: {
      Name: name,
      PSVersion: '5.1',
      StartupScript: '',
      RunAsUser: runAs?.user ?? configuration?.groupManagedServiceAccount ?? '',
      RunAsVirtualAccount: configuration?.runAsVirtualAccount === true,
      SessionType: configuration?.sessionType ?? 'Default',
      LanguageMode: configuration?.languageMode ?? 'RestrictedLanguage',
      Permission: permissions(sddl, host.scenario.netbiosName),
      SecurityDescriptorSddl: sddl,
      ConfigFilePath: file?.path ?? '',
      Enabled: isEnabled,
    },
  });
}

/** `BUILTIN\\Administrators AccessAllowed, …`, in the order of the list. */
function permissions(sddl: string, domain: string): string {
  const { dacl } = parseSddl(sddl);
  const aces = dacl === undefined || dacl === 'null' ? [] : dacl.aces;
  const words = aces.map(({ type, sid }) => {
    const right = type === AceType.denied ? 'AccessDenied' : 'AccessAllowed';
    return `${groupName(sid, domain).name || sid} ${right}`;
  });
  return words.join(', ');
}

/** For administrators alone; what the registrations refuse becomes the command's error. */
async function told(run: Run, verb: string, work: (run: Run) => Promise<void>): Promise<void> {
  const type = `Microsoft.PowerShell.Commands.${verb}PSSessionConfigurationCommand`;
  if (!isAdministrator(run.session.session.token)) {
    const message =
      'Access is denied. To run this command, you must be an administrator of the computer.';
    throw failure(message, `System.UnauthorizedAccessException,${type}`, 'PermissionDenied');
  }
  try {
    await work(run);
  } catch (error) {
    if (!(error instanceof RemotingError)) throw error;
    throw failure(error.message, `InvalidSessionConfiguration,${type}`, 'InvalidArgument');
  }
}
