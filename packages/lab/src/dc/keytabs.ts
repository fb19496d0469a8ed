import type { Account } from '@doublehop/directory/account';
import type { Accounts } from '@doublehop/directory/accounts';
import { KerberosError } from '@doublehop/kerberos/errors';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { formatKeytab, type KeytabEntry } from '@doublehop/kerberos/keytab';
import { readKeytab, writeKeytab } from '@doublehop/kerberos/keytab-file';
import { equal } from '@doublehop/wire/bytes';
import { keytabPath, type LabPaths } from '../folder/paths.ts';
import { hostAccount, realmOf, type Scenario } from '../scenario.ts';

/** Services whose names stand in the keytab of a computer besides its own SPNs. */
const SERVICES = ['HTTP', 'cifs'];

/**
 * Writes the keytab of every account of the scenario but krbtgt: its own name and its SPNs, with
 * every key of the present password. A keytab that is as it should be is left alone.
 */
export async function writeKeytabs(
  paths: LabPaths,
  scenario: Scenario,
  accounts: Accounts,
): Promise<void> {
  const { people, hosts, controller } = scenario;
  const names = [
    ...people.map(({ name }) => name),
    ...[controller, ...hosts.map(({ name }) => name)].map(hostAccount),
  ];
  accounts.refresh();
  await Promise.all(
    names.map(async (name) => {
      const account = accounts.byName(name);
      // Whoever was removed from the domain keeps no keytab up to date.
      if (account?.keys === undefined) return;
      await writeChanged(keytabPath(paths, name), keytabOf(account, realmOf(scenario)));
    }),
  );
}

/** The entries of an account's keytab. */
export function keytabOf(account: Account, realm: string): KeytabEntry[] {
  const { samAccountName, servicePrincipalNames: spns, keys } = account;
  const hosts = spns.flatMap((spn) => /^HOST\/([^/:]+)$/iu.exec(spn)?.[1] ?? []);
  const mapped = hosts.flatMap((host) => SERVICES.map((service) => `${service}/${host}`));
  const names = [samAccountName, ...new Set([...spns, ...mapped].flatMap(spellings))];
  return names.flatMap((name) =>
    (keys?.keys ?? []).map(({ etype, bytes }) => ({
      principal: principalOf(name, realm),
      timestamp: 0,
      kvno: keys?.kvno ?? 0,
      key: { etype, bytes },
    })),
  );
}

/** Acceptors of MIT and Heimdal compare names by case; hosts are asked for in lower case. */
function spellings(spn: string): readonly string[] {
  const [service = '', ...rest] = spn.split('/');
  const lower = [service === 'HOST' ? 'host' : service, ...rest.map((part) => part.toLowerCase())];
  return [spn, lower.join('/')];
}

function principalOf(name: string, realm: string): KeytabEntry['principal'] {
  const nameString = name.split('/');
  const nameType = nameString.length === 1 ? NameType.PRINCIPAL : NameType.SRV_INST;
  return { name: { nameType, nameString }, realm };
}

async function writeChanged(path: string, entries: readonly KeytabEntry[]): Promise<void> {
  const present = await presentEntries(path);
  if (present !== undefined && equal(formatKeytab(present), formatKeytab(entries))) return;
  await writeKeytab(path, entries);
}

/** A keytab that is missing or damaged is written anew. */
async function presentEntries(path: string): Promise<readonly KeytabEntry[] | undefined> {
  try {
    return await readKeytab(path);
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}
