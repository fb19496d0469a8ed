// How commands find a controller and log on there: by DNS and ping as members of a domain do, at
// Samba's controller, and by a client's certificate at OpenLDAP's server.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import { LdapClient } from '@doublehop/ldap/client/client';
import { encodeMessage } from '@doublehop/ldap/messages/message';
import { externalClient } from '@doublehop/ldap/sasl/external';
import { ldapPing } from '@doublehop/admin/connect/ping';
import { pooledRandom } from '@doublehop/crypto/random';
import { nodeResolver } from '@doublehop/kerberos/locate/node-resolver';
import { utf8 } from '@doublehop/wire/bytes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSambaDc, type SambaDc } from '../peers/samba-dc.ts';
import { type Contoso, startContoso } from '../support/contoso.ts';
import { type Corp, startCorp } from '../support/corp.ts';
import { startGuarded, whenReady } from '../support/guarded.ts';
import { withHosts } from '../support/hosts.ts';
import { type Member, startMember } from '../support/member.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { freePort, loopbackAddress, waitForPort } from '../support/ports.ts';
import { type Outcome, run, runOrThrow } from '../support/run.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const PROGRAM = join(repositoryRoot, 'packages/cli/bin/doublehop.js');
const isRoot = process.getuid?.() === 0;

describe('a member of the domain', () => {
  const dir = makeTempDir('connecting-member');
  let corp: Corp | undefined;
  let member: Member | undefined;

  beforeAll(async () => {
    if (whyMissing('dnsmasq') !== undefined || !isRoot) return;
    corp = await startCorp(dir);
    // A controller of another site that the DNS prefers, and that is down.
    const dead = `dead.${corp.domain}`;
    member = await startMember(corp, 'member1', [
      `--host-record=${dead},${loopbackAddress()}`,
      `--srv-host=_ldap._tcp.dc._msdcs.${corp.domain},${dead},389,0,100`,
      `--srv-host=_ldap._tcp.Elsewhere._sites.dc._msdcs.${corp.domain},${dead},389`,
    ]);
    writeFileSync(join(dir, 'password'), `${corp.administrator.password}\n`, { mode: 0o600 });
  });
  afterAll(async () => {
    await member?.stop();
    await corp?.stop();
    removeDir(dir);
    expect(corp?.defects ?? []).toEqual([]);
  });

  const show = async (...args: readonly string[]): Promise<Outcome> => {
    if (member === undefined) throw new Error('no member');
    const as = ['--user', 'Administrator', '--password-file', join(dir, 'password')];
    const all = [PROGRAM, 'show', 'DC1', '--json', ...as, ...args];
    return await member.run(process.execPath, all);
  };

  test('finds the controller that answers, by DNS and ping', async (context) => {
    requirePeers(context, 'dnsmasq');
    requireRoot(context);
    const { stdout, stderr, status } = await show();
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ domain: 'corp.example' });
    expect((await show('--site', 'default-first-site-name', '--tls', 'ldaps')).stderr).toMatch(
      /the certificate of ldaps:\/\/dc1\.corp\.example is not trusted/,
    );
  });

  test('is told what there is: doublehop locate', async (context) => {
    requirePeers(context, 'dnsmasq');
    requireRoot(context);
    const args = [PROGRAM, 'locate'];
    const told = await member?.run(process.execPath, args);
    expect([told?.status, told?.stderr]).toEqual([0, '']);
    expect(told?.stdout).toMatch(
      /^corp\.example; by DNS; your site: Default-First-Site-Name\n\nCONTROLLER .*\nldap:\/\/dc1/,
    );
    expect(told?.stdout).toMatch(/closest, writable, PDC, GC\n/);
    expect(told?.stdout).toMatch(/ldap:\/\/dead\.corp\.example:389 +- +no answer\n/);
    const json = await member?.run(process.execPath, [...args, 'CORP.EXAMPLE', '--json']);
    expect(JSON.parse(json?.stdout ?? '')).toMatchObject({
      by: 'dns',
      controllers: [{ name: 'dc1.corp.example', answers: true }, { answers: false }],
    });
  });

  test('goes on to the next one where those of the site are down', async (context) => {
    requirePeers(context, 'dnsmasq');
    requireRoot(context);
    const { stdout, stderr, status } = await show('--site', 'Elsewhere');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ domain: 'corp.example' });
    expect((await show('--site', 'Nowhere')).stderr).toMatch(
      /--site: the DNS names no controller of CORP\.EXAMPLE in the site Nowhere; check its name/i,
    );
  });
});

