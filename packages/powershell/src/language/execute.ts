import { type CommandArgument, type CommandCall, CommandFailure } from '../commands/command.ts';
import { type ErrorRecord, errorObject } from '../commands/error-record.ts';
import { baseOf, isTrue, itemsOf } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsDictionary, PsObject, type PsValue } from '../objects/value.ts';
import { arithmetic } from './arithmetic.ts';
import type {
  Assignment,
  Block,
  CommandElement,
  Expression,
  FlowStatement,
  ForEachStatement,
  ForStatement,
  IfStatement,
  PipelineStatement,
  Statement,
  TryStatement,
  WhileStatement,
} from './ast.ts';
import { castTo } from './cast.ts';
import {
  type Context,
  type Names,
  NOTHING,
  type Statements,
  type Steps,
  worthOf,
} from './context.ts';
import { assign, evaluate, evaluateRaw } from './evaluate.ts';
import { isLimit, ScriptStop } from './script-error.ts';

/** What leaves a loop, a block or the script. */
export class Flow extends Error {
  readonly kind: 'break' | 'continue' | 'return' | 'exit';
  readonly exitCode: number;

  constructor(kind: Flow['kind'], exitCode = 0) {
    super(kind);
    this.kind = kind;
    this.exitCode = exitCode;
  }
}

/** Runs statements; an error of one is reported, and the next one runs (about_Throw). */
export function* runBlock({ statements }: Block, context: Context): Steps<void> {
  for (const statement of statements) {
    context.signal.throwIfAborted();
    context.bounds.spend();
    context.host.beginStatement();
    try {
      yield* runStatement(statement, context);
    } catch (error) {
      if (!(error instanceof CommandFailure) || error instanceof ScriptStop) throw error;
      if (context.isTried === true) {
        throw new ScriptStop(placed(error.record, statement, context));
      }
      yield* report(error.record, statement, context);
    }
    context.host.endStatement();
  }
}

/** Runs a block with arguments: its parameters, then `$args` (about_Script_Blocks). */
export function* runWith(body: Block, args: readonly PsValue[], context: Context): Steps<void> {
  yield* runBlock(body, yield* withArguments(body, args, context));
}

/** A context that has a block's parameters as variables of its own. */
export function* withArguments(
  { parameters = [] }: Block,
  args: readonly PsValue[],
  context: Context,
): Steps<Context> {
  const locals = new Map<string, PsValue>([['args', args.slice(parameters.length)]]);
  const inner = { ...context, names: withLocals(context.names, locals) };
  for (const [i, { name, type, initial }] of parameters.entries()) {
    const given = args[i] ?? (initial === undefined ? null : yield* evaluate(initial, inner));
    const isCast = type !== undefined && (given !== null || type.name === 'switch');
    locals.set(name.toLowerCase(), isCast ? castTo(type, given, context.bounds) : given);
  }
  return inner;
}

/** Names of which some are a block's own. */
export function withLocals(names: Names, locals: Map<string, PsValue>): Names {
  return {
    read(variable) {
      const { scope, name } = variable;
      const isOwn = scope === undefined || scope === 'local';
      const own = isOwn ? locals.get(name.toLowerCase()) : undefined;
      return own === undefined ? names.read(variable) : own;
    },
    write(name, value) {
      const key = name.toLowerCase();
      if (locals.has(key)) locals.set(key, value);
      else names.write(name, value);
    },
  };
}

/** How expressions run statements. */
export const statementsOf: Statements = {
  *gather(block, context) {
    const gathered = gathering(context);
    yield* runBlock(block, gathered.context);
    return context.bounds.made(gathered.output);
  },
  *value(statement, context) {
    if (statement.kind === 'assignment') return yield* assignment(statement, context);
    const expression = pureExpression(statement);
    if (expression !== undefined) return yield* evaluateRaw(expression, context);
    const gathered = gathering(context);
    yield* runStatement(statement, gathered.context);
    return worthOf(context.bounds.made(gathered.output));
  },
};

function gathering(context: Context): { output: PsValue[]; context: Context } {
  const output: PsValue[] = [];
  const streams = {
    ...context.streams,
    output: (value: PsValue): void => {
      context.bounds.places(1);
      output.push(value);
    },
  };
  return { output, context: { ...context, streams } };
}

/** The expression that a statement only is; undefined: it is more. */
export function pureExpression(statement: Statement): Expression | undefined {
  if (statement.kind !== 'pipeline' || statement.dropsOutput) return undefined;
  const [only, ...more] = statement.elements;
  return more.length === 0 && only?.kind === 'expression' ? only.expression : undefined;
}

