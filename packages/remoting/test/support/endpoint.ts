import type { AddressInfo } from 'node:net';
import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import { type Command, failure } from '@doublehop/powershell/commands/command';
import type { LanguageMode } from '@doublehop/powershell/language/interpreter';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { toText } from '@doublehop/powershell/objects/text';
import {
  customObject,
  PsObject,
  type PsValue,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { connect, type ConnectOptions } from '@doublehop/remoting/client/connect';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';
import { createEndpoint, type Endpoint } from '@doublehop/remoting/endpoint/endpoint';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import { gssClientScheme, gssServerSchemes } from '@doublehop/remoting/http/gss-scheme';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import { accessDenied } from '@doublehop/remoting/wsman/faults';
import type { Timer } from '@doublehop/remoting/wsman/output-queue';
import type { ShellOwner } from '@doublehop/remoting/wsman/shell-backend';
import { onTestFinished } from 'vitest';
import { clock, random, testService } from './tickets.ts';

/** What the commands of the tests' endpoint know: who called. */
export interface TestSession {
  readonly user: string;
}

export const timer: Timer = (milliseconds, act) => {
  const timeout = setTimeout(act, milliseconds);
  return () => clearTimeout(timeout);
};

export const COMMANDS: readonly Command<TestSession>[] = [
  {
    name: 'whoami',
    synopsis: 'Who called.',
    parameters: [],
    run: async ({ session, streams }) => streams.output(session.user),
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
      throw failure('it cannot be', 'Impossible', 'InvalidOperation');
    },
  },
  {
    name: 'Get-Bug',
    synopsis: 'Fails in a way nobody thought of.',
    parameters: [],
    run: async () => {
      throw new TypeError('internal detail');
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
    name: 'Get-Secret',
    synopsis: 'How long the password of a credential is.',
    parameters: [{ name: 'Credential', type: 'credential', position: 0 }],
    run: async ({ bound, streams }) => {
      const { Credential: credential } = bound;
      const password = credential instanceof PsObject ? credential.get('Password') : undefined;
      const length = password instanceof SecureText ? password.revealText().length : -1;
      await streams.output(length);
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
      const block = new Uint8Array(Number(bound['Size']));
      for (let i = 0; i < Number(bound['Count']); i += 1) await streams.output(block);
    },
  },
];

/**
 * An endpoint on a port of its own with the configurations `Microsoft.PowerShell`, `JEA` and what
 * else is given.
 */
export async function testEndpoint(
  log: string[] = [],
  others: readonly EndpointConfiguration<ShellOwner, TestSession>[] = [],
): Promise<{
  readonly endpoint: Endpoint;
  readonly url: URL;
  readonly closed: string[];
  readonly open: (more?: Partial<ConnectOptions>) => Promise<RemoteSession>;
}> {
  const service = testService();
  const closed: string[] = [];
  const commands: readonly Command<TestSession>[] = [
    ...COMMANDS,
    ...builtinCommands<TestSession>(() => commands),
  ];
  const configuration = (name: string, languageMode: LanguageMode) => ({
    name,
    open: async ({ caller }: { caller: ShellOwner }) => {
      if (name === 'Closed') throw accessDenied();
      return {
        session: { user: caller.name },
        commands,
        languageMode,
        close: () => void closed.push(name),
      };
    },
  });
  const modes = new Map<string, LanguageMode>([
    ['microsoft.powershell', 'FullSubset'],
    ['jea', 'None'],
    ['closed', 'None'],
  ]);
  const endpoint = createEndpoint<ShellOwner, TestSession>({
    schemes: gssServerSchemes({
      acceptor: service.acceptor,
      bindingPolicy: 'ignore-if-absent',
      authorize: ({ peer }) => ({ name: formatPrincipal(peer), sid: 'S-1-5-21-1-2-3-1104' }),
    }),
    configuration: (name) => {
      const given = others.find((one) => one.name.toLowerCase() === name.toLowerCase());
      if (given !== undefined) return given;
      const mode = modes.get(name.toLowerCase());
      return mode === undefined ? undefined : configuration(name, mode);
    },
    machine: 'serverb',
    clock,
    timer,
    random,
    newId: () => newGuid(random).toUpperCase(),
    product: { vendor: 'doublehop', version: 'test' },
    log: (line) => log.push(line),
  });
  await new Promise<void>((resolve) => {
    endpoint.http.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => endpoint.close());
  const { port } = endpoint.http.address() as AddressInfo; // it listens on TCP
  const url = new URL(`http://127.0.0.1:${port}/wsman`);
  const scheme = gssClientScheme('Negotiate', { getServiceTicket: service.ticket, clock, random });
  const open = async (more: Partial<ConnectOptions> = {}): Promise<RemoteSession> => {
    const session = await connect({ computer: 'ServerB', url, scheme, random, ...more });
    onTestFinished(async () => session.close().catch(() => undefined));
    return session;
  };
  return { endpoint, url, closed, open };
}

/** Everything that a remote request wrote. */
export interface Heard {
  readonly output: PsValue[];
  readonly other: string[];
}

/** Runs a request and gives what it wrote; `signal` and `input` as of the session's `run`. */
export async function ask(
  session: RemoteSession,
  request: Parameters<RemoteSession['run']>[0],
  more: Partial<Parameters<RemoteSession['run']>[1]> & { onOutput?: (value: PsValue) => void } = {},
): Promise<Heard> {
  const heard: Heard = { output: [], other: [] };
  const { onOutput, ...rest } = more;
  await session.run(request, {
    signal: new AbortController().signal,
    ...rest,
    streams: {
      output: (value) => {
        heard.output.push(value);
        onOutput?.(value);
      },
      error: ({ message, computer }) => void heard.other.push(`error ${message} of ${computer}`),
      warning: (text) => void heard.other.push(`warning ${text}`),
      verbose: (text) => void heard.other.push(`verbose ${text}`),
      debug: (text) => void heard.other.push(`debug ${text}`),
      information: (value) => void heard.other.push(`information ${toText(value)}`),
      progress: ({ activity, percentComplete }) =>
        void heard.other.push(`progress ${activity} ${percentComplete}`),
    },
  });
  return heard;
}
