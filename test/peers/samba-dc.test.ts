import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withHosts } from '../support/hosts.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';
import { startSambaDc, type SambaDc } from './samba-dc.ts';

describe('Samba AD DC as a peer', () => {
  let dir: string | undefined;
  let dc: SambaDc | undefined;

  beforeAll(async () => {
    if (whyMissing('samba', 'mit') === undefined && process.getuid?.() === 0) {
      dir = makeTempDir('samba');
      dc = await startSambaDc(dir);
    }
  });
  afterAll(async () => {
    await dc?.stop();
    if (dir !== undefined) {
      removeDir(dir);
    }
  });

  test('kvno: S4U2Self, then S4U2Proxy by RBCD', async (ctx) => {
    requirePeers(ctx, 'samba', 'mit');
    requireRoot(ctx);
    const { env, keytab } = started(dc);
    const kinit = await run('kinit', ['-k', '-t', keytab('serverb'), 'SERVERB$'], { env });
    expect(kinit.status, kinit.stderr).toBe(0);
    const proxy = ['-U', 'alice', '-P', 'cifs/serverc.corp.test'];
    expect(await run('kvno', proxy, { env })).toMatchObject({ status: 0 });
    const sensitive = await run('kvno', ['-U', 'bob', ...proxy.slice(2)], { env });
    expect(sensitive.status).not.toBe(0);
  });

  test('samba-tool shows both kinds of grant', async (ctx) => {
    requirePeers(ctx, 'samba');
    requireRoot(ctx);
    const { tool } = started(dc);
    const rbcd = await tool('delegation', 'show', 'SERVERC$');
    expect(rbcd.stdout).toContain('SERVERB');
    const classic = await tool('delegation', 'show', 'SERVERA$');
    expect(classic.stdout).toContain('cifs/serverc.corp.test');
  });

  test('ldapsearch -Y GSSAPI, with the names of the hosts file', async (ctx) => {
    requirePeers(ctx, 'samba', 'mit', 'ldap');
    requireRoot(ctx);
    const { env, hosts, host, baseDn } = started(dc);
    const kinit = await run('kinit', ['alice'], { env, input: 'Passw0rd.alice\n' });
    expect(kinit.status, kinit.stderr).toBe(0);
    const url = `ldap://${host}`;
    const search = ['-Q', '-Y', 'GSSAPI', '-N', '-H', url, '-b', baseDn, '(sAMAccountName=carol)'];
    const found = await withHosts(hosts, 'ldapsearch', search, { env });
    expect(found.stdout, found.stderr).toContain('sAMAccountName: carol');
  });
});

function started(dc: SambaDc | undefined): SambaDc {
  if (dc === undefined) {
    throw new Error('the domain controller was not started');
  }
  return dc;
}
