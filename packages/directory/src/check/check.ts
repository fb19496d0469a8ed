import { readDomain } from '../domain.ts';
import { encodeSid } from '@doublehop/security/sid';
import { decodeKeys } from '../keys-record.ts';
import { entryKey, keysKey, uniqueKey } from '../layout.ts';
import { matchKey } from '../schema/syntax.ts';
import type { Reader } from '../store/store.ts';
import { about, attempt, checkContext, type CheckContext, numberOf } from './context.ts';
import { checkEntries } from './entries.ts';
import type { Finding } from './finding.ts';
import { checkRecords } from './records.ts';

/** What a check tells while it runs. */
export interface CheckOptions {
  /** Called for each record looked at. */
  readonly onRecord?: () => void;
}

/**
 * Everything that is wrong in a store: records that do not decode, a tree, indexes, links, counts
 * and counters that are not those of the entries, entries that are not what the schema asks for.
 * Reads alone, record by record; consumed without awaiting, it sees one moment of a store that is
 * being written to. Holds numbers for each distinct descriptor, and no entries.
 */
export function* checkStore(reader: Reader, options: CheckOptions = {}): Iterable<Finding> {
  const context = checkContext(reader, options.onRecord ?? ((): void => undefined));
  const domain = attempt(() => readDomain(reader));
  if (domain === undefined) {
    yield { kind: 'domain', object: 'the store', what: 'there is no domain that can be read' };
  }
  yield* checkEntries(context);
  yield* checkRecords(context);
  if (domain !== undefined) yield* checkAccounts(context, encodeSid(domain.sid), domain.dn);
}

/** Without these no ticket is given: krbtgt and a controller, each with keys (MS-ADTS 6.1.1). */
function* checkAccounts(
  context: CheckContext,
  domainSid: Uint8Array,
  domainDn: string,
): Iterable<Finding> {
  const { reader, known } = context;
  const find = (code: number, key: string): number | undefined =>
    numberOf(reader.get(uniqueKey(code, key)));
  const { objectSid, samAccountName } = known;
  const head = find(objectSid.code, matchKey(objectSid.syntax, domainSid));
  if (head === undefined || reader.get(entryKey(head)) === undefined) {
    yield { kind: 'domain', object: domainDn, what: 'no entry has the SID of the domain' };
  }
  const krbtgt = find(samAccountName.code, matchKey(samAccountName.syntax, 'krbtgt'));
  if (krbtgt === undefined) {
    yield { kind: 'account', object: 'krbtgt', what: 'is not there' };
  }
  if (context.controllers.length === 0) {
    yield { kind: 'account', object: domainDn, what: 'it has no domain controller' };
  }
  for (const id of [...(krbtgt === undefined ? [] : [krbtgt]), ...context.controllers]) {
    const record = reader.get(keysKey(id));
    const [set] = record === undefined ? [] : (attempt(() => decodeKeys(record)) ?? []);
    if ((set?.keys.length ?? 0) === 0) yield about(context, 'account', id, 'it has no keys');
  }
}
