// npm run bench:ldap: what searches and changes cost our LDAP service, beside slapd and Samba, with
// one load generator for all. One JSON line a case on standard output, medians of rounds in which
// the servers take turns; progress and ratios on standard error.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withTempDir } from '../../test/support/temp.ts';
import { cpuMicros, pin } from '../kdc/cpu.ts';
import { profileLines } from '../kdc/profile.ts';
import { startDoublehop } from './doublehop.ts';
import { type Generator, startGenerator } from './generator.ts';
import { type Case, CASES } from './messages.ts';
import { INDEXED, type Line, lineOf, type Round, summary } from './report.ts';
import { startSamba } from './samba.ts';
import type { BenchServer } from './server.ts';
import { startSlapd } from './slapd.ts';

const HELP = `npm run bench:ldap -- [options]

  --cases spn,sid,dn,account,unindexed,paged,modify,add     what to measure
  --sizes 1000,100000,1000000    entries of the directory
  --servers doublehop,slapd,samba
  --samba-size 1000              largest directory that Samba is filled with, over LDAP
  --requests 40000               indexed searches a case and server, in all rounds together
  --rounds 5                     rounds in which the servers take turns
  --window 8                     requests outstanding at a time on a connection
  --writers 8                    connections that adds and modifies come on; others, one
  --profile                      CPU profile of our server instead: first case, first size

CPU times are the server's own, by the kernel's count of all its threads. The server has one
processor, the load generator another. Every server is bound to by a simple bind without TLS.`;

const GENERATOR_PROCESSOR = 0;
const SERVER_PROCESSOR = 1;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    cases: { type: 'string', default: CASES.join(',') },
    sizes: { type: 'string', default: '1000,100000,1000000' },
    servers: { type: 'string', default: 'doublehop,slapd,samba' },
    'samba-size': { type: 'string', default: '1000' },
    requests: { type: 'string', default: '40000' },
    rounds: { type: 'string', default: '5' },
    window: { type: 'string', default: '8' },
    writers: { type: 'string', default: '8' },
    profile: { type: 'boolean', default: false },
  },
});

const cases = CASES.filter((kind) => values.cases.split(',').includes(kind));
const sizes = values.sizes.split(',').map(Number);
const rounds = Number(values.rounds);
const window = Number(values.window);

if (values.help) process.stdout.write(`${HELP}\n`);
else await withTempDir((dir) => (values.profile ? profile(dir) : measure(dir)));

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Sizes one after the other: large directories side by side would leave no memory. */
async function measure(dir: string): Promise<void> {
  const generator = startGenerator();
  const lines: Line[] = [];
  try {
    if (availableParallelism() > 1) await pin(generator.pid, GENERATOR_PROCESSOR);
    for (const size of sizes) lines.push(...(await measureSize(dir, size, generator)));
    for (const line of summary(lines)) progress(line);
  } finally {
    await generator.stop();
  }
}

async function measureSize(dir: string, size: number, generator: Generator): Promise<Line[]> {
  const servers: BenchServer[] = [];
  const small: BenchServer[] = [];
  const lines: Line[] = [];
  try {
    for (const name of values.servers.split(',')) {
      if (name === 'samba' && size > Number(values['samba-size'])) continue;
      servers.push(await start(dir, name, size));
    }
    // What a size costs is told in turns with the first one: machines are not the same for long.
    const [first = size] = sizes;
    if (size !== first && values.servers.split(',').includes('doublehop')) {
      small.push(await start(join(dir, `turns-${size}`), 'doublehop', first));
    }
    for (const kind of cases) {
      const all = INDEXED.includes(kind) ? [...servers, ...small] : servers;
      for (const line of await measureCase(kind, all, size, generator)) {
        process.stdout.write(`${JSON.stringify(line)}\n`);
        lines.push(line);
      }
    }
    return lines;
  } finally {
    await Promise.all([...servers, ...small].map((server) => server.stop()));
  }
}

async function start(dir: string, name: string, size: number): Promise<BenchServer> {
  progress(`making ${name} with ${size} entries`);
  const own = join(dir, `${name}-${size}`);
  mkdirSync(own, { recursive: true });
  const starts = { doublehop: startDoublehop, slapd: startSlapd, samba: startSamba };
  if (name !== 'doublehop' && name !== 'slapd' && name !== 'samba') {
    throw new Error(`--servers: there is no ${name}`);
  }
  const server = await starts[name](own, size);
  if (availableParallelism() > 1) {
    for (const pid of server.pids) await pin(pid, SERVER_PROCESSOR);
  }
  return server;
}

async function measureCase(
  kind: Case,
  servers: readonly BenchServer[],
  turns: number,
  generator: Generator,
): Promise<Line[]> {
  const results = new Map<BenchServer, Round[]>(servers.map((server) => [server, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const server of servers) {
      const result = await oneRound(kind, server, generator, round);
      // The first round fills caches and lets code be compiled.
      if (round > 0 || rounds === 0) results.get(server)?.push(result);
    }
  }
  return servers.map((server) => lineOf(kind, server, turns, results.get(server) ?? []));
}

/** Requests of a round: what reads everything or writes is fewer. */
function requestsOf(kind: Case, size: number): number {
  const indexed = Math.ceil(Number(values.requests) / Math.max(1, rounds));
  if (kind === 'paged') return 1;
  if (kind === 'unindexed') return size > 100_000 ? 1 : size > 1000 ? 5 : 200;
  return kind === 'add' || kind === 'modify' ? Math.min(1000, indexed) : indexed;
}

async function oneRound(
  kind: Case,
  server: BenchServer,
  generator: Generator,
  round: number,
): Promise<Round> {
  const { address, port, bindDn, password, base, size, pids, name } = server;
  const requests = requestsOf(kind, size);
  const connections = kind === 'add' || kind === 'modify' ? Number(values.writers) : 1;
  const target = { address, port, bindDn, password, base, size, connections };
  let before = 0;
  const result = await generator.round({ kind, ...target, requests, window, round }, () => {
    before = cpuMicros(pids);
  });
  const used = cpuMicros(pids) - before;
  const { elapsedMicros, entries, failures } = result;
  const units = kind === 'paged' ? entries : requests;
  const micros = used / units;
  const share = ((used / elapsedMicros) * 100).toFixed(0);
  const failed = Object.keys(failures).length === 0 ? '' : `, failures ${JSON.stringify(failures)}`;
  progress(
    `${kind} ${name} ${size}, round ${round}: ${micros.toFixed(1)} us CPU, ` +
      `server ${share} %, ${entries} entries${failed}`,
  );
  return { cpuMicros: micros, perSecond: units / (elapsedMicros / 1e6) };
}

/** A profile of the first case, without the start of the process counting for much. */
async function profile(dir: string): Promise<void> {
  const [size = 1000] = sizes;
  const [kind = 'spn'] = cases;
  const generator = startGenerator();
  try {
    const server = await startDoublehop(dir, size, { profile: true });
    for (let round = 0; round < Math.max(1, rounds); round += 1) {
      await oneRound(kind, server, generator, round);
    }
    await server.stop();
    for (const line of profileLines(dir)) progress(line);
  } finally {
    await generator.stop();
  }
}