describe("Samba's controller", () => {
  const dir = makeTempDir('connecting-samba');
  let dc: SambaDc | undefined;
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };

  beforeAll(async () => {
    if (whyMissing('samba') !== undefined || !isRoot) return;
    dc = await startSambaDc(dir);
    const hosts = await readFile(dc.hosts, 'utf8');
    writeFileSync(dc.hosts, `${hosts}${dc.address} alias.corp.test\n`);
    file('alice', 'Passw0rd.alice\n');
    file('wrong', 'not it\n');
  });
  afterAll(async () => {
    await dc?.stop();
    removeDir(dir);
  });

  const show = async (words: string): Promise<Outcome> => {
    if (dc === undefined) throw new Error('Samba was not started');
    const { hosts, env } = dc;
    const ca = join(dir, 'samba', 'private', 'tls', 'ca.pem');
    const args = words.split(' ').map((word) => word.replace('DIR', dir).replace('CA', ca));
    return await withHosts(hosts, process.execPath, [PROGRAM, 'show', 'SERVERC', ...args], { env });
  };
  const ALICE = '--user alice --password-file DIR/alice';

  test.for([
    ['signed and sealed', `--server dc1.corp.test ${ALICE}`],
    ['by SPNEGO', `--server dc1.corp.test --mechanism GSS-SPNEGO ${ALICE}`],
    ['by address', `--server ADDRESS ${ALICE}`],
    ['inside LDAPS', `--server dc1.corp.test --tls ldaps --ca-file CA ${ALICE}`],
    ['inside StartTLS', `--server dc1.corp.test --tls starttls --ca-file CA ${ALICE}`],
    [
      'by simple bind',
      '--server ldaps://dc1.corp.test --ca-file CA --mechanism SIMPLE ' +
        '--user alice@corp.test --password-file DIR/alice',
    ],
    ['where the first is down', `--server dc1.corp.test:1,dc1.corp.test ${ALICE}`],
  ] as const)('%s', async ([, words], context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const { stdout, stderr, status } = await show(words.replace('ADDRESS', dc?.address ?? ''));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/SERVERB\$/);
  });

  test.for([
    ['a wrong password', '--user alice --password-file DIR/wrong', /wrong password or key/],
    [
      'no such account',
      '--user nobody --password-file DIR/wrong',
      /does not know nobody@CORP\.TEST/,
    ],
    [
      'an alias',
      `--server alias.corp.test ${ALICE}`,
      /it calls itself dc1\.corp\.test: name it so/,
    ],
    [
      'a certificate that nobody vouches for',
      `--tls ldaps ${ALICE}`,
      /certificate of ldaps:\/\/dc1\.corp\.test is not trusted/,
    ],
    [
      'a certificate of another name',
      `--server alias.corp.test --tls ldaps --ca-file CA ${ALICE}`,
      /is for .*, not for alias\.corp\.test; connect by such a name/,
    ],
    ['signing that is required', `--insecure-plain-ldap ${ALICE}`, /requires signing/],
    [
      'a wrong password of a simple bind',
      '--tls ldaps --ca-file CA --mechanism SIMPLE --user alice@corp.test ' +
        '--password-file DIR/wrong',
      /wrong name or password|does not accept the credentials/,
    ],
  ] as const)('%s is one line that says what to do', async ([, words, expected], context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const server = words.includes('--server') ? '' : '--server dc1.corp.test ';
    const { stdout, stderr, status } = await show(`${server}${words}`);
    expect(stderr).toMatch(expected);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect([status > 0, stdout]).toEqual([true, '']);
  });

  test('accounts that may not log on', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const tool = async (...args: readonly string[]): Promise<unknown> =>
      await dc?.tool('user', ...args);
    await tool('disable', 'alice');
    expect((await show(`--server dc1.corp.test ${ALICE}`)).stderr).toMatch(/enable or unlock/);
    await tool('enable', 'alice');
    await tool(
      'setpassword',
      'alice',
      '--newpassword=Passw0rd.alice',
      '--must-change-at-next-login',
    );
    expect((await show(`--server dc1.corp.test ${ALICE}`)).stderr).toMatch(/doublehop kpasswd/);
  });

  test('answers a ping', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const ping = ldapPing({ resolver: nodeResolver(), random: pooledRandom() });
    const controller = { host: dc?.address ?? '', port: 389 };
    expect(await ping(controller, 'corp.test', AbortSignal.timeout(5_000))).toMatchObject({
      controller: 'dc1.corp.test',
      site: 'Default-First-Site-Name',
      clientSite: 'Default-First-Site-Name',
      closest: true,
      writable: true,
    });
  });
});

