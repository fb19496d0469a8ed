// docs/walkthrough: every script, in its order and in one console, at ServerA of a lab, with
// others between them that show what came of it; and session configurations that are typed there.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doublehopIn } from '../support/doublehop.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const folder = join(repositoryRoot, 'docs', 'walkthrough');

let home: string;
let dir: string;

function doublehop(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return doublehopIn(home, args);
}

/** A script that says where it is, and then who may act for users to these computers. */
function marker(name: string, ...computers: readonly string[]): string {
  const path = join(home, `${name}.ps1`);
  const shown = computers.map(
    (computer) =>
      `$c = Get-ADComputer ${computer} -Properties PrincipalsAllowedToDelegateToAccount\n` +
      `"${computer}: $($c.PrincipalsAllowedToDelegateToAccount)"\n`,
  );
  writeFileSync(path, `'== ${name}'\n${shown.join('')}`);
  return path;
}

beforeAll(async () => {
  home = makeTempDir('walkthrough');
  dir = join(home, 'lab');
  await doublehop('lab', 'up', '--dir', dir);
}, 60_000);

afterAll(async () => {
  await doublehop('lab', 'down', '--dir', dir);
  removeDir(home);
}, 60_000);

/** After which scripts who may act to which computers is of interest. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  '03': ['ServerC'],
  '07': ['ServerC'],
  '08': ['ServerC'],
  '09': ['ServerB', 'ServerC', 'JumpBox'],
  '11': ['ServerC'],
};

test('the walk-through, from the first refusal to the grant and back', async () => {
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.ps1'));
  expect(scripts).toHaveLength(11);
  const files = scripts.toSorted().flatMap((name) => {
    const number = name.slice(0, 2);
    const after = marker(`after ${number}`, ...(SHOWN[number] ?? []));
    return [marker(number), join(folder, name), after];
  });
  const { stdout, stderr } = await doublehop('run', '--dir', dir, ...files);
  const part = (name: string): string => partOf(stdout, name);
  const base = 'OU=Servers,OU=NA,DC=contoso,DC=com';

  expect(part('01')).toMatch(/StartName *: NT AUTHORITY\\NetworkService/u);
  expect(part('02')).toMatch(/ServerB\s+contoso\\alice/iu);
  expect(part('02')).not.toContain('True');
  expect(part('03')).toMatch(/IdentityReference +: CONTOSO\\SERVERB\$/u);
  expect(part('03')).toContain(`\nCN=ServerB,${base}\n`);
  expect(part('04')).toContain('Ticket(s) purged!');
  expect(part('05')).toMatch(/^True$/mu);
  expect(part('05')).toContain('lsass');
  expect(part('06')).toBe('');
  expect(part('10')).toMatch(/^ServerB\nServerC\nServerC\n$/u);

  expect(part('after 03')).toBe(`ServerC: CN=ServerB,${base}\n`);
  const web = ['ServerB1', 'ServerB2', 'ServerB3'].map((name) => `CN=${name},OU=Web,${base}`);
  expect(part('after 07')).toBe(`ServerC: ${web.join(' ')}\n`);
  expect(part('after 08')).toBe('ServerC: \n');
  const box = `CN=JumpBox,${base}`;
  expect(part('after 09')).toBe(`ServerB: ${box}\nServerC: ${box}\nJumpBox: \n`);
  // There is no trust: whoever that is stays a SID.
  expect(part('after 11')).toMatch(/^ServerC: S-1-5-21-[\d-]+\n$/u);

  // What goes wrong is what the scripts are about: the hop before the grant, and PowerShell
  // remoting that does not go on after it.
  const errors = stderr.match(/FullyQualifiedErrorId *: .+/gu) ?? [];
  expect(errors).toHaveLength(2);
}, 120_000);

test('a session configuration, typed at ServerB, opened and taken away', async () => {
  const path = join(home, 'configuration.ps1');
  writeFileSync(path, CONFIGURATION);
  const { stdout, stderr } = await doublehop('run', '--dir', dir, path);
  expect(stdout.trim().split('\n')).toEqual([
    'Hop',
    String.raw`contoso\administrator`,
    'True',
    'microsoft.powershell',
  ]);
  expect(stderr).toContain('InvalidResourceUri');
  expect(stderr.match(/FullyQualifiedErrorId/gu)).toHaveLength(1);
}, 60_000);

/** Carol's sessions run as Administrator, whose second hop needs no delegation. */
const CONFIGURATION = String.raw`
$carol = Get-Credential Contoso\carol
$other = Get-Credential Contoso\Administrator
$made = Invoke-Command ServerB { Register-PSSessionConfiguration Hop -RunAsCredential $using:other }
$made.Name
Invoke-Command ServerB -ConfigurationName Hop -Credential $carol {
    whoami
    Test-Path \\ServerC\C$
}
Invoke-Command ServerB { Unregister-PSSessionConfiguration Hop }
Invoke-Command ServerB -ConfigurationName Hop -Credential $carol { whoami }
(Get-PSSessionConfiguration).Name
`;

/** What came after a marker, up to the next one. */
function partOf(stdout: string, name: string): string {
  const [, rest = ''] = `\n${stdout}`.split(`\n== ${name}\n`);
  return rest.split(/^== /mu)[0] ?? '';
}
