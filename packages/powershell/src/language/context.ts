import type { CommandStreams, PipelineCall } from '../commands/command.ts';
import type { ActionPreference } from '../commands/common-parameters.ts';
import type { ErrorRecord } from '../commands/error-record.ts';
import type { PsValue } from '../objects/value.ts';
import type { Block, BlockExpression, Statement, VariableExpression } from './ast.ts';
import type { Bounds } from './bounds.ts';
import type { Source } from './source.ts';

/**
 * Work that goes on synchronously until it has to wait: then it gives out what it waits for. The
 * same evaluation so serves a script that runs and a block whose variables are only read.
 */
export type Steps<T> = Generator<Promise<void>, T, void>;

/** What statements and expressions run with. */
export interface Context {
  readonly names: Names;
  readonly streams: CommandStreams;
  readonly signal: AbortSignal;
  readonly bounds: Bounds;
  readonly statements: Statements;
  readonly host: Host;
  /** What is run was written there. */
  readonly source: Source;
  /** How many blocks run in each other. */
  readonly depth: number;
  /** An error of a statement goes to a `catch`, and is not just shown. */
  readonly isTried?: boolean;
  /** The error that the `catch` around is about: what `throw` alone throws again. */
  readonly caught?: ErrorRecord;
}

/** The variables that an evaluation sees. */
export interface Names {
  /** What a variable holds; null for one that is not set. Throws CommandFailure. */
  read(variable: VariableExpression): PsValue;
  write(name: string, value: PsValue): void;
}

/** What a run of a script asks of its surroundings, and tells them. */
export interface Host {
  runPipeline(calls: PipelineCall, context: Context, input?: Iterable<PsValue>): Promise<void>;
  /** The script block as a value, which remembers where it was written. */
  blockValue(block: BlockExpression, source: Source): PsValue;
  /** `$ErrorActionPreference`. */
  errorAction(): ActionPreference;
  /** A statement ended with an error, or a command reported one: for `$?` and `$Error`. */
  noteError(record: ErrorRecord): void;
  /** A statement begins. */
  beginStatement(): void;
  /** A statement ended: `$?` is whether no error was noted since one began. */
  endStatement(): void;
}

/** How expressions run the statements that are in them. */
export interface Statements {
  /** Runs statements; their output, gathered. */
  gather(block: Block, context: Context): Steps<readonly PsValue[]>;
  /** What a statement is worth on the right of `=` or in parentheses. */
  value(statement: Statement, context: Context): Steps<PsValue>;
}

/**
 * What a pipeline without output is worth: null wherever a value is asked for, and nothing where
 * a list is (AutomationNull of PowerShell).
 */
export const NOTHING: readonly PsValue[] = Object.freeze([]);

/** What gathered output is worth: nothing, the one object, or the list. */
export function worthOf(output: readonly PsValue[]): PsValue {
  if (output.length === 0) return NOTHING;
  return output.length === 1 ? (output[0] ?? null) : output;
}
