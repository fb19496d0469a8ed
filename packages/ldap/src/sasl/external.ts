import { utf8 } from '@doublehop/wire/bytes';
import { LdapError } from '../errors.ts';
import type { SaslClientMechanism } from './mechanism.ts';

/**
 * EXTERNAL (RFC 4422 Appendix A): the server knows the client already, by the certificate that it
 * showed in TLS (MS-ADTS 5.1.1.1.2). `authorizationId` is the identity to act as; '' the own one.
 */
export function externalClient(authorizationId = ''): SaslClientMechanism {
  return {
    name: 'EXTERNAL',
    start: async () => ({ response: utf8(authorizationId), complete: true }),
    step: async () => {
      throw new LdapError('authUnknown', 'EXTERNAL has nothing to ask, and the server asked');
    },
  };
}
