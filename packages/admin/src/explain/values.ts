import { controlNames } from '@doublehop/delegation/account-control';
import type { RenderedCheck } from '@doublehop/delegation/render';
import { isAllow } from '@doublehop/delegation/ace-effect';
import type { Ace } from '@doublehop/security/ace';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { formatSddl } from '@doublehop/security/sddl';
import { SecurityError } from '@doublehop/security/errors';
import { readDescriptor } from '../plan.ts';
import type { HopAccount } from './account-facts.ts';
import type { HopFacts } from './hop-facts.ts';

/** The value in the directory that a check looked at. */
export interface DecidingValue {
  readonly attribute: string;
  /** As text; `absent` where there is none. */
  readonly value: string;
  /** The same in fewer characters, where there is such: a descriptor's entries that count. */
  readonly short?: string;
}

type Find = (facts: HopFacts, check: RenderedCheck) => DecidingValue | undefined;

/** What a check looked at; undefined for checks of tickets and requests. */
export function decidingValue(facts: HopFacts, check: RenderedCheck): DecidingValue | undefined {
  return FINDERS[check.id]?.(facts, check);
}

const FINDERS: Readonly<Partial<Record<RenderedCheck['id'], Find>>> = {
  'target-found': ({ target }) => ({
    attribute: 'servicePrincipalName',
    value: target.holders.length === 0 ? 'absent' : target.through,
  }),
  'server-named': ({ middle }) => ({
    attribute: 'servicePrincipalName',
    value: listed(middle.hop.account.servicePrincipalNames),
  }),
  'server-state': ({ middle }) => control(middle.hop),
  'user-state': ({ user }) => control(user.hop),
  'forwardable-user': ({ user }) => control(user.hop),
  'forwardable-middle': ({ middle }) => control(middle.hop),
  'middle-state': ({ middle }) => control(middle.hop),
  'target-state': ({ target }) => target.party && control(target.party.hop),
  kcd: ({ middle }) => ({
    attribute: 'msDS-AllowedToDelegateTo',
    value: listed(middle.hop.allowedToDelegateTo),
  }),
  'rbcd-descriptor': ({ target }) => target.party && descriptor(target.party.hop),
  'rbcd-access': ({ target }, check) => {
    if (target.party === undefined || check.outcome === 'skip') return undefined;
    const whole = descriptor(target.party.hop);
    const { evidence } = check;
    if (typeof evidence !== 'object') return whole;
    return { ...whole, short: `entry ${evidence.index + 1}: ${aceText(evidence.ace)}` };
  },
};

function control({ account, restrictionsRead }: HopAccount): DecidingValue {
  const attribute = 'userAccountControl';
  if (!restrictionsRead) return { attribute, value: 'not readable' };
  const bits = account.userAccountControl;
  const names = controlNames(bits).join(' ');
  return { attribute, value: `0x${(bits >>> 0).toString(16)} (${names})` };
}

function descriptor({ account, restrictionsRead }: HopAccount): DecidingValue {
  const attribute = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
  if (!restrictionsRead) return { attribute, value: 'not readable' };
  const read = readDescriptor(account.allowedToAct);
  if (typeof read === 'string') return { attribute, value: read };
  return { attribute, value: sddlOf(read), short: entriesOf(read) };
}

function sddlOf(read: SecurityDescriptor): string {
  try {
    return formatSddl(read);
  } catch (error) {
    // Some kinds of ACE have no letters in SDDL (MS-DTYP 2.5.1.1).
    if (error instanceof SecurityError) return 'not to be said in SDDL';
    throw error;
  }
}

/** Entries that are shown before it is said how many more there are. */
const SHOWN = 6;

function entriesOf({ dacl }: SecurityDescriptor): string {
  if (dacl === undefined) return 'no DACL';
  if (dacl === 'null') return 'a NULL DACL';
  const { aces } = dacl;
  if (aces.length === 0) return 'no entries';
  const shown = aces.slice(0, SHOWN).map(aceText).join('; ');
  return aces.length > SHOWN ? `${shown}; and ${aces.length - SHOWN} more` : shown;
}

/** `allow 0xf01ff to S-1-5-21-1-2-3-1104`. */
function aceText(ace: Ace): string {
  const kind = isAllow(ace) ? 'allow' : 'deny';
  return `${kind} 0x${ace.mask.toString(16)} to ${ace.sid}`;
}

function listed(values: readonly string[]): string {
  return values.length === 0 ? 'absent' : values.join(', ');
}
