import { DEFAULT_ENVELOPE } from '../limits.ts';
import { childOf, childrenOf, parseXml, type XmlElement } from '../xml/parse.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { FaultCode, schemaFault, senderFault } from './faults.ts';
import { ANONYMOUS, Namespace } from './names.ts';
import { element, escapeXml, Markup } from '../xml/write.ts';
import { envelope } from './envelope.ts';

/** Names and values; names are compared without case. */
export type Selectors = ReadonlyMap<string, string>;

export interface WsmanOption {
  readonly name: string;
  readonly value: string;
  readonly mustComply: boolean;
}

/** What a request's header says (DSP0226 5, MS-WSMV 2.2.4). */
export interface RequestHeader {
  readonly action: string;
  readonly messageId: string;
  readonly resourceUri: string;
  readonly to: string;
  /** By lower-case name. */
  readonly selectors: Selectors;
  readonly options: readonly WsmanOption[];
  /** Octets that the answer may have. */
  readonly maxEnvelopeSize: number;
  /** Milliseconds. */
  readonly operationTimeout: number;
}

export interface WsmanRequest extends RequestHeader {
  /** Children of the SOAP body. */
  readonly body: readonly XmlElement[];
}

/** Default OperationTimeout, MaxTimeoutms of a Windows server. */
export const DEFAULT_OPERATION_TIMEOUT = 60_000;

const MIN_ENVELOPE = 8192;

/**
 * Reads a request. Whatever is wrong with it throws RemotingError: `xml` and `limit` for what is no
 * XML, `fault` with the fault to answer for the rest.
 */
export function readRequest(text: string): WsmanRequest {
  const root = parseXml(text);
  if (root.name !== 'Envelope' || root.namespace !== Namespace.SOAP) {
    throw schemaFault('the document is no SOAP 1.2 envelope');
  }
  const header = childOf(root, Namespace.SOAP, 'Header');
  const body = childOf(root, Namespace.SOAP, 'Body');
  if (header === undefined || body === undefined) {
    throw schemaFault('the envelope has no header or no body');
  }
  checkReplyTo(header);
  checkLocale(header);
  return {
    action: required(header, Namespace.ADDRESSING, 'Action'),
    messageId: required(header, Namespace.ADDRESSING, 'MessageID'),
    to: required(header, Namespace.ADDRESSING, 'To'),
    resourceUri: required(header, Namespace.WSMAN, 'ResourceURI'),
    selectors: readSelectors(childOf(header, Namespace.WSMAN, 'SelectorSet')),
    options: readOptions(header),
    maxEnvelopeSize: readEnvelopeSize(header),
    operationTimeout: readTimeout(header),
    body: body.children,
  };
}

/** What a client says in a request's header. */
export interface RequestParts {
  readonly action: string;
  /** `uuid:` and a GUID in capitals: pypsrp compares the answer's letter by letter. */
  readonly messageId: string;
  readonly resourceUri: string;
  readonly to: string;
  readonly selectors?: Readonly<Record<string, string>>;
  readonly options?: readonly WsmanOption[];
  readonly maxEnvelopeSize?: number;
  readonly operationTimeout?: number;
  readonly sessionId?: string;
  readonly body?: Markup;
}

/** Writes a request. */
export function writeRequest(parts: RequestParts): string {
  const { selectors = {}, options = [], maxEnvelopeSize = DEFAULT_ENVELOPE } = parts;
  const { to, resourceUri, action, messageId, sessionId } = parts;
  const timeout = formatDuration(parts.operationTimeout ?? DEFAULT_OPERATION_TIMEOUT);
  const session = sessionId === undefined ? '' : sessionElement(sessionId);
  // Written out, for most of a header is the same in every request.
  const header = new Markup(
    `<a:To>${escapeXml(to)}</a:To>` +
      `<w:ResourceURI ${MUST}>${escapeXml(resourceUri)}</w:ResourceURI>${REPLY_TO}` +
      `<a:Action ${MUST}>${escapeXml(action)}</a:Action>` +
      `<a:MessageID>${escapeXml(messageId)}</a:MessageID>` +
      `<w:MaxEnvelopeSize ${MUST}>${maxEnvelopeSize}</w:MaxEnvelopeSize>${LOCALES}` +
      `<w:OperationTimeout>${timeout}</w:OperationTimeout>${session}`,
  );
  return envelope(
    [header, ...selectorSet(Object.entries(selectors)), ...optionSet(options)],
    parts.body,
  );
}

const MUST = 's:mustUnderstand="true"';
const MAY = 's:mustUnderstand="false"';
const REPLY_TO = `<a:ReplyTo><a:Address ${MUST}>${ANONYMOUS}</a:Address></a:ReplyTo>`;
const LOCALES = `<w:Locale xml:lang="en-US" ${MAY}/><p:DataLocale xml:lang="en-US" ${MAY}/>`;

