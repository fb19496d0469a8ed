import { describe, expect, test } from 'vitest';
import type { Principal } from '../src/account.ts';
import { checkMiddles } from '../src/middles.ts';
import { accountNamed, DOMAIN_SID } from './support/fake-directory.ts';

const domain = {
  namingContext: 'DC=contoso,DC=com',
  dnsName: 'contoso.com',
  netbiosName: 'CONTOSO',
  sid: DOMAIN_SID,
  controller: undefined,
};
const check = (...middles: readonly Principal[]): void => checkMiddles(domain, middles);
const alone = (sid: Principal['sid'], name: string = sid): Principal => ({ sid, name });

describe('middles of a grant', () => {
  test('accounts, SIDs of other domains, and those that everybody has', () => {
    check(accountNamed('SERVERB', 1101));
    check(alone('S-1-5-21-1-2-3-1104'), alone('S-1-1-0', 'Everyone'));
    checkMiddles({ ...domain, sid: undefined }, [alone(`${DOMAIN_SID}-9999`)]);
  });

  test.each([
    ['the beginning of a SID', alone('S-1-5'), 'usage', /beginning of a SID/],
    ['SELF', alone('S-1-5-10', 'NT AUTHORITY\\SELF'), 'usage', /SELF stands for nobody/],
    ['OWNER RIGHTS', alone('S-1-3-4', 'OWNER RIGHTS'), 'usage', /stands for nobody/],
    [
      'an account that is gone',
      alone(`${DOMAIN_SID}-9999`),
      'not-found',
      /deleted, or is misspelt/,
    ],
  ] as const)('not %s', (_what, middle, code, message) => {
    const refused = expect.objectContaining({
      code,
      argument: '--middle',
      message: expect.stringMatching(message),
    });
    expect(() => check(accountNamed('SERVERB', 1101), middle)).toThrow(refused);
  });
});
