import { span } from '@doublehop/wire/der';
import type { KerberosContext } from '../gss/context.ts';
import { gssError } from '../gss/gss-error.ts';
import type { GssStep, Negotiation } from '../gss/negotiation.ts';
import { isKrb5, Mechanism } from '../gss/oids.ts';
import { MAX_NEGOTIATION_LEGS } from '../limits.ts';
import {
  decodeNegotiationToken,
  encodeInit,
  encodeResp,
  MechTypeList,
  NegState,
  type NegTokenResp,
} from './messages.ts';

/** What an initiator offers. */
export interface SpnegoInitiatorOptions {
  /**
   * Mechanisms, the preferred first; Kerberos alone where absent. Others than Kerberos may stand
   * here, but an acceptor that takes one is refused.
   */
  readonly offer?: readonly string[];
}

/**
 * The initiator's side of SPNEGO (RFC 4178 §4.1) over Kerberos. `start` makes the Kerberos side; it
 * is called again where the acceptor wants another name of Kerberos than the preferred one. A token
 * for the preferred mechanism goes out at once; the mechanism list is protected where RFC 4178 §5
 * demands it.
 */
export function spnegoInitiator(
  start: () => Negotiation,
  { offer = [Mechanism.KRB5] }: SpnegoInitiatorOptions = {},
): Negotiation {
  if (!offer.some(isKrb5)) throw new TypeError('SPNEGO without Kerberos has nothing to do');
  return new SpnegoInitiator(start, offer);
}

class SpnegoInitiator implements Negotiation {
  readonly #start: () => Negotiation;
  readonly #offer: readonly string[];
  readonly #mechTypes;
  #mechanism: Negotiation | undefined;
  /** The mechanism in use; undefined until the acceptor chose. */
  #chosen: string | undefined;
  #legs = 0;
  #micRequired = false;
  #micVerified = false;
  #micSent = false;
  #done = false;

  constructor(start: () => Negotiation, offer: readonly string[]) {
    this.#start = start;
    this.#offer = offer;
    this.#mechTypes = span(MechTypeList, offer);
  }

  get context(): KerberosContext | undefined {
    return this.#done ? this.#mechanism?.context : undefined;
  }

  step(token?: Uint8Array): GssStep {
    if (this.#done) throw gssError('GSS_S_FAILURE', 'the context is established');
    this.#legs += 1;
    if (this.#legs > MAX_NEGOTIATION_LEGS) {
      throw gssError('GSS_S_FAILURE', 'the negotiation comes to no end');
    }
    if (this.#legs === 1) return this.#open(token);
    const decoded = decodeNegotiationToken(token ?? new Uint8Array(0));
    if (decoded.kind !== 'resp') {
      throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the acceptor did not answer the offer');
    }
    return this.#respond(decoded.value);
  }

  #open(token: Uint8Array | undefined): GssStep {
    if (token !== undefined && token.length > 0) {
      throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the acceptor spoke before the initiator');
    }
    let mechToken: Uint8Array | undefined;
    if (isKrb5(this.#offer[0] ?? '')) {
      this.#mechanism = this.#start();
      mechToken = this.#mechanism.step().token;
    }
    const offer = encodeInit({ mechTypes: this.#mechTypes, mechToken });
    return { token: offer, established: false };
  }

  #respond(answer: NegTokenResp): GssStep {
    this.#checkRejection(answer);
    this.#choose(answer.supportedMech);
    if (answer.negState === NegState.REQUEST_MIC) this.#micRequired = true;
    const responseToken = this.#continue(answer.responseToken);
    const context = this.#mechanism?.context;
    if (context === undefined) {
      if (answer.negState === NegState.ACCEPT_COMPLETED || responseToken === undefined) {
        throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the acceptor ended before it was authenticated');
      }
      const negState = NegState.ACCEPT_INCOMPLETE;
      return { token: encodeResp({ negState, responseToken }), established: false };
    }
    if (answer.mechListMic !== undefined) {
      context.verifyMic(this.#mechTypes.raw, answer.mechListMic);
      this.#micVerified = true;
    }
    if (answer.negState === NegState.ACCEPT_COMPLETED) return this.#finish(responseToken);
    return this.#protect(context, responseToken);
  }

  /** The acceptor said that it is done; only a list that had to be protected can be wrong now. */
  #finish(responseToken: Uint8Array | undefined): GssStep {
    if (responseToken !== undefined) {
      throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the acceptor ended before the mechanism did');
    }
    if (this.#micRequired && !this.#micVerified) {
      throw gssError('GSS_S_BAD_MIC', 'the list of mechanisms came back without its MIC');
    }
    this.#done = true;
    return { established: true };
  }

  /** Sends the MIC of the list; done where the acceptor's was here already (RFC 4178 §5). */
  #protect(context: KerberosContext, responseToken: Uint8Array | undefined): GssStep {
    if (this.#micSent) {
      throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the acceptor waits for a token that is not due');
    }
    this.#micSent = true;
    this.#micRequired = true;
    this.#done = this.#micVerified;
    const token = encodeResp({
      negState: this.#done ? NegState.ACCEPT_COMPLETED : NegState.ACCEPT_INCOMPLETE,
      responseToken,
      mechListMic: context.getMic(this.#mechTypes.raw),
    });
    return { token, established: this.#done };
  }

  #checkRejection({ negState, responseToken }: NegTokenResp): void {
    if (negState !== NegState.REJECT) return;
    // The mechanism's own error says more.
    if (responseToken !== undefined && this.#mechanism?.context === undefined) {
      this.#mechanism?.step(responseToken);
    }
    throw gssError('GSS_S_FAILURE', 'the acceptor rejected the negotiation');
  }

  #choose(supportedMech: string | undefined): void {
    if (this.#chosen !== undefined) {
      if (supportedMech === undefined || supportedMech === this.#chosen) return;
      throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the acceptor changed the mechanism');
    }
    const preferred = this.#offer[0];
    // Absent in answers of old acceptors that take the preferred one.
    const chosen = supportedMech ?? preferred ?? '';
    if (!this.#offer.includes(chosen) || !isKrb5(chosen)) {
      throw gssError('GSS_S_BAD_MECH', `the acceptor chose the mechanism ${chosen}`);
    }
    this.#chosen = chosen;
    if (chosen === preferred) return;
    this.#micRequired = true;
    this.#mechanism = undefined;
  }

  /** Gives the mechanism its token; returns its answer. */
  #continue(token: Uint8Array | undefined): Uint8Array | undefined {
    if (this.#mechanism === undefined) {
      this.#mechanism = this.#start();
      return this.#mechanism.step().token;
    }
    if (token === undefined || token.length === 0) return undefined;
    if (this.#mechanism.context !== undefined) {
      throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the acceptor sent a token that is not due');
    }
    return this.#mechanism.step(token).token;
  }
}
