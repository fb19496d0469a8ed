import { parsePrincipal } from '@doublehop/kerberos/names';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject } from '@doublehop/powershell/objects/value';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseWql } from '../src/commands/wql.ts';
import { formatPath, hostPath } from '../src/commands/paths.ts';
import type { HostSession } from '../src/sessions/host-session.ts';
import {
  openNtlmSession,
  openPasswordSession,
  openVirtualSession,
} from '../src/sessions/open-session.ts';
import { arrive, passwordOf } from './support/callers.ts';
import { REALM, TestDomain } from './support/domain.ts';
import { TestHosts } from './support/hosts.ts';
import { type } from './support/shell.ts';

let domain: TestDomain;
let hosts: TestHosts;
let alice: HostSession;

async function loggedOn(name: string, host = 'ServerB'): Promise<HostSession> {
  const user = parsePrincipal(name, REALM);
  const logon = { user, password: passwordOf(name), type: 'interactive' } as const;
  return openPasswordSession(hosts.get(host), logon);
}

beforeEach(async () => {
  domain = await TestDomain.make();
  hosts = await TestHosts.start(domain, ['ServerB', 'ServerC']);
  alice = await loggedOn('alice');
});
afterEach(async () => hosts.close());

describe('Test-Path', () => {
  test('files of the host, shares of others, and what is not there', async () => {
    const paths = [
      String.raw`C:\Windows`,
      String.raw`C:\windows\WIN.INI`,
      String.raw`C:\nowhere`,
      String.raw`D:\x`,
      String.raw`\\ServerC\C$`,
      String.raw`\\serverc.contoso.com\c$\Users`,
      String.raw`\\ServerC\D$`,
      String.raw`\\nowhere\C$`,
    ];
    const { output, errors } = await type(alice, `Test-Path ${paths.join(', ')}`);
    expect(output).toEqual([true, true, false, false, true, true, false, false]);
    expect(errors).toEqual([]);
  });

  test('the double hop: False and "Access is denied", with the cause below', async () => {
    const session = await arrive(domain, hosts.get('ServerB'), 'alice');
    const { output, errors } = await type(session, String.raw`Test-Path \\ServerC\C$`);
    expect(output).toEqual([false]);
    expect(errors).toMatchObject([
      {
        message: 'Access is denied',
        errorId: 'ItemExistsUnauthorizedAccessError,Microsoft.PowerShell.Commands.TestPathCommand',
        category: 'PermissionDenied',
        target: String.raw`\\ServerC\C$`,
        exceptionType: 'System.UnauthorizedAccessException',
        activity: 'Test-Path',
      },
    ]);
    expect(errors[0]?.inner?.join()).toContain('STATUS_NOT_FOUND');
    await domain.grant('ServerC', 'ServerB');
    await type(await loggedOn('alice'), 'klist -li 0x3e7 purge');
    expect((await type(session, String.raw`Test-Path \\ServerC\C$`)).output).toEqual([true]);
  });

  test('NTLM: the target would see ANONYMOUS LOGON', async () => {
    await domain.grant('ServerC', 'ServerB');
    const session = openNtlmSession(hosts.get('ServerB'), alice.identity);
    const { output, errors } = await type(session, String.raw`Test-Path \\ServerC\C$`);
    expect([output, errors[0]?.message]).toEqual([[false], 'Access is denied']);
    expect(errors[0]?.inner?.join()).toContain('ANONYMOUS LOGON');
  });

  test('-PathType', async () => {
    const line = String.raw`Test-Path C:\Windows -PathType `;
    expect((await type(alice, `${line}Container; ${line}Leaf`)).output).toEqual([true, false]);
  });
});

