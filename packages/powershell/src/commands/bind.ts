import { itemsOf, propertyOf } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import type { PsValue } from '../objects/value.ts';
import {
  ambiguousName,
  ambiguousSet,
  cannotConvert,
  missing,
  notInSet,
  unknownName,
  unknownPosition,
} from './bind-errors.ts';
import type { Bound, CommandArgument, CommandInfo, Parameter } from './command.ts';
import { COMMON_PARAMETERS, type CommonParameters, commonParameters } from './common-parameters.ts';
import { convertArgument } from './convert-argument.ts';

/** A call's arguments on a command's parameters, before any object of the pipeline. */
export interface Binding {
  readonly command: CommandInfo;
  readonly bound: ReadonlyMap<string, PsValue>;
  readonly common: CommonParameters;
  /** Parameter sets that the arguments leave possible; empty: the command has none. */
  readonly sets: readonly string[];
}

/**
 * Binds arguments as PowerShell does: by name, a unique beginning of a name or an alias; then by
 * position; each converted to the parameter's type and checked. Throws CommandFailure.
 */
export function bindArguments(command: CommandInfo, args: readonly CommandArgument[]): Binding {
  const bound = new Map<string, PsValue>();
  const positional = bindNamed(command, args, bound);
  let sets = possibleSets(command, bound);
  if (sets.length === 0 && allSets(command).length > 0) throw ambiguousSet(command);
  bindPositional(command, positional, bound, sets);
  sets = possibleSets(command, bound);
  return { command, bound, common: commonParameters(bound), sets };
}

/** The parameters of a binding when no object is bound to them. Throws CommandFailure. */
export function bindComplete(binding: Binding): { bound: Bound; parameterSet: string } {
  return complete(binding, binding.bound);
}

/**
 * Binds an object of the pipeline: whole to the parameter that takes it, or by its properties.
 * Undefined: no parameter takes it. Throws CommandFailure.
 */
export function bindObject(
  binding: Binding,
  item: PsValue,
): { bound: Bound; parameterSet: string } | undefined {
  const { command, sets } = binding;
  const open = command.parameters.filter(
    (parameter) => !binding.bound.has(parameter.name) && isIn(parameter, sets),
  );
  const bound = new Map(binding.bound);
  const whole = open.find(({ fromPipeline }) => fromPipeline === true);
  const isExact = whole !== undefined && isOfType(whole, item);
  for (const parameter of isExact ? [] : open) {
    const found = parameter.fromProperty === true ? propertyFor(parameter, item) : undefined;
    if (found !== undefined) bound.set(parameter.name, found);
  }
  // What is not of the type is converted only if no property is what a parameter wants.
  const mayBeWhole = whole !== undefined && bound.size === binding.bound.size;
  const value = mayBeWhole ? convertArgument(whole, item) : undefined;
  if (mayBeWhole && value !== undefined) bound.set(whole.name, value);
  return bound.size > binding.bound.size ? complete(binding, bound) : undefined;
}

/** Whether objects of the pipeline can bind to anything that is left. */
export function takesObjects({ command, bound }: Binding): boolean {
  return command.parameters.some(
    ({ name, fromPipeline, fromProperty }) =>
      !bound.has(name) && (fromPipeline === true || fromProperty === true),
  );
}

/** Whether an object is a parameter's type as it is. */
function isOfType({ type }: Parameter, item: PsValue): boolean {
  if (type === 'object') return true;
  if (type === 'string') return typeof item === 'string';
  return type === 'int' || type === 'long' ? typeof item === 'number' : false;
}

function propertyFor(parameter: Parameter, item: PsValue): PsValue | undefined {
  for (const name of [parameter.name, ...(parameter.aliases ?? [])]) {
    const value = propertyOf(item, name);
    if (value !== undefined && value !== null) return convertArgument(parameter, value);
  }
  return undefined;
}

/** Binds what has a name; gives the rest. */
function bindNamed(
  command: CommandInfo,
  args: readonly CommandArgument[],
  bound: Map<string, PsValue>,
): PsValue[] {
  const positional: PsValue[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const { name, value } = args[i] ?? {};
    if (name === undefined) {
      positional.push(value ?? null);
      continue;
    }
    const parameter = findParameter(command, name);
    if (bound.has(parameter.name)) throw ambiguousName(command, name, [parameter, parameter]);
    const next = args[i + 1];
    if (value === undefined && parameter.type === 'switch') {
      bound.set(parameter.name, true);
    } else if (value !== undefined) {
      bound.set(parameter.name, checked(command, parameter, value));
    } else if (next !== undefined && next.name === undefined) {
      bound.set(parameter.name, checked(command, parameter, next.value ?? null));
      i += 1;
    } else throw missing(command, [parameter], 'MissingArgument');
  }
  return positional;
}

