import { KerberosError } from '@doublehop/kerberos/errors';
import { findKrbError, kerberosErrorOf } from '@doublehop/kerberos/client/krb-error';
import { ApRep, ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import { AuthorizationData, MethodData } from '@doublehop/kerberos/messages/common';
import { AnyEncRepPart, AsRep, KdcRequest, TgsRep } from '@doublehop/kerberos/messages/kdc';
import {
  KrbFastArmoredReq,
  KrbFastReq,
  KrbFastResponse,
  PaFxFastReply,
  PaFxFastRequest,
} from '@doublehop/kerberos/messages/fast';
import { EncKrbCredPart, KrbCred } from '@doublehop/kerberos/messages/krb-cred';
import { KerbErrorData, KrbError } from '@doublehop/kerberos/messages/krb-error';
import {
  EtypeInfo,
  EtypeInfo2,
  PaForUser,
  PaPacOptions,
  PaS4uX509User,
} from '@doublehop/kerberos/messages/padata';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { decodeNegotiationToken } from '@doublehop/kerberos/spnego/messages';
import { equal, fromHex } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer, type Type } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import type { FuzzTarget } from '../targets.ts';
import { recordStory } from './story.ts';

const TYPES: Readonly<Record<string, Type<unknown>>> = {
  'kdc-request': KdcRequest,
  'as-rep': AsRep,
  'tgs-rep': TgsRep,
  'enc-rep-part': AnyEncRepPart,
  ticket: Ticket,
  'enc-ticket-part': EncTicketPart,
  'ap-req': ApReq,
  'ap-rep': ApRep,
  authenticator: Authenticator,
  'krb-error': KrbError,
  'kerb-error-data': KerbErrorData,
  'krb-cred': KrbCred,
  'enc-krb-cred-part': EncKrbCredPart,
  'authorization-data': AuthorizationData,
  'method-data': MethodData,
  'etype-info': EtypeInfo,
  'etype-info2': EtypeInfo2,
  'pa-for-user': PaForUser,
  'pa-s4u-x509-user': PaS4uX509User,
  'pa-pac-options': PaPacOptions,
  'pa-fx-fast-request': PaFxFastRequest,
  'krb-fast-armored-req': KrbFastArmoredReq,
  'krb-fast-req': KrbFastReq,
  'pa-fx-fast-reply': PaFxFastReply,
  'krb-fast-response': KrbFastResponse,
};

/** Kerberos messages: what is taken encodes again, and decodes to the same. */
export async function messageTargets(): Promise<readonly FuzzTarget[]> {
  const { requests, replies, tickets } = await recordStory();
  const seeds = [...requests, ...replies, ...tickets];
  return [
    ...Object.entries(TYPES).map(([name, type]) => ({
      name: `der-${name}`,
      seeds,
      run: (input: Uint8Array) => roundTrip(type, input),
      refuses: [WireError],
    })),
    {
      name: 'krb-error-text',
      seeds: replies,
      run(input) {
        const error = findKrbError(input);
        if (error !== undefined) kerberosErrorOf(error, { client: 'a', server: 'b', now: 0 });
      },
      refuses: [WireError, KerberosError],
    },
    {
      name: 'spnego-token',
      seeds: [fromHex(SPNEGO)],
      run: (input) => void decodeNegotiationToken(input),
      refuses: [WireError, KerberosError],
    },
  ];
}

/** NegTokenInit with the mechanisms of a Windows client and no token (RFC 4178 §4.2.1). */
const SPNEGO = '602806062b0601050502a01e301ca01a301806092a864882f71201020206092a864886f712010202';

function roundTrip(type: Type<unknown>, input: Uint8Array): void {
  const value = decodeDer(type, input);
  const again = encodeDer(type, value);
  if (!equal(encodeDer(type, decodeDer(type, again)), again)) throw new Error('not stable');
}
