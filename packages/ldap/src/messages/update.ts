import {
  type Infer,
  implicit,
  implicitApplication,
  optional,
  sequence,
  sequenceOf,
} from '@doublehop/wire/der';
import { boolean, octets } from '@doublehop/wire/der-primitives';
import { MAX_CHANGES } from '../limits.ts';
import {
  AttributeList,
  AttributeType,
  EXTENSIBLE,
  ResultType,
  ldapString,
  names,
} from './common.ts';

/** operation of a change: add, delete, replace (RFC 4511 §4.6). */
export const ChangeKindType = names(['add', 'delete', 'replace']);
export type ChangeKind = Infer<typeof ChangeKindType>;

/** One change of a modify request. */
export const ChangeType = sequence(
  { operation: ChangeKindType, modification: AttributeType },
  EXTENSIBLE,
);
export type Change = Infer<typeof ChangeType>;

/** ModifyRequest ::= [APPLICATION 6] SEQUENCE (RFC 4511 §4.6). */
export const ModifyRequestType = implicitApplication(
  6,
  sequence({ object: ldapString, changes: sequenceOf(ChangeType, MAX_CHANGES) }, EXTENSIBLE),
);
export type ModifyRequest = Infer<typeof ModifyRequestType>;

/** ModifyResponse (RFC 4511 §4.6). */
export const ModifyResponseType = implicitApplication(7, ResultType);

/** AddRequest ::= [APPLICATION 8] SEQUENCE (RFC 4511 §4.7). */
export const AddRequestType = implicitApplication(
  8,
  sequence({ entry: ldapString, attributes: AttributeList }, EXTENSIBLE),
);
export type AddRequest = Infer<typeof AddRequestType>;

/** AddResponse (RFC 4511 §4.7). */
export const AddResponseType = implicitApplication(9, ResultType);

/** DelRequest ::= [APPLICATION 10] LDAPDN (RFC 4511 §4.8). */
export const DelRequestType = implicitApplication(10, ldapString);

/** DelResponse (RFC 4511 §4.8). */
export const DelResponseType = implicitApplication(11, ResultType);

/** ModifyDNRequest ::= [APPLICATION 12] SEQUENCE (RFC 4511 §4.9). */
export const ModifyDnRequestType = implicitApplication(
  12,
  sequence(
    {
      entry: ldapString,
      newRdn: ldapString,
      deleteOldRdn: boolean,
      newSuperior: optional(implicit(0, ldapString)),
    },
    EXTENSIBLE,
  ),
);
export type ModifyDnRequest = Infer<typeof ModifyDnRequestType>;

/** ModifyDNResponse (RFC 4511 §4.9). */
export const ModifyDnResponseType = implicitApplication(13, ResultType);

/** CompareRequest ::= [APPLICATION 14] SEQUENCE (RFC 4511 §4.10). */
export const CompareRequestType = implicitApplication(
  14,
  sequence(
    {
      entry: ldapString,
      assertion: sequence({ attribute: ldapString, value: octets }, EXTENSIBLE),
    },
    EXTENSIBLE,
  ),
);
export type CompareRequest = Infer<typeof CompareRequestType>;

/** CompareResponse (RFC 4511 §4.10). */
export const CompareResponseType = implicitApplication(15, ResultType);
