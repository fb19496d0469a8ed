import { Buffer, isUtf8 } from 'node:buffer';
import type { Reader, Writer } from './cursor.ts';
import { type Tagged, tagged } from './der.ts';
import { WireError } from './errors.ts';

/** The primitive types of X.680 that our protocols use, as TypeScript values. */

/** INTEGER within bounds that fit a JavaScript number exactly. */
export function integer(min: number, max: number): Tagged<number> {
  return number(0x02, min, max);
}

/** ENUMERATED within bounds. */
export function enumerated(min: number, max: number): Tagged<number> {
  return number(0x0a, min, max);
}

/** Kerberos Int32 (RFC 4120 §5.2.4). */
export const int32: Tagged<number> = integer(-0x8000_0000, 0x7fff_ffff);

/**
 * Int32 that also takes superfluous leading octets, as pyasn1 writes -128: `02 02 ff 80`. Against
 * X.690 §8.3.2; only for parts whose type says why. Written minimal.
 */
export const paddedInt32: Tagged<number> = number(0x02, -0x8000_0000, 0x7fff_ffff, true);

/** Kerberos UInt32 (RFC 4120 §5.2.4). */
export const uint32: Tagged<number> = integer(0, 0xffff_ffff);

/** Kerberos Microseconds, 0 to 999999 (RFC 4120 §5.2.4). */
export const microseconds: Tagged<number> = integer(0, 999_999);

/** BOOLEAN; DER knows only 00 and FF (X.690 §11.1). */
export const boolean: Tagged<boolean> = tagged(
  0x01,
  (reader, end) => {
    const value = reader.bytes[reader.pos] ?? 0;
    if (end - reader.pos !== 1 || (reader.strict && value !== 0 && value !== 0xff)) {
      throw new WireError('value', 'not a BOOLEAN', reader.place());
    }
    reader.pos = end;
    return value !== 0;
  },
  (writer, value) => writer.byte(value ? 0xff : 0),
);

/** NULL. */
export const nothing: Tagged<null> = tagged(
  0x05,
  (reader, end) => {
    if (end !== reader.pos) throw new WireError('value', 'NULL has content', reader.place());
    return null;
  },
  () => undefined,
);

/** OCTET STRING, as a view of the input. */
export const octets: Tagged<Uint8Array> = tagged(
  0x04,
  (reader, end) => {
    const value = reader.bytes.subarray(reader.pos, end);
    reader.pos = end;
    return value;
  },
  (writer, value) => writer.bytes(value),
);

/** UTF8String. */
export const utf8String: Tagged<string> = text(0x0c);

/** OCTET STRING that holds UTF-8, as LDAPString does (RFC 4511 §4.1.2). */
export const utf8Octets: Tagged<string> = text(0x04);

/**
 * GeneralString as KerberosString (RFC 4120 §5.2.1). The RFC allows IA5 only; Active Directory,
 * MIT and Heimdal put UTF-8 there (MS-KILE 2.2.1), and so do we.
 */
export const generalString: Tagged<string> = text(0x1b);

/**
 * BIT STRING of named flags as a number, bit 0 the most significant: KerberosFlags
 * (RFC 4120 §5.2.8). Bits beyond 31 are ignored; 32 are always written.
 */
export const flags: Tagged<number> = tagged(
  0x03,
  (reader, end) => {
    checkBits(reader, end);
    let value = 0;
    for (let i = 0; i < 4; i += 1) {
      const at = reader.pos + 1 + i;
      value = value * 256 + (at < end ? (reader.bytes[at] ?? 0) : 0);
    }
    reader.pos = end;
    return value;
  },
  (writer, value) => {
    for (let shift = 0; shift < 32; shift += 8) writer.byte((value >>> shift) & 0xff);
    writer.byte(0);
  },
);

