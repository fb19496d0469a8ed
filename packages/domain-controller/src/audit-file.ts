import { closeSync, openSync, writeSync } from 'node:fs';
import type { AuditEvent, AuditSink } from './kdc/audit.ts';

/** Audit events in a file, a line of JSON each. */
export interface AuditFile {
  readonly write: AuditSink;
  /** Writes what waits, and closes the file. */
  close(): void;
}

/**
 * Appends to a file, which is made for its owner alone. Events of one turn of the event loop are
 * written together at its end: they outlive the process, not a loss of power. A disk that takes no
 * more does not stop the KDC: `onFailure` is told, and those events are lost.
 */
export function openAuditFile(
  path: string,
  onFailure: (error: unknown) => void = ignore,
): AuditFile {
  const file = openSync(path, 'a', 0o600);
  let waiting = '';
  const flush = (): void => {
    const lines = waiting;
    waiting = '';
    try {
      if (lines !== '') writeSync(file, lines);
    } catch (error) {
      onFailure(error);
    }
  };
  return {
    write(event: AuditEvent) {
      if (waiting === '') setImmediate(flush);
      waiting += `${JSON.stringify(event)}\n`;
    },
    close() {
      flush();
      closeSync(file);
    },
  };
}

function ignore(): void {}
