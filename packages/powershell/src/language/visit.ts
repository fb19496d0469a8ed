import type { Block, CommandElement, Expression, Span, Statement } from './ast.ts';

/** A part of a script that rules are about. */
export type Node = Statement | Expression | CommandElement;

/** A node and the nodes that it is in, the nearest first. */
export interface Visit {
  readonly node: Node;
  readonly within: readonly Node[];
}

/** Every node of a block, from the outside in, in the order of the text. */
export function* visits(block: Block, within: readonly Node[] = []): Generator<Visit> {
  for (const { initial } of block.parameters ?? []) {
    if (initial !== undefined) yield* visitNode(initial, within);
  }
  for (const statement of block.statements) yield* visitNode(statement, within);
}

function* visitNode(node: Node, within: readonly Node[]): Generator<Visit> {
  yield { node, within };
  const inner = [node, ...within];
  for (const child of childrenOf(node)) {
    if ('statements' in child) yield* visits(child, inner);
    else yield* visitNode(child, inner);
  }
}

function childrenOf(node: Node): readonly (Node | Block)[] {
  switch (node.kind) {
    case 'pipeline':
      return node.elements.map((one) => (one.kind === 'command' ? one : one.expression));
    case 'command':
      return node.args.flatMap(({ value }) => value ?? []);
    case 'assignment':
      return [node.target, node.value];
    case 'if':
      return [
        ...node.clauses.flatMap(({ condition, body }) => [condition, body]),
        ...some(node.otherwise),
      ];
    case 'foreach':
      return [node.variable, node.items, node.body];
    case 'while':
      return [node.condition, node.body];
    case 'for':
      return [...some(node.first), ...some(node.condition), ...some(node.step), node.body];
    case 'try':
      return [node.body, ...node.catches.map(({ body }) => body), ...some(node.last)];
    case 'throw':
    case 'exit':
    case 'return':
    case 'break':
    case 'continue':
      return some(node.value);
    case 'literal':
    case 'variable':
    case 'type':
      return [];
    case 'expandable':
      return node.parts.filter((part) => typeof part !== 'string');
    case 'array-literal':
      return node.items;
    case 'array':
    case 'sub':
    case 'block':
      return [node.body];
    case 'paren':
      return [node.statement];
    case 'hashtable':
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case 'unary':
    case 'cast':
      return [node.operand];
    case 'step':
      return [node.target];
    case 'binary':
      return [node.first, ...node.rest.map(({ right }) => right)];
    case 'member':
      return [node.target, node.name];
    case 'index':
      return [node.target, node.index];
    case 'method':
      return [node.target, ...node.args];
  }
}

function some<T extends Span>(node: T | undefined): readonly T[] {
  return node === undefined ? [] : [node];
}
