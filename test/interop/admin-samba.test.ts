// Samba's administration tools over LDAP with Kerberos: samba-tool, ldbsearch and ldbmodify, net.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../support/run.ts';
import { smbConf } from '../support/samba.ts';
import { useMember } from '../support/use-member.ts';

const URL = 'ldap://dc1.corp.example';

describe("Samba's tools", () => {
  const member = useMember('admin-samba', ['samba']);
  beforeAll(() => {
    mkdirSync(join(member.dir, 'state'), { recursive: true });
    writeFileSync(join(member.dir, 'smb.conf'), smbConf(join(member.dir, 'state')));
  });

  const run = (command: string, args: readonly string[], input = ''): Promise<Outcome> => {
    return member.run(command, args, {
      env: { SMB_CONF_PATH: join(member.dir, 'smb.conf') },
      input,
    });
  };
  const kerberos = ['-H', URL, '--use-kerberos=required'];
  const tool = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr, status } = await run('samba-tool', [...args, ...kerberos]);
    const serious = stderr.replace(/^WARNING: Using passwords on command line .*\n/mu, '');
    expect(`${serious}[${status}]`).toBe('[0]');
    return stdout;
  };

  test('samba-tool user', async () => {
    expect(await tool('user', 'create', 'bob', 'Passw0rd.one', '--given-name=Bob')).toMatch(
      /User 'bob' added successfully/u,
    );
    expect((await tool('user', 'list')).split('\n').toSorted()).toEqual(
      ['', 'Administrator', 'Guest', 'bob', 'krbtgt'].toSorted(),
    );
    expect(await tool('user', 'show', 'bob')).toMatch(/^userAccountControl: 512$/mu);
    await tool('user', 'setpassword', 'bob', '--newpassword=Passw0rd.two');
    const logon = await run('kinit', ['-c', join(member.dir, 'bob'), 'bob'], 'Passw0rd.two\n');
    expect(logon.stderr).toBe('');
    await tool('user', 'disable', 'bob');
    const refused = await run('kinit', ['-c', join(member.dir, 'bob'), 'bob'], 'Passw0rd.two\n');
    expect(refused.stderr).toMatch(/revoked/u);
    await tool('user', 'enable', 'bob');
    await tool('user', 'sensitive', 'bob', 'on');
    expect(await tool('user', 'show', 'bob')).toMatch(/^userAccountControl: 1049088$/mu);
    await tool('user', 'unlock', 'bob');
    await tool('user', 'rename', 'bob', '--surname=Builder', '--force-new-cn=Bob Builder');
    expect(await tool('user', 'show', 'bob')).toMatch(/^dn: CN=Bob Builder,CN=Users/mu);
  });

  test('samba-tool group', async () => {
    await tool('group', 'add', 'hoppers');
    await tool('group', 'addmembers', 'hoppers', 'bob');
    expect(await tool('group', 'listmembers', 'hoppers')).toBe('bob\n');
    expect(await tool('user', 'getgroups', 'bob')).toMatch(/^hoppers$/mu);
    await tool('group', 'removemembers', 'hoppers', 'bob');
    await tool('group', 'delete', 'hoppers');
    expect(await tool('group', 'list')).not.toMatch(/^hoppers$/mu);
  });

  test('samba-tool computer, spn, delegation', async () => {
    await tool('computer', 'create', 'SERVERB');
    await tool('computer', 'create', 'SERVERC', '--service-principal-name=HOST/serverc');
    expect(await tool('computer', 'list')).toMatch(/^SERVERC\$$/mu);
    await tool('spn', 'add', 'http/serverc.corp.example', 'SERVERC$');
    expect(await tool('spn', 'list', 'SERVERC$')).toMatch(/http\/serverc\.corp\.example/u);
    await tool('delegation', 'for-any-protocol', 'SERVERB$', 'on');
    await tool('delegation', 'add-service', 'SERVERB$', 'http/serverc.corp.example');
    await tool('delegation', 'add-principal', 'SERVERC$', 'SERVERB$');
    const middle = await tool('delegation', 'show', 'SERVERB$');
    expect(middle).toMatch(/UF_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION: True/u);
    expect(middle).toMatch(/msDS-AllowedToDelegateTo: http\/serverc\.corp\.example/u);
    expect(await tool('delegation', 'show', 'SERVERC$')).toMatch(
      /msDS-AllowedToActOnBehalfOfOtherIdentity: CN=SERVERB,CN=Computers/u,
    );
    await tool('delegation', 'for-any-service', 'SERVERC$', 'on');
    expect(await tool('delegation', 'show', 'SERVERC$')).toMatch(
      /UF_TRUSTED_FOR_DELEGATION: True/u,
    );
    await tool('delegation', 'for-any-service', 'SERVERC$', 'off');
    expect(await tool('delegation', 'show', 'SERVERC$')).toMatch(
      /UF_TRUSTED_FOR_DELEGATION: False/u,
    );
    await tool('delegation', 'del-principal', 'SERVERC$', 'SERVERB$');
    await tool('spn', 'delete', 'http/serverc.corp.example', 'SERVERC$');
    await tool('computer', 'delete', 'SERVERB');
  });

  test('samba-tool ou, contact, domain passwordsettings', async () => {
    await tool('ou', 'create', 'OU=Branch');
    expect(await tool('ou', 'list')).toMatch(/^OU=Branch$/mu);
    await tool('ou', 'delete', 'OU=Branch');
    expect(await tool('domain', 'passwordsettings', 'show')).toMatch(/Minimum password length: 7/u);
    await tool('domain', 'passwordsettings', 'set', '--min-pwd-length=9');
    expect(await tool('domain', 'passwordsettings', 'show')).toMatch(/Minimum password length: 9/u);
  });

  test('ldbsearch and ldbmodify', async () => {
    const filter = '(&(objectCategory=computer)(sAMAccountName=DC1$))';
    const found = await run('ldbsearch', [...kerberos, filter, 'dNSHostName', 'memberOf']);
    expect(found.stdout).toMatch(/^dNSHostName: dc1\.corp\.example$/mu);
    const ldif =
      'dn: CN=SERVERC,CN=Computers,DC=corp,DC=example\nchangetype: modify\n' +
      'replace: description\ndescription: the target\n';
    const changed = await run('ldbmodify', kerberos, ldif);
    expect(changed.stdout).toMatch(/Modified 1 records/u);
    const deleted = ['--show-deleted', '(&(isDeleted=TRUE)(sAMAccountName=SERVERB$))', 'dn'];
    const tombstone = await run('ldbsearch', [...kerberos, ...deleted]);
    expect(tombstone.stdout).toMatch(/dn: CN=SERVERB\\0ADEL:[-0-9a-f]{36},CN=Deleted Objects/u);
    const shown = await run('ldbsearch', [
      ...kerberos,
      '--show-binary',
      '-s',
      'base',
      'nTSecurityDescriptor',
    ]);
    expect(shown.stdout).toMatch(/owner_sid\s*: \*\n\s*owner_sid\s*: S-1-5-/u);
  });

  test('net ads', async () => {
    const options = [
      '-s',
      join(member.dir, 'smb.conf'),
      '--use-kerberos=required',
      '-S',
      'dc1.corp.example',
    ];
    const filter = '(sAMAccountName=Administrator)';
    const found = await run('net', ['ads', 'search', ...options, filter, 'objectSid']);
    expect(found.stdout).toMatch(/^objectSid: S-1-5-21-[\d-]+-500$/mu);
    const dn = await run('net', ['ads', 'dn', ...options, 'CN=Users,DC=corp,DC=example', 'cn']);
    expect(dn.stdout).toMatch(/^cn: Users$/mu);
    const info = await run('net', ['ads', 'info', ...options]);
    expect(info.stdout).toMatch(/^Realm: CORP\.EXAMPLE$/mu);
    const lookup = await run('net', ['ads', 'lookup', ...options]);
    expect(lookup.stdout).toMatch(/Domain Controller: dc1\.corp\.example/u);
    expect(lookup.stdout).toMatch(/Is running a KDC:\s+yes/u);
  });
});
