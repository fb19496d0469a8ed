import type { Account, Principal } from '@doublehop/admin/account';
import type { DomainConnection } from '@doublehop/admin/connection';
import { splitIdentities } from '@doublehop/admin/identity';
import { resolvePrincipal, resolveTarget } from '@doublehop/admin/resolve';
import { findTargets } from '@doublehop/admin/targets';
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
}

/** Adds `--middle`, which may be repeated and may hold a list. */
export function addMiddleOption(command: Command, description: string): Command {
  return command.addOption(new Option('--middle <identity>', description).argParser(collect));
}

/** Throws UsageError where no middle is named; not earlier: a misspelt option is told first. */
export function requireMiddles({ middle = [] }: { readonly middle?: readonly string[] }): void {
  if (middle.length === 0) {
    throw new UsageError('who may act for users? Give --middle, for instance --middle ServerB');
  }
}

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
  const { target: named = [], scope } = options;
  const sweeps = isSweep(options);
  if (scope !== undefined && !sweeps) {
    throw new UsageError('--scope goes with --search-base or --filter');
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
  const { target: named = [], searchBase, filter, scope } = options;
  const found = new Map<string, Account>();
  for (const text of named) {
    const account = await resolveTarget(connection, text, argument);
    found.set(account.sid, account);
  }
  if (!isSweep(options)) return [...found.values()];
  const progress = startProgress(context, 'computers found');
  try {
    for await (const account of findTargets(connection, { base: searchBase, filter, scope })) {
      found.set(account.sid, account);
      connection.names.remember(account);
      progress.update(found.size);
    }
  } finally {
    progress.end();
  }
  if (found.size > 0) return [...found.values()];
  const where = searchBase ?? connection.domain.namingContext;
  throw new UsageError(`no computer below ${where} fits; nothing to do`);
}

function isSweep({ searchBase, filter }: TargetOptions): boolean {
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
