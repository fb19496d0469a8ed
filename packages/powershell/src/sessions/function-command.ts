import type { Command, CommandStreams } from '../commands/command.ts';
import { type PsValue, Scalar } from '../objects/value.ts';
import type { FunctionDefinition } from './role-capability.ts';

/** Runs a block of a session's functions: `Interpreter.invoke` of one that has the whole subset. */
export type InvokeFunction = (
  block: PsValue,
  item: PsValue,
  streams: CommandStreams,
  signal: AbortSignal,
) => Promise<readonly PsValue[]>;

/**
 * A function that a session configuration or a role defines, as a command without parameters. Its
 * statements are the administrator's: they may use what the user of the session may not
 * (about_Role_Capabilities), so `invoke` is of an interpreter of its own.
 */
export function functionCommand<S>(
  { name, text }: FunctionDefinition,
  invoke: InvokeFunction,
): Command<S> {
  const block = new Scalar('ScriptBlock', text);
  return {
    name,
    synopsis: '',
    parameters: [],
    async run({ streams, signal }) {
      for (const value of await invoke(block, null, streams, signal)) await streams.output(value);
    },
  };
}
