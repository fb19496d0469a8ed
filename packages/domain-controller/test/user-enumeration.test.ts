import { createHook } from 'node:async_hooks';
import { errorName } from '@doublehop/kerberos/iana/error-codes';
import { buildAsReq, startAs } from '@doublehop/kerberos/client/as-exchange';
import { findKrbError } from '@doublehop/kerberos/client/krb-error';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, BASE, connectTls, entriesOf, passwordOf } from './support/domain.ts';
import { PasswordDomain, PEER } from './support/passwords.ts';

// What a stranger learns of who there is: never more than Active Directory tells (SECURITY.md).
let at: PasswordDomain;
beforeAll(async () => {
  at = await PasswordDomain.start();
});
afterAll(async () => {
  expect(at.domain.defects).toEqual([]);
  await at.close();
});

async function setControl(control: string): Promise<void> {
  const change = { attribute: 'userAccountControl', values: [control] };
  await at.domain.dc.directory.modify(ALICE, [{ operation: 'replace', ...change }]);
  at.domain.dc.accounts.refresh();
}

describe('MS-KILE 3.3.5.6: the KDC', () => {
  /** The error of an AS-REQ that proves nothing. */
  const asked = (name: string): string | undefined => {
    const secret = { kind: 'password', password: 'x' } as const;
    const state = startAs(at.client, { client: at.name(name), secret });
    const { bytes: request } = buildAsReq(at.client, {}, state, undefined);
    const error = findKrbError(at.domain.dc.kdc.handle(request, PEER) ?? new Uint8Array());
    return error === undefined ? undefined : errorName(error.errorCode);
  };

  it('tells who there is, and no more of a usable account', () => {
    expect(asked('nobody')).toBe('KDC_ERR_C_PRINCIPAL_UNKNOWN');
    expect(asked('alice')).toBe('KDC_ERR_PREAUTH_REQUIRED');
    expect(asked('Administrator')).toBe('KDC_ERR_PREAUTH_REQUIRED');
  });

  it('says of a disabled account that it is', async () => {
    await setControl('514');
    expect(asked('alice')).toBe('KDC_ERR_CLIENT_REVOKED');
    await setControl('512');
  });
});

describe('RFC 3244: kpasswd', () => {
  it('tells who may not set passwords nothing of whose there are', async () => {
    const ticket = await at.ticket('alice');
    const refusals = [];
    for (const target of ['bob', 'nobody', 'Administrator', 'SERVERB$', 'krbtgt']) {
      const change = at.change(ticket, 'N3w.password', { target });
      // oxlint-disable-next-line no-await-in-loop
      refusals.push(await change.then(() => 'done', String));
    }
    expect(new Set(refusals).size).toBe(1);
    expect(refusals[0]).not.toBe('done');
  });
});

describe('MS-ADTS 5.1.3.3.5: who has not bound to LDAP', () => {
  it('hears the same of what is there and of what is not', async () => {
    const client = await connectTls(at.domain);
    const heard = async (base: string): Promise<string> => {
      const filter = parseFilter('(objectClass=*)');
      return await entriesOf(client, { base, scope: 'base', filter }).then(
        (found) => `${found.length} entries`,
        (error: unknown) => String(error),
      );
    };
    const told = await heard(ALICE);
    expect(told).toContain('000004DC');
    for (const base of [`CN=nobody,CN=Users,${BASE}`, 'CN=,,', '<SID=S-1-5-32-544>', 'DC=x']) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await heard(base)).toBe(told);
    }
    for (const dn of [ALICE, `CN=nobody,${BASE}`]) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(client.delete(dn)).rejects.toThrow('000004DC');
      // oxlint-disable-next-line no-await-in-loop
      await expect(client.compare(dn, 'cn', 'x')).rejects.toThrow('000004DC');
    }
    await client.close();
  });
});

describe('MS-ADTS 5.1.1.1.1: the work of a simple bind', () => {
  // PBKDF2 is what takes the time (RFC 3962 §4): Node tells of each call.
  let derivations = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'PBKDF2REQUEST') derivations += 1;
    },
  });
  beforeAll(() => {
    hook.enable();
  });
  afterEach(() => setControl('512'));
  afterAll(() => {
    hook.disable();
  });

  /** How many passwords were hashed for one bind. */
  async function work(name: string, password: string): Promise<number> {
    const client = await connectTls(at.domain);
    derivations = 0;
    await expect(client.bindSimple(name, password)).rejects.toMatchObject({
      code: 'invalidCredentials',
    });
    await client.close();
    return derivations;
  }

  it('is the same whether there is such an account or not, and whatever its state', async () => {
    for (const name of ['alice', 'nobody', `CN=nobody,${BASE}`, 'CN=,,=', 'krbtgt', 'X\\alice']) {
      // oxlint-disable-next-line no-await-in-loop
      expect([name, await work(name, 'wrong')]).toEqual([name, 1]);
    }
    await setControl('514');
    expect(await work('alice', 'wrong')).toBe(1);
    expect(await work('alice', passwordOf('alice'))).toBe(1);
  });
});
