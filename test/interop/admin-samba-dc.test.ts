// Writes on a real Samba AD DC: classic delegation and flags, in the journal, undone and gone on
// with. Over LDAP Samba takes no list of middles: that is told, with what would be right.
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SambaDc, startSambaDc } from '../peers/samba-dc.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import type { Outcome } from '../support/run.ts';
import { doublehopAt } from '../support/samba.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

describe("our writes and Samba's controller", () => {
  const dir = makeTempDir('admin-samba-dc');
  const journal = join(dir, 'journal');
  let dc: SambaDc | undefined;

  beforeAll(async () => {
    if (whyMissing('samba') !== undefined || process.getuid?.() !== 0) return;
    dc = await startSambaDc(dir);
    const login = await doublehop(['kinit', 'Administrator'], 'Passw0rd.admin\n');
    expect(login.status, login.stderr).toBe(0);
  });
  beforeEach((context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
  });
  afterAll(async () => {
    await dc?.stop();
    removeDir(dir);
  });

  async function doublehop(args: readonly string[], input = ''): Promise<Outcome> {
    return await doublehopAt(dc, dir, args, input);
  }

  /** A write, kept in the journal. */
  async function write(...args: readonly string[]): Promise<string> {
    const ended = await doublehop([...args, '--journal', journal]);
    expect(ended.status, ended.stderr).toBe(0);
    return ended.stdout;
  }

  async function delegation(account: string): Promise<string> {
    return (await dc?.tool('delegation', 'show', account))?.stdout ?? '';
  }

  test('services: added, replaced, undone twice', async () => {
    const before = await delegation('SERVERA$');
    const service = ['--service', 'HTTP/serverb.corp.test'];
    expect(await write('kcd', 'add', '--middle', 'ServerA', ...service)).toBe(
      'SERVERA$ may now act for users to HTTP/serverb.corp.test\n',
    );
    expect(await delegation('SERVERA$')).toMatch(/AllowedToDelegateTo: HTTP\/serverb\.corp\.test/u);
    await write('kcd', 'set', '--middle', 'ServerA', '--service', 'cifs/serverb.corp.test');
    const first = readdirSync(journal).toSorted()[0]?.replace('.jsonl', '') ?? '';
    const refused = await doublehop(['undo', first, '--journal', journal]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/services of SERVERA\$ since \(cifs\/serverb\.corp\.test was/u);
    await write('undo', 'last');
    await write('undo', first);
    expect(await delegation('SERVERA$')).toBe(before);
  });

  test('flags of many accounts, and a run that was cut off', async () => {
    const marked = await write('flags', 'set', 'sensitive', '--account', 'alice,ServerA', '--yes');
    expect(marked).toMatch(/^alice is now sensitive .*\nSERVERA\$ is now .*\n2 written/u);
    const name = readdirSync(journal).toSorted().at(-1) ?? '';
    // As a process leaves it that was killed before it heard of the second outcome.
    const lines = readFileSync(join(journal, name), 'utf8').split('\n');
    writeFileSync(join(journal, name), lines.slice(0, 4).join('\n'));
    appendFileSync(join(journal, name), '\n{"type":"outco');
    const listed = await doublehop(['history', '--journal', journal, '--json']);
    expect(JSON.parse(listed.stdout).runs[0]).toMatchObject({ ended: false, damaged: 1 });
    const settled = await write('flags', 'set', '--resume', 'last');
    expect(settled).toContain('\n1 written, 0 unchanged');
    await write('undo', 'last', '--yes');
    expect(await write('flags', 'clear', 'sensitive', '--account', 'alice')).toBe(
      'alice stays as it is\n',
    );
  });

  test('a user right that is missing is told by its name', async () => {
    const password = join(dir, 'alice.txt');
    writeFileSync(password, 'Passw0rd.alice\n', { mode: 0o600 });
    const as = ['--user', 'alice', '--password-file', password, '--journal', journal];
    const account = ['--account', 'ServerA'];
    const refused = await doublehop(['flags', 'set', 'unconstrained', ...account, ...as]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/you may not write userAccountControl .*SeEnableDelegation/u);
  });

  test('a list of middles: not over LDAP, and where instead', async () => {
    const args = ['grant', '--middle', 'ServerA', '--target', 'ServerC', '--journal', journal];
    const refused = await doublehop(args);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('run samba-tool delegation add-principal on it');
    const shown = await doublehop(['history', 'last', '--journal', journal]);
    expect(shown.stdout).toContain('failed   SERVERA$ may now act for users to SERVERC$');
  });
});
