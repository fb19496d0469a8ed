import { setImmediate as turn } from 'node:timers/promises';
import { KerberosError } from '@doublehop/kerberos/errors';
import { CommandFailure, failure } from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import { customObject, PsObject, type PsValue } from '@doublehop/powershell/objects/value';
import { RemotingError } from '@doublehop/remoting/errors';
import { accessDenied } from '@doublehop/remoting/wsman/faults';
import { describe, expect, test } from 'vitest';
import { connectionRecord } from '../src/console/connection-error.ts';
import { noLogonSession } from '../src/sessions/refusals.ts';
import { LabError } from '../src/errors.ts';
import { Bench } from './support/remote-computers.ts';

const ALICE = { 'Contoso\\Alice': 'Geheim.1' };

/** A note or property of one thing that came. */
function note(value: PsValue | undefined, name: string): unknown {
  return value instanceof PsObject ? value.get(name) : undefined;
}

async function thrown(work: Promise<unknown>): Promise<CommandFailure> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof CommandFailure) return error;
  throw new Error('it did not end with an error');
}

describe('Invoke-Command', () => {
  test('makes commands of a block, and puts $using: values in', async () => {
    const bench = new Bench();
    await bench.run("$c = 'ServerC'; Invoke-Command ServerB { Test-Path \\\\$($using:c)\\C$ }");
    expect(bench.requests).toEqual([
      {
        kind: 'commands',
        statements: [[expect.objectContaining({ name: 'Test-Path' })]],
      },
    ]);
    const [request] = bench.requests;
    const call = request?.kind === 'commands' ? request.statements[0]?.[0] : undefined;
    expect(call?.args.map(({ value = null }) => toText(value))).toEqual(['\\\\ServerC\\C$']);
    expect(bench.open).toBe(0);
  });

  test('sends what is no list of commands as text, with its values', async () => {
    const bench = new Bench();
    await bench.run("$c = 'x'; Invoke-Command ServerB { $y = $using:c; $y }");
    const [request] = bench.requests;
    if (request?.kind !== 'script') throw new Error('it was not sent as text');
    expect(request.text).toContain('$y = $using:c');
    expect([...(request.using?.entries() ?? [])].map(([, value]) => value)).toEqual(['x']);
  });

  test('-ArgumentList fills param, and is refused with a block that is text', async () => {
    const bench = new Bench();
    await bench.run('Invoke-Command ServerB { param($n) Get-Process $n } -ArgumentList lsass');
    const [request] = bench.requests;
    const call = request?.kind === 'commands' ? request.statements[0]?.[0] : undefined;
    expect(call?.args[0]?.value).toBe('lsass');
    await bench
      .run('Invoke-Command ServerB { param($n) $m = $n; $m } -ArgumentList lsass')
      .catch(() => undefined);
    expect(bench.requests).toHaveLength(1);
  });

  test('notes on what comes say where from', async () => {
    const bench = new Bench();
    bench.answer = async (_, { streams }) => {
      await streams.output('text');
      await streams.output(customObject({ Name: 'x' }));
      await streams.output(null);
    };
    const [text, object, nothing] = await bench.run('Invoke-Command ServerB { hostname } -Hide');
    expect([text, object].map((one) => note(one, 'PSComputerName'))).toEqual([
      'ServerB',
      'ServerB',
    ]);
    expect(note(object, 'PSShowComputerName')).toBe(false);
    expect(toText(note(object, 'RunspaceId') as PsValue)).toBe(
      'aaaaaaaa-0000-0000-0000-000000000001',
    );
    expect(toText(text ?? null)).toBe('text');
    expect(nothing).toBeNull();
  });

  test('asks many computers, no more at once than -ThrottleLimit', async () => {
    const bench = new Bench();
    bench.answer = async (_, { streams }) => {
      await turn();
      await streams.output(1);
    };
    const found = await bench.run(
      'Invoke-Command B1, B2, B3, B4, B5 { hostname } -ThrottleLimit 2',
    );
    expect(new Set(found.map((one) => note(one, 'PSComputerName'))).size).toBe(5);
    expect([bench.most, bench.open]).toEqual([2, 0]);
    expect(bench.progress.at(-1)).toBe('5 of 5 computers');
  });

  test('one computer that fails does not end the others', async () => {
    const bench = new Bench();
    bench.unreachable.set('B1', accessDenied());
    bench.answer = async ({ kind }, { streams }) => {
      if (bench.asked.length === 2) throw failure('over there', 'Boom', 'InvalidResult');
      await streams.output(kind);
    };
    const found = await bench.run(
      'Invoke-Command B1, B2, B3 { hostname } -ThrottleLimit 1; Write-Output $?',
    );
    expect(found.map(toText)).toEqual(['commands', 'False']);
    expect(bench.errors.map(({ computer, errorId }) => [computer, errorId])).toEqual([
      ['B1', 'AccessDenied,PSSessionStateBroken'],
      ['B2', 'Boom'],
    ]);
  });

  test('stops over there, and leaves no session', async () => {
    const bench = new Bench();
    const stop = new AbortController();
    bench.answer = async (_, { signal }) => {
      queueMicrotask(() => stop.abort(new Error('stopped')));
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      signal.throwIfAborted();
    };
    await expect(bench.run('Invoke-Command B1 { hostname }', stop.signal)).rejects.toThrow(
      'stopped',
    );
    expect([bench.open, bench.errors]).toEqual([0, []]);
  });

  test('passes on how to get in', async () => {
    const bench = new Bench(ALICE);
    await bench.run(
      '$c = Get-Credential Contoso\\Alice; Invoke-Command B { hostname } -Credential $c ' +
        '-Authentication credssp -ConfigurationName JEA -UseSSL -Port 7',
    );
    expect(bench.asked[0]).toMatchObject({
      computer: 'B',
      authentication: 'CredSSP',
      configuration: 'JEA',
      useSsl: true,
      port: 7,
      credential: { user: 'Contoso\\Alice' },
    });
    expect(bench.asked[0]?.credential?.password.revealText()).toBe('Geheim.1');
  });

  test('runs nothing here when the computer that is named is nothing', async () => {
    const bench = new Bench();
    const { record } = await thrown(
      bench.run("$ErrorActionPreference = 'Stop'; Invoke-Command -ComputerName $nope { 1 }"),
    );
    expect(record.errorId).toBe('ParameterArgumentValidationError');
    expect([bench.output, bench.asked]).toEqual([[], []]);
  });

  test('has no jobs, and without a computer runs here', async () => {
    const bench = new Bench();
    const { record } = await thrown(
      bench.run("$ErrorActionPreference = 'Stop'; Invoke-Command B { hostname } -AsJob"),
    );
    expect(record.errorId).toBe('JobsNotSupported');
    expect(bench.asked).toEqual([]);
    expect(await bench.run('Invoke-Command -ScriptBlock { 1 + 1 }')).toEqual([2]);
  });
});

