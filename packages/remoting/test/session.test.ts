import { type Command, CommandFailure } from '@doublehop/powershell/commands/command';
import { usingKey } from '@doublehop/powershell/language/using';
import {
  customObject,
  PsDictionary,
  PsObject,
  type PsValue,
  SecureText,
} from '@doublehop/powershell/objects/value';
import type { RemoteRequest } from '@doublehop/remoting/client/remote-session';
import { describe, expect, test } from 'vitest';
import { ask, COMMANDS, testEndpoint, type TestSession } from './support/endpoint.ts';

const commands = (...names: (readonly [string, ...PsValue[]])[]): RemoteRequest => ({
  kind: 'commands',
  statements: [
    names.map(([name, ...values]) => ({
      name,
      isScript: false,
      args: values.map((value) => ({ value })),
    })),
  ],
});

const script = (text: string): RemoteRequest => ({ kind: 'script', text });

async function refusal(promise: Promise<unknown>): Promise<CommandFailure['record']> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CommandFailure) return error.record;
  throw new Error(`no refusal: ${String(error)}`);
}

describe('a session, over HTTP with Kerberos', () => {
  test('runs commands as its user, one after the other', async () => {
    const { open } = await testEndpoint();
    const session = await open();
    const answers = await Promise.all([
      ask(session, commands(['whoami'])),
      ask(session, commands(['Write-Output', [3, 1, 2]], ['Sort-Object'])),
    ]);
    expect(answers.map(({ output }) => output)).toEqual([['alice@CONTOSO.COM'], [1, 2, 3]]);
    const table = session.applicationData.get('PSVersionTable');
    expect(table instanceof PsDictionary && table.has('PSRemotingProtocolVersion')).toBe(true);
  });

  test('every stream comes through', async () => {
    const { open } = await testEndpoint();
    const { output, other } = await ask(await open(), commands(['Get-Everything']));
    expect(output).toHaveLength(1);
    expect(output[0] instanceof PsObject && output[0].get('Id')).toBe(640);
    expect(other).toEqual([
      'error went wrong of ServerB',
      'warning careful',
      'information said',
      'progress Working 50',
    ]);
  });

  test('scripts, their variables, and values of $using:', async () => {
    const { open } = await testEndpoint();
    const session = await open();
    await ask(session, script('$x = 20 + 1'));
    const using = new PsDictionary([[usingKey('$using:y'), 2]]);
    const { output } = await ask(session, { kind: 'script', text: '$x * $using:y', using });
    expect(output).toEqual([42]);
  });

  test('errors end a command, and not the session', async () => {
    const log: string[] = [];
    const { open } = await testEndpoint(log);
    const session = await open();
    expect(await refusal(ask(session, commands(['Get-Failure'])))).toMatchObject({
      message: 'it cannot be',
      errorId: 'Impossible',
      category: 'InvalidOperation',
      computer: 'ServerB',
    });
    expect((await refusal(ask(session, commands(['Get-None'])))).errorId).toBe(
      'CommandNotFoundException',
    );
    const bug = await refusal(ask(session, commands(['Get-Bug'])));
    expect(bug.message).not.toContain('internal detail');
    expect(log.join('\n')).toContain('internal detail');
    expect((await ask(session, commands(['whoami']))).output).toHaveLength(1);
  });

  test('objects go in while others come out', async () => {
    const { open } = await testEndpoint();
    async function* numbers(): AsyncGenerator<PsValue> {
      for (let i = 0; i < 100; i += 1) yield i;
    }
    const select: RemoteRequest = {
      kind: 'commands',
      statements: [
        [{ name: 'Select-Object', isScript: false, args: [{ name: 'Last', value: 2 }] }],
      ],
    };
    expect((await ask(await open(), select, { input: numbers() })).output).toEqual([98, 99]);
  });

  test('a name with its value after it is bound over there', async () => {
    const { open } = await testEndpoint();
    const first: RemoteRequest = {
      kind: 'commands',
      statements: [
        [
          { name: 'Write-Output', isScript: false, args: [{ value: [1, 2, 3] }] },
          { name: 'Select-Object', isScript: false, args: [{ name: 'First' }, { value: 2 }] },
        ],
      ],
    };
    expect((await ask(await open(), first)).output).toEqual([1, 2]);
  });

  test('a stop stops, and the session goes on', async () => {
    const { open } = await testEndpoint();
    const session = await open();
    const abort = new AbortController();
    const running = ask(session, commands(['Get-Endless']), {
      signal: abort.signal,
      onOutput: () => abort.abort(new Error('Ctrl-C')),
    });
    await expect(running).rejects.toThrow('Ctrl-C');
    expect((await ask(session, commands(['whoami']))).output).toHaveLength(1);
  });

  test('a password goes sealed by keys that are exchanged first', async () => {
    const { open } = await testEndpoint();
    const session = await open();
    const credential = customObject({ UserName: 'alice', Password: SecureText.of('geheim') });
    expect((await ask(session, commands(['Get-Secret', credential]))).output).toEqual([6]);
    const using = new PsDictionary([[usingKey('$using:cred'), credential]]);
    const text = 'Get-Secret $using:cred';
    expect((await ask(session, { kind: 'script', text, using })).output).toEqual([6]);
  });

  test('much output comes whole', async () => {
    const { open } = await testEndpoint();
    const { output } = await ask(await open(), commands(['Get-Bytes', 20, 200_000]));
    expect(output.map((one) => (one instanceof Uint8Array ? one.length : 0))).toEqual(
      Array.from({ length: 20 }, () => 200_000),
    );
  });

  test('a large request goes in pieces', async () => {
    const { open } = await testEndpoint();
    const text = 'ü'.repeat(300_000);
    expect((await ask(await open(), commands(['Write-Output', text]))).output).toEqual([text]);
  });
});

