import type { LdapEvent } from '@doublehop/domain-controller/ldap/audit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ADMIN_PASSWORD,
  ALICE,
  BASE,
  connectClear,
  connectTls,
  entriesOf,
  passwordOf,
  type RunningDomain,
  startDomain,
} from './support/domain.ts';

let domain: RunningDomain;
const events: LdapEvent[] = [];

beforeAll(async () => {
  domain = await startDomain({ ldapAudit: (event) => events.push(event) });
});
beforeEach(() => {
  events.length = 0;
});
afterAll(async () => {
  await domain.close();
  expect(domain.defects).toEqual([]);
});

const seen = () =>
  events.map(({ EventID, SubjectUserName, ObjectDN, Status }) => [
    EventID,
    SubjectUserName,
    ObjectDN,
    Status,
  ]);

describe('events of LDAP', () => {
  it('who bound, and what was read and written', async () => {
    const client = await connectTls(domain);
    const me = 'CONTOSO\\Administrator';
    await client.bindSimple(me, ADMIN_PASSWORD);
    await entriesOf(client, { base: ALICE, scope: 'base' });
    const dn = `OU=Audited,${BASE}`;
    await client.add(dn, { objectClass: 'organizationalUnit', description: 'a secret value' });
    await client.modify(dn, [{ operation: 'replace', attribute: 'description', values: ['x'] }]);
    await client.modifyDn(dn, { newRdn: 'OU=Renamed' });
    await client.delete(`OU=Renamed,${BASE}`);
    await client.close();
    expect(seen()).toEqual([
      [4624, me, '-', 'success'],
      [1644, me, ALICE, 'success'],
      [5137, me, dn, 'success'],
      [5136, me, dn, 'success'],
      [5139, me, dn, 'success'],
      [5141, me, `OU=Renamed,${BASE}`, 'success'],
    ]);
    expect(events[0]).toMatchObject({
      AuthenticationPackageName: 'simple',
      IpAddress: '127.0.0.1',
      LogonId: events[1]?.LogonId,
    });
    expect(events[1]).toMatchObject({ Entries: 1, Operation: 'searchRequest' });
    const text = JSON.stringify(events);
    expect(text).not.toContain('a secret value');
    expect(text).not.toContain(ADMIN_PASSWORD);
  });

  it('whoever failed to bind is anonymous afterwards', async () => {
    const client = await connectTls(domain);
    await client.bindSimple('alice', passwordOf('alice'));
    await client.bindSimple('alice', 'wrong').catch(() => undefined);
    await entriesOf(client, { base: '', scope: 'base' });
    await client.close();
    expect(seen()).toEqual([
      [4624, 'alice', '-', 'success'],
      [4625, 'alice', '-', 'invalidCredentials'],
      [1644, '-', '', 'success'],
    ]);
  });

  it('what is refused', async () => {
    const client = await connectClear(domain);
    await client.delete(ALICE).catch(() => undefined);
    await client.close();
    expect(seen()).toEqual([[5141, '-', ALICE, 'operationsError']]);
  });
});
