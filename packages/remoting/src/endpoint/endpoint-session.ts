import type { Command, CommandStreams, PipelineCall } from '@doublehop/powershell/commands/command';
import type { View } from '@doublehop/powershell/format/view';
import type { LanguageMode } from '@doublehop/powershell/language/interpreter';
import type { PsValue } from '@doublehop/powershell/objects/value';
import type { ShellBackend, ShellOwner, ShellSink } from '../wsman/shell-backend.ts';

/** What one user may do in one session of an endpoint. */
export interface EndpointSession<S> {
  /** Given to every command that runs. */
  readonly session: S;
  /** The commands that exist for this user: nothing else does. */
  readonly commands: readonly Command<S>[];
  readonly languageMode: LanguageMode;
  /** Commands that take a block in Restricted mode, for they send it elsewhere: Invoke-Command. */
  readonly blockCommands?: readonly string[];
  readonly views?: readonly View[];
  /** `$env:NAME`. */
  readonly environment?: (name: string) => string | undefined;
  /** Variables that the session begins with, `$PSSenderInfo` among them. */
  readonly variables?: Readonly<Record<string, PsValue>>;
  /** Writes down what is run and what comes of it; secrets never get here. */
  readonly transcript?: (line: string) => void;
  /** Keeps a transcript with what comes of each command; who made it ends it. */
  readonly recorder?: SessionRecorder;
  /** Gives the shell to a program that speaks PSRP: nothing else of the session counts then. */
  readonly bridge?: (sink: ShellSink, creation: Uint8Array) => ShellBackend;
  /** Logs the user off and forgets tickets, passwords and keys. */
  close(): Promise<void> | void;
}

/** Writes down what a session runs. */
export interface SessionRecorder {
  /** A statement that the user may run is about to: what it is, with its arguments. */
  begin(calls: PipelineCall): Promise<Recording>;
  /** The session is over. */
  end(): Promise<void>;
}

/** Writes down what comes of one statement. */
export interface Recording {
  /** Streams that write and pass on. */
  streams(to: CommandStreams): CommandStreams;
  /** The statement is over, with the error that ended it. */
  end(error?: unknown): Promise<void>;
}

/** Who opens a session, as far as the transport tells. */
export interface SessionOpening<C extends ShellOwner> {
  readonly caller: C;
  readonly shellId: string;
  readonly clientIp: string;
}

/** A session configuration: what `-ConfigurationName` names. */
export interface EndpointConfiguration<C extends ShellOwner, S> {
  readonly name: string;
  /**
   * Opens a session, with the account that it runs as logged on. Throws RemotingError with a fault:
   * `accessDenied()` for a user who may not open it.
   */
  open(opening: SessionOpening<C>): Promise<EndpointSession<S>>;
}

/** One command of a request: its name is known first, its values only when they are asked for. */
export interface RequestedCommand {
  readonly name: string;
  readonly isScript: boolean;
  readonly mergeError: boolean;
  /** Decodes the arguments. Throws RemotingError. */
  args(): readonly { readonly name?: string; readonly value?: PsValue }[];
}

/** A pipeline as a client sends it: statements one after the other. */
export interface PipelineRequest {
  readonly statements: readonly (readonly RequestedCommand[])[];
}
