/** Security settings of a server, each at its safe value by default. */
export interface ServerPolicy {
  /** Takes passwords of simple binds in clear text; default false: confidentialityRequired. */
  readonly allowClearTextSimpleBind: boolean;
  /**
   * Takes SASL binds without integrity and without TLS; default false: strongerAuthRequired, as
   * Active Directory answers with LDAPServerIntegrity = 2.
   */
  readonly allowUnsignedSasl: boolean;
  /** Offers SASL layers inside TLS; default false (MS-ADTS 5.1.1.1.2). */
  readonly allowLayerInsideTls: boolean;
  /**
   * What a simple bind with a name and no password becomes (RFC 4513 §5.1.2): refused by default;
   * `anonymous` is what Active Directory does without DenyUnauthenticatedBind.
   */
  readonly unauthenticatedBind: 'refuse' | 'anonymous';
}

/** Every setting at its safe value. */
export const DEFAULT_SERVER_POLICY: ServerPolicy = {
  allowClearTextSimpleBind: false,
  allowUnsignedSasl: false,
  allowLayerInsideTls: false,
  unauthenticatedBind: 'refuse',
};
