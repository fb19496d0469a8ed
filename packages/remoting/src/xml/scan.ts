import { RemotingError } from '../errors.ts';

/** Hears of a document's parts in their order. What it throws ends the scan. */
export interface XmlHandler {
  /** Attributes as they stand, names with their prefixes; each name once. */
  open(name: string, attributes: readonly XmlAttribute[]): void;
  close(name: string): void;
  /** Character data inside an element, with references resolved. */
  text(text: string): void;
}

export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
}

/**
 * Goes through a document of XML 1.0 (fifth edition) without a DTD: a well-formed one is told part
 * by part, any other is refused. No document type, no processing instruction but the declaration,
 * no entity but the five and characters by number. Linear in the text; long texts are not looked at
 * letter by letter, for most of what PSRP sends is base64. Throws RemotingError `xml`.
 */
export function scanXml(document: string, handler: XmlHandler): void {
  new Scanner(document, handler).run();
}

class Scanner {
  readonly #text: string;
  readonly #handler: XmlHandler;
  readonly #open: string[] = [];
  #at = 0;
  #hasRoot = false;

  constructor(document: string, handler: XmlHandler) {
    // XML 1.0 2.11: line ends are one character.
    const isMixed = document.includes('\r');
    const text = isMixed ? document.replaceAll(/\r\n?/gu, '\n') : document;
    this.#text = text.charCodeAt(0) === 0xfe_ff ? text.slice(1) : text;
    this.#handler = handler;
  }

