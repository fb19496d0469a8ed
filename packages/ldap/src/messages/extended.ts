import { type Infer, implicit, implicitApplication, optional, sequence } from '@doublehop/wire/der';
import { integer, nothing, octets } from '@doublehop/wire/der-primitives';
import { EXTENSIBLE, MAX_INT, ldapString, resultParts } from './common.ts';

/** ExtendedRequest ::= [APPLICATION 23] SEQUENCE (RFC 4511 §4.12). */
export const ExtendedRequestType = implicitApplication(
  23,
  sequence({ name: implicit(0, ldapString), value: optional(implicit(1, octets)) }, EXTENSIBLE),
);
export type ExtendedRequest = Infer<typeof ExtendedRequestType>;

/** ExtendedResponse ::= [APPLICATION 24] SEQUENCE (RFC 4511 §4.12). */
export const ExtendedResponseType = implicitApplication(
  24,
  sequence(
    {
      ...resultParts,
      name: optional(implicit(10, ldapString)),
      value: optional(implicit(11, octets)),
    },
    EXTENSIBLE,
  ),
);
export type ExtendedResponse = Infer<typeof ExtendedResponseType>;

/** IntermediateResponse ::= [APPLICATION 25] SEQUENCE (RFC 4511 §4.13). */
export const IntermediateResponseType = implicitApplication(
  25,
  sequence(
    { name: optional(implicit(0, ldapString)), value: optional(implicit(1, octets)) },
    EXTENSIBLE,
  ),
);

/** AbandonRequest ::= [APPLICATION 16] MessageID (RFC 4511 §4.11). */
export const AbandonRequestType = implicitApplication(16, integer(0, MAX_INT));

/** UnbindRequest ::= [APPLICATION 2] NULL (RFC 4511 §4.3). */
export const UnbindRequestType = implicitApplication(2, nothing);
