import {
  CommandFailure,
  type CommandStreams,
  type InvokeBlock,
  type PipelineCall,
} from '../commands/command.ts';
import type { ActionPreference } from '../commands/common-parameters.ts';
import { errorObject, type ErrorRecord } from '../commands/error-record.ts';
import { PowerShellError } from '../errors.ts';
import { MAX_BLOCK_DEPTH, MAX_KEPT_ERRORS } from '../limits.ts';
import { toText } from '../objects/text.ts';
import { type PsDictionary, type PsValue, Scalar } from '../objects/value.ts';
import type { BlockExpression, Script, VariableExpression } from './ast.ts';
import { Bounds } from './bounds.ts';
import { type Context, NOTHING, type Steps } from './context.ts';
import { Flow, runWith, statementsOf, withLocals } from './execute.ts';
import { parseScript } from './parse.ts';
import { checkRestricted } from './restricted.ts';
import { runtimeError, ScriptStop } from './script-error.ts';
import type { Source } from './source.ts';
import { usingKey } from './using.ts';

/** What of the language a session may use (about_Language_Modes). */
export type LanguageMode =
  /** All that docs/console-language.md describes. */
  | 'FullSubset'
  /** No variables of one's own, no blocks, loops or members. */
  | 'Restricted'
  /** Commands that arrive as commands; no script at all. */
  | 'None';

/** What a pipeline of a script runs with. */
export interface PipelineRun {
  readonly streams: CommandStreams;
  readonly signal: AbortSignal;
  readonly invokeBlock: InvokeBlock;
  /** The objects of the expression at its head. */
  readonly input?: Iterable<PsValue>;
}

export interface InterpreterOptions {
  /** Runs commands; throws CommandFailure when one ends with an error. */
  readonly runPipeline: (calls: PipelineCall, run: PipelineRun) => Promise<void>;
  readonly mode?: LanguageMode;
  /** Commands that take a block in Restricted mode, for they send it elsewhere. */
  readonly blockCommands?: readonly string[];
  /** `$env:NAME`. */
  readonly environment?: (name: string) => string | undefined;
  /** Values of `$using:` expressions of scripts that come with none of their own. */
  readonly using?: PsDictionary;
}

/** How a script ended. */
export interface RunResult {
  /** `$?`: whether the last statement did. */
  readonly succeeded: boolean;
  /** What `exit` said; undefined: it ran to its end. */
  readonly exitCode: number | undefined;
}

/** A block's statements, and where they were written. */
type Written = Pick<Script, 'body' | 'source'>;

/** A console: variables that stay from one script to the next, and scripts that run. */
export class Interpreter {
  readonly #options: InterpreterOptions;
  readonly #variables = new Map<string, PsValue>();
  readonly #blocks = new WeakMap<Scalar, Written>();
  #errors: PsValue[] = [];
  #succeeded = true;
  #hasFailed = false;
  #usingNow: PsDictionary | undefined;

  constructor(options: InterpreterOptions) {
    this.#options = options;
  }

  /** A variable's value; undefined: it is not set. */
  getVariable(name: string): PsValue | undefined {
    const value = this.#variables.get(name.toLowerCase());
    return value === NOTHING ? null : value;
  }

  setVariable(name: string, value: PsValue): void {
    this.#variables.set(name.toLowerCase(), value);
  }

