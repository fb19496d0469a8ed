import { textsOf } from '@doublehop/ldap/client/entry';
import { equals } from '@doublehop/ldap/filter';
import { LdapError } from '@doublehop/ldap/errors';
import type { DomainConnection } from '../connection.ts';
import { firstEntries } from '../directory-client.ts';
import { readRootDse } from '../domain.ts';
import { MAX_CANDIDATES } from '../limits.ts';

/** The accounts that a service name leads to. */
export interface FoundService {
  /** The name as it is asked for: `cifs/ServerC`. */
  readonly spn: string;
  /** The SPN in the directory through which it was found: `HOST/SERVERC`; the name itself. */
  readonly through: string;
  /** DNs; none: nobody has the name. Several: no KDC knows which is meant. */
  readonly dns: readonly string[];
}

/**
 * Who has an SPN, as a KDC looks it up: the very name, and else the name under the class that
 * stands for its own (sPNMappings, MS-ADTS 6.1.1.2.4.1.1; MS-DRSR 4.1.4.2.19).
 */
export async function findService(
  connection: DomainConnection,
  spn: string,
): Promise<FoundService> {
  const own = await holdersOf(connection, spn);
  if (own.length > 0) return { spn, through: spn, dns: own };
  const slash = spn.indexOf('/');
  const stand = (await readSpnMappings(connection)).get(spn.slice(0, slash).toLowerCase());
  if (stand === undefined) return { spn, through: spn, dns: [] };
  const through = `${stand.toUpperCase()}${spn.slice(slash)}`;
  return { spn, through, dns: await holdersOf(connection, through) };
}

/** Which class stands for a service class: `host` for `cifs`. */
export type SpnMappings = ReadonlyMap<string, string>;

/**
 * sPNMappings of the forest. Who may not read the configuration gets those that every forest is
 * made with, as far as delegation is used with them.
 */
export async function readSpnMappings({ client }: DomainConnection): Promise<SpnMappings> {
  const { configuration } = await readRootDse(client);
  const search = client.search({
    base: `CN=Directory Service,CN=Windows NT,CN=Services,${configuration ?? ''}`,
    scope: 'base',
    attributes: ['sPNMappings'],
  });
  try {
    const [entry] = await firstEntries(search, 1);
    const values = entry === undefined ? [] : textsOf(entry, 'sPNMappings');
    return parseMappings(values.length === 0 ? [USUAL_MAPPINGS] : values);
  } catch (error) {
    if (error instanceof LdapError) return parseMappings([USUAL_MAPPINGS]);
    throw error;
  }
}

const USUAL_MAPPINGS = 'host=cifs,dcom,dns,eventlog,http,msdtc,netlogon,rpc,rpcss,schedule,scm,www';

function parseMappings(values: readonly string[]): SpnMappings {
  const mappings = new Map<string, string>();
  for (const value of values) {
    const [stand = '', classes = ''] = value.split('=', 2);
    for (const name of classes.split(',')) mappings.set(name.trim().toLowerCase(), stand.trim());
  }
  return mappings;
}

async function holdersOf(
  { client, domain }: DomainConnection,
  spn: string,
): Promise<readonly string[]> {
  const search = client.search({
    base: domain.namingContext,
    filter: equals('servicePrincipalName', spn),
    attributes: ['objectSid'],
  });
  return (await firstEntries(search, MAX_CANDIDATES)).map(({ dn }) => dn);
}
