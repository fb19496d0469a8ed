import { KerberosError } from '@doublehop/kerberos/errors';
import { LabError, type TicketLeg } from '../errors.ts';
import { ticketDetail } from '../lsa/lsa.ts';

/** STATUS_NO_SUCH_LOGON_SESSION (MS-ERREF 2.3.1). */
export const NO_SUCH_LOGON_SESSION = 0xc000_005f;
/** SEC_E_NO_CREDENTIALS (MS-ERREF 2.1.1): what the client of WinRM reports. */
export const SEC_E_NO_CREDENTIALS = 0x8009_030e;
/** STATUS_ACCESS_DENIED (MS-ERREF 2.3.1). */
export const ACCESS_DENIED = 0xc000_0022;
/** STATUS_LOGON_FAILURE (MS-ERREF 2.3.1). */
export const LOGON_FAILURE = 0xc000_006d;

/** A program of the session asks, and the session has no TGT to answer with. */
export function noLogonSession(): LabError {
  const message = 'A specified logon session does not exist. It may already have been terminated.';
  return new LabError('no-credentials', message, {
    leg: 'logon-session',
    ntStatus: NO_SUCH_LOGON_SESSION,
    hresult: SEC_E_NO_CREDENTIALS,
  });
}

/** Without any credential the target would see ANONYMOUS LOGON, and it lets nobody in as that. */
export function anonymousRefusal(server: string): LabError {
  const message = `Access is denied: ${server} would see ANONYMOUS LOGON`;
  return new LabError('no-credentials', message, { leg: 'logon-session', ntStatus: ACCESS_DENIED });
}

/** The session was ended. */
export function sessionEnded(): LabError {
  return new LabError('unknown-session', 'the logon session has ended', {
    leg: 'logon-session',
    ntStatus: NO_SUCH_LOGON_SESSION,
  });
}

/** A KDC's refusal that no cache noted becomes a LabError too; all else stays as it is. */
export function refusedOn(leg: TicketLeg, error: unknown): unknown {
  if (!(error instanceof KerberosError) || error.detail.errorCode === undefined) return error;
  return new LabError('refused', error.message, {
    ...ticketDetail(leg, error.detail),
    cause: error,
  });
}

/** An AS exchange that failed: nobody is logged on. */
export function logonFailed(user: string, error: unknown): unknown {
  if (!(error instanceof KerberosError) || error.code === 'kdc-unreachable') return error;
  const detail = ticketDetail('as', error.detail);
  const message = `${user} cannot log on: ${error.message}`;
  return new LabError('logon-failed', message, {
    ntStatus: LOGON_FAILURE,
    ...detail,
    cause: error,
  });
}
