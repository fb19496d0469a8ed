import { CommandFailure } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { usingKey } from '@doublehop/powershell/language/using';
import {
  customObject,
  PsDictionary,
  PsObject,
  type PsValue,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { toText } from '@doublehop/powershell/objects/text';
import type { RemoteRequest, RemoteSession } from '@doublehop/remoting/client/remote-session';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { TestDomain } from './support/domain.ts';
import { TestHosts } from './support/hosts.ts';
import { command, schemesOf, serveWinRm } from './support/win-rm.ts';

/** alice at ServerA; ServerB and ServerC with everything that they have. */
async function setUp() {
  const domain = await TestDomain.make();
  const hosts = await TestHosts.start(domain, ['ServerB', 'ServerC']);
  onTestFinished(() => hosts.close());
  const [b, c] = await Promise.all(
    ['ServerB', 'ServerC'].map((name) => serveWinRm(domain, hosts.get(name))),
  );
  if (b === undefined || c === undefined) throw new Error('the hosts did not start');
  hosts.winRm.set('ServerB', b).set('ServerC', c);
  const client = await domain.person('alice');
  return { domain, b, c, schemes: schemesOf(domain, 'alice', client) };
}

interface Heard {
  readonly output: PsValue[];
  readonly errors: ErrorRecord[];
}

async function ask(session: RemoteSession, request: RemoteRequest): Promise<Heard> {
  const heard: Heard = { output: [], errors: [] };
  const nothing = (): void => {};
  try {
    await session.run(request, {
      signal: new AbortController().signal,
      streams: {
        output: (value) => void heard.output.push(value),
        error: (record) => void heard.errors.push(record),
        warning: nothing,
        verbose: nothing,
        debug: nothing,
        information: nothing,
        progress: nothing,
      },
    });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    heard.errors.push(error.record);
  }
  return heard;
}

const names = (values: readonly PsValue[]) =>
  values.map((value) =>
    value instanceof PsObject ? (value.get('Name') ?? value.get('ProcessName')) : value,
  );

/** UF_TRUSTED_FOR_DELEGATION (MS-ADTS 2.2.16). */
const TRUSTED_FOR_DELEGATION = 0x8_0000;

const SHARE = '\\\\ServerC\\C$';

describe('over SMB and its pipes, as the redirector goes', () => {
  test('without a grant the second hop is refused, and the KDC says why', async () => {
    const { domain, b, schemes } = await setUp();
    const session = await b.open(schemes.negotiate);
    const { output, errors } = await ask(session, command('Test-Path', SHARE));
    expect([output, errors.length]).not.toEqual([[true], 0]);
    const refusal = domain.events.find(({ NtStatus }) => NtStatus !== '-');
    expect([refusal?.Exchange, refusal?.NtStatus]).toEqual(['s4u2proxy', 'STATUS_NOT_FOUND']);
  });

  test('with the grant it succeeds: files, processes, events of ServerC as alice', async () => {
    const { domain, b, schemes } = await setUp();
    await domain.grant('ServerC', 'ServerB');
    const session = await b.open(schemes.negotiate);
    expect((await ask(session, command('Test-Path', SHARE))).output).toEqual([true]);
    const processes: RemoteRequest = {
      kind: 'commands',
      statements: [
        [
          {
            name: 'Get-Process',
            isScript: false,
            args: [{ value: 'lsass' }, { name: 'ComputerName', value: 'ServerC' }],
          },
        ],
      ],
    };
    const { output, errors } = await ask(session, processes);
    expect(errors).toEqual([]);
    expect(names(output)).toEqual(['lsass']);
  });

  test('with CredSSP it succeeds without any grant', async () => {
    const { b, schemes } = await setUp();
    const session = await b.open(schemes.credSsp());
    expect((await ask(session, command('Test-Path', SHARE))).output).toEqual([true]);
  });
});

describe('by WinRM, as a program goes', () => {
  const NESTED = 'Invoke-Command -ComputerName ServerC -ScriptBlock { hostname }';

  test('the grant does not help: 0x8009030E', async () => {
    const { domain, b, schemes } = await setUp();
    await domain.grant('ServerC', 'ServerB');
    const session = await b.open(schemes.negotiate);
    const { output, errors } = await ask(session, { kind: 'script', text: NESTED });
    expect(output).toEqual([]);
    expect(errors).toMatchObject([
      {
        errorId: '1312,PSSessionStateBroken',
        message: expect.stringContaining('A specified logon session does not exist'),
      },
    ]);
  });

  test('CredSSP goes on by itself', async () => {
    const { b, schemes } = await setUp();
    const session = await b.open(schemes.credSsp());
    const { output, errors } = await ask(session, { kind: 'script', text: NESTED });
    expect([errors, output.map(toText)]).toEqual([[], ['ServerC']]);
    const [from] = output;
    expect(from instanceof PsObject && from.get('PSComputerName')).toBe('ServerC');
  });

  test('CredSSP hands a TGT on where the computer is trusted for delegation', async () => {
    const { domain, b, c, schemes } = await setUp();
    const held = (): unknown[] => [...c.host.sessions].map(({ credentialKind }) => credentialKind);
    const nested = (pause: string) =>
      `Invoke-Command -ComputerName ServerC -ScriptBlock { ${pause} }`;
    const session = await b.open(schemes.credSsp());
    const waiting = ask(session, { kind: 'script', text: nested('Start-Sleep -Milliseconds 300') });
    await vi.waitFor(() => expect(held()).toEqual(['evidence']));
    await waiting;
    await domain.control('SERVERC$', TRUSTED_FOR_DELEGATION);
    await ask(session, command('klist', 'purge'));
    const again = ask(session, { kind: 'script', text: nested('Start-Sleep -Milliseconds 300') });
    await vi.waitFor(() => expect(held()).toEqual(['forwarded-tgt']));
    expect((await again).errors).toEqual([]);
  });

  test('fresh credentials by $using:cred, with nothing configured', async () => {
    const { b, schemes } = await setUp();
    const session = await b.open(schemes.negotiate);
    const credential = customObject({
      UserName: 'CONTOSO\\alice',
      Password: SecureText.of('Passw0rd.alice'),
    });
    const nested = 'Invoke-Command -ComputerName ServerC -Credential $Using:cred {hostname}';
    const text = `hostname\n${nested}`;
    const using = new PsDictionary([[usingKey('$using:cred'), credential]]);
    const { output, errors } = await ask(session, { kind: 'script', text, using });
    expect([errors, output.map(toText)]).toEqual([[], ['ServerB', 'ServerC']]);
  });

  test('a wrong password and a computer that is not there say so', async () => {
    const { b, schemes } = await setUp();
    const session = await b.open(schemes.negotiate);
    const credential = customObject({ UserName: 'alice', Password: SecureText.of('Falsch.1') });
    const using = new PsDictionary([[usingKey('$using:cred'), credential]]);
    const text = 'Invoke-Command ServerC { hostname } -Credential $using:cred';
    const wrong = await ask(session, { kind: 'script', text, using });
    expect(wrong.errors[0]?.message).toContain('The user name or password is incorrect');
    const nowhere = await ask(session, {
      kind: 'script',
      text: 'Invoke-Command Nowhere { hostname }',
    });
    expect(nowhere.errors[0]?.message).toContain('Cannot find the computer');
  });

  test('New-PSSession stays from one command to the next, and ends with its session', async () => {
    const { b, c, schemes } = await setUp();
    const session = await b.open(schemes.credSsp());
    const [opened] = (await ask(session, command('New-PSSession', 'ServerC'))).output;
    expect(opened instanceof PsObject && opened.get('State')).toBe('Opened');
    const text = 'Invoke-Command -Session (Get-PSSession) -ScriptBlock { hostname }';
    for (let time = 0; time < 2; time += 1) {
      const { output, errors } = await ask(session, { kind: 'script', text });
      expect([errors, output.map(toText)]).toEqual([[], ['ServerC']]);
    }
    expect(c.host.sessions.size).toBe(1);
    expect((await ask(session, command('Test-WSMan', 'ServerC'))).errors).toEqual([]);
    await session.close();
    await vi.waitFor(() => expect(c.host.sessions.size).toBe(0));
    expect(b.host.sessions.size).toBe(0);
  });

  test('Get- and Remove-PSSession; Enter-PSSession is refused as Windows does', async () => {
    const { b, c, schemes } = await setUp();
    const session = await b.open(schemes.credSsp());
    const text = async (script: string) => ask(session, { kind: 'script', text: script });
    await text('New-PSSession ServerC, Nowhere -Name one, two | Out-Null');
    const found = await text('Get-PSSession');
    const [one] = found.output;
    expect([one instanceof PsObject && one.get('Name'), found.output.length]).toEqual(['one', 1]);
    await text('Get-PSSession | Remove-PSSession');
    await vi.waitFor(() => expect(c.host.sessions.size).toBe(0));
    const { errors } = await text('Enter-PSSession ServerC');
    expect(errors[0]?.errorId).toContain('RemoteHostDoesNotSupportPushRunspace');
  });

  test('over TLS, with a password in Basic', async () => {
    const { b, schemes } = await setUp();
    const session = await b.open(schemes.negotiate);
    const credential = customObject({
      UserName: 'CONTOSO\\alice',
      Password: SecureText.of('Passw0rd.alice'),
    });
    const using = new PsDictionary([[usingKey('$using:cred'), credential]]);
    const way = '-UseSSL -Authentication Basic -Credential $using:cred';
    const text = `Invoke-Command ServerC { hostname } ${way}`;
    const { output, errors } = await ask(session, { kind: 'script', text, using });
    expect([errors, output.map(toText)]).toEqual([[], ['ServerC']]);
  });

  test('without a TGT New-PSSession says why', async () => {
    const { b, schemes } = await setUp();
    const session = await b.open(schemes.negotiate);
    const { output, errors } = await ask(session, command('New-PSSession', 'ServerC'));
    expect([output, errors[0]?.errorId]).toEqual([[], '1312,PSSessionOpenFailed']);
  });

  test('other blocks stay refused', async () => {
    const { b, schemes } = await setUp();
    const session = await b.open(schemes.negotiate);
    const { errors } = await ask(session, {
      kind: 'script',
      text: "'a' | ForEach-Object { hostname }",
    });
    expect(errors[0]?.message).toContain('not allowed in restricted language mode');
  });
});
