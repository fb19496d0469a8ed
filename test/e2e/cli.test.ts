// The command as people use it: processes of its own against a lab of its own.
import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, run, runOrThrow } from '../support/run.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const program = join(repositoryRoot, 'packages/cli/bin/doublehop.js');
const dir = makeTempDir('e2e-cli');
const lab = join(dir, 'lab');
const SERVERS = 'OU=Servers,OU=NA,DC=contoso,DC=com';
const PASSWORD = 'Passw0rd.Administrator';
let env: Record<string, string> = {};

async function doublehop(...args: readonly string[]): Promise<Outcome> {
  return await run(process.execPath, [program, ...args], { env, cwd: dir });
}

/** JSON of a command that must succeed. */
async function json(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await runOrThrow(process.execPath, [program, ...args, '--json'], { env }));
}

async function kinit(user: string, password: string): Promise<Outcome> {
  return await run(process.execPath, [program, 'kinit', user], { env, input: `${password}\n` });
}

/** ServerB asks for the target as a user: the hop itself. */
async function hop(user: string, target: string): Promise<Outcome> {
  const keytab = join(lab, 'keytabs', 'serverb.keytab');
  return await doublehop('kvno', '--keytab', keytab, '-U', user, '-P', `HTTP/${target}`);
}

beforeAll(async () => {
  await runOrThrow(process.execPath, [program, 'lab', 'up', '--dir', lab]);
  const exports = await runOrThrow(process.execPath, [program, 'lab', 'env', '--dir', lab]);
  env = Object.fromEntries(
    [...exports.matchAll(/^export (\w+)='(.*)'$/gmu)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
  env['XDG_STATE_HOME'] = join(dir, 'state');
  expect(await kinit('Administrator', PASSWORD)).toMatchObject({ status: 0, stdout: '' });
});
afterAll(async () => {
  await doublehop('lab', 'down', '--dir', lab);
  removeDir(dir);
});

describe('a lab', () => {
  test('up twice is up once; every service answers', async () => {
    expect(await json('lab', 'up')).toMatchObject({ already: true });
    expect(await json('lab', 'status')).toMatchObject({ state: 'up', realm: 'CONTOSO.COM' });
  });

  test('env has what another shell needs', () => {
    expect(env).toMatchObject({
      DOUBLEHOP_LAB: lab,
      KRB5_CONFIG: join(lab, 'krb5.conf'),
      KRB5CCNAME: `FILE:${join(lab, 'ccache')}`,
      DOUBLEHOP_LDAP: expect.stringMatching(/^ldap:\/\/localhost:\d+$/u),
    });
  });
});

describe('tickets', () => {
  test('kinit, klist, kvno, kdestroy on a cache of its own', async () => {
    const cache = join(dir, 'cc-alice');
    const own = { env: { ...env, KRB5CCNAME: cache }, input: 'Passw0rd.alice\n' };
    expect(await run(process.execPath, [program, 'kinit', 'alice'], own)).toMatchObject({
      status: 0,
    });
    const service = 'HTTP/serverb.contoso.com';
    const kvno = await run(process.execPath, [program, 'kvno', service], own);
    expect(kvno.stdout).toMatch(/^HTTP\/serverb\.contoso\.com@CONTOSO\.COM: kvno = \d+\n$/u);
    const { stdout } = await run(process.execPath, [program, 'klist', '-f'], own);
    expect(stdout).toContain('Default principal: alice@CONTOSO.COM');
    expect(stdout).toMatch(/Flags: F/u);
    expect(await run(process.execPath, [program, 'kdestroy'], own)).toMatchObject({ status: 0 });
    expect(await run(process.execPath, [program, 'klist'], own)).toMatchObject({ status: 1 });
  });

  test('kinit by keytab, and what is wrong in one line', async () => {
    const own = { env: { ...env, KRB5CCNAME: join(dir, 'cc-b') } };
    const keytab = join(lab, 'keytabs', 'serverb.keytab');
    const byKeytab = await run(process.execPath, [program, 'kinit', '-t', keytab], own);
    expect(byKeytab.stderr).toContain('SERVERB$@CONTOSO.COM: a ticket until');
    // Its ticket armors somebody else's password.
    const armored = { env: { ...env, KRB5CCNAME: join(dir, 'cc-c') }, input: `${PASSWORD}\n` };
    const args = [program, 'kinit', '--claims', '-T', join(dir, 'cc-b'), 'Administrator'];
    const inArmor = await run(process.execPath, args, armored);
    expect(inArmor.stderr).toContain('Administrator@CONTOSO.COM: a ticket until');
    const wrong = await kinit('alice', 'wrong');
    expect(wrong).toMatchObject({ status: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/^doublehop kinit: [^\n]*wrong password[^\n]*\n$/u);
    const unknown = await kinit('nobody', 'x');
    expect(unknown.stderr).toMatch(/^doublehop kinit: [^\n]*nobody@CONTOSO\.COM[^\n]*\n$/u);
  });
});

describe('passwords', () => {
  const kpasswd = (args: readonly string[], input: string, own = env): Promise<Outcome> =>
    run(process.execPath, [program, 'kpasswd', ...args], { env: own, input });

  test('the own one, by the present one; a wrong one changes nothing', async () => {
    const wrong = await kpasswd(['carol'], 'wrong\nN3w.carol\n');
    expect(wrong).toMatchObject({ status: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/^doublehop kpasswd: [^\n]*wrong password[^\n]*\n$/u);
    const changed = await kpasswd(['carol'], 'Passw0rd.carol\nN3w.carol\n');
    expect(changed).toMatchObject({
      status: 0,
      stdout: '',
      stderr: 'The password of carol@CONTOSO.COM was changed.\n',
    });
    const own = { ...env, KRB5CCNAME: join(dir, 'cc-carol') };
    const options = { env: own, input: 'N3w.carol\n' };
    const kinit2 = await run(process.execPath, [program, 'kinit', 'carol'], options);
    expect(kinit2.status, kinit2.stderr).toBe(0);
    const denied = await kpasswd(['--of', 'alice'], 'x\n', own);
    expect(denied).toMatchObject({ status: 2, stdout: '' });
    expect(denied.stderr).toMatch(/^doublehop kpasswd: this password may not[^\n]*\n$/u);
  });

  test("another's, with the tickets of an administrator, from a file", async () => {
    const file = join(dir, 'new-password');
    writeFileSync(file, 'Passw0rd.carol\n');
    const args = ['--of', 'CONTOSO\\carol', '--new-password-file', file, '--json'];
    const { status, stdout, stderr } = await kpasswd(args, '');
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ principal: 'carol@CONTOSO.COM' });
  });

  test('what does not go together', async () => {
    for (const args of [
      ['alice', '--of', 'bob'],
      ['--of', 'bob', '--password-file', '-'],
    ]) {
      expect(await kpasswd(args, '')).toMatchObject({ status: 1, stdout: '' });
    }
  });
});

describe('the double hop', () => {
  test('refused with its reason, granted, allowed, revoked, refused', async () => {
    const refused = await hop('alice', 'serverc.contoso.com');
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('KDC_ERR_BADOPTION');
    expect(refused.stderr).toContain('STATUS_NOT_FOUND (0xC0000225)');
    expect(refused.stderr).toContain('to do:');

    const plan = await doublehop(
      'grant',
      '--middle',
      'ServerB',
      '--target',
      'ServerC',
      '--what-if',
    );
    expect(plan.stdout).toContain('what if: SERVERB$ may now act for users to SERVERC$');
    expect((await hop('alice', 'serverc.contoso.com')).status).toBe(2);

    const grant = await doublehop('grant', '--middle', 'ServerB', '--target', 'ServerC');
    expect(grant).toMatchObject({
      status: 0,
      stdout: 'SERVERB$ may now act for users to SERVERC$\n',
    });
    expect(grant.stderr).toContain('klist purge -li 0x3e7');
    expect(await hop('alice', 'serverc.contoso.com')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('HTTP/serverc.contoso.com@CONTOSO.COM: kvno ='),
    });
    expect((await hop('bob', 'serverc.contoso.com')).stderr).toContain(
      'STATUS_ACCOUNT_RESTRICTION',
    );

    const revoke = await doublehop('revoke', '--middle', 'ServerB', '--target', 'ServerC');
    expect(revoke.stdout).toBe('SERVERB$ may no longer act for users to SERVERC$\n');
    expect((await hop('alice', 'serverc.contoso.com')).status).toBe(2);
    expect(await json('show', 'ServerC')).toMatchObject({
      targets: [{ state: 'absent', principals: [], raw: null }],
    });
  });

  test('show: the access as PowerShell shows it, principals, SDDL, bytes', async () => {
    await doublehop('grant', '--middle', 'CONTOSO\\ServerB', '--target', `CN=ServerC,${SERVERS}`);
    const { stdout } = await doublehop('show', 'SERVERC$', '--raw');
    for (const line of [
      'ActiveDirectoryRights : GenericAll',
      'AccessControlType     : Allow',
      'IdentityReference     : CONTOSO\\SERVERB$',
      'IsInherited           : False',
      `CONTOSO\\SERVERB$  CN=ServerB,${SERVERS}`,
      'SDDL: O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;S-1-5-21-',
      'Raw: 80 bytes',
    ]) {
      expect(stdout).toContain(line);
    }
    await doublehop('revoke', '--all', '--target', 'ServerC');
  });

  test('set: an array of three middles; the difference is told', async () => {
    await doublehop('grant', '--middle', 'ServerB', '--target', 'ServerC');
    const set = await doublehop(
      'set',
      '--middle',
      'ServerB1,ServerB2,ServerB3',
      '--target',
      'ServerC',
    );
    expect(set.stdout.split('\n')).toEqual([
      'SERVERB1$ may now act for users to SERVERC$',
      'SERVERB2$ may now act for users to SERVERC$',
      'SERVERB3$ may now act for users to SERVERC$',
      'SERVERB$ may no longer act for users to SERVERC$',
      '',
    ]);
    await doublehop('revoke', '--all', '--target', 'ServerC');
  });
});

describe('a sweep', () => {
  const sweep = ['--search-base', SERVERS];
  const all = ['SERVERB$', 'SERVERB1$', 'SERVERB2$', 'SERVERB3$', 'SERVERC$'];

  test('is not written without being asked about', async () => {
    const asked = await doublehop('grant', '--middle', 'JumpBox', ...sweep);
    expect(asked.status).toBe(1);
    expect(asked.stderr).toContain('add --yes');
    expect(await json('show', ...sweep)).toMatchObject({
      targets: Array.from({ length: 6 }, () => ({ state: 'absent' })),
    });
  });

  test('every server of the folder but the jump box; and undone', async () => {
    const granted = await json('grant', '--middle', 'JumpBox', ...sweep, '--yes');
    expect(granted).toMatchObject({
      dryRun: false,
      changes: all.map((name) => ({
        target: { name },
        state: 'done',
        sentences: [`JUMPBOX$ may now act for users to ${name}`],
      })),
      skipped: [{ target: { name: 'JUMPBOX$' } }],
      summary: { done: 5, failed: 0 },
    });
    const filtered = await doublehop(
      'revoke',
      '--middle',
      'JumpBox',
      ...sweep,
      '--scope',
      'onelevel',
      '--filter',
      '(!(cn=ServerC))',
      '--yes',
    );
    expect(filtered.stdout).toContain('JUMPBOX$ may no longer act for users to SERVERB$');
    expect(filtered.stdout).not.toContain('SERVERC$');
    const undone = await json('revoke', '--all', ...sweep, '--yes');
    expect(undone).toMatchObject({ summary: { done: 4, unchanged: 2, failed: 0 } });
  });
});

describe('the journal', () => {
  const journal = join(dir, 'state', 'doublehop', 'journal');
  const lastRun = async (): Promise<string> => {
    const { runs } = (await json('history', '--limit', '1')) as {
      readonly runs: readonly { readonly run: string }[];
    };
    return runs[0]?.run ?? '';
  };

  test('a list with a middle for each target; undone but for one, and that one too', async () => {
    const list = join(dir, 'grants.csv');
    writeFileSync(list, 'target;middle\nServerC;ServerB1\nServerB;ServerB2\nServerC;ServerB\n');
    const granted = await doublehop('grant', '--list', list, '--yes');
    expect(granted.stdout.split('\n').slice(0, -2).toSorted()).toEqual([
      'SERVERB$ may now act for users to SERVERC$',
      'SERVERB1$ may now act for users to SERVERC$',
      'SERVERB2$ may now act for users to SERVERB$',
    ]);
    const name = await lastRun();
    expect(granted.stderr).toContain(`undo: doublehop undo ${name}\n`);
    expect(statSync(journal).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(journal)) {
      expect(statSync(join(journal, file)).mode & 0o777, file).toBe(0o600);
    }
    const part = await doublehop('undo', name, '--only', 'ServerB');
    expect(part.stdout).toBe('SERVERB2$ may no longer act for users to SERVERB$\n');
    await doublehop('grant', '--middle', 'JumpBox', '--target', 'ServerC');
    const refused = await doublehop('undo', name);
    expect(refused).toMatchObject({ status: 2, stdout: 'nothing to undo: nothing was written\n' });
    expect(refused.stderr).toContain('list of SERVERC$ since (JUMPBOX$ was added); it stays so');
    const forced = await doublehop('undo', name, '--force');
    expect(forced.stdout).toContain('JUMPBOX$ may no longer act for users to SERVERC$\n');
    const shown = await doublehop('history', name);
    expect(shown.stdout).toMatch(/^who {9}CONTOSO\\Administrator$/mu);
    expect(shown.stdout).toMatch(
      /^ {2}written {2}SERVERB2\$ may now act for users to SERVERB\$$/mu,
    );
  });

  test('services and flags are runs too; a list comes by standard input', async () => {
    const service = ['--service', 'cifs/serverc.contoso.com'];
    expect((await doublehop('kcd', 'add', '--middle', 'ServerB', ...service)).stdout).toBe(
      'SERVERB$ may now act for users to cifs/serverc.contoso.com\n',
    );
    expect(await json('kcd', 'show', 'ServerB')).toMatchObject({
      middles: [{ services: [{ service: service[1], holders: ['SERVERC$'] }] }],
    });
    await doublehop('undo', 'last');
    expect(await json('kcd', 'show', 'ServerB')).toMatchObject({ middles: [{ services: [] }] });
    const marked = await run(
      process.execPath,
      [program, 'flags', 'set', 'sensitive', '--list', '-', '--yes', '--json'],
      { env, input: 'carol\nalice\n' },
    );
    expect(JSON.parse(marked.stdout)).toMatchObject({
      summary: { done: 2 },
      changes: [{ before: ['512'], after: ['1049088'] }, { attribute: 'userAccountControl' }],
    });
    const two = await doublehop('undo', 'last', '--yes');
    expect(two.stdout).toMatch(/\n2 written, 0 unchanged\n$/u);
    expect((await doublehop('flags', 'show', 'alice')).stdout).toMatch(/^alice +- +- +-$/mu);
    const other = await doublehop('revoke', '--resume', 'last');
    expect(other.stderr).toMatch(/^doublehop revoke: --resume: \S+ is a run of doublehop undo: /u);
  });
});

describe('credentials and controllers', () => {
  test('an ordinary user is refused by the directory: exit code 2', async () => {
    const file = join(dir, 'alice.password');
    writeFileSync(file, 'Passw0rd.alice\n');
    chmodSync(file, 0o600);
    const as = ['--user', 'alice', '--password-file', file];
    const refused = await doublehop('grant', '--middle', 'ServerB', '--target', 'ServerC', ...as);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^doublehop grant: you may not write [^\n]+\n$/u);
  });

  test.for(['GSSAPI', 'GSS-SPNEGO'])('ldaps with %s and the authority of the lab', async (name) => {
    const { services } = (await json('lab', 'status')) as {
      readonly services: readonly { readonly name: string; readonly address: string }[];
    };
    const port = services
      .find((service) => service.name === 'LDAPS')
      ?.address.split(':')
      .at(-1);
    const server = ['--server', `ldaps://localhost:${port}`, '--mechanism', name];
    const ca = join(lab, 'tls', 'ca.pem');
    expect((await doublehop('show', 'ServerC', ...server, '--ca-file', ca)).status).toBe(0);
    const untrusted = await doublehop('show', 'ServerC', ...server);
    expect(untrusted.status).toBe(1);
    expect(untrusted.stderr).toMatch(/^doublehop show: [^\n]*is not trusted[^\n]*\n$/u);
  });

  test('no tickets, nobody there, an unknown name: one line each', async () => {
    const none = { env: { ...env, KRB5CCNAME: join(dir, 'none') } };
    const noTicket = await run(process.execPath, [program, 'show', 'ServerC'], none);
    expect(noTicket.stderr).toMatch(/^doublehop show: [^\n]*doublehop kinit[^\n]*\n$/u);
    const silent = await doublehop('show', 'ServerC', '--server', 'ldap://localhost:1');
    expect(silent.stderr).toMatch(/^doublehop show: [^\n]*ECONNREFUSED[^\n]*\n$/u);
    const unknown = await doublehop('grant', '--middle', 'ServerX', '--target', 'ServerC');
    expect(unknown).toMatchObject({ status: 1, stdout: '' });
    expect(unknown.stderr).toMatch(/^doublehop grant: --middle: no account "ServerX"[^\n]*\n$/u);
  });
});

