import { AdType, PaType } from '@doublehop/kerberos/iana/padata-types';
import type { Authenticator } from '@doublehop/kerberos/messages/ap';
import {
  type AuthorizationData,
  findPadata,
  type PaData,
} from '@doublehop/kerberos/messages/common';
import type { EncTicketPart } from '@doublehop/kerberos/messages/ticket';
import { Refused } from '../../errors.ts';

/**
 * What authorization data in a PA-TGS-REQ says of FAST: what was made to be armor is no request
 * (RFC 6113 §5.4.1.1), and who says that FAST is used must not be heard without it, as somebody in
 * between has taken it away (RFC 6113 §5.4.2).
 */
export function requireFastMarks(
  authenticator: Pick<Authenticator, 'authorizationData'>,
  part: Pick<EncTicketPart, 'authorizationData'>,
  padata: readonly PaData[] | undefined,
): void {
  if (marked(authenticator, part, AdType.FX_FAST_ARMOR)) {
    throw new Refused('KRB_ERR_GENERIC', 'armor-as-request');
  }
  const used = marked(authenticator, part, AdType.FX_FAST_USED);
  if (used && findPadata(padata, PaType.FX_FAST) === undefined) {
    throw new Refused('KRB_AP_ERR_MODIFIED', 'armor-removed');
  }
}

function marked(
  authenticator: { readonly authorizationData?: AuthorizationData | undefined },
  part: { readonly authorizationData?: AuthorizationData | undefined },
  type: number,
): boolean {
  return has(authenticator.authorizationData, type) || has(part.authorizationData, type);
}

function has(data: AuthorizationData | undefined, type: number): boolean {
  return data?.some(({ adType }) => adType === type) ?? false;
}
