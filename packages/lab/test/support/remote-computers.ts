// Computers that are not there: sessions on them that do what the test says.
import type { CommandStreams } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { parseScript } from '@doublehop/powershell/language/parse';
import { PsDictionary, type PsValue, SecureText } from '@doublehop/powershell/objects/value';
import type { RemoteRequest, RemoteRunOptions } from '@doublehop/remoting/client/remote-session';
import { type Console, createConsole } from '../../src/console/console.ts';
import type { RemoteTarget } from '../../src/console/target.ts';

/** What a computer does with a request. */
export type Answer = (request: RemoteRequest, options: RemoteRunOptions) => Promise<void>;

/** A console, the computers that it can reach, and what was done with them. */
export class Bench {
  readonly asked: RemoteTarget[] = [];
  readonly requests: RemoteRequest[] = [];
  /** Sessions that are open, and the most there were at once. */
  open = 0;
  most = 0;
  readonly console: Console;
  readonly output: PsValue[] = [];
  readonly errors: ErrorRecord[] = [];
  readonly progress: string[] = [];
  answer: Answer = async (_, { streams }) => {
    await streams.output('done');
  };
  /** What `connect` throws for a computer. */
  readonly unreachable = new Map<string, Error>();

  constructor(passwords: Readonly<Record<string, string>> = {}) {
    this.console = createConsole({
      computer: 'ServerA',
      connect: (target) => this.#connect(target),
      identify: async () => ({
        protocolVersion: 'wsman.xsd',
        productVendor: 'somebody',
        productVersion: '1',
      }),
      askPassword: async (user) => {
        const password = passwords[user];
        return password === undefined ? undefined : SecureText.of(password);
      },
      commands: [],
      session: undefined,
      views: [],
      environment: (name) => (name === 'COMPUTERNAME' ? 'SERVERA' : undefined),
      width: 80,
    });
  }

  /** Runs a script; gives what it put out. */
  async run(text: string, signal = new AbortController().signal): Promise<readonly PsValue[]> {
    const start = this.output.length;
    await this.console.run(parseScript(text, 'test.ps1'), this.#streams(), signal);
    return this.output.slice(start);
  }

  async #connect(target: RemoteTarget) {
    this.asked.push(target);
    const error = this.unreachable.get(target.computer);
    if (error !== undefined) throw error;
    this.open += 1;
    this.most = Math.max(this.most, this.open);
    const { computer } = target;
    const number = String(this.asked.length).padStart(12, '0');
    return {
      computer,
      shellId: `AAAAAAAA-0000-0000-0000-${number}`,
      applicationData: new PsDictionary(),
      run: async (request: RemoteRequest, options: RemoteRunOptions) => {
        this.requests.push(request);
        await this.answer(request, options);
      },
      disconnect: async () => undefined,
      reconnect: async () => undefined,
      close: async () => {
        this.open -= 1;
      },
    };
  }

  #streams(): CommandStreams {
    const nothing = (): void => {};
    return {
      output: (value) => void this.output.push(value),
      error: (record) => void this.errors.push(record),
      warning: nothing,
      verbose: nothing,
      debug: nothing,
      information: nothing,
      progress: ({ statusDescription }) => void this.progress.push(statusDescription),
    };
  }
}
