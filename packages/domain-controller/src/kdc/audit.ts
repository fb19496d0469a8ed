import type { NtStatus } from '@doublehop/security/ntstatus';
import { formatName } from '@doublehop/kerberos/names';
import type { Refused } from '../errors.ts';
import type { KdcDomain } from './names.ts';
import type { CallKind, KdcCall, Peer } from './request.ts';

/**
 * One event a request, with the field names of Windows' security events 4768 (TGT asked), 4769
 * (service ticket asked), 4770 (ticket renewed) and 4771 (pre-authentication failed), and a few
 * more that Windows leaves to guess. Numbers are in Windows' hexadecimal form.
 */
export interface AuditEvent {
  readonly EventID: 4768 | 4769 | 4770 | 4771;
  /** ISO 8601, UTC. */
  readonly TimeCreated: string;
  readonly TargetUserName: string;
  readonly TargetDomainName: string;
  readonly TargetSid: string;
  readonly ServiceName: string;
  readonly ServiceSid: string;
  readonly TicketOptions: string;
  /** KRB-ERROR code; 0x0 for success. */
  readonly Status: string;
  readonly TicketEncryptionType: string;
  readonly SessionKeyEncryptionType: string;
  readonly PreAuthType: string;
  readonly IpAddress: string;
  readonly IpPort: string;
  /** The middles through which the user came, `-` for none. */
  readonly TransmittedServices: string;
  /** How the ticket was asked for; not in Windows' events. */
  readonly Exchange: CallKind;
  /** The SPN as asked for; Windows shows the account's name alone. */
  readonly RequestedService: string;
  /** The user for whom a middle asked. */
  readonly ImpersonatedUser: string;
  /** `kcd` or `rbcd`: which permission let a hop pass. */
  readonly DelegationMode: string;
  /** The refusal's one status word, `-` for success. */
  readonly Reason: string;
  readonly NtStatus: NtStatus | '-';
  /** What an authentication policy would have refused if it were enforced (events 305, 306). */
  readonly PolicyAudited: string;
}

/** Takes audit events; never throws. */
export type AuditSink = (event: AuditEvent) => void;

const ABSENT = '-';

/** The event of a handled request. */
export function auditEvent(
  call: KdcCall,
  refused: Refused | undefined,
  peer: Peer,
  domain: KdcDomain,
): AuditEvent {
  const { record, body } = call;
  const { client, server, kind } = record;
  const cname = record.cname ?? body.cname;
  const sname = body.sname === undefined ? ABSENT : formatName(body.sname);
  return {
    EventID: eventId(kind, refused),
    TimeCreated: new Date(call.now).toISOString(),
    TargetUserName: client?.samAccountName ?? (cname === undefined ? ABSENT : formatName(cname)),
    TargetDomainName: domain.realm,
    TargetSid: client?.sid ?? 'S-1-0-0',
    ServiceName: server?.samAccountName ?? sname,
    ServiceSid: server?.sid ?? 'S-1-0-0',
    TicketOptions: hex(body.kdcOptions, 8),
    Status: hex(refused?.errorCode ?? 0),
    TicketEncryptionType: hex(record.ticketEtype ?? 0xffff_ffff),
    SessionKeyEncryptionType: hex(record.sessionEtype ?? 0xffff_ffff),
    PreAuthType: record.preAuthType === undefined ? ABSENT : String(record.preAuthType),
    IpAddress: peer.address,
    IpPort: String(peer.port),
    TransmittedServices: record.transited?.join(', ') ?? ABSENT,
    Exchange: kind,
    RequestedService: sname,
    ImpersonatedUser: record.user ?? ABSENT,
    DelegationMode: record.mode ?? ABSENT,
    Reason: refused?.reason ?? ABSENT,
    NtStatus: refused?.detail.status ?? ABSENT,
    PolicyAudited: record.policyAudited ?? ABSENT,
  };
}

function eventId(kind: CallKind, refused: Refused | undefined): AuditEvent['EventID'] {
  if (kind === 'renew') return 4770;
  if (kind !== 'as') return 4769;
  return refused?.reason === 'preauth-failed' ? 4771 : 4768;
}

function hex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