/** BIT STRING of whole octets, as public keys are. */
export const bitOctets: Tagged<Uint8Array> = tagged(
  0x03,
  (reader, end) => {
    checkBits(reader, end);
    if (reader.bytes[reader.pos] !== 0) {
      throw new WireError('value', 'BIT STRING is not of whole octets', reader.place());
    }
    const value = reader.bytes.subarray(reader.pos + 1, end);
    reader.pos = end;
    return value;
  },
  (writer, value) => {
    writer.bytes(value);
    writer.byte(0);
  },
);

function checkBits(reader: Reader, end: number): void {
  const unused = reader.pos < end ? (reader.bytes[reader.pos] ?? 8) : 8;
  const last = reader.bytes[end - 1] ?? 0;
  const empty = end - reader.pos === 1;
  if (unused > 7 || (empty && unused !== 0)) {
    throw new WireError('value', 'not a BIT STRING', reader.place());
  }
  if (reader.strict && !empty && (last & ((1 << unused) - 1)) !== 0) {
    throw new WireError('value', 'unused bits are not zero', reader.place());
  }
}

/** OBJECT IDENTIFIER as dotted text. */
export const objectIdentifier: Tagged<string> = tagged(0x06, readOid, writeOid);

/** KerberosTime: UTC GeneralizedTime without fractions, as seconds since 1970 (RFC 4120 §5.2.3). */
export const kerberosTime: Tagged<number> = tagged(0x18, readTime, writeTime);

function number(tag: number, min: number, max: number, padded = false): Tagged<number> {
  return tagged(
    tag,
    (reader, end) => {
      const value = readNumber(reader, end, padded);
      if (value < min || value > max) {
        throw new WireError('value', `${value} is not in ${min}..${max}`, reader.place());
      }
      return value;
    },
    (writer, value) => {
      if (!Number.isInteger(value) || value < min || value > max) {
        throw new WireError('encode', `${value} is not an integer in ${min}..${max}`);
      }
      writeNumber(writer, value);
    },
  );
}

function readNumber(reader: Reader, end: number, padded: boolean): number {
  const { bytes, pos } = reader;
  const size = end - pos;
  const first = bytes[pos] ?? 0;
  if (size === 0 || size > 7) throw new WireError('value', 'not a small INTEGER', reader.place());
  const second = bytes[pos + 1] ?? 0;
  const isPadded =
    size > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (isPadded && !padded) {
    // X.690 §8.3.2 forbids it in BER too.
    throw new WireError('value', 'INTEGER is not minimal', reader.place());
  }
  let value = first < 0x80 ? first : first - 256;
  for (let i = 1; i < size; i += 1) value = value * 256 + (bytes[pos + i] ?? 0);
  reader.pos = end;
  return value;
}

function writeNumber(writer: Writer, value: number): void {
  let rest = value;
  let octet: number;
  do {
    octet = ((rest % 256) + 256) % 256;
    writer.byte(octet);
    rest = Math.floor(rest / 256);
  } while (!(rest === 0 && octet < 0x80) && !(rest === -1 && octet >= 0x80));
}

function text(tag: number): Tagged<string> {
  return tagged(tag, readText, (writer, value) => writer.text(value));
}

function readText(reader: Reader, end: number): string {
  const start = reader.pos;
  reader.pos = end;
  if (end - start <= 64) {
    let ascii = '';
    let at = start;
    for (; at < end; at += 1) {
      const octet = reader.bytes[at] ?? 0x80;
      if (octet > 0x7f) break;
      ascii += String.fromCharCode(octet);
    }
    if (at === end) return ascii;
  }
  const view = reader.bytes.subarray(start, end);
  if (!isUtf8(view)) throw new WireError('value', 'not UTF-8', { offset: start });
  return Buffer.from(view.buffer, view.byteOffset, view.length).toString('utf8');
}

