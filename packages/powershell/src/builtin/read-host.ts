import { type Command, failure } from '../commands/command.ts';
import { asList, isTrue } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';

/** Asks the person at the console, wherever it is. */
export function readHost<S>(): Command<S> {
  return {
    name: 'Read-Host',
    synopsis: 'Reads a line of input from the console.',
    module: 'Microsoft.PowerShell.Utility',
    parameters: [
      { name: 'Prompt', type: 'object', many: true, position: 0, remaining: true },
      { name: 'AsSecureString', type: 'switch' },
    ],
    run: async ({ bound, streams, host }) => {
      if (host === undefined) {
        throw failure(
          'Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not ' +
            'available.',
          'InvalidOperation,Microsoft.PowerShell.Commands.ReadHostCommand',
          'InvalidOperation',
        );
      }
      const prompt = asList(bound['Prompt'] ?? null).map(toText);
      if (prompt.length > 0) await host.write(`${prompt.join(' ')}: `);
      const isSecret = isTrue(bound['AsSecureString'] ?? null);
      await streams.output(isSecret ? await host.readSecret() : await host.readLine());
    },
  };
}
