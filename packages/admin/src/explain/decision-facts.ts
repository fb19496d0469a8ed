import { hasControl, PAC_USER_NOT_DELEGATED } from '@doublehop/delegation/account-control';
import type {
  HeaderFacts,
  MiddleFacts,
  PolicyFinding,
  S4U2ProxyFacts,
  S4U2SelfFacts,
  ServerFacts,
  TargetFacts,
  UserFacts,
} from '@doublehop/delegation/facts';
import type { FirstHopFacts } from '@doublehop/delegation/first-hop';
import type { PolicyFacts } from '@doublehop/delegation/policy';
import { rbcdToken } from '@doublehop/delegation/rbcd';
import type { Token } from '@doublehop/security/access-check';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';
import { domainOf, type Sid, withRid } from '@doublehop/security/sid';
import { isKrbtgt } from '../account.ts';
import { readDescriptor } from '../plan.ts';
import type { HopAccount } from './account-facts.ts';
import type { HopFacts, HopParty } from './hop-facts.ts';
import { type Guess, listedSids, type UnreadId, withClaims } from './unread.ts';

/** How each fact that was not read is taken. */
export type GuessOf = (id: UnreadId) => Guess;

/** What the rules ask of the user's own ticket for the middle. */
export function firstHopFacts(facts: HopFacts, guess: GuessOf): FirstHopFacts {
  const { kdc, user, middle, forwardableAsked } = facts;
  return {
    settings: kdc.settings,
    user: userFacts(facts, guess),
    token: userToken(facts),
    devicePolicy: typeof user.policy === 'string' ? undefined : user.policy.devices,
    forwardableAsked,
    server: {
      ...serverFacts(middle.hop),
      state: middleFacts(facts, guess).state,
      authenticationPolicy: policyFacts(middle, guess('middle-policy'), guess),
    },
  };
}

/** What the rules ask of a ticket that the middle gets to itself in the user's name. */
export function selfFacts(facts: HopFacts, guess: GuessOf): S4U2SelfFacts {
  const user = userFacts(facts, guess);
  return {
    settings: facts.kdc.settings,
    request: {
      form: 'x509-user',
      checksum: 'assumed',
      nonceMatches: 'assumed',
      userNamed: true,
      certificate: false,
      conflictingOptions: [],
      forwardable: true,
    },
    header: {
      ...headerFacts(facts, guess),
      crossRealm: facts.foreignUser,
      pacNamesUser: 'assumed',
    },
    middle: middleFacts(facts, guess),
    server: serverFacts(facts.middle.hop),
    user: facts.foreignUser ? { ...user, place: 'elsewhere' } : user,
  };
}

/** Where an S4U2Proxy request is decided: once in one domain; else by both KDCs in turn. */
export type ProxyPlace = 'here' | 'middle-realm' | 'target-realm';

/** What the rules ask of the ticket to the target; `forwardable`: the evidence is. */
export function proxyFacts(
  facts: HopFacts,
  guess: GuessOf,
  forwardable: boolean,
  place: ProxyPlace,
): S4U2ProxyFacts {
  const { kdc, evidence, userName, middle } = facts;
  const target = targetFacts(facts, guess);
  const header = headerFacts(facts, guess);
  const user = userFacts(facts, guess);
  const own = middleFacts(facts, guess);
  const here = place === 'here';
  return {
    settings: kdc.settings,
    request: { evidencePresent: true, conflictingOptions: [], rbcdBit: facts.rbcdBit },
    header: place === 'target-realm' ? { ...header, crossRealm: true } : header,
    middle: place === 'target-realm' ? { ...own, state: 'elsewhere' } : own,
    evidence: {
      origin: evidence,
      decrypts: 'assumed',
      pac: 'assumed',
      validity: 'assumed',
      serverSid: middle.hop.account.sid,
      serverName: middle.hop.account.name,
      pacClientMatches: 'assumed',
      forwardable,
      pacUserAccountControl: hasControl(user.userAccountControl, 'NOT_DELEGATED')
        ? PAC_USER_NOT_DELEGATED
        : 0,
      rodc: 0,
      ...(place === 'target-realm' ? { proxyTgt: SOUND } : {}),
    },
    user: here && !facts.foreignUser ? user : { ...user, name: userName, place: 'elsewhere' },
    target: place === 'middle-realm' ? { ...target, place: 'elsewhere' } : target,
  };
}

/** A proxy TGT as an honest KDC makes it. */
const SOUND = {
  forThisRealm: true,
  clientIsMiddle: true,
  pacNamesUser: true,
  targetMatches: true,
  lastTransitedIsMiddle: true,
} as const;

function headerFacts(facts: HopFacts, guess: GuessOf): HeaderFacts {
  return {
    crossRealm: false,
    forwardable: true,
    pac: 'assumed',
    pacClientMatches: 'assumed',
    requester: 'assumed',
    token: middleToken(facts, guess('middle-groups')),
    rodc: 0,
  };
}

