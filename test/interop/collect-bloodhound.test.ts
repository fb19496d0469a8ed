// BloodHound's collector (PyPI's `bloodhound`) reads the whole domain: who may do what to whom.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bloodhoundRoot } from '../support/packages.ts';
import { useMember } from '../support/use-member.ts';

interface Found {
  readonly ObjectIdentifier: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly Aces: readonly { readonly PrincipalSID: string; readonly RightName: string }[];
}

describe("BloodHound's collector", () => {
  const member = useMember('bloodhound', ['bloodhound', 'samba'], {
    // Its Kerberos is impacket's: no checksum over requests, and no GSS-API checksum in binds.
    corp: { settings: { requestChecksum: 'lenient' }, ldap: { allowBareKerberos: true } },
  });

  test('collects users, groups, computers, containers and who may write them', async () => {
    const { corp } = member;
    const { name, password } = corp.administrator;
    const url = ['-H', `ldap://${corp.host}`, '--use-kerberos=required'];
    await member.run('samba-tool', ['computer', 'create', 'SERVERB', ...url]);
    await member.run('samba-tool', ['computer', 'create', 'SERVERC', ...url]);
    const grant = ['delegation', 'add-principal', 'SERVERC$', 'SERVERB$'];
    await member.run('samba-tool', [...grant, ...url]);
    const options = ['-d', corp.domain, '-ns', corp.address, '-c', 'DCOnly', '--use-ldaps'];
    const credentials = ['-u', name, '-p', password, '--auth-method', 'kerberos'];
    const { stderr } = await member.run(
      join(bloodhoundRoot, 'bin', 'bloodhound-python'),
      [...credentials, ...options],
      { cwd: member.dir, timeout: 60_000 },
    );
    expect(stderr).not.toMatch(/ERROR|Traceback/u);
    const read = (kind: string): readonly Found[] => {
      const file = readdirSync(member.dir).find((each) => each.endsWith(`_${kind}.json`)) ?? '';
      return JSON.parse(readFileSync(join(member.dir, file), 'utf8')).data;
    };
    const named = (kind: string, wanted: string): Found | undefined =>
      read(kind).find(({ Properties }) => Properties['name'] === wanted);
    expect(named('users', 'ADMINISTRATOR@CORP.EXAMPLE')?.ObjectIdentifier).toMatch(/-500$/u);
    expect(named('groups', 'DOMAIN ADMINS@CORP.EXAMPLE')?.ObjectIdentifier).toMatch(/-512$/u);
    expect(read('domains')[0]?.Properties['functionallevel']).toBe('2016');
    const target = named('computers', 'SERVERC.CORP.EXAMPLE');
    const rights = target?.Aces.map(({ RightName }) => RightName);
    expect(rights).toContain('GenericAll');
    expect(JSON.stringify(target)).toContain('AllowedToAct');
  });
});
