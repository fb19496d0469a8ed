import {
  anyValue,
  choice,
  decodeBer,
  encodeDer,
  explicit,
  field,
  type Infer,
  optionalField,
  sequence,
  sequenceOf,
  type Spanned,
  spanned,
} from '@doublehop/wire/der';
import { enumerated, objectIdentifier, octets } from '@doublehop/wire/der-primitives';
import { frame, isFramed, unframe } from '../gss/framing.ts';
import { gssError, reading } from '../gss/gss-error.ts';
import { Mechanism } from '../gss/oids.ts';
import { MAX_CONTEXT_TOKEN, MAX_MECHANISMS } from '../limits.ts';

/** negState (RFC 4178 §4.2.2). */
export const NegState = {
  ACCEPT_COMPLETED: 0,
  ACCEPT_INCOMPLETE: 1,
  REJECT: 2,
  REQUEST_MIC: 3,
} as const;

/** MechTypeList (RFC 4178 §4.1), with the octets that mechListMIC covers. */
export const MechTypeList = sequenceOf(objectIdentifier, MAX_MECHANISMS);

/** An initiator's first token (RFC 4178 §4.2.1; MS-SPNG 2.2.1 for NegTokenInit2). */
export interface NegTokenInit {
  /** What is offered, the preferred first. */
  readonly mechTypes: Spanned<readonly string[]>;
  /** The first token of the preferred mechanism. */
  readonly mechToken?: Uint8Array | undefined;
  readonly mechListMic?: Uint8Array | undefined;
}

/** NegTokenResp (RFC 4178 §4.2.2). */
export const NegTokenResp = sequence(
  {
    negState: optionalField(0, enumerated(0, 3)),
    supportedMech: optionalField(1, objectIdentifier),
    responseToken: optionalField(2, octets),
    mechListMic: optionalField(3, octets),
  },
  { extensible: true },
);
export type NegTokenResp = Infer<typeof NegTokenResp>;

/** Any token of SPNEGO. */
export type NegotiationToken =
  | { readonly kind: 'init'; readonly value: NegTokenInit }
  | { readonly kind: 'resp'; readonly value: NegTokenResp };

/** The framed token of a NegTokenInit. */
export function encodeInit({ mechTypes, mechToken, mechListMic }: NegTokenInit): Uint8Array {
  const micField = mechListMic && encodeDer(octets, mechListMic);
  const value = { mechTypes, mechToken, third: micField };
  return frame(Mechanism.SPNEGO, encodeDer(Token, { kind: 'init', value }));
}

/** The token of a NegTokenResp; only the first token of an exchange is framed. */
export function encodeResp(value: NegTokenResp): Uint8Array {
  return encodeDer(Token, { kind: 'resp', value });
}

/**
 * Reads a token of SPNEGO, in definite-length BER: not every peer writes DER.
 * Throws KerberosError `gss`.
 */
export function decodeNegotiationToken(token: Uint8Array): NegotiationToken {
  if (token.length > MAX_CONTEXT_TOKEN) {
    throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the token is too large');
  }
  const inner = isFramed(token) ? unframeSpnego(token) : token;
  return reading('the token of SPNEGO', () => {
    const decoded = decodeBer(Token, inner);
    return decoded.kind === 'init' ? { kind: 'init', value: readInit(decoded.value) } : decoded;
  });
}

/**
 * Field [3] is the mechListMIC of a NegTokenInit, or the negHints of a NegTokenInit2, which has its
 * mechListMIC in [4] (MS-SPNG 2.2.1). Flags (RFC 4178 §4.2.1 says to ignore them) are skipped.
 */
const NegTokenInitFields = sequence(
  {
    mechTypes: field(0, spanned(MechTypeList)),
    reqFlags: optionalField(1, anyValue),
    mechToken: optionalField(2, octets),
    third: optionalField(3, anyValue),
    mechListMic: optionalField(4, octets),
  },
  { extensible: true },
);

const Token = choice({ init: explicit(0, NegTokenInitFields), resp: explicit(1, NegTokenResp) });

const OCTET_STRING_TAG = 0x04;

function readInit(fields: Infer<typeof NegTokenInitFields>): NegTokenInit {
  const { mechTypes, mechToken, third, mechListMic } = fields;
  const hasMic = third?.[0] === OCTET_STRING_TAG;
  return {
    mechTypes,
    mechToken,
    mechListMic: hasMic ? decodeBer(octets, third) : mechListMic,
  };
}

function unframeSpnego(token: Uint8Array): Uint8Array {
  const { mechanism, inner } = unframe(token);
  if (mechanism !== Mechanism.SPNEGO) {
    throw gssError('GSS_S_BAD_MECH', `the token is of the mechanism ${mechanism}, not SPNEGO`);
  }
  return inner;
}
