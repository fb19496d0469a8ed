import { MAX_ENVIRONMENT } from '../limits.ts';
import { schemaFault } from '../wsman/faults.ts';
import { Namespace } from '../wsman/names.ts';
import type { WsmanRequest } from '../wsman/request.ts';
import { childOf, childrenOf } from '../xml/parse.ts';

/** What a client asks of a command shell (MS-WSMV 2.2.4.39, 3.1.4.5.2). */
export interface CommandShellRequest {
  /** Names as they were given. */
  readonly environment: ReadonlyMap<string, string>;
  readonly workingDirectory: string | undefined;
}

/** Reads the body of the Create of a command shell. Throws RemotingError with a fault. */
export function readCommandShell({ body }: WsmanRequest): CommandShellRequest {
  const [shell] = body;
  const block = childOf(shell, Namespace.SHELL, 'Environment');
  const variables = block === undefined ? [] : childrenOf(block, Namespace.SHELL, 'Variable');
  if (variables.length > MAX_ENVIRONMENT) {
    throw schemaFault(`an environment has ${MAX_ENVIRONMENT} variables at most`);
  }
  const environment = new Map<string, string>();
  for (const { attributes, text } of variables) {
    const name = attributes.get('Name');
    if (name === undefined || name === '') throw schemaFault('a variable has no Name');
    environment.set(name, text);
  }
  const workingDirectory = childOf(shell, Namespace.SHELL, 'WorkingDirectory')?.text.trim();
  return { environment, workingDirectory };
}
