import {
  type PsBase,
  PsDictionary,
  PsObject,
  type PsValue,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { fromBase64 } from '../base64.ts';
import { RemotingError } from '../errors.ts';
import { unescapeText } from './escape.ts';
import { CONTAINER_TAGS, type SecureCodec } from './names.ts';
import { parseInteger, scalarFrom } from './scalars.ts';
import { type ClixmlNode, parseClixml } from './tree.ts';

/** How values are made of CLIXML. */
export interface ReadOptions {
  /** Opens SecureStrings; without it there must be none. */
  readonly secure?: SecureCodec;
  /** Objects with properties get type names with `Deserialized.` before, as PowerShell's do. */
  readonly deserialized?: boolean;
}

/** Reads one CLIXML element as a value. Throws RemotingError `clixml`, `crypto` or `limit`. */
export function readClixml(text: string, options: ReadOptions = {}): PsValue {
  return new ValueReader(options).value(parseClixml(text));
}

/**
 * Makes the value of a node. No type is constructed: type names are only text of a PsObject. What
 * is referred to several times is one object. Throws RemotingError `clixml` or `crypto`.
 */
export function readValue(node: ClixmlNode, options: ReadOptions = {}): PsValue {
  return new ValueReader(options).value(node);
}

/** The property of that name of an object's node, compared without case; undefined: no such. */
export function propertyNode(node: ClixmlNode, name: string): ClixmlNode | undefined {
  const { children } = follow(node);
  let wanted: string | undefined;
  for (const bag of children) {
    if (bag.tag !== 'MS' && bag.tag !== 'Props') continue;
    for (const one of bag.children) {
      if (one.name === name) return one;
      if (one.name?.length !== name.length) continue;
      wanted ??= name.toLowerCase();
      if (one.name.toLowerCase() === wanted) return one;
    }
  }
  return undefined;
}

/** Items of a node that is a collection, not read yet; undefined: it is none. */
export function itemNodes(node: ClixmlNode): readonly ClixmlNode[] | undefined {
  return follow(node).children.find(({ tag }) => CONTAINERS.has(tag))?.children;
}

function follow(node: ClixmlNode): ClixmlNode {
  return node.target ?? node;
}

type ListKind = keyof typeof CONTAINER_TAGS;
const CONTAINERS = new Map(
  // Object.entries of the record with these keys.
  Object.entries(CONTAINER_TAGS).map(([kind, tag]) => [tag as string, kind as ListKind]),
);

const PREFIX = 'Deserialized.';
/** Types that PowerShell makes again instead of a bag of properties (PSTypeConverter). */
const MADE_AGAIN = new Set(['System.Management.Automation.PSCredential']);

class ValueReader {
  readonly #options: ReadOptions;
  #made: Map<ClixmlNode, PsValue> | undefined;

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  value(node: ClixmlNode): PsValue {
    const { tag, text, target } = node;
    if (tag === 'S') return unescapeText(text);
    if (tag === 'Obj') return this.#object(node);
    if (target !== undefined) return this.#object(target);
    return this.#primitive(node);
  }

  /** MS-PSRP 2.2.5.1. */
  #primitive({ tag, text, children }: ClixmlNode): PsValue {
    switch (tag) {
      case 'I32':
        // Up to nine digits are an Int32 whatever they are.
        if (/^-?\d{1,9}$/u.test(text)) return Number(text) | 0;
        return Number(parseInteger(text, -(2n ** 31n), 2n ** 31n - 1n));
      case 'I64':
        return parseInteger(text, -(2n ** 63n), 2n ** 63n - 1n);
      case 'B':
        return boolean(text.trim());
      case 'Nil':
        return null;
      case 'BA':
        return new Uint8Array(fromBase64(text, 'clixml'));
      case 'SS':
        return this.#secure(text);
      case 'PR':
        return this.#progress(children);
      default: {
        const scalar = scalarFrom(tag, TEXTS.has(tag) ? unescapeText(text) : text);
        if (scalar === undefined) throw new RemotingError('clixml', 'an element of no known type');
        return scalar;
      }
    }
  }

  #secure(text: string): SecureText {
    const { secure } = this.#options;
    if (secure === undefined) throw new RemotingError('crypto', 'a SecureString without a key');
    // It must be base64 before anybody opens it.
    fromBase64(text, 'clixml');
    return new SecureText(secure.open(text));
  }

  /** MS-PSRP 2.2.5.2.2: the parts may come in any order. */
  #object(node: ClixmlNode): PsValue {
    const known = this.#made?.get(node);
    if (known !== undefined) return known;
    const value = this.#build(node);
    (this.#made ??= new Map()).set(node, value);
    return value;
  }

  #build(node: ClixmlNode): PsValue {
    let typeNames: readonly string[] = [];
    let text: string | undefined;
    let base: PsBase | undefined;
    let isPlain = true;
    for (const part of node.children) {
      if (part.tag === 'TN' || part.tag === 'TNRef') typeNames = part.typeNames ?? [];
      else if (part.tag === 'ToString') text = unescapeText(part.text);
      else if (part.tag === 'MS' || part.tag === 'Props') isPlain = false;
      else if (base !== undefined) throw new RemotingError('clixml', 'an object of two values');
      else base = this.#base(part);
    }
    if (isPlain && base !== undefined) {
      const plain = plainValue(typeNames, base);
      if (plain !== undefined) return plain;
    }
    const object = new PsObject({
      typeNames: isPlain || base?.kind === 'primitive' ? typeNames : this.#prefixed(typeNames),
      ...(text === undefined ? {} : { text }),
      ...(base === undefined ? {} : { base }),
    });
    for (const part of node.children) {
      if (part.tag !== 'MS' && part.tag !== 'Props') continue;
      const kind = part.tag === 'MS' ? 'extended' : 'adapted';
      for (const one of part.children) {
        if (one.name === undefined) throw new RemotingError('clixml', 'a property without a name');
        object.set(one.name, this.value(one), kind);
      }
    }
    return object;
  }

  #base(part: ClixmlNode): PsBase {
    const kind = CONTAINERS.get(part.tag);
    if (kind !== undefined) return { kind, items: part.children.map((item) => this.value(item)) };
    if (part.tag !== 'DCT') return { kind: 'primitive', value: this.value(part) };
    return {
      kind: 'dictionary',
      entries: new PsDictionary(part.children.map((one) => this.#entry(one))),
    };
  }

  /** MS-PSRP 2.2.5.2.6.4. */
  #entry(entry: ClixmlNode): readonly [PsValue, PsValue] {
    const key = entry.children.find(({ name }) => name === 'Key');
    const value = entry.children.find(({ name }) => name === 'Value');
    if (entry.tag !== 'En' || key === undefined || value === undefined) {
      throw new RemotingError('clixml', 'a dictionary with something that is no entry');
    }
    return [this.value(key), this.value(value)];
  }

  #prefixed(typeNames: readonly string[]): readonly string[] {
    if (this.#options.deserialized !== true || MADE_AGAIN.has(typeNames[0] ?? '')) return typeNames;
    return typeNames.map((name) => (name.startsWith(PREFIX) ? name : PREFIX + name));
  }

  /** The form that `pwsh -OutputFormat xml` gives progress; remoting has PROGRESS_RECORD. */
  #progress(parts: readonly ClixmlNode[]): PsObject {
    const object = new PsObject({ typeNames: ['System.Management.Automation.ProgressRecord'] });
    for (const { tag, text } of parts) {
      const name = PROGRESS_NAMES[tag];
      if (name !== undefined) object.set(name, unescapeText(text));
    }
    return object;
  }
}

