import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labPaths } from '@doublehop/lab/folder/paths';
import { writeState } from '@doublehop/lab/folder/state';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Called } from './support/call.ts';

let dir: string;
let lab: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'doublehop-psconfig-'));
  lab = dir;
  const address = '127.0.0.2';
  await writeState(labPaths(lab), {
    privilegedPorts: false,
    lenient: false,
    controller: {
      address,
      kdcPort: 1,
      kpasswdPort: 2,
      ldapPort: 3,
      ldapsPort: 4,
      gcPort: 5,
      gcsPort: 6,
    },
    hosts: [{ name: 'ServerB', address, port: 7, smbPort: 8, winRmPort: 9, winRmTlsPort: 10 }],
    processes: {},
  });
  writeFileSync(
    join(dir, 'jea.pssc'),
    `@{ SessionType = 'RestrictedRemoteServer'; RunAsVirtualAccount = $true
      RoleDefinitions = @{ 'CONTOSO\\Helpdesk' = @{ RoleCapabilities = 'Maintenance' } } }`,
  );
  writeFileSync(join(dir, 'wrong.pssc'), "@{\n  LanguageMode = 'Fast'\n}");
  writeFileSync(join(dir, 'empty.pssc'), '\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const psconfig = (args: readonly string[], input?: string): Promise<Called> =>
  call(['psconfig', ...args, '--dir', lab], input === undefined ? {} : { input });

describe('psconfig', () => {
  test('registers, shows, changes, disables and unregisters', async () => {
    const file = join(dir, 'jea.pssc');
    expect(await psconfig(['register', 'Maintenance', '--file', file])).toEqual({
      status: 0,
      stdout: 'ServerB has the session configuration Maintenance\n',
      stderr: '',
    });
    const { stdout } = await psconfig(['get', 'maintenance']);
    expect(stdout).toContain('Name          : Maintenance\n');
    expect(stdout).toContain('Runs as       : a virtual account\n');
    expect(stdout).toContain('Language mode : NoLanguage\n');
    expect(stdout).toContain('Role          : CONTOSO\\Helpdesk: Maintenance\n');
    expect((await psconfig(['disable', 'Maintenance'])).stdout).toBe('Maintenance is disabled\n');
    const sddl = 'O:NSG:BAD:P(A;;GA;;;BA)';
    await psconfig(['set', 'Maintenance', '--sddl', sddl, '--modules', dir]);
    const shown = await psconfig(['get', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject([
      { name: 'Maintenance', isEnabled: false, sddl, modulePath: [dir] },
    ]);
    expect((await psconfig(['enable', 'Maintenance'])).status).toBe(0);
    expect((await psconfig(['unregister', 'MAINTENANCE'])).stdout).toContain('has no longer');
    expect((await psconfig(['get'])).stderr).toContain('the default session configuration only');
  });

  test("keeps a RunAs user's password sealed, and shows it nowhere", async () => {
    const said = await psconfig(['register', 'Demo', '--run-as', 'CONTOSO\\alice'], 'Hidden.1\n');
    expect(said.status).toBe(0);
    const folder = join(lab, 'hosts', 'serverb', 'configurations');
    expect(readdirSync(folder).toSorted()).toEqual(['demo.json', 'sealing.key']);
    const kept = readFileSync(join(folder, 'demo.json'), 'utf8');
    expect(kept).toContain('sealed-1.');
    expect(kept).not.toContain('Hidden.1');
    const shown = await psconfig(['get', 'Demo', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject([{ runAs: 'CONTOSO\\alice' }]);
    expect(shown.stdout).not.toContain('sealed');
    await psconfig(['set', 'Demo', '--sddl', 'D:(A;;GA;;;BA)']);
    expect((await psconfig(['get', 'Demo'])).stdout).toContain('Runs as       : CONTOSO\\alice');
    await psconfig(['set', 'Demo', '--no-run-as']);
    expect((await psconfig(['get', 'Demo'])).stdout).toContain('Runs as       : the caller');
  });

  test.each([
    [['register', '../x'], '"../x" cannot be a name'],
    [['register', 'Demo'], 'ServerB has Demo already'],
    [['register', 'X', '--file', 'nowhere.pssc'], '--file: nowhere.pssc does not exist'],
    [['register', 'X', '--file', '%/empty.pssc'], 'is empty'],
    [['register', 'X', '--file', '%/wrong.pssc'], 'wrong.pssc:2:18: LanguageMode should be one of'],
    [['register', 'X', '--sddl', 'D:(what)'], 'the SDDL is not taken'],
    [['register', 'X', '--password-file', 'p'], '--password-file is the password of --run-as'],
    [['register', 'X', '--file', '%/jea.pssc', '--run-as', 'u'], 'a RunAs user besides'],
    [['set', 'Demo'], 'what should change?'],
    [['set', 'Nobody', '--sddl', 'D:'], 'has no session configuration Nobody'],
    [['unregister', 'Nobody'], 'has no session configuration Nobody'],
    [['get', 'Nobody'], 'has no session configuration Nobody'],
    [['get', '--host', 'ServerZ'], 'the lab has no host ServerZ: it has ServerB'],
  ])('%j is refused in one line', async (args, message) => {
    const words = args.map((word) => word.replace('%', dir));
    const { status, stdout, stderr } = await psconfig(words, 'password\n');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('without a lab says how to get one', async () => {
    const nowhere = await call(['psconfig', 'get', '--dir', join(dir, 'none')]);
    expect(nowhere.stderr).toContain('there is no lab in');
  });
});
