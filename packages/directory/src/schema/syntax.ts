import { decodeSid, encodeSid, parseSid } from '@doublehop/security/sid';
import { encodeGuid, parseGuid } from '@doublehop/security/guid';
import type { AssertionValue } from '@doublehop/ldap/filter';
import { DirectoryError } from '../errors.ts';
import { foldedBytes, textBytes } from '../text.ts';

/** The syntaxes of MS-ADTS 3.1.1.2.2.2 under short names. */
export type Syntax = keyof typeof FORMS;

/**
 * How values of a syntax are held and compared: text as it is or folded, numbers, bytes, the
 * schema's names, times, or other entries (`dn`), which the directory itself resolves.
 */
type Form = 'folded' | 'exact' | 'number' | 'bytes' | 'boolean' | 'time' | 'oid' | 'dn' | 'sid';

const FORMS = {
  unicode: 'folded',
  teletex: 'folded',
  printable: 'exact',
  ia5: 'exact',
  numeric: 'exact',
  case: 'exact',
  dn: 'dn',
  dnbinary: 'folded',
  dnstring: 'folded',
  presentation: 'bytes',
  oid: 'oid',
  boolean: 'boolean',
  i4: 'number',
  enum: 'number',
  i8: 'number',
  octets: 'bytes',
  replica: 'bytes',
  sd: 'bytes',
  sid: 'sid',
  gtime: 'time',
  utctime: 'time',
} as const satisfies { [name: string]: Form };

const DECIMAL = /^-?(?:0|[1-9][0-9]*)$/;
// Active Directory passes over whatever stands for the fraction of a second.
const GENERALIZED = /^(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:(\d\d))?)?(?:[.,][^Z]*)?Z$/;
const OID = /^[0-9]+(?:\.[0-9]+)+$|^[A-Za-z][A-Za-z0-9-]*$/;

/** Whether a name is that of a syntax. */
export function isSyntax(name: string): name is Syntax {
  return Object.hasOwn(FORMS, name);
}

/** Whether values of a syntax are bytes rather than text. */
export function isBinary(syntax: Syntax): boolean {
  return FORMS[syntax] === 'bytes' || FORMS[syntax] === 'sid';
}

/** Whether `>=` and `<=` order values: numbers, times and text. */
export function isOrdered(syntax: Syntax): boolean {
  return !['boolean', 'dn', 'oid', 'sid'].includes(FORMS[syntax]);
}

/** Whether parts of values can be looked for. */
export function hasSubstrings(syntax: Syntax): boolean {
  const form = FORMS[syntax];
  return form === 'folded' || form === 'exact' || form === 'bytes';
}

/**
 * The value in the directory's form: text or bytes by its syntax, numbers and times written one
 * way; throws invalidAttributeSyntax. DNs and OIDs are left as text for who can resolve them.
 */
export function canonical(syntax: Syntax, value: AssertionValue): AssertionValue {
  const form: Form = FORMS[syntax];
  switch (form) {
    case 'bytes':
      return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    case 'sid':
      return canonicalSid(value);
    case 'number':
      return canonicalNumber(syntax, toText(value));
    case 'boolean':
      return canonicalBoolean(toText(value));
    case 'time':
      return canonicalTime(toText(value));
    case 'oid':
      return check(toText(value), OID);
    case 'folded':
    case 'exact':
    case 'dn':
      return toText(value);
    default:
      return unreachable(form);
  }
}

/** A byte string that is equal for equal canonical values and sorts as they do. */
export function matchKey(syntax: Syntax, value: AssertionValue): string {
  const form: Form = FORMS[syntax];
  if (form === 'number') return numberKey(toText(value));
  if (form === 'folded' || form === 'oid' || form === 'dn') return foldedBytes(toText(value));
  if (typeof value === 'string') return textBytes(value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}

/** UTF-8 bytes or text as text; throws invalidAttributeSyntax. */
export function toText(value: AssertionValue): string {
  if (typeof value === 'string') return value;
  try {
    return utf8.decode(value);
  } catch {
    throw invalid('text that is not UTF-8');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A GUID in an assertion: its bytes, or its text as Active Directory accepts it. */
export function canonicalGuid(value: AssertionValue): Uint8Array {
  if (typeof value !== 'string' && value.length === 16) return value;
  try {
    return encodeGuid(parseGuid(toText(value)));
  } catch {
    throw invalid('neither a GUID nor 16 bytes');
  }
}

/** The time of an LDAP attribute for a clock's milliseconds: `20261122170000.0Z`. */
export function generalizedTime(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  const part = (start: number, length = 2): string => iso.slice(start, start + length);
  return `${part(0, 4)}${part(5)}${part(8)}${part(11)}${part(14)}${part(17)}.0Z`;
}

function canonicalSid(value: AssertionValue): Uint8Array {
  try {
    if (typeof value !== 'string' && value[0] === 1) return encodeSid(decodeSid(value));
    return encodeSid(parseSid(toText(value)));
  } catch {
    throw invalid('not a security identifier');
  }
}

function canonicalNumber(syntax: Syntax, text: string): string {
  const trimmed = text.trim();
  if (!DECIMAL.test(trimmed) || trimmed.length > 20) throw invalid('not a number');
  const bits = syntax === 'i8' ? 64 : 32;
  const value = BigInt(trimmed);
  if (BigInt.asIntN(bits, value) !== value) throw invalid(`a number of more than ${bits} bits`);
  return value.toString();
}

function canonicalBoolean(text: string): string {
  const upper = text.toUpperCase();
  if (upper !== 'TRUE' && upper !== 'FALSE') throw invalid('neither TRUE nor FALSE');
  return upper;
}

/** Times of either form for either syntax; years of two digits are from 1950 to 2049. */
function canonicalTime(text: string): string {
  const isShort = /^\d\d(?:0\d|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])(?:[0-5]\d){2}Z$/.test(
    text,
  );
  const century = text < '50' ? '20' : '19';
  const full = isShort ? `${century}${text}` : text;
  const match = GENERALIZED.exec(full);
  if (match === null) throw invalid('not a time in UTC');
  const [, year, month, day, hour, minute = '00', second = '00'] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) throw invalid('no such time');
  return `${year}${month}${day}${hour}${minute}${second}.0Z`;
}

/** Eight bytes that sort as the number does. */
function numberKey(text: string): string {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(text) + 0x8000_0000_0000_0000n));
  return bytes.toString('latin1');
}

function check(text: string, pattern: RegExp): string {
  if (!pattern.test(text)) throw invalid('not a name of the schema');
  return text;
}

function invalid(what: string): DirectoryError {
  return new DirectoryError('invalidAttributeSyntax', `a value is ${what}`);
}

function unreachable(form: never): never {
  throw new TypeError(`form ${String(form)}`);
}
