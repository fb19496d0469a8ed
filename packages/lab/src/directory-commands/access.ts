import type { DomainConnection } from '@doublehop/admin/connection';
import {
  type Invocation,
  type Parameter,
  type PlainCommand,
  failure,
} from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { type AskPassword, type PersonCredential, personOf } from '../console/target.ts';

/** What the commands need: a connection to a domain, and the caller's variables. */
export interface DirectoryAccess {
  /**
   * A connection to a controller: of the caller's domain where `server` is absent, as the caller
   * where `credential` is. Throws AdminError or KerberosError.
   */
  readonly directory: (
    server: string | undefined,
    credential?: PersonCredential,
  ) => Promise<DomainConnection>;
  readonly variables: (name: string) => PsValue | undefined;
  /** The password for `-Credential NAME`; absent, or undefined: nobody can be asked. */
  readonly askPassword?: AskPassword;
  /** Asks whether that is meant (`-Confirm`); absent: nobody can be asked. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** One run of a command of the module. */
export type Run = Invocation<DirectoryAccess>;

/** A command of the module, before it knows what it works with. */
export type DirectoryCommand = PlainCommand<DirectoryAccess>;

export const MODULE = 'ActiveDirectory';

/** .NET namespace of the module's types; those of its commands are in `.Commands`. */
export const NAMESPACE = 'Microsoft.ActiveDirectory.Management';

/** Which controller, and as whom. */
export const CONNECTION_PARAMETERS: readonly Parameter[] = [
  { name: 'Server', type: 'string' },
  { name: 'Credential', type: 'object' },
];

/** Of commands that write (about_CommonParameters, ShouldProcess). */
export const PROCESS_PARAMETERS: readonly Parameter[] = [
  { name: 'WhatIf', type: 'switch', aliases: ['wi'] },
  { name: 'Confirm', type: 'switch', aliases: ['cf'] },
];

/** Works with the domain that `-Server` and `-Credential` mean, and leaves it. */
export async function withDomain(
  { bound, session }: Run,
  work: (connection: DomainConnection) => Promise<void>,
): Promise<void> {
  const { Server: server, Credential: given } = bound;
  const credential = given === undefined ? undefined : await personOf(given, session.askPassword);
  const connection = await session.directory(
    server === undefined ? undefined : toText(server),
    credential,
  );
  try {
    await work(connection);
  } finally {
    await connection.close();
  }
}

/**
 * Whether a change is to be made: not with `-WhatIf`, which says what it would be, nor where
 * somebody who is asked says no. `asks`: without `-Confirm:$false` it is asked (ConfirmImpact High,
 * as removals have it). Throws CommandFailure where nobody can be asked.
 */
export async function shouldProcess(
  { bound, streams, session }: Run,
  { operation, target, asks = false }: { operation: string; target: string; asks?: boolean },
): Promise<boolean> {
  const sentence = `Performing the operation "${operation}" on target "${target}".`;
  if (bound['WhatIf'] === true) {
    await streams.information(`What if: ${sentence}`, ['PSHOST']);
    return false;
  }
  const { Confirm: confirm = asks } = bound;
  if (confirm !== true) return true;
  if (session.confirm !== undefined) return await session.confirm(sentence);
  throw failure(
    `${sentence} Nobody can be asked whether that is meant: say -Confirm:$false.`,
    'InvalidOperation,Microsoft.PowerShell.Commands.ShouldProcess',
    'InvalidOperation',
    target,
  );
}
