// Policy files on a real Samba AD DC: what samba-tool wrote is exported, what we write samba-tool
// shows. Over LDAP Samba takes classic delegation and flags, but not the list of middles.
import { join } from 'node:path';
import { loadPolicy } from '@doublehop/admin/policy/load';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SambaDc, startSambaDc } from '../peers/samba-dc.ts';
import type { Outcome } from '../support/run.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { doublehopAt } from '../support/samba.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

/** MS-ADTS 2.2.16, ND. */
const NOT_DELEGATED = 0x10_0000;

const HEAD = 'version: 1\ndomain: corp.test\n';

describe('policies and Samba', () => {
  const dir = makeTempDir('policy-samba');
  let dc: SambaDc | undefined;

  beforeAll(async () => {
    if (whyMissing('samba') !== undefined || process.getuid?.() !== 0) return;
    dc = await startSambaDc(dir);
    const login = await doublehop(['kinit', 'Administrator'], 'Passw0rd.admin\n');
    expect(login.status, login.stderr).toBe(0);
    await tool('group', 'add', 'inner');
    await tool('group', 'add', 'outer');
    await tool('group', 'addmembers', 'outer', 'inner');
    await tool('group', 'addmembers', 'inner', 'alice,SERVERB$');
  });
  afterAll(async () => {
    await dc?.stop();
    removeDir(dir);
  });

  async function doublehop(args: readonly string[], input = ''): Promise<Outcome> {
    return await doublehopAt(dc, dir, args, input);
  }

  async function tool(...args: readonly string[]): Promise<string> {
    const outcome = await dc?.tool(...args);
    expect(outcome?.status, outcome?.stderr).toBe(0);
    return outcome?.stdout ?? '';
  }

  test('what samba-tool wrote is exported, and nothing differs from it', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const { status, stdout, stderr } = await doublehop(['policy', 'export']);
    expect(status, stderr).toBe(0);
    expect(stdout.replaceAll(dir, '')).toMatchInlineSnapshot(`
      "# Delegation in corp.test, as doublehop policy export found it.
      version: 1
      domain: corp.test

      rules:
        - name: SERVERB$ may act for users
          targets:
            - SERVERC$
          mode: exact
          middles:
            - SERVERB$

      kcd:
        - name: services of SERVERA$
          middles:
            - SERVERA$
          mode: exact
          services:
            - cifs/serverc.corp.test

      flags:
        - name: sensitive accounts
          accounts:
            - bob
          sensitive: true
        - name: any authentication protocol
          accounts:
            - SERVERB$
          protocolTransition: true
      "
    `);
    expect(loadPolicy(stdout).problems).toBeUndefined();
    const drift = await doublehop(['drift', '-'], stdout);
    expect(drift).toMatchObject({ status: 0, stderr: '' });
  });

  test('services and flags are written, and samba-tool shows them', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const text = `${HEAD}kcd:
  - name: front end
    middles: [SERVERA, SERVERB]
    mode: exact
    services: [cifs/serverc.corp.test]
flags:
  - { name: people, accounts: { groups: [outer], except: [SERVERB] }, sensitive: true }
  - { name: transition, accounts: [SERVERA], protocolTransition: true }
`;
    const applied = await doublehop(['apply', '-', '--yes', '--journal', join(dir, 'j')], text);
    expect(applied.status, applied.stderr).toBe(0);
    expect(applied.stdout).toContain('alice is now sensitive and cannot be delegated');
    expect(await doublehop(['drift', '-'], text)).toMatchObject({ status: 0 });
    const shown = await tool('delegation', 'show', 'SERVERA$');
    expect(shown).toMatch(/UF_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION: True/u);
    expect(shown).toMatch(/msDS-AllowedToDelegateTo: cifs\/serverc\.corp\.test\n/u);
    expect(shown.match(/msDS-AllowedToDelegateTo/gu)).toHaveLength(1);
    const alice = await tool('user', 'show', 'alice', '--attributes=userAccountControl');
    expect(Number(/userAccountControl: (\d+)/u.exec(alice)?.[1]) & NOT_DELEGATED).not.toBe(0);
    await tool('delegation', 'del-service', 'SERVERA$', 'cifs/serverc.corp.test');
    const drift = await doublehop(['drift', '-'], text);
    expect(drift.status).toBe(2);
    expect(drift.stdout).toMatch(
      /^SERVERA\$ +may not act to cifs\/serverc\.corp\.test, but should/mu,
    );
  });

  test('the list of middles is compared; writing it Samba refuses over LDAP', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const text = `${HEAD}rules:
  - { name: R, targets: [SERVERC], mode: exact, middles: [SERVERA] }
`;
    const drift = await doublehop(['drift', '-'], text);
    expect(drift.status).toBe(2);
    expect(drift.stdout).toMatch(/^SERVERC\$ +SERVERA\$ may not act, but should/mu);
    expect(drift.stdout).toMatch(/^SERVERC\$ +SERVERB\$ may act, but should not/mu);
    const applied = await doublehop(['apply', '-', '--yes', '--journal', join(dir, 'j')], text);
    expect(applied.status).toBe(1);
    expect(applied.stderr).toMatch(/^SERVERC\$: .*constraintViolation/mu);
    await tool('delegation', 'add-principal', 'SERVERC$', 'SERVERA$');
    await tool('delegation', 'del-principal', 'SERVERC$', 'SERVERB$');
    expect(await doublehop(['drift', '-'], text)).toMatchObject({ status: 0 });
    // SERVERB$ is in a group that is in a group.
    await tool('delegation', 'add-principal', 'SERVERC$', 'outer');
    const forbidden = await doublehop(
      ['drift', '-'],
      `${HEAD}rules: [{ name: R, targets: [SERVERC], forbid: [SERVERB] }]\n`,
    );
    expect(forbidden.stdout).toContain('SERVERB$ may act to it still, as one of outer');
    expect(forbidden.status).toBe(2);
  });
});
