/**
 * Where runs are kept: one file for each, to which lines are only ever appended. Whoever calls
 * passes one in; this package opens no files. What goes wrong is thrown as AdminError `journal`.
 */
export interface JournalStore {
  /** Where that is, for messages: a folder. */
  readonly place: string;
  /** Names of all runs, in any order. */
  list(): Promise<readonly string[]>;
  /** A new file that nobody else may read. Throws where the run exists. */
  create(run: string): Promise<JournalFile>;
  /** The file of a run that exists, to be continued behind its end. */
  reopen(run: string): Promise<JournalFile>;
  /** The octets of a run's file, piece by piece. */
  read(run: string): AsyncIterable<Uint8Array>;
}

/** The file of one run while it is written. */
export interface JournalFile {
  /** Appends; what is appended may be lost if the machine stops before `sync`. */
  append(text: string): Promise<void>;
  /** Everything that was appended is on the disk when this ends. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The form of a run's name: its time in UTC, and something that makes it unique. */
export const RUN_NAME = /^\d{8}-\d{6}-\d{3}[0-9a-f]{2}$/;

/** `20261123-031502-527a3`: sorts by time, to the millisecond, and can be typed. */
export function runName(milliseconds: number, random: (size: number) => Uint8Array): string {
  const time = new Date(milliseconds).toISOString().replace(/[-:Z]/g, '').replace(/[T.]/g, '-');
  const [unique = 0] = random(1);
  return `${time}${unique.toString(16).padStart(2, '0')}`;
}
