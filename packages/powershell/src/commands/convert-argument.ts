import { asList, baseOf, isTrue, itemsOf, toNumber } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsDictionary, PsObject, type PsValue, Scalar, SecureText } from '../objects/value.ts';
import type { Parameter, ParameterType } from './command.ts';

/** What .NET calls the types of parameters. */
export const TYPE_NAMES: Readonly<Record<ParameterType, string>> = {
  object: 'System.Object',
  string: 'System.String',
  int: 'System.Int32',
  long: 'System.Int64',
  bool: 'System.Boolean',
  switch: 'System.Management.Automation.SwitchParameter',
  datetime: 'System.DateTime',
  credential: 'System.Management.Automation.PSCredential',
  scriptblock: 'System.Management.Automation.ScriptBlock',
  hashtable: 'System.Collections.Hashtable',
};

/** A value as a parameter takes it; undefined: it cannot be converted. */
export function convertArgument(parameter: Parameter, value: PsValue): PsValue | undefined {
  if (parameter.many !== true) return convertOne(parameter.type, value);
  const converted = asList(value).map((item) => convertOne(parameter.type, item));
  const values = converted.filter((item) => item !== undefined);
  return values.length === converted.length ? values : undefined;
}

function convertOne(type: ParameterType, value: PsValue): PsValue | undefined {
  const plain = baseOf(value);
  switch (type) {
    case 'object':
      return value;
    case 'string':
      return toText(value);
    case 'int':
      return wholeNumber(plain, 2 ** 31);
    case 'long':
      return wholeNumber(plain, Number.MAX_SAFE_INTEGER);
    case 'bool':
      return typeof plain === 'string' ? undefined : isTrue(plain);
    case 'switch':
      return typeof plain === 'string' || plain === null ? undefined : isTrue(plain);
    case 'datetime':
      return toDate(plain);
    case 'credential':
      return isCredential(value) ? value : undefined;
    case 'scriptblock':
      return plain instanceof Scalar && plain.type === 'ScriptBlock' ? plain : undefined;
    case 'hashtable':
      return plain instanceof PsDictionary ? plain : undefined;
  }
}

/** Whether a value is a PSCredential, deserialized or not. */
export function isCredential(value: PsValue): value is PsObject {
  return (
    value instanceof PsObject &&
    typeof value.get('UserName') === 'string' &&
    value.get('Password') instanceof SecureText
  );
}

/** Rounds half to even, as .NET converts to whole numbers. */
function wholeNumber(value: PsValue, bound: number): number | undefined {
  const number = itemsOf(value) === undefined ? toNumber(value) : undefined;
  if (number === undefined) return undefined;
  const floor = Math.floor(number);
  const isHalf = number - floor === 0.5;
  const rounded = isHalf ? (floor % 2 === 0 ? floor : floor + 1) : Math.round(number);
  return rounded >= -bound && rounded < bound ? rounded : undefined;
}

function toDate(value: PsValue): Scalar | undefined {
  if (value instanceof Scalar && value.type === 'DateTime') return value;
  if (typeof value !== 'string') return undefined;
  const time = Date.parse(/^\d{4}-\d\d-\d\d$/u.test(value) ? `${value}T00:00:00` : value);
  return Number.isNaN(time) ? undefined : new Scalar('DateTime', new Date(time).toISOString());
}
