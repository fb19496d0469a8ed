import type { KdcProfile } from '@doublehop/delegation/profiles';
import type { Sid } from '@doublehop/security/sid';
import type { Account } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { AdminError } from '../errors.ts';
import { readDescriptor } from '../plan.ts';
import { resolveAccount, resolveTarget } from '../resolve.ts';
import { readHopAccount } from './account-facts.ts';
import { type StaleCache, staleCaches } from './caches.ts';
import { type Fix, fixesOf } from './fixes.ts';
import type { EvidenceKind, HopFacts, HopParty, HopTarget } from './hop-facts.ts';
import { readKdcKind } from './kdc-profile.ts';
import { readPolicy } from './policy-facts.ts';
import { type Prediction, predictHop } from './predict.ts';
import { remarksOf } from './remarks.ts';
import {
  protocolOf,
  type SecondHop,
  secondHop,
  type SecondHopProtocol,
  serviceClassOf,
} from './second-hop.ts';
import { findService } from './target-facts.ts';

/** A hop that somebody wants to know about. */
export interface HopQuestion {
  /** Identities of any form. */
  readonly user: string;
  readonly middle: string;
  /** A service name, `cifs/ServerC`, or an identity: then the protocol says the service. */
  readonly target: string;
  /** Default: the user's own ticket. */
  readonly evidence?: EvidenceKind | undefined;
  readonly protocol?: SecondHopProtocol | undefined;
  /** The product of the KDC; found out where absent. */
  readonly profile?: KdcProfile | undefined;
  /** False: the user's client gets no forwardable tickets. Default: assumed that it does. */
  readonly forwardable?: boolean | undefined;
  /** False: the middle's client does not know resource-based delegation. */
  readonly rbcd?: boolean | undefined;
}

/** The domains of a hop. */
export interface HopConnections {
  readonly middles: DomainConnection;
  readonly targets: DomainConnection;
}

/** A hop predicted, with everything that there is to say about it. */
export interface Explanation {
  readonly facts: HopFacts;
  readonly prediction: Prediction;
  readonly secondHop: SecondHop;
  readonly fixes: readonly Fix[];
  readonly caches: readonly StaleCache[];
  /** Further sentences: what else is to be known. */
  readonly remarks: readonly string[];
}

/**
 * Says whether a middle gets a ticket to a target in a user's name, and why, from what the
 * directory tells: with the very decisions with which a KDC enforces. `now` in milliseconds.
 *
 * Throws AdminError where user or middle are not found; a target that is not found is an answer.
 */
export async function explainHop(
  connections: HopConnections,
  question: HopQuestion,
  now: number,
): Promise<Explanation> {
  const facts = await readHop(connections, question, now);
  return await explainFacts(connections, facts, question.protocol, now);
}

/** The same of facts that were read, for tables of many hops. */
export async function explainFacts(
  connections: HopConnections,
  facts: HopFacts,
  protocol: SecondHopProtocol | undefined,
  now: number,
): Promise<Explanation> {
  const nameOf = await namesFor(connections, facts);
  const prediction = predictHop(facts, nameOf);
  return {
    facts,
    prediction,
    secondHop: secondHop(protocol ?? protocolOf(facts.target.spn)),
    fixes: fixesOf(facts, prediction),
    caches: staleCaches(facts, prediction, now),
    remarks: remarksOf(facts, prediction),
  };
}

/** Reads what decides a hop: three accounts and their policies. */
export async function readHop(
  connections: HopConnections,
  question: HopQuestion,
  now: number,
): Promise<HopFacts> {
  const { middles, targets } = connections;
  const middle = await readMiddle(connections, question.middle, now);
  const { home, account } = await findUser(connections, question.user);
  const target = await readTarget(connections, question, now);
  const realm = home.domain.dnsName.toUpperCase();
  return {
    kdc: await readKdcKind(targets.client, question.profile),
    evidence: question.evidence ?? 'kerberos',
    forwardableAsked: question.forwardable ?? 'assumed',
    rbcdBit: question.rbcd ?? true,
    user: await readParty(home, account.dn, now),
    userName: `${account.name}@${realm}`,
    middle,
    middleRealm: middles.domain.dnsName.toUpperCase(),
    target,
    acrossDomains: !sameDomain(middles, targets),
    foreignUser: !sameDomain(middles, home),
  };
}

