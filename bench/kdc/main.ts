// npm run bench:kdc: what requests cost our KDC, beside MIT's, with one load generator for both.
// One JSON line a case on standard output, medians of rounds in which the KDCs take turns; progress
// and ratios on standard error.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withTempDir } from '../../test/support/temp.ts';
import { cpuMicros, pin } from './cpu.ts';
import { startDoublehop } from './doublehop-kdc.ts';
import { type Generator, startGenerator } from './generator.ts';
import { type Case, CASES } from './messages.ts';
import { startMit } from './mit-kdc.ts';
import type { BenchKdc } from './peer.ts';
import { profileLines } from './profile.ts';
import { type Line, lineOf, type Round, summary } from './report.ts';

const HELP = `npm run bench:kdc -- [options]

  --cases as,tgs,s4u2self,s4u2proxy   what to measure
  --accounts 1000,100000              sizes of the realm
  --requests 20000                    requests a case and KDC, in all rounds together
  --rounds 5                          rounds in which the KDCs take turns
  --kdc doublehop,mit                 which KDCs (MIT's answers as and tgs only)
  --active 10000                      users and hosts that requests are about, else all
  --window 8                          requests outstanding at a time
  --profile                           CPU profile of our KDC instead: first case, first size

CPU times are the KDC's own, by the kernel's count of all its threads. The KDC has one processor,
the load generator another. Each request is fresh and built before the clock runs.`;

interface Options {
  readonly cases: readonly Case[];
  readonly accounts: readonly number[];
  readonly requests: number;
  readonly rounds: number;
  readonly kdcs: readonly string[];
  readonly window: number;
  readonly active?: number;
}

const GENERATOR_PROCESSOR = 0;
const KDC_PROCESSOR = 1;
/** Requests before the first that counts: the code of a KDC that runs for months is compiled. */
const WARM_UP = 15_000;
/** Warm-up requests for each active account: hardly any is left out. */
const VISITS = 5;
/** A generator that uses more of its processor than this may be the bottleneck. */
const BUSY = 0.85;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    cases: { type: 'string', default: CASES.join(',') },
    accounts: { type: 'string', default: '1000,100000' },
    requests: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    kdc: { type: 'string', default: 'doublehop,mit' },
    window: { type: 'string', default: '8' },
    active: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(`${HELP}\n`);
else {
  const options: Options = {
    cases: CASES.filter((kind) => values.cases.split(',').includes(kind)),
    accounts: values.accounts.split(',').map(Number),
    requests: Number(values.requests),
    rounds: Number(values.rounds),
    kdcs: values.kdc.split(','),
    window: Number(values.window),
    ...(values.active === undefined ? {} : { active: Number(values.active) }),
  };
  await withTempDir((dir) => (values.profile ? profile(dir, options) : measure(dir, options)));
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function measure(dir: string, options: Options): Promise<void> {
  const generator = startGenerator();
  const kdcs: BenchKdc[] = [];
  try {
    if (availableParallelism() > 1) await pin(generator.pid, GENERATOR_PROCESSOR);
    for (const accounts of options.accounts) {
      for (const name of options.kdcs) {
        kdcs.push(withActive(await startKdc(dir, name, accounts), options));
      }
    }
    const lines: Line[] = [];
    for (const kind of options.cases) {
      for (const line of await measureCase(kind, kdcs, generator, options)) {
        process.stdout.write(`${JSON.stringify(line)}\n`);
        lines.push(line);
      }
    }
    for (const line of summary(lines)) progress(line);
  } finally {
    await Promise.all([generator.stop(), ...kdcs.map((kdc) => kdc.stop())]);
  }
}

async function startKdc(dir: string, name: string, accounts: number): Promise<BenchKdc> {
  progress(`starting ${name} with ${accounts} accounts`);
  const own = join(dir, `${name}-${accounts}`);
  mkdirSync(own);
  if (name !== 'doublehop' && name !== 'mit') throw new Error(`there is no KDC ${name}`);
  const kdc = await (name === 'mit' ? startMit(own, accounts) : startDoublehop(own, accounts));
  if (availableParallelism() > 1) {
    for (const pid of kdc.pids) await pin(pid, KDC_PROCESSOR);
  }
  return kdc;
}

function withActive(kdc: BenchKdc, { active }: Options): BenchKdc {
  return active === undefined ? kdc : { ...kdc, target: { ...kdc.target, active } };
}

async function measureCase(
  kind: Case,
  kdcs: readonly BenchKdc[],
  generator: Generator,
  { requests, rounds, window, active }: Options,
): Promise<Line[]> {
  const able = kdcs.filter(({ cases }) => cases.includes(kind));
  const results = new Map<BenchKdc, Round[]>(able.map((kdc) => [kdc, []]));
  // Whoever is active has been there before the first request that counts.
  const warmUp = Math.max(WARM_UP, VISITS * (active ?? 0));
  for (const kdc of able) await oneRound(kind, kdc, generator, warmUp, window);
  for (let round = 1; round <= rounds; round += 1) {
    for (const kdc of able) {
      const each = Math.ceil(requests / rounds);
      const result = await oneRound(kind, kdc, generator, each, window);
      report(kind, kdc, round, result);
      results.get(kdc)?.push(result);
    }
  }
  return able.map((kdc) => lineOf(kind, kdc, results.get(kdc) ?? []));
}

async function oneRound(
  kind: Case,
  { target, pids }: BenchKdc,
  generator: Generator,
  requests: number,
  window: number,
): Promise<Round> {
  await generator.prepare(target, kind, requests);
  const before = cpuMicros(pids);
  const load = await generator.run(window);
  const used = cpuMicros(pids) - before;
  return { cpuMicros: used / requests, kdcShare: used / load.elapsedMicros, load };
}

function report(kind: Case, { name, target }: BenchKdc, round: number, result: Round): void {
  const { load, cpuMicros: micros, kdcShare } = result;
  const { generatorShare, verified } = load;
  const limit = generatorShare > BUSY ? ' (it may be what limits)' : '';
  const errors = Object.entries(load.errors).map(([code, count]) => `error ${code}: ${count}`);
  const notes = [
    `KDC ${percent(kdcShare)}`,
    `generator ${percent(generatorShare)}${limit}`,
    `${verified} replies verified`,
    ...errors,
  ];
  const what = `${kind} ${name} ${target.accounts}, round ${round}`;
  progress(`${what}: ${micros.toFixed(1)} us CPU a request; ${notes.join(', ')}`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** A profile of the first case, without the start of the process counting for much. */
async function profile(dir: string, options: Options): Promise<void> {
  const [accounts = 1000] = options.accounts;
  const generator = startGenerator();
  try {
    const kdc = await startDoublehop(dir, accounts, { profile: true });
    const [kind = 'as'] = options.cases;
    const round = await oneRound(kind, kdc, generator, options.requests, options.window);
    report(kind, kdc, 1, round);
    await kdc.stop();
    for (const line of profileLines(dir)) progress(line);
  } finally {
    await generator.stop();
  }
}
