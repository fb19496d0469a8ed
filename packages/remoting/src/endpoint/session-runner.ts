import { commandTable } from '@doublehop/powershell/builtin/builtin';
import {
  type Command,
  type CommandCall,
  CommandFailure,
  type CommandHost,
  type CommandStreams,
  type InvokeBlock,
  type PipelineCall,
} from '@doublehop/powershell/commands/command';
import { notFound, runPipeline } from '@doublehop/powershell/commands/pipeline';
import { PowerShellError } from '@doublehop/powershell/errors';
import {
  Interpreter,
  type PipelineRun,
  scriptsNotAllowed,
} from '@doublehop/powershell/language/interpreter';
import { parseScript } from '@doublehop/powershell/language/parse';
import { toText } from '@doublehop/powershell/objects/text';
import { PsDictionary, type PsValue } from '@doublehop/powershell/objects/value';
import { Channel } from './channel.ts';
import type { EndpointSession, PipelineRequest, RequestedCommand } from './endpoint-session.ts';

/** What a pipeline of a client runs with. */
export interface RunOptions {
  readonly streams: CommandStreams;
  readonly signal: AbortSignal;
  /** Objects that the client sends; undefined: it sends none. */
  readonly input?: AsyncIterable<PsValue>;
  /** Columns of the client's console. */
  readonly width?: number;
  /** Whom commands can ask something; absent: nobody. */
  readonly host?: CommandHost;
}

const DEFAULT_WIDTH = 120;

/**
 * Runs what a client sends, in one runspace: commands as they are, scripts as far as the session's
 * language mode lets them. Names are looked up before any value is decoded.
 */
export class SessionRunner<S> {
  readonly #session: EndpointSession<S>;
  readonly #find: (name: string) => Command<S> | undefined;
  readonly #interpreter: Interpreter;
  #width = DEFAULT_WIDTH;
  #host: CommandHost | undefined;

  constructor(session: EndpointSession<S>) {
    const { languageMode, blockCommands, environment, variables = {} } = session;
    this.#session = session;
    this.#find = commandTable(session.commands);
    this.#interpreter = new Interpreter({
      mode: languageMode,
      ...(blockCommands !== undefined && { blockCommands }),
      runPipeline: (calls, run) => this.#runCalls(calls, run),
      ...(environment !== undefined && { environment }),
    });
    for (const [name, value] of Object.entries(variables)) {
      this.#interpreter.setVariable(name, value);
    }
  }

  /**
   * Runs a request, statement by statement. Throws CommandFailure when it ends with an error, and
   * the signal's reason when it was stopped.
   */
  async run(request: PipelineRequest, options: RunOptions): Promise<void> {
    this.#width = options.width ?? DEFAULT_WIDTH;
    this.#host = options.host;
    for (const statement of request.statements) {
      options.signal.throwIfAborted();
      this.#check(statement);
      await this.#statement(statement.map(asScript), options);
    }
  }

  /** Whether the user has a statement's commands, before anything else of them is looked at. */
  #check(statement: readonly RequestedCommand[]): void {
    const { languageMode } = this.#session;
    for (const [i, { name, isScript }] of statement.entries()) {
      if (isScript && languageMode === 'None') throw scriptsNotAllowed();
      if (isScript && i > 0) throw scriptInside();
      const isKnown = isScript || this.#find(name) !== undefined || this.#isExpression(name);
      if (!isKnown) throw notFound(name);
      if (i > 0 && this.#isExpression(name)) throw scriptInside();
    }
  }

  /** Where scripts are taken, it is one more way to send them. */
  #isExpression(name: string): boolean {
    return this.#session.languageMode !== 'None' && isExpression(name);
  }

  async #statement(statement: readonly RequestedCommand[], options: RunOptions): Promise<void> {
    this.#note(statement);
    const recording = await this.#session.recorder?.begin(statement.map(callOf));
    if (recording === undefined) return this.#perform(statement, options);
    const streams = recording.streams(options.streams);
    try {
      await this.#perform(statement, { ...options, streams });
    } catch (error) {
      await recording.end(error);
      throw error;
    }
    await recording.end();
  }

  async #perform(statement: readonly RequestedCommand[], options: RunOptions): Promise<void> {
    const [first, ...rest] = statement;
    if (first === undefined) return;
    if (!first.isScript) return this.#commands(statement.map(callOf), options);
    if (rest.length === 0) return this.#script(first, options);
    await this.#piped(first, rest, options);
  }

  /** A script whose output goes into commands. It ends when they need no more of it. */
  async #piped(
    first: RequestedCommand,
    rest: readonly RequestedCommand[],
    options: RunOptions,
  ): Promise<void> {
    const channel = new Channel<PsValue>();
    const enough = new AbortController();
    const signal = AbortSignal.any([options.signal, enough.signal]);
    const streams = { ...options.streams, output: (value: PsValue) => channel.write(value) };
    const script = this.#script(first, { ...options, streams, signal }).then(
      () => channel.end(),
      (error: unknown) => channel.fail(error),
    );
    try {
      await this.#commands(rest.map(callOf), { ...options, input: channel });
    } finally {
      enough.abort();
      // Commands that could not begin have read nothing.
      channel.abandon();
      await script;
    }
  }

  async #commands(calls: PipelineCall, { streams, signal, input }: RunOptions): Promise<void> {
    await this.#runCalls(calls, {
      streams,
      signal,
      invokeBlock: (block, item) => this.#block(block, item, streams, signal),
      ...(input !== undefined && { input }),
    });
  }

  async #script(command: RequestedCommand, { streams, signal }: RunOptions): Promise<void> {
    const using = usingOf(command);
    try {
      const script = parseScript(command.name, 'command');
      await this.#interpreter.run(script, streams, signal, using);
    } catch (error) {
      throw error instanceof PowerShellError ? unreadable(error) : error;
    }
  }

  /** A block that came as a value, for `Where-Object` and its like: it is script, too. */
  async #block(
    block: PsValue,
    item: PsValue,
    streams: CommandStreams,
    signal: AbortSignal,
  ): ReturnType<InvokeBlock> {
    if (this.#session.languageMode !== 'FullSubset') throw scriptsNotAllowed();
    return this.#interpreter.invoke(block, item, streams, signal);
  }

  async #runCalls(
    calls: PipelineCall,
    run: Omit<PipelineRun, 'input'> & {
      readonly input?: AsyncIterable<PsValue> | Iterable<PsValue>;
    },
  ): Promise<void> {
    const { session, views = [] } = this.#session;
    await runPipeline(calls, {
      ...run,
      find: this.#find,
      session,
      display: { width: this.#width, views },
      ...(this.#host !== undefined && { host: this.#host }),
    });
  }

  /** The transcript has names of commands and texts of scripts; values may be secrets. */
  #note(statement: readonly RequestedCommand[]): void {
    this.#session.transcript?.(`PS> ${statement.map(({ name }) => name).join(' | ')}`);
  }
}

