import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import { clientAuthorizationData } from '../src/kdc/client-authorization-data.ts';
import { AdType } from '@doublehop/kerberos/iana/padata-types';
import { AuthorizationData } from '@doublehop/kerberos/messages/common';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { encodeDer } from '@doublehop/wire/der';
import { describe, expect, test } from 'vitest';

const random = pooledRandom();
const key = Key.random(18, random);
const item = (adType: number, adData: Uint8Array = Uint8Array.of(1)) => ({ adType, adData });
const relevant = (...items: AuthorizationData[number][]) =>
  item(AdType.IF_RELEVANT, encodeDer(AuthorizationData, items));

/** What of it gets into a ticket. */
function allowed(items: AuthorizationData): AuthorizationData | undefined {
  const usage = KeyUsage.TGS_REQ_AUTHDATA_SUBKEY;
  const cipher = key.encrypt(usage, encodeDer(AuthorizationData, items), random);
  const body = { encAuthorizationData: { etype: 18, kvno: undefined, cipher } };
  return clientAuthorizationData({ body }, key, () => key);
}

describe('RFC 4120 §5.4.1 enc-authorization-data', () => {
  test('what a client may say of itself is kept', () => {
    const mine = relevant(item(AdType.TOKEN_RESTRICTIONS));
    expect(allowed([mine])).toEqual([mine]);
  });

  // RFC 7751 §3 and RFC 8129 §3: services believe them, as they do a PAC.
  test.each(['WIN2K_PAC', 'KDC_ISSUED', 'CAMMAC', 'AUTHENTICATION_INDICATOR'] as const)(
    '%s is a KDC\u2019s, bare and wrapped',
    (name) => {
      const theirs = item(AdType[name]);
      expect(allowed([theirs])).toBeUndefined();
      expect(allowed([relevant(theirs)])).toBeUndefined();
      expect(allowed([relevant(relevant(theirs))])).toBeUndefined();
    },
  );
});
