import type { Case, LoadResult } from './messages.ts';
import type { BenchKdc } from './peer.ts';

/** One round of one case at one KDC. */
export interface Round {
  /** CPU microseconds of the KDC per request. */
  readonly cpuMicros: number;
  /** Share of its processor that the KDC used. */
  readonly kdcShare: number;
  readonly load: LoadResult;
}

/** A line of the output: medians over rounds. */
export interface Line {
  readonly case: Case;
  readonly kdc: BenchKdc['name'];
  readonly accounts: number;
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** The line of several rounds. */
export function lineOf(kind: Case, kdc: BenchKdc, rounds: readonly Round[]): Line {
  const middle = (of: (round: Round) => number, digits = 0): number =>
    Number(median(rounds.map(of)).toFixed(digits));
  return {
    case: kind,
    kdc: kdc.name,
    accounts: kdc.target.accounts,
    cpuMicros: middle(({ cpuMicros }) => cpuMicros, 1),
    perSecond: middle(({ load }) => load.requests / (load.elapsedMicros / 1e6)),
    p50Micros: middle(({ load }) => load.p50Micros),
    p99Micros: middle(({ load }) => load.p99Micros),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[half - 1], sorted[half]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** What a ratio of two lines' CPU times should be at most. */
interface Goal {
  readonly name: string;
  readonly most: number;
  readonly of: (line: Line) => boolean;
  readonly to: (line: Line) => boolean;
}

const is = (kdc: Line['kdc'], kind: Case, accounts?: number) => (line: Line) =>
  line.kdc === kdc && line.case === kind && (accounts === undefined || line.accounts === accounts);

/** Ratios of CPU time per request, beside what they should be, as lines of text. */
export function summary(lines: readonly Line[]): string[] {
  const sizes = [...new Set(lines.map(({ accounts }) => accounts))];
  const [small = 0] = sizes;
  const goals = sizes.flatMap((accounts): Goal[] => {
    const against = (ours: Case, theirs: Case, most: number): Goal => ({
      name: `${ours}, ${accounts} accounts: doublehop to mit ${theirs}`,
      most,
      of: is('doublehop', ours, accounts),
      to: is('mit', theirs, accounts),
    });
    const grown = (kind: Case): Goal => ({
      name: `${kind}, doublehop: ${accounts} accounts to ${small}`,
      most: 1.15,
      of: is('doublehop', kind, accounts),
      to: is('doublehop', kind, small),
    });
    return [
      against('as', 'as', 1.2),
      against('tgs', 'tgs', 1),
      against('s4u2proxy', 'tgs', 2),
      ...(accounts === small ? [] : (['as', 'tgs', 's4u2self', 's4u2proxy'] as const).map(grown)),
    ];
  });
  return goals.flatMap(({ name, most, of, to }) => {
    const [top, bottom] = [lines.find(of), lines.find(to)];
    if (top === undefined || bottom === undefined) return [];
    const ratio = top.cpuMicros / bottom.cpuMicros;
    const verdict = ratio <= most ? 'reached' : 'missed';
    return [`${name}: ${ratio.toFixed(2)} (at most ${most.toFixed(2)}: ${verdict})`];
  });
}
