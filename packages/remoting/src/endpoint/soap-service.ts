import { RemotingError } from '../errors.ts';
import type { SoapAnswer, SoapRequest } from '../http/wsman-server.ts';
import { FaultCode, receiverFault, schemaFault } from '../wsman/faults.ts';
import { readRequest, type WsmanRequest } from '../wsman/request.ts';
import { writeFault, writeResponse } from '../wsman/response.ts';
import type { ShellOwner } from '../wsman/shell-backend.ts';
import type { ShellService } from '../wsman/shell-service.ts';

export interface SoapServiceOptions<C extends ShellOwner> {
  readonly shells: ShellService<C>;
  /** Name of this computer, for faults. */
  readonly machine: string;
  /** A new GUID in capitals. */
  readonly newId: () => string;
  /** Hears of what went wrong on this side; for a log. */
  readonly log: (line: string) => void;
}

/** Answers SOAP messages: requests to the shells, faults for what is wrong with them. */
export function soapService<C extends ShellOwner>(
  options: SoapServiceOptions<C>,
): (request: SoapRequest<C>) => Promise<SoapAnswer> {
  return async ({ text, caller, connection }) => {
    const messageId = `uuid:${options.newId()}`;
    let request: WsmanRequest | undefined;
    try {
      request = readRequest(text);
      const client = { caller, address: connection.remoteAddress };
      const body = await options.shells.perform(request, client);
      const ids = { messageId, relatesTo: request.messageId };
      return { status: 200, text: writeResponse(request.action, ids, body) };
    } catch (error) {
      const { fault } = faultOf(error, options.log).detail;
      if (fault === undefined) throw error;
      const relatesTo = request?.messageId ?? messageIdIn(text);
      return { status: 500, text: writeFault(fault, { messageId, relatesTo }, options.machine) };
    }
  };
}

/** The fault to answer an error with: what is the client's own doing, and what is not. */
function faultOf(error: unknown, log: (line: string) => void): RemotingError {
  if (error instanceof RemotingError) {
    return error.detail.fault === undefined ? schemaFault(error.message) : error;
  }
  log(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  return receiverFault(FaultCode.INTERNAL, 'w:InternalError', 'The service failed; see its log.');
}

/** A faulty request's MessageID, as far as it can be seen: pypsrp wants it back. */
function messageIdIn(text: string): string | undefined {
  return /<\w*:?MessageID[^>]{0,200}>\s*(uuid:[\dA-Fa-f-]{36})\s*</u.exec(text)?.[1];
}
