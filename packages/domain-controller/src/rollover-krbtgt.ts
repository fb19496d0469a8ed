import type { RandomSource } from '@doublehop/crypto/random';
import { Accounts } from '@doublehop/directory/accounts';
import type { Directory } from '@doublehop/directory/directory';
import { withRid } from '@doublehop/security/sid';
import { randomKeys } from './directory-keys.ts';
import { DomainControllerError } from './errors.ts';

/**
 * Earlier keys of krbtgt that stay: tickets and signatures made with them are good until they
 * end. Two roll-overs in a row leave nothing that an attacker had (as Windows' own procedure has).
 */
const KEPT = 1;

/** krbtgt's relative identifier (MS-ADTS 6.1.1.6). */
const KRBTGT = 502;

/**
 * Gives krbtgt new random keys of the same types under the next version; returns the version.
 * Durable when it resolves; a controller that is running uses them for the next request. Throws
 * `no-domain` and `no-krbtgt`.
 */
export async function rolloverKrbtgt(directory: Directory, random: RandomSource): Promise<number> {
  const { domain } = directory;
  if (domain === undefined) throw new DomainControllerError('no-domain', 'there is no domain');
  directory.refresh();
  const krbtgt = new Accounts(directory).bySid(withRid(domain.sid, KRBTGT));
  if (krbtgt?.keys === undefined) {
    throw new DomainControllerError('no-krbtgt', 'krbtgt has no keys');
  }
  const types = krbtgt.keys.keys.map(({ etype }) => etype);
  const kvno = krbtgt.keys.kvno + 1;
  const keys = { kvno, keys: randomKeys(random, types) };
  await directory.setKeys({ id: krbtgt.id }, keys, { keep: KEPT });
  return kvno;
}
