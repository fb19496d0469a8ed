import type { Command } from '@doublehop/powershell/commands/command';
import type { View } from '@doublehop/powershell/format/view';
import type { LanguageMode } from '@doublehop/powershell/language/interpreter';
import type { SecureText } from '@doublehop/powershell/objects/value';
import {
  isInGroups,
  type RequiredGroups,
  type SessionConfiguration,
} from '@doublehop/powershell/sessions/session-configuration';
import type { RoleCapability } from '@doublehop/powershell/sessions/role-capability';
import type {
  EndpointConfiguration,
  EndpointSession,
  SessionOpening,
  SessionRecorder,
} from '../endpoint/endpoint-session.ts';
import { RemotingError } from '../errors.ts';
import { accessDenied, FaultCode, invalidResource, receiverFault } from '../wsman/faults.ts';
import { configurationUri } from '../wsman/names.ts';
import type { ShellOwner } from '../wsman/shell-backend.ts';
import { mayOpen } from './access.ts';
import { configurationOf, DEFAULT_SDDL, type Registration } from './registration.ts';
import { roleCapabilities } from './role-files.ts';
import { senderInfo } from './sender-info.ts';
import type { LoggedOn, SessionIdentities } from './session-identities.ts';
import { visibleCommands } from './visible-commands.ts';

/** What a computer has for its session configurations. */
export interface ConfigurationOptions<C extends ShellOwner, S> {
  readonly registration: Registration;
  /** Every command of the computer. */
  readonly allCommands: readonly Command<S>[];
  readonly identities: SessionIdentities<C, S>;
  /** The RunAs user's password: `ConfigurationStore.runAsPassword`. It is wiped after use. */
  readonly runAsPassword: (registration: Registration) => Promise<SecureText>;
  readonly views?: readonly View[];
  /** Commands that take a block in Restricted mode: Invoke-Command. */
  readonly blockCommands?: readonly string[];
  /** `$env:NAME` of a session. */
  readonly environment?: (session: S, name: string) => string | undefined;
  /** URL that a client used. */
  readonly connectionString?: (opening: SessionOpening<C>) => string;
  /** Begins a transcript in the folder that a configuration names: `openTranscript`. */
  readonly transcript?: (session: TranscribedSession) => Promise<SessionRecorder>;
  /** Runs FullLanguage sessions in a real PowerShell: `pwshBackend`. Absent: they are refused. */
  readonly bridge?: EndpointSession<S>['bridge'];
  /** Hears why a session was not opened; the client is told less. */
  readonly log: (line: string) => void;
}

/** Whose session a transcript is of. */
export interface TranscribedSession {
  /** As the configuration file has it: `C:\Transcripts`. */
  readonly directory: string;
  readonly configuration: string;
  readonly connectedUser: string;
  readonly runAsUser: string;
}

/**
 * A registered session configuration, for an endpoint. What decides comes in this order:
 * descriptor, RequiredGroups, roles, account, commands. Nobody is logged on for a caller who may
 * not open it.
 */
export function openConfiguration<C extends ShellOwner, S>(
  options: ConfigurationOptions<C, S>,
): EndpointConfiguration<C, S> {
  const { registration } = options;
  return {
    name: registration.name,
    open: async (opening) => {
      const plan = await telling(options, () => admit(options, opening));
      const account = await logOn(options, opening, plan.configuration);
      try {
        return await sessionOf(options, opening, plan, account);
      } catch (error) {
        await account.close();
        throw error;
      }
    },
  };
}

/** What was found out about a caller before anybody is logged on. */
interface Plan {
  readonly configuration: SessionConfiguration | undefined;
  readonly roles: readonly RoleCapability[];
  readonly languageMode: LanguageMode;
  readonly isBridged: boolean;
}

