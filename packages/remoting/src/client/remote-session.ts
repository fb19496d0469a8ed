import type { CommandStreams, PipelineCall } from '@doublehop/powershell/commands/command';
import type { PsDictionary, PsValue } from '@doublehop/powershell/objects/value';

/** What a client asks a remote session to run. */
export type RemoteRequest =
  /** Commands with finished arguments: statements, each a pipeline. */
  | { readonly kind: 'commands'; readonly statements: readonly PipelineCall[] }
  /** A script, with the values of its `$using:` expressions (`usingValues`). */
  | { readonly kind: 'script'; readonly text: string; readonly using?: PsDictionary };

/** What a request runs with on this side. */
export interface RemoteRunOptions {
  readonly streams: CommandStreams;
  /** Aborting stops the remote pipeline and waits until it has stopped. */
  readonly signal: AbortSignal;
  /** Objects that go into the pipeline. */
  readonly input?: AsyncIterable<PsValue>;
}

/** A session on another computer: a runspace pool. */
export interface RemoteSession {
  /** Name of the computer as it was asked for. */
  readonly computer: string;
  readonly shellId: string;
  /** What the endpoint says of itself: `PSVersionTable` and more. */
  readonly applicationData: PsDictionary;
  /**
   * Runs a request; requests of a session run one after the other, or as many at once as it has
   * runspaces. Throws CommandFailure when it
   * ends with an error over there, RemotingError when the connection or the session fails, and the
   * signal's reason after a stop.
   */
  run(request: RemoteRequest, options: RemoteRunOptions): Promise<void>;
  /** Leaves the session running on the server; `reconnect` takes it up again. */
  disconnect(idleTimeout?: number): Promise<void>;
  reconnect(): Promise<void>;
  /** Closes it, here and there. */
  close(): Promise<void>;
}

/** What a remote command may ask of the person at this console (MS-PSRP 2.2.6). */
export interface RemoteHost {
  readonly width: number;
  readonly height: number;
  /** Absent: nobody is there to be asked, and such calls fail over there. */
  readLine?(): Promise<string>;
  readSecret?(prompt: string): Promise<string>;
  write?(text: string): void;
}
