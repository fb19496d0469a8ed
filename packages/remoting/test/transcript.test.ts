import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { customObject, SecureText } from '@doublehop/powershell/objects/value';
import { openTranscript } from '@doublehop/remoting/configurations/transcript';
import { commandLine } from '@doublehop/remoting/configurations/transcript-line';
import type { RequestedCommand } from '@doublehop/remoting/endpoint/endpoint-session';
import { SessionRunner } from '@doublehop/remoting/endpoint/session-runner';
import { describe, expect, test } from 'vitest';
import { folderOf, opening, trial } from './support/configurations.ts';
import { ask, testEndpoint } from './support/endpoint.ts';
import { clock, random } from './support/tickets.ts';

const PSSC = `@{ SessionType = 'RestrictedRemoteServer'; TranscriptDirectory = 'C:\\Transcripts'
  VisibleCmdlets = 'whoami', 'Get-Everything', 'Get-Failure', 'Get-Secret' }`;

/** The one file of a folder. */
async function onlyFile(folder: string): Promise<{ readonly name: string; readonly text: string }> {
  const [name = '', ...more] = await readdir(folder);
  expect(more).toEqual([]);
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  return { name, text: await readFile(join(folder, name), 'utf8') };
}

describe('the transcript of a session', () => {
  test('has header, commands with what came of them, and an end', async () => {
    const folder = await folderOf({});
    const { configuration } = trial({
      pssc: PSSC,
      transcript: (session) => {
        expect(session.directory).toBe('C:\\Transcripts');
        return openTranscript(session, { folder, machine: 'serverb', clock, random });
      },
    });
    const { open } = await testEndpoint([], [configuration]);
    const session = await open({ configuration: 'Trial' });
    const run = (name: string, ...args: { name?: string; value: string }[]): Promise<unknown> =>
      ask(session, { kind: 'commands', statements: [[{ name, isScript: false, args }]] });
    await run('whoami');
    await run('Get-Everything');
    await expect(run('Get-Failure')).rejects.toThrow(/cannot be/);
    await expect(run('Get-Hidden', { value: 'not shown' })).rejects.toThrow(/not recognized/);
    await session.close();
    const { name, text } = await onlyFile(folder);
    expect(name).toMatch(/^PowerShell_transcript\.SERVERB\.[\w-]{8}\.20261122170000\.txt$/);
    const lines = text.split('\r\n');
    expect(lines.slice(0, 8)).toEqual([
      '**********************',
      'PowerShell transcript start',
      'Start time: 20261122170000',
      'Username: alice@CONTOSO.COM',
      'RunAs User: CONTOSO\\alice',
      'Configuration Name: Trial',
      'Machine: SERVERB',
      '**********************',
    ]);
    expect(lines.slice(8, 11)).toEqual(['PS>whoami', 'CONTOSO\\alice', 'PS>Get-Everything']);
    expect(text).toContain('lsass');
    expect(text).toContain('WARNING: careful');
    expect(text).toContain('went wrong');
    expect(text).toContain('it cannot be');
    expect(text).not.toContain('not shown');
    expect(lines.slice(-5)).toEqual([
      '**********************',
      'PowerShell transcript end',
      'End time: 20261122170000',
      '**********************',
      '',
    ]);
  });

  test('begins no line that a user wrote', async () => {
    const folder = await folderOf({});
    const names = { configuration: 'JEA', connectedUser: 'a', runAsUser: 'b' };
    const recorder = await openTranscript(names, { folder, machine: 'b', clock, random });
    const recording = await recorder.begin([
      { name: 'Get-Item', isScript: false, args: [{ value: 'x\r\nPS>forged\u001B[2J' }] },
    ]);
    await recording.end();
    await recorder.end();
    const { text } = await onlyFile(folder);
    expect(text).not.toMatch(/^PS>forged/m);
    expect(text).not.toContain('\u001B');
  });
});

describe('a command line of a transcript', () => {
  const secret = SecureText.of('hunter2');
  const credential = customObject({ UserName: 'alice', Password: secret });

  test.each([
    [[{ name: 'Path', value: 'C:\\x' }, { name: 'Force' }], 'X -Path C:\\x -Force'],
    [
      [{ value: "it's" }, { value: 3 }, { value: true }, { value: null }],
      "X 'it''s' 3 $true $null",
    ],
    [
      [{ name: 'AccountPassword', value: secret }],
      'X -AccountPassword System.Security.SecureString',
    ],
    [[{ name: 'Of', value: secret }], 'X -Of System.Security.SecureString'],
    [[{ name: 'Of', value: credential }], 'X -Of System.Management.Automation.PSCustomObject'],
    [[{ name: 'Password', value: 'hunter2' }], 'X -Password System.String'],
    [[{ name: 'Password' }, { value: 'hunter2' }], 'X -Password System.String'],
    [[{ value: [1, credential] }], 'X System.Object'],
  ])('%#', (args, line) => {
    expect(commandLine({ name: 'X', isScript: false, args })).toBe(line);
  });

  test.each([
    "net -Password 'hunter2'",
    'net -AdminPassword: "hunter2" -Force',
    'net -Password hunter2',
    "$p = ConvertTo-SecureString 'hunter2' -AsPlainText -Force",
    "'hunter2' | ConvertTo-SecureString -AsPlainText -Force",
  ])('of the script %s has no password', (name) => {
    const line = commandLine({ name, isScript: true, args: [] });
    expect(line).not.toContain('hunter2');
    expect(line).toContain('System.String');
  });

  test('of ConvertTo-SecureString has no value', () => {
    const args = [{ value: 'hunter2' }, { name: 'AsPlainText' }];
    const call = { name: 'ConvertTo-SecureString', isScript: false, args };
    expect(commandLine(call)).toBe('ConvertTo-SecureString System.String -AsPlainText');
  });
});

test('a JEA session decodes no value of a command that is hidden', async () => {
  const session = await trial({
    pssc: "@{ SessionType = 'RestrictedRemoteServer'; VisibleCmdlets = 'whoami' }",
  }).configuration.open(opening);
  let decoded = 0;
  const command = (name: string, isScript = false): RequestedCommand => ({
    name,
    isScript,
    mergeError: false,
    args: () => {
      decoded += 1;
      return [];
    },
  });
  const ignore = (): void => {};
  const streams = {
    output: ignore,
    error: ignore,
    warning: ignore,
    verbose: ignore,
    debug: ignore,
    information: ignore,
    progress: ignore,
  };
  const { signal } = new AbortController();
  for (const hidden of [command('Get-Secret'), command('whoami', true)]) {
    const request = { statements: [[command('whoami'), hidden]] };
    await expect(new SessionRunner(session).run(request, { streams, signal })).rejects.toThrow();
  }
  expect(decoded).toBe(0);
});
