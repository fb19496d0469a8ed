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
 * AuthenticationChoice (RFC 4511 §4.2), with Microsoft's Sicily (MS-ADTS 5.1.1.1.3). `unknown`
 * keeps other choices, so that they can be refused by their own code.
 */
export const AuthenticationType = choice({
  simple: implicit(0, octets),
  sasl: implicit(3, sequence({ mechanism: ldapString, credentials: optional(octets) }, EXTENSIBLE)),
  sicilyDiscovery: implicit(9, octets),
  sicilyNegotiate: implicit(10, octets),
  sicilyResponse: implicit(11, octets),
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

/** SicilyBindResponse: octets of the server stand where others have a DN (MS-ADTS 5.1.1.1.3). */
export const SicilyBindResponseType = implicitApplication(
  1,
  sequence({
    resultCode: resultParts.resultCode,
    serverCreds: octets,
    errorMessage: resultParts.message,
  }),
);
