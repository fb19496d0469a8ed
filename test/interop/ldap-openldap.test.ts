// OpenLDAP's tools against the whole controller: every way to bind, and the RBCD attribute.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ADMIN_PASSWORD,
  ALICE,
  BASE,
  passwordOf,
  type RunningDomain,
  serverDn,
  SERVERS,
  startDomain,
} from '../../packages/domain-controller/test/support/domain.ts';
import { clientEnv } from '../peers/peer.ts';
import { requirePeers } from '../support/peers.ts';
import { type Outcome, run, runOrThrow } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const everything = {
  base: BASE,
  scope: 'subtree',
  filter: { kind: 'present', attribute: 'objectClass' },
} as const;

const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

describe("OpenLDAP's tools and the domain controller", () => {
  const dir = makeTempDir('ldap-openldap');
  let domain: RunningDomain;
  let env: Record<string, string | undefined>;

  beforeAll(async () => {
    domain = await startDomain();
    const { address, kdcPort } = domain.endpoints;
    const kerberos = clientEnv(dir, { realm: 'CONTOSO.COM', kdc: `${address}:${kdcPort}` });
    const certificate = join(dir, 'dc.pem');
    writeFileSync(certificate, domain.dc.certificate);
    env = { ...kerberos, LDAPTLS_CACERT: certificate, LDAPNOINIT: undefined };
  });
  afterAll(async () => {
    await domain.close();
    removeDir(dir);
    expect(domain.defects).toEqual([]);
  });

  // OpenLDAP takes the machine's own name for `localhost`, and -N the name as it is for the SPN.
  const ldap = (): string => `ldap://127.0.0.1:${domain.endpoints.ldapPort}`;
  const ldaps = (): string => `ldaps://127.0.0.1:${domain.endpoints.ldapsPort}`;
  const tool = (name: string, args: readonly string[], input = ''): Promise<Outcome> =>
    run(name, args, { env, input });
  const kinit = (name: string, password: string): Promise<string> =>
    runOrThrow('kinit', [name], { env, input: `${password}\n` });

  // From the domain's head the answer would end with a reference to the configuration.
  const base = `CN=Users,${BASE}`;
  const search = ['-LLL', '-o', 'ldif-wrap=no', '-b', base, '(sAMAccountName=alice)', 'objectSid'];
  const found = (): string => {
    const sid = domain.dc.directory.get(ALICE).bytes('objectSid') ?? new Uint8Array();
    return `dn: ${ALICE}\nobjectSid:: ${Buffer.from(sid).toString('base64')}\n\n`;
  };

  test('simple bind over LDAPS and StartTLS, refused in clear text', async (context) => {
    requirePeers(context, 'ldap');
    const bind = ['-x', '-D', 'CONTOSO\\alice', '-w', passwordOf('alice')];
    for (const where of [
      ['-H', ldaps()],
      ['-H', ldap(), '-ZZ'],
    ]) {
      const { stdout, status } = await tool('ldapsearch', [...where, ...bind, ...search]);
      expect([status, stdout]).toEqual([0, found()]);
    }
    expect((await tool('ldapsearch', ['-H', ldap(), ...bind, ...search])).status).toBe(13);
    const wrong = ['-x', '-D', 'alice@contoso.com', '-w', 'wrong'];
    const refused = await tool('ldapsearch', ['-H', ldaps(), ...wrong, ...search]);
    expect(refused.status).toBe(49);
    expect(refused.stderr).toContain('AcceptSecurityContext error, data 52e');
  });

  test('anonymous clients get the rootDSE and nothing else', async (context) => {
    requirePeers(context, 'ldap');
    const root = await tool('ldapsearch', ['-x', '-LLL', '-H', ldap(), '-s', 'base', '-b', '']);
    expect(root.stdout).toContain(`defaultNamingContext: ${BASE}\n`);
    expect(root.stdout).toContain('supportedSASLMechanisms: GSS-SPNEGO\n');
    const rest = await tool('ldapsearch', ['-x', '-H', ldap(), ...search]);
    expect(rest.status).toBe(1);
    expect(rest.stderr + rest.stdout).toContain('000004DC');
  });

  describe.each(['GSSAPI', 'GSS-SPNEGO'])('SASL %s', (mechanism) => {
    test.for([
      ['sealed', 'minssf=56'],
      ['signed', 'minssf=1,maxssf=1'],
    ])('%s', async ([, layer = ''], context) => {
      requirePeers(context, 'ldap', 'mit');
      await kinit('alice', passwordOf('alice'));
      const bind = ['-Q', '-N', '-Y', mechanism, '-O', layer, '-H', ldap()];
      const { stdout, stderr, status } = await tool('ldapsearch', [...bind, ...search]);
      expect([status, stdout, stderr]).toEqual([0, found(), '']);
    });

    test('without a layer in clear text is refused', async (context) => {
      requirePeers(context, 'ldap', 'mit');
      await kinit('alice', passwordOf('alice'));
      const bind = ['-Q', '-N', '-Y', mechanism, '-O', 'maxssf=0', '-H', ldap()];
      const { stdout, status } = await tool('ldapsearch', [...bind, ...search]);
      expect(status).not.toBe(0);
      expect(stdout).toBe('');
    });

    test('over LDAPS', async (context) => {
      requirePeers(context, 'ldap', 'mit');
      await kinit('alice', passwordOf('alice'));
      const bind = ['-Q', '-N', '-Y', mechanism, '-O', 'maxssf=0', '-H', ldaps()];
      const { stdout, stderr, status } = await tool('ldapsearch', [...bind, ...search]);
      expect([status, stdout, stderr]).toEqual([0, found(), '']);
    });
  });

  test('ldapmodify writes the RBCD attribute, ldapsearch reads it back', async (context) => {
    requirePeers(context, 'ldap', 'mit');
    await kinit('Administrator', ADMIN_PASSWORD);
    const sid = domain.dc.accounts.byName('SERVERB$')?.sid ?? '';
    const descriptor = encodeDescriptor(parseSddl(`O:BAD:(A;;0xf01ff;;;${sid})`));
    const value = Buffer.from(descriptor).toString('base64');
    const sasl = ['-Q', '-N', '-Y', 'GSSAPI', '-O', 'minssf=56', '-H', ldap()];
    const target = serverDn('SERVERC');
    const modify = (lines: readonly string[]): Promise<Outcome> =>
      tool('ldapmodify', sasl, [`dn: ${target}`, 'changetype: modify', ...lines, ''].join('\n'));
    const read = async (): Promise<string> => {
      const args = [...sasl, '-LLL', '-o', 'ldif-wrap=no', '-s', 'base', '-b', target, RBCD];
      return (await tool('ldapsearch', args)).stdout;
    };
    expect((await modify([`replace: ${RBCD}`, `${RBCD}:: ${value}`])).status).toBe(0);
    expect(await read()).toBe(`dn: ${target}\n${RBCD}:: ${value}\n\n`);
    const stale = await modify([
      `delete: ${RBCD}`,
      `${RBCD}:: AQAAAA==`,
      '-',
      `add: ${RBCD}`,
      `${RBCD}:: AQAAAA==`,
    ]);
    expect(stale.status).toBe(16);
    expect((await modify([`delete: ${RBCD}`])).status).toBe(0);
    expect(await read()).toBe(`dn: ${target}\n\n`);
    await kinit('alice', passwordOf('alice'));
    const denied = await modify([`replace: ${RBCD}`, `${RBCD}:: ${value}`]);
    expect(denied.status).toBe(50);
    expect(denied.stderr).toContain('00002098');
  });

  test('adds, compares, renames and deletes', async (context) => {
    requirePeers(context, 'ldap');
    const bind = ['-x', '-H', ldaps(), '-D', 'CONTOSO\\Administrator', '-w', ADMIN_PASSWORD];
    const dn = `CN=SERVERD,${SERVERS}`;
    const ldif = [`dn: ${dn}`, 'objectClass: computer', 'sAMAccountName: SERVERD$', ''];
    expect((await tool('ldapadd', bind, ldif.join('\n'))).status).toBe(0);
    const compare = await tool('ldapcompare', [...bind, dn, 'sAMAccountName:serverd$']);
    expect(compare.stdout).toContain('TRUE');
    expect((await tool('ldapmodrdn', [...bind, '-r', dn, 'CN=SERVERE'])).status).toBe(0);
    expect((await tool('ldapdelete', [...bind, `CN=SERVERE,${SERVERS}`])).status).toBe(0);
    expect((await tool('ldapwhoami', bind)).stdout).toBe('u:CONTOSO\\Administrator\n');
  });

  test('reads everything page by page', async (context) => {
    requirePeers(context, 'ldap');
    const bind = ['-x', '-H', ldaps(), '-D', 'alice@contoso.com', '-w', passwordOf('alice')];
    const args = ['-LLL', '-E', 'pr=7/noprompt', '-b', BASE, '(objectClass=*)', '1.1'];
    const { stdout, status } = await tool('ldapsearch', [...bind, ...args]);
    expect(status).toBe(0);
    const expected = [...domain.dc.directory.search(everything)].length;
    expect(stdout.match(/^dn: /gmu)).toHaveLength(expected);
  });
});
