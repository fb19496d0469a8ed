import { ALLOWED_TO_ACT } from '@doublehop/admin/account';
import type { ApplyReport, ChangeOutcome } from '@doublehop/admin/changes/apply';
import type { AttributeChange, ChangeTarget } from '@doublehop/admin/changes/change';
import type { DomainConnection } from '@doublehop/admin/connection';
import { fromUtf8 } from '@doublehop/wire/bytes';

/** Changes of any attribute, or with a report what became of them, as `--json` prints them. */
export function reportJson(
  { url, domain }: DomainConnection,
  {
    run,
    changes,
    report,
  }: {
    readonly run?: string | undefined;
    readonly changes?: readonly AttributeChange[] | undefined;
    readonly report?: ApplyReport | undefined;
  },
): Record<string, unknown> {
  const planned = changes?.map((change) => changeJson(change, 'planned'));
  return {
    dryRun: report === undefined,
    run: run ?? null,
    domain: domain.dnsName,
    controller: domain.controller ?? url,
    changes: report === undefined ? (planned ?? []) : report.outcomes.map(outcomeJson),
    ...(report === undefined ? {} : { summary: summaryJson(report) }),
  };
}

/** One change of one attribute. */
export function changeJson(
  { target, attribute, before, after, sentences }: AttributeChange,
  state: string,
): Record<string, unknown> {
  // Octets where they are octets; texts as texts.
  const shown = (value: Uint8Array): Uint8Array | string =>
    attribute === ALLOWED_TO_ACT ? value : fromUtf8(value);
  return {
    target: targetJson(target),
    attribute,
    state,
    sentences,
    before: before.map(shown),
    after: after.map(shown),
  };
}

/** How many there are of each. */
export function summaryJson({ done, unchanged, failed, notTried }: ApplyReport<unknown>): unknown {
  return { done, unchanged, failed, notTried };
}

function outcomeJson(outcome: ChangeOutcome): unknown {
  const json = changeJson(outcome.change, outcome.state);
  if (outcome.state !== 'failed') return json;
  const { code, message } = outcome.error;
  return { ...json, error: { code, message } };
}

function targetJson({ name, dn, guid, kind }: ChangeTarget): unknown {
  return { name, dn, guid: guid ?? null, kind };
}
