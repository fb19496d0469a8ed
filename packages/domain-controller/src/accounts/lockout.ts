import type { Account } from '@doublehop/directory/account';
import type { Directory } from '@doublehop/directory/directory';
import type { Entry, Modification } from '@doublehop/directory/entry';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { fileTimeOf, millisecondsOf } from '@doublehop/security/filetime';
import {
  LOCKOUT_WRITE_DELAY,
  LOGON_WRITE_DELAY,
  MAX_GUARDED_ACCOUNTS,
  MAX_LOGONS_A_WRITE,
} from '../limits.ts';
import type { PasswordPolicy } from './password-policy.ts';
import { PasswordPolicies } from './policies.ts';

/** How an account stands with wrong passwords: attributes of its entry. */
interface Standing {
  readonly badPwdCount: number;
  readonly badPasswordTime: bigint;
  readonly lockoutTime: bigint;
}

/** An account with wrong passwords: what the directory has, and what it is to have. */
interface Guard {
  /** As it stood in the directory when somebody looked or wrote last. */
  stored: Standing;
  now: Standing;
  /** What is on its way into the directory. */
  writing?: Standing;
}

/** Logons that are not written yet. */
interface Logons {
  count: number;
  /** The last one that sets lastLogon, in milliseconds; 0: none does. */
  last: number;
  /** The last one of all. */
  any: number;
}

/** What Lockouts work with. */
export interface LockoutsOptions {
  readonly directory: Directory;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told when writing fails; what was to be written is tried again later. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * Wrong passwords, locked accounts and times of logons (MS-SAMR 3.1.5.14.6; MS-ADA1 badPwdCount,
 * MS-ADA2 lockoutTime). What is noted counts in this process at once, so that guesses that come at
 * the same time do not exceed the threshold; it becomes durable a moment later, many together. A
 * logon that changes nothing but its own time waits longer.
 */
export class Lockouts {
  readonly #options: LockoutsOptions;
  readonly #policies: PasswordPolicies;
  readonly #guards = new Map<number, Guard>();
  readonly #logons = new Map<number, Logons>();
  readonly #dirty = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #isSoon = false;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: LockoutsOptions) {
    this.#options = options;
    this.#policies = new PasswordPolicies(options.directory);
  }

  /** The password policy that counts for an account. */
  policyOf(account: Account): PasswordPolicy {
    return this.#policies.policyOf(account);
  }

  /**
   * Whether an account is locked at a time (milliseconds). Ask right before a password's rightness
   * is told: after whatever took time.
   */
  isLocked(account: Account, now: number): boolean {
    const guard = this.#guards.get(account.id);
    if (guard === undefined && account.lockoutTime === 0n) return false;
    const { lockoutTime } = guard === undefined ? account : this.#present(account.id, guard);
    return isLocked(lockoutTime, this.policyOf(account), now);
  }

  /** A wrong password. Those of an account that is locked do not count (MS-SAMR 3.1.5.14.6). */
  noteFailure(account: Account, now = this.#options.clock()): void {
    const guard = this.#guard(account.id);
    if (guard === undefined) return;
    const policy = this.policyOf(account);
    if (isLocked(guard.now.lockoutTime, policy, now)) return;
    guard.now = afterFailure(guard.now, policy, account, now);
    this.#schedule(account.id, true);
  }

  /**
   * A right password. `interactive`: by Kerberos, or where a person sits; others move lastLogon
   * only where they end a row of wrong passwords, and are not counted (MS-ADA1 logonCount).
   */
  noteSuccess(account: Account, how: { readonly interactive: boolean }): void {
    const now = this.#options.clock();
    const ends = this.#forgive(account);
    const logons = this.#logons.get(account.id) ?? { count: 0, last: 0, any: 0 };
    logons.any = now;
    if (how.interactive || ends) logons.last = now;
    if (how.interactive) logons.count += 1;
    this.#logons.set(account.id, logons);
    this.#schedule(account.id, ends);
  }

  /** Whether something is noted that the directory does not show yet. */
  get isPending(): boolean {
    return this.#dirty.size > 0;
  }

