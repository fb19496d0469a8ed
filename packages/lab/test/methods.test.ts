import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { METHODS } from '../src/methods/methods.ts';
import { type HopKind, HOPS, type MethodOutcome, runMethods } from '../src/methods/run-methods.ts';

/** docs/methods.md: what to expect of each method. */
function expected(): ReadonlyMap<string, Readonly<Record<HopKind, boolean>>> {
  const text = readFileSync(new URL('../../../docs/methods.md', import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| `([\w-]+)` \| (allowed|refused) \| (\w+) \| (\w+) \|/gmu);
  return new Map(
    [...rows].map(([, id = '', smb, computerName, winrm]) => {
      const words = { smb, 'computer-name': computerName, winrm };
      const pairs = HOPS.map((kind) => [kind, words[kind] === 'allowed'] as const);
      return [id, Object.fromEntries(pairs) as Record<HopKind, boolean>]; // one for each kind
    }),
  );
}

const outcomes: ReadonlyMap<string, MethodOutcome> = new Map(
  (await runMethods({ clock: () => Date.now() })).map((outcome) => [outcome.id, outcome]),
);

function hop(id: string, kind: HopKind) {
  const found = outcomes.get(id)?.hops.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`${id} was not played`);
  return found;
}

describe('the methods, as docs/methods.md expects them', () => {
  test('every method has its row', () => {
    expect([...expected().keys()]).toEqual(METHODS.map(({ id }) => id));
  });

  test.each([...expected()])('%s', (id, wanted) => {
    const got = HOPS.map((kind) => [kind, hop(id, kind).allowed]);
    expect(Object.fromEntries(got)).toEqual(wanted);
  });
});

describe('each for its own cause', () => {
  test('what ServerB held', () => {
    expect(METHODS.map(({ id }) => outcomes.get(id)?.held)).toEqual([
      'evidence',
      'password',
      'run-as',
      'machine',
      'gmsa',
      'evidence',
      'evidence',
      'evidence',
      'forwarded-tgt',
      'evidence',
    ]);
  });

  test('without any delegation the KDC refuses, and ServerB repeats it', () => {
    expect(hop('computer-account', 'smb').kdc).toBe('s4u2proxy STATUS_NOT_FOUND');
    expect(hop('computer-account', 'computer-name').kdc).toContain('negative cache');
  });

  test('by delegation the broker asked', () => {
    for (const id of ['kcd', 'rbcd']) expect(hop(id, 'smb').kdc).toContain('s4u2proxy');
  });

  test('for Kerberos only, the ticket by S4U2Self is no evidence', () => {
    expect(hop('kcd-kerberos-only', 'smb').kdc).toBe('s4u2proxy STATUS_ACCOUNT_RESTRICTION');
  });

  test('a program of the session never reaches the KDC', () => {
    for (const id of ['computer-account', 'kcd', 'rbcd']) {
      expect(hop(id, 'winrm').kdc).toBe('not asked: the session has no TGT (0x8009030E)');
      expect(hop(id, 'winrm').saw).toContain('A specified logon session does not exist');
    }
  });

  test('whom ServerC saw', () => {
    const seen = ['credssp', 'run-as', 'jea-virtual', 'jea-gmsa', 'using-cred', 'unconstrained'];
    expect(seen.map((id) => hop(id, 'winrm').saw)).toEqual([
      'contoso\\alice',
      'contoso\\administrator',
      'contoso\\serverb$',
      'contoso\\jea$',
      'contoso\\alice',
      'contoso\\alice',
    ]);
  });
});
