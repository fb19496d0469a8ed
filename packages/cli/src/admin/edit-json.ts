import type { Account, Principal } from '@doublehop/admin/account';
import type { ApplyReport, ChangeOutcome } from '@doublehop/admin/apply';
import type { DomainConnection } from '@doublehop/admin/connection';
import type { Plan, PlannedChange } from '@doublehop/admin/plan';
import { changeSentences } from '@doublehop/admin/sentences';
import { summaryJson } from '../changes/report-json.ts';

/** A plan, or with a report what became of it, as `--json` prints it. */
export function editJson(
  { url, domain }: DomainConnection,
  { changes, skipped, refused }: Plan,
  written: { readonly report: ApplyReport; readonly run: string | undefined } | undefined,
): unknown {
  const report = written?.report;
  const outcomes: readonly ChangeOutcome[] | undefined = report?.outcomes;
  return {
    dryRun: report === undefined,
    run: written?.run ?? null,
    domain: domain.dnsName,
    controller: domain.controller ?? url,
    changes: changes.map((change, at) => changeJson(change, outcomes?.[at])),
    skipped: skipped.map(({ target, reason }) => ({ target: accountJson(target), reason })),
    refused: refused.map(({ target, error }) => ({
      target: accountJson(target),
      error: { code: error.code, message: error.message },
    })),
    ...(report === undefined ? {} : { summary: summaryJson(report) }),
  };
}

/** An account as every JSON output shows it. */
export function accountJson({ name, dn, sid, kind }: Account): unknown {
  return { name, dn, sid, kind };
}

function changeJson(change: PlannedChange, outcome: ChangeOutcome | undefined): unknown {
  const { target, before, after, changed, added, removed, kept, withoutEffect, warnings } = change;
  return {
    target: accountJson(target),
    state: outcome?.state ?? (changed ? 'planned' : 'unchanged'),
    ...(outcome?.state === 'failed'
      ? { error: { code: outcome.error.code, message: outcome.error.message } }
      : {}),
    added: added.map(principalJson),
    removed: removed.map(principalJson),
    kept: kept.map(principalJson),
    withoutEffect: withoutEffect.map(({ middle, reason }) => ({
      middle: principalJson(middle),
      reason,
    })),
    warnings,
    sentences: changeSentences(change),
    before: before ?? null,
    after: after ?? null,
  };
}

function principalJson({ name, sid, dn }: Principal): unknown {
  return { name, sid, dn: dn ?? null };
}
