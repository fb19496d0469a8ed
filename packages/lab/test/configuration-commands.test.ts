// Register-PSSessionConfiguration and its kin, on a host of the lab.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import { SecureText } from '@doublehop/powershell/objects/value';
import { ConfigurationStore } from '@doublehop/remoting/configurations/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configurationFile } from '../src/folder/configuration-file.ts';
import {
  type ConfigurationAccess,
  configurationCommands,
} from '../src/remoting/configuration-commands.ts';
import type { HostSession } from '../src/sessions/host-session.ts';
import { makeTempDir, removeDir } from '../../../test/support/temp.ts';
import { arrive } from './support/callers.ts';
import { TestDomain } from './support/domain.ts';
import { type as typed, type Typed } from './support/shell.ts';

let dir: string;
let store: ConfigurationStore;
let session: HostSession;
let domain: TestDomain;

beforeEach(async () => {
  domain = await TestDomain.make();
  dir = makeTempDir('configurations');
  store = new ConfigurationStore(dir, domain.system.random);
  session = await arrive(domain, domain.host('ServerB'), 'alice');
});
afterEach(() => removeDir(dir));

/** Types a line at a console that can read files, or in a session that cannot. */
function type(line: string, more: Partial<ConfigurationAccess> = {}): Promise<Typed> {
  const access = (one: HostSession): ConfigurationAccess => ({ session: one, store, ...more });
  const commands: readonly Command<HostSession>[] = configurationCommands(access);
  return typed(session, line, commands);
}

test('what is registered is shown, changed, disabled and removed', async () => {
  const { output, errors } = await type('Register-PSSessionConfiguration Demo -Force');
  expect([output.map(toText), errors]).toEqual([['Demo'], []]);
  const again = await type('Register-PSSessionConfiguration demo');
  expect(again.errors[0]?.errorId).toBe('PSSessionConfigurationExists');
  const sddl = 'O:NSG:BAD:P(A;;GA;;;BA)';
  await type(`Set-PSSessionConfiguration Demo -SecurityDescriptorSddl '${sddl}'`);
  await type('Disable-PSSessionConfiguration Demo -Force');
  expect(await store.get('Demo')).toMatchObject({ name: 'Demo', sddl, isEnabled: false });
  await type('Enable-PSSessionConfiguration Demo');
  expect((await store.get('Demo'))?.isEnabled).toBe(true);
  const shown = await type('(Get-PSSessionConfiguration).Name');
  expect(shown.output).toEqual(['microsoft.powershell', 'Demo']);
  const permission = await type('(Get-PSSessionConfiguration Demo).Permission');
  expect(permission.output).toEqual([String.raw`BUILTIN\Administrators AccessAllowed`]);
  await type('Get-PSSessionConfiguration D* | Unregister-PSSessionConfiguration -Force');
  expect(await store.list()).toEqual([]);
});

test('a RunAs password is sealed and shown by nothing', async () => {
  const askPassword = async () => SecureText.of('Passw0rd.bob');
  const line = String.raw`Register-PSSessionConfiguration Bob -RunAsCredential CONTOSO\bob`;
  const { text, errors } = await type(`${line} | Format-List *`, { askPassword });
  expect([errors, text.includes('Passw0rd')]).toEqual([[], false]);
  expect(text).toMatch(/RunAsUser +: CONTOSO\\bob/u);
  const registration = await store.get('Bob');
  expect(JSON.stringify(registration)).not.toContain('Passw0rd');
  if (registration === undefined) throw new Error('it is not there');
  expect((await store.runAsPassword(registration)).revealText()).toBe('Passw0rd.bob');
  const nobody = await type('Register-PSSessionConfiguration Two -RunAsCredential bob');
  expect(nobody.errors[0]?.errorId).toBe('NoPassword');
});

test('a session configuration file is read at a console, and refused if it is wrong', async () => {
  const path = join(dir, 'jea.pssc');
  writeFileSync(path, "@{ SessionType = 'RestrictedRemoteServer'; RunAsVirtualAccount = $true }");
  const line = `Register-PSSessionConfiguration Jea -Path '${path}'`;
  expect((await type(line)).errors[0]?.errorId).toBe('PathNotFound');
  const made = await type(`(${line}).RunAsVirtualAccount`, { readFile: configurationFile });
  expect(made.output).toEqual([true]);
  writeFileSync(path, '@{ SessionType = ');
  const wrong = await type(line.replace('Jea', 'Two'), { readFile: configurationFile });
  expect(wrong.errors[0]?.errorId).toMatch(/^InvalidSessionConfiguration,/u);
  const gone = await type(line.replace('jea.pssc', 'no.pssc').replace('Jea', 'Two'), {
    readFile: configurationFile,
  });
  expect(gone.errors[0]?.message).toContain('cannot be read');
});

test('names that are none, and that nobody registered', async () => {
  const bad = await type("Register-PSSessionConfiguration 'a/b'");
  expect(bad.errors[0]?.errorId).toMatch(/^InvalidSessionConfiguration,/u);
  for (const verb of ['Get', 'Set', 'Enable', 'Unregister']) {
    const { errors } = await type(`${verb}-PSSessionConfiguration Nobody`);
    expect([verb, errors[0]?.message]).toEqual([
      verb,
      'No session configuration matches criteria "Nobody".',
    ]);
  }
  const own = await type('Unregister-PSSessionConfiguration microsoft.powershell');
  expect(own.errors[0]?.errorId).toBe('DefaultPSSessionConfiguration');
});

test('for administrators of the computer alone', async () => {
  const host = domain.host('ServerB');
  host.localGroups.removeAdministrator('alice');
  session = await arrive(domain, host, 'alice');
  for (const verb of ['Register', 'Get', 'Set', 'Disable', 'Unregister']) {
    const { errors } = await type(`${verb}-PSSessionConfiguration Demo`);
    expect([verb, errors[0]?.category]).toEqual([verb, 'PermissionDenied']);
  }
  expect(await store.list()).toEqual([]);
});
