// explain and prove as people use them: processes of their own against a lab of its own.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Outcome, run, runOrThrow } from '../support/run.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const program = join(repositoryRoot, 'packages/cli/bin/doublehop.js');
const dir = makeTempDir('e2e-explain');
const lab = join(dir, 'lab');
const TARGET = 'cifs/serverc.contoso.com';
let env: Record<string, string> = {};

async function doublehop(...args: readonly string[]): Promise<Outcome> {
  return await run(process.execPath, [program, ...args], { env, cwd: dir });
}

const keytab = (account: string): string => join(lab, 'keytabs', `${account}.keytab`);
const hop = (user: string, middle: string): string[] => {
  const parties = { user, middle, target: TARGET };
  return Object.entries(parties).flatMap(([name, value]) => [`--${name}`, value]);
};

beforeAll(async () => {
  await runOrThrow(process.execPath, [program, 'lab', 'up', '--dir', lab]);
  const exports = await runOrThrow(process.execPath, [program, 'lab', 'env', '--dir', lab]);
  const pairs = [...exports.matchAll(/^export (\w+)='(.*)'$/gmu)];
  env = Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
  const admin = { env, input: 'Passw0rd.Administrator\n' };
  await run(process.execPath, [program, 'kinit', 'Administrator'], admin);
});
afterAll(async () => {
  await doublehop('lab', 'down', '--dir', lab);
  removeDir(dir);
});

test('refused, as predicted; then granted by the command that explain names', async () => {
  const refused = await doublehop('explain', ...hop('alice', 'ServerB'));
  expect(refused.status).toBe(2);
  expect(refused.stdout).toContain('REFUSED: SERVERC$ does not list SERVERB$: it lists nobody');
  expect(refused.stdout).toContain('KDC_ERR_BADOPTION (13), STATUS_NOT_FOUND (0xC0000225)');
  const tooWide = refused.stdout.split('\n').filter((line) => line.length > 80);
  expect(tooWide).toEqual([]);

  const by = ['--middle-keytab', keytab('serverb')];
  const proof = await doublehop('prove', ...hop('alice', 'ServerB'), ...by);
  expect(proof.status).toBe(2);
  expect(proof.stdout).toMatch(/^REFUSED: SERVERB\$ gets no ticket/mu);
  expect(proof.stdout).toMatch(/^explain predicted this\.$/mu);
  expect(proof.stdout).toContain('NTSTATUS: STATUS_NOT_FOUND (0xC0000225)');

  const [, fix = ''] = /^ {4}\$ doublehop (grant .*)$/mu.exec(refused.stdout) ?? [];
  expect(await doublehop(...fix.split(' '))).toMatchObject({ status: 0 });
  const allowed = await doublehop('explain', ...hop('alice', 'ServerB'), '--json');
  expect(allowed.status).toBe(0);
  expect(JSON.parse(allowed.stdout)).toMatchObject({
    outcome: 'allowed',
    mode: 'rbcd',
    kdc: 'windows',
    stages: [{ stage: 'own-ticket' }, { stage: 's4u2proxy', allowed: true }],
    unread: [],
  });
});

test("the user's own ticket; what the target sees; nothing left behind unless asked", async () => {
  const password = join(dir, 'alice.txt');
  writeFileSync(password, 'Passw0rd.alice\n', { mode: 0o600 });
  const cache = join(dir, 'kept');
  const by = ['--user-password-file', password, '--middle-keytab', keytab('serverb')];
  const args = [...hop('alice', 'ServerB'), ...by, '--target-keytab', keytab('serverc')];
  const before = await doublehop('klist');
  const proof = await doublehop('prove', ...args);
  expect(proof.stderr).toBe('');
  expect(proof.stdout).toContain('asserted by: the user, who logged on (S-1-18-1)');
  expect(proof.stdout).toContain(`S4U_DELEGATION_INFO: to ${TARGET}, through\n    HOST/SERVERB@`);
  expect(proof.status).toBe(0);
  expect((await doublehop('klist')).stdout).not.toContain(TARGET);
  expect(before.stdout).not.toContain(TARGET);
  expect(existsSync(cache)).toBe(false);
  await doublehop('prove', ...args, '--ccache', cache);
  expect((await doublehop('klist', '--cache', cache)).stdout).toContain(`${TARGET}@CONTOSO.COM`);
});

test("TGTs of the user's cache and of the middle's are taken, and nothing is added", async () => {
  const caches = { alice: join(dir, 'cc-alice'), serverb: join(dir, 'cc-serverb') };
  const login = ['kinit', '-k', '-t', keytab('alice'), '-c', caches.alice, 'alice'];
  expect(await doublehop(...login)).toMatchObject({ status: 0 });
  const machine = ['kinit', '-k', '-t', keytab('serverb'), '-c', caches.serverb, 'SERVERB$'];
  expect(await doublehop(...machine)).toMatchObject({ status: 0 });
  const by = ['--user-cache', caches.alice, '--middle-cache', caches.serverb];
  const proof = await doublehop('prove', ...hop('alice', 'ServerB'), ...by, '--json');
  expect(JSON.parse(proof.stdout)).toMatchObject({
    outcome: 'allowed',
    comparison: { verdict: 'same' },
    steps: [{ id: 'user-logon' }, { id: 'own-ticket' }, { id: 'middle-logon' }, {}],
  });
  for (const cache of Object.values(caches)) {
    const { stdout } = await doublehop('klist', '--cache', cache);
    expect(stdout.match(/@CONTOSO\.COM$/gmu)).toHaveLength(2);
  }
});

test('a sensitive user, by both kinds of evidence', async () => {
  for (const evidence of ['kerberos', 'protocol-transition']) {
    const said = await doublehop('explain', ...hop('bob', 'ServerB'), '--evidence', evidence);
    expect(said.status).toBe(2);
    expect(said.stdout).toContain('bob@CONTOSO.COM is sensitive and cannot be');
    expect(said.stdout).toContain('userAccountControl: 0x100200 (NORMAL_ACCOUNT NOT_DELEGATED)');
  }
});

test('nothing proved: wrong credentials are no refusal', async () => {
  const wrong = ['--middle-keytab', keytab('alice')];
  const proof = await doublehop('prove', ...hop('alice', 'ServerB'), ...wrong, '--json');
  expect(proof.status).toBe(1);
  expect(JSON.parse(proof.stdout)).toMatchObject({ outcome: 'failed', comparison: null });
});

test('many hops: a table', async () => {
  const all = ['--user', 'alice', '--all-middles', '--target', `${TARGET},http/ServerB1`];
  const { stdout, status } = await doublehop('explain', ...all);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^SERVERB\$ +cifs\/serverc\.contoso\.com +allowed +rbcd$/mu);
  expect(stdout).toMatch(/^1 of \d+ hops are allowed$/mu);
});
