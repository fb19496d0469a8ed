import { decodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import type { CredentialCache } from '@doublehop/kerberos/ccache/ccache';
import { etypeName } from '@doublehop/kerberos/config/etype-names';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { flagNames, TicketFlag } from '@doublehop/kerberos/iana/flags';
import type { KeytabEntry } from '@doublehop/kerberos/keytab';
import { Ticket } from '@doublehop/kerberos/messages/ticket';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { printable } from '../output/table.ts';
import { formatTime } from '../output/time.ts';

/** What a listing shows beside names and times. */
export interface ListingOptions {
  readonly flags?: true;
  readonly encryption?: true;
}

/** A cache as MIT's klist prints it. */
export async function listCache(cache: CredentialCache, options: ListingOptions): Promise<string> {
  const owner = await cache.principal();
  const lines = [
    `Ticket cache: ${cache.name}`,
    `Default principal: ${formatPrincipal(owner)}`,
    '',
    'Valid starting       Expires              Service principal',
  ];
  for (const credentials of await cache.list()) {
    lines.push(...ticketLines(credentials, formatPrincipal(owner), options));
  }
  return lines.map((line) => `${tabbed(line)}\n`).join('');
}

/** A ticket for JSON, times in ISO 8601. */
export function ticketJson(credentials: Credentials): unknown {
  const { client, server, times, flags, key } = credentials;
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  return {
    client: formatPrincipal(client),
    server: formatPrincipal(server),
    starts: iso(times.starttime === 0 ? times.authtime : times.starttime),
    expires: iso(times.endtime),
    renewUntil: times.renewTill === 0 ? null : iso(times.renewTill),
    flags: flagNames(TicketFlag, flags),
    sessionKeyType: etypeName(key.etype),
    ticketType: ticketType(credentials),
    kvno: ticketKvno(credentials) ?? null,
  };
}

/** kvno of the key that seals a ticket, where the KDC tells it (RFC 4120 §5.2.9). */
export function ticketKvno({ ticket }: Credentials): number | undefined {
  return openTicket(ticket)?.encPart.kvno;
}

/** A keytab as MIT's `klist -k` prints it. */
export function listKeytab(
  name: string,
  entries: readonly KeytabEntry[],
  { encryption, times }: { readonly encryption?: true; readonly times?: true },
): string {
  const stamp = times === true ? ['Timestamp           ', '-------------------'] : ['', ''];
  const head = [stamp[0] ?? '', 'Principal'].filter((part) => part !== '').join(' ');
  const rule = '-'.repeat(74);
  const lines = [`Keytab name: FILE:${name.replace(/^FILE:/, '')}`, `KVNO ${head}`];
  lines.push(`---- ${stamp[1] === '' ? rule : `${stamp[1]} ${rule.slice(20)}`}`);
  for (const { principal, kvno, timestamp, key } of entries) {
    const time = times === true ? `${formatTime(timestamp)} ` : '';
    const etype = encryption === true ? ` (${etypeName(key.etype)})` : '';
    lines.push(`${String(kvno).padStart(4)} ${time}${formatPrincipal(principal)}${etype}`);
  }
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function ticketLines(
  credentials: Credentials,
  owner: string,
  options: ListingOptions,
): readonly string[] {
  const { client, server, times, flags, key } = credentials;
  const start = times.starttime === 0 ? times.authtime : times.starttime;
  const lines = [`${formatTime(start)}  ${formatTime(times.endtime)}  ${formatPrincipal(server)}`];
  const forClient = formatPrincipal(client);
  if (forClient !== owner) lines.push(`\tfor client ${forClient}`);
  const details: string[] = [];
  if (times.renewTill !== 0) details.push(`renew until ${formatTime(times.renewTill)}`);
  if (options.flags === true) details.push(`Flags: ${flagLetters(flags)}`);
  if (details.length > 0) lines.push(`\t${details.join(', ')}`);
  if (options.encryption === true) {
    lines.push(`\tEtype (skey, tkt): ${etypeName(key.etype)}, ${ticketType(credentials)}`);
  }
  return lines;
}

/** Letters of MIT's klist, in its order. */
const LETTERS: readonly (readonly [string, number])[] = [
  ['F', TicketFlag.FORWARDABLE],
  ['f', TicketFlag.FORWARDED],
  ['P', TicketFlag.PROXIABLE],
  ['p', TicketFlag.PROXY],
  ['D', TicketFlag.MAY_POSTDATE],
  ['d', TicketFlag.POSTDATED],
  ['i', TicketFlag.INVALID],
  ['R', TicketFlag.RENEWABLE],
  ['I', TicketFlag.INITIAL],
  ['H', TicketFlag.HW_AUTHENT],
  ['A', TicketFlag.PRE_AUTHENT],
  ['T', TicketFlag.TRANSITED_POLICY_CHECKED],
  ['O', TicketFlag.OK_AS_DELEGATE],
  ['a', TicketFlag.ANONYMOUS],
];

function flagLetters(flags: number): string {
  return LETTERS.filter(([, bit]) => (flags & bit) !== 0)
    .map(([letter]) => letter)
    .join('');
}

function ticketType({ ticket }: Credentials): string {
  const opened = openTicket(ticket);
  return opened === undefined ? 'unreadable' : etypeName(opened.encPart.etype);
}

function openTicket(ticket: Uint8Array) {
  try {
    return decodeDer(Ticket, ticket);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** Lines of details begin with a tab, as MIT's do; other control characters are not shown. */
function tabbed(line: string): string {
  return line.startsWith('\t') ? `\t${printable(line.slice(1))}` : printable(line);
}
