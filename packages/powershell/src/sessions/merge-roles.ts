import {
  type Command,
  CommandFailure,
  type CommandInfo,
  type Invocation,
  type Parameter,
} from '../commands/command.ts';
import { asList } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import type { PsValue } from '../objects/value.ts';
import { wildcard } from '../objects/wildcard.ts';
import { Bounds } from '../language/bounds.ts';
import { compilePattern } from '../language/pattern.ts';
import type { RoleCapability, VisibleCommand, VisibleParameter } from './role-capability.ts';

/**
 * Commands of a RestrictedRemoteServer session that every role sees: what Import-PSSession and
 * Enter-PSSession call (InitialSessionState.CreateRestricted).
 */
export const BASIC_COMMANDS: readonly string[] = [
  'Get-Command',
  'Get-FormatData',
  'Select-Object',
  'Get-Help',
  'Measure-Object',
  'Out-Default',
  'Exit-PSSession',
  'Clear-Host',
];

/** What of a command a user may use; without `parameters`: all of it. */
export interface CommandVisibility {
  /** By their names in lower case. */
  readonly parameters?: ReadonlyMap<string, ParameterRule>;
}

/** What values a parameter may have; without either: any. */
export interface ParameterRule {
  readonly validateSet?: readonly string[];
  /** One of them must match. */
  readonly patterns?: readonly string[];
}

/** The roles of one user as one: it has what any of them makes visible. */
export function mergeRoles(roles: readonly RoleCapability[]): RoleCapability {
  return {
    modulesToImport: unique(roles.flatMap((role) => role.modulesToImport)),
    cmdlets: roles.flatMap((role) => role.cmdlets),
    functions: roles.flatMap((role) => role.functions),
    aliases: unique(roles.flatMap((role) => role.aliases)),
    externalCommands: unique(roles.flatMap((role) => role.externalCommands)),
    providers: unique(roles.flatMap((role) => role.providers)),
    aliasDefinitions: roles.flatMap((role) => role.aliasDefinitions),
    functionDefinitions: roles.flatMap((role) => role.functionDefinitions),
  };
}

/**
 * What of a command a role makes visible; undefined: nothing. Of several entries for it, one
 * without parameters gives all of it; else the parameters of all count. For a parameter, an entry
 * without a rule allows any value; patterns go before sets; sets are added up.
 */
export function visibilityOf(
  { cmdlets, functions, functionDefinitions }: RoleCapability,
  command: Pick<CommandInfo, 'name' | 'module'>,
): CommandVisibility | undefined {
  const entries = [...cmdlets, ...functions].filter((entry) => names(entry, command));
  const isDefined = functionDefinitions.some(({ name }) => equal(name, command.name));
  if (entries.length === 0) return isDefined ? {} : undefined;
  const parameters = new Map<string, VisibleParameter[]>();
  for (const entry of entries) {
    if (entry.parameters === undefined) return {};
    for (const parameter of entry.parameters) {
      const name = parameter.name.toLowerCase();
      parameters.set(name, [...(parameters.get(name) ?? []), parameter]);
    }
  }
  return {
    parameters: new Map([...parameters].map(([name, rules]) => [name, mergedRule(rules)])),
  };
}

/** Whether a role may start a program by that path. */
export function isVisibleProgram({ externalCommands }: RoleCapability, path: string): boolean {
  return externalCommands.some((pattern) => wildcard(pattern)(path));
}

/** A command as a role sees it: only the parameters, and the values, that it may use. */
export function restrictCommand<S>(
  command: Command<S>,
  { parameters: rules }: CommandVisibility,
): Command<S> {
  if (rules === undefined) return command;
  const parameters = command.parameters.flatMap((parameter): Parameter[] => {
    const rule = rules.get(parameter.name.toLowerCase());
    return rule === undefined ? [] : [withSet(parameter, rule)];
  });
  const check = (bound: Invocation<S>['bound']): void => checkPatterns(command.name, rules, bound);
  if ('run' in command) {
    return {
      ...command,
      parameters,
      run: async (invocation) => {
        check(invocation.bound);
        await command.run(invocation);
      },
    };
  }
  const whole = parameters.find(({ fromPipeline }) => fromPipeline === true);
  return {
    ...command,
    parameters,
    begin(invocation) {
      check(invocation.bound);
      const stage = command.begin(invocation);
      return {
        process: (item) => {
          if (whole !== undefined) check({ [whole.name]: item });
          return stage.process(item);
        },
        end: () => stage.end?.(),
        isSatisfied: () => stage.isSatisfied?.() ?? false,
      };
    },
  };
}

function names({ name }: VisibleCommand, command: Pick<CommandInfo, 'name' | 'module'>): boolean {
  const slash = name.lastIndexOf('\\');
  const isModule = slash < 0 || wildcard(name.slice(0, slash))(command.module ?? '');
  return isModule && wildcard(name.slice(slash + 1))(command.name);
}

function mergedRule(rules: readonly VisibleParameter[]): ParameterRule {
  const isFree = rules.some(
    ({ validateSet, validatePattern }) =>
      validateSet === undefined && validatePattern === undefined,
  );
  if (isFree) return {};
  const patterns = unique(rules.flatMap(({ validatePattern }) => validatePattern ?? []));
  if (patterns.length > 0) return { patterns };
  return { validateSet: unique(rules.flatMap(({ validateSet = [] }) => validateSet)) };
}

/** A parameter that has a set of its own keeps what both allow. */
function withSet(parameter: Parameter, { validateSet }: ParameterRule): Parameter {
  if (validateSet === undefined) return parameter;
  const own = parameter.validateSet;
  const both = validateSet.filter((one) => own?.some((other) => equal(one, other)) ?? true);
  return { ...parameter, validateSet: both };
}

function checkPatterns(
  command: string,
  rules: ReadonlyMap<string, ParameterRule>,
  bound: Readonly<Record<string, PsValue>>,
): void {
  for (const [name, value] of Object.entries(bound)) {
    const { patterns } = rules.get(name.toLowerCase()) ?? {};
    if (patterns === undefined) continue;
    const bad = asList(value).find((item) => !matchesAny(patterns, toText(item)));
    if (bad !== undefined) throw notMatching(command, name, toText(bad), patterns.join('|'));
  }
}

/** A user's value can make no pattern run long: what a match may cost is bounded. */
function matchesAny(patterns: readonly string[], text: string): boolean {
  const bounds = new Bounds();
  return patterns.some(
    (pattern) =>
      compilePattern(pattern).find(bounds.text(text), 0, (steps) => bounds.spend(steps)) !==
      undefined,
  );
}

function notMatching(
  command: string,
  name: string,
  value: string,
  pattern: string,
): CommandFailure {
  return new CommandFailure({
    message:
      `Cannot validate argument on parameter '${name}'. The argument "${value}" does not match ` +
      `the "${pattern}" pattern. Supply an argument that matches "${pattern}" and try the ` +
      'command again.',
    errorId: `ParameterArgumentValidationError,${command}`,
    category: 'InvalidData',
    target: null,
    exceptionType: 'System.Management.Automation.ParameterBindingException',
    activity: command,
  });
}

function unique(texts: readonly string[]): string[] {
  const seen = new Map(texts.map((text) => [text.toLowerCase(), text]));
  return [...seen.values()];
}

function equal(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