  /** Writes what is noted; durable when it resolves. Those who read it from entries wait for it. */
  async settle(): Promise<void> {
    if (this.#dirty.size > 0) this.#write();
    await this.#writing;
  }

  /** Writes what is noted and notes nothing more. */
  async close(): Promise<void> {
    await this.settle();
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Takes wrong passwords from an account; whether there were any. */
  #forgive(account: Account): boolean {
    const known = this.#guards.has(account.id);
    if (!known && account.badPwdCount === 0 && account.lockoutTime === 0n) return false;
    const guard = this.#guard(account.id);
    if (guard === undefined) return false;
    const { badPwdCount, lockoutTime, badPasswordTime } = guard.now;
    guard.now = { badPwdCount: 0, lockoutTime: 0n, badPasswordTime };
    return badPwdCount !== 0 || lockoutTime !== 0n;
  }

  #guard(id: number): Guard | undefined {
    const known = this.#guards.get(id);
    if (known !== undefined) {
      this.#present(id, known);
      return known;
    }
    const entry = this.#options.directory.find({ id });
    if (entry === undefined) return undefined;
    if (this.#guards.size >= MAX_GUARDED_ACCOUNTS) this.#forgetWritten();
    const stored = standingOf(entry);
    const guard = { stored, now: stored };
    this.#guards.set(id, guard);
    return guard;
  }

  /** The standing that counts: what others wrote in the meantime, an unlocking, goes before. */
  #present(id: number, guard: Guard): Standing {
    const entry = this.#options.directory.find({ id });
    const stored = entry === undefined ? guard.stored : standingOf(entry);
    if (sameStanding(stored, guard.stored)) return guard.now;
    const isOurs = guard.writing !== undefined && sameStanding(stored, guard.writing);
    if (!isOurs) guard.now = stored;
    guard.stored = stored;
    return guard.now;
  }

  #forgetWritten(): void {
    for (const id of this.#guards.keys()) if (!this.#dirty.has(id)) this.#guards.delete(id);
  }

  #schedule(id: number, soon: boolean): void {
    this.#dirty.add(id);
    if (this.#closed || (this.#timer !== undefined && (this.#isSoon || !soon))) return;
    clearTimeout(this.#timer);
    this.#isSoon = soon;
    const delay = soon ? LOCKOUT_WRITE_DELAY : LOGON_WRITE_DELAY;
    this.#timer = setTimeout(() => this.#write(), delay).unref();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // In the order in which the store has them: neighbours are written together.
    const ids = [...this.#dirty].toSorted((a, b) => a - b);
    this.#dirty.clear();
    this.#writing = this.#writing.then(() => this.#writeAll(ids));
  }

  async #writeAll(ids: readonly number[]): Promise<void> {
    for (let at = 0; at < ids.length; at += MAX_LOGONS_A_WRITE) {
      const some = ids.slice(at, at + MAX_LOGONS_A_WRITE).map((id) => this.#take(id));
      try {
        await this.#options.directory.write((writer) => {
          for (const one of some) writeOne(writer, one);
        });
        for (const one of some) this.#written(one);
      } catch (error) {
        // What stands in memory counts on; the next thing noted of the account writes it.
        this.#options.onDefect(error);
      }
    }
  }

  #take(id: number): Note {
    const guard = this.#guards.get(id);
    const logons = this.#logons.get(id);
    this.#logons.delete(id);
    if (guard === undefined) return { id, guard, standing: undefined, stored: undefined, logons };
    guard.writing = guard.now;
    return { id, guard, standing: guard.now, stored: guard.stored, logons };
  }

  #written({ id, guard, standing }: Note): void {
    if (guard === undefined || standing === undefined) return;
    this.#present(id, guard);
    delete guard.writing;
    const isClean = guard.now.badPwdCount === 0 && guard.now.lockoutTime === 0n;
    if (isClean && !this.#dirty.has(id)) this.#guards.delete(id);
  }
}

/** What is written of one account. */
interface Note {
  readonly id: number;
  readonly guard: Guard | undefined;
  readonly standing: Standing | undefined;
  readonly stored: Standing | undefined;
  readonly logons: Logons | undefined;
}

