import type { Explanation } from '@doublehop/admin/explain/explain';
import type { HopFacts } from '@doublehop/admin/explain/hop-facts';
import { decidingValue } from '@doublehop/admin/explain/values';
import type { RenderedCheck } from '@doublehop/delegation/render';
import { ntStatusValue } from '@doublehop/security/ntstatus';
import { accountJson } from '../admin/edit-json.ts';

/** An explanation as JSON; docs/commands/explain.md has its shape. */
export function explanationJson(explanation: Explanation): Readonly<Record<string, unknown>> {
  const { facts, prediction, secondHop, fixes, caches, remarks } = explanation;
  const { outcome, mode, refusal, unread, stages } = prediction;
  return {
    ...partiesJson(facts),
    outcome,
    mode: mode ?? null,
    refusal:
      refusal === undefined
        ? null
        : {
            stage: refusal.stage,
            reason: refusal.reason,
            error: refusal.error,
            code: refusal.code,
            status: refusal.status ?? null,
            ntStatus: refusal.status === undefined ? null : ntStatusValue(refusal.status),
          },
    unread,
    stages: stages.map(({ stage, decision }) => ({
      stage,
      allowed: decision.allowed,
      sentence: decision.sentence,
      checks: decision.checks.map((check) => ({
        id: check.id,
        rule: check.rule,
        outcome: check.outcome,
        object: check.subject,
        sentence: check.detail,
        assumed: check.evidence === 'assumed',
        ...valueJson(facts, check),
      })),
    })),
    fixes: fixes.map(({ what, commands, elsewhere, widens, reach }) => ({
      what,
      commands,
      elsewhere: elsewhere ?? null,
      widens,
      reach,
    })),
    secondHop,
    caches: caches.map(({ until, clear, ...cache }) => ({
      ...cache,
      until: new Date(until).toISOString(),
      clear: clear ?? null,
    })),
    remarks,
  };
}

function valueJson(facts: HopFacts, check: RenderedCheck): Readonly<Record<string, unknown>> {
  const { attribute, value } = decidingValue(facts, check) ?? {};
  return { attribute: attribute ?? null, value: value ?? null };
}

/** Who takes part. */
export function partiesJson(facts: HopFacts): Readonly<Record<string, unknown>> {
  const { user, userName, middle, target, evidence, kdc } = facts;
  return {
    principal: userName,
    user: accountJson(user.hop.account),
    middle: accountJson(middle.hop.account),
    target: {
      spn: target.spn,
      through: target.through,
      accounts: target.holders,
      account: target.party === undefined ? null : accountJson(target.party.hop.account),
    },
    evidence,
    kdc: kdc.profile,
  };
}
