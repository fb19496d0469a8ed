import { type Infer, implicitApplication, sequence, sequenceOf } from '@doublehop/wire/der';
import { boolean, integer } from '@doublehop/wire/der-primitives';
import { FilterType } from '../filter-codec.ts';
import { MAX_ATTRIBUTES, MAX_REFERRALS } from '../limits.ts';
import {
  AttributeList,
  EXTENSIBLE,
  MAX_INT,
  OutgoingAttributeList,
  ResultType,
  ldapString,
  names,
} from './common.ts';

/** scope: baseObject, singleLevel, wholeSubtree (RFC 4511 §4.5.1.2). */
export const ScopeType = names(['base', 'one', 'subtree']);
export type Scope = Infer<typeof ScopeType>;

/** derefAliases (RFC 4511 §4.5.1.3). */
export const DerefAliasesType = names(['never', 'searching', 'finding', 'always']);
export type DerefAliases = Infer<typeof DerefAliasesType>;

/** SearchRequest ::= [APPLICATION 3] SEQUENCE (RFC 4511 §4.5.1). Limits of 0 are none. */
export const SearchRequestType = implicitApplication(
  3,
  sequence(
    {
      baseObject: ldapString,
      scope: ScopeType,
      derefAliases: DerefAliasesType,
      sizeLimit: integer(0, MAX_INT),
      timeLimit: integer(0, MAX_INT),
      typesOnly: boolean,
      filter: FilterType,
      attributes: sequenceOf(ldapString, MAX_ATTRIBUTES),
    },
    EXTENSIBLE,
  ),
);
/** A search as it is asked; `sizeLimit` in entries, `timeLimit` in seconds. */
export type SearchRequest = Infer<typeof SearchRequestType>;

/** SearchResultEntry ::= [APPLICATION 4] SEQUENCE (RFC 4511 §4.5.2). */
export const SearchResultEntryType = implicitApplication(
  4,
  sequence({ objectName: ldapString, attributes: AttributeList }, EXTENSIBLE),
);

/** SearchResultEntry with values to be sent. */
export const OutgoingEntryType = implicitApplication(
  4,
  sequence({ objectName: ldapString, attributes: OutgoingAttributeList }, EXTENSIBLE),
);

/** SearchResultReference ::= [APPLICATION 19] SEQUENCE SIZE (1..MAX) OF URI (RFC 4511 §4.5.3). */
export const SearchResultReferenceType = implicitApplication(
  19,
  sequenceOf(ldapString, MAX_REFERRALS),
);

/** SearchResultDone ::= [APPLICATION 5] LDAPResult (RFC 4511 §4.5.2). */
export const SearchResultDoneType = implicitApplication(5, ResultType);
