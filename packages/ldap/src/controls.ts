import {
  type Type,
  choice,
  decodeBer,
  encodeDer,
  implicit,
  defaulted,
  optional,
  sequence,
  sequenceOf,
} from '@doublehop/wire/der';
import { boolean, enumerated, integer, octets, utf8Octets } from '@doublehop/wire/der-primitives';
import { LdapError } from './errors.ts';
import { MAX_SORT_KEYS } from './limits.ts';
import { type Control, EXTENSIBLE, MAX_INT } from './messages/common.ts';
import { CONTROLS } from './oids.ts';
import { WireError } from '@doublehop/wire/errors';

/** Whether the control stands among those of a message. */
export function hasControl(controls: readonly Control[], oid: string): boolean {
  return controls.some(({ type }) => type === oid);
}

/**
 * A control by its OID, with its value decoded; undefined where it is absent. Throws LdapError
 * `protocolError` for a value that does not decode, or stands twice (RFC 4511 §4.1.11).
 */
export function findControl<T>(
  controls: readonly Control[],
  codec: ControlCodec<T>,
): T | undefined {
  const found = controls.filter(({ type }) => type === codec.oid);
  const [control] = found;
  if (control === undefined) return undefined;
  if (found.length > 1) throw new LdapError('protocolError', `control ${codec.oid} stands twice`);
  return codec.decode(control.value);
}

/** A control with a value: its OID and both ways of its value. */
export interface ControlCodec<T> {
  readonly oid: string;
  /** The control, critical where asked for. */
  encode(value: T, critical?: boolean): Control;
  /** Throws LdapError `protocolError`. */
  decode(value: Uint8Array | undefined): T;
}

/** A control without value, critical by default: it changes what is asked. */
export function plainControl(oid: string, critical = true): Control {
  return { type: oid, critical };
}

/** Simple paged results (RFC 2696 §2): page size, or estimate of all; place in the result set. */
export interface PagedResults {
  readonly size: number;
  /** Empty in the first request and in the last response. */
  readonly cookie: Uint8Array;
}

/** pagedResultsControl (RFC 2696 §2). */
export const pagedResults: ControlCodec<PagedResults> = codecOf(
  CONTROLS.pagedResults,
  sequence({ size: integer(0, MAX_INT), cookie: octets }, EXTENSIBLE),
);

/**
 * LDAP_SERVER_SD_FLAGS (MS-ADTS 3.1.1.3.4.1.11): which parts of a descriptor are meant: OWNER 1,
 * GROUP 2, DACL 4, SACL 8.
 */
export const sdFlags: ControlCodec<{ readonly flags: number }> = codecOf(
  CONTROLS.sdFlags,
  sequence({ flags: integer(-MAX_INT - 1, MAX_INT) }, EXTENSIBLE),
);

/** One key of a sort (RFC 2891 §1.1). */
export interface SortKey {
  readonly attribute: string;
  readonly orderingRule?: string | undefined;
  readonly reverse?: boolean | undefined;
}

/** Server-side sort request (RFC 2891 §1.1), the most significant key first. */
export const sortRequest: ControlCodec<readonly SortKey[]> = codecOf(
  CONTROLS.sortRequest,
  sequenceOf(
    sequence(
      {
        attribute: utf8Octets,
        orderingRule: optional(implicit(0, utf8Octets)),
        reverse: defaulted(implicit(1, boolean), false),
      },
      EXTENSIBLE,
    ),
    MAX_SORT_KEYS,
  ),
);

/** Outcome of a sort (RFC 2891 §1.2). */
export interface SortResponse {
  readonly resultCode: number;
  readonly attribute?: string | undefined;
}

/** Server-side sort response (RFC 2891 §1.2). */
export const sortResponse: ControlCodec<SortResponse> = codecOf(
  CONTROLS.sortResponse,
  sequence(
    { resultCode: enumerated(0, MAX_INT), attribute: optional(implicit(0, utf8Octets)) },
    EXTENSIBLE,
  ),
);

/** LDAP_SERVER_SEARCH_OPTIONS (MS-ADTS 3.1.1.3.4.1.12): DOMAIN_SCOPE 1, PHANTOM_ROOT 2. */
export const searchOptions: ControlCodec<{ readonly flags: number }> = codecOf(
  CONTROLS.searchOptions,
  sequence({ flags: integer(-MAX_INT - 1, MAX_INT) }, EXTENSIBLE),
);

const ExtendedDnValue = sequence({ option: integer(0, 1) }, EXTENSIBLE);

/**
 * LDAP_SERVER_EXTENDED_DN (MS-ADTS 3.1.1.3.4.1.5): `<GUID=…>;<SID=…>;DN`, hexadecimal (option 0,
 * also without a value) or as texts (option 1).
 */
export const extendedDn: ControlCodec<{ readonly option: number }> = {
  ...codecOf(CONTROLS.extendedDn, ExtendedDnValue),
  decode: (value) =>
    value === undefined || value.length === 0
      ? { option: 0 }
      : decodeValue(CONTROLS.extendedDn, ExtendedDnValue, value),
};

/** A control that the rootDSE may list, and whether it takes a value. */
export interface KnownControl {
  readonly oid: string;
  readonly name: keyof typeof CONTROLS;
}

