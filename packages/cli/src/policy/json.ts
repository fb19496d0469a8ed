import type { DomainConnection } from '@doublehop/admin/connection';
import type { ChangeOutcome } from '@doublehop/admin/changes/apply';
import type { RunReport } from '@doublehop/admin/journal/carry-out';
import type { PolicyChange, PolicyPlan } from '@doublehop/admin/policy/change';
import { accountJson } from '../admin/edit-json.ts';

/** A plan, or with a report what became of it, as `--json` prints it. */
export function policyJson(
  { url, domain }: DomainConnection,
  { name, plan }: { readonly name: string; readonly plan: PolicyPlan },
  report?: RunReport,
): unknown {
  const { changes, refused, warnings, accounts } = plan;
  return {
    file: name,
    ...(report === undefined ? {} : { run: report.run ?? null }),
    domain: domain.dnsName,
    controller: domain.controller ?? url,
    drift: changes.length + refused.length > 0,
    accounts,
    changes: changes.map((change, at) => changeJson(change, report?.outcomes[at])),
    refused: refused.map(({ account, attribute, rules, message }) => ({
      account: accountJson(account),
      attribute,
      rules,
      message,
    })),
    warnings: warnings.map(({ at, message }) => ({ ...at, message })),
  };
}

function changeJson(change: PolicyChange, outcome: ChangeOutcome | undefined): unknown {
  const { target, attribute, before, after, differences, warnings } = change;
  return {
    account: accountJson(target),
    attribute,
    state: outcome?.state ?? 'planned',
    ...(outcome?.state === 'failed'
      ? { error: { code: outcome.error.code, message: outcome.error.message } }
      : {}),
    differences: differences.map(({ action, what, rules, why }, at) => ({
      action,
      ...(what.kind === 'middle'
        ? { middle: { name: what.middle.name, sid: what.middle.sid, dn: what.middle.dn ?? null } }
        : {}),
      ...(what.kind === 'service' ? { service: what.service } : {}),
      ...(what.kind === 'flag' ? { flag: what.flag } : {}),
      rules,
      why,
      sentence: change.sentences[at],
    })),
    warnings,
    before,
    after,
  };
}
