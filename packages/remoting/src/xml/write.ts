/** Markup that is written: text in it is escaped already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Attributes of an element; undefined ones are left out. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Writes an element: strings among its content are escaped, markup is taken as it is. */
export function element(
  name: string,
  attributes: Attributes = NONE,
  ...content: readonly (Markup | string | undefined)[]
): Markup {
  let head = '';
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value !== undefined) head += ` ${key}="${escapeXml(value)}"`;
  }
  let inner = '';
  for (const part of content) {
    if (part !== undefined) inner += part instanceof Markup ? part.text : escapeXml(part);
  }
  return new Markup(inner === '' ? `<${name}${head}/>` : `<${name}${head}>${inner}</${name}>`);
}

const NONE: Attributes = {};

/** Markup one after the other. */
export function join(parts: readonly Markup[]): Markup {
  let all = '';
  for (const { text } of parts) all += text;
  return new Markup(all);
}

/** Escapes text for content and attributes; what XML 1.0 cannot carry becomes U+FFFD. */
export function escapeXml(text: string): string {
  if (!NEEDS_CARE.test(text)) return text;
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
    .replaceAll(NOT_XML, '\u{fffd}');
}

// Without the flag u it is several times as fast, and what is beyond ASCII is looked at closely.
// oxlint-disable-next-line require-unicode-regexp
const NEEDS_CARE = /[^\t\n !#-%'-;=?-~]/;
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
