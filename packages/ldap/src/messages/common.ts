import {
  type Infer,
  type Tagged,
  defaulted,
  implicit,
  mapped,
  optional,
  sequence,
  sequenceOf,
  setOf,
} from '@doublehop/wire/der';
import { boolean, enumerated, octets, utf8Octets } from '@doublehop/wire/der-primitives';
import { WireError } from '@doublehop/wire/errors';
import { MAX_ATTRIBUTES, MAX_CONTROLS, MAX_REFERRALS, MAX_VALUES } from '../limits.ts';
import { type TextOrOctets, textOrOctets } from './values.ts';

/** maxInt of RFC 4511 §4.1.1.1. */
export const MAX_INT = 2_147_483_647;

/** EXTENSIBILITY IMPLIED (RFC 4511 appendix B): unknown trailing parts are skipped. */
export const EXTENSIBLE = { extensible: true } as const;

/** LDAPString, LDAPDN, LDAPOID: octets that hold UTF-8 (RFC 4511 §4.1.2, §4.1.3). */
export const ldapString: Tagged<string> = utf8Octets;

/** Control (RFC 4511 §4.1.11). */
export const ControlType = sequence(
  { type: ldapString, critical: defaulted(boolean, false), value: optional(octets) },
  EXTENSIBLE,
);

/** A control: its OID, whether the operation must fail where it is not understood, its value. */
export interface Control {
  readonly type: string;
  readonly critical?: boolean | undefined;
  readonly value?: Uint8Array | undefined;
}

/** controls [0] Controls OPTIONAL (RFC 4511 §4.1.1). */
export const ControlsType = implicit(0, sequenceOf(ControlType, MAX_CONTROLS));

/** Attribute and PartialAttribute (RFC 4511 §4.1.7): a description and its set of values. */
export const AttributeType = sequence(
  { type: ldapString, values: setOf(octets, MAX_VALUES) },
  EXTENSIBLE,
);

/** An attribute as it came from the wire. */
export type Attribute = Infer<typeof AttributeType>;

/** AttributeList and PartialAttributeList (RFC 4511 §4.5.2, §4.7). */
export const AttributeList = sequenceOf(AttributeType, MAX_ATTRIBUTES);

/** An attribute to be sent. */
export interface OutgoingAttribute {
  readonly type: string;
  readonly values: readonly TextOrOctets[];
}

/** PartialAttributeList of values to be sent. */
export const OutgoingAttributeList: Tagged<readonly OutgoingAttribute[]> = sequenceOf(
  sequence({ type: ldapString, values: setOf(textOrOctets, MAX_VALUES) }, EXTENSIBLE),
  MAX_ATTRIBUTES,
);

/** The parts of LDAPResult, for COMPONENTS OF LDAPResult (RFC 4511 §4.1.9). */
export const resultParts = {
  resultCode: enumerated(0, MAX_INT),
  matchedDn: ldapString,
  message: ldapString,
  referrals: optional(implicit(3, sequenceOf(ldapString, MAX_REFERRALS))),
};

/** LDAPResult as it stands on the wire. */
export const ResultType = sequence(resultParts, EXTENSIBLE);

/** LDAPResult: the number of its code and its texts. */
export type ResultValue = Infer<typeof ResultType>;

/** An ENUMERATED as one of its names, in the order of their numbers from 0. */
export function names<const N extends readonly string[]>(list: N): Tagged<N[number]> {
  return mapped<number, N[number]>(
    enumerated(0, list.length - 1),
    (value) => {
      const name = list[value];
      if (name === undefined) throw new WireError('value', `no name for ${value}`);
      return name;
    },
    (name) => list.indexOf(name),
  );
}
