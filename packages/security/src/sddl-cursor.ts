import { SecurityError } from './errors.ts';
import { isSid, parseSid, type Sid } from './sid.ts';
import { type SddlDomain, sidOfAlias } from './well-known-sids.ts';

const SID_TEXT = /S-1-(?:0x[0-9a-f]{1,12}|[0-9]{1,10})(?:-[0-9]{1,10})*/iy;
const ALIAS = /[A-Z]{2}/iy;
const SPACE = /[\t-\r ]*/y;

/** Walks over SDDL text; every reader either takes what it wants or throws `syntax`. */
export class SddlCursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  atEnd(): boolean {
    return this.at >= this.text.length;
  }

  fail(message: string): never {
    throw new SecurityError('syntax', 'sddl', message, { offset: this.at });
  }

  /** The match of a sticky pattern here, or undefined; moves past it. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const [match] = pattern.exec(this.text) ?? [];
    if (match !== undefined) this.at += match.length;
    return match;
  }

  space(): void {
    this.take(SPACE);
  }

  /** Whether the text goes on with `word`, of any case. */
  sees(word: string): boolean {
    const here = this.text.slice(this.at, this.at + word.length);
    return here === word || here.toLowerCase() === word.toLowerCase();
  }

  /** Moves past `word` if it is here. */
  accept(word: string): boolean {
    if (!this.sees(word)) return false;
    this.at += word.length;
    return true;
  }

  expect(word: string): void {
    if (!this.accept(word)) this.fail(`expected ${word}`);
  }

  /** What stands before the next `;`, which is taken as well; no brackets may be in it. */
  field(): string {
    const end = this.text.indexOf(';', this.at);
    const field = end === -1 ? '' : this.text.slice(this.at, end);
    if (end === -1 || field.includes(')') || field.includes('(')) this.fail('expected ;');
    this.at = end + 1;
    return field;
  }

  /** A SID or a two-letter alias. */
  sid(domain: SddlDomain): Sid {
    const text = this.take(SID_TEXT);
    if (text !== undefined) return isSid(text) ? parseSid(text) : this.fail('expected a SID');
    const alias = this.take(ALIAS) ?? this.fail('expected a SID');
    const sid = sidOfAlias(alias, domain);
    return sid ?? this.fail('alias stands for no SID known here');
  }
}
