import { builtinCommands, commandTable } from '@doublehop/powershell/builtin/builtin';
import type {
  Command,
  CommandArgument,
  CommandCall,
  ProgressRecord,
} from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { type PipelineOptions, runPipeline } from '@doublehop/powershell/commands/pipeline';
import { propertyOf } from '@doublehop/powershell/objects/convert';
import { type PsValue, Scalar } from '@doublehop/powershell/objects/value';

/** Everything that a pipeline wrote. */
export interface Written {
  readonly output: PsValue[];
  readonly errors: ErrorRecord[];
  readonly warnings: string[];
  readonly verbose: string[];
  readonly information: PsValue[];
  readonly progress: ProgressRecord[];
}

/** A call: its name, positional values, and named ones in an object at the end. */
export function call(
  name: string,
  positional: readonly PsValue[] = [],
  named: Readonly<Record<string, PsValue | undefined>> = {},
): CommandCall {
  const args: CommandArgument[] = Object.entries(named).map(([key, value]) =>
    value === undefined ? { name: key } : { name: key, value },
  );
  return { name, isScript: false, args: [...args, ...positional.map((value) => ({ value }))] };
}

/** A block that the tests' runner understands: the name of a property, `$_.Name`. */
export function block(text: string): Scalar {
  return new Scalar('ScriptBlock', text);
}

export async function run(
  calls: readonly CommandCall[],
  more: Partial<PipelineOptions<undefined>> & { commands?: readonly Command<undefined>[] } = {},
): Promise<Written> {
  const written: Written = {
    output: [],
    errors: [],
    warnings: [],
    verbose: [],
    information: [],
    progress: [],
  };
  const commands = more.commands ?? [];
  const all: readonly Command<undefined>[] = [...commands, ...builtinCommands(() => all)];
  await runPipeline(calls, {
    find: commandTable(all),
    session: undefined,
    signal: new AbortController().signal,
    display: { width: 80, views: [] },
    invokeBlock: async (script, item) => [propertyOf(item, blockProperty(script)) ?? null],
    streams: {
      output: (value) => void written.output.push(value),
      error: (record) => void written.errors.push(record),
      warning: (text) => void written.warnings.push(text),
      verbose: (text) => void written.verbose.push(text),
      debug: () => {},
      information: (value) => void written.information.push(value),
      progress: (record) => void written.progress.push(record),
    },
    ...more,
  });
  return written;
}

function blockProperty(script: PsValue): string {
  const text = script instanceof Scalar ? String(script.value) : '';
  return text
    .trim()
    .replace(/^\$_\.'?/u, '')
    .replace(/'$/u, '');
}
