/** Mechanisms and their object identifiers, in dotted form. */
export const Mechanism = {
  /** Kerberos 5 (RFC 1964 §1, RFC 4121 §4.1). */
  KRB5: '1.2.840.113554.1.2.2',
  /** Kerberos 5 with a bit lost: what Windows calls it inside SPNEGO (MS-SPNG 3.2.5). */
  MS_KRB5: '1.2.840.48018.1.2.2',
  /** SPNEGO (RFC 4178 §3.1). */
  SPNEGO: '1.3.6.1.5.5.2',
  /** NTLM (MS-NLMP 1.9). */
  NTLM: '1.3.6.1.4.1.311.2.2.10',
  /** NEGOEX (draft-zhu-negoex). */
  NEGOEX: '1.3.6.1.4.1.311.2.2.30',
} as const;

/** Whether the mechanism is Kerberos 5, under either of its names. */
export function isKrb5(mechanism: string): boolean {
  return mechanism === Mechanism.KRB5 || mechanism === Mechanism.MS_KRB5;
}
