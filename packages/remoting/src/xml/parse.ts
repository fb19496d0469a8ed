import { SaxesParser, type SaxesTagNS } from 'saxes';
import { RemotingError } from '../errors.ts';
import { MAX_XML_DEPTH, MAX_XML_NODES } from '../limits.ts';

/** An element with its namespace, as SOAP needs it. Text is all character data inside it. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** By local name; by `{namespace}name` for attributes that have one. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

interface Open {
  readonly namespace: string;
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/**
 * Parses a document of namespaced XML 1.0. No DTD, no processing instructions, no entities but the
 * five that are predefined; depth and number of nodes are bounded. Throws RemotingError `xml`.
 */
export function parseXml(text: string): XmlElement {
  const reader = new Reader();
  reader.read(text);
  return reader.root();
}

/** Decodes a document: UTF-8, or UTF-16 by its byte order mark or `charset`. */
export function decodeXml(bytes: Uint8Array, charset = 'utf-8'): string {
  const [first, second] = bytes;
  const isUtf16 = /^"?utf-?16/iu.test(charset) || (first === 0xff && second === 0xfe);
  try {
    const decoder = new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true });
    return decoder.decode(bytes);
  } catch (cause) {
    throw new RemotingError('xml', `the octets are not ${isUtf16 ? 'UTF-16' : 'UTF-8'}`, { cause });
  }
}

class Reader {
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  readonly #open: Open[] = [];
  #root: XmlElement | undefined;
  #nodes = 0;

  constructor() {
    const parser = this.#parser;
    const refuse = (what: string) => () => {
      throw new RemotingError('xml', `${what} is not taken`);
    };
    parser.on('error', (error) => {
      throw new RemotingError('xml', `the XML is not well-formed: ${error.message}`);
    });
    parser.on('doctype', refuse('a document type'));
    parser.on('processinginstruction', refuse('a processing instruction'));
    parser.on('opentag', (tag) => this.#begin(tag));
    parser.on('closetag', () => this.#end());
    parser.on('text', (text) => this.#append(text));
    parser.on('cdata', (text) => this.#append(text));
  }

  read(text: string): void {
    this.#parser.write(text).close();
  }

  root(): XmlElement {
    if (this.#root === undefined) throw new RemotingError('xml', 'there is no element');
    return this.#root;
  }

  #begin({ uri, local, attributes }: SaxesTagNS): void {
    const own = Object.values(attributes).filter((attribute) => attribute.prefix !== 'xmlns');
    this.#nodes += 1 + own.length;
    if (this.#nodes > MAX_XML_NODES) throw tooLarge(`more than ${MAX_XML_NODES} nodes`);
    if (this.#open.length >= MAX_XML_DEPTH) throw tooLarge(`deeper than ${MAX_XML_DEPTH}`);
    const map = new Map(
      own.map((one) => [one.uri === '' ? one.local : `{${one.uri}}${one.local}`, one.value]),
    );
    this.#open.push({ namespace: uri, name: local, attributes: map, children: [], text: '' });
  }

  #end(): void {
    const element = this.#open.pop();
    if (element === undefined) return;
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
  }

  #append(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += text;
  }
}

function tooLarge(what: string): RemotingError {
  return new RemotingError('limit', `the XML is ${what}`);
}

/** The first child of that name; undefined: there is none. */
export function childOf(
  element: XmlElement | undefined,
  namespace: string,
  name: string,
): XmlElement | undefined {
  return element?.children.find((one) => one.name === name && one.namespace === namespace);
}

/** All children of that name. */
export function childrenOf(element: XmlElement, namespace: string, name: string): XmlElement[] {
  return element.children.filter((one) => one.name === name && one.namespace === namespace);
}
