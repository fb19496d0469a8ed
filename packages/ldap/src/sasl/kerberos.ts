import { AcceptedContext } from '@doublehop/kerberos/gss/acceptor';
import type { ChannelBindings } from '@doublehop/kerberos/gss/channel-bindings';
import { DEFAULT_FLAGS, GssFlag } from '@doublehop/kerberos/gss/flags';
import {
  type Negotiation,
  saslContext,
  type SecurityContext,
} from '@doublehop/kerberos/gss/negotiation';
import { spnegoAcceptor } from '@doublehop/kerberos/spnego/acceptor';
import { spnegoInitiator } from '@doublehop/kerberos/spnego/initiator';
import { gssSpnegoClient, gssSpnegoServer, rawServer } from './gss-spnego.ts';
import type { GssContext } from './gss-context.ts';
import { gssapiClient, gssapiServer } from './gssapi.ts';
import type {
  Protection,
  SaslClientMechanism,
  SaslOutcome,
  SaslServerContext,
  SaslServerFactory,
} from './mechanism.ts';

/** What the connection below a bind is. */
export interface Connection {
  readonly tls: boolean;
  /** tls-server-end-point of the server's certificate (RFC 5929 §4), with TLS. */
  readonly channelBinding: Uint8Array | undefined;
}

/** What the initiator of a bind is asked to be. */
export interface InitiatorWish {
  /** GssFlag bits. */
  readonly flags: number;
  readonly channelBindings: ChannelBindings | undefined;
}

/** How to bind by Kerberos. */
export interface KerberosBindOptions {
  /** Makes the Kerberos side, `krb5Initiator` with a ticket for `ldap/host`. */
  readonly start: (wish: InitiatorWish) => Negotiation;
  /** `GSS-SPNEGO`, what Windows' own clients use, where absent. */
  readonly mechanism?: 'GSSAPI' | 'GSS-SPNEGO';
  /** Confidentiality in clear text and none inside TLS where absent (MS-ADTS 5.1.1.1.2). */
  readonly layer?: Protection;
  /** The identity to act as (RFC 4513 §5.2.1.8); GSSAPI alone can say it. */
  readonly authorizationId?: string;
}

/** The client's mechanism for a bind by Kerberos on a connection. */
export function kerberosMechanism(
  { tls, channelBinding }: Connection,
  options: KerberosBindOptions,
): SaslClientMechanism {
  const { start, mechanism, authorizationId = '' } = options;
  const channelBindings = channelBinding && { applicationData: channelBinding };
  const layer = options.layer ?? (tls ? 'none' : 'confidentiality');
  const wish = { flags: flagsOf(layer), channelBindings };
  if (mechanism === 'GSSAPI') {
    return gssapiClient(saslContext(start(wish)), { layers: [layer], authorizationId });
  }
  return gssSpnegoClient(saslContext(spnegoInitiator(() => start(wish))));
}

/** Makes the acceptor's side of a mechanism for a connection. */
export type Accept<C extends SecurityContext> = (server: SaslServerContext) => Negotiation<C>;

/**
 * GSSAPI and GSS-SPNEGO for a server; `accept` makes the Kerberos side, `krb5Acceptor`. `ntlm`,
 * where it is allowed, makes another one for GSS-SPNEGO (MS-ADTS 5.1.1.1.2).
 */
export function kerberosServerMechanisms(
  accept: Accept<AcceptedContext>,
  ntlm?: Accept<SecurityContext>,
): readonly SaslServerFactory[] {
  return [
    gssapiServer((server) => accepting(accept(server))),
    gssSpnegoServer((server) => {
      const other = ntlm === undefined ? {} : { ntlm: () => ntlm(server) };
      return accepting(spnegoAcceptor<SecurityContext>(() => accept(server), other));
    }),
  ];
}

/** A mechanism without SPNEGO around it: NTLM in a Sicily bind (MS-ADTS 5.1.1.1.3). */
export function rawServerMechanism(
  name: string,
  accept: Accept<SecurityContext>,
): SaslServerFactory {
  return rawServer(name, (server) => accepting(accept(server)));
}

/** The Kerberos context behind an outcome of those mechanisms: ticket, PAC, delegated TGT. */
export function acceptedContext(outcome: SaslOutcome): AcceptedContext | undefined {
  const context = establishedContext(outcome);
  return context instanceof AcceptedContext ? context : undefined;
}

/** The context behind an outcome of those mechanisms, Kerberos' or not. */
export function establishedContext({ context }: SaslOutcome): SecurityContext | undefined {
  return context !== undefined && isAccepting(context) ? context.negotiation.context : undefined;
}

interface Accepting extends GssContext {
  readonly negotiation: Negotiation<SecurityContext>;
}

function accepting(negotiation: Negotiation<SecurityContext>): Accepting {
  return Object.assign(saslContext(negotiation), { negotiation });
}

function isAccepting(context: GssContext): context is Accepting {
  return 'negotiation' in context;
}

/**
 * The flags of a context for a layer: GSS-SPNEGO reads the layer from them, and Active Directory
 * refuses a context that asks for INTEG or CONF inside TLS (MS-ADTS 5.1.1.1.2).
 */
function flagsOf(layer: Protection): number {
  if (layer === 'confidentiality') return DEFAULT_FLAGS;
  if (layer === 'integrity') return DEFAULT_FLAGS & ~GssFlag.CONF;
  return DEFAULT_FLAGS & ~(GssFlag.CONF | GssFlag.INTEG);
}
