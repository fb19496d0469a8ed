import type { Sid } from '@doublehop/security/sid';
import { ADVICE } from './advice.ts';
import { ASSUMED, type Check, type Evidence, type Outcome } from './decision.ts';
import type { S4U2ProxyFacts, S4U2SelfFacts } from './facts.ts';
import type { FirstHopCheckId, FirstHopDecision, FirstHopFacts } from './first-hop.ts';
import { FIRST_HOP_RULES } from './first-hop-text.ts';
import type { Refusal, RefusalAdvice } from './refusals.ts';
import type { RuleText } from './rule-text.ts';
import { PROXY_RULES } from './s4u2proxy-text.ts';
import type { S4U2ProxyCheckId, S4U2ProxyDecision } from './s4u2proxy.ts';
import { SELF_RULES } from './s4u2self-text.ts';
import type { S4U2SelfCheckId, S4U2SelfDecision } from './s4u2self.ts';
import { namesIn } from './why.ts';

/** A check as people read it. */
export interface RenderedCheck {
  readonly id: S4U2ProxyCheckId | S4U2SelfCheckId | FirstHopCheckId;
  /** Document and section: `MS-SFU 3.2.5.2.3`. */
  readonly rule: string;
  readonly outcome: Outcome;
  /** The object that decided: `SERVERC$`. */
  readonly subject: string;
  /** A sentence without a full stop. */
  readonly detail: string;
  readonly evidence: Evidence | undefined;
}

/** A refusal with everything there is to say about it. */
export interface RenderedRefusal extends Refusal, RefusalAdvice {
  /** Why, in this case: `SERVERC$ does not list SERVERB$: it lists nobody`. */
  readonly sentence: string;
}

/** Turns SIDs into names; by default those in the facts and the well-known ones. */
export type NameOf = (sid: Sid) => string;

/** A decision as people read it. */
export interface RenderedDecision {
  readonly allowed: boolean;
  /** What was decided, in one sentence. */
  readonly sentence: string;
  readonly refusal: RenderedRefusal | undefined;
  readonly checks: readonly RenderedCheck[];
}

/** An S4U2Proxy decision in words, with the facts it was made of. */
export function renderS4U2Proxy(
  decision: S4U2ProxyDecision,
  facts: S4U2ProxyFacts,
  nameOf: NameOf = namesIn(facts),
): RenderedDecision {
  const checks = decision.checks.map((check) => render(check, facts, PROXY_RULES, nameOf));
  if (!decision.allowed) return refused(decision.refusal, checks);
  const { middle, user, target } = facts;
  const by = { kcd: 'its own list', rbcd: `the list of ${target.name}`, referral: 'referral' };
  const what = `${middle.name} may act for ${user.name} to ${target.spn}`;
  const sentence = `${what}, by ${by[decision.mode]}`;
  return { allowed: true, sentence, refusal: undefined, checks };
}

/** An S4U2Self decision in words, with the facts it was made of. */
export function renderS4U2Self(
  decision: S4U2SelfDecision,
  facts: S4U2SelfFacts,
  nameOf: NameOf = namesIn(facts),
): RenderedDecision {
  const checks = decision.checks.map((check) => render(check, facts, SELF_RULES, nameOf));
  if (!decision.allowed) return refused(decision.refusal, checks);
  const kind = decision.forwardable ? 'a forwardable' : 'a non-forwardable';
  const what = decision.issue === 'ticket' ? 'ticket to itself' : 'referral';
  const sentence = `${facts.middle.name} gets ${kind} ${what} for ${facts.user.name}`;
  return { allowed: true, sentence, refusal: undefined, checks };
}

/** The decision of a user's own ticket in words, with the facts it was made of. */
export function renderFirstHop(decision: FirstHopDecision, facts: FirstHopFacts): RenderedDecision {
  const nameOf: NameOf = (sid) => sid;
  const checks = decision.checks.map((check) => render(check, facts, FIRST_HOP_RULES, nameOf));
  if (!decision.allowed) return refused(decision.refusal, checks);
  const kind = decision.forwardable ? 'a forwardable' : 'a non-forwardable';
  const sentence = `${facts.user.name} gets ${kind} ticket to ${facts.server.name}`;
  return { allowed: true, sentence, refusal: undefined, checks };
}

function refused(refusal: Refusal, checks: readonly RenderedCheck[]): RenderedDecision {
  const advice = ADVICE[refusal.reason];
  const sentence = checks.at(-1)?.detail ?? advice.meaning;
  return { allowed: false, sentence, refusal: { ...refusal, ...advice, sentence }, checks };
}

function render<Id extends RenderedCheck['id'], Facts>(
  check: Check<Id>,
  facts: Facts,
  rules: Readonly<Record<Id, RuleText<Facts>>>,
  nameOf: NameOf,
): RenderedCheck {
  const { id, outcome, evidence } = check;
  const text = rules[id];
  const { rule } = text;
  const detail = detailOf(text, check, facts, nameOf);
  return { id, rule, outcome, subject: text.subject(facts), detail, evidence };
}

function detailOf<Facts>(
  text: RuleText<Facts>,
  { outcome, evidence }: Check<string>,
  facts: Facts,
  nameOf: NameOf,
): string {
  const say = text[outcome] ?? text.pass;
  if (evidence !== ASSUMED) return say(facts, evidence, nameOf);
  return `not looked at, assumed: ${text.pass(facts, undefined, nameOf)}`;
}