function findParameter(command: CommandInfo, name: string): Parameter {
  const wanted = name.toLowerCase();
  const all = [...command.parameters, ...COMMON_PARAMETERS];
  const names = (parameter: Parameter): string[] =>
    [parameter.name, ...(parameter.aliases ?? [])].map((one) => one.toLowerCase());
  const exact = all.find((parameter) => names(parameter).includes(wanted));
  if (exact !== undefined) return exact;
  const begun = all.filter((parameter) => names(parameter).some((one) => one.startsWith(wanted)));
  // A command's own parameters come before those that all commands have.
  const own = begun.filter((parameter) => command.parameters.includes(parameter));
  const found = own.length > 0 ? own : begun;
  if (found.length > 1) throw ambiguousName(command, name, found);
  const [only] = found;
  if (only === undefined) throw unknownName(command, name);
  return only;
}

function bindPositional(
  command: CommandInfo,
  values: readonly PsValue[],
  bound: Map<string, PsValue>,
  sets: readonly string[],
): void {
  const places = placesFor(command, values.length, bound, sets);
  const last = places.findIndex(({ remaining }) => remaining === true);
  const isList = last >= 0 && values.length > last + 1;
  const given = isList ? [...values.slice(0, last), values.slice(last)] : values;
  given.forEach((value, i) => {
    const parameter = places[i];
    if (parameter === undefined) throw unknownPosition(command, value);
    bound.set(parameter.name, checked(command, parameter, value));
  });
}

function checked(command: CommandInfo, parameter: Parameter, value: PsValue): PsValue {
  const converted = convertArgument(parameter, value);
  if (converted === undefined) throw cannotConvert(command, parameter, value);
  const { validateSet } = parameter;
  for (const one of validateSet === undefined ? [] : (itemsOf(converted) ?? [converted])) {
    const text = toText(one).toLowerCase();
    const isAllowed = validateSet?.some((allowed) => allowed.toLowerCase() === text) ?? true;
    if (!isAllowed) throw notInSet(command, parameter, one);
  }
  return converted;
}

function complete(
  { command, sets }: Binding,
  bound: ReadonlyMap<string, PsValue>,
): { bound: Bound; parameterSet: string } {
  const left = possibleSets(command, bound).filter((set) => sets.includes(set));
  const lacking = (set: string | undefined): Parameter[] =>
    command.parameters.filter(
      (parameter) =>
        parameter.mandatory === true &&
        !bound.has(parameter.name) &&
        (set === undefined || isIn(parameter, [set])),
    );
  const parameterSet = allSets(command).length === 0 ? undefined : chosen(command, left, lacking);
  const wanted = lacking(parameterSet);
  if (wanted.length > 0) throw missing(command, wanted, 'MissingMandatoryParameter');
  return { bound: Object.fromEntries(bound), parameterSet: parameterSet ?? '' };
}

/** The set that applies: the default one, or the only one that has all it needs. */
function chosen(
  command: CommandInfo,
  left: readonly string[],
  lacking: (set: string) => readonly Parameter[],
): string {
  const satisfied = left.filter((set) => lacking(set).length === 0);
  const [first, ...more] = satisfied.length > 0 ? satisfied : left;
  if (command.defaultSet !== undefined && [first, ...more].includes(command.defaultSet)) {
    return command.defaultSet;
  }
  if (first === undefined || (more.length > 0 && satisfied.length > 1)) throw ambiguousSet(command);
  return first;
}

/** Places of the default set, or of the first other one that has enough of them. */
function placesFor(
  command: CommandInfo,
  count: number,
  bound: ReadonlyMap<string, PsValue>,
  sets: readonly string[],
): readonly Parameter[] {
  const { defaultSet } = command;
  const order = sets.toSorted((a, b) => Number(b === defaultSet) - Number(a === defaultSet));
  const all = (order.length === 0 ? [undefined] : order).map((set) =>
    command.parameters
      .filter(
        (parameter) =>
          parameter.position !== undefined &&
          !bound.has(parameter.name) &&
          (set === undefined || isIn(parameter, [set])),
      )
      .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0)),
  );
  const enough = all.find(
    (places) => places.length >= count || places.some(({ remaining }) => remaining === true),
  );
  return enough ?? all[0] ?? [];
}

function allSets(command: CommandInfo): string[] {
  return [...new Set(command.parameters.flatMap(({ sets }) => sets ?? []))];
}

function possibleSets(command: CommandInfo, bound: ReadonlyMap<string, PsValue>): string[] {
  const given = command.parameters.filter(({ name }) => bound.has(name));
  return allSets(command).filter((set) => given.every((parameter) => isIn(parameter, [set])));
}

function isIn({ sets }: Parameter, wanted: readonly string[]): boolean {
  return sets === undefined || wanted.length === 0 || sets.some((set) => wanted.includes(set));
}
