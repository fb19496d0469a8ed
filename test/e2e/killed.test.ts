// A controller that is killed while clients write: what it acknowledged is there, and all of it
// fits together.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LdapClient } from '@doublehop/ldap/client/client';
import { afterAll, expect, test } from 'vitest';
import { run } from '../support/run.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const program = join(repositoryRoot, 'packages/cli/bin/doublehop.js');
const dir = makeTempDir('e2e-killed');
const folder = join(dir, 'corp');
const PASSWORD = 'Passw0rd.Administrator';
const USERS = 'CN=Users,DC=corp,DC=example';
const GROUP = `CN=killed,${USERS}`;
const ROUNDS = 3;

afterAll(() => removeDir(dir));

async function start(): Promise<{ child: ChildProcess; client: LdapClient }> {
  const ports = ['kdc', 'kpasswd', 'ldap', 'ldaps'].flatMap((name) => [`--${name}-port`, '0']);
  const make = ['dc', '--dir', folder, '--domain', 'corp.example', ...ports, '--json'];
  const child = spawn(process.execPath, [program, ...make], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(PASSWORD);
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes('\n}')) break;
  }
  const { ldapsPort } = JSON.parse(text) as { readonly ldapsPort: number };
  const ca = readFileSync(join(folder, 'ca.pem'));
  const client = await LdapClient.connect({ url: `ldaps://localhost:${ldapsPort}`, tls: { ca } });
  await client.bindSimple('Administrator@corp.example', PASSWORD);
  return { child, client };
}

/** Writes one account after the other until the server is gone; notes what was acknowledged. */
async function write(client: LdapClient, round: number, kept: Set<string>): Promise<void> {
  for (let index = 0; ; index += 1) {
    const name = `u${round}-${index}`;
    const dn = `CN=${name},${USERS}`;
    const unicodePwd = Buffer.from(`"${PASSWORD}.${round}.${index}"`, 'utf16le');
    // One after the other: each is acknowledged before the next is asked for.
    /* oxlint-disable no-await-in-loop */
    await client.add(dn, { objectClass: 'user', sAMAccountName: name, unicodePwd });
    kept.add(dn);
    await client.modify(GROUP, [{ operation: 'add', attribute: 'member', values: [dn] }]);
    if (index % 3 === 2) {
      kept.delete(dn);
      await client.delete(dn);
    }
    /* oxlint-enable no-await-in-loop */
  }
}

test('kill -9 during adds, link changes, passwords and deletes', { timeout: 120_000 }, async () => {
  const kept = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    /* oxlint-disable no-await-in-loop */
    const { child, client } = await start();
    if (round === 0) await client.add(GROUP, { objectClass: 'group', sAMAccountName: 'killed' });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const before = kept.size;
    const writing = write(client, round, kept).catch((error: unknown) => error);
    setTimeout(() => child.kill('SIGKILL'), 300 + Math.random() * 700);
    expect(await writing).toMatchObject({ name: 'LdapError' });
    // Nothing but the kill ended the writes.
    expect(child.killed).toBe(true);
    await gone;
    expect(kept.size).toBeGreaterThan(before);
    const check = await run(process.execPath, [program, 'dc', 'check', folder], {
      timeout: 60_000,
    });
    expect(check).toMatchObject({ stdout: '0 problems\n', status: 0 });
    /* oxlint-enable no-await-in-loop */
  }
  const { child, client } = await start();
  for (const dn of kept) {
    // oxlint-disable-next-line no-await-in-loop
    expect(await client.compare(dn, 'objectClass', 'user')).toBe(true);
  }
  child.kill('SIGKILL');
});
