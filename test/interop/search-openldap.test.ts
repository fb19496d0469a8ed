// OpenLDAP's ldapsearch with the controls of Active Directory, on a member of a domain.
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../support/run.ts';
import { useMember } from '../support/use-member.ts';

const USERS = ['-b', 'CN=Users,DC=corp,DC=example'];

describe("OpenLDAP's ldapsearch", () => {
  const member = useMember('search-openldap', ['ldap']);
  const bind = ['-Q', '-Y', 'GSSAPI', '-H', 'ldap://dc1.corp.example'];
  const search = (...args: readonly string[]): Promise<Outcome> =>
    member.run('ldapsearch', [...bind, '-LLL', '-o', 'ldif-wrap=no', ...args]);

  test('sorts at the server', async () => {
    const { stdout } = await search('-E', '!sss=-cn', ...USERS, '(objectCategory=person)', 'cn');
    const names = [...stdout.matchAll(/^cn: (.*)$/gmu)].map(([, name]) => name);
    expect(names).toEqual(['krbtgt', 'Guest', 'Administrator']);
  });

  test('reads values by ranges', async () => {
    const base = ['-b', 'CN=Administrators,CN=Builtin,DC=corp,DC=example', '-s', 'base'];
    const { stdout } = await search(...base, '(objectClass=*)', 'member;range=0-0');
    expect(stdout).toMatch(/^member;range=0-0: CN=/mu);
  });

  test('reads changes with DirSync', async () => {
    const domain = ['-b', 'DC=corp,DC=example', '(cn=krbtgt)', 'name'];
    const { stdout } = await search('-E', '!dirSync=0/0', ...domain);
    expect(stdout).toMatch(/^parentGUID:: /mu);
    expect(stdout).toContain('DirSync control continueFlag=0');
    const cookie = /^# cookie:: (.*)$/mu.exec(stdout)?.[1] ?? '';
    expect(Buffer.from(cookie, 'base64').toString('latin1', 0, 4)).toBe('MSDS');
  });

  test.for(['GSSAPI', 'GSS-SPNEGO'])('%s after StartTLS', async (mechanism) => {
    const options = ['-Q', '-Y', mechanism, '-ZZ', '-O', 'maxssf=0'];
    const { stdout } = await member.run(
      'ldapwhoami',
      [...options, '-H', 'ldap://dc1.corp.example'],
      {
        env: { LDAPTLS_CACERT: member.corp.caFile },
      },
    );
    expect(stdout).toBe('u:CORP\\Administrator\n');
  });
});
