// Our Kerberos client, pointed at a foreign KDC.
import { pooledRandom } from '@doublehop/crypto/random';
import type { CredentialCache } from '@doublehop/kerberos/ccache/ccache';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { type ClientOptions, KerberosClient } from '@doublehop/kerberos/client/client';
import { secretFromKeytab } from '@doublehop/kerberos/client/secret';
import { settingsFromConfig } from '@doublehop/kerberos/client/settings';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import { KerberosError } from '@doublehop/kerberos/errors';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import type { Principal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import type { Peer } from '../peers/peer.ts';

/** A client with the peer's own krb5.conf. */
export function clientOf(
  peer: Peer,
  options: Partial<ClientOptions> = {},
  cache: CredentialCache = memoryCache(),
): KerberosClient {
  const config = krb5Config(loadProfile(peer.env['KRB5_CONFIG'] ?? ''));
  const clock = () => Date.now();
  const random = pooledRandom();
  return new KerberosClient({
    transport: configuredExchange(config, { resolver: noResolver, random, clock }),
    clock,
    random,
    cache,
    ...options,
    settings: { ...settingsFromConfig(config.libdefaults), ...options.settings },
  });
}

/** A client that gets its TGT by a keytab when it needs one. */
export async function serviceOf(
  peer: Peer,
  client: Principal,
  keytab: string,
  options: Partial<ClientOptions> = {},
): Promise<KerberosClient> {
  const secret = secretFromKeytab(await readKeytab(keytab), client);
  return clientOf(peer, { ...options, account: { client, secret } });
}

/** The KerberosError that ends the work. */
export async function refusal(work: Promise<unknown>): Promise<KerberosError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof KerberosError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
