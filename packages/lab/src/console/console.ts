import { builtinCommands, commandTable } from '@doublehop/powershell/builtin/builtin';
import { COMMAND_VIEW } from '@doublehop/powershell/builtin/get-command';
import type { Command, CommandStreams } from '@doublehop/powershell/commands/command';
import { forSession } from '@doublehop/powershell/commands/for-session';
import { runPipeline } from '@doublehop/powershell/commands/pipeline';
import type { View } from '@doublehop/powershell/format/view';
import type { Script } from '@doublehop/powershell/language/ast';
import { Interpreter, type RunResult } from '@doublehop/powershell/language/interpreter';
import { ENTER_COMMANDS } from './enter-commands.ts';
import { INVOKE_COMMAND } from './invoke-command.ts';
import { PERSON_COMMANDS } from './person-commands.ts';
import { RemoteSessions } from './remote-sessions.ts';
import type { RemotingState } from './remoting-state.ts';
import { SESSION_COMMANDS } from './session-commands.ts';
import type { Connect } from './target.ts';
import { REMOTING_VIEWS } from './views.ts';

/** What a console is made of; `S` is what its computer's own commands work with. */
export interface ConsoleOptions<S> {
  /** The name that `.` and `localhost` are. */
  readonly computer: string;
  readonly connect: Connect;
  readonly identify: RemotingState['identify'];
  /** Passwords of users: from a prompt, or a file. */
  readonly askPassword: RemotingState['askPassword'];
  /** Commands of the computer itself, and of its modules. */
  readonly commands: readonly Command<S>[];
  readonly session: S;
  /** How what these commands put out is shown. */
  readonly views: readonly View[];
  /** `$env:NAME`. */
  readonly environment: (name: string) => string | undefined;
  /** Columns of the terminal. */
  readonly width: number;
}

/** A person's PowerShell console: variables and sessions stay from one script to the next. */
export interface Console {
  readonly views: readonly View[];
  readonly sessions: RemoteSessions;
  /** Runs a script; throws as `Interpreter.run` does. */
  run(script: Script, streams: CommandStreams, signal: AbortSignal): Promise<RunResult>;
  /** A variable's value; undefined: it is not set. */
  variable(name: string): ReturnType<Interpreter['getVariable']>;
  /** Closes all sessions. */
  close(): Promise<void>;
}

/** Makes a console with the builtin commands, those of remoting, and those of its computer. */
export function createConsole<S>(options: ConsoleOptions<S>): Console {
  const { computer, connect, identify, askPassword, session, environment, width } = options;
  const sessions = new RemoteSessions(connect);
  const views = [COMMAND_VIEW, ...REMOTING_VIEWS, ...options.views];
  const state: RemotingState = {
    sessions,
    computer,
    identify,
    askPassword,
    variables: (name) => interpreter.getVariable(name),
  };
  const commands: readonly Command<undefined>[] = [
    ...forSession(REMOTING_COMMANDS, () => state),
    ...forSession(options.commands, () => session),
    ...builtinCommands<undefined>(() => commands),
  ];
  const find = commandTable(commands);
  const interpreter = new Interpreter({
    environment,
    runPipeline: (calls, run) =>
      runPipeline(calls, { find, session: undefined, display: { width, views }, ...run }),
  });
  return {
    views,
    sessions,
    run: (script, streams, signal) => interpreter.run(script, streams, signal),
    variable: (name) => interpreter.getVariable(name),
    close: () => sessions.close(),
  };
}

/** Every command that opens sessions or works with them, and what belongs to it. */
export const REMOTING_COMMANDS: readonly Command<RemotingState>[] = [
  INVOKE_COMMAND,
  ...SESSION_COMMANDS,
  ...ENTER_COMMANDS,
  ...PERSON_COMMANDS,
];
