// Commands that ask the person at the client's console (MS-PSRP 2.2.2.27, 2.2.3.17).
import { CommandFailure } from '@doublehop/powershell/commands/command';
import { SecureText } from '@doublehop/powershell/objects/value';
import type { RemoteHost } from '@doublehop/remoting/client/remote-session';
import { describe, expect, test } from 'vitest';
import { ask, testEndpoint } from './support/endpoint.ts';

function readHost(...args: readonly { name?: string; value: string | boolean }[]) {
  return {
    kind: 'commands',
    statements: [[{ name: 'Read-Host', isScript: false, args }]],
  } as const;
}

async function asking(person?: Omit<RemoteHost, 'width' | 'height'>) {
  const { open } = await testEndpoint();
  return open(person === undefined ? {} : { host: { width: 80, height: 25, ...person } });
}

describe('Read-Host in a remote session', () => {
  test('asks at the client, with its prompt, and goes on with the answer', async () => {
    const written: string[] = [];
    const session = await asking({
      write: (text) => void written.push(text),
      readLine: async () => 'Alice',
    });
    expect((await ask(session, readHost({ value: 'Your name' }))).output).toEqual(['Alice']);
    expect(written).toEqual(['Your name: ']);
    const script = { kind: 'script', text: "'<' + (Read-Host) + '>'" } as const;
    expect((await ask(session, script)).output).toEqual(['<Alice>']);
  });

  test('takes secrets as such', async () => {
    const session = await asking({ readSecret: async () => 'Passw0rd.alice' });
    const { output } = await ask(session, readHost({ name: 'AsSecureString', value: true }));
    const [secret] = output;
    expect(secret instanceof SecureText && secret.revealText()).toBe('Passw0rd.alice');
  });

  test('where nobody sits it says so, and where the client cannot ask it too', async () => {
    const nobody = await asking();
    await expect(ask(nobody, readHost())).rejects.toThrow('NonInteractive mode');
    const mute = await asking({ write: () => {} });
    const failure: unknown = await ask(mute, readHost()).catch((error: unknown) => error);
    expect(failure instanceof CommandFailure && failure.record.message).toContain(
      'nobody can be asked here',
    );
  });

  test('a stop while the person is asked ends the pipeline', async () => {
    const stop = new AbortController();
    const session = await asking({
      readLine: async () => {
        stop.abort(new Error('enough'));
        return 'too late';
      },
    });
    await expect(ask(session, readHost(), { signal: stop.signal })).rejects.toThrow('enough');
  });
});
