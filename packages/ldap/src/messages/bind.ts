import {
  type Infer,
  anyValue,
  choice,
  implicit,
  implicitApplication,
  optional,
  sequence,
} from '@doublehop/wire/der';
import { integer, octets } from '@doublehop/wire/der-primitives';
import { EXTENSIBLE, ldapString, resultParts } from './common.ts';

/**
 * AuthenticationChoice (RFC 4511 §4.2). `unknown` keeps choices that we do not have, Microsoft's
 * sicily [9] to [11] among them (MS-ADTS 5.1.1.1.3), so that they can be refused by their own code.
 */
export const AuthenticationType = choice({
  simple: implicit(0, octets),
  sasl: implicit(3, sequence({ mechanism: ldapString, credentials: optional(octets) }, EXTENSIBLE)),
  unknown: anyValue,
});

/** BindRequest ::= [APPLICATION 0] SEQUENCE (RFC 4511 §4.2). */
export const BindRequestType = implicitApplication(
  0,
  sequence(
    { version: integer(1, 127), name: ldapString, authentication: AuthenticationType },
    EXTENSIBLE,
  ),
);
export type BindRequest = Infer<typeof BindRequestType>;

/** BindResponse ::= [APPLICATION 1] SEQUENCE (RFC 4511 §4.2.2). */
export const BindResponseType = implicitApplication(
  1,
  sequence({ ...resultParts, saslCredentials: optional(implicit(7, octets)) }, EXTENSIBLE),
);
export type BindResponse = Infer<typeof BindResponseType>;
