/** What went wrong, as a stable word. */
export type RemotingErrorCode =
  /** The peer's XML is not well-formed, or larger or deeper than the limits. */
  | 'xml'
  /** CLIXML that does not say what it must (MS-PSRP 2.2.5). */
  | 'clixml'
  /** A fragment or message that breaks MS-PSRP 2.2.1 or 2.2.4. */
  | 'psrp'
  /** A message that is not due in the state of its pool or pipeline (MS-PSRP 3.1). */
  | 'state'
  /** SOAP that is not WS-Management, or an answer that is not to the request. */
  | 'wsman'
  /** The other side answered with a fault, or is to get one: `detail.fault`. */
  | 'fault'
  /** HTTP: no connection, a refusal, a status that means nothing here. */
  | 'http'
  /** Nobody was authenticated, or not as was demanded. */
  | 'authentication'
  /** Message encryption or the exchange of keys failed. */
  | 'crypto'
  /** CredSSP: TSRequest or its checks (MS-CSSP). */
  | 'credssp'
  /** The peer demands a version or a feature that is not there. */
  | 'unsupported'
  /** A named limit was reached. */
  | 'limit'
  /** It did not answer in time. */
  | 'timeout'
  /** A session configuration, or what is kept of it, is not what it must be. */
  | 'configuration'
  /** The session was closed, by this side or the other. */
  | 'closed';

/** A fault as it goes over the wire (DSP0226 14.6, MS-WSMV 2.2.4.43). */
export interface Fault {
  /** WSManFault code, unsigned. */
  readonly code: number;
  readonly side: 'Sender' | 'Receiver';
  /** With its prefix: `w:InvalidSelectors`. */
  readonly subcode: string;
  readonly reason: string;
  /** URI of the fault's detail. */
  readonly detail?: string;
  /** Which part of the service it came from. */
  readonly provider?: string;
  /** The provider's file, as Windows names it. */
  readonly providerPath?: string;
}

/** Structured facts of a RemotingError. */
export interface RemotingErrorDetail {
  /** What the other side answered, or is to be answered. */
  readonly fault?: Fault;
  /** HTTP status. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** The one error of this layer. Never carries secrets, nor values of the peer's. */
export class RemotingError extends Error {
  readonly code: RemotingErrorCode;
  readonly detail: RemotingErrorDetail;

  constructor(code: RemotingErrorCode, message: string, detail: RemotingErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'RemotingError';
    this.code = code;
    this.detail = detail;
  }
}
