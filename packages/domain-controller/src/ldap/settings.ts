import type { BindingPolicy } from '@doublehop/kerberos/gss/acceptor';

/** How the LDAP service behaves: the defaults are those of an up-to-date Windows controller. */
export interface LdapSettings {
  /**
   * Refuses SASL binds without signing or TLS with strongerAuthRequired: LDAPServerIntegrity = 2.
   * Without it, whoever is in between can change what is asked and answered.
   */
  readonly requireSigning: boolean;
  /** Takes passwords of simple binds in clear text: Windows does unless signing is required. */
  readonly allowClearTextSimpleBind: boolean;
  /**
   * Takes Kerberos tokens without the checksum of GSS-API (RFC 4121 §4.1.1), as old impacket sends
   * them: such a client is bound to no channel and to no layer.
   */
  readonly allowBareKerberos: boolean;
  /** LdapEnforceChannelBinding: tickets over TLS must name the TLS channel if they name one. */
  readonly channelBinding: BindingPolicy;
  /**
   * `v2` takes NTLMv2 in GSS-SPNEGO and Sicily binds, from accounts that have a key of RC4. NTLM
   * proves the client to the server alone, and its hash is as good as the password.
   */
  readonly ntlm: 'off' | 'v2';
  /**
   * The newest version of TLS. Windows before 2022 has 1.2; Samba 4.22 and older read nothing more
   * after the session tickets that a server of 1.3 sends on its own (RFC 8446 §4.6.1).
   */
  readonly tls: 'TLSv1.2' | 'TLSv1.3';
}

export const DEFAULT_LDAP_SETTINGS: LdapSettings = {
  requireSigning: true,
  allowClearTextSimpleBind: false,
  allowBareKerberos: false,
  channelBinding: 'ignore-if-absent',
  ntlm: 'off',
  tls: 'TLSv1.2',
};
