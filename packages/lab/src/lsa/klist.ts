import type { Credentials } from '@doublehop/kerberos/credentials';
import { flagNames, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { errorName } from '@doublehop/kerberos/iana/error-codes';
import { statusName } from '@doublehop/kerberos/client/nt-status';
import { Ticket } from '@doublehop/kerberos/messages/ticket';
import {
  formatName,
  formatPrincipal,
  isTicketGrantingService,
  type Principal,
} from '@doublehop/kerberos/names';
import { decodeDer } from '@doublehop/wire/der';
import { type Failure, LogonId, type LogonSession, type Lsa, luid } from './lsa.ts';
import type { NegativeEntry } from './negative-cache.ts';

/** One ticket. Times are milliseconds since 1970; a ticket that is not renewable has no `renew`. */
export interface TicketReport {
  /** `alice @ CONTOSO.COM`. */
  readonly client: string;
  readonly server: string;
  readonly ticketEtype: number;
  readonly sessionEtype: number;
  readonly flags: number;
  readonly start: number;
  readonly end: number;
  readonly renew?: number;
  /** Bits of {@link CacheFlag}. */
  readonly cacheFlags: number;
}

/** A failure that the host repeats without asking. */
export interface NegativeReport {
  readonly kind: 'SPN' | 'S4U';
  /** The name, or `alice@CONTOSO.COM to HTTP/serverc.contoso.com@CONTOSO.COM`. */
  readonly subject: string;
  /** `KDC_ERR_BADOPTION`. */
  readonly error: string;
  /** `STATUS_NOT_FOUND`, where the KDC told. */
  readonly ntStatus?: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What `klist -li ID` tells. */
export interface KlistReport {
  /** `ServerB`. */
  readonly host: string;
  /** `0x3e7`. */
  readonly logonId: string;
  readonly user: string;
  readonly tickets: readonly TicketReport[];
  readonly negative: readonly NegativeReport[];
}

/** One line of `klist sessions`. */
export interface SessionReport {
  readonly logonId: string;
  readonly user: string;
  readonly type: LogonSession['type'];
}

/** CacheFlags as `klist` of Windows spells them out. */
export const CacheFlag = { PRIMARY: 1, DELEGATION: 2, S4U: 4 } as const;

/** The tickets of a session and what its look-ups failed on. Throws LabError `unknown-session`. */
export async function klistReport(host: string, lsa: Lsa, id: number): Promise<KlistReport> {
  const { user } = lsa.session(id);
  const s4u = new Set(id === LogonId.SYSTEM ? lsa.s4uTickets() : []);
  const tickets = await lsa.tickets(id);
  const negative = lsa.negative(id);
  return {
    host,
    logonId: luid(id),
    user,
    tickets: tickets.map((ticket) => ticketReport(ticket, s4u.has(ticket))),
    negative: [
      ...negative.spn.map((entry) => negativeReport('SPN', entry)),
      ...negative.s4u.map((entry) => negativeReport('S4U', entry)),
    ],
  };
}

/** The sessions of a host. */
export function sessionReports(lsa: Lsa): readonly SessionReport[] {
  return lsa.sessions().map(({ id, user, type }) => ({ logonId: luid(id), user, type }));
}

/** The text of `klist -li ID`, with what Windows does not show below it. */
export function formatKlist(report: KlistReport): string {
  const { host, logonId, user, tickets, negative } = report;
  const lines = [
    '',
    `${host}: LogonId is 0:${logonId} (${user})`,
    '',
    `Cached Tickets: (${tickets.length})`,
    ...tickets.flatMap(ticketLines),
  ];
  if (negative.length > 0) {
    lines.push('', `Negative Cache: (${negative.length})`, ...negative.flatMap(negativeLines));
  }
  return `${lines.join('\n')}\n`;
}

/** The text of `klist sessions`. */
export function formatSessions(host: string, sessions: readonly SessionReport[]): string {
  const names = {
    service: 'Service',
    interactive: 'Interactive',
    network: 'Network',
    'network-cleartext': 'NetworkCleartext',
  };
  const lines = sessions.map(
    ({ logonId, user, type }, index) =>
      `[${index}] Session 0 0:${logonId} ${user} Kerberos:${names[type]}`,
  );
  return `${[`${host}: logon sessions`, '', ...lines].join('\n')}\n`;
}

/** A time as `klist` of Windows in the United States writes it, in the local time zone. */
export function formatTime(milliseconds: number): string {
  const at = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getMonth() + 1}/${at.getDate()}/${at.getFullYear()}`;
  return `${day} ${at.getHours()}:${two(at.getMinutes())}:${two(at.getSeconds())} (local)`;
}

function ticketReport(credentials: Credentials, s4u: boolean): TicketReport {
  const { client, server, key, times, flags, ticket } = credentials;
  const { authtime, starttime, endtime, renewTill } = times;
  const primary = isTicketGrantingService(server.name) ? CacheFlag.PRIMARY : 0;
  return {
    client: spaced(client),
    server: spaced(server),
    ticketEtype: decodeDer(Ticket, ticket).encPart.etype,
    sessionEtype: key.etype,
    flags,
    start: (starttime === 0 ? authtime : starttime) * 1000,
    end: endtime * 1000,
    ...(renewTill === 0 ? {} : { renew: renewTill * 1000 }),
    cacheFlags: primary | (s4u ? CacheFlag.S4U : 0),
  };
}

function negativeReport(
  kind: NegativeReport['kind'],
  { why, until }: NegativeEntry<Failure>,
): NegativeReport {
  const { errorCode = 0, ntStatus } = why.detail;
  return {
    kind,
    subject: why.subject,
    error: errorName(errorCode),
    ...(ntStatus === undefined ? {} : { ntStatus: statusName(ntStatus) }),
    until,
  };
}

function ticketLines(ticket: TicketReport, index: number): readonly string[] {
  const { flags, cacheFlags, renew } = ticket;
  const names = flagNames(TicketFlag, flags).map((name) => FLAG_NAMES.get(name) ?? name);
  const caches = Object.entries(CacheFlag).filter(([, bit]) => (cacheFlags & bit) !== 0);
  const arrow = (words: readonly string[]): string =>
    words.length === 0 ? '' : ` -> ${words.join(' ')}`;
  return [
    '',
    `#${index}>\tClient: ${ticket.client}`,
    `\tServer: ${ticket.server}`,
    `\tKerbTicket Encryption Type: ${etypeName(ticket.ticketEtype)}`,
    `\tTicket Flags 0x${flags.toString(16)}${arrow(names.map((name) => name.toLowerCase()))}`,
    `\tStart Time: ${formatTime(ticket.start)}`,
    `\tEnd Time:   ${formatTime(ticket.end)}`,
    `\tRenew Time: ${renew === undefined ? '0' : formatTime(renew)}`,
    `\tSession Key Type: ${etypeName(ticket.sessionEtype)}`,
    `\tCache Flags: 0x${cacheFlags.toString(16)}${arrow(caches.map(([name]) => name))}`,
  ];
}

