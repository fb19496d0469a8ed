import { concat, fromUtf8, plain, utf8 } from '@doublehop/wire/bytes';
import { LdapError } from './errors.ts';
import type { AssertionValue, ExtensibleFilter, Filter } from './filter.ts';
import {
  MAX_FILTER_DEPTH,
  MAX_FILTER_ELEMENTS,
  MAX_FILTER_TEXT,
  MAX_SUBSTRINGS,
} from './limits.ts';

/**
 * The filter that a text stands for (RFC 4515 §3). A filter without its outer parentheses is taken
 * too, as every LDAP tool does. Throws LdapError `filterError` with the place of the fault.
 */
export function parseFilter(text: string): Filter {
  if (text.length > MAX_FILTER_TEXT) throw fault('the filter is too long', 0);
  const parser: Parser = { text, at: 0, depth: 0, elements: 0 };
  const bare = !text.startsWith('(');
  const filter = bare ? parseItem(parser) : parseParenthesized(parser);
  if (parser.at !== text.length) throw fault('text follows the filter', parser.at);
  return filter;
}

/** The text of a filter; what RFC 4515 §3 asks for is escaped, and what is not UTF-8. */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
      return `(&${filter.filters.map(formatFilter).join('')})`;
    case 'or':
      return `(|${filter.filters.map(formatFilter).join('')})`;
    case 'not':
      return `(!${formatFilter(filter.filter)})`;
    case 'present':
      return `(${filter.attribute}=*)`;
    case 'substrings': {
      const parts = [filter.initial ?? '', ...filter.any, filter.final ?? ''];
      return `(${filter.attribute}=${parts.map(escapeFilterValue).join('*')})`;
    }
    case 'extensible':
      return `(${extensibleName(filter)}:=${escapeFilterValue(filter.value)})`;
    case 'equality':
    case 'greaterOrEqual':
    case 'lessOrEqual':
    case 'approx':
      return `(${filter.attribute}${SIGNS[filter.kind]}${escapeFilterValue(filter.value)})`;
  }
}

/** A value as it stands in a filter text (RFC 4515 §3): safe against injection. */
export function escapeFilterValue(value: AssertionValue): string {
  const octets = typeof value === 'string' ? utf8(value) : plain(value);
  const text = fromUtf8(octets);
  // U+FFFD tells of octets that are not UTF-8: those are escaped one by one.
  if (!text.includes('�')) return text.replace(RESERVED, (found) => hex(found.charCodeAt(0)));
  return Array.from(octets, (octet) => {
    const character = String.fromCharCode(octet);
    return octet > 0x7e || RESERVED_ONE.test(character) ? hex(octet) : character;
  }).join('');
}

// NUL must be escaped, the other controls may be: a log line or a terminal is safer so.
// oxlint-disable-next-line no-control-regex
const RESERVED = /[\u0000-\u001f\u007f()*\\]/g;
// oxlint-disable-next-line no-control-regex
const RESERVED_ONE = /[\u0000-\u001f\u007f()*\\]/;

const SIGNS = { equality: '=', greaterOrEqual: '>=', lessOrEqual: '<=', approx: '~=' } as const;

interface Parser {
  readonly text: string;
  at: number;
  depth: number;
  elements: number;
}

/** attributedescription: a name or OID, with options (RFC 4512 §2.5). */
const DESCRIPTION = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)(?:;[A-Za-z0-9=-]+)*$/;

/** oid of a matching rule (RFC 4512 §1.4). */
const RULE = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)$/;

function parseParenthesized(parser: Parser): Filter {
  expect(parser, '(');
  parser.depth += 1;
  parser.elements += 1;
  if (parser.depth > MAX_FILTER_DEPTH) throw fault('nested too deeply', parser.at);
  if (parser.elements > MAX_FILTER_ELEMENTS) throw fault('too many filter elements', parser.at);
  const filter = parseComponent(parser);
  expect(parser, ')');
  parser.depth -= 1;
  return filter;
}

function parseComponent(parser: Parser): Filter {
  switch (parser.text.charAt(parser.at)) {
    case '&':
      return { kind: 'and', filters: parseList(parser) };
    case '|':
      return { kind: 'or', filters: parseList(parser) };
    case '!':
      parser.at += 1;
      return { kind: 'not', filter: parseParenthesized(parser) };
    default:
      return parseItem(parser);
  }
}

function parseList(parser: Parser): readonly Filter[] {
  parser.at += 1;
  const filters: Filter[] = [];
  while (parser.text[parser.at] === '(') filters.push(parseParenthesized(parser));
  return filters;
}

