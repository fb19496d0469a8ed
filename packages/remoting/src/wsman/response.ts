import { type Fault, RemotingError } from '../errors.ts';
import { childOf, parseXml, type XmlElement } from '../xml/parse.ts';
import { element, escapeXml, Markup } from '../xml/write.ts';
import { envelope } from './envelope.ts';
import { faultError } from './faults.ts';
import { ANONYMOUS, FaultAction, Namespace } from './names.ts';

/** Writes the answer to a request. `messageId` is new, `relatesTo` the request's own. */
export function writeResponse(
  action: string,
  ids: { readonly messageId: string; readonly relatesTo: string },
  body?: Markup,
): string {
  return envelope(responseHeader(`${action}Response`, ids), body);
}

/** Writes a fault. The answer to what has no MessageID relates to nothing. */
export function writeFault(
  fault: Fault,
  ids: { readonly messageId: string; readonly relatesTo: string | undefined },
  machine: string,
): string {
  const { code, side, subcode, reason, detail, provider, providerPath: path } = fault;
  const isAddressing = subcode.startsWith('a:');
  const message = element(
    'f:Message',
    {},
    provider === undefined ? reason : element('f:ProviderFault', { provider, path }, reason),
  );
  const body = element(
    's:Fault',
    {},
    element(
      's:Code',
      {},
      element('s:Value', {}, `s:${side}`),
      element('s:Subcode', {}, element('s:Value', {}, subcode)),
    ),
    element('s:Reason', {}, element('s:Text', { 'xml:lang': 'en-US' }, reason)),
    element(
      's:Detail',
      {},
      detail === undefined ? undefined : element('w:FaultDetail', {}, detail),
      element(
        'f:WSManFault',
        { 'xmlns:f': Namespace.FAULT, Code: String(code >>> 0), Machine: machine },
        message,
      ),
    ),
  );
  const action = isAddressing ? FaultAction.ADDRESSING : FaultAction.WSMAN;
  return envelope(responseHeader(action, ids), body);
}

function responseHeader(
  action: string,
  { messageId, relatesTo }: { readonly messageId: string; readonly relatesTo: string | undefined },
): Markup[] {
  const related =
    relatesTo === undefined ? '' : `<a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo>`;
  return [
    new Markup(
      `<a:Action>${escapeXml(action)}</a:Action>` +
        `<a:MessageID>${escapeXml(messageId)}</a:MessageID><a:To>${ANONYMOUS}</a:To>${related}`,
    ),
  ];
}

/** An answer that is no fault. */
export interface WsmanResponse {
  readonly action: string;
  readonly relatesTo: string | undefined;
  readonly body: readonly XmlElement[];
}

/**
 * Reads an answer. Throws RemotingError: `fault` with what the server says, `wsman` for what is no
 * answer to the request whose MessageID is given, `xml` and `limit`.
 */
export function readResponse(text: string, messageId: string): WsmanResponse {
  const root = parseXml(text);
  const header = childOf(root, Namespace.SOAP, 'Header');
  const body = childOf(root, Namespace.SOAP, 'Body');
  if (root.name !== 'Envelope' || header === undefined || body === undefined) {
    throw new RemotingError('wsman', 'the server answered with something that is not SOAP');
  }
  const fault = childOf(body, Namespace.SOAP, 'Fault');
  if (fault !== undefined) throw faultError(readFault(fault));
  const relatesTo = childOf(header, Namespace.ADDRESSING, 'RelatesTo')?.text.trim();
  if (relatesTo?.toLowerCase() !== messageId.toLowerCase()) {
    throw new RemotingError('wsman', 'the server answered another request than ours');
  }
  const action = childOf(header, Namespace.ADDRESSING, 'Action')?.text.trim() ?? '';
  return { action, relatesTo, body: body.children };
}

function readFault(fault: XmlElement): Fault {
  const code = childOf(fault, Namespace.SOAP, 'Code');
  const side = childOf(code, Namespace.SOAP, 'Value')?.text.trim() ?? '';
  const subcode = childOf(childOf(code, Namespace.SOAP, 'Subcode'), Namespace.SOAP, 'Value');
  const reason = childOf(childOf(fault, Namespace.SOAP, 'Reason'), Namespace.SOAP, 'Text');
  const detail = childOf(fault, Namespace.SOAP, 'Detail');
  const wsman = childOf(detail, Namespace.FAULT, 'WSManFault');
  const message = childOf(wsman, Namespace.FAULT, 'Message');
  const number = Number(wsman?.attributes.get('Code') ?? 0);
  const said = message === undefined ? '' : deepText(message).trim();
  const uri = childOf(detail, Namespace.WSMAN, 'FaultDetail')?.text.trim();
  return {
    // The code is written as a signed or an unsigned number.
    code: Number.isSafeInteger(number) ? number >>> 0 : 0,
    side: side.endsWith('Sender') ? 'Sender' : 'Receiver',
    subcode: subcode?.text.trim() ?? '',
    reason: said === '' ? (reason?.text.trim() ?? 'the server gives no reason') : said,
    ...(uri !== undefined && { detail: uri }),
  };
}

function deepText({ text, children }: XmlElement): string {
  return text + children.map(deepText).join(' ');
}
