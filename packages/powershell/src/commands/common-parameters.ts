import { isTrue } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import type { PsValue } from '../objects/value.ts';
import { CommandFailure, type CommandStreams, failure, type Parameter } from './command.ts';

/** What is done with errors, warnings and messages: `-ErrorAction` and its kin. */
export type ActionPreference = 'Continue' | 'SilentlyContinue' | 'Ignore' | 'Stop';

/** What every command takes besides its own parameters (about_CommonParameters). */
export interface CommonParameters {
  readonly error: ActionPreference;
  readonly warning: ActionPreference;
  readonly information: ActionPreference;
  readonly verbose: boolean;
  readonly debug: boolean;
}

export const COMMON_PARAMETERS: readonly Parameter[] = [
  { name: 'Verbose', type: 'switch', aliases: ['vb'] },
  { name: 'Debug', type: 'switch', aliases: ['db'] },
  { name: 'ErrorAction', type: 'string', aliases: ['ea'] },
  { name: 'WarningAction', type: 'string', aliases: ['wa'] },
  { name: 'InformationAction', type: 'string', aliases: ['infa'] },
  { name: 'OutBuffer', type: 'int', aliases: ['ob'] },
];

/** Reads what was given of them. Throws CommandFailure for an action that does not exist. */
export function commonParameters(bound: ReadonlyMap<string, PsValue>): CommonParameters {
  const action = (name: string, otherwise: ActionPreference): ActionPreference =>
    actionOf(name, bound.get(name), otherwise);
  return {
    error: action('ErrorAction', 'Continue'),
    warning: action('WarningAction', 'Continue'),
    information: action('InformationAction', 'SilentlyContinue'),
    verbose: isTrue(bound.get('Verbose') ?? null),
    debug: isTrue(bound.get('Debug') ?? null),
  };
}

/** The streams of one command, as its common parameters have it. */
export function withPreferences(
  streams: CommandStreams,
  { error, warning, verbose, debug, information }: CommonParameters,
): CommandStreams {
  return {
    output: (value) => streams.output(value),
    error: (record) => {
      if (error === 'Stop') throw new CommandFailure(record);
      return error === 'Continue' ? streams.error(record) : undefined;
    },
    warning: (text) => (warning === 'Continue' ? streams.warning(text) : undefined),
    verbose: (text) => (verbose ? streams.verbose(text) : undefined),
    debug: (text) => (debug ? streams.debug(text) : undefined),
    // The record always exists; only its show at a console follows the preference.
    information: (value, tags) =>
      information === 'Ignore' ? undefined : streams.information(value, tags),
    progress: (record) => streams.progress(record),
  };
}

const ACTIONS: readonly ActionPreference[] = ['Continue', 'SilentlyContinue', 'Ignore', 'Stop'];

function actionOf(
  name: string,
  value: PsValue | undefined,
  otherwise: ActionPreference,
): ActionPreference {
  if (value === undefined) return otherwise;
  const text = toText(value).toLowerCase();
  // 0 to 4 are the enumeration's numbers: a serialised preference arrives so.
  const byNumber: readonly ActionPreference[] = ['SilentlyContinue', 'Stop', 'Continue'];
  const found = ACTIONS.find((action) => action.toLowerCase() === text);
  const action = found ?? (text === '4' ? 'Ignore' : byNumber[Number.parseInt(text, 10)]);
  if (action !== undefined) return action;
  throw failure(
    `Cannot bind parameter '${name}'. "${toText(value)}" is not one of: ${ACTIONS.join(', ')}.`,
    'CannotConvertArgumentNoMessage',
    'InvalidArgument',
    value,
  );
}