const PROGRESS_NAMES: Readonly<Record<string, string>> = {
  AV: 'Activity',
  AI: 'ActivityId',
  S: 'CurrentOperation',
  PI: 'ParentActivityId',
  PC: 'PercentComplete',
  T: 'RecordType',
  SR: 'SecondsRemaining',
  SD: 'StatusDescription',
};

/** Elements whose text is free, so that it may have escapes. */
const TEXTS = new Set(['URI', 'XD', 'SBK']);

/** Arrays and hashtables without anything more are what JavaScript has for them. */
function plainValue([type = '']: readonly string[], base: PsBase): PsValue | undefined {
  if (base.kind === 'list') return isArrayType(type) ? base.items : undefined;
  const isTable = TABLES.has(type);
  return base.kind === 'dictionary' && isTable ? base.entries : undefined;
}

function isArrayType(type: string): boolean {
  return (
    type === '' ||
    type.endsWith('[]') ||
    type === 'System.Collections.ArrayList' ||
    type.startsWith('System.Collections.Generic.List`1') ||
    type.startsWith('System.Collections.ObjectModel.Collection`1')
  );
}

function boolean(text: string): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new RemotingError('clixml', 'what should be a Boolean is not');
}

const TABLES = new Set([
  '',
  'System.Collections.Hashtable',
  'System.Management.Automation.PSPrimitiveDictionary',
]);
