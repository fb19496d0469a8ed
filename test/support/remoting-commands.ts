// What a session of the tests' remoting endpoint can run.
import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import { type Command, failure } from '@doublehop/powershell/commands/command';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { customObject, PsObject, SecureText } from '@doublehop/powershell/objects/value';
import type { ShellOwner } from '@doublehop/remoting/wsman/shell-backend';

/** Who is in a session, and what came with the logon. */
export interface RemotingCaller extends ShellOwner {
  /** How the caller authenticated. */
  readonly by: 'ticket' | 'password' | 'certificate';
  /** The TGT that was forwarded. */
  readonly delegated?: Credentials;
}

export const remotingCommands: readonly Command<RemotingCaller>[] = [
  {
    name: 'whoami',
    synopsis: 'Who called.',
    parameters: [],
    run: async ({ session, streams }) => streams.output(session.name.toLowerCase()),
  },
  {
    name: 'Get-Logon',
    synopsis: 'What came with the logon.',
    parameters: [],
    run: async ({ session: { name, by, delegated }, streams }) => {
      const forwarded = delegated === undefined ? null : formatPrincipal(delegated.client);
      await streams.output(customObject({ Name: name, By: by, Forwarded: forwarded }));
    },
  },
  {
    name: 'Get-Everything',
    synopsis: 'Writes to every stream.',
    parameters: [],
    run: async ({ streams }) => {
      await streams.output(customObject({ Name: 'lsass', Id: 640 }));
      await streams.error(failure('went wrong', 'Wrong', 'ReadError', 'x').record);
      await streams.warning('careful');
      await streams.verbose('in detail');
      await streams.debug('in more detail');
      await streams.information('said', ['PSHOST']);
      await streams.progress({
        activity: 'Working',
        activityId: 1,
        statusDescription: 'half',
        percentComplete: 50,
        secondsRemaining: -1,
        completed: false,
      });
    },
  },
  {
    name: 'Get-Failure',
    synopsis: 'Ends with an error.',
    parameters: [],
    run: async () => {
      throw failure('it cannot be', 'Impossible', 'InvalidOperation', 'x');
    },
  },
  {
    name: 'Get-Endless',
    synopsis: 'Does not end by itself.',
    parameters: [],
    run: ({ streams, signal }) =>
      new Promise((_, reject) => {
        void streams.output('started');
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      }),
  },
  {
    name: 'Start-Sleep',
    synopsis: 'Waits.',
    parameters: [{ name: 'Milliseconds', type: 'int', position: 0 }],
    run: ({ bound, signal }) =>
      new Promise((resolve, reject) => {
        const timeout = setTimeout(resolve, Number(bound['Milliseconds']));
        const stop = (): void => {
          clearTimeout(timeout);
          reject(new Error('aborted'));
        };
        signal.addEventListener('abort', stop, { once: true });
      }),
  },
  {
    name: 'Get-Secret',
    synopsis: 'A password in capitals, so that it is seen to have come.',
    parameters: [
      { name: 'Credential', type: 'credential' },
      { name: 'Secret', type: 'object' },
    ],
    run: async ({ bound: { Credential: credential, Secret: given }, streams }) => {
      const found = credential instanceof PsObject ? credential.get('Password') : given;
      const text = found instanceof SecureText ? found.revealText() : 'none';
      await streams.output(text.toUpperCase());
      if (found instanceof SecureText) await streams.output(SecureText.of(`${text} back`));
    },
  },
  {
    name: 'Get-Bytes',
    synopsis: 'Many octets.',
    parameters: [
      { name: 'Count', type: 'int', position: 0 },
      { name: 'Size', type: 'int', position: 1 },
    ],
    run: async ({ bound, streams }) => {
      const block = new Uint8Array(Number(bound['Size'])).fill(7);
      for (let i = 0; i < Number(bound['Count']); i += 1) await streams.output(block);
    },
  },
  ...builtinCommands<RemotingCaller>(() => remotingCommands),
];
