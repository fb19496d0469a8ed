// Command shells (WinRS, MS-WSMV 3.1.4.5 to 3.1.4.14): lines for cmd.exe whose programs are typed
// commands.
import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import { asList } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { RemotingError } from '@doublehop/remoting/errors';
import { CommandBackend } from '@doublehop/remoting/winrs/command-backend';
import { expandVariables, parseCommandLine, wordsOf } from '@doublehop/remoting/winrs/command-line';
import { readCommandShell } from '@doublehop/remoting/winrs/shell-request';
import { Action, COMMAND_SHELL_RESOURCE } from '@doublehop/remoting/wsman/names';
import { readRequest, writeRequest } from '@doublehop/remoting/wsman/request';
import { element } from '@doublehop/remoting/xml/write';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMMANDS, type TestSession } from './support/endpoint.ts';

const ID = '7B0E0C0A-0000-4000-8000-00000000000C';

const echoWords: Command<TestSession> = {
  name: 'words',
  synopsis: 'Puts out its words, one a line.',
  parameters: [{ name: 'Words', type: 'object', many: true, position: 0, remaining: true }],
  run: async ({ bound, streams }) => {
    for (const word of asList(bound['Words'] ?? null)) await streams.output(`<${toText(word)}>`);
  },
};

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

function shell(environment: Readonly<Record<string, string>> = {}) {
  const commands: readonly Command<TestSession>[] = [
    ...COMMANDS,
    echoWords,
    ...builtinCommands<TestSession>(() => commands),
  ];
  const log: string[] = [];
  const text = { stdout: '', stderr: '' };
  let isClosed = false;
  const end = Promise.withResolvers<Ended>();
  const backend = new CommandBackend<TestSession>({
    session: {
      session: { user: 'contoso\\alice' },
      commands,
      languageMode: 'Restricted',
      environment: (name) => (name === 'COMPUTERNAME' ? 'SERVERB' : undefined),
      close: () => {
        isClosed = true;
      },
    },
    request: { environment: new Map(Object.entries(environment)), workingDirectory: undefined },
    sink: {
      output: (_, data, name = 'stdout') => {
        text[name] += fromUtf8(data);
        return undefined;
      },
      finished: (_, code) => end.resolve({ ...text, code }),
      closed: () => {},
    },
    log: (line) => log.push(line),
  });
  const run = async (line: string): Promise<Ended> => {
    backend.commandLine(ID, line);
    return end.promise;
  };
  return { backend, run, log, isClosed: () => isClosed, ended: end.promise };
}

const base64 = (script: string): string => Buffer.from(script, 'utf16le').toString('base64');

describe('lines', () => {
  test.each([
    ['hostname', 'echo hi', 'hi\r\n', '', 0],
    ['cmd /c', 'cmd.exe /c echo hi', 'hi\r\n', '', 0],
    // As cmd.exe has it: the space before the operator is echoed too.
    ['operators', 'cmd /c echo out && echo err>&2 && exit 1', 'out \r\n', 'err \r\n', 1],
    ['what failed', 'nothing || echo no', 'no\r\n', /'nothing' is not recognized/u, 0],
    ['what came after it', 'nothing && echo no', '', /operable program or batch file/u, 1],
    ['nowhere', 'echo hi >nul & echo ho', 'ho\r\n', '', 0],
    ['quotes and carets', 'echo "a & b" ^& c', '"a & b" & c\r\n', '', 0],
    ['variables', 'echo %ComputerName% %none%', 'SERVERB %none%\r\n', '', 0],
    ['a program', 'whoami.exe', 'contoso\\alice\r\n', '', 0],
    ['by its path', 'C:\\Windows\\System32\\whoami.exe', 'contoso\\alice\r\n', '', 0],
    ['words', 'words /a "b c" -li 0x3e7', '</a>\r\n<b c>\r\n<-li>\r\n<0x3e7>\r\n', '', 0],
    ['no cmdlets', 'Get-Failure', '', /'get-failure' is not recognized/u, 1],
    ['no files', 'echo hi > C:\\x', '', /no pipes and no files/u, 1],
    ['no pipes', 'whoami | words', '', /no pipes/u, 1],
    ['exit', 'exit 7 & echo no', '', '', 7],
  ])('%s', async (_, line, stdout, stderr, code) => {
    const ended = await shell().run(line);
    expect([ended.stdout, ended.code]).toEqual([stdout, code]);
    expect(ended.stderr).toMatch(stderr);
  });

  test('set shows the client’s variables over the computer’s', async () => {
    const odd = '_-(){}[]<>*+-/\\?"';
    const { stdout } = await shell({ [odd]: odd, computername: 'MINE' }).run('set');
    expect(stdout).toBe(`COMPUTERNAME=SERVERB\r\n${odd}=${odd}\r\ncomputername=MINE\r\n`);
    expect((await shell({ a1: 'x', b: 'y' }).run('set a')).stdout).toBe('a1=x\r\n');
    expect((await shell().run('set a=1 & set a & echo done')).stdout).toMatch(/^a=1/u);
  });

  test('whatever the line, it is taken apart or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        const steps = () => parseCommandLine(expandVariables(line, () => 'x'));
        try {
          expect(steps().length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(RemotingError);
        }
        expect(wordsOf(line).every((word) => !word.includes('"'))).toBe(true);
      }),
    );
  });
});

