import { execFile, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/command-table.ts';
import { call } from './support/call.ts';

const program = fileURLToPath(new URL('../bin/doublehop.js', import.meta.url));
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'doublehop-usage-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command as a process of its own, in an empty folder and an empty environment. */
async function spawned(...args: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, KRB5_CONFIG: join(dir, 'krb5.conf') };
  return await new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { cwd: dir, env, timeout: 30_000 },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 128;
        resolve({ status, stdout, stderr });
      },
    );
    child.stdin?.end();
  });
}

const names = COMMANDS.filter(({ hidden }) => hidden !== true).map(({ name }) => name);

describe('help', () => {
  test('lists every command, and loads none of them', async () => {
    const { status, stdout, stderr } = await spawned('--help');
    expect([status, stderr]).toEqual([0, '']);
    for (const { name, summary, hidden } of COMMANDS) {
      const listed = stdout.includes(`  ${name} `) || stdout.includes(`  ${name}\n`);
      expect(listed, name).toBe(hidden !== true);
      if (hidden !== true) expect(stdout).toContain(summary.split(';')[0]?.slice(0, 40));
    }
  });

  test('no argument is a question for help', async () => {
    expect((await call([])).stdout).toContain('Usage: doublehop');
  });

  test.for(names)('%s --help has an example, and fits a terminal', async (name) => {
    const { status, stdout } = await call([name, '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: doublehop ${name}`);
    expect(stdout).toMatch(/Examples?:\n\s+(?:.*\n\s+)?\$ doublehop /);
    const long = stdout.split('\n').filter((line) => line.length > 80);
    expect(long).toEqual([]);
    expect((await call(['help', name])).stdout).toBe(stdout);
  });

  test('the version is that of the package', async () => {
    expect((await call(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

/** Bad calls and what each is told. */
const BAD: readonly (readonly [call: string, told: RegExp])[] = [
  ['gant', /unknown command 'gant' \(Did you mean grant\?\)/],
  ['--nope', /unknown option '--nope'/],
  ['grant', /who may act for users\? Give --middle/],
  ['grant --midle B --target C', /unknown option '--midle' \(Did you mean --middle\?\)/],
  ['grant ServerB ServerC', /too many arguments/],
  ['grant --middle', /argument missing/],
  ['grant --middle , --target C', /who may act for users\? Give --middle/],
  [
    'grant --middle B --target C --concurrency 0',
    /whole number, 1 or more; see doublehop grant --help/,
  ],
  ['grant --middle B --target C --scope deep', /none of base, one, subtree/],
  ['grant --middle B --target C --mechanism NTLM', /Allowed choices are GSSAPI, GSS-SPNEGO/],
  ['grant --middle B --target C --server http://x', /no host and no ldap:\/\/ or ldaps:\/\//],
  ['grant --middle B --target C', /no domain is known; name a controller/],
  ['grant --middle B --target C --keytab nope', /keytab nope: does not exist/],
  ['grant --middle B --target C --password-file x', /--password-file needs --user/],
  ['grant --middle B --target C --user a --keytab x --password-file y', /exclude each other/],
  ['grant --middle B --target C --user alice', /"alice" has no realm/],
  ['revoke --target C', /Give --middle, or --all/],
  ['revoke --all --middle B --target C', /exclude each other/],
  ['set --target C', /Give --middle/],
  ['show', /no target: give a name/],
  ['grant --middle B --list nope', /--list: nope does not exist/],
  ['grant --middle B --list -', /--list: the list is empty/],
  ['grant --middle B --target C --kind computer', /--kind goes with --search-base or --filter/],
  ['grant --middle B --filter (cn=x) --kind host', /--kind: "host" is none of computer, user/],
  ['grant --resume last', /--resume: no run "last" in .*; there is no run yet/],
  ['revoke --resume 2026', /--resume: no run "2026" in /],
  ['undo', /which run\? doublehop history lists them/],
  ['undo last', /no run "last" in \S+\/doublehop\/journal; there is no run yet/],
  ['history last --limit 0', /whole number, 1 or more/],
  ['history nope', /no run "nope" in /],
  ['kcd add --middle B', /which services\? Give --service/],
  ['kcd remove --middle B --all --service x/y', /--all and --service exclude each other/],
  ['kcd add --service x/y', /no target: give --middle/],
  ['kcd show', /no target: give a name/],
  ['flags set --account a', /which flags\? Give some of sensitive, protocol-transition/],
  ['flags set trusted --account a', /"trusted" is none of sensitive, protocol-transition/],
  ['flags clear sensitive', /no target: give --account/],
  ['show C --server ldap://127.0.0.1:1 --ca-file nope', /--ca-file: nope does not exist/],
  ['plan', /missing required argument 'file'/],
  ['plan nope.yaml', /policy: nope\.yaml does not exist/],
  ['apply', /no policy: give a file, or --resume a run/],
  ['apply /', /policy: \/ is a folder/],
  ['apply --resume x --journal /nowhere', /--resume/],
  ['apply -', /standard input:1:1: the file is empty/],
  ['drift - --format xml', /Allowed choices are table, json, junit/],
  ['policy chek', /unknown command 'chek' \(Did you mean check\?\)/],
  ['policy check -', /standard input:1:1: the file is empty/],
  ['policy export --mode all', /Allowed choices are exact, include/],
  ['completion csh', /Allowed choices are bash, zsh, fish, powershell/],
  ['invoke hostname', /on which computer\? Give --computer/],
  ['invoke --computer B', /what is to run\? Give a block/],
  ['invoke --computer B --file nope', /--file: nope does not exist/],
  ['invoke --computer B --file x hostname', /a block and --file: one of them/],
  ['invoke --computer B --auth ntlm hostname', /Allowed choices are default, kerberos/],
  ['invoke --computer B --auth credssp hostname', /needs --credential/],
  ['invoke --computer B --auth basic --credential a hostname', /needs --ssl/],
  ['invoke --computer B --password-file x hostname', /--password-file needs --credential/],
  ['invoke --computer B --ca-file x hostname', /--ca-file needs --ssl/],
  ['invoke --computer B --port 0 hostname', /--port: "0" is no port/],
  ['invoke --computer B --throttle 0 hostname', /--throttle: "0" is no whole number/],
  ['invoke --computer B $using:x', /\$using:x means a console's variable/],
  ['invoke --computer B {', /block:1:\d+: /],
  ['enter', /missing required argument 'computer'/],
  ['enter B --password-file -', /standard input has the commands/],
  ['run', /missing required argument 'file'/],
  ['run nope.ps1', /the script: nope\.ps1 does not exist/],
  ['locate', /no domain is known; name a controller/],
  ['locate nosuch.invalid', /the DNS names no controller of nosuch\.invalid/],
  ['locate a.b --site x.y', /--site: "x\.y" is no name of a site/],
  ['kinit a b', /too many arguments/],
  ['kinit alice', /"alice" has no realm/],
  ['kinit alice@X.Y -l soon', /It must be a time such as/],
  ['kinit alice@X.Y -k --password-file x', /exclude each other/],
  ['kinit alice@X.Y --password-file nope', /--password-file: nope does not exist/],
  ['kinit alice@X.Y --password-file /', /--password-file: \/ is a folder/],
  ['kinit alice@X.Y', /the password is empty/],
  ['kinit --renew alice@X.Y', /no name/],
  ['kinit --renew -T x', /needs no --armor/],
  ['kinit --renew --claims', /takes no --claims/],
  ['kinit alice@X.Y -T KCM:', /kind KCM are not supported|names no credential cache/],
  ['kinit alice@X.Y -T nope', /nope/],
  ['kinit -c KCM:', /kind KCM are not supported|names no credential cache/],
  ['klist', /no credential|holds no|does not exist|no such/i],
  ['klist nonsense', /none of tickets, purge, sessions/],
  ['klist purge -li 0x3e7', /add --host ServerB/],
  ['klist sessions', /add --host ServerB/],
  ['klist purge -li zzz --host ServerB', /is no logon session/],
  ['klist -k nope', /keytab nope: does not exist/],
  ['kvno', /missing required argument 'service'/],
  ['kvno -P cifs/x', /--proxy needs --for-user/],
  ['kvno -e des cifs/x', /is no encryption type/],
  ['kdestroy', /nothing to destroy/],
  ['kdestroy now', /too many arguments/],
  ['lab upp', /unknown command 'upp' \(Did you mean up\?\)/],
  ['lab status', /there is no lab/],
  ['lab env', /there is no lab/],
  ['lab down', /there is no lab/],
  ['lab up --address 8.8.8.8', /no address of 127/],
  ['lab purge ServerB', /do not run/],
  ['lab purge', /missing required argument 'host'/],
  ['lab clock ServerB soon', /is no whole number/],
  ['dc', /Give --dir/],
  ['dc --dir x', /no domain in it yet; name one with --domain/],
  ['dc --dir x --domain nodots', /is no DNS name of a domain/],
  ['dc --dir x --domain corp.example --netbios ANAMETHATISTOOLONG', /at most 15/],
  ['dc --dir x --domain corp.example', /the password is empty/],
  ['dc --dir x --address here', /It must be an IP address/],
  ['dc --dir x --ldap-port 99999', /port from 0 to 65535/],
  ['lab-process', /missing required argument 'name'/],
  ['lab-process nope --dir x', /is no process of a lab/],
];

describe('a bad call is told in one line, ends with 1, and writes nothing', () => {
  beforeAll(() => {
    writeFileSync(join(dir, 'krb5.conf'), '[libdefaults]\n dns_lookup_kdc = false\n');
  });

  test.for(BAD)('doublehop %s', async ([line, told]) => {
    const args = line.split(' ');
    const env = { HOME: dir, KRB5_CONFIG: join(dir, 'krb5.conf'), KRB5CCNAME: join(dir, 'cc') };
    const { status, stdout, stderr } = await call(args, { env });
    expect(stderr).toMatch(told);
    expect(stderr).toMatch(/^doublehop[^\n]*: [^\n]+\n$/);
    expect([status, stdout]).toEqual([1, '']);
    expect(readdirSync(dir)).toEqual(['krb5.conf']);
  });

  test('the same of the real command', async () => {
    const { status, stdout, stderr } = await spawned('grant', '--middle', 'B', '--target', 'C');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^doublehop grant: --server: no domain is known[^\n]*\n$/);
    expect(readdirSync(dir)).toEqual(['krb5.conf']);
  });

  test('output that cannot be written is an error, not a stack trace', () => {
    const full = openSync('/dev/full', 'w');
    try {
      const { status, stderr } = spawnSync(process.execPath, [program, '--help'], {
        stdio: ['ignore', full, 'pipe'],
      });
      expect(String(stderr)).toBe('doublehop: the output cannot be written (ENOSPC)\n');
      expect(status).toBe(1);
    } finally {
      closeSync(full);
    }
  });

  test.for(['grant --bogus --json', 'kvno --json', 'lab purge --json', 'gant --json'])(
    'with --json also what the parser does not understand is JSON: %s',
    async (line) => {
      const { status, stdout, stderr } = await call(line.split(' '));
      expect(status).toBe(1);
      const { error }: { error: { code: string; message: string } } = JSON.parse(stdout);
      expect(error.code).toBe('usage');
      expect(stderr).toContain(error.message);
    },
  );

  test('with --json the error is JSON too', async () => {
    const { status, stdout } = await call(['revoke', '--target', 'C', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'usage', message: expect.stringContaining('--all') },
    });
  });
});
