import { ntStatusValue } from '@doublehop/security/ntstatus';
import type { Prediction } from '../explain/predict.ts';
import type { Proof } from './prove.ts';

/** How a prediction did. */
export interface Comparison {
  /**
   * `same`: as predicted. `other-reason`: refused as predicted, with another error. `different`:
   * not as predicted. `open`: nothing was predicted, or nothing proved.
   */
  readonly verdict: 'same' | 'other-reason' | 'different' | 'open';
  /** A sentence without a full stop. */
  readonly sentence: string;
  /** Where a difference may come from, each a sentence without a full stop. */
  readonly causes: readonly string[];
}

/** Compares what a KDC did with what was going to be. */
export function compareProof(prediction: Prediction, proof: Proof): Comparison {
  if (proof.outcome === 'failed') {
    return open('nothing is proved: no KDC decided about the hop');
  }
  if (prediction.outcome === 'depends') {
    return open('explain could not tell: not everything that decides can be read');
  }
  if (prediction.outcome !== proof.outcome) {
    return {
      verdict: 'different',
      sentence: `explain predicted ${prediction.outcome}, and the KDC says ${proof.outcome}`,
      causes: proof.outcome === 'refused' ? REFUSED_AFTER_ALL : ALLOWED_AFTER_ALL,
    };
  }
  if (proof.outcome === 'allowed' || sameError(prediction, proof)) {
    return { verdict: 'same', sentence: 'explain predicted this', causes: [] };
  }
  const { error = '', status } = prediction.refusal ?? {};
  const wanted = status === undefined ? error : `${error} with ${status}`;
  return {
    verdict: 'other-reason',
    sentence: `explain predicted a refusal too, but ${wanted}`,
    causes: [
      'a KDC may look in another order, and tells the first reason that it finds',
      'not every KDC sends an NTSTATUS',
    ],
  };
}

function open(sentence: string): Comparison {
  return { verdict: 'open', sentence, causes: [] };
}

const REFUSED_AFTER_ALL: readonly string[] = [
  'another controller answered than the one that was read: wait for replication',
  "a group membership is not in the middle's TGT yet: use its keytab, which gets a new one",
  "the user's ticket is older than a change of the account: get a new one",
  'the KDC is of another product, or set differently: see --kdc',
];

const ALLOWED_AFTER_ALL: readonly string[] = [
  'another controller answered than the one that was read: wait for replication',
  "the middle's TGT still has a group that it has left, or the user's ticket a flag of before",
  'the KDC is of another product, or set differently: see --kdc',
];

/** Error codes, and the statuses where both have one. */
function sameError({ refusal }: Prediction, { steps }: Proof): boolean {
  const detail = steps.at(-1)?.error?.detail;
  if (refusal === undefined || detail === undefined) return false;
  if (detail.errorCode !== refusal.code) return false;
  if (detail.ntStatus === undefined || refusal.status === undefined) return true;
  return detail.ntStatus === ntStatusValue(refusal.status);
}
