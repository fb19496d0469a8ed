import { type Fault, RemotingError } from '../errors.ts';

/** WSManFault codes that this service answers with, or a client needs; of Windows' wsmerror.h. */
export const FaultCode = {
  ACCESS_DENIED: 5,
  /** ERROR_INVALID_PARAMETER: a command shell has no such command. */
  INVALID_PARAMETER: 87,
  /** ERROR_INTERNAL_ERROR. */
  INTERNAL: 1359,
  INVALID_TIMEOUT: 0x80_33_80_0f,
  ACTION_NOT_SUPPORTED: 0x80_33_80_13,
  /** Receive: nothing to say within the time. The client asks again. */
  TIMED_OUT: 0x80_33_80_29,
  INVALID_RESOURCE_URI: 0x80_33_80_3b,
  SCHEMA: 0x80_33_80_41,
  UNSUPPORTED_FEATURE: 0x80_33_80_42,
  ENVELOPE_TOO_LARGE: 0x80_33_80_48,
  /** ERROR_WSMAN_UNEXPECTED_SELECTORS, for a command too. */
  SHELL_NOT_FOUND: 0x80_33_80_5b,
  COMMAND_NOT_FOUND: 0x80_33_80_5b,
  ENVELOPE_TOO_SMALL: 0x80_33_80_7e,
  /** More shells than the user may have. */
  SHELL_QUOTA: 0x80_33_81_a5,
  /** More commands than a shell may have. */
  OPERATION_QUOTA: 0x80_33_81_a6,
  RUN_AS_LOGON_FAILED: 0x80_33_81_df,
  PROTOCOL_MISMATCH: 0x80_54_0b_c5,
  OPTION_NOT_UNDERSTOOD: 0x80_54_0b_c6,
  PROTOCOL_OPTION_MISSING: 0x80_54_0b_c7,
  CONNECT_DATA_MISSING: 0x80_54_0f_a2,
  PROGRAM_NOT_FOUND: 0x80_07_00_02,
} as const;

/** The error that a fault is. */
export function faultError(fault: Fault): RemotingError {
  return new RemotingError('fault', fault.reason, { fault });
}

/** Makes a fault by which the client is told what was wrong with its request. */
export function senderFault(
  code: number,
  subcode: string,
  reason: string,
  more: Pick<Fault, 'detail' | 'provider' | 'providerPath'> = {},
): RemotingError {
  return faultError({ code, side: 'Sender', subcode, reason, ...more });
}

/** Makes a fault of the service's own. */
export function receiverFault(code: number, subcode: string, reason: string): RemotingError {
  return faultError({ code, side: 'Receiver', subcode, reason });
}

const DETAIL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail';

export function shellNotFound(): RemotingError {
  return senderFault(
    FaultCode.SHELL_NOT_FOUND,
    'w:InvalidSelectors',
    'The request for the Windows Remote Shell with the given ShellId failed because the shell ' +
      'was not found on the server. It was closed, it was idle for too long, or it is not of ' +
      'this user.',
    { detail: `${DETAIL}/UnexpectedSelectors`, provider: 'Shell provider' },
  );
}

/** The words are Windows': programs look for them. */
export function commandNotFound(): RemotingError {
  return senderFault(
    FaultCode.COMMAND_NOT_FOUND,
    'w:InvalidSelectors',
    'The Windows Remote Shell received a request to perform an operation on a command ' +
      'identifier that does not exist. Either the command has completed execution or the client ' +
      'specified an invalid command identifier.',
    { detail: `${DETAIL}/UnexpectedSelectors` },
  );
}

/** What the shell of WinRS says of a command that is not there; clients look for the words. */
export function parameterIncorrect(): RemotingError {
  return senderFault(
    FaultCode.INVALID_PARAMETER,
    'w:InvalidParameter',
    'The parameter is incorrect.',
    {
      provider: 'Shell cmd plugin',
      providerPath: '%systemroot%\\system32\\winrscmd.dll',
    },
  );
}

export function timedOut(): RemotingError {
  return receiverFault(
    FaultCode.TIMED_OUT,
    'w:TimedOut',
    'The WS-Management service cannot complete the operation within the time specified in ' +
      'OperationTimeout.',
  );
}

export function accessDenied(): RemotingError {
  return senderFault(FaultCode.ACCESS_DENIED, 'w:AccessDenied', 'Access is denied.');
}

export function invalidResource(resourceUri: string): RemotingError {
  return senderFault(
    FaultCode.INVALID_RESOURCE_URI,
    'a:DestinationUnreachable',
    `There is no session configuration or resource ${resourceUri} on this computer. ` +
      'Get-PSSessionConfiguration on it shows what there is.',
    { detail: `${DETAIL}/InvalidResourceURI` },
  );
}

export function schemaFault(what: string): RemotingError {
  return senderFault(
    FaultCode.SCHEMA,
    'w:SchemaValidationError',
    `The SOAP request does not conform to the schema of WS-Management: ${what}.`,
  );
}

export function actionNotSupported(action: string): RemotingError {
  return senderFault(
    FaultCode.ACTION_NOT_SUPPORTED,
    'a:ActionNotSupported',
    `The action ${action} is not supported by this resource.`,
  );
}
