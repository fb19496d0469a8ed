import { decideFirstHop } from '@doublehop/delegation/first-hop';
import type { Refusal } from '@doublehop/delegation/refusals';
import {
  type NameOf,
  type RenderedDecision,
  renderFirstHop,
  renderS4U2Proxy,
  renderS4U2Self,
} from '@doublehop/delegation/render';
import { type DelegationMode, decideS4U2Proxy } from '@doublehop/delegation/s4u2proxy';
import { decideS4U2Self } from '@doublehop/delegation/s4u2self';
import {
  firstHopFacts,
  type GuessOf,
  type ProxyPlace,
  proxyFacts,
  selfFacts,
} from './decision-facts.ts';
import type { HopFacts } from './hop-facts.ts';
import { refusalBy } from './kdc-errors.ts';
import { type UnreadFact, type UnreadId, unreadFacts } from './unread.ts';

/** A request that has to be answered for the hop. */
export type HopStage = 'own-ticket' | 's4u2self' | 's4u2proxy' | 'referral';

/** One request, and what the KDC is going to say. */
export interface PredictedStage {
  readonly stage: HopStage;
  readonly decision: RenderedDecision;
}

/** What a KDC is going to do, and why. */
export interface Prediction {
  /** `depends`: on what could not be read. */
  readonly outcome: 'allowed' | 'refused' | 'depends';
  /** The requests in their order, up to the one that is refused. */
  readonly stages: readonly PredictedStage[];
  /** Through which permission, where it is allowed. */
  readonly mode: DelegationMode | undefined;
  /** Why not, where it is refused: of the last stage. */
  readonly refusal: (Refusal & { readonly stage: HopStage }) | undefined;
  /** The evidence ticket can be used to go on. */
  readonly forwardable: boolean;
  /** What could not be read; where the outcome depends, on those that `decides`. */
  readonly unread: readonly (UnreadFact & { readonly decides: boolean })[];
}

/** Whether a hop is going to be allowed, by the decisions with which a KDC enforces. */
export function predictHop(facts: HopFacts, nameOf?: NameOf): Prediction {
  const unread = unreadFacts(facts);
  const best = runHop(facts, () => 'best', nameOf);
  const plain = (outcome: Prediction['outcome'], run: HopRun): Prediction => ({
    ...run,
    outcome,
    unread: unread.map((fact) => ({ ...fact, decides: false })),
  });
  if (best.refusal !== undefined) return plain('refused', best);
  if (unread.length === 0) return plain('allowed', best);
  const worst = runHop(facts, () => 'worst', nameOf);
  if (worst.refusal === undefined) return plain('allowed', worst);
  const decides = (id: UnreadId): boolean =>
    runHop(facts, (other) => (other === id ? 'worst' : 'best'), nameOf).refusal !== undefined;
  return {
    ...best,
    outcome: 'depends',
    unread: unread.map((fact) => ({ ...fact, decides: decides(fact.id) })),
  };
}

type HopRun = Pick<Prediction, 'stages' | 'mode' | 'refusal' | 'forwardable'>;

/** The requests of a hop, one after the other, until one is refused. */
function runHop(facts: HopFacts, guess: GuessOf, nameOf: NameOf | undefined): HopRun {
  const evidence = runEvidence(facts, guess, nameOf);
  if (evidence.refusal !== undefined) return evidence;
  const places: readonly ProxyPlace[] = facts.acrossDomains
    ? ['middle-realm', 'target-realm']
    : ['here'];
  let run = evidence;
  for (const place of places) {
    run = runProxy(run, { facts, guess, nameOf, place });
    if (run.refusal !== undefined) break;
  }
  return run;
}

function runEvidence(facts: HopFacts, guess: GuessOf, nameOf: NameOf | undefined): HopRun {
  if (facts.evidence === 'kerberos') {
    const asked = firstHopFacts(facts, guess);
    const decision = decideFirstHop(asked);
    const stage = 'own-ticket';
    return {
      stages: [{ stage, decision: renderFirstHop(decision, asked) }],
      mode: undefined,
      forwardable: decision.allowed && decision.forwardable,
      refusal: decision.allowed ? undefined : refusedAt(facts, stage, decision.refusal),
    };
  }
  const asked = selfFacts(facts, guess);
  const decision = decideS4U2Self(asked);
  const stage = 's4u2self';
  return {
    stages: [{ stage, decision: renderS4U2Self(decision, asked, nameOf) }],
    mode: undefined,
    forwardable: decision.allowed && decision.forwardable,
    refusal: decision.allowed ? undefined : refusedAt(facts, stage, decision.refusal),
  };
}

/** In the words of the KDC that is going to say it. */
function refusedAt({ kdc }: HopFacts, stage: HopStage, refusal: Refusal): HopRun['refusal'] {
  return { ...refusalBy(kdc.profile, stage, refusal), stage };
}

interface ProxyStep {
  readonly facts: HopFacts;
  readonly guess: GuessOf;
  readonly nameOf: NameOf | undefined;
  readonly place: ProxyPlace;
}

function runProxy(run: HopRun, { facts, guess, nameOf, place }: ProxyStep): HopRun {
  const asked = proxyFacts(facts, guess, run.forwardable, place);
  const decision = decideS4U2Proxy(asked);
  const stage = place === 'middle-realm' ? 'referral' : 's4u2proxy';
  return {
    stages: [...run.stages, { stage, decision: renderS4U2Proxy(decision, asked, nameOf) }],
    mode: decision.allowed ? decision.mode : undefined,
    forwardable: run.forwardable,
    refusal: decision.allowed ? undefined : refusedAt(facts, stage, decision.refusal),
  };
}
