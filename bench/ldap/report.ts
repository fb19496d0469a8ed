import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../kdc/report.ts';
import type { Case } from './messages.ts';
import type { BenchServer } from './server.ts';

/** One round of one case at one server. */
export interface Round {
  /** CPU microseconds of the server for each request; for a paged read, for each entry. */
  readonly cpuMicros: number;
  readonly perSecond: number;
}

/** A line of the output: medians over rounds. */
export interface Line {
  readonly case: Case;
  readonly server: BenchServer['name'];
  readonly size: number;
  /** Size of the directories that it took turns with. */
  readonly turns: number;
  readonly cpuMicros: number;
  readonly perSecond: number;
  /** Of the server's processes, after the case. */
  readonly memoryMiB: number;
  readonly diskMiB: number;
}

export function lineOf(
  kind: Case,
  server: BenchServer,
  turns: number,
  rounds: readonly Round[],
): Line {
  return {
    case: kind,
    server: server.name,
    size: server.size,
    turns,
    cpuMicros: Number(median(rounds.map(({ cpuMicros }) => cpuMicros)).toFixed(1)),
    perSecond: Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    memoryMiB: Math.round(server.pids.reduce((sum, pid) => sum + residentMiB(pid), 0)),
    diskMiB: Math.round(diskMiB(server.data)),
  };
}

/** Memory of a process without the pages of mapped files, which the system can take back. */
function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/mu.exec(status)?.[1] ?? 0) / 1024;
}

/** What the files really take: LMDB's are sparse. */
function diskMiB(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true });
  const blocks = files
    .filter((file) => file.isFile())
    .map((file) => statSync(join(file.parentPath, file.name)).blocks);
  return blocks.reduce((sum, count) => sum + count, 0) / 2048;
}

/** Cases that are to cost the same whatever the size. */
export const INDEXED: readonly Case[] = ['spn', 'sid', 'dn', 'account'];

/** Ratios of CPU time and of rates, beside what they should be, as lines of text. */
export function summary(lines: readonly Line[]): string[] {
  const sizes = [...new Set(lines.map(({ size }) => size))];
  const [small = 0] = sizes;
  const sameTurns = (turns: number) => (server: Line['server'], kind: Case, size: number) =>
    lines.find(
      (line) =>
        line.turns === turns && line.server === server && line.case === kind && line.size === size,
    );
  const cost = (name: string, most: number, top?: Line, bottom?: Line): string[] => {
    if (top === undefined || bottom === undefined) return [];
    const ratio = top.cpuMicros / bottom.cpuMicros;
    const verdict = ratio <= most ? 'reached' : 'missed';
    return [`${name}: ${ratio.toFixed(2)} (at most ${most.toFixed(2)}: ${verdict})`];
  };
  return [
    ...sizes.flatMap((size) =>
      INDEXED.flatMap((kind) => {
        const find = sameTurns(size);
        const ours = find('doublehop', kind, size);
        const name = `${kind}, ${size} entries: doublehop to slapd`;
        return [
          ...cost(name, 1.5, ours, find('slapd', kind, size)),
          ...(size === small
            ? []
            : cost(
                `${kind}, doublehop: ${size} entries to ${small}`,
                1.2,
                ours,
                find('doublehop', kind, small),
              )),
        ];
      }),
    ),
    ...adds(lines),
  ];
}

/** Adds a second, ours by Samba's at whatever sizes there are. */
function adds(lines: readonly Line[]): string[] {
  const of = (server: Line['server']) =>
    lines.find((line) => line.server === server && line.case === 'add');
  const [ours, theirs] = [of('doublehop'), of('samba')];
  if (ours === undefined || theirs === undefined) return [];
  const ratio = ours.perSecond / theirs.perSecond;
  const verdict = ratio >= 20 ? 'reached' : 'missed';
  return [`adds a second: doublehop to samba: ${ratio.toFixed(1)} (at least 20: ${verdict})`];
}
