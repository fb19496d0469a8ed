import { DirectoryError } from './errors.ts';
import { MAX_DN_BYTES, MAX_DN_DEPTH } from './limits.ts';
import { fold } from './text.ts';

/** One relative name. Active Directory has no names of several values (MS-ADTS 3.1.1.3.1.2.1). */
export interface Rdn {
  /** Attribute type as written, an OID replaced by its usual name. */
  readonly type: string;
  /** Value without escapes. */
  readonly value: string;
}

/** A distinguished name, the leaf's relative name first; `[]` is the root. */
export type Dn = readonly Rdn[];

/** Attribute types of RFC 4514 §3 that a name may give by OID. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
]);

const TYPE = /[ ]*(?:[oO][iI][dD]\.)?([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)[ ]*=[ ]*/y;
/** Everything up to a character that means something in a value. */
const PLAIN = /[^,;+\\"<>]*/y;
const ESCAPED_ALWAYS = /[,+"\\<>;=]/g;
/** Values that may need an escape somewhere. */
const UNUSUAL = /[,+"\\<>;=\n\r]|^[ #]| $/;
const HEX_PAIR = /^[0-9A-Fa-f]{2}$/;

/** Reads RFC 4514 text (and the quotes and semicolons of RFC 2253); throws invalidDNSyntax. */
export function parseDn(text: string): Dn {
  if (text.length > MAX_DN_BYTES) throw invalid('too long');
  const rdns: Rdn[] = [];
  if (text.trim() === '') return rdns;
  let at = 0;
  for (;;) {
    const { rdn, next } = parseRdnAt(text, at);
    rdns.push(rdn);
    if (rdns.length > MAX_DN_DEPTH) throw invalid('too many relative names');
    if (next >= text.length) return rdns;
    if (text[next] === '+') throw invalid('a relative name of several values');
    at = next + 1;
  }
}

/** Reads one relative name, `CN=Alice`. */
export function parseRdn(text: string): Rdn {
  const [rdn, ...more] = parseDn(text);
  if (rdn === undefined || more.length > 0) throw invalid('not one relative name');
  return rdn;
}

/** The text of a name, with the escapes of RFC 4514 §2.4 and of Active Directory. */
export function formatDn(dn: Dn): string {
  return dn.map(formatRdn).join(',');
}

/** The text of a relative name. */
export function formatRdn(rdn: Rdn): string {
  return `${rdn.type}=${escapeValue(rdn.value)}`;
}

/** Equal for relative names that are the same to the directory. */
export function rdnKey(rdn: Rdn): string {
  return `${rdn.type.toLowerCase()}=${fold(rdn.value)}`;
}

/** Equal for names that are the same to the directory; NUL, in no name, stands between parts. */
export function dnKey(dn: Dn): string {
  return dn.map(rdnKey).join('\0');
}

/** The name above a name. */
export function parentDn(dn: Dn): Dn {
  return dn.slice(1);
}

/** Whether `dn` is `ancestor` or below it. */
export function isWithin(dn: Dn, ancestor: Dn): boolean {
  return (
    dn.length >= ancestor.length && dnKey(dn.slice(dn.length - ancestor.length)) === dnKey(ancestor)
  );
}

/** `DC=contoso,DC=com` for `contoso.com` (RFC 2247). */
export function dnOfDnsName(dnsName: string): Dn {
  return dnsName.split('.').map((value) => ({ type: 'DC', value }));
}

/** `contoso.com` for a name whose last parts are `DC=contoso,DC=com` (RFC 2247). */
export function dnsNameOfDn(dn: Dn): string {
  const labels = dn.filter((rdn) => rdn.type.toUpperCase() === 'DC').map((rdn) => rdn.value);
  return labels.join('.');
}

function parseRdnAt(text: string, start: number): { rdn: Rdn; next: number } {
  TYPE.lastIndex = start;
  const match = TYPE.exec(text);
  if (match === null) throw invalid(`no attribute type at ${start}`);
  const [, written = ''] = match;
  const type = TYPES.get(written) ?? written;
  const at = TYPE.lastIndex;
  const { value, next } =
    text[at] === '"'
      ? quoted(text, at + 1)
      : text[at] === '#'
        ? hex(text, at + 1)
        : plain(text, at);
  if (value === '') throw invalid(`an empty value at ${at}`);
  if (value.includes('\0')) throw invalid(`a NUL at ${at}`);
  return { rdn: { type, value }, next };
}

/** A value without quotes: unescaped white space at its ends does not belong to it. */
function plain(text: string, start: number): { value: string; next: number } {
  // Most values have no escapes: they end where the name goes on, or with it.
  PLAIN.lastIndex = start;
  const [run = ''] = PLAIN.exec(text) ?? [];
  const end = start + run.length;
  const stop = text[end];
  if (stop === undefined || stop === ',') return { value: trimSpaces(run), next: end };
  const builder = new ValueBuilder();
  let at = start;
  for (; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === ',' || char === ';' || char === '+') break;
    if (char === '\\') at = builder.escape(text, at);
    else if (char === '"' || char === '<' || char === '>') {
      throw invalid(`an unescaped ${char} at ${at}`);
    } else builder.add(char);
  }
  return { value: builder.trimmed(), next: at };
}

/** Leading spaces are gone already, with the `=`; only those of U+0020 at the end are no part. */
function trimSpaces(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

function quoted(text: string, start: number): { value: string; next: number } {
  const builder = new ValueBuilder();
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"') {
      return { value: builder.whole(), next: separatorAfter(text, at + 1) };
    }
    if (char === '\\') at = builder.escape(text, at);
    else builder.add(char);
  }
  throw invalid('an unclosed quote');
}

/** A value as the BER of a string (RFC 4514 §2.4), short form lengths only. */
function hex(text: string, start: number): { value: string; next: number } {
  let end = start;
  while (HEX_PAIR.test(text.slice(end, end + 2))) end += 2;
  const bytes = Buffer.from(text.slice(start, end), 'hex');
  const [tag, length] = bytes;
  const isString = tag === 0x04 || tag === 0x0c || tag === 0x13 || tag === 0x16;
  if (!isString || length !== bytes.length - 2 || length > 0x7f) throw invalid('a value in BER');
  return { value: utf8(bytes.subarray(2)), next: separatorAfter(text, end) };
}

function separatorAfter(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ') at += 1;
  if (at < text.length && !',;+'.includes(text.charAt(at))) throw invalid(`text at ${at}`);
  return at;
}

/** Collects text with escapes; runs of `\xx` pairs are UTF-8 together (RFC 4514 §3). */
class ValueBuilder {
  #text = '';
  #pending: number[] = [];
  /** Length up to the last character that is not an unescaped space. */
  #significant = 0;

  add(char: string): void {
    this.#flush();
    this.#text += char;
    if (char !== ' ') this.#significant = this.#text.length;
  }

  /** Takes the escape at `at`; returns the position of its last character. */
  escape(text: string, at: number): number {
    const pair = text.slice(at + 1, at + 3);
    if (HEX_PAIR.test(pair)) {
      this.#pending.push(Number.parseInt(pair, 16));
      return at + 2;
    }
    const char = text.charAt(at + 1);
    if (!' "#+,;<=>\\'.includes(char) || char === '') throw invalid(`an escape at ${at}`);
    this.add(char);
    this.#significant = this.#text.length;
    return at + 1;
  }

  whole(): string {
    this.#flush();
    return this.#text;
  }

  trimmed(): string {
    return this.whole().slice(0, this.#significant);
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#text += utf8(Uint8Array.from(this.#pending));
    this.#significant = this.#text.length;
    this.#pending = [];
  }
}

function escapeValue(value: string): string {
  if (!UNUSUAL.test(value)) return value;
  let escaped = value
    .replace(ESCAPED_ALWAYS, (char) => `\\${char}`)
    .replaceAll('\n', '\\0A')
    .replaceAll('\r', '\\0D');
  if (escaped.endsWith(' ')) escaped = `${escaped.slice(0, -1)}\\ `;
  return escaped.startsWith(' ') || escaped.startsWith('#') ? `\\${escaped}` : escaped;
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid('bytes that are not UTF-8');
  }
}

function invalid(why: string): DirectoryError {
  return new DirectoryError('invalidDNSyntax', `not a distinguished name: ${why}`);
}
