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

  --cases one,hundred,first,output,idle   what to measure
  --clients doublehop,pypsrp
  --commands 2000     commands of the cases one and hundred; pypsrp gets a tenth
  --rounds 3          rounds in which the clients take turns
  --idle 1000         sessions that are open and do nothing

one, hundred: commands a second in one session, in a hundred at once. first: milliseconds from
nothing to the first answer. output: 100 MB of output, MB a second. idle: KB of the server's
memory a session.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    cases: { type: 'string', default: 'one,hundred,first,output,idle' },
    clients: { type: 'string', default: 'doublehop,pypsrp' },
    commands: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    idle: { type: 'string', default: '1000' },
  },
});

type Case = 'one' | 'hundred' | 'first' | 'output';
type Client = 'doublehop' | 'pypsrp';

const CASES: readonly Case[] = ['one', 'hundred', 'first', 'output'];
const CLIENTS: readonly Client[] = ['doublehop', 'pypsrp'];
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
  await withServer(join(dir, 'domain'), async (place) => {
    for (const one of cases) await compare(one, place, dir);
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

/** One case with all clients in turns. */
async function compare(kind: Case, place: Place, dir: string): Promise<void> {
  const clients = CLIENTS.filter((one) => values.clients.split(',').includes(one));
  const rates = new Map<Client, number[]>(clients.map((client) => [client, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const client of clients) {
      if (client === 'pypsrp' && !existsSync(pypsrp)) continue;
      process.stderr.write(`${kind} ${client} round ${round + 1}\n`);
      const rate =
        client === 'doublehop' ? await ours(kind, place) : await theirs(kind, place, dir);
      rates.get(client)?.push(rate);
    }
  }
  const medians = [...rates].map(
    ([client, all]) => [client, all.length === 0 ? 0 : median(all)] as const,
  );
  for (const [client, rate] of medians) {
    const unit = { one: 'commands/s', hundred: 'commands/s', first: 'ms', output: 'MB/s' }[kind];
    process.stdout.write(
      `${JSON.stringify({ case: kind, client, rate: Number(rate.toFixed(1)), unit })}\n`,
    );
  }
  const [mine, other] = medians.map(([, rate]) => rate);
  if (mine !== undefined && other !== undefined && other > 0) {
    process.stderr.write(`${kind}: doublehop / pypsrp ${(mine / other).toFixed(2)}\n`);
  }
}

async function ours(kind: Case, place: Place): Promise<number> {
  const open = await opener(place);
  if (kind === 'first') {
    const times: number[] = [];
    for (let i = 0; i < FIRSTS; i += 1) {
      const began = performance.now();
      const session = await open();
      await runCommand(session, 'Write-Output', ['x']);
      times.push(performance.now() - began);
      await session.close();
    }
    return median(times);
  }
  const count = kind === 'hundred' ? 100 : 1;
  const sessions = await Promise.all(Array.from({ length: count }, open));
  await Promise.all(sessions.map((session) => runCommand(session, 'Write-Output', ['x'])));
  const began = performance.now();
  const amount = kind === 'output' ? await output(sessions[0]) : await commands(sessions);
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(sessions.map((session) => session.close()));
  return amount / seconds;
}

async function commands(sessions: readonly RemoteSession[]): Promise<number> {
  const each = Math.ceil(Number(values.commands) / sessions.length);
  await Promise.all(
    sessions.map(async (session) => {
      for (let i = 0; i < each; i += 1) await runCommand(session, 'Write-Output', ['x']);
    }),
  );
  return each * sessions.length;
}

async function output(session: RemoteSession | undefined): Promise<number> {
  if (session === undefined) return 0;
  const blocks = await runCommand(session, 'Get-Bytes', [BLOCKS, BLOCK]);
  return (blocks * BLOCK) / 1_000_000;
}

async function theirs(kind: Case, place: Place, dir: string): Promise<number> {
  const hosts = join(dir, 'hosts');
  writeFileSync(hosts, hostsFile({ [place.address]: [HOST] }));
  const env = { ...place.env, KRB5CCNAME: join(dir, 'ccache') };
  await runOrThrow('kinit', ['alice@CONTOSO.COM'], { env, input: `${place.password}\n` });
  const sessions = kind === 'hundred' ? 100 : 1;
  const few = Math.max(sessions, Math.ceil(Number(values.commands) / 10));
  const count = kind === 'first' ? FIRSTS : kind === 'output' ? BLOCKS : few;
  const args = [script, HOST, String(place.port), kind, String(count), String(sessions)];
  const { stdout, stderr, status } = await withHosts(hosts, pypsrp, args, {
    env,
    timeout: 600_000,
  });
  if (status !== 0) throw new Error(`pypsrp: ${stderr.slice(-400)}`);
  const { seconds } = JSON.parse(stdout) as { seconds: number }; // the script's own line
  if (kind === 'first') return (seconds * 1000) / count;
  return (kind === 'output' ? (count * BLOCK) / 1_000_000 : count) / seconds;
}

/** What an open session costs the server when nothing happens in it. */
async function idle(place: Place, server: ChildProcess): Promise<void> {
  const open = await opener(place);
  const memory = async (): Promise<number> => {
    server.send('memory');
    const [{ heap }] = (await once(server, 'message')) as [{ heap: number }]; // the server's answer
    return heap;
  };
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
