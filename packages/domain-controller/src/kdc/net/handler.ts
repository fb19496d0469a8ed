import type { Peer } from '../request.ts';

/**
 * What a listener asks: a KDC, which answers at once, or a service that has to wait. Undefined, or
 * a promise of it, is silence. A promise never rejects.
 */
export interface RequestHandler {
  handle(request: Uint8Array, peer: Peer): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /**
   * The last word to a peer on TCP whose message would be too long (RFC 4120 §7.2.2); absent, there
   * is none.
   */
  tooLong?(): Uint8Array;
}
