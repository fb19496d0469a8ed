import type { Argument, Command, Option } from 'commander';
import { COMMANDS } from '../command-table.ts';
import type { Context } from '../context.ts';

/** What a word on the command line is completed with. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'folder' }
  /** Names of the directory, numbers: nothing that a shell knows. */
  | { readonly kind: 'none' };

export interface CompletionOption {
  /** `--yes`, `-y`: every spelling, the longest first. */
  readonly flags: readonly string[];
  readonly summary: string;
  /** What its value is, and undefined where it has none. */
  readonly value: { readonly name: string; readonly values: Values } | undefined;
  /** May stand several times. */
  readonly repeats: boolean;
}

export interface CompletionArgument {
  readonly name: string;
  readonly values: Values;
  readonly variadic: boolean;
}

/** A command with all that a shell may complete behind it. */
export interface CompletionNode {
  /** Words up to here: [] is doublehop itself, ['policy', 'export']. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  readonly arguments: readonly CompletionArgument[];
  readonly children: readonly CompletionNode[];
}

/** The tree of every command, as commander has it. */
export async function completionTree(context: Context): Promise<CompletionNode> {
  const children: CompletionNode[] = [];
  for (const { name, summary, load, hidden = false } of COMMANDS) {
    if (hidden) continue;
    children.push(nodeOf((await load()).command(context), [name], summary));
  }
  children.push(helpNode(children));
  return {
    path: [],
    summary: 'Kerberos double hop, solved',
    options: [flag(['--help', '-h'], 'show help'), flag(['--version', '-V'], 'print the version')],
    arguments: [],
    children,
  };
}

/** Every node, parents before children. */
export function allNodes(node: CompletionNode): readonly CompletionNode[] {
  return [node, ...node.children.flatMap(allNodes)];
}

function nodeOf(command: Command, path: readonly string[], summary: string): CompletionNode {
  const children = command.commands.map((child) =>
    nodeOf(child, [...path, child.name()], child.description()),
  );
  return {
    path,
    summary: short(summary),
    options: [
      ...command.options.filter(({ hidden }) => !hidden).map(optionOf),
      flag(['--help', '-h'], 'show help'),
    ],
    arguments: command.registeredArguments.map((argument) => argumentOf(argument, path)),
    children,
  };
}

/** `doublehop help COMMAND`. */
function helpNode(children: readonly CompletionNode[]): CompletionNode {
  const words = children.map(({ path }) => path.join(' '));
  const name = { name: 'command', values: { kind: 'words', words }, variadic: false } as const;
  return {
    path: ['help'],
    summary: 'help for a command',
    options: [],
    arguments: [name],
    children: [],
  };
}

function flag(flags: readonly string[], summary: string): CompletionOption {
  return { flags, summary, value: undefined, repeats: false };
}

function optionOf({ flags, description, argChoices }: Option): CompletionOption {
  const [, placeholder] = /[<[]([^>\]]+)[>\]]/.exec(flags) ?? [];
  const name = placeholder?.replace(/\.\.\.$/, '');
  const spellings = flags.split(/[\s,|]+/).filter((word) => /^-{1,2}\w/.test(word));
  return {
    flags: spellings.toSorted((a, b) => b.length - a.length),
    summary: short(description),
    value: name === undefined ? undefined : { name, values: valuesOf(name, argChoices) },
    // A list may be given word by word.
    repeats: placeholder?.endsWith('...') === true || /repeated/.test(description),
  };
}

function argumentOf(argument: Argument, path: readonly string[]): CompletionArgument {
  const name = argument.name();
  const words = argument.argChoices ?? ARGUMENT_WORDS.get(`${path.join(' ')} ${name}`);
  return { name, values: valuesOf(name, words), variadic: argument.variadic };
}

/** Arguments that are one of some words, and say so in their description alone. */
const ARGUMENT_WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['klist action', ['tickets', 'purge', 'sessions']],
]);

/** What the name of a value says about it. */
function valuesOf(name: string, words: readonly string[] | undefined): Values {
  if (words !== undefined) return { kind: 'words', words };
  if (name === 'scope') return { kind: 'words', words: ['base', 'one', 'subtree'] };
  if (name === 'folder' || name === 'dir') return { kind: 'folder' };
  return FILES.has(name) ? { kind: 'file' } : { kind: 'none' };
}

const FILES: ReadonlySet<string> = new Set(['file', 'file.pssc', 'script', 'cache', 'keytab']);

/** The first clause of a description, on one line. */
function short(text: string): string {
  const [first = ''] = text.replace(/\s+/g, ' ').split(/(?<=[\w)]{2})[.;] /);
  return first.replace(/\.$/, '');
}
