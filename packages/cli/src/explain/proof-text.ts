import type { Comparison } from '@doublehop/admin/prove/compare';
import type { OpenedTicket } from '@doublehop/admin/prove/open-ticket';
import { isForwardable, type Proof, type ProofStep } from '@doublehop/admin/prove/prove';
import type { Credentials } from '@doublehop/kerberos/credentials';
import type { KerberosError } from '@doublehop/kerberos/errors';
import { flagNames, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { oneLine } from '../errors.ts';
import { explainRefusal } from '../kerberos/refusal.ts';
import { formatTime } from '../output/time.ts';
import { blocksText, widthOf } from './text.ts';
import { wrap } from './wrap.ts';

/** Everything that `prove` found out. */
export interface ProofReport {
  /** As people name them: `alice@CONTOSO.COM`, `SERVERB$`, `cifs/ServerC`. */
  readonly user: string;
  readonly middle: string;
  readonly target: string;
  readonly proof: Proof;
  /** What the target sees, where its key is there. */
  readonly opened: OpenedTicket | undefined;
  /** How explain's prediction did, where there is one. */
  readonly comparison: Comparison | undefined;
  /** Where the ticket was kept. */
  readonly savedIn: string | undefined;
}

/** A proof for people. */
export function proofText(report: ProofReport, columns: number): string {
  const width = widthOf({ columns });
  const { proof, opened, comparison, savedIn } = report;
  return blocksText([
    wrap(`${report.user} -> ${report.middle} -> ${report.target}`, width),
    proof.steps.flatMap((step, index) => stepLines(report, step, index + 1, width)),
    verdictLines(report, width),
    opened === undefined ? [] : openedLines(opened, width),
    comparison === undefined ? [] : comparisonLines(comparison, width),
    savedIn === undefined ? [] : [`The ticket is in ${savedIn}.`],
  ]);
}

function stepLines(
  report: ProofReport,
  { id, ticket, error }: ProofStep,
  number: number,
  width: number,
): readonly string[] {
  const title = `${number}. ${stepTitle(report, id)}: `;
  if (ticket !== undefined) return wrap(`${title}${ticketText(id, ticket)}`, width, '', '   ');
  if (error === undefined) return [];
  const refusal = explainRefusal(error);
  // What the rows below say is in the message too.
  const short = refusal?.meaning === undefined ? undefined : refusal.error;
  const said = short === undefined ? oneLine(error.message) : `${short} (${codeOf(error)})`;
  const lines = [...wrap(`${title}${said}`, width, '', '   ')];
  const rows = [
    ['NTSTATUS', refusal?.status],
    ['meaning', refusal?.meaning],
    ['to do', refusal?.fix],
  ] as const;
  for (const [name, text] of rows) {
    if (text === undefined) continue;
    lines.push(...wrap(text, width, `   ${name}: `, '      '));
  }
  return lines;
}

function codeOf({ detail }: KerberosError): string {
  return String(detail.errorCode ?? '');
}

function stepTitle({ user, middle, target }: ProofReport, id: ProofStep['id']): string {
  switch (id) {
    case 'user-logon':
      return `${user} logs on`;
    case 'middle-logon':
      return `${middle} logs on`;
    case 'own-ticket':
      return `${user} asks for a ticket to ${middle}`;
    case 's4u2self':
      return `${middle} asks for a ticket of ${user} to itself (S4U2Self)`;
    case 's4u2proxy':
      return `${middle} asks for ${target} as ${user} (S4U2Proxy)`;
  }
}

function ticketText(id: ProofStep['id'], ticket: Credentials): string {
  const forwardable = isForwardable(ticket) ? 'forwardable' : 'NOT forwardable';
  return id === 'middle-logon' ? 'ok' : `ok, ${forwardable}`;
}

function verdictLines({ user, middle, target, proof }: ProofReport, width: number) {
  const { outcome, ticket } = proof;
  if (ticket === undefined) {
    const what =
      outcome === 'refused'
        ? `REFUSED: ${middle} gets no ticket to ${target} as ${user}`
        : 'NOTHING PROVED: no KDC decided about the hop';
    return wrap(what, width, '', '  ');
  }
  return [
    ...wrap(`ALLOWED: ${middle} has a ticket to ${target} as ${user}`, width, '', '  '),
    ...wrap(`the KDC made it for ${formatPrincipal(ticket.client)}`, width, '  '),
    ...wrap(`to ${formatPrincipal(ticket.server)}`, width, '  '),
    ...wrap(`flags: ${flagWords(flagNames(TicketFlag, ticket.flags))}`, width, '  ', '    '),
    `  until ${formatTime(ticket.times.endtime)}`,
  ];
}

/** `forwardable, pre-authent`. */
function flagWords(names: readonly string[]): string {
  return names.map((name) => name.toLowerCase().replaceAll('_', '-')).join(', ');
}

function openedLines({ client, flags, pac }: OpenedTicket, width: number): readonly string[] {
  const lines = ['What the target sees in it:', `  client: ${client}`];
  lines.push(...wrap(`flags: ${flagWords(flags)}`, width, '  ', '    '));
  if (pac === undefined) return [...lines, '  no PAC'];
  lines.push(...wrap(`account: ${pac.domain}\\${pac.account} (${pac.sid})`, width, '  ', '    '));
  lines.push(`  groups and other SIDs: ${pac.sids.length - 1}`);
  lines.push(...wrap(`asserted by: ${ASSERTED[pac.asserted]}`, width, '  ', '    '));
  const { delegation } = pac;
  if (delegation === undefined) return [...lines, '  S4U_DELEGATION_INFO: none'];
  const way = `${delegation.proxyTarget}, through ${delegation.transited.join(', then ')}`;
  return [...lines, ...wrap(`S4U_DELEGATION_INFO: to ${way}`, width, '  ', '    ')];
}

const ASSERTED = {
  kerberos: 'the user, who logged on (S-1-18-1)',
  'protocol-transition': 'a service, in the name of the user (S-1-18-2)',
  unknown: 'nobody says',
} as const;

function comparisonLines({ sentence, causes, verdict }: Comparison, width: number) {
  const mark = verdict === 'different' ? 'DIFFERENT: ' : '';
  const lines = [...wrap(`${mark}${sentence}.`, width, '', '  ')];
  return [...lines, ...causes.flatMap((cause) => wrap(cause, width, '  - ', '    '))];
}
