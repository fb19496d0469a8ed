import { LdapError } from '@doublehop/ldap/errors';
import { encodeGuid, parseGuid } from '@doublehop/security/guid';
import { utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Account, ALLOWED_TO_ACT } from '../src/account.ts';
import { grantChange } from '../src/apply.ts';
import type { AttributeChange } from '../src/changes/change.ts';
import { AdminError } from '../src/errors.ts';
import { carryOut } from '../src/journal/carry-out.ts';
import { formatRecord, parseRecord } from '../src/journal/records.ts';
import { planResume, resumeRun } from '../src/journal/resume.ts';
import { countsOf, findRun, listRuns, readRun } from '../src/journal/run.ts';
import { runName } from '../src/journal/store.ts';
import { planUndo } from '../src/journal/undo.ts';
import { planEdits } from '../src/plan.ts';
import { computer, FakeDirectory } from './support/fake-directory.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const NOW = Date.UTC(2026, 10, 23, 3, 15, 2);

function scene(count: number) {
  const directory = new FakeDirectory();
  const journal = new MemoryJournal();
  const middle = computer(directory, 'JUMPBOX', 1000);
  const targets = Array.from({ length: count }, (_, at) => withGuid(directory, at));
  const { changes } = planEdits(targets, { kind: 'grant', middles: [middle] });
  let runs = 0;
  const options = {
    journal,
    command: ['grant', '--middle', 'JumpBox'],
    clock: () => NOW + 1000 * runs,
    random: () => Uint8Array.of(runs),
    concurrency: 1,
  };
  const run = async (all: readonly AttributeChange[], more: object = {}) => {
    runs += 1;
    return await carryOut(connection, all, { ...options, ...more });
  };
  const connection = directory.connection();
  return { directory, journal, connection, options, run, changes: changes.map(grantChange) };
}

function withGuid(directory: FakeDirectory, at: number): Account {
  const guid = parseGuid(`00000000-0000-0000-0000-${String(at).padStart(12, '0')}`);
  const account = { ...computer(directory, `T${at}`, 2000 + at), guid };
  directory.entries.get(account.dn)?.set('objectGUID', [encodeGuid(guid)]);
  return account;
}

const valuesOf = (directory: FakeDirectory) =>
  [...directory.entries.keys()].map((dn) => directory.valueOf(dn));

/** The process ends here. */
class Killed extends Error {}