describe('hosts of the lab', () => {
  test('klist, sessions and purge at ServerB', async () => {
    expect((await doublehop('klist', '--host', 'ServerB', '-li', '0x3e7')).stdout).toContain(
      'LogonId is 0:0x3e7',
    );
    expect((await doublehop('klist', 'sessions', '--host', 'ServerB')).stdout).toContain('0:0x3e4');
    const purge = await doublehop('klist', 'purge', '-li', '0x3e7', '--host', 'ServerB');
    expect(purge.stdout).toMatch(/^ServerB: purged/u);
    expect((await doublehop('lab', 'purge', 'serverb')).stdout).toBe(purge.stdout);
    expect(await doublehop('lab', 'purge', 'ServerX')).toMatchObject({ status: 1 });
  });
});

describe('dc', () => {
  test('a domain of one’s own: made, used, gone on with', async () => {
    const folder = join(dir, 'corp');
    const ports = ['kdc', 'kpasswd', 'ldap', 'ldaps'].flatMap((name) => [`--${name}-port`, '0']);
    const make = ['dc', '--dir', folder, '--domain', 'corp.example', ...ports, '--json'];
    for (const password of [PASSWORD, '']) {
      const child = spawn(process.execPath, [program, ...make], { stdio: 'pipe' });
      child.stdin.end(password);
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      let text = '';
      for await (const chunk of child.stdout) {
        text += String(chunk);
        if (text.includes('\n}')) break;
      }
      const { ldapPort } = JSON.parse(text) as { readonly ldapPort: number };
      const own = {
        KRB5_CONFIG: join(folder, 'krb5.conf'),
        KRB5CCNAME: join(folder, 'cc'),
        DOUBLEHOP_LDAP: `ldap://localhost:${ldapPort}`,
      };
      const options = { env: own, input: PASSWORD };
      await runOrThrow(process.execPath, [program, 'kinit', 'Administrator'], options);
      expect(await runOrThrow(process.execPath, [program, 'show', 'DC'], options)).toContain(
        'Nobody may act for users to DC$.',
      );
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
    }
  });
});

test('the story, in a lab of its own that is gone afterwards', async () => {
  const own = { env: { TMPDIR: dir, DOUBLEHOP_LAB: '' }, timeout: 60_000 };
  const story = await run(process.execPath, [program, 'lab', 'run', '--once', '--json'], own);
  const steps = story.stdout.trim().split('\n');
  expect(steps.map((line) => JSON.parse(line) as unknown)).toEqual(
    steps.map((_, at) => expect.objectContaining({ step: at + 1, ok: true })),
  );
  expect(steps.length).toBeGreaterThanOrEqual(8);
  expect(story.status).toBe(0);
});
