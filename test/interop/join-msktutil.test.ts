// msktutil, which keeps keytabs of machines in Active Directory.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../support/run.ts';
import { useMember } from '../support/use-member.ts';

describe('msktutil', () => {
  const member = useMember('msktutil', ['msktutil', 'ldap'], { host: 'web1' });
  const keytab = join(member.dir, 'web.keytab');

  const run = (command: string, ...args: readonly string[]): Promise<Outcome> => {
    return member.run(command, args);
  };
  const msktutil = (command: string, ...args: readonly string[]): Promise<Outcome> =>
    run('msktutil', command, '--server', 'dc1.corp.example', '--keytab', keytab, ...args);
  const identity = ['--computer-name', 'WEB1', '--hostname', 'web1.corp.example'];

  test('create makes the account and its keytab', async () => {
    const { stderr, status } = await msktutil(
      'create',
      ...identity,
      '-s',
      'HTTP/web1.corp.example',
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const ticket = await run('kvno', '-k', keytab, 'HTTP/web1.corp.example');
    expect(ticket.stdout).toMatch(/HTTP\/web1\.corp\.example@CORP\.EXAMPLE: .*keytab entry valid/u);
    const logon = await run('kinit', '-k', '-t', keytab, '-c', join(member.dir, 'web'), 'WEB1$');
    expect(logon.stderr).toBe('');
  });

  test('update changes the password and keeps the old keys beside', async () => {
    const { stderr, status } = await msktutil('update', ...identity);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const listed = await run('klist', '-k', keytab);
    expect(new Set([...listed.stdout.matchAll(/^ +(\d+) /gmu)].map(([, kvno]) => kvno)).size).toBe(
      2,
    );
    const logon = await run('kinit', '-k', '-t', keytab, '-c', join(member.dir, 'web'), 'WEB1$');
    expect(logon.stderr).toBe('');
  });

  test('reset and delete', async () => {
    expect((await msktutil('reset', ...identity)).status).toBe(0);
    expect((await msktutil('delete', ...identity)).status).toBe(0);
  });
});