describe('a run', () => {
  test('is on the disk before the first write, and says what became of it', async () => {
    const { directory, journal, run, changes } = scene(3);
    let before: string[] = [];
    directory.beforeModify = (dn) => {
      if (before.length === 0) before = [...journal.log];
      if (dn.startsWith('CN=T1,')) throw new LdapError('insufficientAccessRights', 'no');
    };
    const report = await run(changes);
    expect(before).toEqual(['append', 'append', 'sync']);
    expect(report).toMatchObject({ run: '20261123-031503-00001', done: 2, failed: 1 });
    const stored = await readRun(journal, report.run ?? '');
    expect(stored).toMatchObject({
      at: NOW + 1000,
      who: 'u:CONTOSO\\Administrator',
      controller: 'dc.contoso.com',
      domain: 'contoso.com',
      command: ['grant', '--middle', 'JumpBox'],
      ended: true,
      damaged: 0,
    });
    expect(stored.changes.map(({ state, code }) => code ?? state)).toEqual([
      'done',
      'access-denied',
      'done',
    ]);
    expect(stored.changes[0]?.change).toMatchObject({
      target: { dn: 'CN=T0,DC=contoso,DC=com', name: 'T0$', kind: 'computer' },
      attribute: ALLOWED_TO_ACT,
      before: [],
      after: changes[0]?.after,
      sentences: ['JUMPBOX$ may now act for users to T0$'],
    });
    expect(journal.log.slice(-2)).toEqual(['sync', 'close']);
  });

  test('without anything to write there is none', async () => {
    const { journal, run, changes } = scene(2);
    await run(changes);
    const nothing = changes.map((change) => ({ ...change, before: change.after }));
    expect(await run(nothing)).toMatchObject({ run: undefined, unchanged: 2 });
    expect(journal.files.size).toBe(1);
  });

  test('where the journal cannot be written nothing else is', async () => {
    const { directory, journal, run, changes } = scene(2);
    journal.beforeAppend = () => {
      throw new AdminError('journal', 'the disk is full');
    };
    await expect(run(changes)).rejects.toThrow('the disk is full');
    expect(directory.log).toEqual([]);
    // Outcomes alone: the directory knows them, but somebody must be told.
    journal.beforeAppend = (text) => {
      if (text.includes('"outcome"')) throw new AdminError('journal', 'the disk is full');
    };
    await expect(run(changes)).rejects.toThrow('the disk is full');
    expect(directory.log).toHaveLength(2);
  });

  test('is found by its name, the beginning of it, and as the last', async () => {
    const { journal, run, changes } = scene(2);
    await run(changes.slice(0, 1));
    await run(changes.slice(1));
    journal.files.set('notes.txt', 'x');
    journal.files.set('20261122-000000-00000', 'nonsense');
    expect(await findRun(journal, 'last')).toBe('20261123-031504-00002');
    expect(await findRun(journal, '20261123-031503')).toBe('20261123-031503-00001');
    await expect(findRun(journal, '20261123')).rejects.toMatchObject({ code: 'ambiguous' });
    await expect(findRun(journal, '2025', 'RUN')).rejects.toThrow(/^RUN: no run "2025" in memory/);
    await expect(readRun(journal, '20261122-000000-00000')).rejects.toThrow(/cannot be read/);
    const listed = await listRuns(journal, 10);
    expect(listed.map((each) => each.run)).toEqual([
      '20261123-031504-00002',
      '20261123-031503-00001',
    ]);
    const [newest, older] = await listRuns(journal, 2);
    expect(newest).toMatchObject({ total: 1, ended: true, counts: { done: 1, failed: 0 } });
    expect(older).toMatchObject({ total: 1, command: ['grant', '--middle', 'JumpBox'] });
    expect(await listRuns(journal, 1)).toHaveLength(1);
  });
});

describe('interrupted and gone on with', () => {
  /** Kills the process at a write, before or after it has reached the directory. */
  async function killedAt(count: number, at: number, written: boolean) {
    const all = scene(count);
    const { directory, run, changes } = all;
    let writes = 0;
    directory.beforeModify = () => {
      writes += 1;
      if (writes === at + (written ? 2 : 1)) throw new Killed();
    };
    await expect(run(changes)).rejects.toThrow(Killed);
    directory.beforeModify = () => undefined;
    return all;
  }

  test.for([
    ['torn in the last line', 20],
    ['whole', 0],
    ['without its last outcomes', 250],
  ] as const)('what was written is found out: a journal %s', async ([, torn]) => {
    const { directory, journal, connection, options, changes } = await killedAt(8, 4, true);
    const name = await findRun(journal, 'last');
    journal.tear(name, torn);
    const open = await readRun(journal, name);
    expect(open.ended).toBe(false);
    expect(countsOf(open).unknown).toBeGreaterThan(2);
    const rest = await planResume(connection, open);
    expect(rest.left.map(({ n }) => n)).toEqual([5, 6, 7]);
    expect(rest.lost).toEqual([]);
    const report = await resumeRun(connection, rest, options);
    expect(report.done).toBe(rest.settled.length + 3);
    for (const { target, after } of changes) {
      expect([directory.valueOf(target.dn)]).toEqual(after);
    }
    const stored = await readRun(journal, name);
    expect(countsOf(stored)).toEqual({ done: 8, failed: 0, unknown: 0, 'not-tried': 0 });
    expect(stored).toMatchObject({ ended: true, resumed: [{ who: 'u:CONTOSO\\Administrator' }] });
  });

  test('what somebody else changed meanwhile is told, and left alone', async () => {
    const { directory, journal, connection, options } = await killedAt(4, 1, false);
    directory.entries.get('CN=T2,DC=contoso,DC=com')?.set(ALLOWED_TO_ACT, [utf8('other')]);
    directory.entries.delete('CN=T3,DC=contoso,DC=com');
    const stored = await readRun(journal, await findRun(journal, 'last'));
    const rest = await planResume(connection, stored);
    expect(rest.left.map(({ n }) => n)).toEqual([1]);
    expect(rest.lost.map(({ error }) => error.message)).toEqual([
      'somebody else changed the list of T2$ since',
      'T3$ is gone: it was deleted',
    ]);
    expect(await resumeRun(connection, rest, options)).toMatchObject({ done: 1, failed: 2 });
  });
});

