import { SecurityError } from '../errors.ts';
import { type Sid, decodeSid, encodeSid, sidSize } from '../sid.ts';

/** Reads buffer 18 (MS-PAC 2.15): the SID of the account that asked for the ticket. */
export function decodeRequesterSid(data: Uint8Array): Sid {
  if (sidSize(data) !== data.length) {
    throw new SecurityError('length', 'requester', 'the SID does not fill the buffer');
  }
  return decodeSid(data);
}

/** Writes buffer 18. */
export function encodeRequesterSid(sid: Sid): Uint8Array {
  return encodeSid(sid);
}
