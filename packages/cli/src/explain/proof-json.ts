import type { Prediction } from '@doublehop/admin/explain/predict';
import type { ProofStep } from '@doublehop/admin/prove/prove';
import { ticketJson } from '../kerberos/listing.ts';
import { explainRefusal } from '../kerberos/refusal.ts';
import type { ProofReport } from './proof-text.ts';

/** A proof as JSON; docs/commands/prove.md has its shape. */
export function proofJson(report: ProofReport, prediction: Prediction | undefined): unknown {
  const { user, middle, target, proof, opened, comparison, savedIn } = report;
  return {
    user,
    middle,
    target,
    outcome: proof.outcome,
    steps: proof.steps.map(stepJson),
    ticket: proof.ticket === undefined ? null : ticketJson(proof.ticket),
    opened: opened ?? null,
    prediction:
      prediction === undefined
        ? null
        : { outcome: prediction.outcome, reason: prediction.refusal?.reason ?? null },
    comparison: comparison ?? null,
    ccache: savedIn ?? null,
  };
}

function stepJson({ id, ticket, error }: ProofStep): unknown {
  if (error === undefined) {
    return { id, ok: true, ticket: ticket === undefined ? null : ticketJson(ticket) };
  }
  const { errorCode, errorText, ntStatus } = error.detail;
  return {
    id,
    ok: false,
    error: {
      code: error.code,
      message: error.message,
      errorCode: errorCode ?? null,
      errorText: errorText ?? null,
      ntStatus: ntStatus ?? null,
      ...explainRefusal(error),
    },
  };
}
