import fc from 'fast-check';
import { LdapError } from '@doublehop/ldap/errors';
import type { Filter } from '@doublehop/ldap/filter';
import { isResultCode } from '@doublehop/ldap/result-codes';
import type { LdapClient } from '@doublehop/ldap/client/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ALICE,
  BASE,
  connectAs,
  connectTls,
  entriesOf,
  type RunningDomain,
  serverDn,
  startDomain,
} from './support/domain.ts';

// Whatever a client asks for is answered with a result, and is never a defect of ours.
let domain: RunningDomain;
let client: LdapClient;

beforeAll(async () => {
  domain = await startDomain();
  client = await connectAs(domain, 'Administrator');
});
afterAll(async () => {
  await client.close();
  await domain.close();
});

async function answered(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(LdapError);
    const code = error instanceof LdapError ? error.code : '';
    expect([code, isResultCode(code) && code !== 'other']).toEqual([code, true]);
  }
  expect(domain.defects).toEqual([]);
}

const attribute = fc.oneof(
  fc.constantFrom(
    'cn',
    'objectSid',
    'objectGUID',
    'member',
    'memberOf',
    'nTSecurityDescriptor',
    'msDS-AllowedToActOnBehalfOfOtherIdentity',
    'userAccountControl',
    'accountExpires',
    'whenCreated',
    'objectClass',
    'objectCategory',
    'unicodePwd',
    'canonicalName',
    'distinguishedName',
    'sAMAccountName;range=0-*',
  ),
  fc.string(),
);
const value = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 60 }), fc.constantFrom(ALICE, ''));
const rule = fc.constantFrom(
  '1.2.840.113556.1.4.803',
  '1.2.840.113556.1.4.804',
  '1.2.840.113556.1.4.1941',
  '1.2.3',
);

const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constant('present' as const), attribute }),
    fc.record({
      kind: fc.constantFrom('equality', 'approx', 'greaterOrEqual', 'lessOrEqual'),
      attribute,
      value,
    }),
    fc.record({
      kind: fc.constant('substrings' as const),
      attribute,
      any: fc.array(value, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('extensible' as const), attribute, matchingRule: rule, value }),
    fc.record({ kind: fc.constant('not' as const), filter: tie('filter') }),
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      filters: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}));

const name = fc.oneof(
  fc.string(),
  fc.constantFrom(BASE, ALICE, '<GUID=>', '<SID=x>', '<WKGUID=,>', `CN=\\,${BASE}`),
  fc.string().map((text) => `CN=${text},CN=Users,${BASE}`),
  fc.string().map((text) => `<SID=${text}>`),
);

describe('hostile requests', () => {
  it('searches', async () => {
    const property = fc.asyncProperty(
      name,
      filter,
      fc.array(attribute, { maxLength: 3 }),
      async (base, which, attributes) => {
        await answered(() => entriesOf(client, { base, filter: which, attributes }));
        await answered(() => entriesOf(client, { base: BASE, filter: which, attributes }));
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });

  it('modifies, compares, renames', async () => {
    const dn = serverDn('SERVERC');
    const operation = fc.constantFrom('add' as const, 'delete' as const, 'replace' as const);
    const change = fc.record({ operation, attribute, values: fc.array(value, { maxLength: 2 }) });
    const changes = fc.array(change, { maxLength: 3 });
    const property = fc.asyncProperty(name, changes, attribute, value, async (...given) => {
      const [other, all, type, one] = given;
      await answered(() => client.modify(dn, all));
      await answered(() => client.modify(other === ALICE ? dn : other, all));
      await answered(() => client.compare(dn, type, one));
      await answered(() => client.modifyDn(`CN=x,${BASE}`, { newRdn: other }));
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('adds', async () => {
    const classes = fc.constantFrom('user', 'computer', 'group', 'top', 'container', 'x');
    const attributes = fc.dictionary(attribute, fc.array(value, { maxLength: 2 }), { maxKeys: 4 });
    const property = fc.asyncProperty(name, classes, attributes, async (dn, objectClass, more) => {
      await answered(() => client.add(dn, { objectClass, ...more }));
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('binds', async () => {
    const anonymous = await connectTls(domain);
    const property = fc.asyncProperty(fc.string({ minLength: 1 }), name, async (password, who) => {
      await answered(() => anonymous.bindSimple(who, password));
    });
    await fc.assert(property, { numRuns: 50 });
    await anonymous.close();
  });
});
