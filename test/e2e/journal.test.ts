// 10,000 grants by a sweep, killed on the way, gone on with, and taken back: the directory is as it
// was before, octet for octet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LdapClient } from '@doublehop/ldap/client/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  BASE,
  type ManyComputers,
  PASSWORD,
  SERVERS,
  startManyComputers,
} from '../support/many-computers.ts';
import { type Outcome, run } from '../support/run.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const COMPUTERS = 10_000;
/** Octets of a journal when so many outcomes are in it that the run is in the middle. */
const OUTCOMES = 2_000 * 70;
const ATTRIBUTE = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

const program = join(repositoryRoot, 'packages/cli/bin/doublehop.js');
const dir = makeTempDir('e2e-journal');
let domain: ManyComputers;
let env: Record<string, string> = {};

beforeAll(async () => {
  domain = await startManyComputers(join(dir, 'domain'), COMPUTERS);
  env = { ...domain.environment };
  const kinit = await run(process.execPath, [program, 'kinit', 'Administrator'], {
    env,
    input: `${PASSWORD}\n`,
  });
  expect(kinit.status, kinit.stderr).toBe(0);
}, 60_000);
afterAll(async () => {
  await domain.stop();
  removeDir(dir);
});

const GRANT = ['grant', '--middle', 'JumpBox', '--search-base', SERVERS, '--yes'];

async function doublehop(...args: readonly string[]): Promise<Outcome> {
  return await run(process.execPath, [program, ...args], { env, timeout: 60_000 });
}

/** Starts the sweep, and ends it with a signal that no process can do anything about. */
async function killedInTheMiddle(): Promise<void> {
  const options = { env: { ...process.env, ...env }, stdio: 'ignore' } as const;
  const child = spawn(process.execPath, [program, ...GRANT], options);
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  const journal = join(env['XDG_STATE_HOME'] ?? '', 'doublehop', 'journal');
  let intended = 0;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const name = readNames(journal).at(-1);
    const size = name === undefined ? 0 : statSync(join(journal, name)).size;
    // All intents are there before the first outcome is.
    if (intended === 0 && name !== undefined && hasOutcomes(join(journal, name))) intended = size;
    if (intended > 0 && size > intended + OUTCOMES) break;
    if (child.exitCode !== null) break;
  }
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .toSorted();
  } catch {
    return [];
  }
}

function hasOutcomes(path: string): boolean {
  return readFileSync(path, 'latin1').includes('"type":"outcome"');
}

/** Everything in the directory but what every write changes, by DN: a digest of each entry. */
async function snapshot(): Promise<ReadonlyMap<string, string>> {
  const client = await LdapClient.connect({
    url: `ldaps://localhost:${domain.ldapsPort}`,
    // A certificate that the domain has made for itself.
    tls: { rejectUnauthorized: false },
  });
  await client.bindSimple('Administrator@many.example', PASSWORD);
  const digests = new Map<string, string>();
  const attributes = ['*', 'nTSecurityDescriptor', ATTRIBUTE];
  for await (const item of client.searchAll({ base: BASE, attributes })) {
    if (item.kind !== 'entry') continue;
    const hash = createHash('sha256');
    for (const { type, values } of item.attributes.toSorted((a, b) => (a.type < b.type ? -1 : 1))) {
      if (WRITTEN.has(type.toLowerCase())) continue;
      hash.update(`${type} ${values.length}\0`);
      for (const value of values) hash.update(`${value.length}\0`).update(value);
    }
    digests.set(item.dn, hash.digest('hex'));
  }
  await client.close();
  return digests;
}

/** Changes with every write, also with one that takes another back (MS-ADTS 3.1.1.1.9). */
const WRITTEN: ReadonlySet<string> = new Set([
  'usnchanged',
  'whenchanged',
  'replpropertymetadata',
  // The Administrator's, at every bind.
  'lastlogon',
  'lastlogontimestamp',
  'logoncount',
]);

test('10,000 grants, killed, gone on with and undone', { timeout: 120_000 }, async () => {
  const before = await snapshot();
  expect(before.size).toBeGreaterThan(COMPUTERS);
  await killedInTheMiddle();
  const half = JSON.parse((await doublehop('history', 'last', '--json')).stdout);
  expect(half).toMatchObject({ ended: false, counts: { 'not-tried': 0, failed: 0 } });
  expect(half.counts.done).toBeGreaterThan(1000);
  expect(half.counts.unknown).toBeGreaterThan(1000);

  const resumed = await doublehop('grant', '--resume', 'last', '--yes');
  expect(resumed.status, resumed.stderr).toBe(0);
  const listed = await doublehop('history');
  expect(listed.stdout).toMatch(new RegExp(`${COMPUTERS} of ${COMPUTERS}  done`, 'u'));
  const granted = await snapshot();
  const changed = [...before].filter(([dn, digest]) => granted.get(dn) !== digest);
  expect([changed.length, granted.size]).toEqual([COMPUTERS, before.size]);
  const again = await doublehop(...GRANT, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ run: null, summary: { unchanged: COMPUTERS } });

  const undone = await doublehop('undo', 'last', '--yes');
  expect(undone.status, undone.stderr).toBe(0);
  expect(undone.stdout).toContain(`\n${COMPUTERS} written, 0 unchanged\n`);
  expect(await snapshot()).toEqual(before);
});