function readOid(reader: Reader, end: number): string {
  const arcs: number[] = [];
  let arc = 0;
  for (let at = reader.pos; at < end; at += 1) {
    const octet = reader.bytes[at] ?? 0;
    if ((arc === 0 && octet === 0x80) || arc > 0xff_ffff_ffff) {
      throw new WireError('value', 'not an OBJECT IDENTIFIER', reader.place());
    }
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    } else if (at === end - 1) {
      throw new WireError('value', 'OBJECT IDENTIFIER is cut short', reader.place());
    }
  }
  const [first, ...others] = arcs;
  if (first === undefined) throw new WireError('value', 'empty OBJECT IDENTIFIER', reader.place());
  reader.pos = end;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...others].join('.');
}

function writeOid(writer: Writer, value: string): void {
  const arcs = value.split('.').map(Number);
  const [root, second, ...others] = arcs;
  if (root === undefined || second === undefined || !arcs.every(Number.isSafeInteger)) {
    throw new WireError('encode', `${value} is not an OBJECT IDENTIFIER`);
  }
  for (const arc of [root * 40 + second, ...others].toReversed()) {
    writer.byte(arc & 0x7f);
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
      writer.byte((rest & 0x7f) | 0x80);
    }
  }
}

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function readTime(reader: Reader, end: number): number {
  const at = reader.pos;
  const valid = end - at === 15 && reader.bytes[at + 14] === 0x5a;
  const year = digits(reader, at, 4);
  const month = digits(reader, at + 4, 2);
  const day = digits(reader, at + 6, 2);
  const hour = digits(reader, at + 8, 2);
  const minute = digits(reader, at + 10, 2);
  const second = digits(reader, at + 12, 2);
  const days = (DAYS_IN_MONTH[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0);
  if (!valid || year < 0 || day < 1 || day > days || !isClock(hour, minute, second)) {
    throw new WireError('value', 'not a KerberosTime', reader.place());
  }
  reader.pos = end;
  return ((daysBefore(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second;
}

function isClock(hour: number, minute: number, second: number): boolean {
  return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
}

function digits(reader: Reader, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i += 1) {
    const digit = (reader.bytes[at + i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Days from 1970-01-01 to the first day of a month (proleptic Gregorian calendar). */
function daysBefore(year: number, month: number): number {
  const past = year - 1;
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  const leapDay = month > 2 && isLeap(year) ? 1 : 0;
  return year * 365 + leaps + (DAYS_BEFORE_MONTH[month - 1] ?? 0) + leapDay - 719_527;
}

/** 0000-01-01 and 9999-12-31T23:59:59Z: the years that four digits can tell. */
const MIN_TIME = -62_167_219_200;
const MAX_TIME = 253_402_300_799;

function writeTime(writer: Writer, value: number): void {
  if (!Number.isInteger(value) || value < MIN_TIME || value > MAX_TIME) {
    throw new WireError('encode', `${value} is not a KerberosTime`);
  }
  const days = Math.floor(value / 86_400);
  const seconds = value - days * 86_400;
  writer.byte(0x5a);
  writeDigits(writer, seconds % 60, 2);
  writeDigits(writer, Math.floor(seconds / 60) % 60, 2);
  writeDigits(writer, Math.floor(seconds / 3600), 2);
  writeDate(writer, days);
}

/**
 * The date so many days after 1970-01-01, in the proleptic Gregorian calendar. Years are counted
 * from March on, so that the leap day is a year's last, in eras of 400 years. A Date object would
 * cost several times as much, and a ticket has a dozen times.
 */
function writeDate(writer: Writer, days: number): void {
  const sinceMarch = days + 719_468;
  const era = Math.floor(sinceMarch / 146_097);
  const dayOfEra = sinceMarch - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const past = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - past;
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  writeDigits(writer, dayOfYear - Math.floor((153 * month + 2) / 5) + 1, 2);
  writeDigits(writer, month < 10 ? month + 3 : month - 9, 2);
  writeDigits(writer, era * 400 + yearOfEra + (month < 10 ? 0 : 1), 4);
}

function writeDigits(writer: Writer, value: number, count: number): void {
  let rest = value;
  for (let i = 0; i < count; i += 1) {
    writer.byte(0x30 + (rest % 10));
    rest = Math.floor(rest / 10);
  }
}
