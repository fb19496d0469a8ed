import { RemotingError } from '../errors.ts';
import { MAX_CLIXML_DEPTH, MAX_CLIXML_NODES, MAX_CLIXML_TEXT } from '../limits.ts';
import { scanXml, type XmlAttribute, type XmlHandler } from '../xml/scan.ts';
import { unescapeText } from './escape.ts';

/** An element of CLIXML that nobody has made a value of yet. */
export interface ClixmlNode {
  readonly tag: string;
  /** Attribute `N`: the name of the property; undefined: it is none. */
  readonly name: string | undefined;
  readonly children: readonly ClixmlNode[];
  /** Character data, with CLIXML's escapes still in it. */
  readonly text: string;
  /** Of `TN` and `TNRef`: the type names. */
  readonly typeNames: readonly string[] | undefined;
  /** Of `Ref`: the object meant. */
  readonly target: ClixmlNode | undefined;
}

/**
 * Parses one element of CLIXML and resolves its references; values are made later, of what is
 * asked for (`readValue`). No DTD, no processing instruction; depth, elements and characters are
 * bounded, counting what references repeat. Throws RemotingError `clixml` or `limit`.
 */
export function parseClixml(text: string): ClixmlNode {
  return new TreeReader().read(text);
}

/** A node while it is read; `height`, `nodes` and `size` count what references repeat. */
interface Building {
  tag: string;
  name: string | undefined;
  children: Building[];
  text: string;
  typeNames: readonly string[] | undefined;
  target: Building | undefined;
  refId: string | undefined;
  isOpen: boolean;
  height: number;
  nodes: number;
  size: number;
}

class TreeReader implements XmlHandler {
  readonly #open: Building[] = [];
  readonly #objects = new Map<string, Building>();
  readonly #types = new Map<string, readonly string[]>();
  #root: Building | undefined;
  #count = 0;

  read(text: string): ClixmlNode {
    try {
      scanXml(text, this);
    } catch (error) {
      const isXml = error instanceof RemotingError && error.code === 'xml';
      throw isXml ? new RemotingError('clixml', error.message) : error;
    }
    if (this.#root === undefined) throw new RemotingError('clixml', 'there is no element');
    return this.#root;
  }

  open(tag: string, attributes: readonly XmlAttribute[]): void {
    this.#count += 1;
    if (this.#count > MAX_CLIXML_NODES) throw tooLarge();
    if (this.#open.length >= MAX_CLIXML_DEPTH) throw tooLarge();
    let name: string | undefined;
    let refId: string | undefined;
    for (const one of attributes) {
      if (one.name === 'N') name = one.value;
      else if (one.name === 'RefId') refId = one.value;
    }
    const node: Building = {
      tag,
      name: name === undefined ? undefined : unescapeText(name),
      children: [],
      text: '',
      typeNames: undefined,
      target: undefined,
      refId,
      isOpen: true,
      height: 1,
      nodes: 1,
      size: 0,
    };
    // MS-PSRP 2.2.5.2.1.1: only objects are referred to.
    if (tag === 'Obj' && refId !== undefined) this.#objects.set(refId, node);
    this.#open.push(node);
  }

  text(text: string): void {
    const node = this.#open.at(-1);
    if (node !== undefined) node.text = node.text === '' ? text : node.text + text;
  }

  close(): void {
    const node = this.#open.pop();
    if (node === undefined) return;
    this.#resolve(node);
    node.isOpen = false;
    node.size += node.text.length;
    for (const child of node.children) count(node, child);
    if (node.target !== undefined) count(node, node.target);
    const { height, nodes, size } = node;
    if (height > MAX_CLIXML_DEPTH || nodes > MAX_CLIXML_NODES || size > MAX_CLIXML_TEXT) {
      throw tooLarge();
    }
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = node;
    else parent.children.push(node);
  }

  /** MS-PSRP 2.2.5.2.1.2 and 2.2.5.2.3: to what has come before, and not to what one is inside. */
  #resolve(node: Building): void {
    const { tag, refId } = node;
    if (tag === 'TN') {
      node.typeNames = node.children.map(({ text }) => unescapeText(text));
      if (refId !== undefined) this.#types.set(refId, node.typeNames);
    } else if (tag === 'TNRef') {
      node.typeNames = this.#types.get(refId ?? '');
      if (node.typeNames === undefined) throw new RemotingError('clixml', 'TNRef to no TN');
    } else if (tag === 'Ref') {
      node.target = this.#objects.get(refId ?? '');
      if (node.target === undefined || node.target.isOpen) {
        throw new RemotingError('clixml', 'a reference to no object before it');
      }
    }
  }
}

function count(node: Building, part: Building): void {
  node.height = Math.max(node.height, part.height + 1);
  node.nodes += part.nodes;
  node.size += part.size;
}

function tooLarge(): RemotingError {
  return new RemotingError('limit', 'the CLIXML is larger or deeper than is taken');
}
