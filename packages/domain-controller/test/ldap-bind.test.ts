import { fileTimeOf } from '@doublehop/security/filetime';
import { pooledRandom } from '@doublehop/crypto/random';
import { DEFAULT_KDC_SETTINGS } from '@doublehop/domain-controller/kdc/settings';
import { SimpleBinds } from '@doublehop/domain-controller/ldap/simple-bind';
import { MAX_PENDING_BINDS } from '@doublehop/domain-controller/limits';
import { LdapClient } from '@doublehop/ldap/client/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_PASSWORD,
  ALICE,
  BASE,
  connectClear,
  connectTls,
  passwordOf,
  type RunningDomain,
  startDomain,
} from './support/domain.ts';

let domain: RunningDomain;

beforeAll(async () => {
  domain = await startDomain();
  await domain.dc.directory.modify(ALICE, [
    { operation: 'replace', attribute: 'displayName', values: ['Alice of Contoso'] },
    { operation: 'replace', attribute: 'servicePrincipalName', values: ['http/alice'] },
  ]);
});
afterAll(async () => {
  await domain.close();
  expect(domain.defects).toEqual([]);
});

async function bind(name: string, password: string): Promise<string> {
  const client = await connectTls(domain);
  try {
    await client.bindSimple(name, password);
    return await client.whoAmI();
  } finally {
    await client.close();
  }
}

/** Sets attributes of Alice for one attempt. */
async function withAlice<T>(
  attributes: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const { directory } = domain.dc;
  const names = Object.keys(attributes);
  const before = directory.get(ALICE);
  const old = names.map((name) => before.text(name));
  const put = (values: readonly (string | undefined)[]) =>
    directory.modify(
      ALICE,
      names.map((attribute, index) => {
        const value = values[index];
        const operation = 'replace' as const;
        return { operation, attribute, values: value === undefined ? [] : [value] };
      }),
    );
  await put(Object.values(attributes));
  try {
    return await work();
  } finally {
    await put(old);
  }
}

