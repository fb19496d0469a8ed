import type { Account, Principal } from '@doublehop/admin/account';
import { type ListRow, parseList } from '@doublehop/admin/changes/list';
import { AdminError } from '@doublehop/admin/errors';
import { MAX_LIST_BYTES } from '@doublehop/admin/limits';
import { lookUpAccounts } from '@doublehop/admin/policy/lookup';
import { resolvePrincipal, resolveTarget } from '@doublehop/admin/resolve';
import { isSid } from '@doublehop/security/sid';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';
import type { Connections } from './connection.ts';

/** How the option is called in errors. */
const LIST = '--list';

/** Targets, and the middles that are meant for them. */
export interface Selected {
  readonly targets: readonly Account[];
  readonly middles: readonly Principal[];
}

/** Reads the list that an option names; `-` is standard input. */
export async function readList(context: Context, file: string): Promise<readonly ListRow[]> {
  const text = file === '-' ? await inputText(context) : await fileText(file);
  const rows = parseList(text, LIST);
  if (rows.length === 0) throw new UsageError(`${LIST}: the list is empty; nothing to do`);
  return rows;
}

/**
 * The accounts of a list, looked up many at a time. Rows with the same middles stand together; a
 * list without the column `middle` takes `middles`, one without `target` takes `targets`.
 *
 * Throws AdminError for the first name that means nobody, with its line and how many more.
 */
export async function selectList(
  { targets: connection, middles: otherConnection }: Connections,
  rows: readonly ListRow[],
  { targets, middles }: Selected,
): Promise<readonly Selected[]> {
  const accounts = await lookUpTargets({ targets: connection }, rows);
  const principals = await lookUpMiddles(otherConnection, rows);
  if (rows.every(({ target }) => target === undefined)) {
    return [{ targets, middles: distinct([...middles, ...principals.values()]) }];
  }
  const byTarget = new Map<string, { target: Account; middles: Map<string, Principal> }>();
  for (const { target: name, middle } of rows) {
    const target = name === undefined ? undefined : accounts.get(name);
    if (target === undefined) continue;
    const entry = byTarget.get(target.sid) ?? { target, middles: new Map<string, Principal>() };
    byTarget.set(target.sid, entry);
    const principal = middle === undefined ? undefined : principals.get(middle);
    if (principal !== undefined) entry.middles.set(principal.sid, principal);
  }
  const groups = new Map<string, { targets: Account[]; middles: readonly Principal[] }>();
  for (const { target, middles: own } of byTarget.values()) {
    const all = distinct([...middles, ...own.values()]);
    const key = all
      .map(({ sid }) => sid)
      .toSorted()
      .join(' ');
    const group = groups.get(key) ?? { targets: [], middles: all };
    group.targets.push(target);
    groups.set(key, group);
  }
  return [...groups.values()];
}

async function lookUpTargets(
  { targets: connection }: Pick<Connections, 'targets'>,
  rows: readonly ListRow[],
): Promise<ReadonlyMap<string, Account>> {
  const named = rows.flatMap(({ target, line }) => (target === undefined ? [] : { target, line }));
  const found = await lookUpAccounts(
    connection,
    named.map(({ target }) => target),
  );
  const accounts = new Map<string, Account>();
  const failures: { line: number; error: AdminError }[] = [];
  for (const { target, line } of named) {
    const account = found.get(target);
    if (account instanceof AdminError) failures.push({ line, error: account });
    else if (account !== undefined && isTarget(account)) accounts.set(target, account);
    // Says what is wrong with it.
    else await resolveTarget(connection, target, `${LIST}, line ${line}`);
  }
  const [first] = failures;
  if (first === undefined) return accounts;
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more lines)` : '';
  const { line, error } = first;
  const { code, message, subject, candidates } = error;
  throw new AdminError(code, `line ${line}: ${message}${more}`, {
    argument: LIST,
    subject,
    candidates,
    cause: error,
  });
}

async function lookUpMiddles(
  connection: Connections['middles'],
  rows: readonly ListRow[],
): Promise<ReadonlyMap<string, Principal>> {
  const names = new Set(rows.flatMap(({ middle }) => middle ?? []));
  const found = await lookUpAccounts(
    connection,
    [...names].filter((name) => !isSid(name)),
  );
  const principals = new Map<string, Principal>();
  for (const { middle, line } of rows) {
    if (middle === undefined || principals.has(middle)) continue;
    const account = found.get(middle);
    const known = account !== undefined && !(account instanceof AdminError);
    const principal = known
      ? account
      : await resolvePrincipal(connection, middle, `${LIST}, line ${line}`);
    principals.set(middle, principal);
  }
  return principals;
}

function isTarget({ kind }: Account): boolean {
  return kind !== 'group' && kind !== 'other';
}

function distinct(principals: readonly Principal[]): readonly Principal[] {
  return [...new Map(principals.map((principal) => [principal.sid, principal])).values()];
}

async function fileText(file: string): Promise<string> {
  const octets = await readArgument(LIST, file);
  if (octets.length > MAX_LIST_BYTES) throw new UsageError(`${LIST}: ${file} is too large`);
  return octets.toString();
}

async function inputText({ input }: Context): Promise<string> {
  if (input.isTerminal) throw new UsageError(`${LIST} - reads standard input; pipe a list into it`);
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of input.stream) {
    const octets = Buffer.from(piece);
    size += octets.length;
    if (size > MAX_LIST_BYTES) throw new UsageError(`${LIST}: standard input is too large`);
    pieces.push(octets);
  }
  return Buffer.concat(pieces).toString();
}
