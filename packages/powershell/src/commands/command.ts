import type { View } from '../format/view.ts';
import type { PsValue, SecureText } from '../objects/value.ts';
import type { ErrorCategory, ErrorRecord } from './error-record.ts';

/** One command of a pipeline as it arrives: a name and typed arguments (MS-PSRP 2.2.3.11). */
export interface CommandCall {
  readonly name: string;
  /** The text is a script, not a name. */
  readonly isScript: boolean;
  readonly args: readonly CommandArgument[];
  /** `2>&1`: errors go down the pipeline as objects. */
  readonly mergeError?: boolean;
}

/**
 * An argument: without a name it is positional. A name without a value (`-Newest`, as a script has
 * it) is a switch, or takes the positional argument that follows.
 */
export interface CommandArgument {
  /** Without dash and colon. */
  readonly name?: string;
  readonly value?: PsValue;
}

/** Commands joined by `|`. */
export type PipelineCall = readonly CommandCall[];

/** Where a running command writes; each returns when the reader can take more. */
export interface CommandStreams {
  output(value: PsValue): Promise<void> | void;
  error(record: ErrorRecord): Promise<void> | void;
  warning(text: string): Promise<void> | void;
  verbose(text: string): Promise<void> | void;
  debug(text: string): Promise<void> | void;
  information(value: PsValue, tags: readonly string[]): Promise<void> | void;
  progress(record: ProgressRecord): Promise<void> | void;
}

/** MS-PSRP 2.2.2.25. */
export interface ProgressRecord {
  readonly activity: string;
  readonly activityId: number;
  readonly parentActivityId?: number;
  readonly statusDescription: string;
  readonly currentOperation?: string;
  /** 0 to 100; -1: not known. */
  readonly percentComplete: number;
  /** -1: not known. */
  readonly secondsRemaining: number;
  readonly completed: boolean;
}

/** What types a parameter may ask for; a value is converted as PowerShell does, or refused. */
export type ParameterType =
  | 'object'
  | 'string'
  | 'int'
  | 'long'
  | 'bool'
  | 'switch'
  | 'datetime'
  | 'credential'
  | 'scriptblock'
  | 'hashtable';

/** One parameter of a command. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  /** Takes an array (`[string[]]`). */
  readonly many?: boolean;
  readonly aliases?: readonly string[];
  readonly mandatory?: boolean;
  readonly position?: number;
  /** Takes all positional arguments from its own on (`ValueFromRemainingArguments`). */
  readonly remaining?: boolean;
  /** Objects of the pipeline bind to it as they are. */
  readonly fromPipeline?: boolean;
  /** A property of that name (or alias) of an object of the pipeline binds to it. */
  readonly fromProperty?: boolean;
  readonly validateSet?: readonly string[];
  /** Parameter sets it belongs to; without: to all. */
  readonly sets?: readonly string[];
  readonly help?: string;
}

/** A command's parameters after binding, by parameter name; switches not given are absent. */
export type Bound = Readonly<Record<string, PsValue>>;

/** What a command gets to run with. `S` is what the host gives its commands: session, services. */
export interface Invocation<S> {
  readonly session: S;
  readonly bound: Bound;
  readonly parameterSet: string;
  readonly streams: CommandStreams;
  readonly signal: AbortSignal;
  /** Runs a script block with `$_`; gives what it puts out. */
  readonly invokeBlock: InvokeBlock;
  readonly display: Display;
  /** Absent: nobody can be asked. */
  readonly host?: CommandHost;
}

/** The console of whoever runs a command: a person may sit at it. */
export interface CommandHost {
  /** Writes without an end of the line. */
  write(text: string): Promise<void> | void;
  /** A line that the person types. Throws CommandFailure where it cannot be had. */
  readLine(): Promise<string>;
  /** The same, without showing it. */
  readSecret(): Promise<SecureText>;
}

/** How a command that formats is to do it. */
export interface Display {
  /** Columns of the terminal. */
  readonly width: number;
  readonly views: readonly View[];
}

/** Runs a script block, a `Scalar` of that type, with `$_` as `item`. */
export type InvokeBlock = (block: PsValue, item: PsValue) => Promise<readonly PsValue[]>;

/** What a command is called and takes. */
export interface CommandInfo {
  /** `Get-Process`. */
  readonly name: string;
  readonly synopsis: string;
  readonly parameters: readonly Parameter[];
  /** The parameter set that wins when the arguments fit several. */
  readonly defaultSet?: string;
  /** Type names of its output, for `Get-Command` and formatting. */
  readonly outputTypes?: readonly string[];
  /** Module it is shown to come from. */
  readonly module?: string;
}

/** A command that does its work for each set of arguments. */
export interface PlainCommand<S> extends CommandInfo {
  /**
   * Runs once for each object of the pipeline, if a parameter takes it, with `bound` renewed; else
   * once. Throws `CommandFailure` to end with an error record.
   */
  run(invocation: Invocation<S>): Promise<void>;
}

/** A command that keeps something between the objects of the pipeline: a sort, a count. */
export interface StagedCommand<S> extends CommandInfo {
  /** Begins one use of the command. */
  begin(invocation: Invocation<S>): CommandStage;
}

export interface CommandStage {
  /** Takes one object of the pipeline. */
  process(item: PsValue): Promise<void> | void;
  /** After the last object. */
  end?(): Promise<void> | void;
  /** Whether it needs no more: the commands before it are ended. */
  isSatisfied?(): boolean;
}

/** A typed command: what it takes, what it does. `S` is what its host gives it to work with. */
export type Command<S> = PlainCommand<S> | StagedCommand<S>;

/** Why a command ends: the record that the caller sees. */
export class CommandFailure extends Error {
  readonly record: ErrorRecord;

  constructor(record: ErrorRecord) {
    super(record.message);
    this.name = 'CommandFailure';
    this.record = record;
  }
}

/** Makes a terminating error in one line. */
export function failure(
  message: string,
  errorId: string,
  category: ErrorCategory,
  target: PsValue = null,
): CommandFailure {
  return new CommandFailure({ message, errorId, category, target });
}
