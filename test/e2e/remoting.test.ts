// PowerShell remoting of the lab, from the command line: its processes, its sockets, its files.
import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labEnv } from '@doublehop/lab/env';
import { parseScript } from '@doublehop/powershell/language/parse';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeTempDir, removeDir } from '../support/temp.ts';

const program = fileURLToPath(new URL('../../packages/cli/bin/doublehop.js', import.meta.url));
const walkthrough = fileURLToPath(new URL('../../docs/walkthrough/', import.meta.url));

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

let home: string;
let dir: string;
let environment: Record<string, string>;

/** The real command in the lab's environment; `input` is piped in. */
function doublehop(args: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, ...environment };
    const command = ['--conditions=@doublehop/source', program, ...args];
    const child = execFile(process.execPath, command, { env, timeout: 60_000 }, (error, out, err) =>
      resolve({
        status: error === null ? 0 : typeof error.code === 'number' ? error.code : 128,
        stdout: out,
        stderr: err,
      }),
    );
    child.stdin?.end(input);
  });
}

function password(name: string): string {
  const path = join(home, name);
  writeFileSync(path, `Passw0rd.${name}\n`, { mode: 0o600 });
  return path;
}

function step(number: string): string {
  const file = readdirSync(walkthrough).find((name) => name.startsWith(`${number}-`));
  return join(walkthrough, file ?? number);
}

beforeAll(async () => {
  home = makeTempDir();
  dir = join(home, 'lab');
  environment = {};
  expect((await doublehop(['lab', 'up', '--dir', dir])).status).toBe(0);
  environment = { ...(await labEnv(dir)) };
  const login = await doublehop(['kinit', 'alice', '--password-file', password('alice')]);
  expect(login.status).toBe(0);
}, 60_000);

afterAll(async () => {
  await doublehop(['lab', 'down', '--dir', dir]);
  removeDir(home);
}, 60_000);

const CREDENTIAL = ['--credential', 'CONTOSO\\alice'] as const;

describe('session configurations', () => {
  test('JEA: a virtual account, the visible commands alone, a transcript', async () => {
    const file = join(home, 'jea.pssc');
    writeFileSync(
      file,
      "@{ SessionType = 'RestrictedRemoteServer'; RunAsVirtualAccount = $true\n" +
        "   TranscriptDirectory = 'C:\\Transcripts'; VisibleCmdlets = 'hostname', 'whoami' }\n",
    );
    const at = ['--dir', dir, '--host', 'ServerB'];
    const registered = await doublehop(['psconfig', 'register', 'JEA', '--file', file, ...at]);
    expect(registered.status).toBe(0);
    const jea = ['invoke', '--computer', 'ServerB', '--configuration', 'JEA'];
    const seen = await doublehop([...jea, '{ whoami }']);
    expect(seen.stdout).toMatch(/winrm virtual users\\winrm va_\d+_alice/iu);
    const hidden = await doublehop([...jea, '{ Get-Process }']);
    expect([hidden.stdout, hidden.stderr]).toEqual(['', expect.stringContaining("'Get-Process'")]);
    const folder = join(dir, 'hosts', 'serverb', 'transcripts');
    const transcripts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(transcripts.join('')).toContain('PS>whoami');
    await doublehop(['psconfig', 'unregister', 'JEA', ...at]);
    expect((await doublehop([...jea, '{ whoami }'])).status).not.toBe(0);
  });
});

describe('doublehop invoke', () => {
  test('several computers by the tickets of the cache', async () => {
    const found = await doublehop(['invoke', '--computer', 'ServerB1,ServerB2', '{ hostname }']);
    expect(found.stdout.trim().split('\n').toSorted()).toEqual(['ServerB1', 'ServerB2']);
    expect([found.status, found.stderr]).toEqual([0, '']);
  });

  test('where nothing but DOUBLEHOP_LAB is set, the realm is that of the lab', async () => {
    const whole = environment;
    environment = { DOUBLEHOP_LAB: dir };
    try {
      const found = await doublehop(['invoke', '--computer', 'ServerB', '{ hostname }']);
      expect([found.stdout, found.stderr]).toEqual(['ServerB\n', '']);
    } finally {
      environment = whole;
    }
  });

  test.each([['kerberos'], ['negotiate'], ['credssp'], ['basic', '--ssl']])(
    'with a password, by %s',
    async (...auth) => {
      const file = password('alice');
      const found = await doublehop([
        'invoke',
        '--computer',
        'ServerB',
        '--json',
        '--auth',
        ...auth,
        ...CREDENTIAL,
        '--password-file',
        file,
        '{ whoami }',
      ]);
      expect(found.stderr).toBe('');
      expect(JSON.parse(found.stdout)).toEqual({
        output: [{ computer: 'ServerB', value: 'contoso\\alice' }],
        errors: [],
      });
    },
  );

  test('a wrong password: 2, and in no output', async () => {
    writeFileSync(join(home, 'wrong'), 'Falsch.1\n');
    const found = await doublehop([
      'invoke',
      '--computer',
      'ServerB',
      ...CREDENTIAL,
      '--password-file',
      join(home, 'wrong'),
      'hostname',
    ]);
    expect([found.status, found.stdout]).toEqual([2, '']);
    expect(found.stderr).toContain('LogonFailure,PSSessionStateBroken');
    expect(found.stderr).not.toContain('Falsch');
  });

  test('CLIXML, and a configuration that is not there', async () => {
    const how = ['invoke', '--computer', 'ServerB', '--clixml'];
    const found = await doublehop([...how, '{ Get-Process lsass }']);
    expect(found.stdout).toMatch(/^<Objs Version="1\.1\.0\.1".*System\.Diagnostics\.Process/su);
    const refused = await doublehop([...how, '--configuration', 'nope', '{ hostname }']);
    expect(refused.stderr).toContain('InvalidResourceUri,PSSessionStateBroken');
    expect(refused.status).toBe(1);
  });
});