/** Which part of a sorted list is wanted: by its place, or by the first value not below one. */
export type ListTarget =
  | {
      readonly kind: 'byOffset';
      /** `offset` of `contentCount` parts of the list, the first being 1. */
      readonly value: { readonly offset: number; readonly contentCount: number };
    }
  | { readonly kind: 'greaterThanOrEqual'; readonly value: Uint8Array };

/** A virtual list view (draft-ietf-ldapext-ldapv3-vlv-09 §4). */
export interface ListViewRequest {
  readonly beforeCount: number;
  readonly afterCount: number;
  readonly target: ListTarget;
  /** The list, as an earlier response named it. */
  readonly contextId?: Uint8Array | undefined;
}

/** LDAP_CONTROL_VLVREQUEST (MS-ADTS 3.1.1.3.4.1.17). */
export const listViewRequest: ControlCodec<ListViewRequest> = codecOf(
  CONTROLS.virtualListView,
  sequence(
    {
      beforeCount: integer(0, MAX_INT),
      afterCount: integer(0, MAX_INT),
      target: choice({
        byOffset: implicit(
          0,
          sequence({ offset: integer(0, MAX_INT), contentCount: integer(0, MAX_INT) }, EXTENSIBLE),
        ),
        greaterThanOrEqual: implicit(1, octets),
      }),
      contextId: optional(octets),
    },
    EXTENSIBLE,
  ),
);

/** What part of a list was returned (draft-ietf-ldapext-ldapv3-vlv-09 §5). */
export interface ListViewResponse {
  readonly targetPosition: number;
  readonly contentCount: number;
  readonly resultCode: number;
  readonly contextId?: Uint8Array | undefined;
}

/** LDAP_CONTROL_VLVRESPONSE (MS-ADTS 3.1.1.3.4.1.17). */
export const listViewResponse: ControlCodec<ListViewResponse> = codecOf(
  CONTROLS.virtualListViewResponse,
  sequence(
    {
      targetPosition: integer(0, MAX_INT),
      contentCount: integer(0, MAX_INT),
      resultCode: enumerated(0, MAX_INT),
      contextId: optional(octets),
    },
    EXTENSIBLE,
  ),
);

/** LDAP_SERVER_ASQ_OID in a request (MS-ADTS 3.1.1.3.4.1.18): search what an attribute names. */
export const scopedQuery: ControlCodec<{ readonly attribute: string }> = codecOf(
  CONTROLS.attributeScopedQuery,
  sequence({ attribute: utf8Octets }, EXTENSIBLE),
);

/** The same in a response: whether everything was searched. */
export const scopedQueryResponse: ControlCodec<{ readonly resultCode: number }> = codecOf(
  CONTROLS.attributeScopedQuery,
  sequence({ resultCode: enumerated(0, MAX_INT) }, EXTENSIBLE),
);

/** LDAP_SERVER_DIRSYNC_OID in a request (MS-ADTS 3.1.1.3.4.1.3): what changed since a cookie. */
export interface DirSyncRequest {
  /** Bits of `DirSyncFlag`; clients send the highest as a negative number too. */
  readonly flags: number;
  /** The most octets of an answer, roughly; 0 and less: the server's own limit. */
  readonly maxBytes: number;
  /** Empty in the first request. */
  readonly cookie: Uint8Array;
}

/** Flags of a DirSync request (MS-ADTS 3.1.1.3.4.1.3). */
export const DirSyncFlag = {
  objectSecurity: 1,
  ancestorsFirst: 0x800,
  publicDataOnly: 0x2000,
  incrementalValues: 0x8000_0000,
} as const;

/** DirSyncRequestValue (MS-ADTS 3.1.1.3.4.1.3). */
export const dirSyncRequest: ControlCodec<DirSyncRequest> = codecOf(
  CONTROLS.dirSync,
  sequence(
    {
      flags: integer(-MAX_INT - 1, 2 * MAX_INT + 1),
      maxBytes: integer(-MAX_INT - 1, MAX_INT),
      cookie: octets,
    },
    EXTENSIBLE,
  ),
);

/** The same in a response: whether there is more, and where the next request goes on. */
export interface DirSyncResponse {
  readonly moreResults: number;
  readonly unused: number;
  readonly cookie: Uint8Array;
}

/** DirSyncResponseValue (MS-ADTS 3.1.1.3.4.1.3). */
export const dirSyncResponse: ControlCodec<DirSyncResponse> = codecOf(
  CONTROLS.dirSync,
  sequence(
    { moreResults: integer(0, MAX_INT), unused: integer(0, MAX_INT), cookie: octets },
    EXTENSIBLE,
  ),
);

/** Every control that this package knows by name. */
export const KNOWN_CONTROLS: ReadonlyMap<string, KnownControl> = new Map(
  Object.entries(CONTROLS).map(([name, oid]) => [
    oid,
    // Sound: the entries of the table have its keys.
    { oid, name: name as keyof typeof CONTROLS },
  ]),
);

function codecOf<T>(oid: string, type: Type<T>): ControlCodec<T> {
  return {
    oid,
    encode: (value, critical = false) => ({ type: oid, critical, value: encodeDer(type, value) }),
    decode: (value) => decodeValue(oid, type, value),
  };
}

function decodeValue<T>(oid: string, type: Type<T>, value: Uint8Array | undefined): T {
  if (value === undefined) throw new LdapError('protocolError', `control ${oid} needs a value`);
  try {
    return decodeBer(type, value);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new LdapError('protocolError', `control ${oid} has a malformed value`, { cause: error });
  }
}
