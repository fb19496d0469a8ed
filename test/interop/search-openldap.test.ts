// OpenLDAP's tools with the controls of Active Directory, on a member of a domain.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../support/run.ts';
import { useMember } from '../support/use-member.ts';

const DOMAIN = 'DC=corp,DC=example';
const CONTAINER = `CN=Users,${DOMAIN}`;
const USERS = ['-b', CONTAINER];

/** MS-ADTS 3.1.1.3.4.1.5, 3.1.1.3.4.1.8, 3.1.1.3.4.1.14, 3.1.1.3.4.1.15. */
const EXTENDED_DN = '1.2.840.113556.1.4.529';
const TREE_DELETE = '1.2.840.113556.1.4.805';
const PERMISSIVE_MODIFY = '1.2.840.113556.1.4.1413';

describe("OpenLDAP's tools", () => {
  const member = useMember('search-openldap', ['ldap']);
  const bind = ['-Q', '-Y', 'GSSAPI', '-H', 'ldap://dc1.corp.example'];
  const search = (...args: readonly string[]): Promise<Outcome> =>
    member.run('ldapsearch', [...bind, '-LLL', '-o', 'ldif-wrap=no', ...args]);
  const change = (tool: string, lines: readonly string[], ...args: string[]): Promise<Outcome> =>
    member.run(tool, [...bind, ...args], { input: `${lines.join('\n')}\n` });
  const add = async (dn: string, objectClass: string): Promise<void> => {
    const { stderr } = await change('ldapadd', [`dn: ${dn}`, `objectClass: ${objectClass}`]);
    expect(stderr).toBe('');
  };
  const all = (text: string, attribute: string): string[] =>
    [...text.matchAll(new RegExp(`^${attribute}: (.*)$`, 'gmu'))].map(([, value = '']) => value);

  test('sorts at the server', async () => {
    const { stdout } = await search('-E', '!sss=-cn', ...USERS, '(objectCategory=person)', 'cn');
    expect(all(stdout, 'cn')).toEqual(['krbtgt', 'Guest', 'Administrator']);
  });

  test('reads page by page, and sorted', async () => {
    const pages = ['-E', '!pr=2/noprompt', '-E', 'sss=cn', ...USERS];
    const whole = await search(...pages, '(objectCategory=group)', 'cn');
    const names = all(whole.stdout, 'cn');
    expect(names.length).toBeGreaterThan(10);
    expect(names).toEqual([...new Set(names)].toSorted((a, b) => a.localeCompare(b, 'en')));
    expect(whole.stdout.match(/^# pagedresults: cookie=/gmu)?.length).toBeGreaterThan(5);
  });

  test.for([
    ['0', /^<GUID=[0-9a-f]{32}>;<SID=[0-9a-f]+>;CN=Guests?,CN=/u],
    ['1', /^<GUID=[0-9a-f-]{36}>;<SID=S-1-5-[0-9-]+-5(?:01|46)>;CN=Guests?,CN=/u],
  ] as const)('names with GUID and SID, in form %s', async ([form, expected]) => {
    const person = [...USERS, '(cn=Guest)', 'memberOf'];
    const names = async (control: string): Promise<string[]> => {
      const { stdout } = await search('-E', control, ...person);
      const values = [...all(stdout, 'dn:'), ...all(stdout, 'memberOf:')];
      return values.map((value) => Buffer.from(value, 'base64').toString());
    };
    const named = await names(`!extendedDn=${form}`);
    expect(named).toEqual([expect.stringMatching(expected), expect.stringMatching(expected)]);
    // Without a value the control asks for form 0 (MS-ADTS 3.1.1.3.4.1.5).
    if (form === '0') expect(await names(`!${EXTENDED_DN}`)).toEqual(named);
  });

  test('the domain alone: no references to other naming contexts', async () => {
    const person = ['-b', DOMAIN, '(cn=Guest)', 'cn'];
    expect((await search(...person)).stdout).toContain('# refldap://');
    const alone = await search('-E', '!domainScope', ...person);
    expect(all(alone.stdout, 'cn')).toEqual(['Guest']);
    expect(alone.stdout).not.toContain('# ref');
  });

  test('deletes a tree, and shows what was deleted', async () => {
    const unit = `OU=Old,${DOMAIN}`;
    await add(unit, 'organizationalUnit');
    await add(`OU=Inner,${unit}`, 'organizationalUnit');
    await add(`CN=gone,OU=Inner,${unit}`, 'user');
    const refused = await change('ldapdelete', [unit]);
    expect(refused.stderr).toContain('Operation not allowed on non-leaf (66)');
    const done = await change('ldapdelete', [unit], '-e', `!${TREE_DELETE}`);
    expect([done.status, done.stderr]).toEqual([0, '']);
    const looked = ['-b', DOMAIN, '(&(isDeleted=TRUE)(lastKnownParent=*)(cn=gone*))', 'isDeleted'];
    expect(all((await search(...looked)).stdout, 'isDeleted')).toEqual([]);
    const shown = await search('-E', '!showDeleted', ...looked);
    expect(all(shown.stdout, 'isDeleted')).toEqual(['TRUE']);
    expect(shown.stdout).toMatch(/^dn: CN=gone\\0ADEL:[0-9a-f-]{36},CN=Deleted Objects,DC=corp/mu);
  });

  test('a permissive modify takes what is so already', async () => {
    const group = `CN=perm,${CONTAINER}`;
    await add(group, 'group');
    const lines = [`dn: ${group}`, 'changetype: modify', 'add: member', `member: ${guest}`];
    const modify = (...args: string[]): Promise<Outcome> => change('ldapmodify', lines, ...args);
    expect((await modify()).status).toBe(0);
    expect((await modify()).stderr).toContain('Already exists (68)');
    const permitted = await modify('-e', `!${PERMISSIVE_MODIFY}`);
    expect([permitted.status, permitted.stderr]).toEqual([0, '']);
    const { stdout } = await search('-b', group, '-s', 'base', 'member');
    expect(all(stdout, 'member')).toEqual([guest]);
  });
  const guest = `CN=Guest,${CONTAINER}`;

  test('a critical control that Active Directory does not have', async () => {
    const { status, stderr } = await search('-E', '!deref=member:cn', ...USERS);
    expect([status, stderr]).toEqual([12, expect.stringContaining('unavailable')]);
    expect((await search('-E', 'deref=member:cn', ...USERS)).status).toBe(0);
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

  // Of Cyrus SASL's mechanisms those that are not offered; a client can be told to try them.
  test.for(['DIGEST-MD5', 'PLAIN', 'SCRAM-SHA-256', 'ANONYMOUS', 'NTLM'])(
    '%s over LDAPS: authMethodNotSupported',
    async (mechanism) => {
      const { status, stderr } = await whoAmI(mechanism);
      expect(stderr).toContain('Authentication method not supported (7)');
      expect(status).toBe(7);
    },
  );

  test('EXTERNAL with a certificate: none is asked for, so that none is shown', async () => {
    const files = { LDAPTLS_CERT: join(member.dir, 'me.pem'), LDAPTLS_KEY: join(member.dir, 'me') };
    const subject = ['-subj', '/CN=Administrator', '-days', '2', '-keyout', files.LDAPTLS_KEY];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-out', files.LDAPTLS_CERT];
    expect((await member.run('openssl', [...made, ...subject])).status).toBe(0);
    const { status, stderr } = await whoAmI('EXTERNAL', files);
    expect(stderr).toContain('no mechanism available');
    expect(status).not.toBe(0);
  });
  const whoAmI = (mechanism: string, env: Record<string, string> = {}): Promise<Outcome> => {
    const credentials = ['-U', 'Administrator', '-w', member.corp.administrator.password];
    const args = ['-Q', '-Y', mechanism, '-O', 'none', ...credentials];
    return member.run('ldapwhoami', [...args, '-H', 'ldaps://dc1.corp.example'], {
      env: { LDAPTLS_CACERT: member.corp.caFile, ...env },
    });
  };
});