describe('Get-ChildItem and Get-Content', () => {
  test('a share shows folders first, as a table', async () => {
    const { output, text } = await type(alice, String.raw`Get-ChildItem \\ServerC\C$\Windows`);
    expect(output.map(toText)).toEqual([
      String.raw`\\ServerC\C$\Windows\System32`,
      String.raw`\\ServerC\C$\Windows\Temp`,
      String.raw`\\ServerC\C$\Windows\win.ini`,
    ]);
    expect(text).toMatch(/^\nMode\s+LastWriteTime\s+Length\s+Name\n----/u);
    expect(text).toMatch(/d----- 03\/02\/2026 10:00:00 +System32/u);
  });

  test('patterns, names, folders alone, whole trees', async () => {
    const names = async (line: string) => (await type(alice, line)).output;
    expect(await names(String.raw`dir C:\Windows\*.ini -Name`)).toEqual(['win.ini']);
    expect(await names(String.raw`gci C:\Users -Directory -Name`)).toEqual([
      'Administrator',
      'Public',
    ]);
    expect(await names(String.raw`gci C:\Users\Public -Recurse -File -Name`)).toEqual([
      'readme.txt',
    ]);
  });

  test('lines of a file', async () => {
    const path = String.raw`\\ServerC\C$\Users\Public\Documents\readme.txt`;
    expect((await type(alice, `Get-Content ${path}`)).output).toEqual([
      'This is serverc.contoso.com.',
    ]);
    const ini = String.raw`C:\Windows\win.ini`;
    expect((await type(alice, `gc ${ini} -TotalCount 1`)).output[0]).toContain('16-bit');
    expect((await type(alice, `gc ${ini} -Tail 1`)).output).toEqual(['[extensions]']);
  });

  test('what users may not look into, and what is not there', async () => {
    hosts.get('ServerB').localGroups.removeAdministrator('alice');
    const user = await loggedOn('alice');
    const closed = await type(user, String.raw`dir C:\Users\Administrator`);
    expect(closed.errors).toMatchObject([
      { message: 'Access is denied', category: 'PermissionDenied', activity: 'Get-ChildItem' },
    ]);
    const absent = await type(user, String.raw`gc C:\nowhere; dir X:\ `);
    expect(absent.errors.map(({ errorId }) => errorId)).toEqual([
      'PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand',
      'DriveNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand',
    ]);
  });
});

describe('Get-Process, Get-Service, Get-EventLog', () => {
  test('this computer', async () => {
    const { text } = await type(alice, 'Get-Process lsass, winlogon');
    expect(text).toMatch(/Handles NPM\(K\)\s+PM\(K\)\s+WS\(K\) CPU\(s\)\s+Id\s+SI ProcessName/u);
    const service = await type(alice, 'Get-Service WinRM');
    expect(service.text).toContain('Running WinRM Windows Remote Management (WS-Management)');
    const events = await type(alice, 'Get-EventLog -LogName System -Newest 2');
    expect(events.text).toMatch(/Index Time\s+EntryType\s+Source\s+InstanceID Message/u);
    expect(events.text).toContain('Mar 02 10:00');
    expect(events.output).toHaveLength(2);
  });

  test('the same values at every start', async () => {
    const ids = async () => (await type(alice, 'Get-Process | % Id')).output;
    const before = await ids();
    hosts.get('ServerB').restart();
    alice = await loggedOn('alice');
    expect(await ids()).toEqual(before);
    const there = await type(alice, 'Get-Process -ComputerName ServerC | % Id');
    expect(there.output).not.toEqual(before);
  });

  test('another computer, with tickets of S4U', async () => {
    await domain.grant('ServerC', 'ServerB');
    const session = await arrive(domain, hosts.get('ServerB'), 'alice');
    const process = await type(session, 'Get-Process lsass -ComputerName ServerC');
    expect(process.output[0]).toBeInstanceOf(PsObject);
    const log = 'Get-EventLog System -Newest 1 -ComputerName ServerC | % MachineName';
    expect((await type(session, log)).output).toEqual(['ServerC']);
    const names = await type(session, 'Get-Service win* -ComputerName ServerC | % Name');
    expect(names.output).toEqual(['WinRM']);
  });

  test('another computer, refused: in the words of each command', async () => {
    const session = await arrive(domain, hosts.get('ServerB'), 'alice');
    const words = async (line: string) => (await type(session, line)).errors[0]?.message;
    expect(await words('Get-Process -ComputerName ServerC')).toBe(
      "Couldn't connect to remote machine.",
    );
    expect(await words('Get-EventLog System -ComputerName ServerC')).toBe(
      'Attempted to perform an unauthorized operation.',
    );
    expect(await words('Get-Service -ComputerName ServerC')).toContain(
      "Cannot open Service Control Manager on computer 'ServerC'",
    );
    expect(await words('Get-EventLog System -ComputerName nowhere')).toBe(
      'The network path was not found.',
    );
  });

  test('names and logs that nothing has', async () => {
    const { errors } = await type(alice, 'Get-Process nobody; Get-Service no*; Get-EventLog x');
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('Cannot find a process with the name "nobody"'),
      "The event log 'x' on computer '.' does not exist.",
    ]);
  });
});

