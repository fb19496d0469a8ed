import type { Invocation } from '@doublehop/powershell/commands/command';
import type { PsValue } from '@doublehop/powershell/objects/value';
import type { RemoteSessions } from './remote-sessions.ts';
import type { AskPassword } from './target.ts';

/** What the commands of remoting work with: one for each console, or session that has them. */
export interface RemotingState {
  readonly sessions: RemoteSessions;
  /** The caller's variables, for `$using:`. */
  readonly variables: (name: string) => PsValue | undefined;
  /**
   * The password of a user, from a prompt or from a file; undefined: nobody can be asked. Never an
   * argument: those are in the list of processes and in transcripts.
   */
  readonly askPassword: AskPassword;
  /** The name for `.` and `localhost`. */
  readonly computer: string;
  /** Who the service of a computer says it is, without anybody authenticating (Test-WSMan). */
  readonly identify: (computer: string, options: IdentifyOptions) => Promise<Identity>;
}

export interface IdentifyOptions {
  readonly useSsl: boolean;
  readonly port?: number;
}

/** IdentifyResponse (MS-WSMV 3.1.4.1.16). */
export interface Identity {
  readonly protocolVersion: string;
  readonly productVendor: string;
  readonly productVersion: string;
}

export type RemotingRun = Invocation<RemotingState>;
