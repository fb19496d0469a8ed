import type { Key } from '@doublehop/crypto/key';
import type { HeaderTicket } from '../header-ticket.ts';

/** The armor of a request: FAST as it is used there (RFC 6113 §5.4). */
export interface Armor {
  /** Seals what is inside the armor, both ways. */
  readonly key: Key;
  /** Of the request inside; the response repeats it. */
  readonly nonce: number;
  /** What is outside the armor names nobody (RFC 6113 §5.4.2, hide-client-names). */
  readonly hideNames: boolean;
  /**
   * The TGT that armors the request explicitly: the device's, whose PAC compound identity and
   * authentication policies look at (MS-KILE 3.3.5.6, 3.3.5.7.4). Undefined where a TGS-REQ is
   * armored by its own header ticket.
   */
  readonly ticket: HeaderTicket | undefined;
}
