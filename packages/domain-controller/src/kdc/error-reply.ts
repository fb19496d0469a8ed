import { encodeDer } from '@doublehop/wire/der';
import { MessageType, PVNO } from '@doublehop/kerberos/iana/message-types';
import {
  KERB_ERR_TYPE_EXTENDED,
  KerbErrorData,
  KrbError,
} from '@doublehop/kerberos/messages/krb-error';
import { MethodData } from '@doublehop/kerberos/messages/common';
import type { PrincipalName } from '@doublehop/kerberos/names';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { type NtStatus, ntStatusValue } from '@doublehop/security/ntstatus';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import type { Refused } from '../errors.ts';

/** What is known of the request when it is refused. */
export interface RefusedRequest {
  readonly realm: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly kind: 'as' | 'tgs' | 'unknown';
  readonly cname?: PrincipalName | undefined;
  readonly sname?: PrincipalName | undefined;
}

/** The KRB-ERROR of a refusal (RFC 4120 §5.9.1). */
export function errorReply(refused: Refused, request: RefusedRequest): Uint8Array {
  const { padata, status } = refused.detail;
  const data = padata === undefined ? undefined : encodeDer(MethodData, padata);
  const told = data ?? (status === undefined ? undefined : extendedError(status, request.kind));
  return krbError(refused.errorCode, refused.reason, told, request);
}

/** KRB_ERR_RESPONSE_TOO_BIG: ask again on TCP (RFC 4120 §7.2.1). */
export function tooBigReply(request: RefusedRequest): Uint8Array {
  return krbError(ErrorCode.KRB_ERR_RESPONSE_TOO_BIG, undefined, undefined, request);
}

/** A KRB-ERROR (RFC 4120 §5.9.1). */
export function krbError(
  errorCode: number,
  eText: string | undefined,
  eData: Uint8Array | undefined,
  request: RefusedRequest,
): Uint8Array {
  const { realm, now, cname, sname } = request;
  return encodeDer(KrbError, {
    pvno: PVNO,
    msgType: MessageType.KRB_ERROR,
    stime: Math.floor(now / 1000),
    susec: (now % 1000) * 1000,
    errorCode,
    crealm: cname === undefined ? undefined : realm,
    cname,
    realm,
    sname: sname ?? { nameType: NameType.SRV_INST, nameString: ['krbtgt', realm] },
    eText,
    eData,
  });
}

/**
 * KERB-EXT-ERROR: status, a reserved zero, flags, each 32 bits little-endian (MS-KILE 2.2.2).
 * Windows sets flags 3 in answers to a TGS-REQ and 1 otherwise.
 */
function extendedError(status: NtStatus, kind: RefusedRequest['kind']): Uint8Array {
  const value = new Uint8Array(12);
  const view = new DataView(value.buffer);
  view.setUint32(0, ntStatusValue(status), true);
  view.setUint32(8, kind === 'tgs' ? 3 : 1, true);
  return encodeDer(KerbErrorData, { dataType: KERB_ERR_TYPE_EXTENDED, dataValue: value });
}