function writeOne(writer: DirectoryWriter, { id, standing, stored, logons }: Note): void {
  const entry = writer.find({ id });
  // A tombstone still goes by its number, and has no counters.
  if (entry === undefined || entry.text('isDeleted') === 'TRUE') return;
  const changes: Modification[] = [];
  if (standing !== undefined && stored !== undefined) {
    changes.push(...standingChanges(entry, standing, stored));
  }
  if (logons !== undefined) changes.push(...stampChange(entry, logons));
  if (changes.length > 0) writer.modify({ id }, changes, { system: true });
  if (logons !== undefined) noteLogons(writer, entry, logons);
}

/** Where somebody unlocked the account while this waited, it is unlocked. */
function standingChanges(entry: Entry, standing: Standing, stored: Standing): Modification[] {
  const present = standingOf(entry);
  if (!sameStanding(present, stored)) return [];
  const names = ['badPwdCount', 'badPasswordTime', 'lockoutTime'] as const;
  const changed = names.filter((name) => standing[name] !== present[name]);
  return changed.map((name) => replace(name, standing[name]));
}

/** lastLogonTimestamp, of which other controllers are told, moves now and then alone. */
function stampChange(entry: Entry, { any }: Logons): Modification[] {
  const stamp = BigInt(entry.text('lastLogonTimestamp') ?? 0);
  // Spread over days, so that not all accounts are written on the same one (MS-ADA1 2.352).
  const age = (STAMP_DAYS - (entry.id % STAMP_SPREAD)) * DAY;
  if (stamp !== 0n && millisecondsOf(stamp) + age > any) return [];
  return [replace('lastLogonTimestamp', fileTimeOf(any))];
}

function noteLogons(writer: DirectoryWriter, entry: Entry, { count, last }: Logons): void {
  if (last === 0 && count === 0) return;
  const counted = Number(entry.text('logonCount') ?? 0) + count;
  writer.note(entry.id, {
    ...(last === 0 ? {} : { lastLogon: String(fileTimeOf(last)) }),
    ...(count === 0 ? {} : { logonCount: String(Math.min(counted, MAX_COUNT)) }),
  });
}

/** msDS-LogonTimeSyncInterval, and the days of it that are drawn by lot. */
const STAMP_DAYS = 14;
const STAMP_SPREAD = 5;
const DAY = 86_400_000;

/** logonCount and badPwdCount are 16 bits wide where PACs carry them (MS-PAC 2.5). */
const MAX_COUNT = 0xffff;

/** The built-in Administrator (MS-SAMR 2.2.1.14). */
const ADMINISTRATOR = 500;

function isLocked(lockoutTime: bigint, { lockoutDuration }: PasswordPolicy, now: number): boolean {
  return lockoutTime !== 0n && millisecondsOf(lockoutTime) + lockoutDuration > now;
}

function afterFailure(
  { badPwdCount, badPasswordTime, lockoutTime }: Standing,
  policy: PasswordPolicy,
  { rid }: Account,
  now: number,
): Standing {
  const isOver = millisecondsOf(badPasswordTime) + policy.lockoutWindow <= now;
  const count = Math.min((isOver ? 0 : badPwdCount) + 1, MAX_COUNT);
  const exempt = rid === ADMINISTRATOR && !policy.locksAdministrator;
  const locks = policy.lockoutThreshold > 0 && count >= policy.lockoutThreshold && !exempt;
  const time = fileTimeOf(now);
  return { badPwdCount: count, badPasswordTime: time, lockoutTime: locks ? time : lockoutTime };
}

function standingOf(entry: Entry): Standing {
  return {
    badPwdCount: Number(entry.text('badPwdCount') ?? 0),
    badPasswordTime: BigInt(entry.text('badPasswordTime') ?? 0),
    lockoutTime: BigInt(entry.text('lockoutTime') ?? 0),
  };
}

function sameStanding(a: Standing, b: Standing): boolean {
  return (
    a.badPwdCount === b.badPwdCount &&
    a.badPasswordTime === b.badPasswordTime &&
    a.lockoutTime === b.lockoutTime
  );
}

function replace(attribute: string, value: bigint | number): Modification {
  return { operation: 'replace', attribute, values: [String(value)] };
}
