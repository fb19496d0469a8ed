import { fromUtf8 } from '@doublehop/wire/bytes';
import type { Spanned } from '@doublehop/wire/der';
import { KerberosError } from '../errors.ts';
import { isFramed, unframe } from '../gss/framing.ts';
import { gssError } from '../gss/gss-error.ts';
import type { GssStep, Negotiation, SecurityContext } from '../gss/negotiation.ts';
import { isKrb5, Mechanism } from '../gss/oids.ts';
import { MessageType } from '../iana/message-types.ts';
import { MAX_NEGOTIATION_LEGS } from '../limits.ts';
import {
  decodeNegotiationToken,
  encodeResp,
  NegState,
  type NegTokenInit,
  type NegTokenResp,
} from './messages.ts';

/** What an acceptor takes beside Kerberos. */
export interface SpnegoAcceptorOptions<C extends SecurityContext> {
  /** Makes the acceptor's side of NTLM (MS-NLMP 3.2); absent: it is never chosen. */
  readonly ntlm?: (() => Negotiation<C>) | undefined;
}

/**
 * The acceptor's side of SPNEGO (RFC 4178 §4.1) over Kerberos, which `start` makes, and NTLM where
 * that is allowed. A client that sends a token of theirs without SPNEGO is answered without it, as
 * Windows does. NEGOEX is recognised and never chosen.
 */
export function spnegoAcceptor<C extends SecurityContext, N extends SecurityContext = C>(
  start: () => Negotiation<C>,
  options: SpnegoAcceptorOptions<N> = {},
): Negotiation<C | N> {
  return new SpnegoAcceptor<C | N>(start, options.ntlm);
}

class SpnegoAcceptor<C extends SecurityContext> implements Negotiation<C> {
  #mechanism: Negotiation<C>;
  readonly #ntlm: (() => Negotiation<C>) | undefined;
  /** Without SPNEGO. */
  #raw = false;
  #mechTypes: Spanned<readonly string[]> | undefined;
  #legs = 0;
  #micRequired = false;
  #micVerified = false;
  #micSent = false;
  #done = false;

  constructor(start: () => Negotiation<C>, ntlm: (() => Negotiation<C>) | undefined) {
    this.#mechanism = start();
    this.#ntlm = ntlm;
  }

  get context(): C | undefined {
    return this.#done || this.#raw ? this.#mechanism.context : undefined;
  }

