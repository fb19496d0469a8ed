import { KerberosError } from '@doublehop/kerberos/errors';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import type { ErrorCategory, ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { RemotingError } from '@doublehop/remoting/errors';
import { FaultCode } from '@doublehop/remoting/wsman/faults';
import { errno, LabError, type TicketLeg } from '../errors.ts';

/** What was under way: PowerShell has an error id for each. */
export type ConnectionUse =
  /** Invoke-Command -ComputerName. */
  | 'PSSessionStateBroken'
  /** New-PSSession. */
  | 'PSSessionOpenFailed'
  /** Enter-PSSession -ComputerName. */
  | 'CreateRemoteRunspaceFailed';

/** Windows' words for a failure, and the beginning of its error id. */
interface Cause {
  /** First part of FullyQualifiedErrorId (WSManTransportManagerUtils). */
  readonly id: string;
  readonly words: string;
  /** What PowerShell leaves out: the leg, and why. */
  readonly because: readonly string[];
  readonly category?: ErrorCategory;
}

/** Whether an error is about the connection, and not a defect. */
export function isConnectionError(error: unknown): boolean {
  return (
    error instanceof RemotingError || error instanceof LabError || error instanceof KerberosError
  );
}

/**
 * The record of a session that could not be opened or broke: PSRemotingTransportException with its
 * ids as PowerShell has them, and below them which leg of the way failed and why.
 */
export function connectionRecord(
  computer: string,
  error: unknown,
  use: ConnectionUse = 'PSSessionStateBroken',
): ErrorRecord {
  const { id, words, because, category = 'OpenError' } = causeOf(error);
  return {
    message:
      `[${computer}] Connecting to remote server ${computer} failed with the following error ` +
      `message : ${words} For more information, see the about_Remote_Troubleshooting Help topic.`,
    errorId: use === 'CreateRemoteRunspaceFailed' ? use : [id, use].filter(Boolean).join(','),
    category,
    target: computer,
    exceptionType: 'System.Management.Automation.Remoting.PSRemotingTransportException',
    inner: because,
    computer,
  };
}

const LEGS: Readonly<Record<TicketLeg, string>> = {
  as: 'logon (AS)',
  tgs: 'ticket by the own TGT (TGS)',
  s4u2self: 'S4U2Self',
  s4u2proxy: 'S4U2Proxy, the second hop',
  'logon-session': 'logon session, before any KDC was asked',
};

function causeOf(error: unknown): Cause {
  const chain = [...causes(error)];
  const lab = chain.find((one) => one instanceof LabError);
  if (lab !== undefined) return labCause(lab);
  const kerberos = chain.find((one) => one instanceof KerberosError);
  if (kerberos !== undefined) return kerberosCause(kerberos);
  const remoting = chain.find((one) => one instanceof RemotingError);
  if (remoting !== undefined) return remotingCause(remoting);
  return { id: '', words: 'The session broke.', because: chain.map(({ message }) => message) };
}

function labCause(error: LabError): Cause {
  const { code, message, detail } = error;
  const { leg, ntStatus, refusal } = detail;
  const status = ntStatus === undefined ? '' : ` (NTSTATUS ${hex(ntStatus)})`;
  const where = leg === undefined ? message : `${LEGS[leg]}: ${message}${status}`;
  if (code === 'unknown-host') return { ...notFound(), because: [message] };
  if (code === 'usage') return { id: 'InvalidAuthentication', words: `${message}.`, because: [] };
  if (code === 'no-credentials') {
    const none =
      'no delegable credential: the session was opened with a ticket to its own host, and a ' +
      'program in it has no TGT to get another with';
    return { id: '1312', words: withCode(0x80_09_03_0e, NO_SESSION), because: [where, none] };
  }
  if (code === 'logon-failed' || isWrongPassword(refusal?.errorCode)) {
    return { id: 'LogonFailure', words: LOGON_FAILURE, because: [where] };
  }
  return { id: 'AccessDenied', words: DENIED, because: [where] };
}

const DENIED = 'Access is denied.';
const LOGON_FAILURE = 'The user name or password is incorrect.';
const NO_SESSION = 'A specified logon session does not exist. It may already have been terminated.';

function notFound(): Pick<Cause, 'id' | 'words'> {
  return {
    id: 'NetworkPathNotFound',
    words:
      'WinRM cannot process the request. The following error occurred while using Kerberos ' +
      'authentication: Cannot find the computer. Verify that the computer exists on the network ' +
      'and that the name provided is spelled correctly.',
  };
}

function withCode(code: number, words: string): string {
  return (
    'WinRM cannot process the request. The following error with errorcode ' +
    `${hex(code)} occurred while using Kerberos authentication: ${words}`
  );
}

function isWrongPassword(code: number | undefined): boolean {
  return (
    code === ErrorCode.KDC_ERR_PREAUTH_FAILED || code === ErrorCode.KDC_ERR_C_PRINCIPAL_UNKNOWN
  );
}

function kerberosCause(error: KerberosError): Cause {
  const { errorCode, ntStatus } = error.detail;
  const status = ntStatus === undefined ? '' : ` (NTSTATUS ${hex(ntStatus)})`;
  const because = [`first hop: ${error.message}${status}`];
  if (isWrongPassword(errorCode)) return { id: 'LogonFailure', words: LOGON_FAILURE, because };
  if (errorCode === ErrorCode.KDC_ERR_S_PRINCIPAL_UNKNOWN) return { ...notFound(), because };
  if (error.code === 'kdc-unreachable') {
    // ERROR_NO_LOGON_SERVERS is 1311.
    const words = 'There are currently no logon servers available to service the logon request.';
    return { id: 'AuthenticationFailed', words, because };
  }
  if (errorCode !== undefined) return { id: 'AccessDenied', words: DENIED, because };
  return { id: '1312', words: withCode(0x80_09_03_0e, NO_SESSION), because };
}

function remotingCause(error: RemotingError): Cause {
  const { code, message, detail } = error;
  const because = [`first hop: ${message}`];
  if (detail.fault !== undefined) {
    const { code: fault, reason } = detail.fault;
    if (fault === FaultCode.ACCESS_DENIED) return { id: 'AccessDenied', words: DENIED, because };
    const id = fault === FaultCode.INVALID_RESOURCE_URI ? 'InvalidResourceUri' : String(fault | 0);
    return { id, words: reason, because: [] };
  }
  if (code === 'authentication') {
    const isOffered = !message.includes('does not take');
    const id = isOffered ? 'AccessDenied' : 'InvalidAuthentication';
    return { id, words: isOffered ? DENIED : `${message}.`, because };
  }
  const system = [...causes(error)]
    .filter((one) => !(one instanceof RemotingError))
    .map(errno)
    .find((one) => one !== undefined);
  if (system === 'ENOTFOUND' || system === 'EAI_AGAIN') return { ...notFound(), because };
  if (code === 'http' && system !== undefined) {
    const words =
      'Client cannot connect to the destination specified in the request. Verify that the ' +
      'service on the destination is running and is accepting requests.';
    return { id: 'CannotConnect', words, because };
  }
  return { id: '', words: `${message}.`, because: [] };
}

function* causes(error: unknown): Generator<Error> {
  let one = error;
  for (let depth = 0; one instanceof Error && depth < MAX_CAUSES; depth += 1) {
    yield one;
    one = one.cause ?? (one instanceof RemotingError ? one.detail.cause : undefined);
  }
}

const MAX_CAUSES = 8;

function hex(code: number): string {
  return `0x${code.toString(16).padStart(8, '0')}`;
}
