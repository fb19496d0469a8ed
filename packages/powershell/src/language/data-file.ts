import { PowerShellError } from '../errors.ts';
import { PsDictionary, type PsValue, Scalar } from '../objects/value.ts';
import type { Expression, Statement } from './ast.ts';
import { pureExpression } from './execute.ts';
import { parseScript } from './parse.ts';
import type { Source } from './source.ts';

/** A value of a data file, and where it stands. */
export type DataNode = { readonly at: number } & (
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: PsValue }
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'block'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly DataNode[] }
  | DataEntries
);

/** A hashtable: its keys are texts, each there once. */
export interface DataEntries {
  readonly kind: 'table';
  readonly entries: readonly {
    readonly key: string;
    readonly at: number;
    readonly value: DataNode;
  }[];
}

export type DataTable = { readonly at: number } & DataEntries;

/** A file of one literal hashtable: `.psd1`, `.pssc`, `.psrc`. */
export interface DataFile {
  readonly source: Source;
  readonly table: DataTable;
}

/**
 * Reads a data file (about_Data_Files): one hashtable of texts, numbers, `$true`, `$false`,
 * `$null`, lists, hashtables and script blocks. Nothing in it runs, and nothing in it is a
 * variable. Throws PowerShellError for everything else.
 */
export function parseDataFile(text: string, file: string): DataFile {
  const { body, source } = parseScript(text, file);
  const [only, ...more] = body.statements;
  const root = only === undefined ? undefined : pureExpression(only);
  const extra = more[0] ?? (root?.kind === 'hashtable' ? undefined : only);
  if (root?.kind !== 'hashtable' || extra !== undefined) {
    fail(source, extra?.start ?? 0, 'a data file is one hashtable: @{ … }');
  }
  const table = nodeOf(source, root);
  if (table.kind !== 'table') fail(source, root.start, 'not a hashtable');
  return { source, table };
}

/** Refuses a file for what is in it, with the place. */
export function fail(source: Source, at: number, reason: string): never {
  throw new PowerShellError('data', reason, source.positionAt(at));
}

/** A data value as a script would have it. */
export function dataValue(node: DataNode): PsValue {
  switch (node.kind) {
    case 'text':
    case 'number':
    case 'truth':
      return node.value;
    case 'null':
      return null;
    case 'block':
      return new Scalar('ScriptBlock', node.text);
    case 'list':
      return node.items.map(dataValue);
    case 'table':
      return new PsDictionary(
        node.entries.map(({ key, value }): [PsValue, PsValue] => [key, dataValue(value)]),
      );
  }
}

function nodeOf(source: Source, expression: Expression): DataNode {
  const at = expression.start;
  switch (expression.kind) {
    case 'literal': {
      const { value, isBare } = expression;
      if (typeof value !== 'string') return { kind: 'number', value, at };
      return isBare ? fail(source, at, `the command ${value}`) : { kind: 'text', value, at };
    }
    case 'variable':
      return constant(source, expression.name, at);
    case 'array-literal':
      return { kind: 'list', items: expression.items.map((item) => nodeOf(source, item)), at };
    case 'array': {
      const nodes = expression.body.statements.map((one) => statementNode(source, one));
      // `@( 'a', 'b' )` is the list itself, not a list in a list.
      return {
        kind: 'list',
        items: nodes.flatMap((one) => (one.kind === 'list' ? one.items : one)),
        at,
      };
    }
    case 'paren':
      return statementNode(source, expression.statement);
    case 'hashtable': {
      const entries = expression.entries.map(({ key, value }) => ({
        key: keyOf(source, key),
        at: key.start,
        value: statementNode(source, value),
      }));
      refuseTwice(source, entries);
      return { kind: 'table', entries, at };
    }
    case 'block':
      return { kind: 'block', text: expression.text, at };
    case 'unary': {
      const inner = nodeOf(source, expression.operand);
      if (expression.operator !== 'minus' || inner.kind !== 'number') break;
      const { value } = inner;
      if (typeof value === 'number' || typeof value === 'bigint') {
        return { kind: 'number', value: -value, at };
      }
      break;
    }
    case 'expandable':
      return fail(source, at, 'a variable in a string of a data file');
    case 'sub':
    case 'step':
    case 'binary':
    case 'cast':
    case 'type':
    case 'member':
    case 'index':
    case 'method':
      break;
  }
  return fail(source, at, 'a data file holds literals only');
}

function statementNode(source: Source, statement: Statement): DataNode {
  const expression = pureExpression(statement);
  if (expression !== undefined) return nodeOf(source, expression);
  return fail(source, statement.start, 'a data file holds literals only: nothing in it runs');
}

function constant(source: Source, name: string, at: number): DataNode {
  switch (name.toLowerCase()) {
    case 'true':
      return { kind: 'truth', value: true, at };
    case 'false':
      return { kind: 'truth', value: false, at };
    case 'null':
      return { kind: 'null', at };
    default:
      return fail(source, at, `the variable $${name} in a data file`);
  }
}

function keyOf(source: Source, key: Expression): string {
  if (key.kind === 'literal' && typeof key.value === 'string') return key.value;
  return fail(source, key.start, 'a key of a data file is a text');
}

function refuseTwice(source: Source, entries: DataEntries['entries']): void {
  const seen = new Set<string>();
  for (const { key, at } of entries) {
    const lower = key.toLowerCase();
    if (seen.has(lower)) fail(source, at, `the key ${key} is there twice`);
    seen.add(lower);
  }
}
