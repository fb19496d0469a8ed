// npm run bench:remoting: our client and pypsrp against our endpoint, side by side in the same run.
// One JSON line a case on standard output; progress and ratios on standard error.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';
import { hostsFile, withHosts } from '../../test/support/hosts.ts';
import { runOrThrow } from '../../test/support/run.ts';
import { winrmRoot } from '../../test/support/packages.ts';
import { withTempDir } from '../../test/support/temp.ts';
import { median } from '../kdc/report.ts';
import { HOST, opener, type Place, runCommand } from './client.ts';

const HELP = `npm run bench:remoting -- [options]

  --cases one,parallel,hundred,first,output,idle   what to measure
  --clients doublehop,pypsrp
  --commands 10000    commands of the cases one, parallel and hundred; pypsrp gets a tenth
  --rounds 3          rounds in which the clients take turns
  --idle 1000         sessions that are open and do nothing

one: commands a second in one session, each begun when the one before has ended. parallel: in one
session with sixteen runspaces, sixteen at once. hundred: in a hundred sessions at once. first:
milliseconds from nothing to the first answer. output: 100 MB of output, MB a second. idle: KB of
the server's memory a session. cpu: microseconds of processor time that a command costs its client
and the server, pypsrp's with the opening of its sessions on the server's side.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    cases: { type: 'string', default: 'one,parallel,hundred,first,output,idle' },
    clients: { type: 'string', default: 'doublehop,pypsrp' },
    commands: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    idle: { type: 'string', default: '1000' },
  },
});

type Case = 'one' | 'parallel' | 'hundred' | 'first' | 'output';
type Client = 'doublehop' | 'pypsrp';

const CASES: readonly Case[] = ['one', 'parallel', 'hundred', 'first', 'output'];
const CLIENTS: readonly Client[] = ['doublehop', 'pypsrp'];
/** Sessions that are open, and requests that one of them runs at once. */
const SESSIONS = { one: 1, parallel: 1, hundred: 100, first: 1, output: 1 } as const;
const RUNSPACES = { one: 1, parallel: 16, hundred: 1, first: 1, output: 1 } as const;
const FIRSTS = 10;
const BLOCK = 65_536;
const BLOCKS = 1600;
const pypsrp = join(winrmRoot, 'bin', 'python3');
const script = fileURLToPath(new URL('pypsrp-load.py', import.meta.url));

if (values.help) process.stdout.write(`${HELP}\n`);
else await withTempDir(measure);

async function measure(dir: string): Promise<void> {
  const wanted = values.cases.split(',');
  const cases = CASES.filter((name) => wanted.includes(name));
  await withServer(join(dir, 'domain'), async (place, server) => {
    for (const one of cases) await compare(one, place, dir, server);
  });
  // Memory that other cases took and left would be counted as the sessions'.
  if (wanted.includes('idle')) await withServer(join(dir, 'idle'), idle);
}

async function withServer(
  dir: string,
  work: (place: Place, server: ChildProcess) => Promise<void>,
): Promise<void> {
  const program = fileURLToPath(new URL('server.ts', import.meta.url));
  const execArgv = ['--conditions=@doublehop/source', '--expose-gc'];
  const server = fork(program, [dir], { execArgv });
  const [place] = (await once(server, 'message')) as [Place]; // the server's first message
  try {
    await work(place, server);
  } finally {
    server.disconnect();
    await once(server, 'exit');
  }
}

/** What a client did, and what it cost. */
interface Measured {
  readonly rate: number;
  readonly commands: number;
  /** Seconds of its processor time. */
  readonly cpu: number;
}

/** One case with all clients in turns. */
async function compare(kind: Case, place: Place, dir: string, server: ChildProcess): Promise<void> {
  const clients = CLIENTS.filter(
    (one) => values.clients.split(',').includes(one) && (one !== 'pypsrp' || existsSync(pypsrp)),
  );
  const found = new Map<Client, (Measured & { readonly serverCpu: number })[]>();
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const client of clients) {
      process.stderr.write(`${kind} ${client} round ${round + 1}\n`);
      const before = (await stateOf(server, 'cpu')).cpu;
      const measured = await (client === 'doublehop'
        ? ours(kind, place)
        : theirs(kind, place, dir));
      const serverCpu = ((await stateOf(server, 'cpu')).cpu - before) / 1e6;
      found.set(client, [...(found.get(client) ?? []), { ...measured, serverCpu }]);
    }
  }
  const rates = [...found].map(([client, all]) => report(kind, client, all));
  const [mine, other] = rates;
  if (mine !== undefined && other !== undefined && other > 0) {
    process.stderr.write(`${kind}: doublehop / pypsrp ${(mine / other).toFixed(2)}\n`);
  }
}

/** Writes the line of a client; gives its rate. */
function report(
  kind: Case,
  client: Client,
  all: readonly (Measured & { readonly serverCpu: number })[],
): number {
  const rate = median(all.map((one) => one.rate));
  const units = { first: 'ms', output: 'MB/s' } as const;
  const unit = kind === 'first' || kind === 'output' ? units[kind] : 'commands/s';
  const each = (of: (one: Measured & { readonly serverCpu: number }) => number): number =>
    Math.round(median(all.map((one) => (of(one) * 1e6) / one.commands)));
  const cpu = { client: each((one) => one.cpu), server: each((one) => one.serverCpu) };
  process.stdout.write(
    `${JSON.stringify({ case: kind, client, rate: Number(rate.toFixed(1)), unit, cpu })}\n`,
  );
  return rate;
}

/** Asks the server about itself. */
async function stateOf(
  server: ChildProcess,
  asked: 'memory' | 'cpu',
): Promise<{ readonly heap: number; readonly cpu: number }> {
  server.send(asked);
  const [state] = (await once(server, 'message')) as [{ heap: number; cpu: number }]; // its answer
  return state;
}

async function ours(kind: Case, place: Place): Promise<Measured> {
  const open = await opener(place);
  if (kind === 'first') return firsts(open);
  const runspaces = RUNSPACES[kind];
  const sessions = await Promise.all(
    Array.from({ length: SESSIONS[kind] }, async () => open(runspaces)),
  );
  const used = process.cpuUsage();
  const began = performance.now();
  const [amount, count] =
    kind === 'output'
      ? [await output(sessions[0]), BLOCKS]
      : [await commands(sessions, runspaces), Number(values.commands)];
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(used);
  await Promise.all(sessions.map((session) => session.close()));
  return { rate: amount / seconds, commands: count, cpu: (user + system) / 1e6 };
}

async function firsts(open: () => Promise<RemoteSession>): Promise<Measured> {
  const times: number[] = [];
  const used = process.cpuUsage();
  for (let i = 0; i < FIRSTS; i += 1) {
    const began = performance.now();
    const session = await open();
    await runCommand(session, 'Write-Output', ['x']);
    times.push(performance.now() - began);
    await session.close();
  }
  const { user, system } = process.cpuUsage(used);
  return { rate: median(times), commands: FIRSTS, cpu: (user + system) / 1e6 };
}

/** Runs commands, in each session as many at once as it has runspaces. */
async function commands(sessions: readonly RemoteSession[], runspaces: number): Promise<number> {
  const workers = sessions.flatMap((session) => Array<RemoteSession>(runspaces).fill(session));
  const each = Math.ceil(Number(values.commands) / workers.length);
  await Promise.all(
    workers.map(async (session) => {
      for (let i = 0; i < each; i += 1) await runCommand(session, 'Write-Output', ['x']);
    }),
  );
  return each * workers.length;
}

async function output(session: RemoteSession | undefined): Promise<number> {
  if (session === undefined) return 0;
  const blocks = await runCommand(session, 'Get-Bytes', [BLOCKS, BLOCK]);
  return (blocks * BLOCK) / 1_000_000;
}

async function theirs(kind: Case, place: Place, dir: string): Promise<Measured> {
  const hosts = join(dir, 'hosts');
  writeFileSync(hosts, hostsFile({ [place.address]: [HOST] }));
  const env = { ...place.env, KRB5CCNAME: join(dir, 'ccache') };
  await runOrThrow('kinit', ['alice@CONTOSO.COM'], { env, input: `${place.password}\n` });
  const atOnce = SESSIONS[kind] * RUNSPACES[kind];
  const few = Math.ceil(Number(values.commands) / 10 / atOnce) * atOnce;
  const count = kind === 'first' ? FIRSTS : kind === 'output' ? BLOCKS : few;
  const args = [script, HOST, String(place.port), kind, String(count), String(atOnce)];
  const { stdout, stderr, status } = await withHosts(hosts, pypsrp, args, {
    env,
    timeout: 600_000,
  });
  if (status !== 0) throw new Error(`pypsrp: ${stderr.slice(-400)}`);
  const { seconds, cpu } = JSON.parse(stdout) as { seconds: number; cpu: number }; // its own line
  const done = kind === 'output' ? (count * BLOCK) / 1_000_000 : count;
  const rate = kind === 'first' ? (seconds * 1000) / count : done / seconds;
  return { rate, commands: count, cpu };
}

/** What an open session costs the server when nothing happens in it. */
async function idle(place: Place, server: ChildProcess): Promise<void> {
  const open = await opener(place);
  const memory = async (): Promise<number> => (await stateOf(server, 'memory')).heap;
  // The program that sessions need is loaded by the first ones.
  for (let i = 0; i < 50; i += 1) await (await open()).close();
  const before = await memory();
  const sessions: RemoteSession[] = [];
  for (let i = 0; i < Number(values.idle); i += 1) sessions.push(await open());
  const after = await memory();
  const rate = Number(((after - before) / 1024 / sessions.length).toFixed(1));
  process.stdout.write(
    `${JSON.stringify({ case: 'idle', client: 'doublehop', rate, unit: 'KB' })}\n`,
  );
  for (const session of sessions) await session.close();
}
