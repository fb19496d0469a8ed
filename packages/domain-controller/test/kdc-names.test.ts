import { pooledRandom } from '@doublehop/crypto/random';
import type { Account } from '@doublehop/directory/account';
import { Accounts } from '@doublehop/directory/accounts';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import {
  findClient,
  findClientElsewhere,
  findServer,
} from '@doublehop/domain-controller/kdc/names';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import type { PrincipalName } from '@doublehop/kerberos/names';
import { beforeAll, describe, expect, test } from 'vitest';
import { account, DOMAIN, krbtgt } from './support/accounts.ts';
import { Realm, refusal } from './support/realm.ts';

const BASE = 'DC=contoso,DC=com';
let accounts: Accounts;

beforeAll(async () => {
  const random = pooledRandom();
  const directory = new Directory({ store: memoryStore(), clock: Date.now, random });
  await createDomain(
    directory,
    {
      dnsName: 'contoso.com',
      netbiosName: 'CONTOSO',
      administratorPassword: 'Adm1n.istrator',
      controllerName: 'DC',
    },
    random,
  );
  const add = (sam: string, objectClass: string, more: Record<string, string | string[]>) =>
    directory.add(`CN=${sam},CN=Users,${BASE}`, { objectClass, sAMAccountName: sam, ...more });
  await add('alice', 'user', {
    userPrincipalName: 'a.liddell@contoso.com',
    altSecurityIdentities: ['Kerberos:alice@wonder.land', 'Kerberos:al@contoso.com'],
  });
  await add('bob', 'user', { altSecurityIdentities: 'Kerberos:shared@contoso.com' });
  await add('carol', 'user', { altSecurityIdentities: 'Kerberos:shared@contoso.com' });
  await add('SERVERB$', 'computer', {
    userAccountControl: '4096',
    servicePrincipalName: ['HOST/serverb.contoso.com', 'ldap/serverb', 'ldap/serverb/CONTOSO'],
  });
  accounts = new Accounts(directory);
});

const name = (text: string, nameType: number = NameType.PRINCIPAL): PrincipalName => ({
  nameType,
  nameString: nameType === NameType.ENTERPRISE ? [text] : text.split('/'),
});
const { ENTERPRISE, MS_PRINCIPAL, PRINCIPAL, UNKNOWN } = NameType;
const samOf = (found: Account | undefined): string | undefined => found?.samAccountName;

describe('client names (MS-KILE 3.3.5.6.1)', () => {
  test.each([
    ['sAMAccountName', 'alice', PRINCIPAL, 'alice'],
    ['of any case', 'ALICE', UNKNOWN, 'alice'],
    ['of a computer', 'serverb$', PRINCIPAL, 'SERVERB$'],
    ['without its $', 'ServerB', PRINCIPAL, 'SERVERB$'],
    ['UPN without its suffix', 'a.liddell', PRINCIPAL, 'alice'],
    ['NetBIOS domain and account', 'CONTOSO\\alice', MS_PRINCIPAL, 'alice'],
    ['the same of no such type', 'CONTOSO\\alice', PRINCIPAL, undefined],
    ['enterprise: UPN', 'A.Liddell@contoso.com', ENTERPRISE, 'alice'],
    ['enterprise: implicit UPN', 'alice@CONTOSO.COM', ENTERPRISE, 'alice'],
    ['enterprise: by NetBIOS name', 'alice@contoso', ENTERPRISE, 'alice'],
    ['enterprise: computer without $', 'serverb@contoso.com', ENTERPRISE, 'SERVERB$'],
    ['enterprise: another suffix', 'alice@wonder.land', ENTERPRISE, undefined],
    ['an SPN', 'HOST/serverb.contoso.com', PRINCIPAL, undefined],
    ['nobody', 'dodo', PRINCIPAL, undefined],
    ['nothing', '', PRINCIPAL, undefined],
  ])('%s', (_what, text, type, expected) => {
    expect(samOf(findClient(accounts, DOMAIN, name(text, type)))).toBe(expected);
  });

  test('altSecurityIdentities: names elsewhere', () => {
    const find = (text: string, type: number = PRINCIPAL) =>
      samOf(findClientElsewhere(accounts, DOMAIN, name(text, type)));
    expect(find('al')).toBe('alice');
    expect(find('alice@wonder.land', ENTERPRISE)).toBe('alice');
    expect(find('bob')).toBeUndefined();
    expect(() => find('shared')).toThrow('client-ambiguous');
  });
});

describe('server names (MS-KILE 3.3.5.7, MS-ADTS 3.1.1.5.1.3)', () => {
  test.each([
    ['SPN', 'ldap/serverb', PRINCIPAL, 'SERVERB$'],
    ['HOST stands for others', 'cifs/SERVERB.contoso.com', PRINCIPAL, 'SERVERB$'],
    ['as an enterprise name', 'host/serverb.contoso.com@CONTOSO.COM', ENTERPRISE, 'SERVERB$'],
    ['sAMAccountName', 'SERVERB$', PRINCIPAL, 'SERVERB$'],
    ['domain and account', 'contoso.com\\serverb$', MS_PRINCIPAL, 'SERVERB$'],
    ['NetBIOS domain and account', 'CONTOSO\\alice', MS_PRINCIPAL, 'alice'],
    ['an account of another domain', 'FABRIKAM\\alice', MS_PRINCIPAL, undefined],
    ['krbtgt', 'krbtgt/CONTOSO.COM', NameType.SRV_INST, 'krbtgt'],
    ['krbtgt by NetBIOS name', 'krbtgt/contoso', NameType.SRV_INST, 'krbtgt'],
    ['krbtgt of another realm', 'krbtgt/FABRIKAM.COM', NameType.SRV_INST, undefined],
    ['kadmin/changepw', 'kadmin/changepw', PRINCIPAL, 'krbtgt'],
    ["a controller's, with its domain", 'ldap/dc.contoso.com/contoso.com', PRINCIPAL, 'DC$'],
    ["a controller's, by NetBIOS name", 'ldap/dc.contoso.com/CONTOSO', PRINCIPAL, 'DC$'],
    ['a domain behind the name of no controller', 'ldap/serverb/CONTOSO', PRINCIPAL, undefined],
    ['nobody', 'ldap/nobody', PRINCIPAL, undefined],
  ])('%s', (_what, text, type, expected) => {
    expect(samOf(findServer(accounts, DOMAIN, name(text, type)))).toBe(expected);
  });
});

describe('names in tickets (RFC 6806 §6)', () => {
  const realm = () => new Realm([krbtgt(), account('user', 'alice', 1103)]);

  test('as asked, or as the account has it where the client lets us choose', async () => {
    const r = realm();
    const asked = await r.login('ALICE', { password: 'Passw0rd.alice' });
    expect(asked.client.name.nameString).toEqual(['ALICE']);
    const chosen = await r.login('ALICE', { password: 'Passw0rd.alice', canonicalize: true });
    expect(chosen.client.name.nameString).toEqual(['alice']);
  });

  test('who is found by a name elsewhere logs on by the own one', async () => {
    const r = realm();
    const alice = account('user', 'alice', 1103);
    Object.assign(r.accounts, {
      byAltSecurityIdentity: (value: string) =>
        value === 'Kerberos:al@contoso.com' ? alice : undefined,
    });
    // The hints come, but not the ticket.
    const seen = await refusal(r.login('al', { password: 'Passw0rd.alice' }));
    expect(seen.error).toBe('KDC_ERR_C_PRINCIPAL_UNKNOWN');
    expect(r.events.map(({ Status }) => Status)).toEqual(['0x19', '0x6']);
  });
});
