import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RandomSource } from '@doublehop/crypto/random';
import { CommandFailure, type CommandStreams } from '@doublehop/powershell/commands/command';
import { errorLines } from '@doublehop/powershell/format/error';
import { Formatter } from '@doublehop/powershell/format/formatter';
import type { View } from '@doublehop/powershell/format/view';
import type { Recording, SessionRecorder } from '../endpoint/endpoint-session.ts';
import type { TranscribedSession } from './open-configuration.ts';
import { commandLine } from './transcript-line.ts';

export interface TranscriptOptions {
  /** Folder on this machine, which is there. */
  readonly folder: string;
  readonly machine: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  readonly views?: readonly View[];
}

const RULE = '**********************';
const WIDTH = 120;

/**
 * Begins the transcript of a session: a file with a name as Start-Transcript gives it, for its
 * owner only. What is run and what comes of it is written as it happens; `end` makes sure that it
 * is on disk.
 */
export async function openTranscript(
  { configuration, connectedUser, runAsUser }: Omit<TranscribedSession, 'directory'>,
  { folder, machine, clock, random, views = [] }: TranscriptOptions,
): Promise<SessionRecorder> {
  const start = stamp(clock());
  // Eight characters that a file's name may have: Windows takes base64 with `/` changed.
  const unique = Buffer.from(random(6)).toString('base64url');
  const name = `PowerShell_transcript.${machine.toUpperCase()}.${unique}.${start}.txt`;
  const handle = await open(join(folder, name), 'wx', 0o600);
  let last: Promise<unknown> = Promise.resolve();
  const write = (lines: readonly string[]): Promise<void> => {
    const text = lines.map((line) => `${printable(line)}\r\n`).join('');
    // One after the other: pipelines of a pool write at the same time.
    const written = last.then(() => handle.appendFile(text));
    last = written.catch(() => undefined);
    return written;
  };
  await write([
    RULE,
    'PowerShell transcript start',
    `Start time: ${start}`,
    `Username: ${connectedUser}`,
    `RunAs User: ${runAsUser}`,
    `Configuration Name: ${configuration}`,
    `Machine: ${machine.toUpperCase()}`,
    RULE,
  ]);
  return {
    begin: async (calls) => {
      await write([`PS>${calls.map(commandLine).join(' | ')}`]);
      return recordingOf(write, views);
    },
    end: async () => {
      try {
        await write([RULE, 'PowerShell transcript end', `End time: ${stamp(clock())}`, RULE]);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}

function recordingOf(
  write: (lines: readonly string[]) => Promise<void>,
  views: readonly View[],
): Recording {
  const formatter = new Formatter({ width: WIDTH, views });
  const put = async (lines: readonly string[]): Promise<void> => {
    if (lines.length > 0) await write(lines);
  };
  return {
    streams: (to: CommandStreams): CommandStreams => ({
      ...to,
      output: async (value) => {
        await put(formatter.push(value));
        await to.output(value);
      },
      error: async (record) => {
        await put([...formatter.end(), ...errorLines(record)]);
        await to.error(record);
      },
      warning: async (text) => {
        await put([...formatter.end(), `WARNING: ${text}`]);
        await to.warning(text);
      },
    }),
    end: async (error) => {
      const lines = formatter.end();
      if (error instanceof CommandFailure) lines.push(...errorLines(error.record));
      else if (error !== undefined) lines.push('The pipeline was stopped, or failed.');
      await put(lines);
    },
  };
}

/** `20261122170000`, in UTC. */
function stamp(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:T]|\..*$/gu, '');
}

/** What a user types begins no new line and moves no cursor of who reads the file. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (one) => (one === '\t' ? one : '\u{FFFD}'));
}
