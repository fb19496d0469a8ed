// Java's own Kerberos, in the JDK: JNDI over a sealed GSSAPI bind, and the double hop by
// `ExtendedGSSCredential.impersonate`, which is S4U2Self and S4U2Proxy with the RBCD bit.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { hostsFile, withHosts } from '../support/hosts.ts';
import { requirePeers, requireRoot } from '../support/peers.ts';
import type { Outcome } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const program = (name: string): string =>
  fileURLToPath(new URL(`java/${name}.java`, import.meta.url));

describe("Java's Kerberos", () => {
  const dir = makeTempDir('java');
  let contoso: Contoso;

  beforeAll(async () => {
    contoso = await startContoso(dir, { libdefaults: ['forwardable = true'] });
    const names = ['dc.contoso.com', 'serverb.contoso.com', 'serverc.contoso.com'];
    writeFileSync(join(dir, 'hosts'), hostsFile({ [contoso.address]: names }));
  });
  afterAll(async () => {
    await contoso.stop();
    removeDir(dir);
    expect(contoso.defects).toEqual([]);
  });
  beforeEach((context) => {
    requirePeers(context, 'java');
    requireRoot(context);
  });

  const java = (name: string, args: readonly string[]): Promise<Outcome> => {
    const options = [`-Djava.security.krb5.conf=${contoso.env['KRB5_CONFIG'] ?? ''}`];
    const all = [...options, program(name), ...args];
    return withHosts(join(dir, 'hosts'), '/usr/bin/java', all, { timeout: 60_000 });
  };

  test.each(['auth-conf', 'auth-int'])('JNDI searches over GSSAPI with %s', async (quality) => {
    const url = `ldap://dc.contoso.com:${contoso.ldapPort}`;
    // At the head of the domain a search ends with references, of which JNDI makes exceptions.
    const search = [
      url,
      'CN=Users,DC=contoso,DC=com',
      '(sAMAccountName=alice)',
      'displayName',
      quality,
    ];
    const client = [`SERVERB$@${REALM}`, contoso.keytab('serverb')];
    const { stdout, stderr } = await java('directory-search', [...search, ...client]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Alice/u);
  });

  const hop = (user: string): Promise<Outcome> => {
    const middle = [`SERVERB$@${REALM}`, contoso.keytab('serverb')];
    const target = [`HTTP/serverc.contoso.com@${REALM}`, contoso.keytab('serverc')];
    return java('double-hop', [...middle, ...target, 'HTTP@serverc.contoso.com', user]);
  };

  test('impersonate is refused without a grant and hops with one', async () => {
    await contoso.grant('SERVERC');
    const refused = await hop('alice');
    expect(refused.stdout).toMatch(/refused: .*\(13\)|refused: .*KDC has no support/u);
    await contoso.grant('SERVERC', 'SERVERB');
    const allowed = await hop('alice');
    expect(allowed.stdout).toBe(`the target sees alice@${REALM}\n`);
  });
});
