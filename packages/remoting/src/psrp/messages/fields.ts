import { PsDictionary, PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { LIST_TYPES, PRIMITIVE_DICTIONARY_TYPES } from '../../clixml/names.ts';
import { RemotingError } from '../../errors.ts';

/** Reads the properties of a message, each as the type it must be. Throws RemotingError `psrp`. */
export class Fields {
  readonly #object: PsObject;

  constructor(value: PsValue) {
    if (!(value instanceof PsObject)) throw wrong('a message that is no object');
    this.#object = value;
  }

  /** Null where there is none. */
  value(name: string): PsValue {
    return this.#object.get(name) ?? null;
  }

  has(name: string): boolean {
    return this.value(name) !== null;
  }

  text(name: string): string {
    const value = plain(this.value(name));
    if (typeof value !== 'string') throw wrong(`${name} is no text`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  /** An Int32, also of an enumeration. */
  int(name: string): number {
    const value = plain(this.value(name));
    if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(`${name} is no Int32`);
    return value;
  }

  optionalInt(name: string): number | undefined {
    return this.has(name) ? this.int(name) : undefined;
  }

  long(name: string): bigint {
    const value = plain(this.value(name));
    if (typeof value !== 'bigint') throw wrong(`${name} is no Int64`);
    return value;
  }

  bool(name: string): boolean {
    const value = plain(this.value(name));
    if (typeof value !== 'boolean') throw wrong(`${name} is no Boolean`);
    return value;
  }

  version(name: string): string {
    return scalarOf(this.value(name), 'Version', name);
  }

  list(name: string): readonly PsValue[] {
    const items = listItems(this.value(name));
    if (items === undefined) throw wrong(`${name} is no list`);
    return items;
  }

  /** Undefined where there is none. */
  dictionary(name: string): PsDictionary | undefined {
    const value = this.value(name);
    if (value === null) return undefined;
    const entries = dictionaryOf(value);
    if (entries === undefined) throw wrong(`${name} is no dictionary`);
    return entries;
  }
}

/** What an extended primitive or enumeration is under its names. */
export function plain(value: PsValue): PsValue {
  return value instanceof PsObject && value.base?.kind === 'primitive' ? value.base.value : value;
}

/** Items of an array or of any list; undefined: it is none. */
export function listItems(value: PsValue): readonly PsValue[] | undefined {
  if (value instanceof PsObject) {
    const { base } = value;
    return base !== undefined && 'items' in base ? base.items : undefined;
  }
  return isArray(value) ? value : undefined;
}

/** Entries of a hashtable or of an object that is one; undefined: it is none. */
export function dictionaryOf(value: PsValue): PsDictionary | undefined {
  if (value instanceof PsDictionary) return value;
  if (!(value instanceof PsObject) || value.base?.kind !== 'dictionary') return undefined;
  return value.base.entries;
}

/** The text of a scalar that must have that type. Throws RemotingError `psrp`. */
export function scalarOf(value: PsValue, type: Scalar['type'], name: string): string {
  const inner = plain(value);
  if (!(inner instanceof Scalar) || inner.type !== type) throw wrong(`${name} is no ${type}`);
  return String(inner.value);
}

/** An object of properties without type names, as messages are. */
export function record(properties: Readonly<Record<string, PsValue | undefined>>): PsObject {
  const object = new PsObject();
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined) object.set(name, value);
  }
  return object;
}

/** An ArrayList. */
export function listObject(items: readonly PsValue[]): PsObject {
  return new PsObject({ typeNames: LIST_TYPES, base: { kind: 'list', items: [...items] } });
}

/** A PSPrimitiveDictionary (MS-PSRP 2.2.3.18), also of those inside it. */
export function primitiveDictionary(entries: PsDictionary): PsObject {
  const inner = [...entries.entries()].map(
    ([key, value]) =>
      [key, value instanceof PsDictionary ? primitiveDictionary(value) : value] as const,
  );
  return new PsObject({
    typeNames: PRIMITIVE_DICTIONARY_TYPES,
    base: { kind: 'dictionary', entries: new PsDictionary(inner) },
  });
}

function isArray(value: PsValue): value is readonly PsValue[] {
  return Array.isArray(value);
}

/** The peer's message does not say what it must. */
export function wrong(what: string): RemotingError {
  return new RemotingError('psrp', what);
}
