import { isInt32, toText } from '@doublehop/powershell/objects/text';
import {
  PsDictionary,
  PsObject,
  type PsProperty,
  type PsValue,
  Scalar,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { toBase64 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { MAX_CLIXML_DEPTH } from '../limits.ts';
import { escapeText } from './escape.ts';
import {
  ARRAY_TYPES,
  CONTAINER_TAGS,
  HASHTABLE_TYPES,
  SCALAR_TAGS,
  type SecureCodec,
} from './names.ts';
import { doubleText, scalarText } from './scalars.ts';

/** How values are written. */
export interface WriteOptions {
  /** Seals SecureStrings; without it there must be none. */
  readonly secure?: SecureCodec;
  /**
   * Objects inside objects that are written as such; what is deeper becomes its text. PowerShell
   * has 1 for what a pipeline puts out. Without: all, as PSRP's own messages need it.
   */
  readonly depth?: number;
}

/**
 * Writes a value as one CLIXML element (MS-PSRP 2.2.5). Throws RemotingError `clixml` for what has
 * no CLIXML, `limit` for what is nested too deep, `crypto` for a SecureString without a key.
 */
export function writeClixml(value: PsValue, options: WriteOptions = {}): string {
  const writer = new ClixmlWriter(options);
  writer.value(value, '', options.depth ?? Number.POSITIVE_INFINITY);
  return writer.text;
}

/**
 * Writes values one after the other into one text, which refers to what comes again. For messages
 * whose form is known there are `begin` and `end`: objects without a value to make first.
 */
export class ClixmlWriter {
  text = '';
  readonly #secure: SecureCodec | undefined;
  readonly #objects = new Map<object, number>();
  readonly #open = new Set<object>();
  readonly #types = new Map<string, number>();
  #count = 0;
  #lastTypes: { readonly names: readonly string[]; readonly text: string } | undefined;

  constructor({ secure }: WriteOptions) {
    this.#secure = secure;
  }

  /** `name` is the attribute, with the space before it. */
  value(value: PsValue, name: string, depth: number): void {
    if (typeof value === 'string') this.#element('S', name, escapeText(value));
    else if (typeof value === 'number') {
      if (isInt32(value)) this.text += `<I32${name}>${value}</I32>`;
      else this.text += `<Db${name}>${doubleText(value)}</Db>`;
    } else if (typeof value === 'boolean') this.text += `<B${name}>${value}</B>`;
    else if (typeof value === 'bigint') this.#long(value, name);
    else this.#reference(value, name, depth);
  }

  /**
   * Begins an object of these types; `name` is the attribute, with the space before it. Gives the
   * number by which a `Ref` means it.
   */
  begin(name: string, typeNames: readonly string[] = []): number {
    const id = this.#count;
    this.#count += 1;
    this.text += `<Obj${name} RefId="${id}">`;
    if (typeNames.length > 0) this.#typeNames(typeNames);
    return id;
  }

  end(): void {
    this.text += '</Obj>';
  }

  /** A number with a name (MS-PSRP 2.2.5.2.7). */
  enumeration(name: string, typeNames: readonly string[], text: string, value: number): void {
    this.begin(name, typeNames);
    this.text += `<ToString>${escapeText(text)}</ToString><I32>${value}</I32></Obj>`;
  }

  #long(value: bigint, name: string): void {
    if (BigInt.asIntN(64, value) !== value) {
      throw new RemotingError('clixml', 'a whole number of more than 64 bits');
    }
    this.text += `<I64${name}>${value}</I64>`;
  }

  #reference(
    value: Exclude<PsValue, string | number | boolean | bigint>,
    name: string,
    depth: number,
  ): void {
    if (value === null) this.text += `<Nil${name}/>`;
    else if (value instanceof PsObject) this.#object(value, name, depth);
    else if (value instanceof Scalar) {
      this.#element(SCALAR_TAGS[value.type], name, escapeText(scalarText(value)));
    } else if (value instanceof Uint8Array) this.#element('BA', name, toBase64(value));
    else if (value instanceof SecureText) this.#element('SS', name, this.#seal(value));
    else if (value instanceof PsDictionary) this.#table(value, name, depth);
    else this.#array(value, name, depth);
  }

  #element(tag: string, name: string, escaped: string): void {
    this.text += `<${tag}${name}>${escaped}</${tag}>`;
  }

  #seal(value: SecureText): string {
    if (this.#secure === undefined) {
      throw new RemotingError('crypto', 'there is no key for a SecureString yet');
    }
    return this.#secure.seal(value.reveal());
  }

  #array(items: readonly PsValue[], name: string, depth: number): void {
    if (this.#isRepeated(items, name)) return;
    this.#enter(items, name);
    this.#typeNames(ARRAY_TYPES);
    this.#items('LST', items, depth);
    this.#leave(items);
  }

  #table(table: PsDictionary, name: string, depth: number): void {
    if (this.#isRepeated(table, name)) return;
    this.#enter(table, name);
    this.#typeNames(HASHTABLE_TYPES);
    this.#entries(table, depth);
    this.#leave(table);
  }

  /** MS-PSRP 2.2.5.2.2, with the parts in the order that PowerShell writes them. */
  #object(object: PsObject, name: string, depth: number): void {
    if (this.#isRepeated(object, name)) return;
    const { base, text, typeNames } = object;
    if (depth <= 0 && base === undefined) {
      this.#element('S', name, escapeText(toText(object)));
      return;
    }
    this.#enter(object, name);
    if (typeNames.length > 0) this.#typeNames(typeNames);
    if (text !== undefined) this.#element('ToString', '', escapeText(text));
    if (base?.kind === 'primitive') this.value(base.value, '', depth);
    else if (base?.kind === 'dictionary') this.#entries(base.entries, depth);
    else if (base !== undefined) this.#items(CONTAINER_TAGS[base.kind], base.items, depth);
    this.#properties(object, depth - 1);
    this.#leave(object);
  }

  /** MS-PSRP 2.2.5.2.1.2: what comes again is referred to. */
  #isRepeated(value: object, name: string): boolean {
    const known = this.#objects.get(value);
    if (known === undefined) return false;
    if (this.#open.has(value)) throw new RemotingError('clixml', 'an object contains itself');
    this.text += `<Ref${name} RefId="${known}"/>`;
    return true;
  }

  #properties(object: PsObject, depth: number): void {
    const adapted: PsProperty[] = [];
    const extended: PsProperty[] = [];
    for (const one of object.properties()) (one.kind === 'adapted' ? adapted : extended).push(one);
    // An object without anything has an empty <MS>, as PowerShell's have.
    const isEmpty = adapted.length === 0 && object.base === undefined;
    if (adapted.length > 0) this.#bag('Props', adapted, depth);
    if (extended.length > 0 || isEmpty) this.#bag('MS', extended, depth);
  }

  #bag(tag: string, properties: readonly PsProperty[], depth: number): void {
    this.text += `<${tag}>`;
    for (const { name, value } of properties) this.value(value, ` N="${escapeText(name)}"`, depth);
    this.text += `</${tag}>`;
  }

  #items(tag: string, items: readonly PsValue[], depth: number): void {
    this.text += `<${tag}>`;
    for (const item of items) this.value(item, '', depth);
    this.text += `</${tag}>`;
  }

  #entries(table: PsDictionary, depth: number): void {
    this.text += '<DCT>';
    for (const [key, value] of table.entries()) {
      this.text += '<En>';
      this.value(key, ' N="Key"', depth);
      this.value(value, ' N="Value"', depth);
      this.text += '</En>';
    }
    this.text += '</DCT>';
  }

  #enter(value: object, name: string): void {
    // Each object takes up to three elements inside each other: Obj, DCT and En.
    if (this.#open.size * 3 >= MAX_CLIXML_DEPTH - 3) {
      throw new RemotingError('limit', 'an object is nested deeper than CLIXML is written');
    }
    this.#objects.set(value, this.#count);
    this.#open.add(value);
    this.begin(name);
  }

  #leave(value: object): void {
    this.#open.delete(value);
    this.end();
  }

  /** MS-PSRP 2.2.5.2.3: each list of type names is written once. */
  #typeNames(names: readonly string[]): void {
    if (names === this.#lastTypes?.names) {
      this.text += this.#lastTypes.text;
      return;
    }
    const key = names.join('\n');
    const known = this.#types.get(key);
    const id = known ?? this.#types.size;
    const text = `<TNRef RefId="${id}"/>`;
    this.#lastTypes = { names, text };
    if (known !== undefined) {
      this.text += text;
      return;
    }
    this.#types.set(key, id);
    const types = names.map((one) => `<T>${escapeText(one)}</T>`).join('');
    this.text += `<TN RefId="${id}">${types}</TN>`;
  }
}
