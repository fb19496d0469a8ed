// What explain predicts equals what the KDC does (MS-SFU 3.2.5.1, 3.2.5.2), for every kind of user,
// evidence, middle and descriptor, on the embedded KDC with each of its ways to decide.
import type { KdcProfile } from '@doublehop/delegation/profiles';
import { describe, expect, test } from 'vitest';
import {
  EVIDENCE,
  FORMS,
  MIDDLES,
  type MiddleKind,
  USERS,
  type UserKind,
} from './support/hop-cases.ts';
import { connectHops } from './support/hop-connection.ts';
import { startHopDomain } from './support/hop-domain.ts';
import { type HopCase, HopTable, play } from './support/hop-table.ts';

/** Modes and reasons in which hops of the table end. */
const EVERY_END = [
  'evidence-not-forwardable',
  'kcd',
  'middle-disabled',
  'rbcd',
  'rbcd-denied',
  'rbcd-descriptor-absent',
  'rbcd-descriptor-unparsable',
  'rbcd-not-listed',
  'self-nameless',
  'server-disabled',
  'server-nameless',
  'user-disabled',
  'user-expired',
  'user-locked',
  'user-outside-logon-hours',
  'user-password-expired',
  'user-password-must-change',
];

function* everyHop(users: readonly UserKind[], middles: readonly MiddleKind[]): Generator<HopCase> {
  for (const user of users) {
    for (const middle of middles) {
      for (const evidence of EVIDENCE) {
        for (const form of Object.keys(FORMS)) yield { user, middle, evidence, form };
      }
    }
  }
}

describe.each<[KdcProfile, readonly UserKind[], readonly MiddleKind[]]>([
  ['windows', USERS, MIDDLES],
  ['windows-legacy', ['normal', 'sensitive'], ['computer', 'trusted', 'other-list']],
  ['samba', ['normal', 'protected'], ['computer', 'trusted']],
])('a KDC as %s', (profile, users, middles) => {
  test('decides every hop as predicted, with the same error and status', async () => {
    const domain = await startHopDomain(profile);
    const connection = await connectHops(domain);
    try {
      const table = await HopTable.read({
        realm: 'CONTOSO.COM',
        connection,
        profile,
        users,
        middles,
        client: (account, forwardable) => domain.client(account, forwardable),
      });
      const { differences, otherReasons, outcomes } = await play(table, everyHop(users, middles));
      expect(differences).toEqual([]);
      // The words of its refusals are our own whatever the rules are.
      if (profile !== 'samba') expect(otherReasons).toEqual([]);
      expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['rbcd', 'rbcd-not-listed']));
      if (profile === 'windows') expect([...outcomes.keys()].toSorted()).toEqual(EVERY_END);
    } finally {
      await connection.close();
      await domain.close();
    }
  });
});
