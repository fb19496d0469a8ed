import { KerberosError } from '../errors.ts';
import { ErrorCode } from '../iana/error-codes.ts';
import { MAX_AS_ROUNDS } from '../limits.ts';
import { AsRep, type KdcRep } from '../messages/kdc.ts';
import type { KrbError } from '../messages/krb-error.ts';
import { formatPrincipal, type Principal, ticketGrantingService } from '../names.ts';
import { type OpenedArmor, openArmoredError, openArmoredReply } from './armor.ts';
import {
  afterError,
  type AsSent,
  type AsState,
  buildAsReq,
  type InitialTicket,
  type InitialTicketRequest,
  openAsRep,
  replyRecipe,
  startAs,
} from './as-exchange.ts';
import { checkKdcChallenge } from './challenge.ts';
import type { ClientContext } from './context.ts';
import { decodeAnswer, findKrbError, kerberosErrorOf } from './krb-error.ts';
import { makeKey } from './secret.ts';

/**
 * The AS exchange (RFC 4120 §3.1): a ticket by password or key, pre-authenticated by an encrypted
 * timestamp where the KDC wants it, in the realm that referrals lead to.
 *
 * Throws KerberosError: `password` for a wrong one, `skew`, `etype-nosupp`, `krb-error` for other
 * refusals, `reply-mismatch` for an answer that cannot be trusted, and what the transport throws.
 */
export async function getInitialTicket(
  context: ClientContext,
  request: InitialTicketRequest,
): Promise<InitialTicket> {
  let state = startAs(context, request);
  for (let round = 0; round < MAX_AS_ROUNDS; round += 1) {
    const { recipe } = state;
    const key = recipe === undefined ? undefined : await makeKey(request.secret, recipe);
    const sent = buildAsReq(context, request, state, key);
    log(context, state, `AS-REQ, pre-authentication: ${state.preauth}`);
    const answer = await context.transport(state.client.realm, sent.bytes);
    const outer = findKrbError(answer);
    if (outer === undefined) {
      const { rep, strengthen } = openReplyArmor(sent, decodeAnswer(AsRep, answer));
      const chosen = replyRecipe(state, rep);
      const longTerm =
        key !== undefined && chosen === recipe ? key : await makeKey(request.secret, chosen);
      if (sent.armor !== undefined) checkKdcChallenge(rep, sent.armor.key, longTerm);
      return openAsRep(context, state, sent, rep, strengthen(longTerm));
    }
    const error = openErrorArmor(sent, state, outer);
    log(context, state, `KRB-ERROR ${error.errorCode}`);
    const next = afterError(context, request, state, sent, error);
    if (next.kdcTime !== undefined) context.clock.adjust(next.kdcTime);
    ({ state } = next);
  }
  const subject = formatPrincipal(request.client);
  throw new KerberosError('limit', `the AS exchange for ${subject} comes to no end`, { subject });
}

function openReplyArmor({ armor, body }: AsSent, rep: KdcRep): OpenedArmor {
  if (armor === undefined) return { rep, strengthen: (key) => key };
  return openArmoredReply(armor, body.nonce, rep);
}

/**
 * The error in the armor. Of a bare one nothing is believed but that the clock is wrong, which the
 * KDC has to say before it can open the armor: anybody may have sent it (RFC 6113 §5.4.4).
 */
function openErrorArmor(
  { armor, body, sentAt }: AsSent,
  state: AsState,
  error: KrbError,
): KrbError {
  if (armor === undefined) return error;
  const inside = openArmoredError(armor, body.nonce, error);
  if (inside !== undefined) return inside;
  if (error.errorCode === ErrorCode.KRB_AP_ERR_SKEW) return error;
  const client = formatPrincipal(state.client);
  const server = formatPrincipal(ticketGrantingService(state.client.realm));
  throw kerberosErrorOf(error, { client, server, now: sentAt });
}

/**
 * The realm of a user who is known by an enterprise name, found by asking for an initial ticket
 * without pre-authentication from `user.realm` on (MS-SFU 3.1.5.1.1.2).
 */
export async function identifyRealm(context: ClientContext, user: Principal): Promise<string> {
  // No secret is used: as soon as a KDC asks for one, the realm is found.
  const secret = { kind: 'password', password: '' } as const;
  const request = { client: user, secret, canonicalize: true, forwardable: false };
  let state = startAs(context, request);
  for (let round = 0; round < MAX_AS_ROUNDS; round += 1) {
    const sent = buildAsReq(context, request, state, undefined);
    log(context, state, 'AS-REQ to find the realm');
    const error = findKrbError(await context.transport(state.client.realm, sent.bytes));
    if (error === undefined || REALM_FOUND.has(error.errorCode)) return state.client.realm;
    ({ state } = afterError(context, request, state, sent, error));
  }
  const subject = formatPrincipal(user);
  throw new KerberosError('limit', `the realm of ${subject} cannot be found`, { subject });
}

const REALM_FOUND: ReadonlySet<number> = new Set([
  ErrorCode.KDC_ERR_PREAUTH_REQUIRED,
  ErrorCode.KDC_ERR_KEY_EXPIRED,
]);

function log({ log: write }: ClientContext, { client }: AsState, step: string): void {
  write?.({ exchange: 'AS', realm: client.realm, step, subject: formatPrincipal(client) });
}
