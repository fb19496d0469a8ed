// adcli, with which Linux machines join Active Directory: discovery, join and account care.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newerAdcli } from '../support/newer-adcli.ts';
import { requirePeers } from '../support/peers.ts';
import type { Outcome } from '../support/run.ts';
import { useMember } from '../support/use-member.ts';

describe('adcli', () => {
  const member = useMember('adcli', ['adcli', 'ldap']);

  const run = async (command: string, ...args: readonly string[]): Promise<Outcome> => {
    return member.run(command, args);
  };
  const adcli = (command: string, ...args: readonly string[]): Promise<Outcome> =>
    run('adcli', command, '--domain=corp.example', `--login-ccache=${ccache()}`, ...args);
  const ccache = (): string => member.corp.env['KRB5CCNAME'] ?? '';
  const keytab = join(member.dir, 'member.keytab');

  test('info finds the controller by DNS and CLDAP', async () => {
    const { stdout, status } = await run('adcli', 'info', 'corp.example');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^domain-short = CORP$/mu);
    expect(stdout).toMatch(/^domain-forest = corp\.example$/mu);
    expect(stdout).toMatch(/^domain-controller-usable = yes$/mu);
    expect(stdout).toMatch(/^domain-controller-flags = .*kdc.*writable/mu);
    expect(stdout).toMatch(/^computer-site = Default-First-Site-Name$/mu);
  });

  test('join makes an account and a keytab that works', async () => {
    const { stderr, status } = await adcli('join', `--host-keytab=${keytab}`, '--verbose');
    expect(stderr).toContain(
      'Created computer account: CN=MEMBER1,CN=Computers,DC=corp,DC=example',
    );
    expect(status).toBe(0);
    expect(existsSync(keytab)).toBe(true);
    const logon = await run('kinit', '-k', '-t', keytab, '-c', join(member.dir, 'm'), 'MEMBER1$');
    expect(logon.stderr).toBe('');
    const ticket = await run('kvno', '-k', keytab, 'host/member1.corp.example');
    expect(ticket.stdout).toMatch(
      /host\/member1\.corp\.example@CORP\.EXAMPLE: .*keytab entry valid/u,
    );
  });

  test('testjoin and update with the keytab of the machine', async () => {
    const options = ['--domain=corp.example', `--host-keytab=${keytab}`];
    const tested = await run('adcli', 'testjoin', ...options);
    expect(tested.stdout).toMatch(/Sucessfully validated join to domain/u);
    const renewed = await run('adcli', 'update', '--computer-password-lifetime=0', ...options);
    expect(renewed.stderr).toBe('');
    expect(renewed.status).toBe(0);
    const logon = await run('kinit', '-k', '-t', keytab, '-c', join(member.dir, 'm'), 'MEMBER1$');
    expect(logon.stderr).toBe('');
  });

  test('preset-computer, show-computer, reset-computer, delete-computer', async () => {
    const made = await adcli('preset-computer', '--os-name=Linux', 'WEB1');
    expect(made.status).toBe(0);
    const shown = await adcli('show-computer', 'WEB1');
    expect(shown.stdout).toMatch(/^sAMAccountName:\s+WEB1\$$/mu);
    expect(shown.stdout).toMatch(/^operatingSystem:\s+Linux$/mu);
    const reset = await adcli('reset-computer', 'WEB1');
    expect(reset.stderr).toBe('');
    const deleted = await adcli('delete-computer', 'WEB1');
    expect(deleted.status).toBe(0);
    const gone = await adcli('show-computer', 'WEB1');
    expect(gone.status).not.toBe(0);
  });

  test('create-msa makes a managed service account for the host', async () => {
    const keys = join(member.dir, 'msa.keytab');
    const made = await adcli('create-msa', `--host-keytab=${keys}`, '--verbose');
    expect(made.status).toBe(0);
    expect(made.stderr).toMatch(/CN=MEMBER1!\w+,CN=Managed Service Accounts,DC=corp,DC=example/u);
    const listed = await run('klist', '-k', keys);
    expect(listed.stdout).toMatch(/MEMBER1!\w+\$@CORP\.EXAMPLE/u);
  });

  test('passwd-user sets a password (adcli 0.9.2)', async (context) => {
    requirePeers(context, 'newer-adcli');
    const { command, args, env } = newerAdcli();
    expect((await adcli('create-user', 'emma')).status).toBe(0);
    const options = ['--domain=corp.example', `--login-ccache=${ccache()}`, '-v'];
    const line = [command, ...args, 'passwd-user', 'emma', ...options].join(' ');
    // It asks on a terminal, and throws away what was typed before it asked: so type it again.
    const typed = `while sleep 0.5; do echo Sup3r.secret; done | script -qefc "$0" /dev/null`;
    const changed = await member.run('sh', ['-c', typed, line], { env });
    expect(changed.stdout).toContain('Password (re)setted for user: CN=emma,CN=Users');
    expect(changed.stdout).toContain('Enabled user entry CN=emma,CN=Users');
    expect(changed.status).toBe(0);
    const logon = await member.run('kinit', ['-c', join(member.dir, 'emma'), 'emma'], {
      input: 'Sup3r.secret\n',
    });
    expect(logon.stderr).toBe('');
  });

  test('create-user, groups, delete-user', async () => {
    const made = await adcli('create-user', 'dora', '--display-name=Dora');
    expect(made.status).toBe(0);
    expect((await adcli('create-group', 'readers')).status).toBe(0);
    expect((await adcli('add-member', 'readers', 'dora')).status).toBe(0);
    expect((await adcli('remove-member', 'readers', 'dora')).status).toBe(0);
    expect((await adcli('delete-user', 'dora')).status).toBe(0);
  });
});
