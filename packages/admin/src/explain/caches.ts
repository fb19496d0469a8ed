import type { HopFacts } from './hop-facts.ts';
import type { Prediction } from './predict.ts';
import { listedSids } from './unread.ts';

/** A cache that still shows the state before a change. */
export interface StaleCache {
  readonly id: 's4u-refusals' | 's4u-tickets' | 'spn-refusals' | 'middle-tgt' | 'user-ticket';
  /** Where it is: `SERVERB$`, `the client of alice`. */
  readonly where: string;
  /** What it keeps, as a sentence without a full stop. */
  readonly sentence: string;
  /** Seconds for which it keeps it, at most, unless configured otherwise. */
  readonly seconds: number;
  /** When it has forgotten what is the case now, in milliseconds. */
  readonly until: number;
  /** What ends it at once. */
  readonly clear: string | undefined;
}

/** S4UCacheTimeout, S4UTicketLifetime and SpnCacheTimeout of Windows: 15 minutes each. */
const LSA_CACHE = 15 * 60;
/** MaxTicketAge of the default domain policy: 10 hours. */
const TICKET_LIFE = 10 * 3600;

/**
 * The caches that can make reality differ from the answer, with the time by which what is in the
 * directory at `now` (milliseconds) is in force everywhere. A KDC itself remembers no refusal.
 */
export function staleCaches(
  facts: HopFacts,
  prediction: Prediction,
  now: number,
): readonly StaleCache[] {
  const { name: middle } = facts.middle.hop.account;
  const caches: StaleCache[] = [];
  const add = (cache: Omit<StaleCache, 'until'>): void => {
    caches.push({ ...cache, until: now + cache.seconds * 1000 });
  };
  const purge = `klist purge -li 0x3e7 on ${plain(middle)} (and -li 0x3e4 for Network Service)`;
  const refused = prediction.outcome === 'refused';
  add({
    id: refused ? 's4u-tickets' : 's4u-refusals',
    where: middle,
    sentence: refused
      ? `the LSA of ${middle} may still use a ticket that it got before (S4UTicketLifetime)`
      : `the LSA of ${middle} may remember a refusal (S4UCacheTimeout)`,
    seconds: LSA_CACHE,
    clear: purge,
  });
  if (facts.target.party === undefined) {
    add({
      id: 'spn-refusals',
      where: middle,
      sentence: `${middle} remembers that ${facts.target.spn} was not found (SpnCacheTimeout)`,
      seconds: LSA_CACHE,
      clear: purge,
    });
  }
  // A KDC of Samba looks groups up anew each time.
  if (listsOthers(facts) && facts.kdc.profile !== 'samba') {
    add({
      id: 'middle-tgt',
      where: middle,
      sentence: `the groups of ${middle} are those of its TGT: new ones count with the next TGT`,
      seconds: TICKET_LIFE,
      clear: purge,
    });
  }
  if (facts.evidence === 'kerberos') {
    const { name } = facts.user.hop.account;
    add({
      id: 'user-ticket',
      where: `the client of ${name}`,
      sentence: `what the account of ${name} says of delegation is in its tickets`,
      seconds: TICKET_LIFE,
      clear: 'log off and on, or klist purge, as the user',
    });
  }
  return caches;
}

/** The target's list names somebody else, who may be a group of the middle's. */
function listsOthers({ target, middle }: HopFacts): boolean {
  const own = middle.hop.account.sid;
  return [false, true].some((denied) =>
    listedSids(target.party?.hop, denied).some((sid) => sid !== own),
  );
}

/** `ServerB` of `SERVERB$`. */
function plain(name: string): string {
  return name.replace(/\$$/, '');
}
