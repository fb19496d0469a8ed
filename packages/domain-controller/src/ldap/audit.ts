import type { LdapServerEvent, LdapServerLog } from '@doublehop/ldap/server/events';

/**
 * One event an LDAP operation, with Windows' event numbers: 4624 and 4625 (a bind that succeeded,
 * and one that failed), 5136, 5137, 5139 and 5141 (an entry changed, made, moved, deleted), 1644
 * (what was read), 4662 (an extended operation). No event holds a value or a password.
 */
export interface LdapEvent {
  readonly EventID: 1644 | 4624 | 4625 | 4662 | 5136 | 5137 | 5139 | 5141;
  /** ISO 8601, UTC. */
  readonly TimeCreated: string;
  /** `searchRequest`, …, or `bindRequest`. */
  readonly Operation: string;
  /** Who bound, or wanted to; `-` for the anonymous. */
  readonly SubjectUserName: string;
  /** How: `simple`, the SASL mechanism, or `-`. */
  readonly AuthenticationPackageName: string;
  readonly IpAddress: string;
  /** Number of the connection: what belongs together. */
  readonly LogonId: string;
  /** The entry, base or OID that it is about. */
  readonly ObjectDN: string;
  /** Entries sent. */
  readonly Entries: number;
  /** Result code (RFC 4511 §4.1.9) by its name. */
  readonly Status: string;
}

/** Takes events; never throws. */
export type LdapAuditSink = (event: LdapEvent) => void;

interface Peer {
  readonly address: string;
  name: string;
  method: string;
}

const ABSENT = '-';

const EVENTS: Readonly<Record<string, LdapEvent['EventID']>> = {
  searchRequest: 1644,
  compareRequest: 1644,
  modifyRequest: 5136,
  addRequest: 5137,
  modifyDnRequest: 5139,
  deleteRequest: 5141,
  extendedRequest: 4662,
};

/** Makes events of what the server tells its log. */
export function ldapAudit(sink: LdapAuditSink, clock: () => number): LdapServerLog {
  const peers = new Map<number, Peer>();
  return (event) => {
    if (event.kind === 'open') {
      peers.set(event.connection, { address: event.address, name: ABSENT, method: ABSENT });
    } else if (event.kind === 'close') {
      peers.delete(event.connection);
    } else if (event.kind !== 'error') {
      const peer = peers.get(event.connection) ?? { address: ABSENT, name: ABSENT, method: ABSENT };
      const made = event.kind === 'bind' ? ofBind(event, peer) : ofOperation(event);
      if (made === undefined) return;
      sink({
        ...made,
        TimeCreated: new Date(clock()).toISOString(),
        SubjectUserName: peer.name,
        AuthenticationPackageName: peer.method,
        IpAddress: peer.address,
        LogonId: `0x${event.connection.toString(16)}`,
        Status: event.code,
      });
      // Whoever failed to bind is anonymous from then on (RFC 4511 §4.2.1).
      if (made.EventID === 4625) Object.assign(peer, { name: ABSENT, method: ABSENT });
    }
  };
}

type Made = Pick<LdapEvent, 'EventID' | 'Operation' | 'ObjectDN' | 'Entries'>;

/** A bind that goes on is no event. */
function ofBind(
  { code, name, method }: Extract<LdapServerEvent, { kind: 'bind' }>,
  peer: Peer,
): Made | undefined {
  if (
    code === 'saslBindInProgress' ||
    (method === 'sicily' && name === undefined && code === 'success')
  ) {
    return undefined;
  }
  peer.name = name === undefined || name === '' ? ABSENT : name;
  peer.method = method;
  const EventID = code === 'success' ? 4624 : 4625;
  return { EventID, Operation: 'bindRequest', ObjectDN: ABSENT, Entries: 0 };
}

function ofOperation({
  operation,
  target,
  entries,
}: Extract<LdapServerEvent, { kind: 'operation' }>): Made {
  const EventID = EVENTS[operation] ?? 4662;
  return { EventID, Operation: operation, ObjectDN: target, Entries: entries };
}
