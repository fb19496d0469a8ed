// What other tools write our command reads right, and the other way round: impacket's rbcd and
// findDelegation, samba-tool delegation, ldapmodify and ldapsearch.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { impacketScript } from '../support/packages.ts';
import type { Outcome } from '../support/run.ts';
import { smbConf } from '../support/samba.ts';
import { repositoryRoot } from '../support/temp.ts';
import { useMember } from '../support/use-member.ts';

const program = join(repositoryRoot, 'packages/cli/bin/doublehop.js');
const driver = fileURLToPath(new URL('impacket-without-smb.py', import.meta.url));
const HOST = 'dc1.corp.example';
const URL_OF_HOST = `ldap://${HOST}`;
const COMPUTERS = 'CN=Computers,DC=corp,DC=example';
const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

describe('other tools of administrators', () => {
  const member = useMember('admin-tools', ['samba', 'impacket', 'ldap'], {
    corp: {
      // Impacket's Kerberos binds have no checksum and ask for no signing.
      settings: { requestChecksum: 'lenient' },
      ldap: { allowBareKerberos: true },
      prepare: async (directory) => {
        await directory.write((writer) => {
          for (const name of ['SERVERB', 'SERVERB1', 'SERVERC']) {
            const host = `${name.toLowerCase()}.corp.example`;
            writer.add(`CN=${name},${COMPUTERS}`, {
              objectClass: 'computer',
              sAMAccountName: `${name}$`,
              userAccountControl: '4096',
              dNSHostName: host,
              servicePrincipalName: [`HOST/${name}`, `HOST/${host}`],
            });
          }
        });
      },
    },
  });
  beforeAll(() => {
    mkdirSync(join(member.dir, 'state'), { recursive: true });
    writeFileSync(join(member.dir, 'smb.conf'), smbConf(join(member.dir, 'state')));
  });

  const ours = async (...args: readonly string[]): Promise<string> => {
    const env = { XDG_STATE_HOME: join(member.dir, 'journal'), DOUBLEHOP_LDAP: URL_OF_HOST };
    const ended = await member.run(process.execPath, [program, ...args], { env });
    expect(`${ended.status} ${ended.status === 0 ? '' : ended.stderr}`).toBe('0 ');
    return ended.stdout;
  };
  const principals = async (): Promise<readonly string[]> => {
    const { targets } = JSON.parse(await ours('show', 'ServerC', '--json'));
    return targets[0].principals.map(({ name }: { name: string }) => name);
  };
  const impacket = async (name: string, ...args: readonly string[]): Promise<string> => {
    const [python, path] = impacketScript(name);
    const { name: user, password } = member.corp.administrator;
    const who = `CORP.EXAMPLE/${user}:${password}`;
    const given = [driver, HOST, path, '-k', '-dc-ip', member.corp.address, ...args, who];
    const env = { KRB5CCNAME: undefined, HOME: member.dir };
    return (await member.run(python, given, { env, cwd: member.dir })).stdout;
  };
  const rbcd = async (action: string, ...more: readonly string[]): Promise<string> =>
    await impacket('rbcd', '-use-ldaps', '-delegate-to', 'SERVERC$', '-action', action, ...more);
  const samba = async (...args: readonly string[]): Promise<string> => {
    const env = { SMB_CONF_PATH: join(member.dir, 'smb.conf') };
    const all = ['delegation', ...args, '-H', URL_OF_HOST, '--use-kerberos=required'];
    const { stdout, stderr, status } = await member.run('samba-tool', all, { env });
    expect(status, stderr).toBe(0);
    return stdout;
  };
  const ldap = async (tool: string, args: readonly string[], input = ''): Promise<Outcome> =>
    await member.run(tool, ['-Q', '-Y', 'GSSAPI', '-H', URL_OF_HOST, ...args], { input });

  test("impacket's rbcd reads our grants, and we read and keep its own", async () => {
    await ours('grant', '--middle', 'ServerB', '--target', 'ServerC');
    expect(await rbcd('read')).toMatch(/SERVERB\$ /u);
    expect(await rbcd('write', '-delegate-from', 'SERVERB1$')).toContain('can now impersonate');
    expect(await principals()).toEqual(['SERVERB$', 'SERVERB1$']);
    await ours('revoke', '--middle', 'ServerB', '--target', 'ServerC');
    expect(await rbcd('read')).toMatch(/: *\n.*SERVERB1\$ /u);
    await rbcd('flush');
    expect(await principals()).toEqual([]);
    const undo = await ours('undo', 'last', '--force');
    expect(undo).toContain('SERVERB$ may now act for users to SERVERC$');
    expect(await rbcd('read')).toMatch(/SERVERB\$ .*\n.*SERVERB1\$ /u);
    await ours('revoke', '--all', '--target', 'ServerC');
    expect(await rbcd('read')).toContain('is empty');
  });

  test("impacket's findDelegation finds what grant, kcd and flags have written", async () => {
    await ours('grant', '--middle', 'ServerB', '--target', 'ServerC');
    await ours('kcd', 'add', '--middle', 'ServerB1', '--service', 'cifs/serverc.corp.example');
    await ours('flags', 'set', 'protocol-transition', '--account', 'ServerB1');
    await ours('flags', 'set', 'unconstrained', '--account', 'ServerC');
    const found = await impacket('findDelegation');
    const rows = found.split('\n').map((line) => line.trim().split(/\s{2,}/u));
    expect(rows).toContainEqual(['SERVERB$', 'Computer', 'Resource-Based Constrained', 'SERVERC$']);
    expect(found).toMatch(/SERVERB1\$ +Computer +Constrained w\/ Protocol Transition +cifs\//u);
    expect(found).toMatch(/SERVERC\$ +Computer +Unconstrained/u);
  });

  test('samba-tool delegation shows ours, and we show its own', async () => {
    const middle = await samba('show', 'SERVERB1$');
    expect(middle).toMatch(/UF_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION: True/u);
    expect(middle).toMatch(/msDS-AllowedToDelegateTo: cifs\/serverc\.corp\.example/u);
    const target = await samba('show', 'SERVERC$');
    expect(target).toMatch(/UF_TRUSTED_FOR_DELEGATION: True/u);
    expect(target).toMatch(new RegExp(`${RBCD}: CN=SERVERB,`, 'u'));
    await samba('add-principal', 'SERVERC$', 'SERVERB1$');
    await samba('add-service', 'SERVERB1$', 'http/gone.corp.example');
    await samba('for-any-service', 'SERVERC$', 'off');
    expect(await principals()).toEqual(['SERVERB$', 'SERVERB1$']);
    expect(JSON.parse(await ours('kcd', 'show', 'ServerB1', '--json')).middles[0]).toMatchObject({
      services: [
        { service: 'cifs/serverc.corp.example', holders: ['SERVERC$'] },
        { service: 'http/gone.corp.example', holders: [] },
      ],
      protocolTransition: true,
    });
    expect(await ours('flags', 'show', 'ServerC')).toMatch(/SERVERC\$ +- +- +-/u);
    await ours('revoke', '--middle', 'ServerB', '--target', 'ServerC');
    expect(await samba('show', 'SERVERC$')).toMatch(/: CN=SERVERB1,/u);
  });

  test('ldapmodify and ldapsearch: the octets themselves', async () => {
    const search = ['-LLL', '-o', 'ldif-wrap=no', '-b', `CN=SERVERC,${COMPUTERS}`, '-s', 'base'];
    const value = async (): Promise<string> =>
      /:: (\S+)/u.exec((await ldap('ldapsearch', [...search, RBCD])).stdout)?.[1] ?? '';
    await ours('set', '--middle', 'ServerB', '--target', 'ServerC');
    const [granted] = JSON.parse(await ours('show', 'ServerC', '--json')).targets;
    expect(Buffer.from(await value(), 'base64').toString('hex')).toBe(granted.raw);
    // An entry of a kind that nobody uses here, before ours.
    const octets = Buffer.from(granted.raw, 'hex');
    const ace = octets.subarray(-36);
    const other = Buffer.from(ace);
    other[1] = 0x02;
    const dacl = octets.length - 44;
    octets.writeUInt16LE(octets.readUInt16LE(dacl + 2) + 36, dacl + 2);
    octets.writeUInt16LE(2, dacl + 4);
    const wanted = Buffer.concat([octets.subarray(0, -36), other, ace]).toString('base64');
    const ldif =
      `dn: CN=SERVERC,${COMPUTERS}\nchangetype: modify\nreplace: ${RBCD}\n` +
      `${RBCD}:: ${wanted}\n`;
    expect((await ldap('ldapmodify', [], ldif)).stderr).toBe('');
    const { targets } = JSON.parse(await ours('show', 'ServerC', '--json'));
    expect(targets[0].access).toHaveLength(2);
    await ours('grant', '--middle', 'ServerB1', '--target', 'ServerC');
    await ours('revoke', '--middle', 'ServerB1', '--target', 'ServerC');
    expect(await value()).toBe(wanted);
  });
});