  run(): void {
    this.#declaration();
    while (this.#at < this.#text.length) {
      const next = this.#text.indexOf('<', this.#at);
      const end = next < 0 ? this.#text.length : next;
      if (end > this.#at) this.#characters(this.#text.slice(this.#at, end));
      this.#at = end;
      if (next >= 0) this.#markup();
    }
    if (this.#open.length > 0) throw broken(`${this.#open.at(-1)} is not closed`);
    if (!this.#hasRoot) throw broken('there is no element');
  }

  #markup(): void {
    const text = this.#text;
    const code = text.charCodeAt(this.#at + 1);
    if (code === SLASH) return this.#endTag();
    if (NAME_CODES[code] === NAME_START) return this.#startTag();
    const second = text.charAt(this.#at + 1);
    if (second === '?') throw broken('a processing instruction is not taken');
    if (text.startsWith('<!--', this.#at)) this.#comment();
    else if (text.startsWith('<![CDATA[', this.#at)) this.#cdata();
    else if (second === '!') throw broken('a document type is not taken');
    else throw broken('a name is missing');
  }

  /** `<?xml version="1.0" encoding="utf-8"?>` (2.8); the octets were decoded before. */
  #declaration(): void {
    if (!this.#text.startsWith('<?xml')) return;
    const found = DECLARATION.exec(this.#text.slice(0, 200));
    if (found === null) throw broken('a processing instruction is not taken');
    this.#at = found[0].length;
  }

  #characters(raw: string): void {
    if (this.#open.length === 0) {
      if (/[^ \t\n]/u.test(raw)) throw broken('there is text outside of the element');
      return;
    }
    if (isPlain(raw)) return this.#handler.text(raw);
    if (raw.includes(']]>')) throw broken(']]> stands in text');
    this.#handler.text(resolve(raw));
  }

  #cdata(): void {
    const start = this.#at + '<![CDATA['.length;
    const end = this.#text.indexOf(']]>', start);
    if (end < 0) throw broken('CDATA is not closed');
    if (this.#open.length === 0) throw broken('there is text outside of the element');
    const raw = this.#text.slice(start, end);
    checkCharacters(raw);
    this.#handler.text(raw);
    this.#at = end + 3;
  }

  #comment(): void {
    const start = this.#at + '<!--'.length;
    const end = this.#text.indexOf('--', start);
    if (end < 0 || this.#text.charAt(end + 2) !== '>') throw broken('a comment is not well-formed');
    checkCharacters(this.#text.slice(start, end));
    this.#at = end + 3;
  }

  #endTag(): void {
    const open = this.#open.pop();
    if (open === undefined) throw broken('tags do not match');
    const start = this.#at + 2;
    let at = start + open.length;
    if (!this.#text.startsWith(open, start)) throw broken('tags do not match');
    while (isSpace(this.#text.charCodeAt(at))) at += 1;
    if (this.#text.charCodeAt(at) !== GREATER) throw broken('tags do not match');
    this.#at = at + 1;
    this.#handler.close(open);
  }

  #startTag(): void {
    if (this.#open.length === 0 && this.#hasRoot) throw broken('there is a second element');
    this.#at += 1;
    const name = this.#name();
    const isBare = this.#text.charCodeAt(this.#at) === GREATER;
    const attributes = isBare ? NO_ATTRIBUTES : this.#attributes();
    const isEmpty = this.#text.charCodeAt(this.#at) === SLASH;
    if (isEmpty) this.#at += 1;
    if (this.#text.charCodeAt(this.#at) !== GREATER) {
      throw broken(`the tag ${name} is not well-formed`);
    }
    this.#at += 1;
    this.#hasRoot = true;
    this.#handler.open(name, attributes);
    if (isEmpty) this.#handler.close(name);
    else this.#open.push(name);
  }

  #attributes(): readonly XmlAttribute[] {
    const attributes: XmlAttribute[] = [];
    for (;;) {
      const isSpaced = this.#spaces();
      const next = this.#text.charCodeAt(this.#at);
      if (next === GREATER || next === SLASH || Number.isNaN(next)) return attributes;
      if (!isSpaced) throw broken('attributes are not apart');
      const name = this.#name();
      this.#spaces();
      if (this.#text.charCodeAt(this.#at) !== EQUALS) {
        throw broken(`the attribute ${name} has no value`);
      }
      this.#at += 1;
      this.#spaces();
      const value = this.#value(name);
      if (attributes.length >= MAX_ATTRIBUTES) throw broken('a tag has too many attributes');
      for (const one of attributes) if (one.name === name) throw broken(`${name} stands twice`);
      attributes.push({ name, value });
    }
  }

  #value(name: string): string {
    const quote = this.#text.charAt(this.#at);
    const end = quote === '"' || quote === "'" ? this.#text.indexOf(quote, this.#at + 1) : -1;
    if (end < 0) throw broken(`the attribute ${name} has no value`);
    const raw = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    if (isPlain(raw)) return raw;
    if (raw.includes('<')) throw broken(`< stands in the attribute ${name}`);
    // 3.3.3: white space in an attribute is a space, unless it is written by number.
    return resolve(raw.replaceAll(/[\t\n]/gu, ' '));
  }

  /** 2.3 Name, of ASCII: no protocol here has others. */
  #name(): string {
    const text = this.#text;
    const start = this.#at;
    if (NAME_CODES[text.charCodeAt(start)] !== NAME_START) throw broken('a name is missing');
    let end = start + 1;
    while ((NAME_CODES[text.charCodeAt(end)] ?? 0) !== 0) end += 1;
    this.#at = end;
    return text.slice(start, end);
  }

  #spaces(): boolean {
    const start = this.#at;
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#at > start;
  }
}

const SLASH = 0x2f;
const EQUALS = 0x3d;
const GREATER = 0x3e;

/** Blank, tab and line feed: carriage returns are gone by then. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a;
}

const NO_ATTRIBUTES: readonly XmlAttribute[] = [];

const NAME_START = 1;
const NAME_PART = 2;

/** What each character of ASCII may be in a name. */
const NAME_CODES: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[:A-Z_a-z]/u.test(char)) return NAME_START;
  return /[\d.-]/u.test(char) ? NAME_PART : 0;
});

/** Whether text says what it says: printable, without references and tags. */
function isPlain(text: string): boolean {
  if (text.length > SHORT) return PLAIN.test(text);
  for (let i = 0; i < text.length; i += 1) {
    if (PLAIN_CODES[text.charCodeAt(i)] !== 1) return false;
  }
  return true;
}

/** Characters that are looked at sooner than a regular expression is asked. */
const SHORT = 48;

// oxlint-disable-next-line require-unicode-regexp
const PLAIN = /^[ !#-%'-;=?-~]*$/;

const PLAIN_CODES: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) =>
  PLAIN.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Attributes of one tag: SOAP has about ten, most of them namespaces. */
const MAX_ATTRIBUTES = 64;

const DECLARATION: RegExp = new RegExp(
  [
    '^<\\?xml[ \\t\\n]+version=(["\'])1\\.\\d\\1',
    '(?:[ \\t\\n]+encoding=(["\'])[A-Za-z][\\w.-]*\\2)?',
    '(?:[ \\t\\n]+standalone=(["\'])(?:yes|no)\\3)?[ \\t\\n]*\\?>',
  ].join(''),
  'u',
);

/** Text with its references resolved, and nothing in it that XML does not have. */
function resolve(raw: string): string {
  checkCharacters(raw);
  if (!raw.includes('&')) return raw;
  return raw.replaceAll(/&([^;&]{0,12})(;?)/gu, (_, name: string, end: string) => {
    if (end === '') throw broken('& stands alone');
    const known = ENTITIES.get(name);
    if (known !== undefined) return known;
    const code = /^#(?:x([\dA-Fa-f]{1,6})|(\d{1,7}))$/u.exec(name);
    if (code === null) throw broken(`the entity ${name} is not taken`);
    const [, hex, decimal] = code;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    const char = point <= 0x10_ff_ff ? String.fromCodePoint(point) : '';
    if (char === '' || NOT_XML.test(char)) throw broken('a character that XML does not have');
    return char;
  });
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** 2.2 Char, looked at closely only where something is beyond ASCII. */
function checkCharacters(text: string): void {
  if (UNUSUAL.test(text) && NOT_XML.test(text)) throw broken('a character that XML does not have');
}

// Without the flag u it is several times as fast, and base64 is all that most texts are.
const UNUSUAL = /[^\t\n -~]/;
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function broken(what: string): RemotingError {
  return new RemotingError('xml', `the XML is not well-formed: ${what}`);
}
