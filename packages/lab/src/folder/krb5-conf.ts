import { formatProfile } from '@doublehop/kerberos/config/format-profile';
import { realmOf, type Scenario } from '../scenario.ts';
import type { LabPaths } from './paths.ts';
import type { ControllerAddress } from './state.ts';

/** The krb5.conf of a lab: everything by address, nothing by the DNS. */
export function labKrb5Conf(
  scenario: Scenario,
  { ccache }: Pick<LabPaths, 'ccache'>,
  { address, kdcPort, kpasswdPort }: ControllerAddress,
): string {
  const realm = realmOf(scenario);
  const host = address.includes(':') ? `[${address}]` : address;
  return formatProfile({
    libdefaults: {
      default_realm: realm,
      dns_lookup_kdc: 'false',
      dns_lookup_realm: 'false',
      dns_canonicalize_hostname: 'false',
      rdns: 'false',
      forwardable: 'true',
      default_ccache_name: `FILE:${ccache}`,
    },
    realms: {
      [realm]: { kdc: `${host}:${kdcPort}`, kpasswd_server: `${host}:${kpasswdPort}` },
    },
    domain_realm: {
      [`.${scenario.dnsName}`]: realm,
      [scenario.dnsName]: realm,
      // The controller answers to this name too: LDAP with Kerberos needs no entry in a hosts file.
      localhost: realm,
    },
  });
}