describe('doublehop enter', () => {
  test('runs line after line, also over several of them, until exit', async () => {
    const lines = ['hostname', 'Get-Process |', 'Where-Object Name -eq lsass', 'nope', 'exit', 'x'];
    const found = await doublehop(['enter', 'ServerB'], `${lines.join('\n')}\n`);
    expect(found.stdout).toMatch(/^ServerB\n.*lsass/su);
    expect(found.stderr).toContain("The term 'nope' is not recognized");
    expect(found.stderr).not.toContain("'x'");
    expect(found.status).toBe(0);
  });
});

describe('doublehop enter on a terminal', () => {
  test('Ctrl-C stops what runs over there, and the session goes on', async () => {
    const command = [
      process.execPath,
      '--conditions=@doublehop/source',
      program,
      'enter',
      'ServerB',
    ];
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, TERM: 'dumb', ...environment };
    // util-linux' script gives the command a terminal of its own.
    const child = spawn('script', ['-qefc', command.join(' '), '/dev/null'], { env });
    onTestFinished(() => void child.kill('SIGKILL'));
    let seen = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
    });
    const shows = async (pattern: RegExp): Promise<void> => {
      await vi.waitFor(() => expect(seen).toMatch(pattern), { timeout: 10_000, interval: 20 });
      seen = '';
    };
    await shows(/\[ServerB\]: PS> /u);
    child.stdin.write('Write-Output begun; Start-Sleep 600\r');
    await shows(/begun\r\n/u);
    child.stdin.write('\u0003');
    await shows(/\^C[^]*\[ServerB\]: PS> /u);
    child.stdin.write('Get-Process |\r');
    await shows(/>> /u);
    child.stdin.write('Where-Object Name -eq lsass\r');
    await shows(/lsass[^]*PS> /u);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.write('exit\r');
    expect(await ended).toBe(0);
  });
});

describe('doublehop run', () => {
  test('nothing runs when a file is outside of the language', async () => {
    const [good, bad] = [join(home, 'good.ps1'), join(home, 'bad.ps1')];
    writeFileSync(good, 'hostname\n');
    writeFileSync(bad, 'hostname\nclass X {}\n');
    const found = await doublehop(['run', '--dir', dir, good, bad]);
    expect([found.status, found.stdout]).toEqual([1, '']);
    expect(found.stderr).toMatch(/bad\.ps1:2:1: /u);
  });

  test('every script of the walk-through is in the language', () => {
    const files = readdirSync(walkthrough).filter((name) => name.endsWith('.ps1'));
    expect(files.length).toBeGreaterThan(10);
    for (const name of files) parseScript(readFileSync(join(walkthrough, name), 'utf8'), name);
  });

  test('the walk-through: refused, granted, and the hop', async () => {
    const before = await doublehop(['run', '--dir', dir, step('01'), step('02')]);
    expect(before.stdout).toMatch(
      /NT AUTHORITY\\NetworkService[^]*ServerB\ncontoso\\alice\nFalse/u,
    );
    expect(before.stderr).toContain('STATUS_NOT_FOUND');
    const granted = await doublehop([
      'grant',
      '--middle',
      'ServerB',
      '--target',
      'ServerC',
      '--yes',
      '--user',
      'Administrator',
      '--password-file',
      password('Administrator'),
    ]);
    expect(granted.status).toBe(0);
    const remembered = await doublehop(['run', '--dir', dir, step('02')]);
    expect(remembered.stderr).toContain('negative');
    const after = await doublehop([
      'run',
      '--dir',
      dir,
      step('02'),
      step('04'),
      step('05'),
      step('06'),
      step('10'),
    ]);
    expect(after.stdout).toMatch(/purged!\nTrue\n[^]*lsass/u);
    expect(after.stdout).toMatch(/ServerB\nServerC\nServerC\n$/u);
    expect(after.stderr).toContain('1312,PSSessionStateBroken');
    expect(after.stderr).toContain('because: no delegable credential');
    expect(after.status).toBe(0);
  }, 60_000);
});
