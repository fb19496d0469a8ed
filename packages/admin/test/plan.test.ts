import { addGrant } from '@doublehop/delegation/grants';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { describe, expect, test } from 'vitest';
import type { Account } from '../src/account.ts';
import { type Edit, type PlannedChange, planEdit, planEdits } from '../src/plan.ts';
import { changeSentences } from '../src/sentences.ts';
import { accountNamed, DOMAIN_SID } from './support/fake-directory.ts';

const b = accountNamed('SERVERB', 1101);
const b1 = accountNamed('SERVERB1', 1102);
const c = accountNamed('SERVERC', 1103);

const withSddl = (sddl: string): Account => ({
  ...c,
  allowedToAct: encodeDescriptor(parseSddl(sddl)),
});
const plan = (target: Account, kind: 'grant' | 'revoke' | 'set', ...middles: Account[]) =>
  planEdit(target, { kind, middles });
const granted = withSddl(`O:BAD:(A;;CR;;;${b.sid})`);
const nullDacl = withSddl('O:BAD:NO_ACCESS_CONTROL');

describe('grant', () => {
  test('to a target without a list', () => {
    const change = plan(c, 'grant', b);
    expect(change).toMatchObject({ edit: 'grant', before: undefined, changed: true });
    expect(change.after).toEqual(encodeDescriptor(addGrant(undefined, b.sid).descriptor));
    expect(change.added).toEqual([b]);
  });

  test('several at once, of whom one is there', () => {
    const change = plan(granted, 'grant', b, b1);
    expect([change.kept, change.added]).toEqual([[b], [b1]]);
  });

  test('what is there already is not written again', () => {
    const change = plan(granted, 'grant', b);
    expect(change.changed).toBe(false);
    expect(change.after).toBe(granted.allowedToAct);
  });

  test('a deny entry of the same middle wins: the sentence does not say "may now"', () => {
    const change = plan(withSddl(`O:BAD:(D;;CR;;;${b.sid})`), 'grant', b);
    expect(change).toMatchObject({ changed: true, added: [] });
    expect(changeSentences(change)).toEqual([
      'SERVERB$ may still not act for users to SERVERC$: entry 1 denies it and wins; ' +
        'remove that entry first',
    ]);
  });

  test('a NULL DACL grants everybody already, and is left alone', () => {
    const change = plan(nullDacl, 'grant', b);
    expect(change.changed).toBe(false);
    expect(change.warnings).toEqual([expect.stringContaining('NULL DACL')]);
  });

  test.each(['S-1-1-0', 'S-1-5-11'] as const)('everybody (%s) is warned about', (sid) => {
    const everybody = { ...b, sid, name: 'Everybody' };
    for (const kind of ['grant', 'set'] as const) {
      expect(plan(c, kind, everybody).warnings).toEqual([
        expect.stringContaining('Everybody is every account'),
      ]);
    }
    expect(plan(c, 'grant', b).warnings).toEqual([]);
  });

  test('more middles than a list holds: the error says so', () => {
    const many = Array.from({ length: 2000 }, (_, at) => accountNamed(`B${at}`, 2000 + at));
    for (const kind of ['grant', 'set'] as const) {
      expect(() => plan(c, kind, ...many)).toThrow(/^so many middles .* put them into a group/);
    }
  });

  test('a domain controller is warned about, krbtgt refused', () => {
    const dc = { ...c, userAccountControl: 0x82000 };
    expect(plan(dc, 'grant', b).warnings).toEqual([expect.stringContaining('domain controller')]);
    const krbtgt = { ...c, name: 'krbtgt', sid: `${DOMAIN_SID}-502` } as const;
    expect(() => plan(krbtgt, 'grant', b)).toThrow(/krbtgt must have no grant/);
    expect(() => plan({ ...c, name: 'krbtgt_1234' }, 'set', b)).toThrow(/must have no grant/);
    expect(plan(krbtgt, 'revoke', b).changed).toBe(false);
  });
});

