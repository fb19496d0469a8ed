// The article that this project answers: its code blocks, unchanged and in their order, at
// ServerA's console. They are where DOUBLEHOP_ARTICLE says; elsewhere this is skipped.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { doublehopIn } from '../support/doublehop.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const article = process.env['DOUBLEHOP_ARTICLE'];

let home: string;
let dir: string;

function doublehop(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return doublehopIn(home, args);
}

function block(number: string): string {
  const folder = article ?? '';
  const file = readdirSync(folder).find((name) => name.startsWith(`${number}-`));
  return join(folder, file ?? number);
}

/** Runs blocks one after the other in one console. */
function run(...numbers: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return doublehop('run', '--dir', dir, ...numbers.map(block));
}

beforeAll(async () => {
  home = makeTempDir();
  dir = join(home, 'lab');
  if (article !== undefined) await doublehop('lab', 'up', '--dir', dir);
}, 60_000);

afterAll(async () => {
  if (article !== undefined) await doublehop('lab', 'down', '--dir', dir);
  removeDir(home);
}, 60_000);

beforeEach((context) => {
  context.skip(article === undefined, 'DOUBLEHOP_ARTICLE names no folder');
});

describe('the article', () => {
  test('01 to 07, in one console: grant, purge, restart, hop, several', async () => {
    const { stdout, stderr } = await run('01', '02', '03', '04', '05', '06', '07');
    expect(stderr).toBe('');
    const commands = ['Computer', 'ServiceAccount', 'User'];
    for (const name of commands.flatMap((kind) => [`New-AD${kind}`, `Set-AD${kind}`])) {
      expect(stdout).toContain(name);
    }
    expect(stdout).toMatch(/StartName +: NT AUTHORITY\\NetworkService/u);
    for (const line of [
      /ActiveDirectoryRights : GenericAll/u,
      /InheritanceType +: None/u,
      /ObjectType +: 00000000-0000-0000-0000-000000000000/u,
      /AccessControlType +: Allow/u,
      /IdentityReference +: CONTOSO\\SERVERB\$/u,
      /IsInherited +: False/u,
    ]) {
      expect(stdout).toMatch(line);
    }
    const principals = /PrincipalsAllowedToDelegateToAccount : \{CN=ServerB,OU=Servers/u;
    expect(stdout).toMatch(principals);
    expect(stdout).toContain('Ticket(s) purged!');
    expect(stdout).toMatch(/^True$/mu);
    expect(stdout).toContain('lsass');
    expect(stdout.match(/^ *\d+ \w{3} \d\d /gmu)).toHaveLength(3);
  }, 120_000);

  test('07: three entries on ServerC', async () => {
    expect(await shownGrants('ServerC')).toEqual(['SERVERB1$', 'SERVERB2$', 'SERVERB3$']);
  }, 60_000);

  test('09: no entry; block 06 is refused again', async () => {
    const { stdout, stderr } = await run('02', '09', '04', '06');
    expect(await shownGrants('ServerC')).toEqual([]);
    expect(stderr).toContain('STATUS_NOT_FOUND');
    expect(stdout).not.toMatch(/^True$/mu);
  }, 120_000);

  test('10: every server of the unit but the jump box has one entry, the jump box', async () => {
    await run('10');
    for (const server of ['ServerB', 'ServerB1', 'ServerB2', 'ServerB3', 'ServerC']) {
      expect([server, await shownGrants(server)]).toEqual([server, ['JUMPBOX$']]);
    }
    expect(await shownGrants('JumpBox')).toEqual([]);
  }, 120_000);

  test('11: two host names, with no delegation configured', async () => {
    const { stdout } = await run('11');
    expect(stdout.trim().split(/\r?\n/u)).toEqual(['ServerB', 'ServerC']);
  }, 60_000);

  test("08: an entry of another domain's computer", async () => {
    const { stderr } = await run('08');
    expect(stderr).toBe('');
    // The lab does not know who that is: there is no trust, and what is kept is a SID.
    const script = join(home, 'entry.ps1');
    writeFileSync(
      script,
      '$b = Get-ADComputer ServerB -Server dc1.fabrikam.com\n' +
        '$c = Get-ADComputer ServerC -Properties msDS-AllowedToActOnBehalfOfOtherIdentity\n' +
        "$entry = $c.'msDS-AllowedToActOnBehalfOfOtherIdentity'.Access\n" +
        '$b.DistinguishedName; $b.SID.Value; $entry.IdentityReference\n',
    );
    const { stdout } = await doublehop('run', '--dir', dir, script);
    const [dn, sid, reference, ...more] = stdout.trim().split(/\r?\n/u);
    expect(dn).toBe('CN=ServerB,OU=Servers,DC=fabrikam,DC=com');
    expect(sid).toMatch(/^S-1-5-21-/u);
    expect([reference, more]).toEqual([sid, []]);
  }, 60_000);
});

/** Who may act for users to a computer, as the console shows it. */
async function shownGrants(computer: string): Promise<string[]> {
  const script = join(home, `${computer}.ps1`);
  writeFileSync(
    script,
    `$c = Get-ADComputer ${computer} -Properties PrincipalsAllowedToDelegateToAccount\n` +
      'foreach ($dn in $c.PrincipalsAllowedToDelegateToAccount) {\n' +
      '  (Get-ADComputer $dn).SamAccountName\n' +
      '}\n',
  );
  const { stdout } = await doublehop('run', '--dir', dir, script);
  return stdout
    .split(/\r?\n/u)
    .filter((line) => line !== '')
    .toSorted();
}