describe('a session with several runspaces (MS-PSRP 2.2.2.2)', () => {
  test('runs as many requests at once, each runspace with its own variables', async () => {
    const { open } = await testEndpoint();
    const session = await open({ runspaces: 2 });
    const stops = [new AbortController(), new AbortController()];
    const endless = stops.map((stop) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const run = ask(session, commands(['Get-Endless']), {
        signal: stop.signal,
        onOutput: () => resolve(),
      });
      return { promise, run };
    });
    // Both say that they have started, which one after the other they could not.
    await Promise.all(endless.map(({ promise }) => promise));
    const third = ask(session, commands(['whoami']));
    for (const stop of stops) stop.abort(new Error('enough'));
    for (const { run } of endless) await expect(run).rejects.toThrow('enough');
    expect((await third).output).toEqual(['alice@CONTOSO.COM']);
  });

  test('secrets of requests at once, by one exchange of keys', async () => {
    const { open } = await testEndpoint();
    const session = await open({ runspaces: 4 });
    const credential = (): PsObject =>
      customObject({ UserName: 'bob', Password: SecureText.of('secret') });
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => ask(session, commands(['Get-Secret', credential()]))),
    );
    expect(answers.map(({ output }) => output)).toEqual([[6], [6], [6], [6]]);
  });
});

describe('a reader that fails', () => {
  test('ends the command over there, and not the session', async () => {
    const seen: string[] = [];
    const watched: Command<TestSession> = {
      name: 'Get-Watched',
      synopsis: 'Says when it is stopped.',
      parameters: [],
      run: ({ streams, signal }) =>
        new Promise((_, reject) => {
          void streams.output('x');
          const stopped = (): void => {
            seen.push('stopped');
            reject(new Error('stopped'));
          };
          signal.addEventListener('abort', stopped, { once: true });
        }),
    };
    const configuration = {
      name: 'Watched',
      open: async () => ({
        session: { user: 'x' },
        commands: [watched, ...COMMANDS],
        languageMode: 'None' as const,
        close: () => {},
      }),
    };
    const { open } = await testEndpoint([], [configuration]);
    const session = await open({ configuration: 'Watched' });
    const failing = (): void => {
      throw new TypeError('full');
    };
    await expect(ask(session, commands(['Get-Watched']), { onOutput: failing })).rejects.toThrow(
      'full',
    );
    expect((await ask(session, commands(['whoami']))).output).toEqual(['x']);
    await expect.poll(() => seen).toEqual(['stopped']);
  });

  test('may be behind: what comes meanwhile is not lost', async () => {
    const { open } = await testEndpoint();
    const session = await open();
    let size = 0;
    await ask(session, commands(['Get-Bytes', 60, 65_536]), {
      onOutput: (value) => {
        if (value instanceof Uint8Array) size += value.length;
      },
    });
    expect(size).toBe(60 * 65_536);
    const failing = (): void => {
      throw new TypeError('full');
    };
    const much = commands(['Get-Bytes', 60, 65_536]);
    await expect(ask(session, much, { onOutput: failing })).rejects.toThrow('full');
    expect((await ask(session, commands(['whoami']))).output).toHaveLength(1);
  });
});

describe('sessions that are left', () => {
  test('are taken up by another client, with their variables', async () => {
    const { open, endpoint } = await testEndpoint();
    const first = await open();
    await ask(first, script('$kept = 7'));
    await first.disconnect();
    await first.reconnect();
    expect((await ask(first, script('$kept'))).output).toEqual([7]);
    await first.disconnect(60_000);
    const second = await open({ shellId: first.shellId });
    expect((await ask(second, script('$kept'))).output).toEqual([7]);
    expect(endpoint.shells).toBe(1);
  });

  test('that were closed say so', async () => {
    const { open, closed } = await testEndpoint();
    const first = await open();
    const second = await open({ shellId: first.shellId });
    await second.close();
    expect(closed).toEqual(['Microsoft.PowerShell']);
    await expect(ask(first, commands(['whoami']))).rejects.toMatchObject({
      code: 'closed',
      message: expect.stringContaining('the session on ServerB is no more'),
    });
  });
});

describe('session configurations', () => {
  test('without language: commands, and no script', async () => {
    const { open } = await testEndpoint();
    const session = await open({ configuration: 'JEA' });
    expect((await ask(session, commands(['whoami']))).output).toHaveLength(1);
    expect(await refusal(ask(session, script('whoami')))).toMatchObject({
      errorId: 'ScriptsNotAllowed',
      category: 'ParserError',
    });
  });

  test('that the user may not open, and that are not there', async () => {
    const { open } = await testEndpoint();
    await expect(open({ configuration: 'Closed' })).rejects.toThrow('Access is denied');
    await expect(open({ configuration: 'None' })).rejects.toThrow('no session configuration');
  });
});
