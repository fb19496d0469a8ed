import type { AceOutcome } from '@doublehop/security/access-check';
import { accessCheck } from '@doublehop/security/access-check';
import type { Ace } from '@doublehop/security/ace';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { hasControl } from './account-control.ts';
import { unknownsOf } from './condition-words.ts';
import type {
  AccountState,
  PacFact,
  S4U2ProxyFacts,
  S4U2SelfFacts,
  SignatureFault,
} from './facts.ts';
import { lintDescriptor, lintSentence } from './lint.ts';
import { CONTROL_ACCESS } from './rbcd.ts';

/** Names of the SIDs that the facts mention; others are shown as they are. */
export function namesIn(facts: S4U2ProxyFacts | S4U2SelfFacts): (sid: Sid) => string {
  return (sid) => {
    if (sid === facts.middle.sid) return facts.middle.name;
    if (sid === wellKnown.everyone) return 'Everyone';
    if (sid === wellKnown.authenticatedUsers) return 'Authenticated Users';
    return sid;
  };
}

/** Why a target's descriptor does not let the middle act, told by the ACEs that are about it. */
export function whyNotGranted(facts: S4U2ProxyFacts, nameOf: (sid: Sid) => string): string {
  const { target, middle } = facts;
  const plain = `${target.name} does not list ${middle.name}`;
  const { descriptor } = target;
  if (descriptor === 'absent') return `${plain}: it lists nobody`;
  if (descriptor === 'unparsable') return `the list of ${target.name} cannot be read`;
  const near = nearMisses(descriptor, facts);
  if (near.length === 0) {
    const aces = descriptor.dacl === 'null' ? [] : (descriptor.dacl?.aces ?? []);
    const [first] = aces;
    if (first === undefined) return `${plain}: its list is empty`;
    if (aces.length === 1) return `${plain}: its only entry names ${nameOf(first.sid)}`;
    return `${plain}: none of its ${aces.length} entries names it or a group in its ticket`;
  }
  const lints = lintDescriptor(descriptor);
  const sentences = near.map(({ index, ace, outcome }) => {
    const lint = lints.find((one) => one.index === index && one.severity === 'ineffective');
    if (lint !== undefined) return lintSentence(lint, nameOf);
    return `entry ${index + 1} (${nameOf(ace.sid)}) ${outcomeText(outcome, ace, facts)}`;
  });
  return `${plain} with a right that counts: ${sentences.join('; ')}`;
}

interface NearMiss {
  readonly index: number;
  readonly ace: Ace;
  readonly outcome: AceOutcome;
}

/** What became of an ACE that is about the middle and yet did not grant. */
const OUTCOMES: Readonly<Record<AceOutcome, string>> = {
  granted: 'grants',
  denied: 'denies it',
  'inherit-only': 'is inherit-only',
  'object-type': 'is an object ACE',
  'not-access-control': 'is not an access entry',
  'other-trustee': 'is about somebody else',
  'other-rights': 'has other rights',
  'condition-false': 'has a condition that is false',
  'condition-unknown': 'has a condition that cannot be decided',
};

function outcomeText(outcome: AceOutcome, ace: Ace, { header }: S4U2ProxyFacts): string {
  const text = OUTCOMES[outcome];
  if (outcome !== 'condition-false' && outcome !== 'condition-unknown') return text;
  const unknown = unknownsOf(ace, header.token);
  return unknown === '' ? text : `${text}, ${unknown}`;
}

/** Why the policy of a target does not admit the middle, as far as the facts can tell. */
export function whyNotAdmitted(facts: S4U2ProxyFacts, nameOf: (sid: Sid) => string): string {
  const { target, middle } = facts;
  const { authenticationPolicy: policy } = target;
  if (typeof policy === 'string') {
    return `the authentication policy of ${target.name} does not admit ${middle.name}`;
  }
  const silo = policy.silo === undefined ? '' : ` of the silo ${policy.silo}`;
  const plain = `the authentication policy ${policy.name}${silo} of ${target.name}`;
  const { descriptor } = policy;
  if (descriptor === 'unparsable') return `${plain} cannot be read, or has no owner`;
  const sentence = `${plain} does not admit ${middle.name}`;
  const near = nearMisses(descriptor, facts).map(
    ({ index, ace, outcome }) =>
      `entry ${index + 1} (${nameOf(ace.sid)}) ${outcomeText(outcome, ace, facts)}`,
  );
  if (near.length > 0) return `${sentence}: ${near.join('; ')}`;
  return `${sentence}: no entry is about it`;
}

function nearMisses(descriptor: SecurityDescriptor, facts: S4U2ProxyFacts): readonly NearMiss[] {
  const { token } = facts.header;
  const near: NearMiss[] = [];
  accessCheck(descriptor, token, CONTROL_ACCESS, {
    trace: (index, ace, outcome) => {
      if (token.sids.has(ace.sid) || ace.sid === facts.middle.sid)
        near.push({ index, ace, outcome });
    },
  });
  return near;
}

/** Why an evidence ticket is not forwardable, as far as the facts can tell. */
export function whyNotForwardable(facts: S4U2ProxyFacts): string {
  const { user, middle, evidence, settings } = facts;
  if (hasControl(user.userAccountControl, 'NOT_DELEGATED')) {
    return `${user.name} is sensitive and cannot be delegated (NOT_DELEGATED)`;
  }
  if (settings.protectedUsers && user.protectedUser) {
    return `${user.name} is a member of Protected Users, who cannot be delegated`;
  }
  if (evidence.origin === 'kerberos') {
    return `${user.name} came with a ticket from a TGT that was not forwardable`;
  }
  const bit = hasControl(middle.userAccountControl, 'TRUSTED_TO_AUTH_FOR_DELEGATION');
  if (evidence.origin === 'protocol-transition' && !bit) {
    const list = middle.allowedToDelegateTo.length > 0;
    const cause = list ? 'it has a list in msDS-AllowedToDelegateTo' : 'its KDC asks for the bit';
    return `${middle.name} lacks TRUSTED_TO_AUTH_FOR_DELEGATION for protocol transition: ${cause}`;
  }
  return 'neither the user nor the middle asked for a forwardable ticket';
}

/** A PAC that does not hold, in words. */
export function pacFault(pac: PacFact): string {
  if (pac === 'absent') return 'has no PAC';
  if (typeof pac === 'string') return 'has a PAC that cannot be read';
  return FAULTS[pac.fault](`the ${pac.signature} signature of its PAC`);
}

const FAULTS: Readonly<Record<SignatureFault, (signature: string) => string>> = {
  absent: (signature) => `lacks ${signature}`,
  invalid: (signature) => `was changed: ${signature} does not verify`,
  unkeyed: (signature) => `proves nothing: ${signature} is of a kind without a key or too weak`,
  unsupported: (signature) => `cannot be verified: ${signature} is of an unknown kind`,
};

/** An account's state in words that follow its name. */
export function stateText(state: AccountState): string {
  return STATES[state];
}

/** The same of a state that was let pass. */
export function passedStateText(state: AccountState): string {
  const text = stateText(state);
  return state === 'outside-logon-hours' ? `${text}, which does not matter here` : text;
}

const STATES: Readonly<Record<AccountState, string>> = {
  usable: 'may be used now',
  disabled: 'is disabled',
  locked: 'is locked out',
  expired: 'has expired',
  'outside-logon-hours': 'may not log on at this hour',
  'password-expired': 'has an expired password, which does not matter here',
  'password-must-change': 'must change its password, which does not matter here',
  elsewhere: 'is an account of another realm',
};
