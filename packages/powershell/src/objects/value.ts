/**
 * A value as PowerShell has it (MS-PSRP 2.2.5), in the plainest JavaScript that keeps its type:
 *
 * | JavaScript | .NET |
 * | --- | --- |
 * | `null` | null |
 * | `string`, `boolean` | String, Boolean |
 * | `number` | Int32 if it is a whole number of 32 bits, else Double |
 * | `bigint` | Int64 |
 * | `Uint8Array` | Byte[] |
 * | array | Object[] |
 * | `Scalar` | every other primitive type, also a Double that is a whole number |
 * | `PsDictionary` | Hashtable |
 * | `SecureText` | SecureString |
 * | `PsObject` | everything else |
 */
export type PsValue =
  | null
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly PsValue[]
  | Scalar
  | PsDictionary
  | SecureText
  | PsObject;

/** The primitive types that plain JavaScript values do not tell apart. */
export type ScalarType =
  | 'Char'
  | 'Byte'
  | 'SByte'
  | 'Int16'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Single'
  | 'Double'
  | 'Decimal'
  | 'DateTime'
  | 'TimeSpan'
  | 'Guid'
  | 'Uri'
  | 'Version'
  | 'Xml'
  | 'ScriptBlock';

/**
 * A primitive value with its type. `value` is a number for Char (its code unit), the small
 * integers, Single and Double; a bigint for UInt64 and for TimeSpan (100 ns); a string for the
 * others: DateTime in ISO 8601 with up to seven decimals, Guid in lower case without braces,
 * Decimal, Uri, Version, Xml and ScriptBlock as their text.
 */
export class Scalar {
  readonly type: ScalarType;
  readonly value: string | number | bigint;

  constructor(type: ScalarType, value: string | number | bigint) {
    this.type = type;
    this.value = value;
  }
}

/** Entries in their order; keys that are strings are compared without case. */
export class PsDictionary {
  readonly #entries = new Map<unknown, [PsValue, PsValue]>();

  constructor(entries: Iterable<readonly [PsValue, PsValue]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: PsValue): PsValue | undefined {
    return this.#entries.get(dictionaryKey(key))?.[1];
  }

  has(key: PsValue): boolean {
    return this.#entries.has(dictionaryKey(key));
  }

  set(key: PsValue, value: PsValue): void {
    this.#entries.set(dictionaryKey(key), [key, value]);
  }

  entries(): IterableIterator<[PsValue, PsValue]> {
    return this.#entries.values();
  }
}

/** A SecureString: UTF-16LE text that can be wiped, and that no log or text form shows. */
export class SecureText {
  readonly #bytes: Uint8Array;

  /** Takes the bytes over: wiping the text wipes them. */
  constructor(utf16: Uint8Array) {
    this.#bytes = utf16;
  }

  static of(text: string): SecureText {
    return new SecureText(new Uint8Array(Buffer.from(text, 'utf16le')));
  }

  /** The secret, UTF-16LE: for those who authenticate with it. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  revealText(): string {
    return Buffer.from(this.#bytes).toString('utf16le');
  }

  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return 'System.Security.SecureString';
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Where a property comes from: the object's own (`Props`), or added to it (`MS`). */
export type PropertyKind = 'adapted' | 'extended';

export interface PsProperty {
  readonly name: string;
  readonly value: PsValue;
  readonly kind: PropertyKind;
}

/** What an object is besides its properties: a collection, or a primitive with notes added. */
export type PsBase =
  | { readonly kind: 'primitive'; readonly value: PsValue }
  | { readonly kind: 'list' | 'stack' | 'queue' | 'enumerable'; readonly items: PsValue[] }
  | { readonly kind: 'dictionary'; readonly entries: PsDictionary };

export interface PsObjectParts {
  /** From the most derived to `System.Object`. */
  readonly typeNames?: readonly string[];
  /** What it says of itself as text. */
  readonly text?: string;
  readonly base?: PsBase;
  /** Extended properties by name. */
  readonly properties?: Readonly<Record<string, PsValue>>;
  /** The object's own properties by name. */
  readonly adapted?: Readonly<Record<string, PsValue>>;
}

/** An object: type names, properties in their order (names compared without case), text. */
export class PsObject {
  typeNames: readonly string[];
  text: string | undefined;
  readonly base: PsBase | undefined;
  readonly #properties = new Map<string, PsProperty>();

  constructor({ typeNames = [], text, base, properties, adapted }: PsObjectParts = {}) {
    this.typeNames = typeNames;
    this.text = text;
    this.base = base;
    for (const [name, value] of Object.entries(adapted ?? {})) this.set(name, value, 'adapted');
    for (const [name, value] of Object.entries(properties ?? {})) this.set(name, value);
  }

  get(name: string): PsValue | undefined {
    return this.#properties.get(name.toLowerCase())?.value;
  }

  has(name: string): boolean {
    return this.#properties.has(name.toLowerCase());
  }

  set(name: string, value: PsValue, kind: PropertyKind = 'extended'): void {
    this.#properties.set(name.toLowerCase(), { name, value, kind });
  }

  properties(): IterableIterator<PsProperty> {
    return this.#properties.values();
  }
}

/** Makes a PSCustomObject (what `[pscustomobject]@{…}` and Select-Object make). */
export function customObject(properties: Readonly<Record<string, PsValue>>): PsObject {
  const typeNames = ['System.Management.Automation.PSCustomObject', 'System.Object'];
  return new PsObject({ typeNames, properties });
}

/** What makes two keys of a dictionary the same. */
function dictionaryKey(key: PsValue): unknown {
  if (typeof key === 'string') return key.toLowerCase();
  if (key instanceof Scalar) return `${key.type}:${String(key.value)}`;
  return key;
}
