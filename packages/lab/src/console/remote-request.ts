import { CommandFailure } from '@doublehop/powershell/commands/command';
import { PowerShellError } from '@doublehop/powershell/errors';
import { convertBlock } from '@doublehop/powershell/language/convert-block';
import { parseScript } from '@doublehop/powershell/language/parse';
import { usingValues } from '@doublehop/powershell/language/using';
import { toText } from '@doublehop/powershell/objects/text';
import { type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import type { RemoteRequest } from '@doublehop/remoting/client/remote-session';

/** A block as commands with finished arguments, or else as text with its `$using:` values. */
export function requestOf(
  block: PsValue,
  variables: (name: string) => PsValue | undefined,
  args: readonly PsValue[] = [],
): RemoteRequest {
  const text = block instanceof Scalar ? String(block.value) : toText(block);
  try {
    const script = parseScript(text, 'script block');
    const converted = convertBlock(script, variables, args);
    if (converted.isConverted) return { kind: 'commands', statements: converted.statements };
    if (args.length > 0) throw noArguments();
    return { kind: 'script', text, using: usingValues(script.body, variables) };
  } catch (error) {
    if (!(error instanceof PowerShellError)) throw error;
    throw new CommandFailure({
      message: error.message,
      errorId: 'ParserError',
      category: 'ParserError',
      target: null,
      activity: 'Invoke-Command',
    });
  }
}

function noArguments(): CommandFailure {
  return new CommandFailure({
    message:
      'A block that is sent as text takes no -ArgumentList here: use $using: variables in it.',
    errorId: 'ArgumentListNotSupported,Invoke-Command',
    category: 'NotImplemented',
    target: null,
    activity: 'Invoke-Command',
  });
}
