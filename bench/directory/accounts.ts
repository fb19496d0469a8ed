// What the KDC's look-ups of accounts cost, by the number of accounts in an LMDB store: one JSON
// line a case, microseconds each, the median of rounds in which the sizes take turns. Every access
// is to an account chosen at random. Run it with --expose-gc for the memory that accounts take.
//
//   node --conditions=@doublehop/source [--expose-gc] bench/directory/accounts.ts
//     --accounts 1000,100000  --requests 20000  --rounds 7  --cases miss  --stores DIR
//
// Stores made in DIR are kept there for the next run.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Account } from '@doublehop/directory/account';
import { Accounts } from '@doublehop/directory/accounts';
import { Directory } from '@doublehop/directory/directory';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import type { Store } from '@doublehop/directory/store/store';
import { runOrThrow } from '../../test/support/run.ts';
import { withTempDir } from '../../test/support/temp.ts';
import { realmSize, serviceName, userName } from '../kdc/realm.ts';

const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '1000,100000' },
    requests: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '7' },
    cases: { type: 'string', default: '' },
    stores: { type: 'string' },
  },
});
const requests = Number(values.requests);
const rounds = Number(values.rounds);

/** A store of some size and accounts that are all kept, once they were asked for. */
interface Subject {
  readonly size: number;
  readonly store: Store;
  readonly directory: Directory;
  readonly warm: Accounts;
}

/** Does one operation for each of the numbers. */
type Case = (subject: Subject, numbers: readonly number[]) => void;

/** Fresh objects for every round, so that nothing is kept. */
function cold(subject: Subject, size: number): Accounts {
  return new Accounts(subject.directory, { size });
}

const client = (accounts: Accounts, number: number): Account | undefined =>
  accounts.byName(userName(number));
const service = (accounts: Accounts, number: number): Account | undefined =>
  accounts.bySpn(serviceName(number));

/** What every AS exchange reads of its client. */
function readClient(account: Account | undefined): number {
  if (account === undefined) throw new Error('a client is not there');
  return (
    account.userAccountControl +
    account.kind.length +
    Number(account.accountExpires === account.lockoutTime) +
    Number(account.pwdLastSet === 0n) +
    (account.logonHours?.length ?? 0) +
    account.samAccountName.length
  );
}

/** What the first one reads besides: keys, and the identity for the PAC. */
function readAllOfClient(account: Account | undefined): number {
  return (
    readClient(account) +
    (account?.keys?.kvno ?? 0) +
    (account?.previousKeys.length ?? 0) +
    (account?.groups.length ?? 0) +
    (account?.resourceGroups.length ?? 0) +
    (account?.extraSids.length ?? 0) +
    (account?.rid ?? 0) +
    (account?.displayName?.length ?? 0) +
    (account?.userPrincipalName?.length ?? 0)
  );
}

/** What every TGS exchange reads of its server. */
function readServer(account: Account | undefined): number {
  if (account === undefined) throw new Error('a server is not there');
  const { userAccountControl, supportedEncryptionTypes = 0, samAccountName, sid } = account;
  return userAccountControl + supportedEncryptionTypes + samAccountName.length + sid.length;
}

/** What the first one reads besides. */
function readAllOfServer(account: Account | undefined): number {
  const keys = (account?.keys?.kvno ?? 0) + (account?.previousKeys.length ?? 0);
  return readServer(account) + keys;
}

function each(accounts: (subject: Subject) => Accounts, work: Work): Case {
  return (subject, numbers) => {
    const from = accounts(subject);
    for (const number of numbers) work(from, number);
  };
}

type Work = (accounts: Accounts, number: number) => unknown;

/** Hardly any account is found in a cache of a few. */
const missing = (subject: Subject): Accounts => cold(subject, 32);
const keeping = ({ warm }: Subject): Accounts => warm;

const cases: Readonly<Record<string, Case>> = {
  refresh: each(keeping, (accounts) => accounts.refresh()),
  'hit by name': each(keeping, client),
  'hit by SPN': each(keeping, service),
  'miss by name': each(missing, client),
  'miss by SPN': each(missing, service),
  'miss by name, all of a client': each(missing, (from, n) => readAllOfClient(client(from, n))),
  'miss by SPN, all of a server': each(missing, (from, n) => readAllOfServer(service(from, n))),
  'hit by name, read as a client': each(keeping, (from, n) => readClient(client(from, n))),
  'hit by SPN, read as a server': each(keeping, (from, n) => readServer(service(from, n))),
};

await (values.stores === undefined ? withTempDir(run) : run(values.stores));

async function run(dir: string): Promise<void> {
  const subjects: Subject[] = [];
  for (const size of values.accounts.split(',').map(Number)) subjects.push(await open(dir, size));
  for (const [name, work] of Object.entries(cases)) {
    if (name.includes(values.cases)) measure(name, work, subjects);
  }
  for (const subject of subjects) memory(subject);
  await Promise.all(subjects.map(({ store }) => store.close()));
}

async function open(dir: string, size: number): Promise<Subject> {
  const own = join(dir, String(size));
  if (!existsSync(own)) {
    mkdirSync(own, { recursive: true });
    const program = fileURLToPath(new URL('../kdc/doublehop-provision.ts', import.meta.url));
    const args = ['--conditions=@doublehop/source', program, own, String(size)];
    await runOrThrow(process.execPath, args, { timeout: 600_000 });
  }
  const store = await lmdbStore({ path: join(own, 'store') });
  const directory = new Directory({ store, clock: Date.now, random: pooledRandom() });
  const warm = new Accounts(directory, { size: 4 * size });
  const { hosts } = realmSize(size);
  for (let number = 1; number <= hosts; number += 1) {
    readAllOfClient(client(warm, number));
    readAllOfServer(service(warm, number));
  }
  return { size, store, directory, warm };
}

function measure(name: string, work: Case, subjects: readonly Subject[]): void {
  const times = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const subject of subjects) {
      const numbers = someNumbers(realmSize(subject.size).hosts);
      const before = process.hrtime.bigint();
      work(subject, numbers);
      const elapsed = Number(process.hrtime.bigint() - before) / 1000;
      // The first round is for the compiler.
      if (round > 0) times.get(subject)?.push(elapsed / requests);
    }
  }
  const medians = subjects.map((subject) => median(times.get(subject) ?? []));
  for (const [index, { size }] of subjects.entries()) {
    const micros = medians[index] ?? 0;
    const ratio = micros / (medians[0] ?? 1);
    print({ case: name, accounts: size, micros: round3(micros), ratio: round3(ratio) });
  }
}

/** What an account takes in memory, its names too, once it was read as a KDC reads it. */
function memory({ size, directory }: Subject): void {
  const { gc } = globalThis;
  if (gc === undefined) return;
  const { hosts } = realmSize(size);
  const before = used(gc);
  const accounts = new Accounts(directory, { size: 4 * size });
  for (let number = 1; number <= hosts; number += 1) readAllOfClient(client(accounts, number));
  const clients = used(gc);
  for (let number = 1; number <= hosts; number += 1) readAllOfServer(service(accounts, number));
  const both = used(gc);
  print({ case: 'bytes a client', accounts: size, bytes: Math.round((clients - before) / hosts) });
  print({ case: 'bytes a server', accounts: size, bytes: Math.round((both - clients) / hosts) });
  // The accounts must outlive the measurement.
  if (client(accounts, 1) === undefined) throw new Error('an account is gone');
}

function used(gc: NonNullable<typeof globalThis.gc>): number {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function someNumbers(limit: number): number[] {
  return Array.from({ length: requests }, () => 1 + Math.floor(Math.random() * limit));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
