import { PsDictionary, type PsValue } from '../objects/value.ts';
import type { Block, VariableExpression } from './ast.ts';
import { runtimeError } from './script-error.ts';
import { visits } from './visit.ts';

/**
 * The name under which the value of a `$using:` expression travels with a script: its text in
 * lower case, UTF-16LE, in base64 (PowerShell's PsUtils.GetUsingExpressionKey).
 */
export function usingKey(text: string): string {
  return Buffer.from(text.toLowerCase(), 'utf16le').toString('base64');
}

/** The `$using:` variables of a block, those of blocks in it too, each name once. */
export function usingVariables(block: Block): VariableExpression[] {
  const found = new Map<string, VariableExpression>();
  for (const { node } of visits(block)) {
    if (node.kind !== 'variable' || node.scope !== 'using') continue;
    const key = node.name.toLowerCase();
    if (!found.has(key)) found.set(key, node);
  }
  return [...found.values()];
}

/**
 * What travels as the parameter `--%` with a block that is sent as text: the values of its
 * `$using:` variables. Throws CommandFailure for one that the caller has not set.
 */
export function usingValues(
  block: Block,
  variables: (name: string) => PsValue | undefined,
): PsDictionary {
  return new PsDictionary(
    usingVariables(block).map(({ name }): [PsValue, PsValue] => [
      usingKey(`$using:${name}`),
      usingValue(name, variables),
    ]),
  );
}

/** The caller's variable that `$using:name` means. Throws CommandFailure if it is not set. */
export function usingValue(
  name: string,
  variables: (name: string) => PsValue | undefined,
): PsValue {
  const value = variables(name);
  if (value !== undefined) return value;
  throw runtimeError(
    `The value of the using variable '$using:${name}' cannot be retrieved because it has not ` +
      'been set in the local session.',
    'UsingVariableIsUndefined',
    'InvalidOperation',
    name,
  );
}
