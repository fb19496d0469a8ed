import type { CredentialCache } from '../ccache/ccache.ts';
import type { Credentials } from '../credentials.ts';
import { TicketFlag } from '../iana/flags.ts';

/**
 * To whom a client hands its TGT (unconstrained delegation): to services that the KDC trusts with
 * it, which it says by OK-AS-DELEGATE (RFC 4120 §2.8), or to whichever it talks to.
 */
export type DelegationPolicy = 'never' | 'ok-as-delegate' | 'always';

/** Whether the TGT goes with a request to a service, by a ticket for it and the TGT itself. */
export function mayDelegate(
  service: Pick<Credentials, 'flags'>,
  tgt: Pick<Credentials, 'flags'>,
  policy: DelegationPolicy,
): boolean {
  // A TGT that is not forwardable is that of an account that nobody may act for.
  if (policy === 'never' || (tgt.flags & TicketFlag.FORWARDABLE) === 0) return false;
  return policy === 'always' || (service.flags & TicketFlag.OK_AS_DELEGATE) !== 0;
}

/** Puts a TGT that a client handed over into a cache: what acts with it acts as that client. */
export async function keepDelegated(delegated: Credentials, cache: CredentialCache): Promise<void> {
  await cache.initialize(delegated.client);
  await cache.store(delegated);
}
