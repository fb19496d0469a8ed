import { loadPolicy } from '@doublehop/admin/policy/load';
import type { Policy, PolicyProblem } from '@doublehop/admin/policy/model';
import { fromUtf8 } from '@doublehop/wire/bytes';
import type { Context } from '../context.ts';
import { oneLine, UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';

/** A policy with the name by which messages call its file. */
export interface PolicyFile {
  readonly name: string;
  readonly policy: Policy;
}

/** Reads a policy file; `-` is standard input. Throws UsageError where it cannot be meant. */
export async function readPolicyFile(context: Context, path: string): Promise<PolicyFile> {
  const name = path === '-' ? 'standard input' : path;
  const octets = path === '-' ? await readAll(context) : await readArgument('policy', path);
  const { policy, problems = [] } = loadPolicy(fromUtf8(octets));
  if (policy !== undefined) return { name, policy };
  throw problemError(context, name, problems);
}

/** What is wrong with a file: one problem is the error itself, several are lines before it. */
export function problemError(
  context: Context,
  name: string,
  problems: readonly PolicyProblem[],
  more = '',
): UsageError {
  const lines = problems.map((problem) => problemLine(name, problem));
  const [only] = lines;
  if (only !== undefined && lines.length === 1) return new UsageError(only);
  for (const line of lines) context.err(`${line}\n`);
  return new UsageError(`${name} has ${lines.length} problems${more}`);
}

/** `policy.yaml:12:7: what is wrong`, as compilers have it and editors follow it. */
export function problemLine(name: string, { at, message }: PolicyProblem): string {
  return oneLine(`${name}:${at.line}:${at.column}: ${message}`);
}

async function readAll({ input }: Context): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of input.stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
