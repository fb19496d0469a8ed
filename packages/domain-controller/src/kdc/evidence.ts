import type { Account } from '@doublehop/directory/account';
import { GenerationCache } from '@doublehop/directory/generation-cache';
import { type EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { equal } from '@doublehop/wire/bytes';
import { decodeDer } from '@doublehop/wire/der';
import { MAX_EVIDENCE } from '../limits.ts';
import type { KdcContext } from './context.ts';
import { ticketId } from './header-ticket.ts';
import { krbtgtOf } from './issue.ts';
import { findServer } from './names.ts';
import { openTicket } from './sealed-ticket.ts';
import { readEvidencePac, TicketPac } from './ticket-pac.ts';

/** The evidence ticket as far as it could be opened. */
export interface Evidence {
  readonly ticket: Ticket | undefined;
  readonly account: Account | undefined;
  readonly part: EncTicketPart | undefined;
  readonly pac: TicketPac;
}

/** An opened ticket, and the accounts whose keys opened and verified it, as they were then. */
interface Known {
  readonly bytes: Uint8Array;
  readonly evidence: Evidence;
  readonly krbtgt: Account;
}

/**
 * Evidence tickets seen lately: a middle shows the same one for each target that its user needs.
 * What was opened and verified holds while neither account of its keys has changed. Bounded; those
 * not seen for long go first.
 */
export class EvidenceTickets {
  readonly #recent = new GenerationCache<number, Known>(MAX_EVIDENCE);

  /** Opens the DER of a ticket; it is only remembered if it could be opened. */
  open(bytes: Uint8Array | undefined, context: KdcContext): Evidence {
    if (bytes === undefined) return { ...CLOSED, ticket: undefined };
    const krbtgt = krbtgtOf(context);
    const id = ticketId(bytes);
    const known = this.#recent.get(id);
    if (known !== undefined && known.krbtgt === krbtgt && equal(known.bytes, bytes)) {
      const { ticket, account } = known.evidence;
      if (ticket !== undefined && account === serverOf(ticket, context)) return known.evidence;
    }
    // What is kept must not keep the datagram that it came in.
    const own = bytes.slice();
    const evidence = openEvidence(decodeDer(Ticket, own), krbtgt, context);
    if (evidence.part !== undefined) this.#recent.set(id, { bytes: own, evidence, krbtgt });
    return evidence;
  }
}

const CLOSED = {
  account: undefined,
  part: undefined,
  pac: new TicketPac('absent', undefined),
};

/** Opens the ticket with the keys of whatever account its server name means. */
function openEvidence(ticket: Ticket, krbtgt: Account, context: KdcContext): Evidence {
  const { keys } = context;
  const account = serverOf(ticket, context);
  if (account === undefined) return { ...CLOSED, ticket };
  const opened = openTicket(ticket, keys.all(account));
  if (typeof opened === 'string') return { ...CLOSED, ticket, account };
  const kdcKeys = keys.ofTgts(krbtgt).map(({ key }) => key);
  const pac = readEvidencePac(opened.part, opened.key.key, kdcKeys);
  return { ticket, account, part: opened.part, pac };
}

function serverOf(ticket: Ticket, { accounts, domain }: KdcContext): Account | undefined {
  return ticket.realm === domain.realm ? findServer(accounts, domain, ticket.sname) : undefined;
}
