import type { KerberosClient } from '@doublehop/kerberos/client/client';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import type { Principal } from '@doublehop/kerberos/names';

/** What is done at the KDC, one request after the other. */
export type ProofStepId = 'user-logon' | 'middle-logon' | 'own-ticket' | 's4u2self' | 's4u2proxy';

/** The parties of a hop that is really made. */
export interface ProofParties {
  /** Whoever is the user; absent: the middle gets a ticket in the user's name by itself. */
  readonly userClient?: KerberosClient | undefined;
  /** The user, for S4U2Self. */
  readonly user: Principal;
  readonly middleClient: KerberosClient;
  /** The name of the middle that the user asks for. */
  readonly middle: Principal;
  readonly target: Principal;
  /** Send PA-FOR-USER too, for Heimdal and Samba, which know nothing else. */
  readonly compat?: boolean | undefined;
  /** False: ask as a client that does not know resource-based delegation. */
  readonly rbcd?: boolean | undefined;
}

/** One request, and what came of it. */
export interface ProofStep {
  readonly id: ProofStepId;
  readonly ticket: Credentials | undefined;
  readonly error: KerberosError | undefined;
}

/** What a KDC did with a hop. */
export interface Proof {
  /** `failed`: no KDC refused, and yet there is no ticket: nothing is proved. */
  readonly outcome: 'allowed' | 'refused' | 'failed';
  readonly steps: readonly ProofStep[];
  /** The evidence ticket, where there is one. */
  readonly evidence: Credentials | undefined;
  /** The ticket to the target in the user's name. */
  readonly ticket: Credentials | undefined;
}

/**
 * Makes a hop: gets the evidence, by the user or by the middle, and with it a ticket to the target.
 * Never throws for what a KDC says or for one that does not answer: that is the proof. Tickets are
 * left where the clients keep theirs; those of S4U are kept nowhere.
 */
export async function proveHop(parties: ProofParties): Promise<Proof> {
  const { userClient, user, middleClient, middle, target, compat, rbcd } = parties;
  const run = new Run();
  const evidence =
    userClient === undefined
      ? await run.transition(middleClient, user, compat)
      : await run.ownTicket(userClient, middle);
  if (userClient !== undefined) await run.step('middle-logon', () => middleClient.getTgt());
  const ticket = await run.step('s4u2proxy', () => {
    if (evidence === undefined) throw new TypeError('there is no evidence');
    return middleClient.proxy(evidence, target, { rbcd });
  });
  return { outcome: run.outcome, steps: run.steps, evidence, ticket };
}

/** Whether a ticket can serve as evidence. */
export function isForwardable({ flags }: Pick<Credentials, 'flags'>): boolean {
  return (flags & TicketFlag.FORWARDABLE) !== 0;
}

/** Errors about the one who asks, which say nothing of the hop (RFC 4120 §7.5.9). */
const OWN_FAULT: ReadonlySet<number> = new Set([
  // KDC_ERR_PREAUTH_FAILED, KRB_AP_ERR_SKEW, KDC_ERR_WRONG_REALM
  24, 37, 68,
]);

/** Steps until one does not succeed. */
class Run {
  readonly steps: ProofStep[] = [];
  #error: KerberosError | undefined;

  async step(id: ProofStepId, ask: () => Promise<Credentials>): Promise<Credentials | undefined> {
    if (this.#error !== undefined) return undefined;
    try {
      const ticket = await ask();
      this.steps.push({ id, ticket, error: undefined });
      return ticket;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      this.#error = error;
      this.steps.push({ id, ticket: undefined, error });
      return undefined;
    }
  }

  async ownTicket(client: KerberosClient, middle: Principal): Promise<Credentials | undefined> {
    await this.step('user-logon', () => client.getTgt());
    return await this.step('own-ticket', () => client.getServiceTicket(middle));
  }

  async transition(
    client: KerberosClient,
    user: Principal,
    compat: boolean | undefined,
  ): Promise<Credentials | undefined> {
    await this.step('middle-logon', () => client.getTgt());
    return await this.step('s4u2self', () => client.impersonate(user, { compat }));
  }

  get outcome(): Proof['outcome'] {
    if (this.#error === undefined) return 'allowed';
    const { errorCode } = this.#error.detail;
    return errorCode === undefined || OWN_FAULT.has(errorCode) ? 'failed' : 'refused';
  }
}
