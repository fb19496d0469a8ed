// impacket's administration of delegation, over our KDC and our LDAP. Its Kerberos binds have no
// checksum and ask for no signing, so that they need TLS and two settings that are off by default.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setGrants } from '@doublehop/delegation/grants';
import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ADMIN_PASSWORD,
  ALICE,
  passwordOf,
  type RunningDomain,
  serverDn,
  startDomain,
} from '../../packages/domain-controller/test/support/domain.ts';
import { hostsFile, withHosts } from '../support/hosts.ts';
import { impacketScript } from '../support/packages.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { loopbackAddress } from '../support/ports.ts';
import type { Outcome } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
const EMPTY = new Uint8Array(0);
const HOST = 'dc.contoso.com';
const driver = fileURLToPath(new URL('impacket-without-smb.py', import.meta.url));

/** Impacket knows no other ports. */
const ports = { kdcPort: 88, ldapPort: 389, ldapsPort: 636 };

describe("impacket's scripts and our LDAP", () => {
  const dir = makeTempDir('ldap-impacket');
  let usual: RunningDomain | undefined;
  let lenient: RunningDomain | undefined;

  beforeAll(async () => {
    if (whyMissing('impacket') !== undefined || process.getuid?.() !== 0) return;
    usual = await startDomain({ listen: { address: loopbackAddress(), ...ports } });
    lenient = await startDomain({
      listen: { address: loopbackAddress(), ...ports },
      kdc: { requestChecksum: 'lenient' },
      ldap: { allowBareKerberos: true },
    });
  });
  afterAll(async () => {
    await usual?.close();
    await lenient?.close();
    removeDir(dir);
    expect([...(usual?.defects ?? []), ...(lenient?.defects ?? [])]).toEqual([]);
  });

  async function script(
    domain: RunningDomain | undefined,
    name: string,
    ...args: readonly string[]
  ): Promise<Outcome> {
    if (domain === undefined) throw new Error('the domain was not started');
    const { address } = domain.endpoints;
    const hosts = join(dir, `hosts-${address}`);
    writeFileSync(hosts, hostsFile({ [address]: [HOST, 'dc'] }));
    const [python, path] = impacketScript(name);
    const env = { KRB5CCNAME: undefined, HOME: dir };
    const given = [driver, HOST, path, '-k', '-dc-ip', address, ...args];
    return await withHosts(hosts, python, given, { cwd: dir, env });
  }

  const administrator = `CONTOSO.COM/Administrator:${ADMIN_PASSWORD}`;
  const rbcd = (action: string, ...more: string[]): Promise<Outcome> =>
    script(
      lenient,
      'rbcd',
      '-use-ldaps',
      '-action',
      action,
      '-delegate-to',
      'SERVERC$',
      ...more,
      administrator,
    );
  const stored = (): Uint8Array | undefined =>
    lenient?.dc.directory.get(serverDn('SERVERC')).bytes(RBCD);
  const grantTo = (...names: string[]): Uint8Array => {
    const sids = names.map((name) => lenient?.dc.accounts.byName(name)?.sid ?? 'S-1-0-0');
    const { descriptor } = setGrants(undefined, sids);
    return descriptor === undefined ? EMPTY : encodeDescriptor(descriptor);
  };

  test('rbcd: read, write, remove, flush', async (context) => {
    requirePeers(context, 'impacket');
    requireRoot(context);
    expect((await rbcd('read')).stdout).toContain('is empty');
    const written = await rbcd('write', '-delegate-from', 'SERVERB$');
    expect(written.stdout).toContain(
      'SERVERB$ can now impersonate users on SERVERC$ via S4U2Proxy',
    );
    // Its parts stand in another order than ours.
    expect(encodeDescriptor(decodeDescriptor(stored() ?? EMPTY))).toEqual(grantTo('SERVERB$'));
    await rbcd('write', '-delegate-from', 'alice');
    expect((await rbcd('read')).stdout).toMatch(/SERVERB\$ .*\n.*alice /u);
    const removed = await rbcd('remove', '-delegate-from', 'SERVERB$');
    expect(removed.status).toBe(0);
    expect((await rbcd('read')).stdout).not.toContain('SERVERB$ ');
    const flushed = await rbcd('flush');
    expect(flushed.stdout).toContain('Delegation rights flushed successfully!');
    expect(stored()).toBeUndefined();
  });

  test('rbcd by a user who may not write: insufficientAccessRights', async (context) => {
    requirePeers(context, 'impacket');
    requireRoot(context);
    const alice = `CONTOSO.COM/alice:${passwordOf('alice')}`;
    const to = ['-delegate-to', 'SERVERC$', '-delegate-from', 'alice'];
    const args = ['-use-ldaps', '-action', 'write', ...to, alice];
    const { stdout } = await script(lenient, 'rbcd', ...args);
    expect(stdout).toContain('Could not modify object, the server reports insufficient rights');
    expect(stdout).toContain('00002098');
    expect(stored()).toBeUndefined();
  });

  test('findDelegation goes to LDAPS when signing is required', async (context) => {
    requirePeers(context, 'impacket');
    requireRoot(context);
    await lenient?.dc.directory.modify(serverDn('SERVERC'), [
      { operation: 'replace', attribute: RBCD, values: [grantTo('SERVERB$')] },
    ]);
    await lenient?.dc.directory.modify(serverDn('SERVERB'), [
      {
        operation: 'replace',
        attribute: 'msDS-AllowedToDelegateTo',
        values: ['cifs/serverc.contoso.com'],
      },
    ]);
    const { stdout } = await script(lenient, 'findDelegation', administrator);
    const rows = stdout.split('\n').map((line) => line.trim().split(/\s{2,}/u));
    expect(rows).toContainEqual(['SERVERB$', 'Computer', 'Resource-Based Constrained', 'SERVERC$']);
    expect(stdout).toMatch(/SERVERB\$ +Computer +Constrained.* +cifs\/serverc\.contoso\.com/u);
  });

  test('addcomputer over LDAPS makes, and deletes, a computer account', async (context) => {
    requirePeers(context, 'impacket');
    requireRoot(context);
    const named = ['-computer-name', 'EVIL$', '-computer-pass', 'Passw0rd.evil'];
    const options = ['-method', 'LDAPS', '-dc-host', HOST, ...named];
    const added = await script(lenient, 'addcomputer', ...options, administrator);
    expect(added.stdout).toContain('Successfully added machine account EVIL$');
    const account = lenient?.dc.accounts.byName('EVIL$');
    expect(account?.servicePrincipalNames).toContain('HOST/EVIL');
    expect(account?.keys).toBeDefined();
    const deleted = await script(lenient, 'addcomputer', ...options, '-delete', administrator);
    expect(deleted.stdout).toContain('Succesfully deleted EVIL$');
  });

  test('addcomputer by a plain user lives on the machine account quota', async (context) => {
    requirePeers(context, 'impacket');
    requireRoot(context);
    const alice = `CONTOSO.COM/alice:${passwordOf('alice')}`;
    const add = (name: string): Promise<Outcome> => {
      const named = ['-computer-name', name, '-computer-pass', 'Passw0rd.evil'];
      return script(lenient, 'addcomputer', '-method', 'LDAPS', '-dc-host', HOST, ...named, alice);
    };
    for (let number = 1; number <= 10; number += 1) {
      expect((await add(`OWN${number}$`)).stdout).toContain('Successfully added');
    }
    expect((await add('OWN11$')).stdout).toMatch(/machine quota exceeded/u);
    expect(lenient?.dc.accounts.byName('OWN11$')).toBeUndefined();
  });

  test('GetUserSPNs lists user accounts with service names', async (context) => {
    requirePeers(context, 'impacket');
    requireRoot(context);
    const change = { operation: 'replace', attribute: 'servicePrincipalName' } as const;
    const values = ['MSSQLSvc/db.contoso.com'];
    await lenient?.dc.directory.modify(ALICE, [{ ...change, values }]);
    const { stdout } = await script(lenient, 'GetUserSPNs', administrator);
    expect(stdout).toMatch(/MSSQLSvc\/db\.contoso\.com +alice/u);
    // It asks by KRB_NT_MS_PRINCIPAL, and takes what it gets: a ticket sealed with alice's key.
    const asked = await script(lenient, 'GetUserSPNs', '-request', administrator);
    expect(asked.stdout).toMatch(/\$krb5tgs\$18\$alice\$CONTOSO\.COM\$\*[^*]+\*\$[0-9a-f]+\$/u);
    expect(lenient?.audit.at(-1)).toMatchObject({ EventID: 4769, Status: '0x0' });
    await lenient?.dc.directory.modify(ALICE, [{ ...change, values: [] }]);
  });

  test('GetNPUsers finds who need not pre-authenticate, and has his AS-REP', async (context) => {
    requirePeers(context, 'impacket');
    requireRoot(context);
    const change = { operation: 'replace', attribute: 'userAccountControl' } as const;
    const none = await script(lenient, 'GetNPUsers', '-request', administrator);
    expect(none.stdout).toContain('No entries found!');
    // NORMAL_ACCOUNT, DONT_REQ_PREAUTH.
    const values = [String(0x200 | 0x40_0000)];
    await lenient?.dc.directory.modify(ALICE, [{ ...change, values }]);
    const { stdout } = await script(lenient, 'GetNPUsers', '-request', administrator);
    expect(stdout).toMatch(/alice .* 0x400200/u);
    expect(stdout).toMatch(/\$krb5asrep\$18\$alice@CONTOSO\.COM:[0-9a-f]+\$[0-9a-f]+/u);
    await lenient?.dc.directory.modify(ALICE, [{ ...change, values: [String(0x200)] }]);
  });

  test('are refused by the defaults', async (context) => {
    requirePeers(context, 'impacket');
    requireRoot(context);
    const { stdout } = await script(usual, 'findDelegation', administrator);
    expect(stdout).not.toContain('AccountName');
    expect(usual?.audit.at(-1)).toMatchObject({
      EventID: 4769,
      Status: expect.not.stringMatching(/^0x0$/u),
    });
  });
});
