// What a command says where it cannot connect, and how it connects where it can: a whole domain in
// this process, the command called as a person calls it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pooledRandom } from '@doublehop/crypto/random';
import { fileTimeOf } from '@doublehop/security/filetime';
import { nodeResolver } from '@doublehop/kerberos/locate/node-resolver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Contoso, startContoso } from '../../../test/support/contoso.ts';
import { run } from '../src/main.ts';
import { type Called, contextOf, type World } from './support/call.ts';

let dir: string;
let contoso: Contoso;
/** Takes connections and never says anything. */
let silent: Server;
/** Another address of the controller's LDAPS, which its certificate does not have. */
let elsewhere: Server;
const file = (name: string, content: string, mode = 0o600): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'doublehop-connection-'));
  contoso = await startContoso(dir);
  file('ca.pem', contoso.certificate);
  file('alice', `${contoso.password('alice')}\n`);
  file('wrong', 'not it\n');
  silent = await listening(() => undefined);
  elsewhere = await listening((near) => {
    const far = connect(contoso.ldapsPort, contoso.address);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
});
afterAll(async () => {
  silent.close();
  elsewhere.close();
  await contoso.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function listening(take: (socket: Socket) => void): Promise<Server> {
  const server = createServer(take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const CACHE = (): string => `FILE:${join(dir, 'cache')}`;

/** The command with a real clock, real random numbers and the names of this machine. */
async function doublehop(words: string, world: World = {}): Promise<Called> {
  let stdout = '';
  let stderr = '';
  const context = {
    ...contextOf(
      { ...world, env: { ...contoso.env, KRB5CCNAME: CACHE(), ...world.env } },
      { out: (text) => void (stdout += text), err: (text) => void (stderr += text) },
    ),
    clock: () => world.now ?? Date.now(),
    random: pooledRandom(),
    resolver: nodeResolver(),
  };
  const argv = words.split(' ').map((word) => word.replace('DIR', dir).replace('LDAP', ldap()));
  const status = await run(argv, context);
  return { status, stdout, stderr };
}

const ldap = (): string => `ldap://${contoso.address}:${contoso.ldapPort}`;
const ldaps = (): string => `ldaps://${contoso.address}:${contoso.ldapsPort}`;
const AS_ALICE = '--user alice --password-file DIR/alice';

describe('one line that says what to do', () => {
  test.for([
    [
      'a wrong password',
      'show ServerC --server LDAP --user alice --password-file DIR/wrong',
      /wrong password or key for alice@CONTOSO\.COM; .*type it again/,
    ],
    [
      'an account that nobody has',
      'show ServerC --server LDAP --user nobody --password-file DIR/wrong',
      /the KDC does not know nobody@CONTOSO\.COM; check the name and the realm/,
    ],
    [
      'an unknown realm',
      'show ServerC --server LDAP --user alice@NOSUCH.REALM --password-file DIR/alice',
      /no server for realm "NOSUCH\.REALM": .*add "kdc = HOST"/,
    ],
    [
      'an unknown host',
      `show ServerC --server nosuch.invalid ${AS_ALICE}`,
      /ldap:\/\/nosuch\.invalid does not answer at TCP port 389 \((?:ENOTFOUND|EAI_AGAIN)\): /,
    ],
    [
      'a closed port',
      `show ServerC --server localhost:1 ${AS_ALICE}`,
      /ldap:\/\/localhost:1 does not answer at TCP port 1 \(ECONNREFUSED\): nothing listens/,
    ],
    [
      'several controllers, none of which answers',
      `show ServerC --server localhost:1 --server ldaps://localhost:2,localhost:3 ${AS_ALICE}`,
      /none of 3 controllers answers: localhost:1, localhost:2, localhost:3 \(TCP\)/,
    ],
    [
      'no controller in the DNS',
      `show ServerC --domain nosuch.invalid ${AS_ALICE}`,
      /--server: the DNS (?:names no controller of|does not answer for) nosuch\.invalid/,
    ],
    ['no tickets', 'show ServerC --server LDAP --cache DIR/none', /there is no .*doublehop kinit/],
    [
      'a cache that is of a kind of its own',
      'show ServerC --server LDAP --cache KEYRING:persistent:0',
      /caches of kind KEYRING are not supported; set KRB5CCNAME to FILE:path instead/,
    ],
    [
      'a certificate that nobody vouches for',
      `show ServerC --server LDAPS ${AS_ALICE}`,
      /the certificate of ldaps:.* is not trusted .*--ca-file/,
    ],
    [
      'a certificate of another name',
      `show ServerC --server LDAPS.ELSEWHERE --ca-file DIR/ca.pem ${AS_ALICE}`,
      /the certificate of .* is for .*DNS:localhost.*, not for .*; connect by such a name/,
    ],
    [
      'TLS where there is none',
      `show ServerC --server LDAP --tls starttls ${AS_ALICE}`,
      /is not trusted/,
    ],
    [
      'a password that would be shown',
      `show ServerC --server LDAP --mechanism SIMPLE ${AS_ALICE}`,
      /would show the password to the network; use --tls ldaps, --tls starttls or ldaps:\/\//,
    ],
    [
      'signing that is required',
      `show ServerC --server LDAP --insecure-plain-ldap ${AS_ALICE}`,
      /requires signing .*leave --insecure-plain-ldap away/,
    ],
    [
      'a wrong password of a simple bind',
      'show ServerC --server LDAPS --ca-file DIR/ca.pem --mechanism SIMPLE ' +
        '--user alice@contoso.com --password-file DIR/wrong',
      /refuses the logon: wrong name or password/,
    ],
    [
      'a certificate without TLS',
      'show ServerC --server LDAP --mechanism EXTERNAL',
      /--mechanism EXTERNAL needs --client-certificate/,
    ],
    [
      'a file that is no certificate',
      'show ServerC --server LDAPS --client-certificate DIR/ca.pem',
      /is no PKCS#12 file with certificate and key/,
    ],
    [
      'two places for a password',
      'show ServerC --server LDAP --user alice --password-stdin --password-file DIR/alice',
      /--password-file and --password-stdin: one of them/,
    ],
  ] as const)('%s', async ([, words, expected]) => {
    const call = words
      .replace('LDAPS.ELSEWHERE', `ldaps://127.0.0.1:${portOf(elsewhere)}`)
      .replace('LDAPS', ldaps());
    const { status, stdout, stderr } = await doublehop(call);
    expect(stderr).toMatch(expected);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect([status > 0, stdout]).toEqual([true, '']);
  });
});

describe('accounts and clocks', () => {
  const kinit = 'kinit alice --password-file DIR/alice -c DIR/mine';

  test('a password that has to be changed', async () => {
    await contoso.mustChange('alice');
    const { status, stderr } = await doublehop(kinit);
    expect(stderr).toMatch(/the password of alice@CONTOSO\.COM has expired.*doublehop kpasswd/);
    expect(status).toBe(2);
    await contoso.replace('alice', 'pwdLastSet', String(fileTimeOf(Date.now())));
  });

  test('an account that is disabled', async () => {
    await contoso.replace('alice', 'userAccountControl', '514');
    const { stderr } = await doublehop(kinit);
    expect(stderr).toMatch(/alice@CONTOSO\.COM is disabled, .*; enable or unlock the account/);
    await contoso.replace('alice', 'userAccountControl', '512');
  });

  test('a clock that is wrong is told, and made up for', async () => {
    expect((await doublehop(kinit)).stderr).toMatch(/a ticket until/);
    contoso.setClockOffset(7 * 60 + 12);
    const { status, stderr } = await doublehop('show ServerC --server LDAP --cache DIR/mine');
    contoso.setClockOffset(0);
    expect(stderr).toMatch(
      /^warning: this machine's clock is 7 min 1\d s behind that of the KDC.*: set it right\n$/,
    );
    expect(status).toBe(0);
  });

  test('a ticket that has expired', async () => {
    const now = Date.now() + 24 * 3600 * 1000;
    const { stderr } = await doublehop('show ServerC --server LDAP --cache DIR/mine', { now });
    expect(stderr).toMatch(
      /has no valid ticket-granting ticket of alice@.*; get some with doublehop/,
    );
  });
});

describe('ways to connect', () => {
  const show = async (words: string, world?: World): Promise<string> => {
    const { stdout, stderr } = await doublehop(`show ServerC --json ${words}`, world);
    expect(stderr).toBe('');
    return stdout;
  };
  const FOUND = /SERVERC/i;
  const CA = '--ca-file DIR/ca.pem';

  test.for([
    ['signed and sealed', '--server LDAP'],
    ['by SPNEGO', '--server LDAP --mechanism GSS-SPNEGO'],
    ['inside LDAPS, bound to it', `--server LDAPS ${CA}`],
    ['inside StartTLS, bound to it', `--server LDAP --tls starttls ${CA}`],
    ['as what --tls says', `--server HOSTS --tls ldaps ${CA}`],
    ['by simple bind', `--server LDAPS ${CA} --mechanism SIMPLE`],
  ] as const)('%s', async ([, words]) => {
    const hosts = `${contoso.address}:${contoso.ldapsPort}`;
    const call = words.replace('LDAPS', ldaps()).replace('HOSTS', hosts);
    expect(await show(`${call} ${AS_ALICE.replace('alice', userOf(words))}`)).toMatch(FOUND);
  });

  test('with a keytab, a password from standard input, a folder of caches', async () => {
    const keytab = contoso.keytab('alice');
    expect(await show(`--server LDAP --keytab ${keytab}`)).toMatch(FOUND);
    expect(await show(`--server LDAP --keytab ${keytab} --principal alice`)).toMatch(FOUND);
    const input = `${contoso.password('alice')}\n`;
    expect(await show('--server LDAP --principal alice --password-stdin', { input })).toMatch(
      FOUND,
    );
    const env = { KRB5CCNAME: `DIR:${join(dir, 'folder')}` };
    const got = await doublehop('kinit --principal alice --password-stdin', { input, env });
    expect(got.stderr).toMatch(/in DIR::.*folder\/tkt$/m);
    expect(await show('--server LDAP', { env })).toMatch(FOUND);
    const keys = await doublehop(`klist --keytab ${keytab}`);
    expect(keys.stdout).toBe((await doublehop(`klist -k ${keytab}`)).stdout);
  });

  test('a password file that everybody can read is told', async () => {
    const open = file('open', `${contoso.password('alice')}\n`, 0o644);
    const { status, stderr } = await doublehop(`kinit alice --password-file ${open}`);
    expect(stderr).toMatch(/^warning: everybody on this machine can read .*: chmod 600 .*open$/m);
    expect(status).toBe(0);
  });

  test('the second controller where the first is down, or never says anything', async () => {
    const silence = `127.0.0.1:${portOf(silent)}`;
    const words = `--server localhost:1,${silence} --server LDAP --timeout 1 ${AS_ALICE}`;
    expect(await show(words)).toMatch(FOUND);
  });
});

/** Simple binds take a name as Windows does. */
function userOf(words: string): string {
  return words.includes('SIMPLE') ? 'alice@contoso.com' : 'alice';
}

describe('a controller that breaks off', () => {
  test('is told, with what to do', async () => {
    const cut = await listening((near) => {
      const far = connect(contoso.ldapPort, contoso.address);
      near.pipe(far);
      let octets = 0;
      // Name, bind and rootDSE go well; what comes then is too much.
      far.on('data', (chunk) => {
        octets += chunk.length;
        if (octets < 2_000) near.write(chunk);
        else near.destroy();
      });
      near.on('close', () => far.destroy());
      far.on('error', () => near.destroy());
    });
    const server = `127.0.0.1:${portOf(cut)}`;
    const { status, stderr } = await doublehop(
      `show --search-base DC=contoso,DC=com --server ${server} ${AS_ALICE}`,
    );
    cut.close();
    expect(stderr).toMatch(
      /connection to the server was lost.*; run the command again, or name more/,
    );
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(status).toBe(1);
  });
});

describe('Ctrl-C', () => {
  test('ends a command that waits, at once and in one line', async () => {
    const program = fileURLToPath(new URL('../bin/doublehop.js', import.meta.url));
    const server = `127.0.0.1:${portOf(silent)}`;
    const args = [
      program,
      'show',
      'ServerC',
      '--server',
      server,
      '--keytab',
      contoso.keytab('alice'),
    ];
    const connected = new Promise((resolve) => silent.once('connection', resolve));
    const child = spawn(process.execPath, args, { env: { ...process.env, ...contoso.env } });
    let told = '';
    child.stderr.on('data', (text) => void (told += String(text)));
    await connected;
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect([code, told]).toEqual([1, 'doublehop show: interrupted\n']);
  });
});