/** An account with its policy. */
export async function readParty(
  connection: DomainConnection,
  dn: string,
  now: number,
): Promise<HopParty> {
  const hop = await readHopAccount(connection, dn, now);
  return { hop, policy: await readPolicy(connection, hop) };
}

/** The account that acts. Throws AdminError; a group is nobody who could. */
export async function readMiddle(
  { middles }: HopConnections,
  text: string,
  now: number,
): Promise<HopParty> {
  const account = await resolveAccount(middles, text, '--middle');
  requireActor(account, text);
  return await readParty(middles, account.dn, now);
}

function requireActor({ kind, name }: Account, text: string): void {
  if (kind !== 'group' && kind !== 'other') return;
  const message =
    `${name} is ${kind === 'group' ? 'a group' : 'no account'}: name one computer or service ` +
    'account that acts; through which group it may is part of the answer';
  throw new AdminError('wrong-kind', message, { argument: '--middle', subject: text });
}

/** In the middle's domain first; of another domain there is the target's. */
async function findUser(
  { middles, targets }: HopConnections,
  text: string,
): Promise<{ readonly home: DomainConnection; readonly account: Account }> {
  try {
    const account = await resolveAccount(middles, text, '--user');
    return { home: middles, account: requireUser(account, text) };
  } catch (error) {
    const elsewhere =
      error instanceof AdminError && (error.code === 'not-found' || error.code === 'other-domain');
    if (!elsewhere || sameDomain(middles, targets)) throw error;
    const account = await resolveAccount(targets, text, '--user');
    return { home: targets, account: requireUser(account, text) };
  }
}

function requireUser(account: Account, text: string): Account {
  if (account.kind !== 'group' && account.kind !== 'other') return account;
  const message = `${account.name} is a group or no account; name one user`;
  throw new AdminError('wrong-kind', message, { argument: '--user', subject: text });
}

/** The target by the name as a KDC looks it up, whatever way it was named. */
export async function readTarget(
  { targets }: HopConnections,
  { target: text, protocol }: Pick<HopQuestion, 'target' | 'protocol'>,
  now: number,
): Promise<HopTarget> {
  const spn = text.includes('/') ? withoutRealm(text) : await spnOf(targets, text, protocol);
  const found = await findService(targets, spn);
  const [dn] = found.dns;
  const party =
    dn === undefined || found.dns.length > 1 ? undefined : await readParty(targets, dn, now);
  if (party !== undefined) targets.names.remember(party.hop.account);
  return { spn, through: found.through, holders: found.dns, party };
}

function withoutRealm(text: string): string {
  return text.trim().replace(/@[^@/]*$/, '');
}

/** The name that the protocol would ask an account for. */
async function spnOf(
  targets: DomainConnection,
  text: string,
  protocol: SecondHopProtocol = 'smb',
): Promise<string> {
  const { dnsHostName, name } = await resolveTarget(targets, text);
  return `${serviceClassOf(protocol)}/${dnsHostName ?? name.replace(/\$$/, '')}`;
}

function sameDomain(a: DomainConnection, b: DomainConnection): boolean {
  return a.domain.namingContext.toLowerCase() === b.domain.namingContext.toLowerCase();
}

/** The names of all whom the target's list is about. */
async function namesFor(
  { targets, middles }: HopConnections,
  { target, middle }: HopFacts,
): Promise<(sid: Sid) => string> {
  const descriptor = readDescriptor(target.party?.hop.account.allowedToAct);
  const dacl = typeof descriptor === 'string' ? undefined : descriptor.dacl;
  const sids = dacl === undefined || dacl === 'null' ? [] : dacl.aces.map(({ sid }) => sid);
  await targets.names.lookUp(sids);
  const { sid: own, name } = middle.hop.account;
  return (sid) => {
    if (sid === own) return name;
    const here = targets.names.named(sid);
    return (here.known ? here : middles.names.named(sid)).name;
  };
}
