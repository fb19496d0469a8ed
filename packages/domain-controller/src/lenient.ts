import type { KdcSettings } from './kdc/settings.ts';
import type { LdapSettings } from './ldap/settings.ts';

/**
 * What old clients need that leave out what binds a request to its sender, as impacket's do: no
 * checksum over TGS-REQs (RFC 4120 §3.3.2), none of GSS-API in binds (RFC 4121 §4.1.1).
 */
export const LENIENT: {
  readonly kdc: Partial<KdcSettings>;
  readonly ldap: Partial<LdapSettings>;
} = {
  kdc: { requestChecksum: 'lenient' },
  ldap: { allowBareKerberos: true },
};