describe('undo', () => {
  test('puts back what was there, and is itself undone', async () => {
    const { directory, journal, connection, run, changes } = scene(5);
    const before = valuesOf(directory);
    await run(changes);
    const after = valuesOf(directory);
    const first = await readRun(journal, await findRun(journal, 'last'));
    const plan = await planUndo(connection, first);
    expect(plan.changes[0]?.sentences).toEqual(['JUMPBOX$ may no longer act for users to T0$']);
    await run(plan.changes, { undoes: first.run });
    expect(valuesOf(directory)).toEqual(before);
    const second = await readRun(journal, await findRun(journal, 'last'));
    expect(second.undoes).toBe(first.run);
    expect(await planUndo(connection, first)).toMatchObject({ changes: [], refused: [] });
    const again = await planUndo(connection, second);
    expect(again.changes[0]?.sentences).toEqual(['JUMPBOX$ may now act for users to T0$']);
    await run(again.changes);
    expect(valuesOf(directory)).toEqual(after);
  });

  test('only some, by every name that they have', async () => {
    const { journal, connection, run, changes } = scene(6);
    await run(changes);
    const stored = await readRun(journal, await findRun(journal, 'last'));
    const only = ['t1', 'T2$', 'CONTOSO\\T3', 'cn=t4,dc=contoso,dc=com', 'T1$'];
    const plan = await planUndo(connection, stored, { only });
    expect(plan.changes.map(({ target }) => target.name)).toEqual(['T1$', 'T2$', 'T3$', 'T4$']);
    await expect(planUndo(connection, stored, { only: ['T9'] })).rejects.toThrow(
      /^--only: "T9" is no target of the run/,
    );
  });

  test('refuses what was changed since, unless told; finds what was moved', async () => {
    const { directory, journal, connection, run, changes } = scene(3);
    await run(changes);
    const stored = await readRun(journal, await findRun(journal, 'last'));
    const entry = directory.entries.get('CN=T0,DC=contoso,DC=com');
    entry?.delete(ALLOWED_TO_ACT);
    entry?.set(ALLOWED_TO_ACT, [utf8('other')]);
    const moved = directory.entries.get('CN=T1,DC=contoso,DC=com');
    directory.entries.delete('CN=T1,DC=contoso,DC=com');
    directory.entries.set('CN=New,DC=contoso,DC=com', moved ?? new Map());
    const plan = await planUndo(connection, stored);
    expect(plan.changes.map(({ target }) => target.dn)).toEqual([
      'CN=New,DC=contoso,DC=com',
      'CN=T2,DC=contoso,DC=com',
    ]);
    expect(plan.refused.map(({ error }) => [error.code, error.message])).toEqual([
      ['changed-since', 'somebody else changed the list of T0$ since (JUMPBOX$ was taken away)'],
    ]);
    const forced = await planUndo(connection, stored, { force: true });
    expect(forced.changes.map((change) => change.forced)).toEqual([true, false, false]);
    expect(forced.changes[0]).toMatchObject({ before: [utf8('other')], after: [] });
  });

  test('of flags and services, by force, only what the run did goes back', async () => {
    const { directory, journal, connection, run } = scene(2);
    const [flags, services] = ['userAccountControl', 'msDS-AllowedToDelegateTo'];
    const [a, b] = ['CN=T0,DC=contoso,DC=com', 'CN=T1,DC=contoso,DC=com'];
    const target = (name: string, dn: string) =>
      ({ dn, name, guid: undefined, kind: 'computer' }) as const;
    directory.entries.get(a)?.set(flags, [utf8('4096')]);
    await run([
      {
        target: target('T0$', a),
        attribute: flags,
        before: [utf8('4096')],
        after: [utf8('528384')],
        sentences: [],
      },
      {
        target: target('T1$', b),
        attribute: services,
        before: [],
        after: [utf8('cifs/c')],
        sentences: [],
      },
    ]);
    const stored = await readRun(journal, await findRun(journal, 'last'));
    directory.entries.get(a)?.set(flags, [utf8('528386')]);
    directory.entries.get(b)?.set(services, [utf8('cifs/c'), utf8('cifs/d')]);
    const { refused } = await planUndo(connection, stored);
    expect(refused.map(({ error }) => error.message)).toEqual([
      'somebody else changed the flags of T0$ since (ACCOUNTDISABLE was added)',
      'somebody else changed the services of T1$ since (cifs/d was added)',
    ]);
    const { changes } = await planUndo(connection, stored, { force: true });
    expect(changes.map(({ after }) => after)).toEqual([[utf8('4098')], [utf8('cifs/d')]]);
    expect(changes.flatMap(({ sentences }) => sentences)).toEqual([
      'T0$ is no longer trusted for delegation to any service',
      'T1$ may no longer act for users to cifs/c',
    ]);
  });

  test('the run of another domain is none of this one', async () => {
    const { journal, connection, run, changes } = scene(1);
    await run(changes);
    const stored = await readRun(journal, await findRun(journal, 'last'));
    const other = { ...stored, domain: 'fabrikam.com', domainSid: 'S-1-5-21-1-1-1' };
    await expect(planUndo(connection, other)).rejects.toThrow(
      /^--server: the run \S+ was made in fabrikam\.com, and this controller is of contoso\.com/,
    );
  });
});

