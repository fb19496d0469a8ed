import { ZERO_GUID } from '../psrp/message.ts';
import { RemotingError } from '../errors.ts';

/** One line of the framing between PowerShell processes: `pwsh -s`, MS-PSRP over stdio. */
export type PwshFrame =
  | {
      readonly kind: 'Data';
      readonly id: string;
      readonly stream: 'Default' | 'PromptResponse';
      readonly data: Uint8Array;
    }
  | { readonly kind: PwshSignal; readonly id: string };

export type PwshSignal =
  | 'DataAck'
  | 'Command'
  | 'CommandAck'
  | 'Close'
  | 'CloseAck'
  | 'Signal'
  | 'SignalAck';

/** The GUID of the pool itself, where a frame is of no pipeline. */
export const POOL_ID: string = ZERO_GUID;

/** A frame as a line, with its end. `id` is a GUID in lower case. */
export function encodeFrame(frame: PwshFrame): string {
  if (frame.kind !== 'Data') return `<${frame.kind} PSGuid='${frame.id}' />\n`;
  const text = Buffer.from(frame.data).toString('base64');
  return `<Data Stream='${frame.stream}' PSGuid='${frame.id}'>${text}</Data>\n`;
}

/** Reads a line without its end. Throws RemotingError `psrp` for anything else than a frame. */
export function decodeFrame(line: string): PwshFrame {
  const signal = SIGNAL.exec(line)?.groups;
  if (signal !== undefined) {
    const { kind = '', id = '' } = signal;
    return { kind: kind as PwshSignal, id: id.toLowerCase() }; // the pattern has only those
  }
  const data = DATA.exec(line)?.groups;
  if (data === undefined) throw new RemotingError('psrp', 'pwsh writes what is no frame');
  const { stream = '', id = '', text = '' } = data;
  return {
    kind: 'Data',
    id: id.toLowerCase(),
    stream: stream as 'Default' | 'PromptResponse', // the pattern has only those
    data: new Uint8Array(Buffer.from(text, 'base64')),
  };
}

const ID = String.raw`(?<id>[\dA-Fa-f]{8}(?:-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12})`;

const SIGNAL = new RegExp(
  String.raw`^<(?<kind>DataAck|CommandAck|CloseAck|SignalAck|Command|Close|Signal) ` +
    String.raw`PSGuid=['"]${ID}['"] ?/>\r?$`,
  'u',
);

const DATA = new RegExp(
  String.raw`^<Data Stream=['"](?<stream>Default|PromptResponse)['"] PSGuid=['"]${ID}['"]>` +
    String.raw`(?<text>[\d+/=A-Za-z]*)</Data>\r?$`,
  'u',
);