function sessionElement(id: string): string {
  return `<p:SessionId ${MAY}>uuid:${escapeXml(id)}</p:SessionId>`;
}

/** The `w:SelectorSet` of a shell, or nothing. */
export function selectorSet(entries: readonly (readonly [string, string])[]): Markup[] {
  const selectors = entries.map(([Name, value]) => element('w:Selector', { Name }, value));
  return selectors.length === 0 ? [] : [element('w:SelectorSet', {}, ...selectors)];
}

function optionSet(options: readonly WsmanOption[]): Markup[] {
  if (options.length === 0) return [];
  const written = options.map(({ name, value, mustComply }) =>
    element('w:Option', { Name: name, MustComply: mustComply ? 'true' : undefined }, value),
  );
  return [element('w:OptionSet', { 's:mustUnderstand': 'true' }, ...written)];
}

function required(header: XmlElement, namespace: string, name: string): string {
  const text = childOf(header, namespace, name)?.text.trim() ?? '';
  if (text !== '') return text;
  if (namespace !== Namespace.ADDRESSING) throw schemaFault(`the header ${name} is missing`);
  throw senderFault(
    FaultCode.SCHEMA,
    'a:MessageInformationHeaderRequired',
    `The header a:${name} is missing.`,
  );
}

function checkReplyTo(header: XmlElement): void {
  const replyTo = childOf(header, Namespace.ADDRESSING, 'ReplyTo');
  const address = childOf(replyTo, Namespace.ADDRESSING, 'Address')?.text.trim();
  if (address === ANONYMOUS) return;
  if (address === undefined) {
    throw senderFault(
      FaultCode.SCHEMA,
      'a:MessageInformationHeaderRequired',
      'The header a:ReplyTo is missing.',
    );
  }
  throw senderFault(
    FaultCode.UNSUPPORTED_FEATURE,
    'w:UnsupportedFeature',
    'Answers go over the connection that the request came on, and nowhere else.',
    { detail: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/AddressingMode' },
  );
}

/** Nothing is translated here, so a locale that must be obeyed cannot be. */
function checkLocale(header: XmlElement): void {
  const locale = childOf(header, Namespace.WSMAN, 'Locale');
  const must = locale?.attributes.get(`{${Namespace.SOAP}}mustUnderstand`)?.toLowerCase();
  if (must !== 'true' && must !== '1') return;
  throw senderFault(
    FaultCode.UNSUPPORTED_FEATURE,
    'w:UnsupportedFeature',
    'This service speaks en-US only; w:Locale cannot be demanded.',
    { detail: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/Locale' },
  );
}

/** Reads a selector set; a repeated name is refused. */
export function readSelectors(set: XmlElement | undefined): Selectors {
  const selectors = new Map<string, string>();
  for (const selector of set === undefined ? [] : childrenOf(set, Namespace.WSMAN, 'Selector')) {
    const name = selector.attributes.get('Name')?.toLowerCase();
    if (name === undefined || selectors.has(name)) {
      throw senderFault(
        FaultCode.SCHEMA,
        'w:InvalidSelectors',
        'Each selector needs a name of its own.',
      );
    }
    selectors.set(name, selector.text.trim());
  }
  return selectors;
}

function readOptions(header: XmlElement): WsmanOption[] {
  const set = childOf(header, Namespace.WSMAN, 'OptionSet');
  if (set === undefined) return [];
  return childrenOf(set, Namespace.WSMAN, 'Option').map(({ attributes, text }) => {
    const must = attributes.get('MustComply')?.toLowerCase();
    const mustComply = must === 'true' || must === '1';
    return { name: attributes.get('Name') ?? '', value: text.trim(), mustComply };
  });
}

function readEnvelopeSize(header: XmlElement): number {
  const text = childOf(header, Namespace.WSMAN, 'MaxEnvelopeSize')?.text.trim();
  if (text === undefined) return DEFAULT_ENVELOPE;
  const size = /^\d{1,10}$/u.test(text) ? Number(text) : 0;
  if (size >= MIN_ENVELOPE) return size;
  throw senderFault(
    FaultCode.ENVELOPE_TOO_SMALL,
    'w:EncodingLimit',
    `MaxEnvelopeSize is ${MIN_ENVELOPE} octets at least.`,
    { detail: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/MinimumEnvelopeLimit' },
  );
}

function readTimeout(header: XmlElement): number {
  const text = childOf(header, Namespace.WSMAN, 'OperationTimeout')?.text;
  if (text === undefined) return DEFAULT_OPERATION_TIMEOUT;
  const timeout = parseDuration(text);
  if (timeout !== undefined && timeout >= 0) return timeout;
  throw senderFault(
    FaultCode.INVALID_TIMEOUT,
    'a:InvalidMessageInformationHeader',
    'The WS-Management service cannot process the request. The XML contains an invalid timeout ' +
      `field in the SOAP header: ${text.trim().slice(0, 40)}.`,
  );
}
