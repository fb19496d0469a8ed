import { generalizedTime } from '@doublehop/directory/schema/syntax';
import {
  type AssertionFilter,
  type AssertionValue,
  equals,
  type Filter,
} from '@doublehop/ldap/filter';
import { evaluateText } from '@doublehop/powershell/language/convert-block';
import { toText } from '@doublehop/powershell/objects/text';
import { type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { fileTimeOf } from '@doublehop/security/filetime';
import { encodeGuid, parseGuid } from '@doublehop/security/guid';
import { encodeSid, isSid, parseSid } from '@doublehop/security/sid';
import { type AccountFlag, accountFlag } from './account-flags.ts';
import { FilterFailure } from './failures.ts';
import { attributeOf, isFileTime } from './properties.ts';

/** LDAP_MATCHING_RULE_BIT_AND (MS-ADTS 3.1.1.3.4.4.1). */
const BIT_AND = '1.2.840.113556.1.4.803';

/**
 * Properties that the module computes from a descriptor, so that no LDAP filter says what they are:
 * it refuses to search by them.
 */
const UNSEARCHABLE: ReadonlySet<string> = new Set([
  'principalsallowedtodelegatetoaccount',
  'principalsallowedtoretrievemanagedpassword',
]);

/**
 * A filter of the ActiveDirectory module (about_ActiveDirectory_Filter) as LDAP has it: comparisons
 * of properties with texts and variables, joined by -and, -or and -not; `*` is everything. Throws
 * FilterFailure with the place, and for a property that cannot be searched by.
 */
export function parseAdFilter(
  text: string,
  variables: (name: string) => PsValue | undefined,
): Filter | undefined {
  if (text.trim() === '*') return undefined;
  return new FilterReader(tokensOf(text), variables).read();
}

interface Token {
  readonly kind: 'word' | 'operator' | 'text' | 'variable' | '(' | ')';
  readonly text: string;
  readonly at: number;
}

const TOKEN =
  /\s*(?:(\()|(\))|-(\w+)|'((?:[^']|'')*)'|"((?:[^"`]|`.)*)"|(\$[\w.:]+)|([^\s()'"$]+))/uy;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (found === null) throw wrong(text.slice(at, at + 20), at);
    const [, open, close, operator, single, double, variable, word] = found;
    if (open !== undefined) tokens.push({ kind: '(', text: '(', at });
    else if (close !== undefined) tokens.push({ kind: ')', text: ')', at });
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator, at });
    else if (single !== undefined) {
      tokens.push({ kind: 'text', text: single.replaceAll("''", "'"), at });
    } else if (double !== undefined) tokens.push({ kind: 'text', text: double, at });
    else if (variable !== undefined) tokens.push({ kind: 'variable', text: variable, at });
    else tokens.push({ kind: 'word', text: word ?? '', at });
  }
  return tokens;
}

class FilterReader {
  readonly #tokens: readonly Token[];
  readonly #variables: (name: string) => PsValue | undefined;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], variables: (name: string) => PsValue | undefined) {
    this.#tokens = tokens;
    this.#variables = variables;
  }

  read(): Filter {
    const filter = this.#any();
    const rest = this.#tokens[this.#next];
    if (rest !== undefined) throw wrong(rest.text, rest.at);
    return filter;
  }

  #any(): Filter {
    const filters = [this.#all()];
    while (this.#take('or')) filters.push(this.#all());
    const [only, ...more] = filters;
    return only !== undefined && more.length === 0 ? only : { kind: 'or', filters };
  }

  #all(): Filter {
    const filters = [this.#one()];
    while (this.#take('and')) filters.push(this.#one());
    const [only, ...more] = filters;
    return only !== undefined && more.length === 0 ? only : { kind: 'and', filters };
  }

  #one(): Filter {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw wrong('(', 0);
    try {
      if (this.#take('not')) return { kind: 'not', filter: this.#one() };
      const token = this.#tokens[this.#next];
      if (token?.kind !== '(') return this.#comparison();
      this.#next += 1;
      const inner = this.#any();
      const close = this.#tokens[this.#next];
      if (close?.kind !== ')') throw wrong(close?.text ?? 'the end', close?.at ?? token.at);
      this.#next += 1;
      return inner;
    } finally {
      this.#depth -= 1;
    }
  }

  #comparison(): Filter {
    const property = this.#expect('word');
    const operator = this.#expect('operator');
    const value = this.#value();
    const name = property.text;
    if (UNSEARCHABLE.has(name.toLowerCase())) throw unsearchable(name);
    const flag = accountFlag(name);
    if (flag !== undefined) return flagFilter(flag, isYes(value), operator);
    const attribute = attributeOf(name);
    const text = toText(value);
    const exact = assertionOf(attribute, value);
    const isAny = text === '*';
    switch (operator.text.toLowerCase()) {
      case 'eq':
        return isAny ? { kind: 'present', attribute } : equals(attribute, exact);
      case 'ne':
        return not(isAny ? { kind: 'present', attribute } : equals(attribute, exact));
      case 'like':
        return like(attribute, text, exact);
      case 'notlike':
        return not(like(attribute, text, exact));
      case 'ge':
        return { kind: 'greaterOrEqual', attribute, value: exact };
      case 'le':
        return { kind: 'lessOrEqual', attribute, value: exact };
      // LDAP has no strict comparison. An object without the attribute is neither more nor less.
      case 'gt':
        return strict({ kind: 'greaterOrEqual', attribute, value: exact });
      case 'lt':
        return strict({ kind: 'lessOrEqual', attribute, value: exact });
      case 'approx':
        return { kind: 'approx', attribute, value: exact };
      case 'band':
        return bits(attribute, BIT_AND, text);
      case 'bor':
        return bits(attribute, BIT_OR, text);
      default:
        throw wrong(`-${operator.text}`, operator.at);
    }
  }

  #value(): PsValue {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw wrong('the end', 0);
    this.#next += 1;
    if (token.kind === 'variable') return evaluateText(token.text, this.#variables);
    if (token.kind === 'text' || token.kind === 'word') return token.text;
    throw wrong(token.text, token.at);
  }

  #expect(kind: Token['kind']): Token {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) throw wrong(token?.text ?? 'the end', token?.at ?? 0);
    this.#next += 1;
    return token;
  }

  #take(operator: string): boolean {
    const token = this.#tokens[this.#next];
    const isIt = token?.kind === 'operator' && token.text.toLowerCase() === operator;
    if (isIt) this.#next += 1;
    return isIt;
  }
}