/** Whether a caller may open it, with what roles. Throws RemotingError with a fault. */
async function admit<C extends ShellOwner, S>(
  options: ConfigurationOptions<C, S>,
  { caller }: SessionOpening<C>,
): Promise<Plan> {
  const { registration, identities, log } = options;
  const { name, isEnabled, sddl } = registration;
  if (!isEnabled) throw invalidResource(configurationUri(name));
  const configuration = configurationOf(registration);
  const denied = (why: string): RemotingError => {
    log(`${caller.name} may not open ${name}: ${why}`);
    return accessDenied();
  };
  const hasRoles = configuration !== undefined && configuration.roles.length > 0;
  // Without a descriptor of its own, who has a role may open it (Register-PSSessionConfiguration).
  const byDescriptor = sddl !== undefined || !hasRoles;
  if (byDescriptor && !mayOpen(sddl ?? DEFAULT_SDDL, identities.token(caller))) {
    throw denied('its descriptor does not let them');
  }
  const isMember = (group: string): Promise<boolean> | boolean =>
    identities.memberOf(caller, group);
  const { requiredGroups } = configuration ?? {};
  if (requiredGroups !== undefined && !(await isRequired(requiredGroups, isMember))) {
    throw denied('they are not in its required groups');
  }
  const held = await rolesOf(configuration, isMember);
  if (hasRoles && held.length === 0) throw denied('they have none of its roles');
  const found = await Promise.all(held.map((role) => roleCapabilities(role, registration)));
  return { configuration, roles: found.flat(), ...language(options, configuration) };
}

async function isRequired(
  required: RequiredGroups,
  isMember: (group: string) => Promise<boolean> | boolean,
): Promise<boolean> {
  const names = groupsIn(required);
  const facts = new Map(
    await Promise.all(names.map(async (name) => [name, await isMember(name)] as const)),
  );
  return isInGroups(required, (group) => facts.get(group) === true);
}

function groupsIn(required: RequiredGroups): readonly string[] {
  return required.kind === 'group' ? [required.name] : required.of.flatMap(groupsIn);
}

async function rolesOf(
  configuration: SessionConfiguration | undefined,
  isMember: (group: string) => Promise<boolean> | boolean,
): Promise<SessionConfiguration['roles']> {
  const held = [];
  for (const role of configuration?.roles ?? []) {
    if (await isMember(role.group)) held.push(role);
  }
  return held;
}

/**
 * about_Language_Modes. What no file says is RestrictedLanguage: FullLanguage, which is Windows'
 * own default, is only in a real PowerShell. ConstrainedLanguage is the subset of the console.
 */
function language<C extends ShellOwner, S>(
  { bridge, registration: { name } }: ConfigurationOptions<C, S>,
  configuration: SessionConfiguration | undefined,
): Pick<Plan, 'languageMode' | 'isBridged'> {
  switch (configuration?.languageMode) {
    case 'NoLanguage':
      return { languageMode: 'None', isBridged: false };
    case 'ConstrainedLanguage':
      return { languageMode: 'FullSubset', isBridged: false };
    case 'FullLanguage':
      checkBridged(configuration, name, bridge !== undefined);
      return { languageMode: 'None', isBridged: true };
    case 'RestrictedLanguage':
    case undefined:
      return { languageMode: 'Restricted', isBridged: false };
  }
}

/** A real PowerShell would know nothing of what the file makes visible, nor of other accounts. */
function checkBridged(
  { visible, roles, transcriptDirectory }: SessionConfiguration,
  name: string,
  isThere: boolean,
): void {
  if (!isThere) {
    const message =
      `the session configuration ${name} wants FullLanguage, for which pwsh must be on the PATH ` +
      "of this endpoint. Install it, or write LanguageMode = 'RestrictedLanguage' or " +
      "'NoLanguage' into the configuration file and register it anew";
    throw new RemotingError('unsupported', message);
  }
  const { cmdlets, functions, externalCommands } = visible;
  const isLimited = cmdlets.length + functions.length + externalCommands.length + roles.length > 0;
  if (!isLimited && transcriptDirectory === undefined) return;
  const message =
    `the session configuration ${name} limits or records a FullLanguage session, which pwsh ` +
    "would not do: write LanguageMode = 'NoLanguage'";
  throw new RemotingError('unsupported', message);
}

