import { hasControl } from '@doublehop/delegation/account-control';
import { type LintId, lintSentence } from '@doublehop/delegation/lint';
import { formatAce } from '@doublehop/security/sddl';
import { SecurityError } from '@doublehop/security/errors';
import { domainOf, ridOf, type Sid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import { type AuditAccount, isController, isHigh } from './collect.ts';
import { argument } from './command-line.ts';
import { andOthers, counted, finding } from './finding.ts';
import { acesOf, type JudgedList, type ListedMiddle } from './lists.ts';
import type { Finding, Severity } from './model.ts';
import { isEverybody, type Principals } from './principals.ts';
import { type RuleId, RULES } from './rules.ts';
import type { Trust } from './settings.ts';

/** What lists are told with. */
export interface ListContext {
  readonly principals: Principals;
  readonly trusts: readonly Trust[];
  readonly texts: ListTexts;
}

/** What is said of a list, whosever it is. */
interface ListText {
  readonly who: string;
  readonly names: readonly string[];
  readonly evidence: readonly string[];
}

/** What is said of lists, kept once for all accounts that have the same. */
export class ListTexts {
  readonly #known = new Map<JudgedList, ListText>();

  of(list: JudgedList): ListText {
    const known = this.#known.get(list) ?? textOf(list);
    this.#known.set(list, known);
    return known;
  }
}

function textOf(list: JudgedList): ListText {
  const names = list.middles.map(({ principal }) => principal.name);
  return {
    who: andOthers(names.slice(0, SHOWN), names.length),
    names,
    evidence: list.middles.map((middle) => `${middleText(middle)}: ${entryOf(list, middle)}`),
  };
}

/** Who may act for users to one account, and what is odd about it. */
export function* listFindings(
  target: AuditAccount,
  list: JudgedList,
  context: ListContext,
): Generator<Finding> {
  if (list.middles.length > 0) yield new Inventory(target, context.texts.of(list));
  for (const middle of list.middles) yield* middleFindings(target, { middle, list }, context);
  yield* lintFindings(target, list, context);
  if (target.services.length > 0 && list.middles.length > 0) yield chain(target, list);
}

/**
 * Who may act to one target. A domain may have as many of these as it has accounts, so that only
 * the target and what its list says are kept, and texts are made when they are asked for.
 */
class Inventory implements Finding {
  readonly rule: RuleId;
  readonly subject: AuditAccount;
  readonly #texts: ListText;

  constructor(target: AuditAccount, texts: ListText) {
    this.rule = inventoryRule(target);
    this.subject = target;
    this.#texts = texts;
  }

  get id(): string {
    return `${this.rule}:${this.subject.sid}`;
  }

  get severity(): Severity {
    return RULES[this.rule].severity;
  }

  get sentence(): string {
    return `${this.#texts.who} may act for users to ${this.subject.name}`;
  }

  get evidence(): readonly string[] {
    return this.#texts.evidence;
  }

  get fix(): string {
    return revoke(this.subject, this.#texts.names);
  }
}

function inventoryRule(target: AuditAccount): RuleId {
  if (ridOf(target.sid) === DomainRid.krbtgt) return 'rbcd-krbtgt';
  if (isController(target)) return 'rbcd-controller';
  return isHigh(target) ? 'rbcd-tier0' : 'rbcd';
}

interface Listed {
  readonly middle: ListedMiddle;
  readonly list: JudgedList;
}

function* middleFindings(
  target: AuditAccount,
  listed: Listed,
  context: ListContext,
): Generator<Finding> {
  const { principal, members } = listed.middle;
  const { sid, kind, name } = principal;
  const make = (rule: RuleId, sentence: string, more: readonly string[] = []): Finding =>
    finding(rule, {
      subject: target,
      about: sid,
      sentence,
      evidence: [entryOf(listed.list, listed.middle), ...more],
      fix: revoke(target, [kind === undefined || kind === 'well-known' ? sid : name]),
    });
  if (isEverybody(sid)) {
    // A NULL DACL has no entry that could be named.
    if (!isNull(listed.list)) {
      yield make('rbcd-everybody', `${principal.display} may act for users to ${target.name}`);
    }
    return;
  }
  if (kind === undefined) {
    yield unknown(make, { target, sid, context });
    return;
  }
  const acting = members === undefined ? [principal] : members.principals;
  const through = members === undefined ? '' : ` through ${name}`;
  const foreign = acting.filter((one) => one.kind === undefined);
  if (foreign.length > 0) {
    const who = andOthers(foreign.slice(0, SHOWN).map(nameOf), foreign.length);
    yield make('rbcd-foreign', `${who} may act for users to ${target.name}${through}`);
  }
  const people = acting.filter((one) => one.kind === 'user');
  const enabled = people.filter(({ control }) => !hasControl(control, 'ACCOUNTDISABLE'));
  if (enabled.length > 0) {
    const who = andOthers(enabled.slice(0, SHOWN).map(nameOf), enabled.length);
    const may = `${who} may act for users to ${target.name}${through}`;
    yield make('rbcd-user-middle', may, enabled.map(displayOf));
  }
  const disabled = acting.filter(({ control }) => hasControl(control, 'ACCOUNTDISABLE'));
  if (disabled.length > 0) {
    const who = andOthers(disabled.slice(0, SHOWN).map(nameOf), disabled.length);
    const verb = disabled.length === 1 ? 'is' : 'are';
    const sentence = `${who} ${verb} disabled, and may act for users to ${target.name}${through}`;
    yield make('rbcd-disabled-middle', sentence, disabled.map(displayOf));
  }
}

function unknown(
  make: (rule: RuleId, sentence: string, more?: readonly string[]) => Finding,
  what: { readonly target: AuditAccount; readonly sid: Sid; readonly context: ListContext },
): Finding {
  const { target, sid, context } = what;
  const may = `may act for users to ${target.name}`;
  if (context.principals.isOurs(sid) || !sid.startsWith('S-1-5-21-')) {
    return make('rbcd-orphan', `${sid}, which is no account of the domain, ${may}`);
  }
  const trust = context.trusts.find((one) => one.sid === domainOf(sid));
  const whose = trust === undefined ? 'a domain that is not trusted' : trust.partner;
  return make('rbcd-foreign', `${sid} of ${whose} ${may}`);
}

/** Which finding an oddity of a descriptor is. */
const LINT_RULES: Readonly<Record<LintId, RuleId | undefined>> = {
  unparsable: 'rbcd-unparsable',
  'null-dacl': 'rbcd-null-dacl',
  'no-dacl': 'rbcd-empty',
  'empty-dacl': 'rbcd-empty',
  'owner-only': undefined,
  everyone: undefined,
  'authenticated-users': undefined,
  'generic-only': 'rbcd-ineffective',
  'no-right': 'rbcd-ineffective',
  'object-ace': 'rbcd-ineffective',
  'inherit-only': 'rbcd-ineffective',
  'no-trustee': 'rbcd-ineffective',
  'audit-in-dacl': 'rbcd-ineffective',
  conditional: undefined,
  'denied-before': 'rbcd-ineffective',
  'denied-everybody': 'rbcd-ineffective',
  'deny-after-allow': 'rbcd-deny-order',
  'deny-without-right': 'rbcd-ineffective',
  duplicate: undefined,
};

function* lintFindings(
  target: AuditAccount,
  list: JudgedList,
  { principals }: ListContext,
): Generator<Finding> {
  const nameOfSid = (sid: Sid): string => principals.get(sid).display;
  for (const lint of list.lints) {
    const rule = LINT_RULES[lint.id];
    if (rule === undefined) continue;
    const entry = lint.index === undefined ? undefined : entryText(list, lint.index);
    yield finding(rule, {
      subject: target,
      about: lint.index === undefined ? undefined : `entry ${lint.index + 1}`,
      sentence: `list of ${target.name}: ${lintSentence(lint, nameOfSid)}`,
      evidence: [`lint ${lint.id}`, ...(entry === undefined ? [] : [entry])],
      fix: mend(target, list, rule),
    });
  }
  for (const sid of list.deniedByGroup) {
    yield finding('rbcd-ineffective', {
      subject: target,
      about: sid,
      sentence: `list of ${target.name}: ${nameOfSid(sid)} is allowed, and a group of it is denied`,
      evidence: acesOf(list.descriptor).map((_, index) => entryText(list, index)),
      fix: revoke(target, [principals.get(sid).name]),
    });
  }
}

function chain(target: AuditAccount, list: JudgedList): Finding {
  const who = list.middles.map(({ principal }) => principal.name);
  const first = andOthers(who.slice(0, SHOWN), who.length);
  const reached = andOthers(target.services.slice(0, SHOWN), target.services.length);
  return finding('chain', {
    subject: target,
    sentence: `${first} may act for users to ${target.name}, and ${target.name} to ${reached}`,
    evidence: [
      ...list.middles.map((middle) => `RBCD ${middleText(middle)} -> ${target.name}`),
      ...target.services.map((spn) => `KCD ${target.name} -> ${spn}`),
    ],
    fix: revoke(target, who),
  });
}

const SHOWN = 3;

/** `SERVERB$`, `Middles (3 members: …)`. */
function middleText({ principal, members, isConditional }: ListedMiddle): string {
  const condition = isConditional ? ' while a condition is true' : '';
  if (members === undefined) return `${principal.display}${condition}`;
  const some = members.principals.slice(0, SHOWN).map(nameOf);
  const who = members.count === 0 ? '' : `: ${andOthers(some, members.count)}`;
  return `${principal.display} (${counted(members.count, 'member')}${who})${condition}`;
}

function entryOf(list: JudgedList, { principal }: ListedMiddle): string {
  if (isNull(list)) return 'NULL DACL';
  const index = acesOf(list.descriptor).findIndex(({ sid }) => sid === principal.sid);
  return index < 0 ? principal.sid : entryText(list, index);
}

function entryText(list: JudgedList, index: number): string {
  const ace = acesOf(list.descriptor)[index];
  if (ace === undefined) return `entry ${index + 1}`;
  try {
    return `entry ${index + 1} ${formatAce(ace)}`;
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    return `entry ${index + 1}, of a kind that SDDL cannot say`;
  }
}

function isNull({ descriptor }: JudgedList): boolean {
  return descriptor !== 'unparsable' && descriptor.dacl === 'null';
}

function revoke(target: AuditAccount, middles: readonly string[]): string {
  const named = middles.map((name) => `--middle ${argument(name)}`);
  const which = named.length === 1 ? named[0] : '--all';
  return `doublehop revoke ${which ?? '--all'} --target ${argument(target.name)}`;
}

/** A list that grants nobody anything goes away; of others the effective part is written anew. */
function mend(target: AuditAccount, list: JudgedList, rule: RuleId): string {
  const to = `--target ${argument(target.name)}`;
  if (list.middles.length === 0 || rule === 'rbcd-null-dacl') return `doublehop revoke --all ${to}`;
  const names = list.middles.map(({ principal }) => argument(principal.name)).join(',');
  return `doublehop set --middle ${names} ${to}`;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function displayOf({ display, sid }: { readonly display: string; readonly sid: Sid }): string {
  return `${display} ${sid}`;
}
