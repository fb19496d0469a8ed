import { itemsOf } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsDictionary, type PsValue } from '../objects/value.ts';

/** How many items of a collection a cell shows: `$FormatEnumerationLimit`. */
const SHOWN_ITEMS = 4;

/** A property's value on one line: `{a, b, c, d...}` for collections. */
export function cellText(value: PsValue): string {
  const items = value instanceof PsDictionary ? entryTexts(value) : itemsOf(value)?.map(toText);
  if (items === undefined) return oneLine(toText(value));
  const more = items.length > SHOWN_ITEMS ? '...' : '';
  return oneLine(`{${items.slice(0, SHOWN_ITEMS).join(', ')}${more}}`);
}

/** Columns of a terminal that a text takes: wide characters take two, marks none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** A text cut to a number of columns, with `…` where something is missing. */
export function cutText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let cut = '';
  let width = 0;
  for (const char of text) {
    width += charWidth(char);
    if (width > columns - 1) break;
    cut += char;
  }
  return `${cut}…`;
}

/** A text filled with spaces to a number of columns. */
export function padText(text: string, columns: number, side: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'left' ? text + space : space + text;
}

/** Control characters would move a terminal's cursor: they are shown as pictures of themselves. */
export function oneLine(text: string): string {
  return text.replaceAll(/\r?\n/gu, ' ').replaceAll(/\p{Cc}/gu, '\u{2426}');
}

function entryTexts(dictionary: PsDictionary): string[] {
  return [...dictionary.entries()].map(([key]) => toText(key));
}

function charWidth(char: string): number {
  if (/^\p{Mark}$/u.test(char)) return 0;
  const code = char.codePointAt(0) ?? 0;
  const isWide =
    (code >= 0x11_00 && code <= 0x11_5f) ||
    (code >= 0x2e_80 && code <= 0xa4_cf) ||
    (code >= 0xac_00 && code <= 0xd7_a3) ||
    (code >= 0xf9_00 && code <= 0xfa_ff) ||
    (code >= 0xfe_30 && code <= 0xfe_6f) ||
    (code >= 0xff_00 && code <= 0xff_60) ||
    (code >= 0x1_f3_00 && code <= 0x1_fa_ff);
  return isWide ? 2 : 1;
}