  /**
   * Runs a script. Its errors go to the error stream; one that ends it (`throw`, `-ErrorAction
   * Stop`, a limit) is thrown as CommandFailure. Throws PowerShellError, before anything runs, for
   * a script that the language mode does not have, and the signal's reason when it was stopped.
   * `using`: values of `$using:` expressions, as they arrive with a script (`usingValues`).
   */
  async run(
    script: Script,
    streams: CommandStreams,
    signal: AbortSignal,
    using: PsDictionary | undefined = this.#options.using,
  ): Promise<RunResult> {
    const { mode = 'FullSubset' } = this.#options;
    if (mode === 'None') throw scriptsNotAllowed();
    if (mode === 'Restricted') checkRestricted(script, this.#options.blockCommands);
    this.#usingNow = using;
    const context = this.#context(streams, signal, script.source);
    try {
      await drive(runWith(script.body, [], context));
    } catch (error) {
      if (error instanceof Flow) {
        const exitCode = error.kind === 'exit' ? error.exitCode : undefined;
        return { succeeded: this.#succeeded, exitCode };
      }
      if (error instanceof ScriptStop) {
        this.#noteError(error.record);
        this.#succeeded = false;
      }
      throw error;
    }
    return { succeeded: this.#succeeded, exitCode: undefined };
  }

  /**
   * Runs a block that came as a value, with `$_` as `item` and arguments for its parameters; gives
   * what it puts out. Throws as `run` does.
   */
  async invoke(
    block: PsValue,
    item: PsValue,
    streams: CommandStreams,
    signal: AbortSignal,
    args: readonly PsValue[] = [],
  ): Promise<readonly PsValue[]> {
    const { source } = this.#writtenAs(block);
    try {
      const context = this.#context(streams, signal, source);
      return await this.#invokeBlock(block, item, context, args);
    } catch (error) {
      // `break` and `exit` have nothing here that they could leave.
      if (error instanceof Flow) return [];
      throw error;
    }
  }

  /** The variables of this console, for blocks whose text a command reads itself. */
  readonly variables = (name: string): PsValue | undefined => this.getVariable(name);

  #context(streams: CommandStreams, signal: AbortSignal, source: Source): Context {
    return {
      names: {
        read: (variable) => this.#read(variable),
        write: (name, value) => this.setVariable(name, value),
      },
      streams,
      signal,
      bounds: new Bounds(),
      statements: statementsOf,
      host: {
        runPipeline: (calls, context, input) => this.#runPipeline(calls, context, input),
        blockValue: (block, written) => this.#blockValue(block, written),
        errorAction: () => this.#errorAction(),
        noteError: (record) => this.#noteError(record),
        beginStatement: () => {
          this.#hasFailed = false;
        },
        endStatement: () => {
          this.#succeeded = !this.#hasFailed;
        },
      },
      source,
      depth: 0,
    };
  }

  async #runPipeline(
    calls: PipelineCall,
    context: Context,
    input?: Iterable<PsValue>,
  ): Promise<void> {
    const { streams, signal } = context;
    await this.#options.runPipeline(
      calls.map((call) => this.#withPreference(call)),
      {
        streams: {
          ...streams,
          error: (record) => {
            this.#noteError(record);
            return streams.error(record);
          },
        },
        signal,
        invokeBlock: (block, item) => this.#invokeBlock(block, item, context),
        ...(input !== undefined && { input }),
      },
    );
  }

  /** `$ErrorActionPreference` is every command's `-ErrorAction` that has none. */
  #withPreference(call: PipelineCall[number]): PipelineCall[number] {
    if (!this.#variables.has('erroractionpreference')) return call;
    const isGiven = call.args.some(({ name = '' }) => /^(?:ea|errora\w*)$/iu.test(name));
    const preference = { name: 'ErrorAction', value: this.#errorAction() };
    return isGiven ? call : { ...call, args: [...call.args, preference] };
  }

  async #invokeBlock(
    block: PsValue,
    item: PsValue,
    outer: Context,
    args: readonly PsValue[] = [],
  ): Promise<readonly PsValue[]> {
    const { mode = 'FullSubset' } = this.#options;
    // A block may have come as a value, by $using: or as an object.
    if (mode !== 'FullSubset') throw scriptsNotAllowed();
    if (outer.depth >= MAX_BLOCK_DEPTH) {
      const message = 'The script failed due to call depth overflow.';
      throw new ScriptStop(runtimeError(message, 'CallDepthOverflow').record);
    }
    const output: PsValue[] = [];
    const streams: CommandStreams = {
      ...outer.streams,
      output: (value) => {
        outer.bounds.places(1);
        output.push(value);
      },
    };
    const { body, source } = this.#writtenAs(block);
    const locals = new Map([
      ['_', item],
      ['psitem', item],
    ]);
    const names = withLocals(outer.names, locals);
    const context = { ...outer, names, streams, source, depth: outer.depth + 1 };
    try {
      await drive(runWith(body, args, context));
    } catch (error) {
      if (!(error instanceof Flow) || error.kind !== 'return') throw error;
    }
    return outer.bounds.made(output);
  }

  #blockValue({ body, text }: BlockExpression, source: Source): PsValue {
    const value = new Scalar('ScriptBlock', text);
    this.#blocks.set(value, { body, source });
    return value;
  }