describe('lines of the journal', () => {
  test('any line is a record or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        const record = parseRecord(line);
        if (record !== undefined) expect(parseRecord(formatRecord(record))).toEqual(record);
      }),
    );
  });

  test('records come back as they were; what is missing or of another kind is nothing', () => {
    const octets = fc.uint8Array({ maxLength: 40 });
    const change = fc.record({
      target: fc.record({
        dn: fc.string(),
        name: fc.string(),
        kind: fc.constantFrom('computer', 'gMSA'),
        guid: fc.constantFrom(undefined, parseGuid('01234567-89ab-cdef-0123-456789abcdef')),
      }),
      attribute: fc.string(),
      before: fc.array(octets),
      after: fc.array(octets),
      sentences: fc.array(fc.string()),
    });
    const record = fc.record({ type: fc.constant('intent'), n: fc.nat(), change });
    fc.assert(
      fc.property(record, fc.nat(), (intent, at) => {
        const line = formatRecord(intent);
        expect(parseRecord(line)).toEqual(intent);
        const cut = line.slice(0, at % line.length);
        if (cut.trim() !== line.trim()) expect(parseRecord(cut)).toBeUndefined();
      }),
    );
    const line = '{"type":"intent","n":0,"dn":"","name":"","kind":"computer","attribute":"",';
    expect(parseRecord(`${line}"before":[],"after":[],"sentences":[]}`)).toBeDefined();
    expect(parseRecord(`${line}"before":["!"],"after":[],"sentences":[]}`)).toBeUndefined();
    expect(parseRecord(`${line}"before":[],"after":[],"sentences":[1]}`)).toBeUndefined();
  });

  test('a run is named by its time', () => {
    expect(runName(NOW + 27, () => Uint8Array.of(0xa3))).toBe('20261123-031502-027a3');
  });
});
