import { DirectoryError } from './errors.ts';
import type { Value } from './entry.ts';
import { MAX_VALUE_BYTES, MAX_VALUES } from './limits.ts';
import type { StoredValue } from './record.ts';
import { canonical, isBinary, matchKey, toText } from './schema/syntax.ts';
import type { AttributeType, Schema } from './schema/schema.ts';

/** What turns a DN (in any form that names an entry) into the entry's number. */
export type Resolver = (dn: string) => number | undefined;

/** Win32 codes that AD puts in front of its diagnostics (MS-ERREF 2.2). */
export const Win32 = {
  invalidParameter: 0x57,
  userExists: 0x524,
  notInPrimaryGroup: 0x529,
  memberNotInGroup: 0x561,
  memberInGroup: 0x562,
  attributeNotDefined: 0x2082,
  attributeNotAllowed: 0x2090,
  missingRequired: 0x2087,
  nameReferenceInvalid: 0x20b5,
  rangeConstraint: 0x2082,
  spnNotUnique: 0x21c7,
  upnNotUnique: 0x21c8,
} as const;

/** The stored form of values given for an attribute; throws what LDAP answers for bad ones. */
export function storedValues(
  schema: Schema,
  type: AttributeType,
  values: readonly Value[],
  resolve: Resolver,
): StoredValue[] {
  if (values.length > MAX_VALUES) throw refused('constraintViolation', type, 'too many values');
  const stored = values.map((value) => storedValue(schema, type, value, resolve));
  if (type.singleValued && stored.length > 1) {
    throw refused('constraintViolation', type, 'has one value at most');
  }
  const keys = new Set(stored.map((value) => valueKey(type, value)));
  if (keys.size < stored.length) {
    // Two links to one entry are told apart from two equal values, as by Windows.
    const code = type.linkId === undefined ? 'attributeOrValueExists' : 'entryAlreadyExists';
    throw refused(code, type, 'is given the same value twice');
  }
  return stored;
}

/** Equal for stored values that are the same to the attribute. */
export function valueKey(type: AttributeType, value: StoredValue): string {
  return typeof value === 'number' ? String(value) : matchKey(type.syntax, value);
}

/** An error about an attribute, with its name in the text. */
export function refused(
  code: ConstructorParameters<typeof DirectoryError>[0],
  type: { readonly name: string },
  what: string,
  win32?: number,
): DirectoryError {
  const details = win32 === undefined ? {} : { win32 };
  return new DirectoryError(code, `${type.name} ${what}`, { attribute: type.name, ...details });
}

function storedValue(
  schema: Schema,
  type: AttributeType,
  value: Value,
  resolve: Resolver,
): StoredValue {
  if (value.length > MAX_VALUE_BYTES) throw refused('constraintViolation', type, 'is too long');
  if (type.syntax === 'dn') return reference(type, value, resolve);
  if (value.length === 0 && !isBinary(type.syntax)) {
    throw refused('invalidAttributeSyntax', type, 'takes no empty text');
  }
  const plain = canonicalOf(type, value);
  if (type.syntax === 'oid' && !type.dotted) return schemaName(schema, type, toText(plain));
  checkRange(type, plain);
  return typeof plain === 'string' ? plain : new Uint8Array(plain);
}

function canonicalOf(type: AttributeType, value: Value): Value {
  try {
    return canonical(type.syntax, value);
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    throw refused('invalidAttributeSyntax', type, `takes no such value: ${error.message}`);
  }
}

/** A DN must name an entry that exists (MS-ADTS 3.1.1.5.2.2). */
function reference(type: AttributeType, value: Value, resolve: Resolver): number {
  const id = found(toText(value), resolve);
  if (id !== undefined) return id;
  const what = 'names an entry that does not exist';
  throw refused('constraintViolation', type, what, Win32.nameReferenceInvalid);
}

function found(text: string, resolve: Resolver): number | undefined {
  try {
    return resolve(text);
  } catch (error) {
    if (error instanceof DirectoryError && error.code === 'invalidDNSyntax') return undefined;
    throw error;
  }
}

function schemaName(schema: Schema, type: AttributeType, text: string): string {
  return schema.classType(text)?.name ?? schema.attribute(text)?.name ?? unknownName(type, text);
}

function unknownName(type: AttributeType, text: string): string {
  // Schema objects describe themselves by OIDs that no table need know.
  if (/^[0-9.]+$/.test(text)) return text;
  const code = type.name === 'objectClass' ? 'noSuchAttribute' : 'invalidAttributeSyntax';
  throw refused(code, type, `names nothing of the schema: ${text}`);
}

/** rangeLower and rangeUpper bound numbers, and the length of text and bytes. */
function checkRange(type: AttributeType, value: Value): void {
  const { rangeLower, rangeUpper } = type;
  // Of a name with bytes or text, the range bounds the part that is no name.
  if (type.syntax === 'dnbinary' || type.syntax === 'dnstring') return;
  if (rangeLower === undefined && rangeUpper === undefined) return;
  const isNumber = type.syntax === 'i4' || type.syntax === 'i8' || type.syntax === 'enum';
  // Lengths count UTF-16 units, as rangeUpper does (MS-ADTS 3.1.1.2.3).
  const size = isNumber ? Number(value) : value.length;
  if (size >= (rangeLower ?? -Infinity) && size <= (rangeUpper ?? Infinity)) return;
  throw refused('constraintViolation', type, 'is out of its range', Win32.rangeConstraint);
}
