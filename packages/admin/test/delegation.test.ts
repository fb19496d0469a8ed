// Services on the lists of middles, and flags of accounts, in a real domain.
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account } from '../src/account.ts';
import { applyAttributeChanges } from '../src/changes/apply.ts';
import { writeChange } from '../src/changes/write.ts';
import type { DomainConnection } from '../src/connection.ts';
import { flagsOn, planFlags } from '../src/delegation/flags.ts';
import { planServices, readServices, type ServicesEdit } from '../src/delegation/services.ts';
import { AdminError } from '../src/errors.ts';
import { resolveAccount } from '../src/resolve.ts';
import { type Contoso, startContoso } from './support/contoso.ts';

let contoso: Contoso;
let admin: DomainConnection;
let alice: DomainConnection;
let b: Account;

beforeAll(async () => {
  contoso = await startContoso();
  admin = await contoso.connectAs('Administrator');
  alice = await contoso.connectAs('alice');
  b = await resolveAccount(admin, 'ServerB');
});
afterAll(async () => {
  await admin.close();
  await alice.close();
  await contoso.close();
});

async function edit(wanted: ServicesEdit, accounts = [b]) {
  const plan = await planServices(admin, accounts, wanted);
  const report = await applyAttributeChanges(admin, plan.changes);
  return { ...plan, report, sentences: plan.changes.flatMap(({ sentences }) => sentences) };
}

async function listed(): Promise<readonly string[]> {
  const [{ services } = { services: [] }] = await readServices(admin, [b]);
  return services.map(({ service, holders }) => `${service} ${holders.join(' ')}`);
}

const CIFS = 'cifs/serverc.contoso.com';

describe('services on the list of a middle', () => {
  test('are added, found by what HOST stands for, and compared without case', async () => {
    const added = await edit({ kind: 'add', services: [CIFS, 'CIFS/ServerC'] });
    expect(added.sentences).toEqual([
      `SERVERB$ may now act for users to ${CIFS}`,
      'SERVERB$ may now act for users to CIFS/ServerC',
    ]);
    expect(added.warnings).toEqual([]);
    expect(await listed()).toEqual(['CIFS/ServerC SERVERC$', `${CIFS} SERVERC$`]);
    const again = await edit({ kind: 'add', services: ['cifs/SERVERC'] });
    expect(again.report).toMatchObject({ done: 0, unchanged: 1 });
  });

  test('are taken off, replaced and cleared', async () => {
    const removed = await edit({ kind: 'remove', services: ['cifs/serverc', 'http/never'] });
    expect(removed.sentences).toEqual(['SERVERB$ may no longer act for users to CIFS/ServerC']);
    const set = await edit({ kind: 'set', services: [CIFS.toUpperCase(), 'HTTP/serverb'] });
    // What stays is as it was written first.
    expect(set.sentences).toEqual(['SERVERB$ may now act for users to HTTP/serverb']);
    expect(await listed()).toEqual([`${CIFS} SERVERC$`, 'HTTP/serverb SERVERB$']);
    await edit({ kind: 'clear' });
    expect(await listed()).toEqual([]);
  });

  test('ghosts and domain controllers are warned of; krbtgt and no names refused', async () => {
    const { warnings } = await edit({ kind: 'add', services: ['cifs/gone', 'cifs/dc'] });
    expect(warnings[0]).toMatch(/^no account in contoso\.com has cifs\/gone: whoever gives/);
    expect(warnings[1]).toMatch(/^DC\$ is a domain controller: whoever controls a middle/);
    const own = await edit({ kind: 'add', services: [CIFS] }, [
      await resolveAccount(admin, 'TWIN$'),
    ]);
    expect(own.warnings).toEqual([
      'TWIN$ has no service principal name, so that nobody gets a ticket to it',
    ]);
    for (const [service, told] of [
      ['serverc', /^--service: "serverc" is no service principal name/],
      ['krbtgt/CONTOSO', /must be on no list: whoever may act for users to it owns the domain/],
    ] as const) {
      await expect(edit({ kind: 'add', services: [service] })).rejects.toThrow(told);
    }
    await edit({ kind: 'clear' });
  });

  test('a change meanwhile is refused, with what was changed', async () => {
    const stale = await planServices(admin, [b], { kind: 'set', services: ['HTTP/serverb'] });
    await edit({ kind: 'add', services: ['HTTP/serverb'] });
    const { outcomes } = await applyAttributeChanges(admin, stale.changes);
    const [outcome] = outcomes;
    expect(outcome?.state === 'failed' && outcome.error.message).toBe(
      'somebody else changed the services of SERVERB$ in the meantime (HTTP/serverb was added); ' +
        'nothing was written: run the command again',
    );
    await edit({ kind: 'clear' });
  });
});

describe('flags', () => {
  test('are set and cleared, and nothing else is', async () => {
    const { changes, warnings } = planFlags([b], {
      flags: ['sensitive', 'unconstrained'],
      value: true,
    });
    expect(changes.flatMap(({ after }) => after.map(fromUtf8))).toEqual([
      String(0x1000 | 0x10_0000 | 0x8_0000),
    ]);
    expect(warnings.map((line) => line.slice(0, 50))).toEqual([
      'SERVERB$ is a computer: what is meant to be protec',
      'SERVERB$ gets the tickets of all users that log on',
    ]);
    expect(await applyAttributeChanges(admin, changes)).toMatchObject({ done: 1 });
    const marked = await resolveAccount(admin, 'ServerB');
    expect(flagsOn(marked)).toEqual(['sensitive', 'unconstrained']);
    const back = planFlags([marked], { flags: ['sensitive', 'unconstrained'], value: false });
    expect(back.changes.flatMap(({ sentences }) => sentences)).toEqual([
      'SERVERB$ is no longer sensitive and cannot be delegated',
      'SERVERB$ is no longer trusted for delegation to any service',
    ]);
    expect(await applyAttributeChanges(admin, back.changes)).toMatchObject({ done: 1 });
    const again = planFlags([b], { flags: ['unconstrained'], value: false });
    expect(await applyAttributeChanges(admin, again.changes)).toMatchObject({ unchanged: 1 });
  });

  test('of a domain controller: one is told to leave them', async () => {
    const dc = await resolveAccount(admin, 'DC');
    const { warnings } = planFlags([dc], { flags: ['unconstrained'], value: false });
    expect(warnings).toEqual([
      'DC$ is a domain controller, and every one is trusted for delegation: leave it so',
    ]);
  });

  test('a change meanwhile is told by its flag, a missing user right by its name', async () => {
    const plan = planFlags([b], { flags: ['protocol-transition'], value: true });
    const [change] = plan.changes;
    if (change === undefined) throw new Error('nothing planned');
    await admin.client.modify(b.dn, [
      { operation: 'replace', attribute: 'userAccountControl', values: [utf8('4098')] },
    ]);
    const refused = async (work: Promise<void>): Promise<AdminError> =>
      await work.then(
        () => Promise.reject(new Error('was not refused')),
        (error: unknown) => (error instanceof AdminError ? error : Promise.reject(error)),
      );
    const stale = await refused(writeChange(admin, change));
    expect(stale.message).toContain('(ACCOUNTDISABLE was added)');
    const fresh = planFlags([await resolveAccount(admin, 'ServerB')], {
      flags: ['protocol-transition'],
      value: true,
    }).changes;
    const denied = await refused(writeChange(alice, fresh[0] ?? change));
    expect([denied.code, denied.message]).toEqual([
      'access-denied',
      expect.stringContaining('SeEnableDelegationPrivilege'),
    ]);
  });
});
