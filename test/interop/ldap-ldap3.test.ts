// python-ldap3, with its extensions for Active Directory.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { useMember } from '../support/use-member.ts';

const program = fileURLToPath(new URL('ldap3-directory.py', import.meta.url));

describe('python-ldap3', () => {
  const member = useMember('ldap3', ['ldap3']);

  test('reads the schema, and administers users and groups', async () => {
    const { host, caFile, administrator, baseDn } = member.corp;
    const { name, password } = administrator;
    const args = [program, host, caFile, `${name}@corp.example`, password, baseDn];
    const { stdout, stderr } = await member.run('/usr/bin/python3', args);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      'schema True True',
      'domain DC=corp,DC=example',
      'password True',
      'who u:CORP\\eve',
      'joined True',
      'memberOf CN=team,CN=Users,DC=corp,DC=example',
      'sid True guid 38',
      'times True True',
      'left True',
      'unlocked True',
      'paged True',
      'dirsync True',
      'gone False',
      '',
    ]);
  });
});
