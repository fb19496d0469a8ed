import { PowerShellError } from '../errors.ts';
import type { CastType, OperatorName, Script } from './ast.ts';
import { type Node, visits } from './visit.ts';

const PREFIX = 'not allowed in restricted language mode';

/** Variables that RestrictedLanguage has (PowerShell's RestrictedLanguageChecker). */
const VARIABLES = /^(?:psculture|psuiculture|true|false|null)$/iu;

/** Operators that it has not (about_Data_Sections, TokenFlags.DisallowedInRestrictedMode). */
const OPERATORS: readonly OperatorName[] = ['..', 'match', 'notmatch'];

/** Types of single values: those that a cast may name. */
const TYPES: readonly CastType[] = ['string', 'char', 'int', 'long', 'double', 'bool', 'datetime'];

/**
 * Refuses what RestrictedLanguage has not (about_Language_Modes): blocks, assignments, loops,
 * members, redirections, and all variables but constants and `$using:`. Throws PowerShellError.
 * `blockCommands` have an argument that is a block which they send elsewhere: it may stand there,
 * and is held to the same rules.
 */
export function checkRestricted(
  { body, source }: Script,
  blockCommands: readonly string[] = [],
): void {
  const [parameter] = body.parameters ?? [];
  if (parameter !== undefined) {
    const at = source.positionAt(parameter.start);
    throw new PowerShellError('unsupported', `${PREFIX}: 'param'`, at);
  }
  const takesBlocks = (node: Node | undefined): boolean =>
    node?.kind === 'command' &&
    blockCommands.some((name) => name.toLowerCase() === node.name.toLowerCase());
  for (const { node, within } of visits(body)) {
    if (node.kind === 'block' && takesBlocks(within[0])) continue;
    const what = refused(node);
    if (what === undefined) continue;
    const reason = `${PREFIX}: ${what}`;
    throw new PowerShellError('unsupported', reason, source.positionAt(node.start));
  }
}

/** What is refused wherever it stands. */
const REFUSED: Partial<Readonly<Record<Node['kind'], string>>> = {
  block: 'script blocks',
  assignment: 'assignments',
  step: 'assignments',
  foreach: 'loops',
  for: 'loops',
  while: 'loops',
  try: "'try'",
  throw: "'throw'",
  exit: "'exit'",
  return: "'return'",
  break: "'break'",
  continue: "'continue'",
  member: 'properties',
  method: 'methods',
  index: 'indexes',
};

function refused(node: Node): string | undefined {
  if (node.kind === 'variable') {
    const isAllowed =
      node.scope === 'using' || (node.scope === undefined && VARIABLES.test(node.name));
    return isAllowed ? undefined : `the variable $${node.name}`;
  }
  if (node.kind === 'binary') {
    const found = node.rest.find(({ operator }) => OPERATORS.includes(operator.name));
    return found && `the operator ${found.operator.name.replace(/^(?=\w)/u, '-')}`;
  }
  if (node.kind === 'cast' || node.kind === 'type') {
    return TYPES.includes(node.type.name) ? undefined : `the type [${node.type.name}]`;
  }
  const redirects =
    node.kind === 'pipeline'
      ? node.dropsErrors || node.dropsOutput
      : node.kind === 'command' && node.mergesErrors;
  return redirects ? 'redirection' : REFUSED[node.kind];
}