describe('revoke', () => {
  test('the last removal clears the attribute', () => {
    const change = plan(granted, 'revoke', b);
    expect(change).toMatchObject({ changed: true, after: undefined, removed: [b] });
  });

  test('of somebody who is not there: nothing is written', () => {
    const change = plan(granted, 'revoke', b1);
    expect(change).toMatchObject({ changed: false, removed: [] });
    expect(changeSentences(change)).toEqual([
      'nothing changes: those named may not act for users to SERVERC$',
    ]);
    expect(plan(c, 'revoke', b).changed).toBe(false);
  });

  test('the second of two, after the first has cleared nothing', () => {
    const both = withSddl(`O:BAD:(A;;CR;;;${b.sid})(A;;CR;;;${b1.sid})`);
    expect(plan(both, 'revoke', b, b1)).toMatchObject({ after: undefined, removed: [b, b1] });
  });

  test('an entry without effect goes too, and nothing is said to have been lost', () => {
    const change = plan(withSddl(`O:BAD:(A;;WP;;;${b.sid})`), 'revoke', b);
    expect(change).toMatchObject({ changed: true, after: undefined, removed: [] });
    expect(changeSentences(change)).toEqual(['the list of SERVERC$ is cleared; it let nobody act']);
  });

  test('where everybody may act, so may the middle still', () => {
    const everyone = withSddl(`O:BAD:(A;;CR;;;${b.sid})(A;;CR;;;WD)`);
    const change = plan(everyone, 'revoke', b);
    expect(change.changed).toBe(true);
    expect(changeSentences(change)).toEqual([
      'SERVERB$ may still act for users to SERVERC$: the list lets every account act, this one too',
    ]);
  });
});

describe('set and clear', () => {
  test('the difference in effective principals', () => {
    const change = plan(granted, 'set', b1);
    expect(change.added).toEqual([b1]);
    expect(change.removed.map(({ sid }) => sid)).toEqual([b.sid]);
  });

  test('the same list, written by this tool, stays octet for octet', () => {
    const own = { ...c, allowedToAct: plan(c, 'grant', b).after };
    expect(plan(own, 'set', b).changed).toBe(false);
  });

  test('clear', () => {
    const clear: Edit = { kind: 'clear' };
    expect(planEdit(granted, clear)).toMatchObject({ changed: true, after: undefined });
    const nothing = planEdit(c, clear);
    expect(nothing.changed).toBe(false);
    expect(changeSentences(nothing)).toEqual([
      'nobody may act for users to SERVERC$: there is nothing to clear',
    ]);
    const empty = planEdit(withSddl('O:BAD:'), clear);
    expect(empty).toMatchObject({ changed: true, after: undefined });
    expect(changeSentences(empty)).toEqual(['the list of SERVERC$ is cleared; it let nobody act']);
  });
});

describe('many targets', () => {
  const named = (changes: readonly PlannedChange[]) => changes.map(({ target }) => target.name);

  test('a middle is never its own target', () => {
    const one = planEdits([b, c], { kind: 'grant', middles: [b] });
    expect(named(one.changes)).toEqual(['SERVERC$']);
    expect(one.skipped).toEqual([{ target: b, reason: 'SERVERB$ is the middle itself' }]);
    const two = planEdits([b, c], { kind: 'set', middles: [b, b1] });
    expect(two.skipped).toEqual([]);
    expect(two.changes.map(({ added }) => added.map(({ name }) => name))).toEqual([
      ['SERVERB1$'],
      ['SERVERB$', 'SERVERB1$'],
    ]);
  });

  test('a grant that a target has to itself can be taken away', () => {
    const self = { ...b, allowedToAct: granted.allowedToAct };
    const { changes } = planEdits([self], { kind: 'revoke', middles: [b] });
    expect(changes).toMatchObject([{ changed: true, after: undefined }]);
  });

  test('one that cannot be edited does not stop the others', () => {
    const broken = { ...b1, allowedToAct: new Uint8Array([1]) };
    const { changes, refused } = planEdits([broken, c], { kind: 'grant', middles: [b] });
    expect(named(changes)).toEqual(['SERVERC$']);
    expect(refused.map(({ target, error }) => [target.name, error.code])).toEqual([
      ['SERVERB1$', 'unreadable'],
    ]);
  });
});
