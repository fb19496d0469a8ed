import { ALLOWED_TO_ACT } from './account.ts';
import {
  applyAttributeChanges,
  type ApplyOptions as AnyOptions,
  type ApplyReport as AnyReport,
  type ChangeOutcome as AnyOutcome,
} from './changes/apply.ts';
import type { AttributeChange } from './changes/change.ts';
import { readAttribute, writeChange } from './changes/write.ts';
import type { DomainConnection } from './connection.ts';
import type { PlannedChange } from './plan.ts';
import { changeSentences } from './sentences.ts';

/** A change of grants as the attribute change that it comes to. */
export interface GrantChange extends AttributeChange {
  readonly planned: PlannedChange;
}

/** What became of one planned change. */
export type ChangeOutcome = AnyOutcome<PlannedChange>;

/** How a plan is carried out. */
export type ApplyOptions = AnyOptions<PlannedChange>;

/** What became of a plan, in the order of its changes. */
export type ApplyReport = AnyReport<PlannedChange>;

/** The attribute change of a planned one, to be written and to be kept in the journal. */
export function grantChange(planned: PlannedChange): GrantChange {
  const { target, before, after } = planned;
  return {
    planned,
    target,
    attribute: ALLOWED_TO_ACT,
    before: before === undefined ? [] : [before],
    after: after === undefined ? [] : [after],
    sentences: changeSentences(planned),
  };
}

/** Carries out planned changes. One that fails does not stop the others; a lost connection does. */
export async function applyChanges(
  connection: DomainConnection,
  changes: readonly PlannedChange[],
  { onOutcome, ...options }: ApplyOptions = {},
): Promise<ApplyReport> {
  const report = await applyAttributeChanges(connection, changes.map(grantChange), {
    ...options,
    onOutcome: onOutcome && ((outcome, done) => onOutcome(plannedOutcome(outcome), done)),
  });
  return { ...report, outcomes: report.outcomes.map(plannedOutcome) };
}

/**
 * Writes one planned change, as `writeChange` does. Throws AdminError `changed-since`,
 * `access-denied`, `unreachable`, `directory`.
 */
export async function applyChange(
  connection: DomainConnection,
  change: PlannedChange,
): Promise<void> {
  await writeChange(connection, grantChange(change));
}

/** The value as it stands now. */
export async function readAllowedToAct(
  connection: DomainConnection,
  dn: string,
): Promise<Uint8Array | undefined> {
  return (await readAttribute(connection, dn, ALLOWED_TO_ACT))[0];
}

/** An outcome with the planned change in the place of the attribute change. */
export function plannedOutcome(outcome: AnyOutcome<GrantChange>): ChangeOutcome {
  return { ...outcome, change: outcome.change.planned };
}
