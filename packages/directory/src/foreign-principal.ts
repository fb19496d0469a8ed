import { domainOf, isSid, parseSid, type Sid } from '@doublehop/security/sid';

/** The SID of `<SID=S-1-…>` where it is of somebody of another domain than `domain`. */
export function foreignSid(dn: string, domain: Sid): Sid | undefined {
  const text = BY_SID.exec(dn)?.[1];
  const sid = text === undefined || !isSid(text) ? undefined : parseSid(text);
  return sid === undefined || domainOf(sid) === domain ? undefined : sid;
}

/** S-1-5-21-a-b-c-rid: an account of some domain. */
const BY_SID = /^<SID=(S-1-5-21(?:-(?:0|[1-9]\d{0,9})){4})>$/i;
