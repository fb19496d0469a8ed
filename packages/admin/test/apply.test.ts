import { LdapError } from '@doublehop/ldap/errors';
import { describe, expect, test } from 'vitest';
import { applyChanges } from '../src/apply.ts';
import { planEdits } from '../src/plan.ts';
import { computer, FakeDirectory } from './support/fake-directory.ts';

function scene(count: number) {
  const directory = new FakeDirectory();
  const middle = computer(directory, 'JUMPBOX', 1000);
  const targets = Array.from({ length: count }, (_, at) =>
    computer(directory, `T${at}`, 2000 + at),
  );
  const { changes } = planEdits(targets, { kind: 'grant', middles: [middle] });
  return { directory, changes, connection: directory.connection() };
}

describe('applyChanges', () => {
  test('writes every change, no more at a time than told', async () => {
    const { directory, changes, connection } = scene(20);
    let running = 0;
    let most = 0;
    directory.beforeModify = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const report = await applyChanges(connection, changes, { concurrency: 3 });
    expect(report).toMatchObject({ done: 20, failed: 0, notTried: 0 });
    expect(most).toBe(3);
    expect(changes.every(({ target, after }) => directory.valueOf(target.dn) === after)).toBe(true);
  });

  test('one that fails does not stop the others; outcomes keep the order of changes', async () => {
    const { directory, changes, connection } = scene(5);
    directory.beforeModify = (dn) => {
      if (dn.startsWith('CN=T2,')) throw new LdapError('insufficientAccessRights', 'no');
      if (dn.startsWith('CN=T3,')) throw new LdapError('unwillingToPerform', 'never');
    };
    const { outcomes, ...sums } = await applyChanges(connection, changes);
    expect(sums).toEqual({ done: 3, unchanged: 0, failed: 2, notTried: 0 });
    expect(outcomes.map(({ state }) => state)).toEqual([
      'done',
      'done',
      'failed',
      'failed',
      'done',
    ]);
    const codes = outcomes.flatMap((one) => (one.state === 'failed' ? one.error.code : []));
    expect(codes).toEqual(['access-denied', 'directory']);
  });

  test('a lost connection ends it: the rest was not tried', async () => {
    const { directory, changes, connection } = scene(6);
    directory.beforeModify = (dn) => {
      if (dn.startsWith('CN=T2,')) throw new LdapError('serverDown', 'gone');
    };
    const report = await applyChanges(connection, changes, { concurrency: 1 });
    expect(report).toMatchObject({ done: 2, failed: 1, notTried: 3 });
  });

  test('whoever stops it gets what was under way, and no more', async () => {
    const { changes, connection } = scene(6);
    const stop = new AbortController();
    const report = await applyChanges(connection, changes, {
      concurrency: 1,
      signal: stop.signal,
      onOutcome: (_outcome, done) => {
        if (done === 2) stop.abort();
      },
    });
    expect(report).toMatchObject({ done: 2, notTried: 4 });
  });

  test('what needs no change is not written', async () => {
    const { directory, changes, connection } = scene(1);
    const [change] = changes;
    if (change === undefined) throw new Error('nothing planned');
    const report = await applyChanges(connection, [
      { ...change, after: change.before, changed: false },
    ]);
    expect(report).toMatchObject({ done: 0, unchanged: 1 });
    expect(directory.log).toEqual([]);
    expect(await applyChanges(connection, [])).toMatchObject({ done: 0, outcomes: [] });
  });

  test('a constraint of the directory is told as such where nobody changed anything', async () => {
    const { directory, changes, connection } = scene(1);
    directory.beforeModify = () => {
      throw new LdapError('constraintViolation', 'can only be modified as system');
    };
    const { outcomes } = await applyChanges(connection, changes);
    expect(outcomes).toMatchObject([{ state: 'failed', error: { code: 'directory' } }]);
  });
});

describe('names of SIDs', () => {
  test('many are looked up by few searches, and each only once', async () => {
    const directory = new FakeDirectory();
    const accounts = Array.from({ length: 120 }, (_, at) =>
      computer(directory, `H${at}`, 3000 + at),
    );
    const { names } = directory.connection();
    const sids = accounts.map(({ sid }) => sid);
    const found = await names.lookUp([...sids, ...sids, 'S-1-5-11', 'S-1-5-21-9-9-9-9']);
    expect(directory.log).toHaveLength(3);
    expect(found.get(accounts[7]?.sid ?? 'S-1-0-0')?.display).toBe('CONTOSO\\H7$');
    expect(found.get('S-1-5-11')?.display).toBe('NT AUTHORITY\\Authenticated Users');
    expect(found.get('S-1-5-21-9-9-9-9')).toMatchObject({ known: false, name: 'S-1-5-21-9-9-9-9' });
    await names.lookUp(sids);
    expect(directory.log).toHaveLength(3);
  });
});
