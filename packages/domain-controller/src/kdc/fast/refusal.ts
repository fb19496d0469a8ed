import type { Account } from '@doublehop/directory/account';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { MethodData } from '@doublehop/kerberos/messages/common';
import { WireError } from '@doublehop/wire/errors';
import { encodeDer } from '@doublehop/wire/der';
import type { Refused } from '../../errors.ts';
import type { KdcContext } from '../context.ts';
import { krbError, type RefusedRequest } from '../error-reply.ts';
import { answeredPacOptions } from '../pac-options.ts';
import { ARMORED_COOKIE, etypeHints } from '../preauth.ts';
import type { KdcCall } from '../request.ts';
import type { Armor } from './armor.ts';
import { ANONYMOUS, sealResponse } from './reply.ts';

/**
 * The KRB-ERROR of a refused request that came armored: what it says stands inside the armor as
 * well, in PA-FX-ERROR, beside hints for another try (RFC 6113 §5.4.4). The NTSTATUS of a refusal
 * has no place there: MS-KILE 2.2.2 has it in the e-data of a KRB-ERROR, where the METHOD-DATA of
 * the armor is, and no specification has e-data in the KRB-ERROR inside. Samba's tests, which know
 * what Windows answers, want none there.
 */
export function armoredError(
  refused: Refused,
  request: RefusedRequest,
  call: KdcCall & { readonly armor: Armor },
  context: KdcContext,
): Uint8Array {
  const { armor } = call;
  const { errorCode, reason } = refused;
  const error = krbError(errorCode, reason, undefined, request);
  const padata = [
    { padataType: PaType.FX_ERROR, padataValue: error },
    { padataType: PaType.FX_COOKIE, padataValue: ARMORED_COOKIE },
    ...(refused.detail.padata ?? hints(refused, call, context)),
  ];
  const response = sealResponse({ padata, nonce: armor.nonce }, armor, context.random);
  const eData = encodeDer(MethodData, [response]);
  const named = armor.hideNames ? { ...request, cname: ANONYMOUS } : request;
  return krbError(errorCode, reason, eData, named);
}

/** What Windows adds to a refusal that is no question for pre-authentication. */
function hints(refused: Refused, call: KdcCall, context: KdcContext): MethodData {
  if (NO_HINTS.includes(refused.errorName)) return [];
  const { record } = call;
  if (record.kind !== 'as') return pacOptions(call);
  return record.client === undefined ? [] : keyHints(record.client, call, context);
}

const NO_HINTS: readonly string[] = ['KRB_ERR_GENERIC', 'KDC_ERR_KEY_EXPIRED'];

function keyHints(client: Account, { body }: KdcCall, { keys }: KdcContext): MethodData {
  return etypeHints(
    client,
    keys.current(client).filter(({ key }) => body.etype.includes(key.etype)),
  );
}

function pacOptions({ req }: KdcCall): MethodData {
  try {
    return answeredPacOptions(req.padata);
  } catch (error) {
    if (error instanceof WireError) return [];
    throw error;
  }
}
