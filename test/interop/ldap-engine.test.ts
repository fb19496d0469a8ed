import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../../packages/ldap/test/support/harness.ts';
import { requirePeers } from '../support/peers.ts';
import { type Outcome, run } from '../support/run.ts';

const certificate = fileURLToPath(
  new URL('../../packages/ldap/test/vectors/localhost.pem', import.meta.url),
);

describe("OpenLDAP's tools and our LDAP engine", () => {
  let server: Awaited<ReturnType<typeof startServer>> | undefined;
  let tlsPort = 0;

  beforeAll(async () => {
    server = await startServer();
    for (let i = 0; i < 25; i += 1) {
      server.handler.put(`cn=${i},dc=example`, { objectClass: ['device'], cn: [`${i}`] });
    }
    const options = { host: '127.0.0.1', port: 0, implicitTls: true };
    ({ port: tlsPort } = await server.server.listen(options));
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** Runs a tool of OpenLDAP against the engine. */
  function tool(name: string, args: readonly string[], input = ''): Promise<Outcome> {
    const url = ['-H', `ldap://127.0.0.1:${server?.port}`];
    const env = { LDAPTLS_CACERT: certificate, LDAPNOINIT: undefined };
    const given = args.includes('-H') ? args : [...url, ...args];
    return run(name, given, { env, input });
  }

  const alice = ['-x', '-D', 'uid=alice,dc=example', '-w', 'secret'];

  test('the rootDSE, anonymously', async (ctx) => {
    requirePeers(ctx, 'ldap');
    const { stdout, status } = await tool('ldapsearch', ['-x', '-LLL', '-s', 'base', '-b', '']);
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining(['dn:', 'supportedLDAPVersion: 3', 'namingContexts: dc=example']),
    );
  });

  test('a subtree with a filter, over StartTLS and over LDAPS, bound', async (ctx) => {
    requirePeers(ctx, 'ldap');
    const search = ['-LLL', '-b', 'dc=example', '(|(uid=alice)(uid=bob))', 'sn'];
    const ldaps = ['-H', `ldaps://127.0.0.1:${tlsPort}`];
    for (const protection of [['-ZZ'], ldaps]) {
      const { stdout, status } = await tool('ldapsearch', [...protection, ...alice, ...search]);
      expect(status).toBe(0);
      expect(stdout).toBe('dn: uid=alice,dc=example\nsn: A\n\ndn: uid=bob,dc=example\nsn: B\n\n');
    }
  });

  test('who am I, before and after a bind; a wrong password; a bind in clear text', async (ctx) => {
    requirePeers(ctx, 'ldap');
    expect((await tool('ldapwhoami', ['-x'])).stdout.trim()).toBe('anonymous');
    expect((await tool('ldapwhoami', ['-ZZ', ...alice])).stdout.trim()).toBe('u:alice');
    const wrong = ['-x', '-ZZ', '-D', 'uid=alice,dc=example', '-w', 'wrong'];
    expect((await tool('ldapwhoami', wrong)).status).toBe(49);
    expect((await tool('ldapwhoami', alice)).status).toBe(13);
  });

  test('paged results', async (ctx) => {
    requirePeers(ctx, 'ldap');
    const args = ['-x', '-LLL', '-E', 'pr=10/noprompt', '-b', 'dc=example', '(cn=*)', 'cn'];
    const { stdout, status } = await tool('ldapsearch', args);
    expect(status).toBe(0);
    expect(stdout.match(/^dn: /gmu)).toHaveLength(25);
  });

  test('modify, compare, rename, delete', async (ctx) => {
    requirePeers(ctx, 'ldap');
    const ldif = [
      'dn: uid=bob,dc=example',
      'changetype: modify',
      'replace: description',
      'description: a builder',
      '',
    ].join('\n');
    expect((await tool('ldapmodify', ['-x'], ldif)).status).toBe(0);
    const bob = 'uid=bob,dc=example';
    const compare = async (value: string) =>
      (await tool('ldapcompare', ['-x', bob, `description:${value}`])).status;
    expect(await compare('a builder')).toBe(6);
    expect(await compare('a painter')).toBe(5);
    expect((await tool('ldapmodrdn', ['-x', '-r', 'cn=7,dc=example', 'cn=seven'])).status).toBe(0);
    expect((await tool('ldapdelete', ['-x', 'cn=seven,dc=example'])).status).toBe(0);
    expect((await tool('ldapdelete', ['-x', 'cn=seven,dc=example'])).status).toBe(32);
  });

  test('a size limit, a missing base with matchedDN, a critical control', async (ctx) => {
    requirePeers(ctx, 'ldap');
    const limited = await tool('ldapsearch', ['-x', '-z', '3', '-b', 'dc=example']);
    expect(limited.status).toBe(4);
    const missing = await tool('ldapsearch', ['-x', '-b', 'dc=nowhere']);
    expect(missing.status).toBe(32);
    expect(missing.stdout).toContain('matchedDN: dc=example');
    const critical = await tool('ldapsearch', ['-x', '-e', '!1.2.3.4', '-b', 'dc=example']);
    expect(critical.status).toBe(12);
  });
});
