import type { Account, KeySet } from '@doublehop/directory/account';
import type { Accounts } from '@doublehop/directory/accounts';
import type { Directory } from '@doublehop/directory/directory';
import type { KeytabEntry } from '@doublehop/kerberos/keytab';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import type { PrincipalName } from '@doublehop/kerberos/names';
import { DomainControllerError } from './errors.ts';
import { isKrbtgt } from './kdc/issue.ts';

/** The accounts of a directory that have keys: all, or those that are named. */
export function* accountsWithKeys(
  directory: Directory,
  accounts: Accounts,
  names?: readonly string[],
): Iterable<Account> {
  if (names !== undefined) {
    for (const name of names) yield named(accounts, name);
    return;
  }
  const { domain } = directory;
  if (domain === undefined) throw new DomainControllerError('no-domain', 'there is no domain');
  const filter = { kind: 'present', attribute: 'sAMAccountType' } as const;
  for (const { id } of directory.search({ base: domain.dn, scope: 'subtree', filter })) {
    const account = accounts.byId(id);
    if (account?.keys !== undefined) yield account;
  }
}

function named(accounts: Accounts, name: string): Account {
  const account = accounts.byName(name) ?? accounts.bySpn(name);
  if (account?.keys !== undefined) return account;
  const what = account === undefined ? 'there is no account' : 'there are no keys of';
  throw new DomainControllerError('config', `${what} ${name}`);
}

/** Types of keys that Active Directory has (MS-KILE 2.2.7): AES with SHA-1, and RC4. */
export const WINDOWS_KEY_TYPES: readonly number[] = [17, 18, 23];

/**
 * Present keys in hexadecimal by encryption type, by sAMAccountName. Programs that were made for
 * Active Directory stumble over types that it does not have.
 */
export function keysJson(
  accounts: Iterable<Account>,
  types: readonly number[] | 'all' = WINDOWS_KEY_TYPES,
): Record<string, Readonly<Record<string, string>>> {
  const result: Record<string, Record<string, string>> = {};
  for (const { samAccountName, keys } of accounts) {
    const wanted = (keys?.keys ?? []).filter(
      ({ etype }) => types === 'all' || types.includes(etype),
    );
    const entries = wanted.map(({ etype, bytes }) => [
      String(etype),
      Buffer.from(bytes).toString('hex'),
    ]);
    result[samAccountName] = Object.fromEntries(entries);
  }
  return result;
}

/**
 * Keytab entries of accounts: present keys and earlier ones, under every name that tickets may
 * have. Programs that decrypt captures try them all. `timestamp` in seconds.
 */
export function* keytabEntries(
  accounts: Iterable<Account>,
  realm: string,
  timestamp: number,
): Iterable<KeytabEntry> {
  for (const account of accounts) {
    const sets: readonly (KeySet | undefined)[] = [account.keys, ...account.previousKeys];
    for (const name of namesOf(account, realm)) {
      for (const set of sets) {
        for (const { etype, bytes } of set?.keys ?? []) {
          const key = { etype, bytes };
          yield { principal: { name, realm }, timestamp, kvno: set?.kvno ?? 0, key };
        }
      }
    }
  }
}

function namesOf(account: Account, realm: string): PrincipalName[] {
  const { samAccountName, servicePrincipalNames } = account;
  if (isKrbtgt(account)) return [{ nameType: NameType.SRV_INST, nameString: ['krbtgt', realm] }];
  const own = { nameType: NameType.PRINCIPAL, nameString: [samAccountName] };
  // Services ask for `host`, whatever the case in the directory.
  const services = servicePrincipalNames.map((spn) => ({
    nameType: NameType.SRV_HST,
    nameString: spn.replace(/^HOST\//i, 'host/').split('/'),
  }));
  return [own, ...services];
}