const MAX_DEPTH = 32;

/** LDAP_MATCHING_RULE_BIT_OR (MS-ADTS 3.1.1.3.4.4.2). */
const BIT_OR = '1.2.840.113556.1.4.804';

function bits(attribute: string, matchingRule: string, value: string): Filter {
  return { kind: 'extensible', attribute, matchingRule, value };
}

function isYes(value: PsValue): boolean {
  return /^(?:true|1)$/iu.test(toText(value));
}

/** A property that is a bit of userAccountControl is equal to a truth value, or is not. */
function flagFilter({ bit, isInverse }: AccountFlag, wanted: boolean, { text, at }: Token): Filter {
  const isEqual = /^(?:eq|like)$/iu.test(text);
  if (!isEqual && !/^(?:ne|notlike)$/iu.test(text)) throw wrong(`-${text}`, at);
  const isSet = bits('userAccountControl', BIT_AND, String(bit));
  return (wanted === isEqual) === isInverse ? not(isSet) : isSet;
}

/** A value as LDAP has it: octets of SIDs and GUIDs, TRUE, times in the attribute's own form. */
function assertionOf(attribute: string, value: PsValue): AssertionValue {
  const text = toText(value);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return text.toUpperCase();
  if (attribute === 'objectSid' && isSid(text)) return encodeSid(parseSid(text));
  if (attribute === 'objectGUID' && GUID.test(text)) return encodeGuid(parseGuid(text));
  if (value instanceof Scalar && value.type === 'DateTime') {
    return timeOf(String(value.value), isFileTime(attribute));
  }
  return text;
}

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu;

function timeOf(iso: string, asFileTime: boolean): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) throw new FilterFailure(`Error parsing query: '${iso}' is no time.`);
  return asFileTime ? String(fileTimeOf(time)) : generalizedTime(time);
}

function strict(bound: AssertionFilter): Filter {
  return { kind: 'and', filters: [bound, not(equals(bound.attribute, bound.value))] };
}

function not(filter: Filter): Filter {
  return { kind: 'not', filter };
}

function like(attribute: string, pattern: string, exact: AssertionValue): Filter {
  const parts = pattern.split('*');
  if (parts.length === 1) return equals(attribute, exact);
  if (parts.every((part) => part === '')) return { kind: 'present', attribute };
  const [initial = '', ...rest] = parts;
  const final = rest.pop() ?? '';
  return {
    kind: 'substrings',
    attribute,
    ...(initial !== '' && { initial }),
    any: rest.filter((part) => part !== ''),
    ...(final !== '' && { final }),
  };
}

function wrong(what: string, at: number): Error {
  return new FilterFailure(
    `Error parsing query: '${what}' Error Message: 'syntax error' at position: '${at + 1}'.`,
  );
}

function unsearchable(name: string): Error {
  return new FilterFailure(
    `Searching by the extended attribute '${name}' is not supported. Search by the attribute ` +
      `that it is read from: -LDAPFilter '(${attributeOf(name)}=*)'.`,
  );
}