describe('sessions', () => {
  test('New-, Get-, Invoke-Command -Session, Remove-PSSession', async () => {
    const bench = new Bench();
    const made = await bench.run('$s = New-PSSession B1, B2 -Name one, two; $s');
    expect(made.map((one) => [note(one, 'Name'), note(one, 'State')])).toEqual([
      ['one', 'Opened'],
      ['two', 'Opened'],
    ]);
    await bench.run('Invoke-Command -Session $s { hostname }; Invoke-Command $s { hostname }');
    expect([bench.requests.length, bench.open]).toEqual([4, 2]);
    expect(await bench.run('(Get-PSSession -ComputerName B2).Name')).toEqual(['two']);
    await bench.run('Get-PSSession | Remove-PSSession');
    expect([bench.open, await bench.run('Get-PSSession')]).toEqual([0, []]);
  });

  test('one that is disconnected runs nothing until it is taken up', async () => {
    const bench = new Bench();
    await bench.run('$s = New-PSSession B1; $d = Disconnect-PSSession $s');
    expect(await bench.run('$d.State')).toEqual(['Disconnected']);
    await bench.run('Invoke-Command -Session $s { hostname }').catch(() => undefined);
    expect(bench.requests).toEqual([]);
    await bench.run('$c = Connect-PSSession $s; Invoke-Command -Session $s { hostname }');
    expect(bench.requests).toHaveLength(1);
    await bench.console.close();
    expect(bench.open).toBe(0);
  });

  test('Enter- and Exit-PSSession', async () => {
    const bench = new Bench();
    await bench.run('Enter-PSSession B1');
    expect(bench.console.sessions.entered?.target.computer).toBe('B1');
    await bench.run('Exit-PSSession');
    expect([bench.console.sessions.entered, bench.open]).toEqual([undefined, 0]);
  });

  test('that cannot be opened has an id of its own', async () => {
    const bench = new Bench();
    bench.unreachable.set('B1', accessDenied());
    await bench.run('New-PSSession B1');
    expect(bench.errors[0]?.errorId).toBe('AccessDenied,PSSessionOpenFailed');
  });
});

