import { element, join, Markup } from '../xml/write.ts';
import { Namespace } from './names.ts';

const NAMESPACES = {
  'xmlns:s': Namespace.SOAP,
  'xmlns:a': Namespace.ADDRESSING,
  'xmlns:w': Namespace.WSMAN,
  'xmlns:p': Namespace.MICROSOFT,
  'xmlns:rsp': Namespace.SHELL,
  'xmlns:x': Namespace.TRANSFER,
  'xmlns:n': Namespace.ENUMERATION,
  'xml:lang': 'en-US',
};

/** The start tag, which is always the same. */
const OPEN: string = element('s:Envelope', NAMESPACES).text.replace(/\/>$/u, '>');

/** A SOAP envelope with all prefixes declared that this package writes. */
export function envelope(header: readonly Markup[], body: Markup = new Markup('')): string {
  const head = element('s:Header', {}, join(header)).text;
  return `${OPEN}${head}${element('s:Body', {}, body).text}</s:Envelope>`;
}
