import { runtimeError } from './script-error.ts';

export type CharTest = (char: string) => boolean;

export type PatternNode =
  | { readonly kind: 'char'; readonly test: CharTest }
  | { readonly kind: 'edge'; readonly edge: Edge }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly ways: readonly PatternNode[] }
  | { readonly kind: 'group'; readonly index: number; readonly inner: PatternNode }
  | {
      readonly kind: 'repeat';
      readonly inner: PatternNode;
      readonly least: number;
      /** Infinity: without end. */
      readonly most: number;
      readonly isLazy: boolean;
    };

export type Edge = 'start' | 'end' | 'last-line' | 'word' | 'not-word';

export interface ParsedPattern {
  readonly root: PatternNode;
  /** Names of the groups from 1 on; undefined: it has only its number. */
  readonly names: readonly (string | undefined)[];
}

const MAX_GROUP_DEPTH = 64;

/**
 * Reads a regular expression of what .NET's and all others have in common (.NET: Regular
 * Expression Language): characters, classes, groups, choices, repetition, edges. References back
 * and looking around are refused: no matching of them is sure to end soon. Throws CommandFailure.
 */
export function parsePattern(text: string, matchCase: boolean): ParsedPattern {
  return new PatternReader(text, matchCase).read();
}

class PatternReader {
  readonly #text: string;
  #matchCase: boolean;
  readonly #names: (string | undefined)[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string, matchCase: boolean) {
    this.#text = text;
    this.#matchCase = matchCase;
  }

  read(): ParsedPattern {
    if (this.#take('(?i)')) this.#matchCase = false;
    const root = this.#choice();
    if (this.#at < this.#text.length) this.#fail("Too many )'s");
    return { root, names: this.#names };
  }

  #choice(): PatternNode {
    const ways = [this.#sequence()];
    while (this.#take('|')) ways.push(this.#sequence());
    const [only] = ways;
    return ways.length === 1 && only !== undefined ? only : { kind: 'choice', ways };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#peek())) {
      parts.push(this.#repeat(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeat(inner: PatternNode): PatternNode {
    const found = this.#match(/[*+?]|\{(?<least>\d{1,6})(?<comma>,(?<most>\d{0,6}))?\}/uy);
    if (found === null) return inner;
    const isLazy = this.#take('?');
    if (inner.kind === 'edge' || '*+?'.includes(this.#peek() || ' ')) {
      this.#fail('Nested quantifier');
    }
    const [mark] = found;
    const { least = '', comma, most = '' } = found.groups ?? {};
    if (!mark.startsWith('{')) {
      const bounds = { least: mark === '+' ? 1 : 0, most: mark === '?' ? 1 : Infinity };
      return { kind: 'repeat', inner, ...bounds, isLazy };
    }
    const low = Number(least);
    const high = comma === undefined ? low : most === '' ? Infinity : Number(most);
    if (high < low) this.#fail('Illegal {x,y} with x > y');
    return { kind: 'repeat', inner, least: low, most: high, isLazy };
  }

  #atom(): PatternNode {
    const char = this.#peek();
    this.#at += 1;
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '.':
        return { kind: 'char', test: (one) => one !== '\n' };
      case '^':
        return { kind: 'edge', edge: 'start' };
      case '$':
        return { kind: 'edge', edge: 'last-line' };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        return this.#fail(`Quantifier ${char} following nothing`);
      default:
        return this.#exactly(char);
    }
  }

  #group(): PatternNode {
    this.#depth += 1;
    if (this.#depth > MAX_GROUP_DEPTH) this.#fail('Too many groups in groups');
    const node = this.#groupBody();
    if (!this.#take(')')) this.#fail("Not enough )'s");
    this.#depth -= 1;
    return node;
  }

  #groupBody(): PatternNode {
    if (this.#take('?:')) return this.#choice();
    const name = this.#match(/\?<(?<name>[A-Za-z_]\w*)>/uy)?.groups?.['name'];
    if (name === undefined && this.#peek() === '?') this.#fail('Grouping construct not supported');
    this.#names.push(name);
    const index = this.#names.length;
    return { kind: 'group', index, inner: this.#choice() };
  }

  #escape(): PatternNode {
    const edge = this.#match(/[AzZbB]/uy)?.[0];
    if (edge !== undefined) {
      const edges = { A: 'start', z: 'end', Z: 'last-line', b: 'word', B: 'not-word' } as const;
      // The pattern above has the five letters.
      return { kind: 'edge', edge: edges[edge as keyof typeof edges] };
    }
    const set = this.#set();
    if (set !== undefined) return { kind: 'char', test: set };
    return this.#exactly(this.#escaped());
  }

  /** `\d` and its kin, after the backslash. */
  #set(): CharTest | undefined {
    const letter = this.#match(/[dDwWsS]/uy)?.[0];
    if (letter === undefined) return undefined;
    const sets: Readonly<Record<string, RegExp>> = {
      d: /\p{Nd}/u,
      w: /[\p{L}\p{Mn}\p{Nd}\p{Pc}]/u,
      s: /\s/u,
    };
    const pattern = sets[letter.toLowerCase()] ?? /\s/u;
    const wanted = letter === letter.toLowerCase();
    return (char) => pattern.test(char) === wanted;
  }

  /** The character that an escape stands for, after the backslash. */
  #escaped(): string {
    const hex = this.#match(/x(?<two>[\da-f]{2})|u(?<four>[\da-f]{4})/iuy)?.groups;
    if (hex !== undefined) {
      return String.fromCharCode(Number.parseInt(hex['two'] ?? hex['four'] ?? '', 16));
    }
    const char = this.#peek();
    if (char === '') this.#fail('Illegal \\ at end of pattern');
    this.#at += 1;
    const controls: Readonly<Record<string, string>> = {
      t: '\t',
      n: '\n',
      r: '\r',
      f: '\f',
      v: '\v',
      a: '\u0007',
      e: '\u001B',
    };
    if (/[\p{L}\d]/u.test(char) && !Object.hasOwn(controls, char)) {
      this.#fail(`Unrecognized or unsupported escape sequence \\${char}`);
    }
    return controls[char] ?? char;
  }

  #class(): PatternNode {
    const isNegated = this.#take('^');
    const tests: CharTest[] = [];
    let isFirst = true;
    while (isFirst || this.#peek() !== ']') {
      isFirst = false;
      if (this.#at >= this.#text.length) this.#fail('Unterminated [] set');
      tests.push(this.#classPart());
    }
    this.#at += 1;
    const test: CharTest = (char) => tests.some((one) => one(char));
    const cased = this.#matchCase ? test : withoutCase(test);
    return { kind: 'char', test: isNegated ? (char) => !cased(char) : cased };
  }

  #classPart(): CharTest {
    if (this.#take('\\')) {
      const set = this.#set();
      if (set !== undefined) return set;
      return this.#range(this.#escaped());
    }
    const char = this.#peek();
    this.#at += 1;
    return this.#range(char);
  }

  #range(from: string): CharTest {
    const next = this.#text.charAt(this.#at + 1);
    if (this.#peek() !== '-' || next === ']' || next === '') return (char) => char === from;
    this.#at += 1;
    if (this.#peek() === '[') this.#fail('A subtraction in a [] set is not supported');
    let to = this.#peek();
    this.#at += 1;
    if (to === '\\') to = this.#escaped();
    if (to < from) this.#fail('[x-y] range in reverse order');
    return (char) => char >= from && char <= to;
  }

  #exactly(wanted: string): PatternNode {
    const test: CharTest = (char) => char === wanted;
    return { kind: 'char', test: this.#matchCase ? test : withoutCase(test) };
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #take(text: string): boolean {
    const isThere = this.#text.startsWith(text, this.#at);
    if (isThere) this.#at += text.length;
    return isThere;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #fail(why: string): never {
    throw runtimeError(
      `The regular expression pattern ${this.#text} is not valid: ${why}.`,
      'InvalidRegularExpression',
      'InvalidOperation',
      this.#text,
    );
  }
}

function withoutCase(test: CharTest): CharTest {
  return (char) => test(char) || test(char.toLowerCase()) || test(char.toUpperCase());
}
