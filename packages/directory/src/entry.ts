import type { Guid } from '@doublehop/security/guid';
import type { Sid } from '@doublehop/security/sid';
import type { AttributeType } from './schema/schema.ts';

/**
 * One value of an attribute in LDAP's form: text for the string, DN, OID, boolean, integer and
 * time syntaxes, bytes for octet strings, SIDs, descriptors and GUIDs.
 */
export type Value = string | Uint8Array;

/** Attributes as a caller gives them: names of any case; one value or several. */
export type AttributeInput = Readonly<{ [name: string]: Value | readonly Value[] }>;

/** One entry as read at one moment. Values are decoded when asked for. */
export interface Entry {
  /** The directory's own number for the entry (AD's DNT); never used again. */
  readonly id: number;
  readonly parentId: number;
  readonly guid: Guid;
  readonly dn: string;
  readonly sid: Sid | undefined;
  /**
   * The number of its security descriptor, 0 = none: equal descriptors have equal numbers, and a
   * number never means another descriptor, so decisions may be kept by it.
   */
  readonly descriptorId: number;
  /** Whether it is the head of a naming context (MS-ADTS 3.1.1.1.5). */
  readonly isContextHead: boolean;
  /** The most specific class, by lDAPDisplayName. */
  readonly structuralClass: string;
  /** Values by attribute name of any case, constructed ones included; empty when there are none. */
  values(attribute: string): readonly Value[];
  /** The same for an attribute that was looked up before: searches read many entries alike. */
  valuesOf(type: AttributeType): readonly Value[];
  /**
   * A stretch of an attribute's values: of a group's members no others are turned into names.
   * `count` is one at the least.
   */
  stretchOf(type: AttributeType, from: number, count: number): ValueStretch;
  /** The first value if it is text. */
  text(attribute: string): string | undefined;
  /** The first value if it is bytes. */
  bytes(attribute: string): Uint8Array | undefined;
  /** lDAPDisplayNames of what `*` returns: every attribute with a value but constructed ones. */
  attributeNames(): readonly string[];
}

/** Some of the values of an attribute. */
export interface ValueStretch {
  readonly values: readonly Value[];
  /** Whether others follow. */
  readonly isMore: boolean;
  /** Whether the attribute has no value at all. */
  readonly isEmpty: boolean;
}

/** One change of a modify (RFC 4511 §4.6); `replace` without values deletes the attribute. */
export interface Modification {
  readonly operation: 'add' | 'delete' | 'replace';
  readonly attribute: string;
  readonly values: readonly Value[];
}

/** A rename or move (RFC 4511 §4.9). */
export interface Renaming {
  /** New relative name, `CN=New Name`. */
  readonly newRdn: string;
  /** AD keeps no old RDN value; `false` is refused (MS-ADTS 3.1.1.5.4.1). */
  readonly deleteOldRdn?: boolean;
  /** DN of the new parent; absent = stays. */
  readonly newSuperior?: string;
}

/** How an entry is looked for. */
export interface FindOptions {
  /** Tombstones and their containers are found too (MS-ADTS 3.1.1.3.4.1.14). */
  readonly deleted?: boolean | undefined;
}

/** Names an entry: its DN, or a part of it that is unique by itself. */
export type EntryName =
  | { readonly dn: string }
  | { readonly id: number }
  | { readonly guid: Guid }
  | { readonly sid: Sid };