async function logOn<C extends ShellOwner, S>(
  { identities, registration, runAsPassword, log }: ConfigurationOptions<C, S>,
  opening: SessionOpening<C>,
  configuration: SessionConfiguration | undefined,
): Promise<LoggedOn<S>> {
  const { runAs, name } = registration;
  const { groupManagedServiceAccount: managed } = configuration ?? {};
  const isVirtual = configuration?.runAsVirtualAccount === true;
  if (runAs === undefined && managed === undefined && !isVirtual) {
    return identities.asCaller(opening);
  }
  let password: SecureText | undefined;
  try {
    if (managed !== undefined) return await identities.asManagedAccount(opening, managed);
    if (runAs === undefined) {
      const groups = configuration?.runAsVirtualAccountGroups ?? [];
      return await identities.asVirtualAccount(opening, groups);
    }
    password = await runAsPassword(registration);
    return await identities.asRunAs(opening, runAs.user, password);
  } catch (error) {
    if (error instanceof RemotingError && error.detail.fault !== undefined) throw error;
    const account = runAs?.user ?? managed ?? 'a virtual account';
    log(`${name}: ${account} is not logged on: ${reasonOf(error)}`);
    throw runAsFailed();
  } finally {
    password?.wipe();
  }
}

async function sessionOf<C extends ShellOwner, S>(
  options: ConfigurationOptions<C, S>,
  opening: SessionOpening<C>,
  { configuration, roles, languageMode, isBridged }: Plan,
  account: LoggedOn<S>,
): Promise<EndpointSession<S>> {
  const { allCommands, views = [], blockCommands, environment, bridge } = options;
  const { session } = account;
  const users = { connectedUser: opening.caller.name, runAsUser: account.user };
  const recorder = await telling(options, () => transcribe(options, configuration, users));
  const connectionString = options.connectionString?.(opening);
  return {
    session,
    commands: isBridged
      ? []
      : visibleCommands(configuration, roles, { allCommands, session, views }),
    languageMode,
    views,
    ...(blockCommands !== undefined && { blockCommands }),
    ...(environment !== undefined && { environment: (name) => environment(session, name) }),
    variables: { PSSenderInfo: senderInfo({ ...users, connectionString }) },
    ...(recorder !== undefined && { recorder }),
    ...(isBridged && bridge !== undefined && { bridge }),
    close: async () => {
      try {
        await recorder?.end();
      } finally {
        await account.close();
      }
    },
  };
}

async function transcribe<C extends ShellOwner, S>(
  { transcript, registration: { name } }: ConfigurationOptions<C, S>,
  configuration: SessionConfiguration | undefined,
  users: Pick<TranscribedSession, 'connectedUser' | 'runAsUser'>,
): Promise<SessionRecorder | undefined> {
  const directory = configuration?.transcriptDirectory;
  if (directory === undefined) return undefined;
  if (transcript === undefined) {
    throw new RemotingError('configuration', `${name} wants a transcript, and none is kept here`);
  }
  return transcript({ directory, configuration: name, ...users });
}

/** What is wrong with the configuration goes to the log; the client hears of it as a fault. */
async function telling<C extends ShellOwner, S, T>(
  { log, registration: { name } }: ConfigurationOptions<C, S>,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof RemotingError && error.detail.fault !== undefined) throw error;
    log(`${name} does not open: ${reasonOf(error)}`);
    const isKnown = error instanceof RemotingError && error.code === 'unsupported';
    const reason = isKnown
      ? error.message
      : `The session configuration ${name} cannot be used; the log of the computer says why`;
    throw receiverFault(FaultCode.INTERNAL, 'w:InternalError', `${reason}.`);
  }
}

/** 0x803381DF of wsmerror.h. The caller learns nothing of why. */
function runAsFailed(): RemotingError {
  return receiverFault(
    FaultCode.RUN_AS_LOGON_FAILED,
    'w:InternalError',
    'The WinRM service cannot log on the account that the session configuration runs as: see ' +
      'whether it exists, may log on here, and has the password that was registered. The log of ' +
      'the computer says more.',
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
