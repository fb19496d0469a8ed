import { ALIASES, commandTable } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import { runPipeline } from '@doublehop/powershell/commands/pipeline';
import type { View } from '@doublehop/powershell/format/view';
import { Interpreter } from '@doublehop/powershell/language/interpreter';
import { functionCommand } from '@doublehop/powershell/sessions/function-command';
import {
  isVisibleProgram,
  mergeRoles,
  restrictCommand,
  visibilityOf,
} from '@doublehop/powershell/sessions/merge-roles';
import type { RoleCapability } from '@doublehop/powershell/sessions/role-capability';
import type { SessionConfiguration } from '@doublehop/powershell/sessions/session-configuration';
import { BASIC_VISIBLE, consoleCommands, describingCommands } from './basic-commands.ts';

/** What the commands of a configuration are chosen of, and how its functions run. */
export interface CommandSource<S> {
  /** Every command of the computer, whoever may use it. */
  readonly allCommands: readonly Command<S>[];
  readonly session: S;
  readonly views: readonly View[];
}

const FUNCTION_WIDTH = 120;

/**
 * The commands that a session has. Of type Default they are all there, unless the file or a role
 * makes something visible: then, as of the other types, there is only what was made so. A
 * RestrictedRemoteServer session has the basic ones besides.
 */
export function visibleCommands<S>(
  configuration: Pick<SessionConfiguration, 'sessionType' | 'visible'> | undefined,
  roles: readonly RoleCapability[],
  source: CommandSource<S>,
): readonly Command<S>[] {
  const all = withDescribing([...source.allCommands, ...consoleCommands<S>()], () => chosen);
  const role = mergeRoles(configuration === undefined ? roles : [configuration.visible, ...roles]);
  const isOpen =
    configuration === undefined ||
    (configuration.sessionType === 'Default' && roles.length === 0 && !showsAnything(role));
  const isBasic = configuration?.sessionType !== 'Empty';
  const merged = isBasic ? { ...role, cmdlets: [...BASIC_VISIBLE, ...role.cmdlets] } : role;
  const functions = role.functionDefinitions.map((one) => functionOf(one, source, all));
  const candidates = [...all, ...functions];
  const visible = isOpen ? candidates : candidates.flatMap((one) => asRole(merged, one));
  const chosen: readonly Command<S>[] = [...visible, ...aliased(role, visible, isOpen)];
  return chosen;
}

/** The commands with Get-Command and Get-Help that show only what the session has. */
function withDescribing<S>(
  commands: readonly Command<S>[],
  visible: () => readonly Command<S>[],
): readonly Command<S>[] {
  const describing = describingCommands<S>(visible);
  const byName = new Map([...commands, ...describing].map((one) => [one.name.toLowerCase(), one]));
  return [...byName.values()];
}

function showsAnything({ cmdlets, functions, externalCommands }: RoleCapability): boolean {
  return cmdlets.length + functions.length + externalCommands.length > 0;
}

/** A command as the roles show it: none, whole, or with less to say. */
function asRole<S>(role: RoleCapability, command: Command<S>): readonly Command<S>[] {
  const visibility = visibilityOf(role, command);
  if (visibility !== undefined) return [restrictCommand(command, visibility)];
  // What has no dash in its name is a program: VisibleExternalCommands has its path.
  if (command.name.includes('-')) return [];
  const name = command.name.replace(/\.exe$/iu, '');
  const paths = [`C:\\Windows\\System32\\${name}.exe`, name, `${name}.exe`];
  return paths.some((path) => isVisibleProgram(role, path)) ? [command] : [];
}

/** Aliases that the configuration defines, for commands that are there. */
function aliased<S>(
  { aliasDefinitions, aliases }: RoleCapability,
  visible: readonly Command<S>[],
  isOpen: boolean,
): readonly Command<S>[] {
  const find = commandTable(visible, new Map());
  const shown = aliases.flatMap((name) => {
    const value = ALIASES.get(name.toLowerCase());
    return value === undefined ? [] : [{ name, value }];
  });
  const wanted = isOpen ? aliasDefinitions : [...shown, ...aliasDefinitions];
  return wanted.flatMap(({ name, value }) => {
    const command = find(value);
    return command === undefined ? [] : [{ ...command, name }];
  });
}

/**
 * A function of the administrator's: its statements have the language's whole subset and every
 * command, though its user has not (about_Role_Capabilities, "Creating custom functions").
 */
function functionOf<S>(
  definition: RoleCapability['functionDefinitions'][number],
  { session, views }: CommandSource<S>,
  all: readonly Command<S>[],
): Command<S> {
  const find = commandTable(all);
  return functionCommand<S>(definition, (block, item, streams, signal) => {
    const interpreter = new Interpreter({
      mode: 'FullSubset',
      runPipeline: (calls, run) =>
        runPipeline(calls, {
          ...run,
          find,
          session,
          display: { width: FUNCTION_WIDTH, views },
        }),
    });
    return interpreter.invoke(block, item, streams, signal);
  });
}
