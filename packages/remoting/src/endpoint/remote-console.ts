import { CommandFailure, type CommandHost } from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import { type PsValue, SecureText } from '@doublehop/powershell/objects/value';
import { RemotingError } from '../errors.ts';
import type { HostInfo } from '../psrp/messages/host-info.ts';
import type { HostMethod, HostResponse } from '../psrp/messages/host-call.ts';
import type { ServerPipeline } from '../psrp/server-pipeline.ts';
import type { Outgoing } from '../psrp/wire.ts';

export interface RemoteConsoleOptions {
  readonly pipeline: ServerPipeline;
  readonly put: (outgoing: Outgoing) => Promise<void> | undefined;
  /** The pipeline's: nobody waits for an answer when it is stopped. */
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly resolve: (value: PsValue) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The console of the person who called, as commands of one pipeline have it: what they ask goes to
 * the client as host calls (MS-PSRP 2.2.2.27), and its answers come back.
 */
export class RemoteConsole implements CommandHost {
  readonly #options: RemoteConsoleOptions;
  readonly #waiting = new Map<bigint, Waiting>();

  constructor(options: RemoteConsoleOptions) {
    this.#options = options;
    const { signal } = options;
    const stop = (): void => {
      for (const { reject } of this.#waiting.values()) reject(signal.reason);
      this.#waiting.clear();
    };
    signal.addEventListener('abort', stop, { once: true });
  }

  /** Takes the client's answer; one to nothing that was asked is for nobody. */
  answer({ callId, result, error }: HostResponse): void {
    const waiting = this.#waiting.get(callId);
    this.#waiting.delete(callId);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new CommandFailure(error));
  }

  async write(text: string): Promise<void> {
    const { pipeline, put } = this.#options;
    await put(pipeline.hostCall('Write1', [text]).send);
  }

  async readLine(): Promise<string> {
    return toText(await this.#ask('ReadLine'));
  }

  /** Before it answers, the client sees to the exchange of keys (MS-PSRP 3.1.5.3.11). */
  async readSecret(): Promise<SecureText> {
    const secret = await this.#ask('ReadLineAsSecureString');
    if (secret instanceof SecureText) return secret;
    throw new RemotingError('psrp', 'the client answers with something else than a secret');
  }

  async #ask(method: HostMethod): Promise<PsValue> {
    const { pipeline, put, signal } = this.#options;
    signal.throwIfAborted();
    const { callId, send } = pipeline.hostCall(method, []);
    const { promise, resolve, reject } = Promise.withResolvers<PsValue>();
    this.#waiting.set(callId, { resolve, reject });
    await put(send);
    return promise;
  }
}

/** Whether a person can be asked: a pipeline has a host of its own, or the pool's. */
export function hasPerson(pipeline: HostInfo, pool: HostInfo | undefined): boolean {
  const { isHostNull, isUiNull } = pipeline.useRunspaceHost ? (pool ?? pipeline) : pipeline;
  return !isHostNull && !isUiNull;
}