describe('Get-WmiObject and Get-CimInstance', () => {
  const WINRM = `Win32_Service -Filter 'Name="winrm"'`;

  test('WinRM runs as NetworkService', async () => {
    const { text } = await type(alice, `Get-WmiObject ${WINRM} -ComputerName ServerC | fl *`);
    expect(text).toMatch(/StartName\s+: NT AUTHORITY\\NetworkService/u);
    const cim = await type(alice, `(Get-CimInstance ${WINRM}).StartName`);
    expect(cim.output).toEqual([String.raw`NT AUTHORITY\NetworkService`]);
    const view = await type(alice, `Get-WmiObject ${WINRM}`);
    expect(view.text).toMatch(/ExitCode\s+: 0\nName\s+: WinRM/u);
  });

  test('programs of the session: the broker of S4U does nothing for them', async () => {
    await domain.grant('ServerC', 'ServerB');
    const session = await arrive(domain, hosts.get('ServerB'), 'alice');
    const asked = domain.requests;
    const { errors } = await type(session, `Get-CimInstance ${WINRM} -ComputerName ServerC`);
    expect(errors).toMatchObject([{ message: 'Access is denied.', category: 'PermissionDenied' }]);
    expect(errors[0]?.inner?.join()).toContain('A specified logon session does not exist');
    expect(domain.requests).toBe(asked);
  });

  test('classes and queries that are not known', async () => {
    const { errors } = await type(alice, `gwmi Win32_Fan`);
    expect(errors[0]?.message).toBe('Invalid class "Win32_Fan"');
    const query = await type(alice, `gwmi Win32_Service -Filter 'Name or x'`);
    expect(query.errors[0]?.message).toContain('Invalid query');
  });

  test('filters', () => {
    const row = new PsObject({ properties: { Name: 'WinRM', State: 'Running' } });
    const fits = (text: string) => parseWql(text)?.(row);
    expect(fits('Name="winrm"')).toBe(true);
    expect(fits("Name like 'Win%' and State='Running'")).toBe(true);
    expect(fits("Name<>'WinRM'")).toBe(false);
    expect(fits("Name='x' AND State='Running'")).toBe(false);
    expect(parseWql('')).toBeUndefined();
    expect(parseWql('Name="a" and')).toBeUndefined();
    expect(parseWql('Name="a" Name="b"')).toBeUndefined();
  });
});

describe('hostname, whoami, klist', () => {
  test('who and where', async () => {
    expect((await type(alice, 'hostname; whoami')).output).toEqual([
      'ServerB',
      String.raw`contoso\alice`,
    ]);
    const groups = (await type(alice, 'whoami /groups')).output.map(toText);
    expect(groups).toContain('GROUP INFORMATION');
    expect(groups.join('\n')).toMatch(/BUILTIN\\Administrators\s+Alias\s+S-1-5-32-544 /u);
    expect(groups.join('\n')).toMatch(/CONTOSO\\Domain Users\s+Group\s+S-1-5-21-\d+/u);
    const user = (await type(alice, 'whoami /user')).output.map(toText).join('\n');
    expect(user).toMatch(/contoso\\alice S-1-5-21-/u);
    expect((await type(alice, 'whoami /x')).errors[0]?.message).toContain('"/x"');
  });

  test('own tickets, and those of SYSTEM for administrators', async () => {
    await type(alice, String.raw`Test-Path \\ServerC\C$`);
    const own = (await type(alice, 'klist')).output.map(toText).join('\n');
    expect(own).toContain('Server: cifs/ServerC @ CONTOSO.COM');
    expect((await type(alice, 'klist purge')).output.map(toText)).toContain('\tTicket(s) purged!');
    const none = (await type(alice, 'klist tickets')).output.map(toText).join('\n');
    expect(none).toContain('Cached Tickets: (0)');
    for (const line of ['klist -li 0x3e7', 'klist tickets -li 0x3e7', 'klist -li 3e7']) {
      const { output } = await type(alice, line);
      expect(output.map(toText).join('\n')).toContain('LogonId is 0:0x3e7 (SYSTEM)');
    }
    const sessions = (await type(alice, 'klist sessions')).output.map(toText).join('\n');
    expect(sessions).toContain('alice@CONTOSO.COM Kerberos:Interactive');
    hosts.get('ServerB').localGroups.removeAdministrator('alice');
    const user = await loggedOn('alice');
    expect((await type(user, 'klist -li 0x3e7')).errors[0]?.category).toBe('PermissionDenied');
    expect((await type(user, 'klist')).errors).toEqual([]);
  });
});

