/** Symbols of a block: 256 literals, and 16 lengths by 16 sizes of offsets (MS-XCA 2.1.4.1). */
export const SYMBOLS = 512;

/**
 * The lengths of a Huffman code for these counts, none above `longest`. Counts are flattened until
 * that holds, which costs little: so skewed a block is well packed anyway.
 */
export function huffmanLengths(counts: readonly number[], longest: number): number[] {
  let flattened = [...counts];
  for (;;) {
    const lengths = unboundedLengths(flattened);
    if (lengths.every((length) => length <= longest)) return lengths;
    flattened = flattened.map((count) => (count === 0 ? 0 : (count >> 1) + 1));
  }
}

/** The canonical code of these lengths: by length, then by symbol (MS-XCA 2.1.4.2). */
export function huffmanCodes(lengths: readonly number[]): number[] {
  const codes = lengths.map(() => 0);
  let code = 0;
  let previous = 0;
  for (const { symbol, length } of inCanonicalOrder(lengths)) {
    code <<= length - previous;
    codes[symbol] = code;
    code += 1;
    previous = length;
  }
  return codes;
}

function inCanonicalOrder(
  lengths: readonly number[],
): { readonly symbol: number; readonly length: number }[] {
  return lengths
    .map((length, symbol) => ({ symbol, length }))
    .filter(({ length }) => length > 0)
    .toSorted((a, b) => a.length - b.length || a.symbol - b.symbol);
}

interface Node {
  readonly count: number;
  readonly symbols: readonly number[];
}

function unboundedLengths(counts: readonly number[]): number[] {
  const lengths = counts.map(() => 0);
  let nodes: Node[] = counts
    .map((count, symbol) => ({ count, symbols: [symbol] }))
    .filter(({ count }) => count > 0);
  const [only, another] = nodes;
  // A code of one symbol would leave half of all codes without a meaning.
  if (only !== undefined && another === undefined) {
    const unused = only.symbols[0] === 0 ? 1 : 0;
    nodes.push({ count: 0, symbols: [unused] });
  }
  nodes = nodes.toSorted((a, b) => b.count - a.count);
  while (nodes.length > 1) {
    const right = nodes.pop();
    const left = nodes.pop();
    if (left === undefined || right === undefined) break;
    const symbols = [...left.symbols, ...right.symbols];
    for (const symbol of symbols) lengths[symbol] = (lengths[symbol] ?? 0) + 1;
    insert(nodes, { count: left.count + right.count, symbols });
  }
  return lengths;
}

/** Keeps the list in falling order of counts. */
function insert(nodes: Node[], node: Node): void {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((nodes[middle]?.count ?? 0) > node.count) low = middle + 1;
    else high = middle;
  }
  nodes.splice(low, 0, node);
}
