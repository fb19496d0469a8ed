import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of a V8 CPU profile that are read here. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SELF_ROWS = 40;
const TOTAL_ROWS = 60;
const IDLE = '(idle)';

/** The profile that a server left in a folder, as lines: functions by own and by total time. */
export function profileLines(dir: string): string[] {
  const file = readdirSync(dir).find((name) => name.endsWith('.cpuprofile'));
  if (file === undefined) throw new Error(`no profile in ${dir}`);
  // Written by V8 in this format.
  const profile = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Profile;
  const { own, total, all } = aggregate(profile);
  return [
    '  self  function',
    ...rows(own, all, SELF_ROWS),
    ' total  function',
    ...rows(total, all, TOTAL_ROWS),
  ];
}

type Times = Map<string, number>;

function aggregate({ nodes, samples, timeDeltas }: Profile) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  const own: Times = new Map();
  const total: Times = new Map();
  let all = 0;
  for (const [index, sample] of samples.entries()) {
    const time = timeDeltas[index] ?? 0;
    const name = names.get(sample) ?? '';
    if (name === IDLE) continue;
    all += time;
    own.set(name, (own.get(name) ?? 0) + time);
    const stack = new Set<string>();
    for (let at: number | undefined = sample; at !== undefined; at = parents.get(at)) {
      stack.add(names.get(at) ?? '');
    }
    for (const frame of stack) total.set(frame, (total.get(frame) ?? 0) + time);
  }
  return { own, total, all };
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const file = url.split('/').slice(-2).join('/');
  const place = file === '' ? '' : ` ${file}:${lineNumber + 1}`;
  return `${functionName === '' ? '(anonymous)' : functionName}${place}`;
}

function rows(times: Times, all: number, count: number): string[] {
  return [...times]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([name, time]) => `${((time / all) * 100).toFixed(1).padStart(5)}%  ${name}`);
}
