import type { Filter } from '@doublehop/ldap/filter';
import { failure } from '@doublehop/powershell/commands/command';
import { evaluateText } from '@doublehop/powershell/language/convert-block';
import { toText } from '@doublehop/powershell/objects/text';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { attributeOf } from './properties.ts';

/** MS-ADTS 2.2.16, ADS_UF_ACCOUNT_DISABLE. */
const ACCOUNT_DISABLE = '2';
const BIT_AND = '1.2.840.113556.1.4.803';

/**
 * A filter of the ActiveDirectory module (about_ActiveDirectory_Filter) as LDAP has it: comparisons
 * of properties with texts and variables, joined by -and, -or and -not; `*` is everything. Throws
 * CommandFailure with the place.
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
    const isDisabled = /^enabled$/iu.test(name);
    if (isDisabled) return enabledFilter(/^(?:true|1)$/iu.test(value), operator);
    const attribute = attributeOf(name);
    switch (operator.text.toLowerCase()) {
      case 'eq':
        return value === '*' ? { kind: 'present', attribute } : equal(attribute, value);
      case 'ne':
        return not(value === '*' ? { kind: 'present', attribute } : equal(attribute, value));
      case 'like':
        return like(attribute, value);
      case 'notlike':
        return not(like(attribute, value));
      case 'ge':
        return { kind: 'greaterOrEqual', attribute, value };
      case 'le':
        return { kind: 'lessOrEqual', attribute, value };
      case 'gt':
        return not({ kind: 'lessOrEqual', attribute, value });
      case 'lt':
        return not({ kind: 'greaterOrEqual', attribute, value });
      case 'approx':
        return { kind: 'approx', attribute, value };
      default:
        throw wrong(`-${operator.text}`, operator.at);
    }
  }

  #value(): string {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw wrong('the end', 0);
    this.#next += 1;
    if (token.kind === 'variable') return toText(evaluateText(token.text, this.#variables));
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

function enabledFilter(wanted: boolean, { text, at }: Token): Filter {
  const isEqual = /^eq$/iu.test(text);
  if (!isEqual && !/^ne$/iu.test(text)) throw wrong(`-${text}`, at);
  const disabled: Filter = {
    kind: 'extensible',
    attribute: 'userAccountControl',
    matchingRule: BIT_AND,
    value: ACCOUNT_DISABLE,
  };
  return wanted === isEqual ? not(disabled) : disabled;
}

function equal(attribute: string, value: string): Filter {
  return { kind: 'equality', attribute, value };
}

function not(filter: Filter): Filter {
  return { kind: 'not', filter };
}

function like(attribute: string, pattern: string): Filter {
  const parts = pattern.split('*');
  if (parts.length === 1) return equal(attribute, pattern);
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
  return failure(
    `Error parsing query: syntax error at position ${at + 1}, near "${what}".`,
    'ActiveDirectoryServer:0,Microsoft.ActiveDirectory.Management.Commands',
    'ParserError',
  );
}
