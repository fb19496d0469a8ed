import { type DataNode, type DataTable, fail } from '../language/data-file.ts';
import type { Source } from '../language/source.ts';

/** Keys of a kind of table. */
export interface KnownKeys {
  /** Keys that are read. */
  readonly read: readonly string[];
  /** Keys that PowerShell has and that are refused unless they say nothing. */
  readonly refused?: readonly string[];
}

/** Reads the keys of a hashtable as what they should be; says where they are not. */
export class TableReader {
  readonly source: Source;
  readonly #table: DataTable;

  /** Throws PowerShellError for a key that is not known. */
  constructor(source: Source, table: DataTable, { read, refused = [] }: KnownKeys) {
    this.source = source;
    this.#table = table;
    for (const { key, at, value } of table.entries) {
      if (has(read, key)) continue;
      if (!has(refused, key)) fail(source, at, `unknown key ${key}`);
      if (!isNothing(value)) fail(source, at, `not supported: ${key}`);
    }
  }

  get at(): number {
    return this.#table.at;
  }

  /** The value of a key; undefined: it is not there, or null. */
  node(key: string): DataNode | undefined {
    const lower = key.toLowerCase();
    const found = this.#table.entries.find((entry) => entry.key.toLowerCase() === lower)?.value;
    return found?.kind === 'null' ? undefined : found;
  }

  text(key: string): string | undefined {
    const node = this.node(key);
    if (node === undefined) return undefined;
    return node.kind === 'text' ? node.value : this.#wrong(node, key, 'a text');
  }

  /** A text that must be there. */
  needed(key: string): string {
    return this.text(key) ?? fail(this.source, this.at, `the key ${key} is missing`);
  }

  /** One text or several. */
  texts(key: string): readonly string[] {
    return this.nodes(key).map((item) =>
      item.kind === 'text' ? item.value : this.#wrong(item, key, 'a text, or several'),
    );
  }

  /** One value or several. */
  nodes(key: string): readonly DataNode[] {
    const node = this.node(key);
    if (node === undefined) return [];
    return node.kind === 'list' ? node.items : [node];
  }

  flag(key: string): boolean {
    const node = this.node(key);
    if (node === undefined) return false;
    return node.kind === 'truth' ? node.value : this.#wrong(node, key, '$true or $false');
  }

  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined {
    const node = this.node(key);
    if (node === undefined) return undefined;
    const lower = node.kind === 'text' ? node.value.toLowerCase() : undefined;
    const found = values.find((value) => value.toLowerCase() === lower);
    return found ?? this.#wrong(node, key, `one of ${values.join(', ')}`);
  }

  table(key: string): DataTable | undefined {
    const node = this.node(key);
    if (node === undefined) return undefined;
    return node.kind === 'table' ? node : this.#wrong(node, key, 'a hashtable');
  }

  #wrong(node: DataNode, key: string, wanted: string): never {
    return fail(this.source, node.at, `${key} should be ${wanted}`);
  }
}

function has(keys: readonly string[], key: string): boolean {
  return keys.some((one) => one.toLowerCase() === key.toLowerCase());
}

function isNothing(value: DataNode): boolean {
  if (value.kind === 'list') return value.items.length === 0;
  if (value.kind === 'table') return value.entries.length === 0;
  return value.kind === 'null' || (value.kind === 'truth' && !value.value);
}