describe('MS-ADTS 5.1.1.1.1 simple bind', () => {
  it.each([
    ['a DN', ALICE],
    ['a DN of other case and spaces', 'cn=ALICE, cn=users, dc=contoso, dc=com'],
    ['a UPN', 'alice@contoso.com'],
    ['DOMAIN\\name', 'CONTOSO\\alice'],
    ['the DNS name of the domain before the name', 'contoso.com\\alice'],
    ['a sAMAccountName', 'alice'],
    ['a UPN made of the sAMAccountName', 'alice@CONTOSO.COM'],
    ['a canonical name', 'contoso.com/Users/Alice'],
    ['one with a line feed', 'contoso.com/Users\nAlice'],
    ['a display name', 'Alice of Contoso'],
    ['an SPN', 'http/alice'],
  ])('takes %s', async (_form, name) => {
    await expect(bind(name, passwordOf('alice'))).resolves.toBe('u:CONTOSO\\alice');
  });

  it('takes a SID and a GUID', async () => {
    const { sid, guid } = domain.dc.directory.get(ALICE);
    for (const name of [sid ?? '', `{${guid}}`]) {
      await expect(bind(name, passwordOf('alice'))).resolves.toBe('u:CONTOSO\\alice');
    }
    const password = passwordOf('alice');
    await expect(bind(`<SID=${sid ?? ''}>`, password)).resolves.toBe('u:CONTOSO\\alice');
    await expect(bind(`<GUID=${guid}>`, password)).resolves.toBe('u:CONTOSO\\alice');
  });

  it('takes the accounts of computers', async () => {
    await expect(bind('CONTOSO\\SERVERB$', passwordOf('SERVERB'))).resolves.toBe(
      'u:CONTOSO\\SERVERB$',
    );
  });

  const failure = (data: string) => ({
    code: 'invalidCredentials',
    message: expect.stringMatching(new RegExp(`^80090308: LdapErr: .* data ${data}, `)),
  });

  it.each([
    ['a wrong password', 'alice', 'wrong', '52e'],
    ['a user that is not there', 'nobody', passwordOf('alice'), '525'],
    ['a DN that is not there', `CN=nobody,${BASE}`, passwordOf('alice'), '525'],
    ['a DN that is none', 'CN=,,=', passwordOf('alice'), '525'],
    ['an account of another domain', 'FABRIKAM\\alice', passwordOf('alice'), '525'],
    ['an account without a password', 'krbtgt', 'x', '52e'],
    ['an entry that is no account', `CN=Users,${BASE}`, 'x', '525'],
  ])('refuses %s', async (_what, name, password, data) => {
    await expect(bind(name, password)).rejects.toMatchObject(failure(data));
  });

  const past = fileTimeOf(Date.UTC(2020, 0, 1)).toString();
  const now = (): string => fileTimeOf(Date.now()).toString();

  it.each([
    ['disabled', { userAccountControl: '514' }, '533'],
    ['expired', { accountExpires: past }, '701'],
    ['with an old password', { pwdLastSet: past }, '532'],
    ['that must change its password', { pwdLastSet: '0' }, '773'],
    ['outside of its hours', { logonHours: '\0'.repeat(21) }, '530'],
  ])('tells who knows the password of an account %s', async (_state, attributes, data) => {
    await withAlice(attributes, async () => {
      await expect(bind('alice', passwordOf('alice'))).rejects.toMatchObject(failure(data));
      await expect(bind('alice', 'wrong')).rejects.toMatchObject(failure('52e'));
    });
  });

  it('locks an account that is guessed at; a right password ends a row of guesses', async () => {
    const change = { operation: 'replace', attribute: 'lockoutThreshold' } as const;
    await domain.dc.directory.modify(BASE, [{ ...change, values: ['3'] }]);
    for (const data of ['52e', '52e']) {
      await expect(bind('bob', 'wrong')).rejects.toMatchObject(failure(data));
    }
    await expect(bind('bob', passwordOf('bob'))).resolves.toBe('u:CONTOSO\\bob');
    for (const data of ['52e', '52e', '52e', '775']) {
      await expect(bind('bob', 'wrong')).rejects.toMatchObject(failure(data));
    }
    await expect(bind('bob', passwordOf('bob'))).rejects.toMatchObject(failure('775'));
    await domain.dc.directory.modify(BASE, [{ ...change, values: ['0'] }]);
  });

  it('a display name that two have means nobody', async () => {
    const change = { operation: 'replace', attribute: 'displayName' } as const;
    const dn = `CN=Bob,CN=Users,${BASE}`;
    await domain.dc.directory.modify(dn, [{ ...change, values: ['Alice of Contoso'] }]);
    await expect(bind('Alice of Contoso', passwordOf('alice'))).rejects.toMatchObject(
      failure('525'),
    );
    await domain.dc.directory.modify(dn, [{ ...change, values: [] }]);
  });

  it('tells everybody that an account is locked', async () => {
    await withAlice({ lockoutTime: now() }, async () => {
      await expect(bind('alice', passwordOf('alice'))).rejects.toMatchObject(failure('775'));
      await expect(bind('alice', 'wrong')).rejects.toMatchObject(failure('775'));
    });
  });

  it('is refused in clear text, and taken after StartTLS', async () => {
    const clear = await connectClear(domain, { allowClearTextPassword: true });
    await expect(clear.bindSimple('alice', passwordOf('alice'))).rejects.toMatchObject({
      code: 'confidentialityRequired',
    });
    await clear.close();
    const client = await LdapClient.connect({
      url: `ldap://127.0.0.1:${domain.endpoints.ldapPort}`,
      startTls: true,
      tls: { ca: domain.dc.certificate },
    });
    await client.bindSimple('Administrator', ADMIN_PASSWORD);
    await expect(client.whoAmI()).resolves.toBe('u:CONTOSO\\Administrator');
    await client.close();
  });

  it('makes wait who comes when too many passwords are being checked', async () => {
    const { directory, accounts, domain: info } = domain.dc;
    const binds = new SimpleBinds({
      directory,
      accounts,
      domain: { ...info, controller: 'DC' },
      settings: DEFAULT_KDC_SETTINGS,
      clock: Date.now,
      random: pooledRandom(),
    });
    const secret = Buffer.from(passwordOf('alice'));
    const tries = Array.from({ length: MAX_PENDING_BINDS + 1 }, () => binds.bind('alice', secret));
    const outcomes = await Promise.allSettled(tries);
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toEqual([expect.objectContaining({ code: 'busy' })]);
    await expect(binds.bind('alice', secret)).resolves.toMatchObject({ samAccountName: 'alice' });
  });

  it('leaves the session anonymous when it fails', async () => {
    const client = await connectTls(domain);
    await client.bindSimple('alice', passwordOf('alice'));
    await expect(client.bindSimple('alice', 'wrong')).rejects.toMatchObject(failure('52e'));
    await expect(client.whoAmI()).resolves.toBe('');
    await expect(client.compare(ALICE, 'cn', 'Alice')).rejects.toMatchObject({
      code: 'operationsError',
      message: expect.stringMatching(/^000004DC: /),
    });
    await client.close();
  });
});