function negativeLines(entry: NegativeReport, index: number): readonly string[] {
  const { kind, subject, error, ntStatus, until } = entry;
  return [
    '',
    `#${index}>\t${kind}: ${subject}`,
    `\tFailed with: ${ntStatus === undefined ? error : `${error}, ${ntStatus}`}`,
    `\tRepeated until: ${formatTime(until)}`,
  ];
}

/** The `@` of a principal has spaces around it. */
function spaced({ name, realm }: Principal): string {
  const text = formatName(name);
  return `${text} @ ${formatPrincipal({ name, realm }).slice(text.length + 1)}`;
}

/** Flags that Windows calls by other names than RFC 4120 does. */
const FLAG_NAMES: ReadonlyMap<string, string> = new Map([
  ['PRE_AUTHENT', 'pre_authent'],
  ['ENC_PA_REP', 'name_canonicalize'],
  ['TRANSITED_POLICY_CHECKED', 'transited_policy_checked'],
]);

/** Names of Windows (MS-KILE 3.1.5.2), and the same style for the types of RFC 8009. */
const ETYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [17, 'AES-128-CTS-HMAC-SHA1-96'],
  [18, 'AES-256-CTS-HMAC-SHA1-96'],
  [19, 'AES-128-CTS-HMAC-SHA256-128'],
  [20, 'AES-256-CTS-HMAC-SHA384-192'],
  [23, 'RSADSI RC4-HMAC(NT)'],
]);

function etypeName(etype: number): string {
  return ETYPE_NAMES.get(etype) ?? `Unknown (${etype})`;
}
