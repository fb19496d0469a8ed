import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type YAMLMap,
  parseDocument,
} from 'yaml';
import {
  MAX_POLICY_BYTES,
  MAX_POLICY_DEPTH,
  MAX_POLICY_PROBLEMS,
  MAX_POLICY_VALUES,
} from '../limits.ts';
import type { Place, PolicyProblem } from './model.ts';

/** A value of a YAML file with its place. There are no tags, and aliases are resolved. */
export type Data =
  | { readonly kind: 'text'; readonly value: string; readonly at: Place }
  | { readonly kind: 'number'; readonly value: number; readonly at: Place }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: Place }
  | { readonly kind: 'null'; readonly at: Place }
  | { readonly kind: 'list'; readonly items: readonly Data[]; readonly at: Place }
  | DataMapping;

export interface DataMapping {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, DataEntry>;
  readonly at: Place;
}

export interface DataEntry {
  readonly at: Place;
  readonly value: Data;
}

/** A file that was read, or what is wrong with it. */
export type ReadData =
  | { readonly data: Data; readonly problems?: undefined }
  | { readonly data?: undefined; readonly problems: readonly PolicyProblem[] };

/**
 * Reads one YAML 1.2 document of the core schema. Refused are: tags, keys that are no texts or
 * stand twice, several documents, and files beyond the limits, counted with what aliases repeat.
 */
export function readData(text: string): ReadData {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) {
    return fail(START, `the file is larger than ${MAX_POLICY_BYTES / 1_048_576} MB`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    // Compared here by a map: the library compares every key with every other.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const problems = faults.slice(0, MAX_POLICY_PROBLEMS).map(({ code, message, pos }) => ({
      at: placeIn(lines, pos[0]),
      message: FAULTS.get(code) ?? `no YAML: ${message.replace(/\s+/g, ' ')}`,
    }));
    return { problems };
  }
  const { contents } = document;
  if (contents === null) return fail(START, 'the file is empty');
  try {
    return { data: new Reader(lines).read(contents, 0) };
  } catch (error) {
    if (error instanceof Refusal) return fail(error.at, error.message);
    throw error;
  }
}

/** Plain values, as JSON has them. */
export function plainData(data: Data): unknown {
  if (data.kind === 'null') return null;
  if (data.kind === 'list') return data.items.map(plainData);
  if (data.kind !== 'mapping') return data.value;
  return Object.fromEntries([...data.entries].map(([key, { value }]) => [key, plainData(value)]));
}

const START: Place = { line: 1, column: 1 };

/** Faults for which the library's words do not say what to do. */
const FAULTS: ReadonlyMap<string, string> = new Map([
  ['MULTIPLE_DOCS', 'a policy file is one document: "---" may stand at its beginning alone'],
  ['RESOURCE_EXHAUSTION', 'the values are nested too deep'],
  ['TAB_AS_INDENT', 'a tab indents this line; YAML wants blanks'],
  ['TAG_RESOLVE_FAILED', 'tags (!name) have no place in a policy file'],
]);

function fail(at: Place, message: string): ReadData {
  return { problems: [{ at, message }] };
}

function placeIn(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** What the reader throws, and `readData` catches. */
class Refusal extends Error {
  readonly at: Place;

  constructor(at: Place, message: string) {
    super(message);
    this.at = at;
  }
}

/** Turns the library's nodes into values. */
class Reader {
  readonly #lines: LineCounter;
  /** An alias means the last anchor of its name before it (YAML 1.2.2 §7.1). */
  readonly #anchors = new Map<string, Node>();
  #count = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  read(node: Node, depth: number): Data {
    const at = this.#place(node);
    this.#count += 1;
    if (this.#count > MAX_POLICY_VALUES) {
      throw new Refusal(at, `more than ${MAX_POLICY_VALUES} values, aliases counted`);
    }
    if (depth > MAX_POLICY_DEPTH) throw new Refusal(at, 'the values are nested too deep');
    if (isAlias(node)) {
      const meant = this.#anchors.get(node.source);
      if (meant === undefined) throw new Refusal(at, `there is no anchor &${node.source} before`);
      return this.read(meant, depth + 1);
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (node.tag !== undefined) {
      throw new Refusal(at, 'tags (!name) have no place in a policy file');
    }
    if (isMap(node)) return { kind: 'mapping', entries: this.#entries(node, depth), at };
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(nodeOf(item, at), depth + 1));
      return { kind: 'list', items, at };
    }
    return scalar(isScalar(node) ? node.value : undefined, at);
  }

  #entries(map: YAMLMap, depth: number): ReadonlyMap<string, DataEntry> {
    const entries = new Map<string, DataEntry>();
    for (const { key, value } of map.items) {
      const at = this.#place(nodeOf(key, this.#place(map)));
      const name = isScalar(key) && key.tag === undefined ? key.value : undefined;
      if (typeof name !== 'string') throw new Refusal(at, 'a key must be a plain text');
      const before = entries.get(name);
      if (before !== undefined) {
        throw new Refusal(at, `"${name}" stands twice; the first is in line ${before.at.line}`);
      }
      const read = value === null ? ({ kind: 'null', at } as const) : undefined;
      entries.set(name, { at, value: read ?? this.read(nodeOf(value, at), depth + 1) });
    }
    return entries;
  }

  #place(node: Node): Place {
    return placeIn(this.#lines, node.range?.[0] ?? 0);
  }
}

/** What stands in a collection of a parsed document is a node (the library's types allow more). */
function nodeOf(value: unknown, at: Place): Node {
  if (isScalar(value) || isMap(value) || isSeq(value) || isAlias(value)) return value;
  throw new Refusal(at, 'a value is missing');
}

function scalar(value: unknown, at: Place): Data {
  if (typeof value === 'string') return { kind: 'text', value, at };
  if (typeof value === 'boolean') return { kind: 'boolean', value, at };
  return typeof value === 'number' ? { kind: 'number', value, at } : { kind: 'null', at };
}
