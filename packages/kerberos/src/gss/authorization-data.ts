import { decodeDer } from '@doublehop/wire/der';
import { AdType } from '../iana/padata-types.ts';
import { AuthorizationData } from '../messages/common.ts';
import { reading } from './gss-error.ts';

/**
 * The first element of a type, at the top or in an AD-IF-RELEVANT (RFC 4120 §5.2.6.1), a view.
 * Throws KerberosError `gss` for an AD-IF-RELEVANT that is none.
 */
export function findAuthorizationData(
  list: AuthorizationData | undefined,
  type: number,
): Uint8Array | undefined {
  for (const { adType, adData } of list ?? []) {
    if (adType === type) return adData;
    if (adType !== AdType.IF_RELEVANT) continue;
    const inner = reading('the authorization data', () => decodeDer(AuthorizationData, adData));
    const found = inner.find((element) => element.adType === type);
    if (found !== undefined) return found.adData;
  }
  return undefined;
}
