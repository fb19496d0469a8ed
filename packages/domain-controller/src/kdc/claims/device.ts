import { Refused } from '../../errors.ts';
import type { KdcCall } from '../request.ts';
import type { TicketPac } from '../ticket-pac.ts';

/**
 * The PAC of the TGT that armors a request explicitly: the device's (MS-KILE 3.3.5.7.4). Undefined
 * where the request has no such armor, or its TGT no PAC. A PAC that does not hold is refused.
 */
export function deviceOf({ armor }: KdcCall): TicketPac | undefined {
  const pac = armor?.ticket?.pac;
  if (pac === undefined || pac.fact === 'absent') return undefined;
  if (pac.fact !== 'valid') throw new Refused('KRB_AP_ERR_MODIFIED', 'armor-pac');
  return pac;
}
