import {
  KRB_ERRORS,
  type KrbErrorName,
  type Reason,
  type Refusal,
} from '@doublehop/delegation/refusals';
import type { KdcProfile } from '@doublehop/delegation/profiles';
import type { HopStage } from './predict.ts';

/**
 * A refusal as a KDC of this product says it. Samba's (4.19 and later, seen on 4.22) sends an
 * NTSTATUS with its AS-REP alone, and has other errors for some accounts.
 */
export function refusalBy(profile: KdcProfile, stage: HopStage, refusal: Refusal): Refusal {
  if (profile !== 'samba') return refusal;
  const { reason } = refusal;
  if (stage === 'own-ticket') {
    if (reason === 'server-disabled') return saying(reason, 'KDC_ERR_CLIENT_REVOKED', DISABLED);
    return reason === 'server-nameless' ? saying(reason, 'KDC_ERR_S_PRINCIPAL_UNKNOWN') : refusal;
  }
  if (reason === 'middle-disabled') return refusal;
  if (stage === 's4u2self') {
    if (reason === 'user-disabled') return saying(reason, 'KDC_ERR_POLICY');
    if (reason === 'user-expired') return saying(reason, 'KDC_ERR_NAME_EXP');
  }
  return { ...refusal, status: undefined };
}

const DISABLED = 'STATUS_ACCOUNT_DISABLED';

function saying(reason: Reason, error: KrbErrorName, status?: Refusal['status']): Refusal {
  return { reason, error, code: KRB_ERRORS[error], status };
}