  #writtenAs(block: PsValue): Written {
    if (!(block instanceof Scalar) || block.type !== 'ScriptBlock') {
      throw runtimeError(
        'What is to run is no script block.',
        'NotAScriptBlock',
        'InvalidType',
        block,
      );
    }
    const known = this.#blocks.get(block);
    if (known !== undefined) return known;
    const written = parseBlock(String(block.value));
    this.#blocks.set(block, written);
    return written;
  }

  #read(variable: VariableExpression): PsValue {
    const { scope, name } = variable;
    const lower = name.toLowerCase();
    if (scope === 'env') return this.#options.environment?.(name) ?? null;
    if (scope === 'using') return this.#using(variable);
    switch (lower) {
      case 'true':
        return true;
      case 'false':
        return false;
      case 'null':
        return null;
      case '?':
        return this.#succeeded;
      case 'error':
        return this.#errors;
      case 'psculture':
      case 'psuiculture':
        return 'en-US';
      default:
        return this.#variables.get(lower) ?? null;
    }
  }

  #using(variable: VariableExpression): PsValue {
    const value = this.#usingNow?.get(usingKey(`$using:${variable.name}`));
    if (value !== undefined) return value;
    throw runtimeError(
      'A Using variable cannot be retrieved. A Using variable can be used only with ' +
        'Invoke-Command, and its value comes from the session that calls it.',
      'UsingWithoutInvokeCommand',
      'InvalidArgument',
      variable.name,
    );
  }

  #errorAction(): ActionPreference {
    const text = toText(this.#variables.get('erroractionpreference') ?? 'Continue').toLowerCase();
    const all: readonly ActionPreference[] = ['Stop', 'SilentlyContinue', 'Ignore'];
    return all.find((action) => action.toLowerCase() === text) ?? 'Continue';
  }

  #noteError(record: ErrorRecord): void {
    this.#hasFailed = true;
    this.#errors = [errorObject(record), ...this.#errors].slice(0, MAX_KEPT_ERRORS);
  }
}

/** The refusal of every script in NoLanguage mode, with PowerShell's words. */
export function scriptsNotAllowed(): CommandFailure {
  return new CommandFailure({
    message:
      'The syntax is not supported by this runspace. This can occur if the runspace is in ' +
      'no-language mode.',
    errorId: 'ScriptsNotAllowed',
    category: 'ParserError',
    target: null,
    exceptionType: 'System.Management.Automation.ParseException',
  });
}

function parseBlock(text: string): Script {
  try {
    return parseScript(text, 'script block');
  } catch (error) {
    if (!(error instanceof PowerShellError)) throw error;
    throw runtimeError(error.message, 'ParserError', 'ParserError', text);
  }
}

/** Goes through steps, waiting wherever they wait. */
async function drive<T>(steps: Steps<T>): Promise<T> {
  let next = steps.next();
  while (next.done !== true) {
    let failure: { readonly error: unknown } | undefined;
    try {
      await next.value;
    } catch (error) {
      failure = { error };
    }
    next = failure === undefined ? steps.next() : steps.throw(failure.error);
  }
  return next.value;
}
