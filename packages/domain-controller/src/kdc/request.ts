import type { Account } from '@doublehop/directory/account';
import type { KdcReq, KdcReqBody } from '@doublehop/kerberos/messages/kdc';
import type { PrincipalName } from '@doublehop/kerberos/names';
import type { Sid } from '@doublehop/security/sid';
import type { Armor } from './fast/armor.ts';

/** Where a request came from. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
}

/** A decoded request on its way through the KDC. */
export interface KdcCall {
  readonly req: KdcReq;
  readonly body: KdcReqBody;
  /** The request as it came: what PA-REQ-ENC-PA-REP signs (RFC 6806 §11). */
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What becomes known on the way, for the audit event: also of what is refused. */
  readonly record: CallRecord;
  /** How the request came armored; `req` and `body` are what was inside (RFC 6113 §5.4). */
  readonly armor?: Armor | undefined;
}

/** How a ticket was asked for. */
export type CallKind = 'as' | 'tgs' | 'renew' | 's4u2self' | 's4u2proxy';

/** Collected while a request is handled; an audit event is made of it. */
export interface CallRecord {
  kind: CallKind;
  client?: Account;
  cname?: PrincipalName;
  server?: Account;
  sname?: PrincipalName;
  serverSid?: Sid;
  /** padata-type that proved the client's key; 0: none was asked for. */
  preAuthType?: number;
  ticketEtype?: number;
  sessionEtype?: number;
  /** The user in whose name the middle asks. */
  user?: string;
  /** Which permission let a hop pass. */
  mode?: string;
  transited?: readonly string[];
  /** What an authentication policy would refuse, were it enforced. */
  policyAudited?: string;
  /** What was inside the armor of the request, once it was opened. */
  inside?: KdcCall;
}
