import { textOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { LdapError } from '@doublehop/ldap/errors';
import { equals } from '@doublehop/ldap/filter';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import type { DomainConnection } from '../connection.ts';
import { entriesOf, firstEntries } from '../directory-client.ts';
import { readRootDse } from '../domain.ts';

/** A domain that is trusted, or that trusts (MS-ADTS 6.1.6.7). */
export interface Trust {
  readonly dn: string;
  /** trustPartner: `fabrikam.com`. */
  readonly partner: string;
  readonly sid: Sid | undefined;
  /** 1: it trusts us, 2: we trust it, 3: both. */
  readonly direction: number;
  readonly type: number;
  /** Bits of TRUST_ATTRIBUTE. */
  readonly attributes: number;
}

/** Bits of trustAttributes (MS-ADTS 6.1.6.7.9). */
export const TRUST_ATTRIBUTE = {
  quarantined: 0x4,
  forestTransitive: 0x8,
  selective: 0x10,
  withinForest: 0x20,
  treatAsExternal: 0x40,
  noTgtDelegation: 0x200,
  tgtDelegation: 0x800,
} as const;

/** What holds for the domain as a whole. */
export interface DomainSettings {
  /** ms-DS-MachineAccountQuota; undefined: not told. */
  readonly machineAccountQuota: number | undefined;
  /** dSHeuristics, empty where it is not set; undefined: not told. */
  readonly heuristics: string | undefined;
  readonly trusts: readonly Trust[];
  /** Whether the folder in which trusts stand could be looked into. */
  readonly trustsRead: boolean;
}

/** Reads what holds for the domain as a whole. */
export async function readSettings(connection: DomainConnection): Promise<DomainSettings> {
  const { client, domain } = connection;
  const quota = 'ms-DS-MachineAccountQuota';
  const head = await readEntry(connection, domain.namingContext, [quota]);
  const { configuration = '' } = await readRootDse(client);
  const services = `CN=Directory Service,CN=Windows NT,CN=Services,${configuration}`;
  const service = await readEntry(connection, services, ['dSHeuristics', 'objectClass']);
  const trusts: Trust[] = [];
  const items = client.searchAll({
    base: `CN=System,${domain.namingContext}`,
    filter: equals('objectClass', 'trustedDomain'),
    attributes: TRUST_ATTRIBUTES,
  });
  let trustsRead = true;
  try {
    for await (const entry of entriesOf(items)) trusts.push(trustOf(entry));
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    trustsRead = false;
  }
  const text = head && textOf(head, quota);
  return {
    machineAccountQuota: text === undefined ? undefined : Number(text),
    heuristics: service && (textOf(service, 'dSHeuristics') ?? ''),
    trusts,
    trustsRead,
  };
}

/**
 * Whether an owner's implicit right to change a computer's access list is taken away from those
 * who administer nothing: BlockOwnerImplicitRights, character 29 (MS-ADTS 6.1.3.4).
 */
export function blocksOwners({ heuristics = '' }: DomainSettings): boolean {
  return heuristics[28] === '1';
}

const TRUST_ATTRIBUTES = [
  'trustPartner',
  'securityIdentifier',
  'trustDirection',
  'trustType',
  'trustAttributes',
];

function trustOf(entry: ClientEntry): Trust {
  const [sid] = valuesOf(entry, 'securityIdentifier');
  const numberOf = (name: string): number => Number(textOf(entry, name) ?? '0') | 0;
  return {
    dn: entry.dn,
    partner: textOf(entry, 'trustPartner') ?? entry.dn,
    sid: sid === undefined ? undefined : decodeSid(sid),
    direction: numberOf('trustDirection'),
    type: numberOf('trustType'),
    attributes: numberOf('trustAttributes'),
  };
}

async function readEntry(
  { client }: DomainConnection,
  base: string,
  attributes: readonly string[],
): Promise<ClientEntry | undefined> {
  try {
    const [entry] = await firstEntries(client.search({ base, scope: 'base', attributes }), 1);
    return entry;
  } catch (error) {
    // Who may not read it learns that from what is reported as unread.
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}
