import { isAscii } from 'node:buffer';
import { RemotingError } from '../errors.ts';
import { MAX_XML_DEPTH, MAX_XML_NODES } from '../limits.ts';
import { scanXml, type XmlAttribute, type XmlHandler } from './scan.ts';

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
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/**
 * Parses a document of namespaced XML 1.0. No DTD, no processing instructions, no entities but the
 * five that are predefined; depth and number of nodes are bounded. Throws RemotingError `xml`.
 */
export function parseXml(text: string): XmlElement {
  const reader = new Reader();
  scanXml(text, reader);
  return reader.root();
}

/** Decodes a document: UTF-8, or UTF-16 by its byte order mark or `charset`. */
export function decodeXml(bytes: Uint8Array, charset = 'utf-8'): string {
  const isMarked = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isUtf16 = isMarked || /^"?utf-?16/iu.test(charset);
  // Most documents are ASCII, which a text decoder of its own would be made for each time.
  if (!isUtf16 && isAscii(bytes))
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  try {
    const decoder = new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true });
    return decoder.decode(bytes);
  } catch (cause) {
    throw new RemotingError('xml', `the octets are not ${isUtf16 ? 'UTF-16' : 'UTF-8'}`, { cause });
  }
}

class Reader implements XmlHandler {
  readonly #open: Open[] = [];
  /** Namespaces by prefix, of each element that is open. */
  readonly #scopes: ReadonlyMap<string, string>[] = [PREDEFINED];
  #root: XmlElement | undefined;
  #nodes = 0;

  root(): XmlElement {
    if (this.#root === undefined) throw new RemotingError('xml', 'there is no element');
    return this.#root;
  }

  open(name: string, attributes: readonly XmlAttribute[]): void {
    this.#nodes += 1 + attributes.length;
    if (this.#nodes > MAX_XML_NODES) throw tooLarge(`more than ${MAX_XML_NODES} nodes`);
    if (this.#open.length >= MAX_XML_DEPTH) throw tooLarge(`deeper than ${MAX_XML_DEPTH}`);
    const scope = this.#declare(attributes);
    const own = attributes.length === 0 ? NONE : attributesIn(scope, attributes);
    const namespace = namespaceOf(name, scope) ?? scope.get('') ?? '';
    this.#scopes.push(scope);
    this.#open.push({
      namespace,
      name: localName(name),
      attributes: own,
      children: [],
      text: '',
    });
  }

  close(): void {
    this.#scopes.pop();
    const element = this.#open.pop();
    if (element === undefined) return;
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
  }

  text(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text = element.text === '' ? text : element.text + text;
  }

  /** The namespaces that an element sees: its parent's, and its own. */
  #declare(attributes: readonly XmlAttribute[]): ReadonlyMap<string, string> {
    const outer = this.#scopes.at(-1) ?? PREDEFINED;
    if (attributes.length === 0) return outer;
    const declared = attributes.filter(({ name }) => isDeclaration(name));
    if (declared.length === 0) return outer;
    const scope = new Map(outer);
    for (const { name, value } of declared) {
      const prefix = name.slice('xmlns:'.length);
      const isReserved = prefix === 'xml' || prefix === 'xmlns';
      if (isReserved || prefix.includes(':') || (prefix !== '' && value === '')) {
        throw new RemotingError('xml', `the namespace ${name} cannot be declared`);
      }
      scope.set(prefix, value);
    }
    return scope;
  }
}

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['xml', 'http://www.w3.org/XML/1998/namespace'],
]);

const NONE: ReadonlyMap<string, string> = new Map([]);

function isDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name.charAt(5) === ':');
}

function attributesIn(
  scope: ReadonlyMap<string, string>,
  attributes: readonly XmlAttribute[],
): ReadonlyMap<string, string> {
  let own: Map<string, string> | undefined;
  for (const { name, value } of attributes) {
    if (isDeclaration(name)) continue;
    const namespace = namespaceOf(name, scope);
    const local = localName(name);
    const key = namespace === undefined ? local : `{${namespace}}${local}`;
    own ??= new Map();
    if (own.has(key)) throw new RemotingError('xml', `the attribute ${local} stands twice`);
    own.set(key, value);
  }
  return own ?? NONE;
}

/** The namespace of a name's prefix (Namespaces in XML 1.0 §5); undefined: it has none. */
function namespaceOf(name: string, scope: ReadonlyMap<string, string>): string | undefined {
  const colon = name.indexOf(':');
  if (colon < 0) return undefined;
  const namespace = scope.get(name.slice(0, colon));
  const isWhole = colon < name.length - 1 && !name.includes(':', colon + 1);
  if (namespace !== undefined && isWhole) return namespace;
  throw new RemotingError('xml', `the prefix of ${name} means nothing`);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
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