describe('what a person does', () => {
  test('Get-Credential shows no password, and knows none that it was not given', async () => {
    const bench = new Bench(ALICE);
    const [found] = await bench.run('Get-Credential Contoso\\Alice');
    expect(note(found, 'UserName')).toBe('Contoso\\Alice');
    expect(await bench.run('(Get-Credential Contoso\\Alice | fl * | Out-String)')).toEqual([
      expect.not.stringContaining('Geheim'),
    ]);
    const stop = "$ErrorActionPreference = 'Stop'; Get-Credential mallory";
    expect((await thrown(bench.run(stop))).record.errorId).toBe('NoPassword');
  });

  test('Import-Module, Add-WindowsFeature, Test-WSMan, $env:', async () => {
    const bench = new Bench();
    const feature = await bench.run('Add-WindowsFeature RSAT-AD-PowerShell');
    expect(note(feature[0], 'Success')).toBe(true);
    expect(await bench.run('Import-Module ActiveDirectory')).toEqual([]);
    expect(await bench.run('(Test-WSMan B1).ProductVendor; $env:COMPUTERNAME')).toEqual([
      'somebody',
      'SERVERA',
    ]);
    await bench.run('Import-Module Nope');
    expect(bench.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining("'Nope' was not loaded"),
    ]);
  });
});

describe('what a connection that failed is told as', () => {
  const wrapped = (cause: Error) =>
    new RemotingError('http', 'it cannot be asked', { cause: new Error('x', { cause }) });
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

  test.each([
    ['no TGT in a session', wrapped(noLogonSession()), '1312', 'no delegable credential'],
    [
      'a wrong password',
      wrapped(new KerberosError('krb-error', 'no', { errorCode: 24 })),
      'LogonFailure',
      'first hop: no',
    ],
    [
      'no account of that name',
      new KerberosError('krb-error', 'no', { errorCode: 7 }),
      'NetworkPathNotFound',
      'first hop',
    ],
    [
      'S4U2Proxy that was refused',
      new LabError('refused', 'BADOPTION', { leg: 's4u2proxy', ntStatus: 0xc000_0225 }),
      'AccessDenied',
      'S4U2Proxy, the second hop: BADOPTION (NTSTATUS 0xc0000225)',
    ],
    [
      'nobody on the port',
      new RemotingError('http', 'no', { cause: refused }),
      'CannotConnect',
      'no',
    ],
    [
      'nobody who is let in',
      new RemotingError('authentication', 'refused'),
      'AccessDenied',
      'first hop: refused',
    ],
  ] as const)('%s', (_, error, id, because) => {
    const record = connectionRecord('ServerB', error);
    expect(record.errorId).toBe(`${id},PSSessionStateBroken`);
    expect(record.message).toMatch(/^\[ServerB\] Connecting to remote server ServerB failed/u);
    expect(record.inner?.join('\n')).toContain(because);
  });
});
