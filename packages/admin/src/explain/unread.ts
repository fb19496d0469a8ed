import { AceType, buildAce, type Ace } from '@doublehop/security/ace';
import { decodeCondition } from '@doublehop/security/condition-codec';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { Sid } from '@doublehop/security/sid';
import { readDescriptor } from '../plan.ts';
import type { HopAccount } from './account-facts.ts';
import type { HopFacts, HopParty } from './hop-facts.ts';
import type { PolicyReading } from './policy-facts.ts';

/** Something that decides hops and that the directory did not tell. */
export type UnreadId =
  | 'user-account'
  | 'user-groups'
  | 'middle-account'
  | 'middle-groups'
  | 'middle-policy'
  | 'middle-claims'
  | 'target-account'
  | 'target-policy';

/** How a fact that was not read is taken: so that the hop is allowed, or so that it is not. */
export type Guess = 'best' | 'worst';

/** A fact that was not read. */
export interface UnreadFact {
  readonly id: UnreadId;
  /** The account: `SERVERC$`. */
  readonly object: string;
  readonly attribute: string;
  /** What it would tell, as a sentence without a full stop. */
  readonly sentence: string;
}

/** Everything that could not be read and may decide this hop. */
export function unreadFacts(facts: HopFacts): readonly UnreadFact[] {
  const { user, middle, target } = facts;
  const unread: UnreadFact[] = [];
  const add = (id: UnreadId, { hop }: HopParty, attribute: string, what: string): void => {
    const { name } = hop.account;
    unread.push({ id, object: name, attribute, sentence: `${attribute} of ${name}: ${what}` });
  };
  const control = 'userAccountControl';
  if (!user.hop.restrictionsRead) {
    add('user-account', user, control, 'whether it is sensitive, disabled or expired');
  }
  if (user.hop.groups === undefined) {
    add('user-groups', user, 'tokenGroups', 'whether it is in Protected Users');
  }
  if (!middle.hop.restrictionsRead) {
    add('middle-account', middle, control, 'whether it is disabled, or trusted for transition');
  }
  if (middle.hop.groups === undefined || needsForeignGroups(facts)) {
    add('middle-groups', middle, 'tokenGroups', 'which groups it is in over there');
  }
  if (asksForClaims(facts)) {
    add('middle-claims', middle, 'claims', 'what its TGT claims of it and of its device');
  }
  if (facts.evidence === 'kerberos' && middle.policy === 'unread') {
    add('middle-policy', middle, 'msDS-AssignedAuthNPolicy', 'whether it admits the user');
  }
  const { party } = target;
  if (party === undefined) return unread;
  if (!party.hop.restrictionsRead) {
    add('target-account', party, ALLOWED_TO_ACT, 'whom it lists, and whether it is disabled');
  }
  if (party.policy === 'unread') {
    add('target-policy', party, 'msDS-AssignedAuthNPolicy', 'whether it admits the middle');
  }
  return unread;
}

const ALLOWED_TO_ACT = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

/** A descriptor with its claims guessed: entries that hang on what only tickets tell. */
export function withClaims(descriptor: SecurityDescriptor, guess: Guess): SecurityDescriptor {
  const { dacl } = descriptor;
  if (dacl === undefined || dacl === 'null') return descriptor;
  const aces = dacl.aces.flatMap((ace) => (isAboutClaims(ace) ? guessed(ace, guess) : [ace]));
  return { ...descriptor, dacl: { ...dacl, aces } };
}

/** The SIDs of a target's list: what an unknown middle may be in, or be denied by. */
export function listedSids(hop: HopAccount | undefined, denied: boolean): readonly Sid[] {
  return acesOf(hop)
    .filter((ace) => isDeny(ace) === denied)
    .map(({ sid }) => sid);
}

function guessed(ace: Ace, guess: Guess): readonly Ace[] {
  const deny = isDeny(ace);
  // Best: allowing entries hold and denying ones do not; worst: the other way round.
  if (deny === (guess === 'best')) return [];
  const { flags, mask, sid } = ace;
  return [buildAce({ type: deny ? AceType.denied : AceType.allowed, flags, mask, sid })];
}

function isDeny({ type }: Ace): boolean {
  return type === AceType.denied || type === AceType.deniedCallback;
}

/** Groups of the target's domain, of which only its own KDC knows who is in them. */
function needsForeignGroups({ acrossDomains, middle, target }: HopFacts): boolean {
  if (!acrossDomains) return false;
  return acesOf(target.party?.hop).some(({ sid }) => sid !== middle.hop.account.sid);
}

function asksForClaims({ target }: HopFacts): boolean {
  const { party } = target;
  if (party === undefined) return false;
  return [...acesOf(party.hop), ...policyAces(party.policy)].some(isAboutClaims);
}

function policyAces(policy: PolicyReading): readonly Ace[] {
  if (typeof policy === 'string') return [];
  const descriptor = policy.allowedTo?.descriptor;
  if (descriptor === undefined || descriptor === 'unparsable') return [];
  const { dacl } = descriptor;
  return dacl === undefined || dacl === 'null' ? [] : dacl.aces;
}

function acesOf(hop: HopAccount | undefined): readonly Ace[] {
  const descriptor = readDescriptor(hop?.account.allowedToAct);
  if (typeof descriptor === 'string') return [];
  const { dacl } = descriptor;
  return dacl === undefined || dacl === 'null' ? [] : dacl.aces;
}

/** Asks for more than groups (MS-DTYP 2.4.4.17): what LDAP does not tell. */
function isAboutClaims({ condition }: Ace): boolean {
  if (condition === undefined) return false;
  try {
    return decodeCondition(condition).some((token) => {
      if (token.kind === 'attribute') return token.source === 'user' || token.source === 'device';
      return token.kind === 'operator' && token.operator.includes('Device_Member_of');
    });
  } catch (error) {
    // One that cannot be read is the same for every KDC: it does not hold.
    if (error instanceof SecurityError) return false;
    throw error;
  }
}