function callOf(command: RequestedCommand): CommandCall {
  const { name, isScript, mergeError } = command;
  // PowerShell sends a switch as a parameter without a value, which is null then.
  const args = command
    .args()
    .map((arg) => (arg.name !== undefined && arg.value === null ? { name: arg.name } : arg));
  return { name, isScript, mergeError, args };
}

/** `Invoke-Expression TEXT`, by which some clients send scripts, is the script that it says. */
function asScript(command: RequestedCommand): RequestedCommand {
  if (command.isScript || !isExpression(command.name)) return command;
  const [text, ...more] = command.args();
  const isText = text?.name === undefined || text.name.toLowerCase() === 'command';
  if (text?.value === undefined || !isText || more.length > 0) {
    throw new CommandFailure({
      message: 'Invoke-Expression takes one text, -Command.',
      errorId: 'ParameterBindingFailed,Microsoft.PowerShell.Commands.InvokeExpressionCommand',
      category: 'InvalidArgument',
      target: null,
    });
  }
  return { ...command, name: toText(text.value), isScript: true, args: () => [] };
}

function isExpression(name: string): boolean {
  return /^(?:invoke-expression|iex)$/iu.test(name);
}

/** The values of `$using:` expressions come as the parameter `--%` of the script. */
function usingOf(command: RequestedCommand): PsDictionary | undefined {
  const args = command.args();
  const using = args.find(({ name }) => name === '--%');
  const other = args.find((one) => one !== using);
  if (other !== undefined) {
    throw new CommandFailure({
      message:
        `The script takes no arguments here, and got ${other.name ?? 'one without a name'}. Put ` +
        'values into it, or use $using: variables.',
      errorId: 'ScriptArgumentsNotSupported',
      category: 'NotImplemented',
      target: null,
    });
  }
  return using?.value instanceof PsDictionary ? using.value : undefined;
}

function scriptInside(): CommandFailure {
  return new CommandFailure({
    message: 'A script can only be the first command of a pipeline here.',
    errorId: 'ScriptInsidePipelineNotSupported',
    category: 'NotImplemented',
    target: null,
  });
}

/** A script that is not in the language, or not in what of it the session may use. */
function unreadable({ code, message }: PowerShellError): CommandFailure {
  const isRefused = code === 'unsupported';
  return new CommandFailure({
    message,
    errorId: isRefused ? 'LanguageNotSupported' : 'ParserError',
    category: 'ParserError',
    target: null,
    exceptionType: 'System.Management.Automation.ParseException',
  });
}
