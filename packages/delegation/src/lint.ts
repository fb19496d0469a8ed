import type { Ace } from '@doublehop/security/ace';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { type AceEffect, aceEffect, isAllow } from './ace-effect.ts';

/** What is odd about a descriptor; the words are stable. */
export type LintId =
  | 'unparsable'
  | 'null-dacl'
  | 'no-dacl'
  | 'empty-dacl'
  | 'owner-only'
  | 'everyone'
  | 'authenticated-users'
  | 'generic-only'
  | 'no-right'
  | 'object-ace'
  | 'inherit-only'
  | 'no-trustee'
  | 'audit-in-dacl'
  | 'conditional'
  | 'denied-before'
  | 'denied-everybody'
  | 'deny-after-allow'
  | 'deny-without-right'
  | 'duplicate';

/** `danger`: grants more than anybody wants; `ineffective`: grants less than it seems. */
export type LintSeverity = 'danger' | 'ineffective' | 'note';

export interface Lint {
  readonly id: LintId;
  readonly severity: LintSeverity;
  /** The ACE that is meant, counted from 0; undefined: the descriptor as a whole. */
  readonly index: number | undefined;
  /** The trustee of that ACE. */
  readonly sid: Sid | undefined;
}

const SEVERITY: Readonly<Record<LintId, LintSeverity>> = {
  unparsable: 'ineffective',
  'null-dacl': 'danger',
  'no-dacl': 'ineffective',
  'empty-dacl': 'ineffective',
  'owner-only': 'ineffective',
  everyone: 'danger',
  'authenticated-users': 'danger',
  'generic-only': 'ineffective',
  'no-right': 'ineffective',
  'object-ace': 'ineffective',
  'inherit-only': 'ineffective',
  'no-trustee': 'ineffective',
  'audit-in-dacl': 'note',
  conditional: 'note',
  'denied-before': 'ineffective',
  'denied-everybody': 'ineffective',
  'deny-after-allow': 'danger',
  'deny-without-right': 'ineffective',
  duplicate: 'note',
};

/**
 * What is dangerous, without effect or odd about msDS-AllowedToActOnBehalfOfOtherIdentity, in
 * the order of its ACEs; nothing for a descriptor as Windows or Samba writes it, nor for none.
 */
export function lintDescriptor(
  descriptor: SecurityDescriptor | 'absent' | 'unparsable',
): readonly Lint[] {
  if (descriptor === 'absent') return [];
  if (descriptor === 'unparsable') return [finding('unparsable')];
  const { dacl, owner } = descriptor;
  if (dacl === 'null') return [finding('null-dacl')];
  if (dacl === undefined || dacl.aces.length === 0) {
    const nothing = finding(dacl === undefined ? 'no-dacl' : 'empty-dacl');
    const ownerMeant = owner !== undefined && owner !== wellKnown.builtinAdministrators;
    return ownerMeant ? [nothing, { ...finding('owner-only'), sid: owner }] : [nothing];
  }
  return lintAces(dacl.aces);
}

/** A finding as a sentence; `nameOf` turns a SID into the name people know. */
export function lintSentence(lint: Lint, nameOf: (sid: Sid) => string): string {
  const who = lint.sid === undefined ? 'nobody' : nameOf(lint.sid);
  const where = lint.index === undefined ? 'the descriptor' : `entry ${lint.index + 1} (${who})`;
  return SENTENCES[lint.id](where, who);
}

type Sentence = (where: string, who: string) => string;

const SENTENCES: Readonly<Record<LintId, Sentence>> = {
  unparsable: (where) => `${where} cannot be read: every KDC refuses`,
  'null-dacl': (where) => `${where} has a NULL DACL: every account may act on behalf of users`,
  'no-dacl': (where) => `${where} has no DACL: it grants nobody anything`,
  'empty-dacl': (where) => `${where} has an empty DACL: it grants nobody anything`,
  'owner-only': (_, who) => `being the owner grants ${who} nothing: the owner needs an entry too`,
  everyone: (where) => `${where} lets every account act on behalf of users`,
  'authenticated-users': (where) => `${where} lets every account act on behalf of users`,
  'generic-only': (where) => `${where} has generic rights only, which a KDC does not expand`,
  'no-right': (where) => `${where} lacks the right that counts, Control Access (0x100)`,
  'object-ace': (where) => `${where} is an object ACE, which a KDC passes over`,
  'inherit-only': (where) => `${where} is inherit-only, so it does not count here`,
  'no-trustee': (where) => `${where} names a principal that stands for nobody in this check`,
  'audit-in-dacl': (where) => `${where} is not an access entry and has no place in a DACL`,
  conditional: (where) => `${where} counts only while its condition is true`,
  'denied-before': (where) => `${where} is without effect: an entry before it denies the same`,
  'denied-everybody': (where) => `${where} is without effect: an entry before it denies everybody`,
  'deny-after-allow': (where) => `${where} denies too late: an entry before it already grants`,
  'deny-without-right': (where) => `${where} does not deny the right that counts`,
  duplicate: (where) => `${where} repeats an entry before it`,
};

/** What was seen so far, so that one pass over the ACEs is enough. */
interface Seen {
  readonly granted: Set<Sid>;
  readonly denied: Set<Sid>;
}

function lintAces(aces: readonly Ace[]): readonly Lint[] {
  const seen: Seen = { granted: new Set(), denied: new Set() };
  const lints: Lint[] = [];
  for (const [index, ace] of aces.entries()) {
    for (const id of lintAce(ace, seen)) lints.push(finding(id, index, ace.sid));
  }
  return lints;
}

function lintAce(ace: Ace, seen: Seen): readonly LintId[] {
  const effect = aceEffect(ace);
  if (effect === 'grants' || effect === 'grants-if') return lintAllow(ace, effect, seen);
  if (effect === 'denies' || effect === 'denies-if') return lintDeny(ace, effect, seen);
  const withoutRight = effect === 'generic-only' || effect === 'no-right';
  return [withoutRight && !isAllow(ace) ? 'deny-without-right' : WITHOUT_EFFECT[effect]];
}

type NoEffect = Exclude<AceEffect, 'grants' | 'grants-if' | 'denies' | 'denies-if'>;

const WITHOUT_EFFECT: Readonly<Record<NoEffect, LintId>> = {
  'inherit-only': 'inherit-only',
  object: 'object-ace',
  audit: 'audit-in-dacl',
  'generic-only': 'generic-only',
  'no-right': 'no-right',
  'no-trustee': 'no-trustee',
};

function lintAllow(ace: Ace, effect: AceEffect, seen: Seen): readonly LintId[] {
  if (seen.denied.has(ace.sid)) return ['denied-before'];
  if (seen.denied.has(wellKnown.everyone) || seen.denied.has(wellKnown.authenticatedUsers)) {
    return ['denied-everybody'];
  }
  if (effect === 'grants-if') return ['conditional'];
  if (seen.granted.has(ace.sid)) return ['duplicate'];
  seen.granted.add(ace.sid);
  if (ace.sid === wellKnown.everyone) return ['everyone'];
  return ace.sid === wellKnown.authenticatedUsers ? ['authenticated-users'] : [];
}

function lintDeny(ace: Ace, effect: AceEffect, seen: Seen): readonly LintId[] {
  const late = seen.granted.has(ace.sid) ? (['deny-after-allow'] as const) : [];
  if (effect === 'denies-if') return ['conditional', ...late];
  seen.denied.add(ace.sid);
  return late;
}

function finding(id: LintId, index?: number, sid?: Sid): Lint {
  return { id, severity: SEVERITY[id], index, sid };
}