describe('PowerShell', () => {
  test.each([
    ['encoded', `powershell -NoProfile -EncodedCommand ${base64("Write-Output 'ä'")}`, 'ä\r\n', 0],
    ['as text', 'powershell.exe -ExecutionPolicy Bypass -Command whoami', 'contoso\\alice\r\n', 0],
    ['for the host', 'powershell Write-Host こんにちは', 'こんにちは\n', 0],
    ['as a table', 'powershell -c Get-Everything', /Name\s+Id\r\n.*lsass 640/su, 1],
  ])('%s', async (_, line, stdout, code) => {
    const ended = await shell().run(line);
    expect(ended.stdout).toMatch(stdout);
    expect(ended.code).toBe(code);
  });

  test('from standard input, when it has ended', async () => {
    const { run, backend } = shell();
    const ended = run('powershell -');
    backend.send('stdin', ID, utf8('Write-Host "one";'), false);
    backend.send('stdin', ID, utf8('Write-Host "two"'), true);
    expect((await ended).stdout).toBe('one\ntwo\n');
  });

  test('in the session’s language, with its errors on stderr', async () => {
    const refused = await shell().run(`powershell -enc ${base64('$x = 1')}`);
    expect(refused.stderr).toContain('not allowed in restricted language mode');
    expect(refused.code).toBe(1);
    const failed = await shell().run('powershell Get-Failure');
    expect([failed.stdout, failed.code]).toEqual(['', 1]);
    expect(failed.stderr).toMatch(/it cannot be\r\n.*FullyQualifiedErrorId : Impossible/su);
    const other = await shell().run('powershell -File x.ps1');
    expect(other.stderr).toContain('-File is not supported');
  });

  test('defects say nothing of themselves', async () => {
    const { run, log } = shell();
    const { stderr, code } = await run('powershell Get-Bug');
    expect([stderr.includes('internal detail'), code]).toEqual([false, 1]);
    expect(log).toEqual(['TypeError: internal detail']);
  });
});

describe('a shell', () => {
  test('stops what runs, and ends with the session', async () => {
    const one = shell();
    one.backend.commandLine(ID, 'powershell Get-Endless');
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    one.backend.stop(ID);
    expect((await one.ended).code).toBe(-1_073_741_510);
    const other = shell();
    other.backend.commandLine(ID, 'powershell -');
    await other.backend.close();
    expect(other.isClosed()).toBe(true);
  });

  test('that is closed logs off, whether its command heeds the signal or not', async () => {
    const deaf: Command<TestSession> = {
      name: 'deaf',
      synopsis: 'Hears nothing.',
      parameters: [],
      run: () => new Promise(() => {}),
    };
    let give: (() => void) | undefined;
    let closed = 0;
    const backend = new CommandBackend<TestSession>({
      session: {
        session: { user: 'alice' },
        commands: [deaf],
        languageMode: 'None',
        close: () => {
          closed += 1;
        },
      },
      request: { environment: new Map(), workingDirectory: undefined },
      sink: { output: () => undefined, finished: () => {}, closed: () => {} },
      timer: (milliseconds, act) => {
        expect(milliseconds).toBe(10_000);
        give = act;
        return () => {};
      },
      log: () => {},
    });
    backend.commandLine(ID, 'deaf');
    const closing = backend.close();
    expect(closed).toBe(0);
    give?.();
    await closing;
    expect(closed).toBe(1);
  });

  test('has an environment and a folder of its own, bounded', () => {
    const variable = (name: string) => element('rsp:Variable', { Name: name }, 'v');
    const request = (...names: string[]) =>
      readRequest(
        writeRequest({
          action: Action.CREATE,
          messageId: 'uuid:1',
          resourceUri: COMMAND_SHELL_RESOURCE,
          to: 'http://b/wsman',
          body: element(
            'rsp:Shell',
            {},
            element('rsp:Environment', {}, ...names.map(variable)),
            element('rsp:WorkingDirectory', {}, 'C:\\Windows'),
          ),
        }),
      );
    expect(readCommandShell(request('a', 'b'))).toEqual({
      environment: new Map([
        ['a', 'v'],
        ['b', 'v'],
      ]),
      workingDirectory: 'C:\\Windows',
    });
    const many = Array.from({ length: 1025 }, (_, i) => `v${i}`);
    expect(() => readCommandShell(request(...many))).toThrow('1024 variables at most');
  });
});
