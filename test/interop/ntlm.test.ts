// Foreign clients bind by NTLMv2: Samba with sign and seal, impacket and ldap3 by Sicily over TLS.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Corp, startCorp } from '../support/corp.ts';
import { requirePeers, requireRoot } from '../support/peers.ts';
import { type Outcome, run } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const IMPACKET = `
import sys
from impacket.ldap import ldap
address, password, base = sys.argv[1:]
connection = ldap.LDAPConnection(address, base)
try:
    connection.login('Administrator', password, 'CORP')
    found = connection.search(searchFilter='(sAMAccountName=Administrator)', attributes=['cn'])
    print(any('CN=Administrator' in str(one) for one in found))
except ldap.LDAPSessionError as error:
    print(error)
`;

const LDAP3 = `
import sys, ssl
try:
    import Cryptodome.Hash.MD4
    for name in ('Crypto', 'Crypto.Hash', 'Crypto.Hash.MD4'):
        sys.modules[name] = sys.modules[name.replace('Crypto', 'Cryptodome', 1)]
except ImportError:
    pass
import ldap3
address, password = sys.argv[1:]
server = ldap3.Server(address, tls=ldap3.Tls(validate=ssl.CERT_NONE), get_info=ldap3.NONE)
connection = ldap3.Connection(server, 'CORP\\\\Administrator', password, authentication=ldap3.NTLM)
print(connection.bind(), connection.result['message'],
    connection.extend.standard.who_am_i() if connection.bound else '')
`;

describe('NTLMv2, where it is allowed', () => {
  const dir = makeTempDir('ntlm');
  let corp: Corp | undefined;

  beforeAll(async () => {
    if (process.getuid?.() !== 0) return;
    corp = await startCorp(dir, { legacyRc4: true, ldap: { ntlm: 'v2' } });
  });
  afterAll(async () => {
    await corp?.stop();
    removeDir(dir);
    expect(corp?.defects ?? []).toEqual([]);
  });

  const tool = (name: string, args: readonly string[], input = ''): Promise<Outcome> =>
    run(name, args, { env: { ...corp?.env }, input });
  const address = (): string => corp?.endpoints.address ?? '';
  const base = (): string => corp?.baseDn ?? '';
  const password = (): string => corp?.administrator.password ?? '';

  const ldbsearch = (secret: string, ...more: string[]): Promise<Outcome> =>
    tool('ldbsearch', [
      '-H',
      `ldap://${address()}`,
      '--use-kerberos=off',
      '-U',
      `CORP\\Administrator%${secret}`,
      ...more,
      '-b',
      base(),
      '(sAMAccountName=Administrator)',
      'sAMAccountName',
    ]);

  test.for([
    ['sealed', 'seal'],
    ['signed', 'sign'],
  ])("Samba's ldbsearch, %s", async ([, wrapping = ''], context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const option = `--option=client ldap sasl wrapping = ${wrapping}`;
    const { stdout, status } = await ldbsearch(password(), option);
    expect(status).toBe(0);
    expect(stdout).toContain('sAMAccountName: Administrator');
  });

  test('a wrong password has the reason that programs look for', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const { stderr, stdout, status } = await ldbsearch('wrong');
    expect(status).not.toBe(0);
    expect(stderr + stdout).toContain('AcceptSecurityContext error, data 52e');
  });

  test.for([
    ['impacket', IMPACKET, 'True', 'impacket'],
    ['ldap3', LDAP3, 'True  u:CORP\\Administrator', 'ldap3'],
  ] as const)(
    '%s over LDAPS, refused in clear text',
    async ([, script, expected, peer], context) => {
      requirePeers(context, peer);
      requireRoot(context);
      const python = (url: string, secret: string): Promise<Outcome> =>
        tool('/usr/bin/python3', ['-', url, secret, ...(peer === 'ldap3' ? [] : [base()])], script);
      const secure = `ldaps://${address()}`;
      const found = await python(secure, password());
      expect([found.stderr, found.stdout.trim()]).toEqual(['', expected]);
      expect((await python(secure, 'wrong')).stdout).toContain('data 52e');
      expect((await python(`ldap://${address()}`, password())).stdout).toContain('00002028');
    },
  );
});