function* report(failure: ErrorRecord, statement: Statement, context: Context): Steps<void> {
  const { host, streams } = context;
  const record = placed(failure, statement, context);
  host.noteError(record);
  const action = host.errorAction();
  if (action === 'Stop') throw new ScriptStop(record);
  const failed = statement.kind === 'assignment' ? statement.value : statement;
  const isDropped = failed.kind === 'pipeline' && failed.dropsErrors;
  if (action !== 'Continue' || isDropped) return;
  const done = streams.error(record);
  if (done !== undefined) yield done;
}

/** An error with the place of its statement, if it has none. */
function placed(record: ErrorRecord, { start }: Statement, { source }: Context): ErrorRecord {
  return record.position === undefined ? { ...record, position: source.positionAt(start) } : record;
}

function* runStatement(statement: Statement, context: Context): Steps<void> {
  switch (statement.kind) {
    case 'pipeline':
      return yield* pipeline(statement, context);
    case 'assignment':
      yield* assignment(statement, context);
      return undefined;
    case 'if':
      return yield* ifStatement(statement, context);
    case 'foreach':
      return yield* forEach(statement, context);
    case 'while':
    case 'for':
      return yield* loop(statement, context);
    case 'try':
      return yield* tryStatement(statement, context);
    case 'throw':
    case 'exit':
    case 'return':
    case 'break':
    case 'continue':
      return yield* flow(statement, context);
  }
}

function* pipeline(statement: PipelineStatement, context: Context): Steps<void> {
  const [first, ...others] = statement.elements;
  if (first === undefined) return;
  const streams = {
    ...context.streams,
    error: (record: ErrorRecord) => context.streams.error(placed(record, statement, context)),
    ...(statement.dropsOutput && { output: (): void => {} }),
    ...(statement.dropsErrors && { error: (): void => {} }),
  };
  const inner = { ...context, streams };
  if (first.kind === 'expression') {
    const value = yield* evaluateRaw(first.expression, inner);
    // A step puts nothing out where it is a whole statement.
    if (others.length === 0) {
      if (first.expression.kind !== 'step') yield* put(value, inner);
      return;
    }
    yield* runCalls(others, inner, itemsOf(value) ?? [value]);
    return;
  }
  yield* runCalls(statement.elements, inner);
}

/** Puts a value out: of a list, each item. */
function* put(value: PsValue, { streams }: Context): Steps<void> {
  for (const item of itemsOf(value) ?? [value]) {
    const done = streams.output(item);
    if (done !== undefined) yield done;
  }
}

function* runCalls(
  elements: PipelineStatement['elements'],
  context: Context,
  input?: Iterable<PsValue>,
): Steps<void> {
  const calls: CommandCall[] = [];
  for (const element of elements) {
    if (element.kind === 'command') calls.push(yield* callOf(element, context));
  }
  try {
    yield context.host.runPipeline(calls, context, input);
  } catch (error) {
    const isStopped = error instanceof CommandFailure && calls.some(stopsAtErrors);
    throw isStopped ? new ScriptStop(error.record) : error;
  }
}

/** A command with its arguments evaluated. */
export function* callOf(element: CommandElement, context: Context): Steps<CommandCall> {
  const args: CommandArgument[] = [];
  for (const { name, value } of element.args) {
    args.push({
      ...(name !== undefined && { name }),
      ...(value !== undefined && { value: yield* evaluate(value, context) }),
    });
  }
  const { name, mergesErrors } = element;
  const call: CommandCall = { name, isScript: false, args };
  return mergesErrors ? { ...call, mergeError: true } : call;
}

/** With `-ErrorAction Stop` an error ends the script, not only its statement. */
function stopsAtErrors({ args }: CommandCall): boolean {
  return args.some(({ name = '', value }, i) => {
    if (!/^(?:ea|errora(?:c(?:t(?:i(?:on?)?)?)?)?)$/iu.test(name)) return false;
    return toText(value ?? args[i + 1]?.value ?? null).toLowerCase() === 'stop';
  });
}

/** Assigns, and gives the value: `($x = 5)` is worth 5. */
function* assignment({ target, operator, value }: Assignment, context: Context): Steps<PsValue> {
  const right = yield* statementsOf.value(value, context);
  if (operator === '=') {
    yield* assign(target, right, context);
    return right;
  }
  const before = yield* evaluate(target, context);
  const plain = right === NOTHING ? null : right;
  // The pattern of assignments has these operators alone.
  const sign = operator.charAt(0) as '+' | '-' | '*' | '/' | '%';
  const result = arithmetic(sign, before, plain, context.bounds);
  yield* assign(target, result, context);
  return result;
}

function* condition(statement: Statement, context: Context): Steps<boolean> {
  return isTrue(yield* statementsOf.value(statement, context));
}

function* ifStatement({ clauses, otherwise }: IfStatement, context: Context): Steps<void> {
  for (const clause of clauses) {
    if (yield* condition(clause.condition, context)) {
      yield* runBlock(clause.body, context);
      return;
    }
  }
  if (otherwise !== undefined) yield* runBlock(otherwise, context);
}

