import type { Account, Principal } from '@doublehop/admin/account';
import type { DomainConnection } from '@doublehop/admin/connection';
import { splitIdentities } from '@doublehop/admin/identity';
import { resolvePrincipal, resolveTarget } from '@doublehop/admin/resolve';
import { findTargets, SEARCH_KINDS, type SearchKind } from '@doublehop/admin/targets';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { startProgress } from '../output/progress.ts';

/** Options that choose targets: by name, or by a sweep. */
export interface TargetOptions {
  readonly target?: readonly string[];
  readonly searchBase?: string;
  readonly filter?: string;
  readonly scope?: 'base' | 'one' | 'subtree';
  readonly kind?: readonly SearchKind[];
}

/** Adds `--middle`, which may be repeated and may hold a list. */
export function addMiddleOption(command: Command, description: string): Command {
  return command.addOption(new Option('--middle <identity>', description).argParser(collect));
}

/** What is asked where no middle is named. */
export const WHO = 'who may act for users? Give --middle, for instance --middle ServerB';

/** Adds the options of `TargetOptions`; `positional`: targets are arguments instead. */
export function addTargetOptions(command: Command, positional = false): Command {
  if (!positional) {
    command.addOption(
      new Option('--target <identity>', 'the target; may be repeated, or a list: C1,C2').argParser(
        collect,
      ),
    );
  }
  const group = 'Many targets at once:';
  const sweep = [
    new Option('--search-base <dn>', 'every computer below this folder'),
    new Option('--filter <ldap>', 'every computer that this LDAP filter fits: (cn=Web*)'),
    new Option('--scope <scope>', 'how deep; default subtree').argParser(parseScope),
    new Option(
      '--kind <kinds>',
      'what is searched for: computer (default), user, service-account',
    ).argParser(parseKinds),
  ];
  for (const option of sweep) command.addOption(option.helpGroup(group));
  return command;
}

/** Looks up every middle, each once. */
export async function selectMiddles(
  connection: DomainConnection,
  identities: readonly string[],
): Promise<readonly Principal[]> {
  const found = new Map<string, Principal>();
  for (const text of identities) {
    const principal = await resolvePrincipal(connection, text, '--middle');
    found.set(principal.sid, principal);
  }
  return [...found.values()];
}

/**
 * Throws UsageError where no target is chosen, or in two ways; before anybody is connected to.
 * `argument` is how the command calls its targets.
 */
export function requireTargets(options: TargetOptions, argument = '--target'): void {
  const { target: named = [], scope, kind } = options;
  const sweeps = isSweep(options);
  if ((scope ?? kind) !== undefined && !sweeps) {
    const which = scope === undefined ? '--kind' : '--scope';
    throw new UsageError(`${which} goes with --search-base or --filter`);
  }
  if (sweeps && named.length > 0) {
    throw new UsageError(`give either ${argument} or a sweep with --search-base, not both`);
  }
  if (!sweeps && named.length === 0) {
    throw new UsageError(`no target: give ${argument}, or --search-base for all of a folder`);
  }
}

/** Looks up every target, each once. Throws UsageError where a sweep finds none. */
export async function selectTargets(
  context: Context,
  connection: DomainConnection,
  options: TargetOptions,
  argument = '--target',
): Promise<readonly Account[]> {
  const { target: named = [], searchBase: base, filter, scope, kind: kinds } = options;
  const found = new Map<string, Account>();
  for (const text of named) {
    const account = await resolveTarget(connection, text, argument);
    found.set(account.sid, account);
  }
  if (!isSweep(options)) return [...found.values()];
  const progress = startProgress(context, 'accounts found');
  try {
    for await (const account of findTargets(connection, { base, filter, scope, kinds })) {
      found.set(account.sid, account);
      connection.names.remember(account);
      progress.update(found.size);
    }
  } finally {
    progress.end();
  }
  if (found.size > 0) return [...found.values()];
  const where = base ?? connection.domain.namingContext;
  const what = (kinds ?? ['computer']).join(' or ').replaceAll('-', ' ');
  throw new UsageError(`no ${what} below ${where} fits; nothing to do`);
}

/** Whether targets are searched for. */
export function isSweep({ searchBase, filter }: TargetOptions): boolean {
  return searchBase !== undefined || filter !== undefined;
}

/** The identities of one more option of the same name. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...splitIdentities(text)];
}

/** Scopes of LDAP and of PowerShell. */
const SCOPES: ReadonlyMap<string, 'base' | 'one' | 'subtree'> = new Map([
  ['base', 'base'],
  ['one', 'one'],
  ['onelevel', 'one'],
  ['sub', 'subtree'],
  ['subtree', 'subtree'],
]);

function parseScope(text: string): 'base' | 'one' | 'subtree' {
  const scope = SCOPES.get(text.toLowerCase());
  if (scope === undefined) throw new UsageError(`--scope: "${text}" is none of base, one, subtree`);
  return scope;
}

function parseKinds(text: string, previous: readonly SearchKind[] = []): readonly SearchKind[] {
  const kinds = text.split(',').map((part) => {
    const wanted = part.trim().toLowerCase().replace(/s$/, '');
    const kind = SEARCH_KINDS.find((each) => each === wanted);
    if (kind !== undefined) return kind;
    throw new UsageError(`--kind: "${part.trim()}" is none of ${SEARCH_KINDS.join(', ')}`);
  });
  return [...previous, ...kinds];
}
