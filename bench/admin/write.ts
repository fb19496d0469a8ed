// Grants a second by a sweep, beside a loop of python-ldap3 that writes the same attribute of the
// same computers one by one. Both work against the same controller, in turns.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ManyComputers,
  PASSWORD,
  SERVERS,
  startManyComputers,
} from '../../test/support/many-computers.ts';
import { runOrThrow } from '../../test/support/run.ts';
import { repositoryRoot } from '../../test/support/temp.ts';
import { median } from '../kdc/report.ts';

/** Debian's, whose ldap3 it is. */
const PYTHON = '/usr/bin/python3';
const script = fileURLToPath(new URL('ldap3-writes.py', import.meta.url));
const program = join(repositoryRoot, 'packages/cli/bin/doublehop.js');

/** A list of one middle, as long as those that we write. */
const LIST =
  '01000480140000000000000000000000240000000102000000000005200000002002000004002c0001000000' +
  '00002400ff010f00010500000000000515000000010000000200000003000000f4010000';

export interface WriteOptions {
  /** Computers of the domain; each sweep writes all of them. */
  readonly computers: number;
  /** How many of them the sequential loop writes in a round. */
  readonly sequential: number;
  readonly rounds: number;
  readonly progress: (line: string) => void;
}

/** What was measured: writes a second, and for whole commands seconds. */
export interface WriteLine {
  readonly case: 'write';
  readonly computers: number;
  readonly rounds: number;
  /** From the first octet of the journal to its last, all of it on the disk. */
  readonly grantsPerSecond: number;
  readonly undosPerSecond: number;
  /** A whole `doublehop grant`, from its start: sweep, plan, journal, writes, report. */
  readonly commandSeconds: number;
  readonly ldap3PerSecond: number;
  readonly ratio: number;
}

/** Runs the rounds in a new domain below `dir`. */
export async function measureWrites(dir: string, options: WriteOptions): Promise<WriteLine> {
  const { computers, rounds, progress } = options;
  const domain = await startManyComputers(join(dir, 'domain'), computers);
  try {
    const kinit = [program, 'kinit', 'Administrator'];
    const env = domain.environment;
    await runOrThrow(process.execPath, kinit, { env, input: `${PASSWORD}\n` });
    const all: Round[] = [];
    for (let at = 0; at < rounds; at += 1) {
      const round = await measureRound(domain, options);
      const shown = [round.grants, round.undos, round.ldap3].map(Math.round);
      progress(`write: ${shown.join(', ')} a second: grants, undos, ldap3`);
      all.push(round);
    }
    const middle = (pick: (round: Round) => number): number => median(all.map(pick));
    const [grants, ldap3] = [middle((one) => one.grants), middle((one) => one.ldap3)];
    return {
      case: 'write',
      computers,
      rounds,
      grantsPerSecond: Math.round(grants),
      undosPerSecond: Math.round(middle((one) => one.undos)),
      commandSeconds: Number(middle((one) => one.seconds).toFixed(2)),
      ldap3PerSecond: Math.round(ldap3),
      ratio: Number(median(all.map((one) => one.grants / one.ldap3)).toFixed(1)),
    };
  } finally {
    await domain.stop();
  }
}

interface Round {
  readonly grants: number;
  readonly undos: number;
  readonly ldap3: number;
  readonly seconds: number;
}

async function measureRound(domain: ManyComputers, options: WriteOptions): Promise<Round> {
  const start = performance.now();
  const grant = ['grant', '--middle', 'JumpBox', '--search-base', SERVERS, '--yes', '--json'];
  await doublehop(domain, grant);
  const seconds = (performance.now() - start) / 1000;
  const grants = rateOf(domain, options.computers);
  await doublehop(domain, ['undo', 'last', '--yes', '--json']);
  const undos = rateOf(domain, options.computers);
  const first = await sequentially(domain, options.sequential, LIST);
  const second = await sequentially(domain, options.sequential, '');
  return { grants, undos, ldap3: (2 * options.sequential) / (first + second), seconds };
}

async function doublehop(domain: ManyComputers, args: readonly string[]): Promise<void> {
  const env = domain.environment;
  await runOrThrow(process.execPath, [program, ...args], { env, timeout: TIMEOUT });
}

const TIMEOUT = 600_000;

/** Writes a second of the newest run, by the times in its journal. */
function rateOf({ environment }: ManyComputers, writes: number): number {
  const journal = join(environment['XDG_STATE_HOME'] ?? '', 'doublehop', 'journal');
  const name = readdirSync(journal).toSorted().at(-1) ?? '';
  const lines = readFileSync(join(journal, name), 'utf8').trimEnd().split('\n');
  const done = lines.filter((line) => line.startsWith('{"type":"outcome"'));
  if (done.length !== writes) throw new Error(`${done.length} of ${writes} were written`);
  const [first = '', last = ''] = [lines[0], lines.at(-1)];
  return (1000 * writes) / (timeOf(last) - timeOf(first));
}

function timeOf(line: string): number {
  return Date.parse(/"at":"([^"]+)"/u.exec(line)?.[1] ?? '');
}

/** Seconds that the loop takes for its writes alone. */
async function sequentially(
  { ldapsPort }: ManyComputers,
  writes: number,
  list: string,
): Promise<number> {
  const url = `ldaps://localhost:${ldapsPort}`;
  const args = [script, url, 'Administrator@many.example', SERVERS, String(writes), list];
  const out = await runOrThrow(PYTHON, args, { input: `${PASSWORD}\n`, timeout: TIMEOUT });
  const seconds = /"seconds": ([\d.]+)/u.exec(out)?.[1];
  if (seconds === undefined) throw new Error(`ldap3 said: ${out}`);
  return Number(seconds);
}