function userFacts({ user, userName }: HopFacts, guess: GuessOf): UserFacts {
  const { hop } = user;
  const { account, groups, restrictionsRead, state } = hop;
  const protectedSid = withRid(domainOf(account.sid), DomainRid.protectedUsers);
  const bad = guess('user-account') === 'worst';
  return {
    name: userName,
    place: 'local',
    userAccountControl:
      restrictionsRead || !bad ? account.userAccountControl : ACCOUNT_CONTROL.NOT_DELEGATED,
    protectedUser: groups?.has(protectedSid) ?? guess('user-groups') === 'worst',
    state: restrictionsRead || !bad ? state : 'disabled',
  };
}

function middleFacts({ middle: { hop } }: HopFacts, guess: GuessOf): MiddleFacts {
  const { account, restrictionsRead, allowedToDelegateTo } = hop;
  const common = { sid: account.sid, name: account.name, allowedToDelegateTo };
  if (restrictionsRead) {
    return { ...common, userAccountControl: account.userAccountControl, state: hop.state };
  }
  return guess('middle-account') === 'best'
    ? {
        ...common,
        userAccountControl: ACCOUNT_CONTROL.TRUSTED_TO_AUTH_FOR_DELEGATION,
        state: 'usable',
      }
    : { ...common, userAccountControl: 0, state: 'disabled' };
}

function serverFacts({ account }: HopAccount): ServerFacts {
  const { kind, servicePrincipalNames, name, sid } = account;
  const nameless = kind === 'user' && servicePrincipalNames.length === 0;
  return { name, place: 'local', sid, nameless };
}

function targetFacts({ target, acrossDomains }: HopFacts, guess: GuessOf): TargetFacts {
  const { spn, party, holders } = target;
  if (party === undefined) {
    return {
      spn,
      name: spn,
      place: holders.length > 1 ? 'ambiguous' : 'unknown',
      isKrbtgt: false,
      userAccountControl: 0,
      state: 'usable',
      descriptor: 'absent',
      authenticationPolicy: 'none',
      selectiveAuthentication: 'none',
    };
  }
  const { account, restrictionsRead, state } = party.hop;
  const bad = guess('target-account') === 'worst';
  return {
    spn,
    sid: account.sid,
    name: account.name,
    place: 'local',
    isKrbtgt: isKrbtgt(account),
    userAccountControl: account.userAccountControl,
    state: restrictionsRead ? state : bad ? 'disabled' : 'usable',
    descriptor: restrictionsRead ? descriptorOf(party.hop, guess) : bad ? 'absent' : EVERYBODY,
    authenticationPolicy: policyFacts(party, guess('target-policy'), guess),
    // Who crosses a selective trust is a matter of the trust, which is asked for elsewhere.
    selectiveAuthentication: acrossDomains ? 'allows' : 'none',
  };
}

/** A NULL DACL: what an unknown list might come to, at best. */
const EVERYBODY = { control: 0x8004, dacl: 'null' } as const;

function descriptorOf(hop: HopAccount, guess: GuessOf): TargetFacts['descriptor'] {
  const descriptor = readDescriptor(hop.account.allowedToAct);
  return typeof descriptor === 'string'
    ? descriptor
    : withClaims(descriptor, guess('middle-claims'));
}

function policyFacts(
  { policy }: HopParty,
  unread: Guess,
  guess: GuessOf,
): PolicyFinding | PolicyFacts {
  if (policy === 'none') return 'none';
  if (policy === 'unread') return unread === 'best' ? 'none' : 'refuses';
  const { allowedTo } = policy;
  if (allowedTo === undefined) return 'none';
  const { descriptor } = allowedTo;
  if (descriptor === 'unparsable') return allowedTo;
  return { ...allowedTo, descriptor: withClaims(descriptor, guess('middle-claims')) };
}

/**
 * Who the middle is to a KDC (MS-SFU 3.2.5.2.3): the SIDs of the PAC of its TGT. BUILTIN groups are
 * of each machine, so that no PAC has them (MS-KILE 3.3.5.6.4.1).
 */
function middleToken(facts: HopFacts, guess: Guess): Token {
  const { middle, target, acrossDomains } = facts;
  const { account, groups, globalGroups } = middle.hop;
  const known = acrossDomains ? globalGroups : groups;
  const sids = [account.sid, ...domainGroups(known), ...IN_EVERY_PAC];
  if (known !== undefined && !acrossDomains) return rbcdToken(sids);
  return rbcdToken([...sids, ...listedSids(target.party?.hop, guess === 'worst')]);
}

function userToken({ user: { hop } }: HopFacts): Token {
  return rbcdToken([hop.account.sid, ...domainGroups(hop.groups), ...IN_EVERY_PAC]);
}

function domainGroups(groups: ReadonlySet<Sid> | undefined): readonly Sid[] {
  return [...(groups ?? [])].filter((sid) => !sid.startsWith('S-1-5-32-'));
}

/** Who logs on by itself is asserted to be who it is (MS-SFU 3.2.5.1.2, MS-DTYP 2.4.2.4). */
const IN_EVERY_PAC: readonly Sid[] = [
  wellKnown.authenticationAuthorityAsserted,
  wellKnown.claimsValid,
];