  step(token: Uint8Array = new Uint8Array(0)): GssStep {
    if (this.#done) throw gssError('GSS_S_FAILURE', 'the context is established');
    this.#legs += 1;
    if (this.#legs > MAX_NEGOTIATION_LEGS) throw rejected('the negotiation comes to no end');
    if (this.#legs === 1) this.#raw = this.#isRaw(token);
    if (this.#raw) return this.#mechanism.step(token);
    const decoded = decodeNegotiationToken(token);
    if (this.#legs === 1) {
      if (decoded.kind === 'init') return this.#open(decoded.value);
      throw rejected('the client answers a negotiation that has not begun');
    }
    if (decoded.kind === 'resp') return this.#proceed(decoded.value);
    throw rejected('the client began anew');
  }

  /** Whether the token is of a mechanism without SPNEGO; throws for one that is not taken. */
  #isRaw(token: Uint8Array): boolean {
    if (!isNtlm(token)) return isRawKerberos(token);
    this.#useNtlm('the client has no ticket and offers NTLM, which is refused');
    return true;
  }

  #useNtlm(refusal: string): void {
    if (this.#ntlm === undefined) throw gssError('GSS_S_BAD_MECH', refusal);
    this.#mechanism = this.#ntlm();
  }

  #open({ mechTypes, mechToken, mechListMic }: NegTokenInit): GssStep {
    const [preferred] = mechTypes.value;
    const ntlm = this.#ntlm === undefined ? undefined : Mechanism.NTLM;
    const supportedMech = mechTypes.value.find((one) => isKrb5(one) || one === ntlm);
    if (supportedMech === undefined) {
      throw rejected(`the client offers no Kerberos, but ${describe(mechTypes.value)}`);
    }
    if (supportedMech === ntlm) this.#useNtlm('NTLM is refused');
    this.#mechTypes = mechTypes;
    this.#micRequired = supportedMech !== preferred;
    // The token is of the preferred mechanism; for another one it means nothing.
    if (this.#micRequired || mechToken === undefined) {
      const negState = this.#micRequired ? NegState.REQUEST_MIC : NegState.ACCEPT_INCOMPLETE;
      return { token: encodeResp({ negState, supportedMech }), established: false };
    }
    return this.#answer({ responseToken: mechToken, mechListMic }, supportedMech);
  }

  #proceed(message: NegTokenResp): GssStep {
    if (message.negState === NegState.REJECT) {
      throw gssError('GSS_S_FAILURE', 'the client gave the negotiation up');
    }
    return this.#answer(message);
  }

  #answer({ responseToken, mechListMic }: NegTokenResp, supportedMech?: string): GssStep {
    const reply = this.#stepMechanism(responseToken, supportedMech);
    const { context } = this.#mechanism;
    if (context === undefined) {
      const negState = NegState.ACCEPT_INCOMPLETE;
      const token = encodeResp({ negState, supportedMech, responseToken: reply });
      return { token, established: false };
    }
    if (mechListMic !== undefined) this.#verify(context, mechListMic);
    const expected = this.#micRequired || this.#micVerified;
    this.#done = !this.#micRequired || this.#micVerified;
    // The client, which has our MIC and sent its own, is done and expects nothing (RFC 4178 §5).
    if (this.#micSent && this.#done) return { established: true };
    if (this.#micSent) throw rejected('the client did not protect the list of mechanisms');
    this.#micSent = expected;
    const token = encodeResp({
      negState: this.#done ? NegState.ACCEPT_COMPLETED : NegState.ACCEPT_INCOMPLETE,
      supportedMech,
      responseToken: reply,
      mechListMic: expected ? context.getMic(this.#list()) : undefined,
    });
    return { token, established: this.#done };
  }

  /** Gives the mechanism its token; what it throws goes to the client inside a rejection. */
  #stepMechanism(
    token: Uint8Array | undefined,
    supportedMech: string | undefined,
  ): Uint8Array | undefined {
    const hasToken = token !== undefined && token.length > 0;
    if (this.#mechanism.context !== undefined) {
      if (hasToken) throw rejected('the client sent a token that is not due');
      return undefined;
    }
    if (!hasToken) throw rejected("the client's token is missing");
    try {
      return this.#mechanism.step(token).token;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      const responseToken = error.detail.token;
      const reply = encodeResp({ negState: NegState.REJECT, supportedMech, responseToken });
      throw new KerberosError(error.code, error.message, { ...error.detail, token: reply });
    }
  }

  #verify(context: C, mic: Uint8Array): void {
    try {
      context.verifyMic(this.#list(), mic);
    } catch (cause) {
      if (!(cause instanceof KerberosError)) throw cause;
      throw gssError('GSS_S_BAD_MIC', 'the list of mechanisms was changed on its way', {
        cause,
        token: encodeResp({ negState: NegState.REJECT }),
      });
    }
    this.#micVerified = true;
  }

  #list(): Uint8Array {
    if (this.#mechTypes === undefined) throw new TypeError('there is no list of mechanisms yet');
    return this.#mechTypes.raw;
  }
}

const NAMES: ReadonlyMap<string, string> = new Map([
  [Mechanism.NTLM, 'NTLM'],
  [Mechanism.NEGOEX, 'NEGOEX'],
]);

function describe(mechTypes: readonly string[]): string {
  return mechTypes.map((mechanism) => NAMES.get(mechanism) ?? mechanism).join(', ') || 'nothing';
}

/** Octets that every message of NTLM starts with (MS-NLMP 2.2.1). */
const NTLM_SIGNATURE = 'NTLMSSP\0';

const AP_REQ_TAG = 0x60 | MessageType.AP_REQ;

function isNtlm(token: Uint8Array): boolean {
  return fromUtf8(token.subarray(0, NTLM_SIGNATURE.length)) === NTLM_SIGNATURE;
}

function isRawKerberos(token: Uint8Array): boolean {
  if (token[0] === AP_REQ_TAG) return true;
  return isFramed(token) && isKrb5(unframe(token).mechanism);
}

function rejected(message: string): Error {
  const token = encodeResp({ negState: NegState.REJECT });
  return gssError('GSS_S_BAD_MECH', message, { token });
}
