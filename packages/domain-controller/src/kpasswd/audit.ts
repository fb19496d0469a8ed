import type { Account } from '@doublehop/directory/account';
import type { KpasswdOutcome } from '@doublehop/kerberos/kpasswd/result';
import type { KdcDomain } from '../kdc/names.ts';
import type { Peer } from '../kdc/request.ts';

/**
 * One event a change of a password, with the field names of Windows' security events 4723 (somebody
 * changes the own password) and 4724 (somebody sets another's).
 */
export interface PasswordEvent {
  readonly EventID: 4723 | 4724;
  /** ISO 8601, UTC. */
  readonly TimeCreated: string;
  readonly TargetUserName: string;
  readonly TargetDomainName: string;
  readonly TargetSid: string;
  readonly SubjectUserName: string;
  readonly SubjectUserSid: string;
  readonly IpAddress: string;
  readonly IpPort: string;
  /** Result code (RFC 3244 §2); 0x0 for success. */
  readonly Status: string;
  /** The refusal's one status word, `-` for success. */
  readonly Reason: string;
}

/** Takes events; never throws. */
export type PasswordAuditSink = (event: PasswordEvent) => void;

/** What is known of a request when it ends. */
export interface PasswordRecord {
  caller?: Account;
  target?: Account;
}

const ABSENT = '-';
const NOBODY = 'S-1-0-0';

/** The event of a handled request. */
export function passwordEvent(
  { caller, target }: PasswordRecord,
  { code }: Pick<KpasswdOutcome, 'code'>,
  reason: string | undefined,
  where: { readonly peer: Peer; readonly domain: KdcDomain; readonly now: number },
): PasswordEvent {
  const { peer, domain, now } = where;
  return {
    EventID: target === undefined || target.sid === caller?.sid ? 4723 : 4724,
    TimeCreated: new Date(now).toISOString(),
    TargetUserName: target?.samAccountName ?? ABSENT,
    TargetDomainName: domain.realm,
    TargetSid: target?.sid ?? NOBODY,
    SubjectUserName: caller?.samAccountName ?? ABSENT,
    SubjectUserSid: caller?.sid ?? NOBODY,
    IpAddress: peer.address,
    IpPort: String(peer.port),
    Status: `0x${code.toString(16)}`,
    Reason: reason ?? ABSENT,
  };
}
