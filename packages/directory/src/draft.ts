import type { Rdn } from './dn.ts';
import type { EntryHead, StoredAttributes, StoredEntry, StoredValue } from './record.ts';
import type { AttributeType, ClassType } from './schema/schema.ts';

/** An entry while it is being made or changed. */
export interface Draft extends EntryHead {
  readonly id: number;
  parentId: number;
  flags: number;
  rdn: Rdn;
  /** The most specific class. */
  type: ClassType;
  readonly attributes: StoredAttributes;
  /** As it was before. */
  readonly stored?: StoredEntry;
}

/** The first value of an attribute when it is text. */
export function textOf(draft: Draft, type: AttributeType): string | undefined {
  const [value] = draft.attributes.get(type.code) ?? [];
  return typeof value === 'string' ? value : undefined;
}

/** The first value of an attribute as a number. */
export function numberOf(draft: Draft, type: AttributeType): number | undefined {
  const text = textOf(draft, type);
  return text === undefined ? undefined : Number(text);
}

/** Sets an attribute to one value. */
export function setValue(draft: Draft, type: AttributeType, value: StoredValue | number): void {
  draft.attributes.set(type.code, [value]);
}

/** Sets an attribute to a number, which is text in LDAP. */
export function setNumber(draft: Draft, type: AttributeType, value: number): void {
  draft.attributes.set(type.code, [String(value)]);
}
