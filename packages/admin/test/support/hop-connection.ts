// The directory of the table of hops, as an administrator reads it.
import { pooledRandom } from '@doublehop/crypto/random';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import { connect } from '../../src/connect.ts';
import type { DomainConnection } from '../../src/connection.ts';
import { clientOf } from './contoso.ts';
import type { HopDomain } from './hop-domain.ts';

export async function connectHops({ ldap, kdcPort }: HopDomain): Promise<DomainConnection> {
  const config = krb5Config(
    parseProfile(`[libdefaults]
  default_realm = CONTOSO.COM
[realms]
  CONTOSO.COM = {
    kdc = 127.0.0.1:${kdcPort}
  }
[domain_realm]
  localhost = CONTOSO.COM
`),
  );
  return await connect({
    urls: [ldap],
    kerberos: clientOf(config, 'Administrator'),
    config,
    clock: Date.now,
    random: pooledRandom(),
  });
}
