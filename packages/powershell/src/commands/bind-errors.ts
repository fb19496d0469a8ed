import { toText } from '../objects/text.ts';
import type { PsValue } from '../objects/value.ts';
import { CommandFailure, type CommandInfo, type Parameter } from './command.ts';
import { TYPE_NAMES } from './convert-argument.ts';
import type { ErrorRecord } from './error-record.ts';

// The words are those that PowerShell uses: administrators search for them.

export function unknownName(command: CommandInfo, name: string): CommandFailure {
  return refusal(
    command,
    'NamedParameterNotFound',
    `A parameter cannot be found that matches parameter name '${name}'.`,
  );
}

export function ambiguousName(
  command: CommandInfo,
  name: string,
  found: readonly Parameter[],
): CommandFailure {
  const names = [...new Set(found.map((parameter) => parameter.name))];
  return names.length === 1
    ? refusal(
        command,
        'ParameterAlreadyBound',
        `Cannot bind parameter because parameter '${names[0]}' is specified more than once.`,
      )
    : refusal(
        command,
        'AmbiguousParameter',
        `Parameter cannot be processed because the parameter name '${name}' is ambiguous. ` +
          `Possible matches include: ${names.map((one) => `-${one}`).join(' ')}.`,
      );
}

export function unknownPosition(command: CommandInfo, value: PsValue): CommandFailure {
  return refusal(
    command,
    'PositionalParameterNotFound',
    `A positional parameter cannot be found that accepts argument '${toText(value)}'.`,
  );
}

export function cannotConvert(
  command: CommandInfo,
  { name, type, many }: Parameter,
  value: PsValue,
): CommandFailure {
  const wanted = `${TYPE_NAMES[type]}${many === true ? '[]' : ''}`;
  return refusal(
    command,
    'CannotConvertArgumentNoMessage',
    `Cannot bind parameter '${name}'. Cannot convert value "${toText(value)}" to type "${wanted}".`,
  );
}

export function notInSet(
  command: CommandInfo,
  { name, validateSet = [] }: Parameter,
  value: PsValue,
): CommandFailure {
  return refusal(
    command,
    'ParameterArgumentValidationError',
    `Cannot validate argument on parameter '${name}'. The argument "${toText(value)}" does not ` +
      `belong to the set "${validateSet.join(',')}" specified by the ValidateSet attribute. ` +
      'Supply an argument that is in the set and then try the command again.',
    { category: 'InvalidData' },
  );
}

export function missing(
  command: CommandInfo,
  parameters: readonly Parameter[],
  errorId: 'MissingMandatoryParameter' | 'MissingArgument',
): CommandFailure {
  const names = parameters.map(({ name }) => name).join(' ');
  const message =
    errorId === 'MissingArgument'
      ? `Missing an argument for parameter '${names}'. Specify a parameter of type ` +
        `'${parameters.map(({ type }) => TYPE_NAMES[type]).join(' ')}' and try again.`
      : `Cannot process command because of one or more missing mandatory parameters: ${names}.`;
  return refusal(command, errorId, message);
}

export function ambiguousSet(command: CommandInfo): CommandFailure {
  return refusal(
    command,
    'AmbiguousParameterSet',
    'Parameter set cannot be resolved using the specified named parameters.',
  );
}

export function objectNotBound(command: CommandInfo, target: PsValue): CommandFailure {
  return refusal(
    command,
    'InputObjectNotBound',
    'The input object cannot be bound to any parameters for the command either because the ' +
      'command does not take pipeline input or the input and its properties do not match any of ' +
      'the parameters that take pipeline input.',
    { target },
  );
}

function refusal(
  { name }: CommandInfo,
  errorId: string,
  message: string,
  more: Partial<Pick<ErrorRecord, 'category' | 'target'>> = {},
): CommandFailure {
  return new CommandFailure({
    message,
    errorId: `${errorId},${name}`,
    category: 'InvalidArgument',
    target: null,
    exceptionType: 'System.Management.Automation.ParameterBindingException',
    activity: name,
    ...more,
  });
}
