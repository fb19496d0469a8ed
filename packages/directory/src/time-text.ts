import { generalizedTime } from './schema/syntax.ts';

/** Times as LDAP writes them, made anew only when the clock has moved on. */
export class TimeText {
  #at = Number.NaN;
  #text = '';

  /** The text of a clock's milliseconds. */
  of(milliseconds: number): string {
    if (milliseconds !== this.#at) {
      this.#at = milliseconds;
      this.#text = generalizedTime(milliseconds);
    }
    return this.#text;
  }
}
