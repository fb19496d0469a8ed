import { PowerShellError } from '@doublehop/powershell/errors';
import { convertBlock } from '@doublehop/powershell/language/convert-block';
import { parseScript } from '@doublehop/powershell/language/parse';
import { usingVariables } from '@doublehop/powershell/language/using';
import type { RemoteRequest } from '@doublehop/remoting/client/remote-session';
import { UsageError } from '../errors.ts';

/**
 * What a text asks of a remote session: commands where it can be, so that the other side needs no
 * language; else the text itself, also what our language has not: the other side may have it.
 * Throws UsageError for a text that is not finished, or uses `$using:`.
 */
export function requestOf(text: string, name: string): RemoteRequest {
  const script: RemoteRequest = { kind: 'script', text };
  try {
    const parsed = parseScript(text, name);
    const [variable] = usingVariables(parsed.body);
    if (variable !== undefined) {
      throw new UsageError(
        `$using:${variable.name} means a console's variable, and here is none: see doublehop run`,
      );
    }
    const converted = convertBlock(parsed, () => undefined);
    if (converted.isConverted) return { kind: 'commands', statements: converted.statements };
    return script;
  } catch (error) {
    if (!(error instanceof PowerShellError)) throw error;
    if (error.code === 'incomplete' || error.code === 'limit') throw new UsageError(error.message);
    return script;
  }
}

/** The text between the braces of `{ … }`, or the text as it is. */
export function blockText(text: string): string {
  const inner = /^\s*\{(.*)\}\s*$/su.exec(text)?.[1];
  return inner ?? text;
}
