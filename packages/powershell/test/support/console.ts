import { builtinCommands, commandTable } from '@doublehop/powershell/builtin/builtin';
import {
  type Command,
  CommandFailure,
  type PipelineCall,
} from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { runPipeline } from '@doublehop/powershell/commands/pipeline';
import {
  Interpreter,
  type InterpreterOptions,
  type RunResult,
} from '@doublehop/powershell/language/interpreter';
import { parseScript } from '@doublehop/powershell/language/parse';
import { toText } from '@doublehop/powershell/objects/text';
import type { PsValue } from '@doublehop/powershell/objects/value';

/** What came of a script. */
export interface Ran {
  readonly output: PsValue[];
  readonly errors: ErrorRecord[];
  /** Undefined: an error ended the script, and is the last of the errors. */
  readonly result: RunResult | undefined;
}

/** A console with the commands that every console has, and those of the test. */
export class TestConsole {
  readonly interpreter: Interpreter;
  /** Pipelines that ran, when the test asked for no real ones. */
  readonly calls: PipelineCall[] = [];

  constructor(
    commands: readonly Command<undefined>[] = [],
    options: Partial<InterpreterOptions> = {},
  ) {
    const all: readonly Command<undefined>[] = [...commands, ...builtinCommands(() => all)];
    const find = commandTable(all);
    this.interpreter = new Interpreter({
      runPipeline: async (calls, run) => {
        this.calls.push(calls);
        const display = { width: 80, views: [] };
        await runPipeline(calls, { find, session: undefined, display, ...run });
      },
      ...options,
    });
  }

  async run(text: string, signal = new AbortController().signal): Promise<Ran> {
    const output: PsValue[] = [];
    const errors: ErrorRecord[] = [];
    const nothing = (): void => {};
    const streams = {
      output: (value: PsValue): void => void output.push(value),
      error: (record: ErrorRecord): void => void errors.push(record),
      warning: nothing,
      verbose: nothing,
      debug: nothing,
      information: nothing,
      progress: nothing,
    };
    try {
      const result = await this.interpreter.run(parseScript(text, 'test.ps1'), streams, signal);
      return { output, errors, result };
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      errors.push(error.record);
      return { output, errors, result: undefined };
    }
  }
}

/** The output of a script as texts, errors marked with `!`. */
export async function textsOf(text: string, console = new TestConsole()): Promise<string[]> {
  const { output, errors } = await console.run(text);
  return [...output.map(toText), ...errors.map(({ message }) => `! ${message}`)];
}