describe('Restart-Computer, Get-Date, Start-Sleep', () => {
  test('a restart of another computer clears what it remembers', async () => {
    const there = await arrive(domain, hosts.get('ServerC'), 'alice');
    const line = 'Restart-Computer ServerC -Wait -For WinRM -Force';
    const { errors, output } = await type(alice, line);
    expect([errors, output]).toEqual([[], []]);
    expect(there.isOpen).toBe(false);
    expect(alice.isOpen).toBe(true);
  });

  test('the restart of the middle clears its negative cache', async () => {
    const onC = await loggedOn('alice', 'ServerC');
    const middle = await arrive(domain, hosts.get('ServerB'), 'alice');
    const hop = String.raw`Test-Path \\ServerC\C$`;
    expect((await type(middle, hop)).output).toEqual([false]);
    await domain.grant('ServerC', 'ServerB');
    expect((await type(middle, hop)).output).toEqual([false]);
    expect((await type(onC, 'Restart-Computer -ComputerName ServerB')).errors).toEqual([]);
    const again = await arrive(domain, hosts.get('ServerB'), 'alice');
    expect((await type(again, hop)).output).toEqual([true]);
  });

  test('not for everybody, and not with -Wait for the own computer', async () => {
    hosts.get('ServerC').localGroups.removeAdministrator('alice');
    const { errors } = await type(alice, 'Restart-Computer ServerC');
    expect(errors[0]?.message).toMatch(/^Failed to restart the computer ServerC .*0x80070005/u);
    const own = await type(alice, 'Restart-Computer -Wait');
    expect(own.errors[0]?.errorId).toContain('CannotWaitLocalComputer');
    expect(alice.isOpen).toBe(true);
  });

  test('the time', async () => {
    const { output } = await type(alice, 'Get-Date -Format yyyy-MM-dd; Get-Date -Format s');
    expect(output).toEqual(['2026-03-02', '2026-03-02T10:00:00']);
    expect((await type(alice, 'Get-Date')).text).toContain('2026');
    expect((await type(alice, 'Start-Sleep -Milliseconds 1')).errors).toEqual([]);
    expect((await type(alice, 'Start-Sleep -Seconds -1')).errors[0]?.category).toBe('InvalidData');
  });
});

describe('Get-, Add-, Remove-LocalGroupMember', () => {
  test('the computer of a virtual account is let in, and out again', async () => {
    const onC = await loggedOn('alice', 'ServerC');
    const virtual = openVirtualSession(hosts.get('ServerB'), alice.identity);
    const hop = async () => (await type(virtual, String.raw`Test-Path \\ServerC\C$`)).output;
    expect(await hop()).toEqual([false]);
    const member = String.raw`-Group Administrators -Member 'CONTOSO\SERVERB$'`;
    expect((await type(onC, `Add-LocalGroupMember ${member}`)).errors).toEqual([]);
    expect(await hop()).toEqual([true]);
    const { text } = await type(onC, 'Get-LocalGroupMember Administrators');
    expect(text).toMatch(/User\s+CONTOSO\\SERVERB\$\s+ActiveDirectory/u);
    await type(onC, `Remove-LocalGroupMember ${member}`);
    expect(await hop()).toEqual([false]);
  });

  test('other groups, other people', async () => {
    const { errors } = await type(alice, 'Get-LocalGroupMember Guests');
    expect(errors[0]?.message).toBe('Group Guests was not found.');
    hosts.get('ServerB').localGroups.removeAdministrator('alice');
    const line = 'Add-LocalGroupMember Administrators alice';
    const denied = await type(await loggedOn('alice'), line);
    expect(denied.errors[0]?.category).toBe('PermissionDenied');
  });
});

test('paths of PowerShell, as the host sees them', () => {
  const shown = (text: string) => formatPath(hostPath(alice, text));
  expect(shown(String.raw`C:\a\..\b\.\c`)).toBe(String.raw`C:\b\c`);
  expect(shown('//ServerC/C$/x/')).toBe(String.raw`\\ServerC\C$\x`);
  expect(shown(String.raw`Microsoft.PowerShell.Core\FileSystem::\\ServerC\C$`)).toBe(
    String.raw`\\ServerC\C$`,
  );
  expect(shown(String.raw`\\localhost\C$`)).toBe(String.raw`\\ServerB\C$`);
  expect(shown(String.raw`..\x`)).toBe(String.raw`C:\Users\Public\x`);
  expect(hostPath(alice, String.raw`C:\a|b`).kind).toBe('impossible');
  expect(hostPath(alice, String.raw`\\ServerC`).kind).toBe('impossible');
  expect(hostPath(alice, String.raw`HKLM:\x`)).toEqual({ kind: 'no-drive', drive: 'HKLM' });
});
