// A PowerShell prompt of a session on a host.
import { builtinCommands, commandTable } from '@doublehop/powershell/builtin/builtin';
import { type Command, CommandFailure } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { runPipeline } from '@doublehop/powershell/commands/pipeline';
import { formatValues } from '@doublehop/powershell/format/formatter';
import { Interpreter } from '@doublehop/powershell/language/interpreter';
import { parseScript } from '@doublehop/powershell/language/parse';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { HOST_VIEWS } from '../../src/commands/host-objects.ts';
import { hostCommands } from '../../src/commands/host-commands.ts';
import type { HostSession } from '../../src/sessions/host-session.ts';

/** What came of a line. */
export interface Typed {
  readonly output: readonly PsValue[];
  readonly errors: readonly ErrorRecord[];
  readonly warnings: readonly string[];
  /** As the console shows the output. */
  readonly text: string;
}

/** Types a line into a session, which may have `more` commands than all have. */
export async function type(
  session: HostSession,
  line: string,
  more: readonly Command<HostSession>[] = [],
): Promise<Typed> {
  const commands: readonly Command<HostSession>[] = [
    ...more,
    ...hostCommands((given: HostSession) => given),
    ...builtinCommands<HostSession>(() => commands),
  ];
  const display = { width: 100, views: HOST_VIEWS };
  const find = commandTable(commands);
  const interpreter = new Interpreter({
    runPipeline: (calls, run) => runPipeline(calls, { find, session, display, ...run }),
  });
  const output: PsValue[] = [];
  const errors: ErrorRecord[] = [];
  const warnings: string[] = [];
  const nothing = (): void => {};
  const streams = {
    output: (value: PsValue): void => void output.push(value),
    error: (record: ErrorRecord): void => void errors.push(record),
    warning: (text: string): void => void warnings.push(text),
    verbose: nothing,
    debug: nothing,
    information: nothing,
    progress: nothing,
  };
  try {
    const script = parseScript(line, 'prompt');
    await interpreter.run(script, streams, AbortSignal.timeout(20_000));
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    errors.push(error.record);
  }
  return { output, errors, warnings, text: formatValues(output, display).join('\n') };
}
