import type { PipelineCall } from '../commands/command.ts';
import { type Position, PowerShellError } from '../errors.ts';
import type { PsValue } from '../objects/value.ts';
import { Scalar } from '../objects/value.ts';
import type { Block, CommandElement, Script, Statement } from './ast.ts';
import { Bounds } from './bounds.ts';
import type { Context, Steps } from './context.ts';
import { evaluate } from './evaluate.ts';
import { callOf, pureExpression, statementsOf, withArguments } from './execute.ts';
import { parseScript } from './parse.ts';
import { runtimeError } from './script-error.ts';
import type { Source } from './source.ts';
import { usingValue } from './using.ts';
import { type Node, type Visit, visits } from './visit.ts';

/** A block as commands, or why it can only be sent as text. */
export type Conversion =
  | { readonly isConverted: true; readonly statements: readonly PipelineCall[] }
  | { readonly isConverted: false; readonly reason: string; readonly position: Position };

/**
 * Makes commands with finished arguments of a script block, as Invoke-Command does before it sends
 * one: then the other side needs no language. `variables` are the caller's, for `$using:`;
 * `args` are those of `-ArgumentList`, for the block's `param(…)`. The
 * rules are those of PowerShell's ScriptBlockToPowerShellChecker; several statements are several
 * pipelines (`ExtraCmds` of MS-PSRP 2.2.3.11). Throws CommandFailure when an argument fails.
 */
export function convertBlock(
  { body, source }: Script,
  variables: (name: string) => PsValue | undefined,
  args: readonly PsValue[] = [],
): Conversion {
  const refusal = refusalOf(body);
  if (refusal !== undefined) {
    const position = source.positionAt(refusal.at);
    return { isConverted: false, reason: refusal.reason, position };
  }
  const context = atOnce(withArguments(body, args, readingContext(variables, source)));
  const statements = body.statements.map((statement) => callsOf(statement, context));
  return { isConverted: true, statements };
}

/**
 * The value of a text that is one expression and runs no command, with the caller's variables:
 * `$x.Name` in the block of `-Filter { Name -ne $x.Name }`. Throws PowerShellError for a text that
 * is more, CommandFailure when it has no value.
 */
export function evaluateText(
  text: string,
  variables: (name: string) => PsValue | undefined,
): PsValue {
  const { body, source } = parseScript(text, 'expression');
  const [only, ...more] = body.statements;
  const expression = only === undefined ? undefined : pureExpression(only);
  if (expression === undefined || more.length > 0) {
    throw new PowerShellError('syntax', 'this is not one expression', source.positionAt(0));
  }
  return atOnce(evaluate(expression, readingContext(variables, source)));
}

function callsOf(statement: Statement, context: Context): PipelineCall {
  const elements = statement.kind === 'pipeline' ? statement.elements : [];
  const commands = elements.filter((one): one is CommandElement => one.kind === 'command');
  return commands.map((command) => atOnce(callOf(command, context)));
}

function refusalOf(body: Block): { reason: string; at: number } | undefined {
  if (body.statements.length === 0) return { reason: 'nothing is in the block', at: body.start };
  for (const statement of body.statements) {
    if (statement.kind !== 'pipeline') {
      return { reason: 'a statement that is no pipeline', at: statement.start };
    }
    if (statement.elements[0]?.kind !== 'command') {
      return { reason: 'a pipeline that begins with an expression', at: statement.start };
    }
  }
  const names = new Set(body.parameters?.map(({ name }) => name.toLowerCase()));
  for (const visit of visits(body)) {
    const reason = refused(visit, names);
    if (reason !== undefined) return { reason, at: visit.node.start };
  }
  return undefined;
}

const IN_ARGUMENT = 'a statement in an argument';

/** What cannot be converted wherever it stands. */
const REFUSED: Partial<Readonly<Record<Node['kind'], string>>> = {
  block: 'a script block in the block',
  step: IN_ARGUMENT,
  assignment: IN_ARGUMENT,
  if: IN_ARGUMENT,
  foreach: IN_ARGUMENT,
  for: IN_ARGUMENT,
  while: IN_ARGUMENT,
  try: IN_ARGUMENT,
  throw: IN_ARGUMENT,
  exit: IN_ARGUMENT,
  return: IN_ARGUMENT,
  break: IN_ARGUMENT,
  continue: IN_ARGUMENT,
};

function refused({ node, within }: Visit, names: ReadonlySet<string>): string | undefined {
  // The pipeline at the top is the only thing that a command may be in.
  if (node.kind === 'command') return within.length === 1 ? undefined : 'a command in an argument';
  if (node.kind === 'variable' && !isAllowed(node, names)) {
    return `the variable $${node.name}, which is not $using:`;
  }
  if (node.kind === 'pipeline' && (node.dropsErrors || node.dropsOutput)) {
    return 'a redirection other than 2>&1';
  }
  return REFUSED[node.kind];
}

function isAllowed(
  { scope, name }: Extract<Node, { kind: 'variable' }>,
  names: ReadonlySet<string>,
): boolean {
  if (scope !== undefined) return scope === 'using';
  return /^(?:true|false|null)$/iu.test(name) || names.has(name.toLowerCase());
}

/** A context that reads variables and runs nothing. */
function readingContext(variables: (name: string) => PsValue | undefined, source: Source): Context {
  const nothing = (): void => {};
  const streams = {
    output: nothing,
    error: nothing,
    warning: nothing,
    verbose: nothing,
    debug: nothing,
    information: nothing,
    progress: nothing,
  };
  return {
    names: {
      read({ scope, name }) {
        if (scope === 'using') return usingValue(name, variables);
        const constants: Readonly<Record<string, PsValue>> = {
          true: true,
          false: false,
          null: null,
        };
        const constant = constants[name.toLowerCase()];
        return constant === undefined ? (variables(name) ?? null) : constant;
      },
      write: nothing,
    },
    streams,
    signal: new AbortController().signal,
    bounds: new Bounds(),
    statements: statementsOf,
    host: {
      runPipeline: () => {
        throw runtimeError('No command runs while variables are read.', 'CommandNotAllowed');
      },
      blockValue: ({ text }) => new Scalar('ScriptBlock', text),
      errorAction: () => 'Stop',
      noteError: nothing,
      beginStatement: nothing,
      endStatement: nothing,
    },
    source,
    depth: 0,
  };
}

/** The result of steps that have nothing to wait for. */
function atOnce<T>(steps: Steps<T>): T {
  const next = steps.next();
  if (next.done === true) return next.value;
  throw runtimeError('This cannot be evaluated without running commands.', 'CommandNotAllowed');
}
