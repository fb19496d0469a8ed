import { LdapError } from '@doublehop/ldap/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ALICE,
  BASE,
  connectAs,
  entriesOf,
  type RunningDomain,
  startDomain,
  textsOf,
  ticketFor,
} from './support/domain.ts';

let domain: RunningDomain;
let set: (dn: string, attribute: string, value: string) => Promise<unknown>;
let read: (attribute: string) => Promise<string | undefined>;

beforeAll(async () => {
  domain = await startDomain();
  const administrator = await connectAs(domain, 'Administrator');
  set = (dn, attribute, value) =>
    administrator.modify(dn, [{ operation: 'replace', attribute, values: [value] }]);
  read = async (attribute) => {
    const [entry] = await entriesOf(administrator, {
      base: ALICE,
      scope: 'base',
      attributes: [attribute],
    });
    return textsOf(entry, attribute)?.[0];
  };
  await set(BASE, 'lockoutThreshold', '5');
});
afterAll(() => domain.close());

describe('every service counts wrong passwords in the same place', () => {
  test('guesses at the same time do not exceed the threshold; a search shows them', async () => {
    const guess = (password: string) =>
      connectAs(domain, 'alice', password).then(
        () => 'in',
        (error: unknown) => (error instanceof LdapError ? error.message : 'other'),
      );
    const guesses = Array.from({ length: 12 }, (_, index) => guess(`wrong ${index}`));
    const answers = await Promise.all(guesses);
    expect(answers.filter((text) => text.includes('data 52e')).length).toBeLessThanOrEqual(5);
    expect(await read('badPwdCount')).toBe('5');
    expect(await read('lockoutTime')).toMatch(/^\d{18}$/);
    // The right one is not told from a wrong one any more, whatever the service.
    expect(await guess('Passw0rd.alice')).toContain('data 775');
    await expect(ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com'])).rejects.toThrow(
      'STATUS_ACCOUNT_LOCKED_OUT',
    );
  });

  test('an administrator unlocks by lockoutTime 0', async () => {
    await set(ALICE, 'lockoutTime', '0');
    expect(await read('badPwdCount')).toBe('0');
    await expect(ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com'])).resolves.toBeDefined();
    expect(await read('logonCount')).toBe('1');
    expect(domain.defects).toEqual([]);
  });
});
