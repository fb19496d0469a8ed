import { Key } from '@doublehop/crypto/key';
import type { KeytabEntry } from '../keytab.ts';
import { MAX_KEY_TRIES } from '../limits.ts';
import { type Principal, samePrincipal } from '../names.ts';

/**
 * Long-term keys of a service: the key, or the keys to try in turn, for a ticket that names
 * `server`. `kvno` is absent where the ticket names no version. The keys should be the same objects
 * at each call: they keep what they derived.
 */
export type ServiceKeys = (
  server: Principal,
  etype: number,
  kvno: number | undefined,
) => Key | readonly Key[] | undefined;

/** Which entries of a keytab open a ticket. */
export interface KeytabKeysOptions {
  /**
   * `named`: those of the principal that the ticket names. `any` (default): all; a ticket of Active
   * Directory names an SPN, which may be an alias of the account that the keytab is of.
   */
  readonly match?: 'any' | 'named';
}

/**
 * The keys of a keytab. Those of the ticket's own principal and version come first; others of the
 * encryption type follow, for key versions of hand-made keytabs are often wrong. Entries of
 * encryption types that are not implemented are left out.
 */
export function keytabKeys(
  entries: readonly KeytabEntry[],
  { match = 'any' }: KeytabKeysOptions = {},
): ServiceKeys {
  const keys = new Map<KeytabEntry, Key>();
  const keyOf = (entry: KeytabEntry): Key => {
    const known = keys.get(entry) ?? Key.of(entry.key.etype, entry.key.bytes);
    keys.set(entry, known);
    return known;
  };
  return (server, etype, kvno) => {
    const rank = (entry: KeytabEntry): number =>
      (samePrincipal(entry.principal, server) ? 0 : 2) + (sameVersion(entry.kvno, kvno) ? 0 : 1);
    return entries
      .filter((entry) => entry.key.etype === etype)
      .filter((entry) => match === 'any' || samePrincipal(entry.principal, server))
      .sort((a, b) => rank(a) - rank(b) || b.kvno - a.kvno)
      .slice(0, MAX_KEY_TRIES)
      .map(keyOf);
  };
}

/** Old writers kept the low 8 bits of a version only. */
function sameVersion(entry: number, ticket: number | undefined): boolean {
  return ticket !== undefined && (entry === ticket || entry === (ticket & 0xff));
}
