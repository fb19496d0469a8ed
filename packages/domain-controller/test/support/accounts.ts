import { stringToKeySync } from '@doublehop/crypto/string-to-key';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Account, AccountKind, KeySet } from '@doublehop/directory/account';
import { parseSid, type Sid, withRid } from '@doublehop/security/sid';
import type { AccountSource, KdcDomain } from '@doublehop/domain-controller/kdc/names';

/** The domain of these tests. */
export const DOMAIN: KdcDomain = {
  realm: 'CONTOSO.COM',
  dnsName: 'contoso.com',
  netbiosName: 'CONTOSO',
  sid: parseSid('S-1-5-21-1004336348-1177238915-682003330'),
  controller: 'DC',
};

const FOREVER = 0x7fff_ffff_ffff_ffffn;

/** The keys of a password for the AES types, as AD salts them for a user. */
export function passwordKeys(password: string, salt: string, etypes = [18, 17], kvno = 1): KeySet {
  return {
    kvno,
    keys: etypes.map((etype) => ({
      etype,
      salt,
      bytes: stringToKeySync(etype, password, salt).bytes(),
    })),
  };
}

/** An ordinary account; what differs is given. */
export function account(
  kind: AccountKind,
  samAccountName: string,
  rid: number,
  changes: Partial<Account> = {},
): Account {
  const salt = `CONTOSO.COM${samAccountName}`;
  return {
    id: rid,
    usn: 1,
    kind,
    sid: withRid(DOMAIN.sid, rid),
    rid,
    dn: `CN=${samAccountName.replace('$', '')},DC=contoso,DC=com`,
    samAccountName,
    userPrincipalName: undefined,
    displayName: undefined,
    dnsHostName: undefined,
    servicePrincipalNames: [],
    userAccountControl: kind === 'user' ? 0x200 : 0x1000,
    accountExpires: FOREVER,
    lockoutTime: 0n,
    pwdLastSet: 133_000_000_000_000_000n,
    logonCount: 0,
    badPwdCount: 0,
    logonHours: undefined,
    allowedToDelegateTo: [],
    allowedToActOnBehalf: undefined,
    supportedEncryptionTypes: undefined,
    primaryGroupRid: kind === 'user' ? 513 : 515,
    groups: [group(kind === 'user' ? 513 : 515)],
    resourceGroups: [],
    extraSids: [],
    builtinGroups: [],
    protectedUser: false,
    keys: passwordKeys(`Passw0rd.${samAccountName}`, salt),
    previousKeys: [],
    ...changes,
  };
}

/** A global group of the domain. */
export function group(rid: number): Account['groups'][number] {
  return { sid: withRid(DOMAIN.sid, rid), rid, attributes: 7 };
}

/** krbtgt with keys of its own. */
export function krbtgt(changes: Partial<Account> = {}): Account {
  const random = pooledRandom();
  const keys = [18, 17, 20, 19].map((etype) => ({
    etype,
    bytes: random(etype === 18 || etype === 20 ? 32 : 16).slice(),
  }));
  return account('user', 'krbtgt', 502, {
    userAccountControl: 0x202,
    keys: { kvno: 2, keys },
    ...changes,
  });
}

/** Accounts in a list; `replace` stands for a change in the directory. */
export class ListedAccounts implements AccountSource {
  #accounts: readonly Account[];

  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  refresh(): void {}

  replace(changed: Account): void {
    this.#accounts = [...this.#accounts.filter(({ rid }) => rid !== changed.rid), changed];
  }

  byName(name: string): Account | undefined {
    const lower = name.toLowerCase();
    return this.#accounts.find(
      ({ samAccountName, userPrincipalName }) =>
        samAccountName.toLowerCase() === lower ||
        samAccountName.toLowerCase() === `${lower}$` ||
        userPrincipalName?.toLowerCase() === lower ||
        `${samAccountName}@contoso.com`.toLowerCase() === lower,
    );
  }

  bySpn(spn: string): Account | undefined {
    const lower = spn.toLowerCase();
    return this.#accounts.find(({ servicePrincipalNames }) =>
      servicePrincipalNames.some((one) => one.toLowerCase() === lower),
    );
  }

  bySid(sid: Sid): Account | undefined {
    return this.#accounts.find((one) => one.sid === sid);
  }
}