function* forEach({ variable, items, body }: ForEachStatement, context: Context): Steps<void> {
  const value = yield* statementsOf.value(items, context);
  // Nothing is gone through for null, unlike in a pipeline.
  for (const item of value === null ? [] : (itemsOf(value) ?? [value])) {
    yield* assign(variable, item, context);
    if (yield* round(body, context)) return;
  }
}

function* loop(statement: WhileStatement | ForStatement, context: Context): Steps<void> {
  const { first, step } = statement.kind === 'for' ? statement : {};
  if (first !== undefined) yield* quietly(first, context);
  for (;;) {
    context.signal.throwIfAborted();
    context.bounds.spend();
    const goesOn =
      statement.condition === undefined || (yield* condition(statement.condition, context));
    if (!goesOn || (yield* round(statement.body, context))) return;
    if (step !== undefined) yield* quietly(step, context);
  }
}

/** Lets others have a turn, so that a loop can be stopped. */
function rest(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Runs a statement without its output. */
function* quietly(statement: Statement, context: Context): Steps<void> {
  const streams = { ...context.streams, output: (): void => {} };
  yield* runStatement(statement, { ...context, streams });
}

/** Runs a loop's body once; true: the loop is left. */
function* round(body: Block, context: Context): Steps<boolean> {
  if (context.bounds.isTimeToRest()) yield rest();
  try {
    yield* runBlock(body, context);
  } catch (error) {
    if (!(error instanceof Flow)) throw error;
    if (error.kind === 'break') return true;
    if (error.kind !== 'continue') throw error;
  }
  return false;
}

/**
 * An error that ends a statement or the script is what `catch` is for; one that a command only
 * reports goes on (about_Try_Catch_Finally). Who is stopped from outside does nothing more.
 */
function* tryStatement({ body, catches, last }: TryStatement, context: Context): Steps<void> {
  try {
    try {
      yield* runBlock(body, { ...context, isTried: true });
    } catch (error) {
      if (!(error instanceof ScriptStop) || isLimit(error)) throw error;
      const { record } = error;
      const found = catches.find(({ types }) => isOfTypes(record, types));
      if (found === undefined) throw error;
      context.host.noteError(record);
      const shown = errorObject(record);
      const locals = new Map<string, PsValue>([
        ['_', shown],
        ['psitem', shown],
      ]);
      const names = withLocals(context.names, locals);
      yield* runBlock(found.body, { ...context, names, caught: record });
    }
  } finally {
    if (last !== undefined && !context.signal.aborted) yield* runBlock(last, context);
  }
}

/** Of .NET's tree of exceptions: the root of all, the root of PowerShell's own, or the very one. */
function isOfTypes(
  { exceptionType = 'System.Exception' }: ErrorRecord,
  types: readonly string[],
): boolean {
  if (types.length === 0) return true;
  const own = exceptionType.toLowerCase();
  return types.some((type) => {
    const wanted = type.toLowerCase().replace(/^system\./u, '');
    if (wanted === 'exception' || own === `system.${wanted}` || own === wanted) return true;
    return wanted === `${POWERSHELL}runtimeexception` && own.startsWith(`system.${POWERSHELL}`);
  });
}

const POWERSHELL = 'management.automation.';

function* flow(statement: FlowStatement, context: Context): Steps<void> {
  const { kind, value } = statement;
  switch (kind) {
    case 'throw':
      if (value === undefined && context.caught !== undefined) {
        throw new ScriptStop(context.caught);
      }
      throw new ScriptStop(
        placed(
          thrown(value && (yield* statementsOf.value(value, context)), context),
          statement,
          context,
        ),
      );
    case 'return':
      if (value !== undefined) yield* runStatement(value, context);
      throw new Flow('return');
    case 'exit': {
      const worth = value === undefined ? 0 : yield* statementsOf.value(value, context);
      const code = baseOf(worth);
      throw new Flow(
        'exit',
        typeof code === 'number' ? code : Number.parseInt(toText(code), 10) || 0,
      );
    }
    case 'break':
    case 'continue':
      throw new Flow(kind);
  }
}

/** What `throw` throws: an error record again, or an error whose text is the value. */
function thrown(value: PsValue | undefined, { bounds }: Context): ErrorRecord {
  const target = value === undefined || value === NOTHING ? null : value;
  const exception = target instanceof PsObject ? target.get('Exception') : undefined;
  const message = exception instanceof PsObject ? exception.get('Message') : target;
  const text = target === null ? 'ScriptHalted' : bounds.textOf(message ?? target);
  const id = target instanceof PsObject ? target.get('FullyQualifiedErrorId') : undefined;
  return {
    message: text,
    errorId: id === undefined ? text : toText(id),
    category: 'OperationStopped',
    target: target instanceof PsDictionary ? null : target,
    exceptionType: 'System.Management.Automation.RuntimeException',
  };
}
