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
  attributes: Attributes = {},
  ...content: readonly (Markup | string | undefined)[]
): Markup {
  const head = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(value ?? '')}"`)
    .join('');
  const inner = content
    .filter((part) => part !== undefined)
    .map((part) => (part instanceof Markup ? part.text : escapeXml(part)))
    .join('');
  return new Markup(inner === '' ? `<${name}${head}/>` : `<${name}${head}>${inner}</${name}>`);
}

/** Markup one after the other. */
export function join(parts: readonly Markup[]): Markup {
  return new Markup(parts.map(({ text }) => text).join(''));
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

const NEEDS_CARE = /[&<>"\r]|[^\t\n\u0020-\ud7ff\ue000-\ufffd]/u;
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