describe("a client's certificate at OpenLDAP's server", () => {
  const dir = makeTempDir('connecting-slapd');
  let stop: (() => Promise<void>) | undefined;
  let port = 0;

  beforeAll(async () => {
    if (whyMissing('slapd') !== undefined) return;
    await certificates(dir);
    port = await freePort('127.0.0.1');
    mkdirSync(join(dir, 'run'));
    const config = join(dir, 'slapd.conf');
    writeFileSync(config, slapdConf(dir));
    const urls = `ldap://127.0.0.1:${port}`;
    const args = ['-d', '0', '-f', config, '-h', urls];
    const server = await startGuarded('/usr/sbin/slapd', args, join(dir, 'slapd.log'));
    ({ stop } = server);
    await whenReady(server, () => waitForPort(port, '127.0.0.1'));
  });
  afterAll(async () => {
    await stop?.();
    removeDir(dir);
  });

  test('SASL EXTERNAL (RFC 4422 Appendix A) inside StartTLS', async (context) => {
    requirePeers(context, 'slapd');
    const client = await LdapClient.connect({
      url: `ldap://127.0.0.1:${port}`,
      startTls: true,
      tls: {
        ca: await readFile(join(dir, 'ca.pem')),
        pfx: await readFile(join(dir, 'admin.p12')),
        passphrase: 'secret',
      },
    });
    expect(await client.whoAmI()).toBe('');
    await client.bindSasl(externalClient());
    expect(await client.whoAmI()).toBe('dn:cn=admin');
    await client.close();
  });
});

describe("a client's certificate with LDAPS, as Active Directory takes it", () => {
  const dir = makeTempDir('connecting-certificate');
  let contoso: Contoso | undefined;
  let front: Server | undefined;

  beforeAll(async () => {
    await certificates(dir);
    contoso = await startContoso(join(dir, 'contoso'));
    front = await certificateFront(dir, contoso);
    writeFileSync(join(dir, 'passphrase'), 'secret\n', { mode: 0o600 });
  });
  afterAll(async () => {
    front?.close();
    await contoso?.stop();
    removeDir(dir);
  });

  const show = async (...args: readonly string[]): Promise<Outcome> => {
    const address = front?.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const trust = ['--ca-file', join(dir, 'ca.pem'), '--server', `ldaps://127.0.0.1:${port}`];
    const certificate = ['--client-certificate', join(dir, 'admin.p12')];
    const all = [PROGRAM, 'show', 'ServerC', ...trust, ...certificate, ...args];
    return await run(process.execPath, all, { env: { ...contoso?.env } });
  };

  test('is a bind by itself (MS-ADTS 5.1.1.1.2)', async () => {
    const { stdout, stderr } = await show('--passphrase-file', join(dir, 'passphrase'));
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^SERVERC\$ {2}CN=ServerC/);
  });

  test('a wrong pass-phrase is told', async () => {
    writeFileSync(join(dir, 'other'), 'other\n', { mode: 0o600 });
    const { stderr } = await show('--passphrase-file', join(dir, 'other'));
    expect(stderr).toMatch(/--client-certificate: wrong pass-phrase for .*--passphrase-file\n$/);
  });
});

/**
 * LDAPS that takes a certificate for a bind: TLS with the client's certificate, and behind it a
 * connection of alice to the domain.
 */
async function certificateFront(dir: string, contoso: Contoso): Promise<Server> {
  const read = async (name: string): Promise<Buffer> => await readFile(join(dir, name));
  const [ca, cert, key] = await Promise.all([
    read('ca.pem'),
    read('server.pem'),
    read('server.key'),
  ]);
  const server = createServer({ ca, cert, key, requestCert: true }, (near) => {
    const far = connect({
      port: contoso.ldapsPort,
      host: contoso.address,
      ca: contoso.certificate,
    });
    const value = {
      version: 3,
      name: 'alice@contoso.com',
      authentication: { kind: 'simple', value: utf8(contoso.password('alice')) },
    } as const;
    far.write(encodeMessage({ messageId: 0x7fff_ffff, operation: { kind: 'bindRequest', value } }));
    far.once('data', () => near.pipe(far).pipe(near));
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** An authority, a server's certificate for 127.0.0.1, and a client's in a PKCS#12 file. */
async function certificates(dir: string): Promise<void> {
  const openssl = async (...args: readonly string[]): Promise<void> => {
    await runOrThrow('openssl', [...args], { cwd: dir });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca');
  for (const [name, subject, extension] of [
    ['server', '/CN=server', 'subjectAltName=IP:127.0.0.1'],
    ['admin', '/CN=admin', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key'];
    await openssl('req', '-x509', ...key, ...by, ...files, '-subj', subject, '-addext', extension);
  }
  const files = ['-in', 'admin.pem', '-inkey', 'admin.key', '-out', 'admin.p12'];
  await openssl('pkcs12', '-export', ...files, '-passout', 'pass:secret');
}

function slapdConf(dir: string): string {
  return `TLSCACertificateFile ${dir}/ca.pem
TLSCertificateFile ${dir}/server.pem
TLSCertificateKeyFile ${dir}/server.key
TLSVerifyClient try
pidfile ${dir}/run/slapd.pid
`;
}
