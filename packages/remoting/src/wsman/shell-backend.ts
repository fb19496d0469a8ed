import type { CommandShellRequest } from '../winrs/shell-request.ts';
import type { OutputStream } from './output-queue.ts';

/** Who opened a shell: nobody else ever reaches it. */
export interface ShellOwner {
  /** `CONTOSO\alice`. */
  readonly name: string;
  readonly sid: string;
}

/** Where a shell puts its output. */
export interface ShellSink {
  /**
   * Output of a command, or of the shell itself. The promise, if there is one, resolves when the
   * client has caught up: who writes on without waiting fills the memory.
   */
  output(
    commandId: string | undefined,
    data: Uint8Array,
    name?: OutputStream,
  ): Promise<void> | undefined;
  /** A command has ended; its output was all given. */
  finished(commandId: string, exitCode?: number): void;
  /** The shell has ended by itself. */
  closed(): void;
}

/** What a shell does with the octets of its client: PSRP here, or a program that speaks it. */
export interface ShellBackend {
  /** Starts a command with its first octets. Throws RemotingError. */
  command(commandId: string, data: Uint8Array): Promise<void> | void;
  /** Starts a command of a command shell, which gets a line in place of octets. */
  commandLine?(commandId: string, line: string): Promise<void> | void;
  /**
   * More octets for a command or for the shell, of the priority stream or the usual one; `isEnd`:
   * no more will come.
   */
  send(
    stream: 'stdin' | 'pr',
    commandId: string | undefined,
    data: Uint8Array,
    isEnd: boolean,
  ): Promise<void> | void;
  /** Stops a command. It finishes when it has stopped. */
  stop(commandId: string): Promise<void> | void;
  /** A client connects again, with its opening octets; the answer goes back at once. */
  connect(data: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /** Ends everything and forgets every secret. */
  close(): Promise<void> | void;
}

/** What a client asks to open. */
export interface OpenShell<C extends ShellOwner> {
  readonly caller: C;
  readonly shellId: string;
  readonly resourceUri: string;
  /** `Microsoft.PowerShell`. */
  readonly configuration: string;
  readonly clientIp: string;
  /** Fragments of PSRP's opening messages. */
  readonly creation: Uint8Array;
  /** The option `protocolversion`, `2.3`; empty for a command shell. */
  readonly protocolVersion: string;
  /** Present where a command shell is asked for (WinRS): `configuration` is empty then. */
  readonly commandShell?: CommandShellRequest;
}

/**
 * Opens the shell of a configuration. Throws RemotingError with a fault: access denied, no such
 * configuration, no logon of its RunAs user.
 */
export type OpenBackend<C extends ShellOwner> = (
  request: OpenShell<C>,
  sink: ShellSink,
) => Promise<ShellBackend>;