function parseItem(parser: Parser): Filter {
  const start = parser.at;
  const { text } = parser;
  let at = start;
  while (at < text.length && !'=()'.includes(text.charAt(at))) at += 1;
  if (text[at] !== '=') throw fault('"=" is missing', at);
  const left = text.slice(start, at);
  let end = at + 1;
  while (end < text.length && text[end] !== '(' && text[end] !== ')') end += 1;
  const right = text.slice(at + 1, end);
  parser.at = end;
  const kind = { '>': 'greaterOrEqual', '<': 'lessOrEqual', '~': 'approx' } as const;
  const sign = left.at(-1);
  if (sign === ':') return extensible(left.slice(0, -1), right, start);
  if (sign === '>' || sign === '<' || sign === '~') {
    const attribute = description(left.slice(0, -1), start);
    return { kind: kind[sign], attribute, value: parseValue(right, at + 1) };
  }
  return simpleOrSubstrings(description(left, start), right, at + 1);
}

function simpleOrSubstrings(attribute: string, right: string, at: number): Filter {
  if (right === '*') return { kind: 'present', attribute };
  if (!right.includes('*')) return { kind: 'equality', attribute, value: parseValue(right, at) };
  const parts = right.split('*');
  if (parts.length > MAX_SUBSTRINGS + 2) throw fault('too many substrings', at);
  const values = parts.map((part) => parseValue(part, at));
  const initial = values.at(0);
  const final = values.at(-1);
  // An empty part between two asterisks says nothing and has no wire form.
  const any = values.slice(1, -1).filter((part) => part.length > 0);
  const some = initial?.length !== 0 || final?.length !== 0 || any.length > 0;
  if (!some) return { kind: 'present', attribute };
  return {
    kind: 'substrings',
    attribute,
    any,
    ...(initial === undefined || initial.length === 0 ? {} : { initial }),
    ...(final === undefined || final.length === 0 ? {} : { final }),
  };
}

/** `attr[:dn][:rule]:=value` or `[:dn]:rule:=value` (RFC 4515 §3). */
function extensible(left: string, right: string, at: number): ExtensibleFilter {
  const [name = '', ...rest] = left.split(':');
  const dnAttributes = rest[0]?.toLowerCase() === 'dn';
  if (dnAttributes) rest.shift();
  const [matchingRule, ...more] = rest;
  const named = name !== '' || matchingRule !== undefined;
  if (more.length > 0 || !named || (matchingRule !== undefined && !RULE.test(matchingRule))) {
    throw fault('not an extensible match', at);
  }
  return {
    kind: 'extensible',
    ...(matchingRule === undefined ? {} : { matchingRule }),
    ...(name === '' ? {} : { attribute: description(name, at) }),
    value: parseValue(right, at + left.length + 2),
    ...(dnAttributes ? { dnAttributes } : {}),
  };
}

function description(text: string, at: number): string {
  // Blanks around a name are no part of it; administrators write them.
  const name = text.trim();
  if (!DESCRIPTION.test(name)) throw fault('not an attribute description', at);
  return name;
}

function parseValue(text: string, at: number): Uint8Array {
  if (text.includes('*')) throw fault('"*" must be escaped here', at);
  if (text.includes('\0')) throw fault('NUL must be escaped', at);
  if (!text.includes('\\')) return utf8(text);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let slash = text.indexOf('\\'); slash >= 0; slash = text.indexOf('\\', from)) {
    const digits = text.slice(slash + 1, slash + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) throw fault('"\\" needs two hex digits', at + slash);
    parts.push(utf8(text.slice(from, slash)), Uint8Array.of(Number.parseInt(digits, 16)));
    from = slash + 3;
  }
  return concat(...parts, utf8(text.slice(from)));
}

function extensibleName({ attribute, dnAttributes, matchingRule }: ExtensibleFilter): string {
  const dn = dnAttributes === true ? ':dn' : '';
  return `${attribute ?? ''}${dn}${matchingRule === undefined ? '' : `:${matchingRule}`}`;
}

function expect(parser: Parser, character: string): void {
  if (parser.text[parser.at] !== character) throw fault(`"${character}" is missing`, parser.at);
  parser.at += 1;
}

function hex(octet: number): string {
  return `\\${octet.toString(16).padStart(2, '0')}`;
}

function fault(message: string, at: number): LdapError {
  return new LdapError('filterError', `${message} (at character ${at})`);
}
