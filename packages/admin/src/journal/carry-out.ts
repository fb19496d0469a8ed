import {
  applyAttributeChanges,
  type ApplyOptions,
  type ApplyReport,
  type ChangeOutcome,
} from '../changes/apply.ts';
import { type AttributeChange, isChange } from '../changes/change.ts';
import type { DomainConnection } from '../connection.ts';
import { RunRecorder } from './recorder.ts';
import { type JournalStore, runName } from './store.ts';

/** What a run needs besides a connection and changes. */
export interface RunOptions<C extends AttributeChange = AttributeChange> extends ApplyOptions<C> {
  readonly journal: JournalStore;
  /** The words of the command, for whoever reads the journal. No secrets. */
  readonly command: readonly string[];
  /** The run that this one undoes. */
  readonly undoes?: string | undefined;
  readonly clock: () => number;
  readonly random: (size: number) => Uint8Array;
}

/** What became of a run. */
export interface RunReport<C extends AttributeChange = AttributeChange> extends ApplyReport<C> {
  /** The name by which it can be undone; undefined where there was nothing to write. */
  readonly run: string | undefined;
}

/**
 * Carries out changes as a run: the journal has them, and is on the disk, before the first is
 * written. Throws AdminError `journal` where it cannot be written; before the first write, unless
 * the message says otherwise.
 */
export async function carryOut<C extends AttributeChange>(
  connection: DomainConnection,
  changes: readonly C[],
  options: RunOptions<C>,
): Promise<RunReport<C>> {
  const { journal, command, undoes, clock, random } = options;
  const real = changes.filter(isChange);
  if (real.length === 0) {
    return { ...(await applyAttributeChanges(connection, changes, options)), run: undefined };
  }
  const at = clock();
  const { domain, url } = connection;
  const recorder = await RunRecorder.begin(
    journal,
    {
      run: runName(at, random),
      at,
      command,
      undoes,
      who: await whoAmI(connection),
      controller: domain.controller ?? url,
      domain: domain.dnsName,
      domainSid: domain.sid,
    },
    { changes: real, clock },
  );
  const numbers = new Map<AttributeChange, number>(real.map((change, n) => [change, n]));
  const report = await recorded(connection, changes, { recorder, numbers, options });
  return { ...report, run: recorder.run };
}

/** Applies changes whose intents are in the journal already. */
export async function recorded<C extends AttributeChange>(
  connection: DomainConnection,
  changes: readonly C[],
  {
    recorder,
    numbers,
    options,
  }: {
    readonly recorder: RunRecorder;
    readonly numbers: ReadonlyMap<AttributeChange, number>;
    readonly options: ApplyOptions<C>;
  },
): Promise<ApplyReport<C>> {
  const onOutcome = (outcome: ChangeOutcome<C>, done: number): void => {
    const n = numbers.get(outcome.change);
    if (n !== undefined) recorder.outcome(n, outcome);
    options.onOutcome?.(outcome, done);
  };
  try {
    const report = await applyAttributeChanges(connection, changes, { ...options, onOutcome });
    await recorder.end();
    return report;
  } finally {
    await recorder.close();
  }
}

/** Who works, in the controller's words; empty where it does not say. */
export async function whoAmI({ client }: DomainConnection): Promise<string> {
  try {
    return (await client.whoAmI?.()) ?? '';
  } catch {
    // A controller that does not know the operation must not keep anybody from working.
    return '';
  }
}
