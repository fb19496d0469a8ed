import { decodeGuid, type Guid } from '@doublehop/security/guid';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { construct } from './constructed.ts';
import type { Entry, Value } from './entry.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { forwardLinks, partsOfLinkKey } from './layout.ts';
import { EntryFlag, type StoredEntry, type StoredValue } from './record.ts';
import type { AttributeType } from './schema/schema.ts';
import type { Key, Range } from './store/store.ts';
import type { View } from './view.ts';

/** An entry over its stored form; attributes are decoded and links followed when asked for. */
export class EntryView implements Entry {
  readonly id: number;
  readonly stored: StoredEntry;
  readonly #view: View;
  readonly #known: KnownAttributes;
  #dn: string | undefined;

  constructor(view: View, known: KnownAttributes, stored: StoredEntry) {
    this.id = stored.id;
    this.stored = stored;
    this.#view = view;
    this.#known = known;
  }

  get parentId(): number {
    return this.stored.parentId;
  }

  get dn(): string {
    this.#dn ??= this.#view.dnOfEntry(this.stored) ?? '';
    return this.#dn;
  }

  get guid(): Guid {
    return decodeGuid(this.stored.bytes(this.#known.objectGuid.code) ?? new Uint8Array(16));
  }

  get sid(): Sid | undefined {
    const bytes = this.stored.bytes(this.#known.objectSid.code);
    return bytes === undefined ? undefined : decodeSid(bytes);
  }

  get descriptorId(): number {
    return this.stored.reference(this.#known.descriptor.code);
  }

  get structuralClass(): string {
    return String(this.stored.values(this.#known.objectClass.code).at(-1) ?? '');
  }

  values(attribute: string): readonly Value[] {
    const type = this.#view.schema.attribute(attribute);
    return type === undefined ? [] : this.valuesOf(type);
  }

  /** Values by the attribute's type. */
  valuesOf(type: AttributeType): readonly Value[] {
    if (type.secret) return [];
    if (type.name === 'distinguishedName') return [this.dn];
    if (type.constructed) {
      return construct(type.name, { view: this.#view, known: this.#known, entry: this.stored });
    }
    if (type === this.#known.descriptor) return this.#descriptor();
    if (type.forwardLink || type.backLink) return this.#names(this.linked(type));
    return this.#materialise(this.stored.values(type.code));
  }

  /** Entries at the far end of a link attribute. */
  linked(type: AttributeType): Iterable<number> {
    const link = type.linkId ?? 0;
    if (type.backLink) return this.#view.linksTo(this.stored, link - 1);
    return this.#view.linksFrom(this.stored, link);
  }

  text(attribute: string): string | undefined {
    const [value] = this.values(attribute);
    return typeof value === 'string' ? value : undefined;
  }

  bytes(attribute: string): Uint8Array | undefined {
    const [value] = this.values(attribute);
    return value instanceof Uint8Array ? value : undefined;
  }

  attributeNames(): readonly string[] {
    const names = ['distinguishedName'];
    for (const code of this.stored.codes()) {
      const type = this.#view.schema.attributeByCode(code);
      if (type !== undefined && !type.secret) names.push(type.name);
    }
    names.push(...this.#linkAttributes());
    return names;
  }

  /** Link attributes with a value; back links are not among what `*` returns but memberOf is. */
  #linkAttributes(): string[] {
    const names: string[] = [];
    const { reader, schema } = this.#view;
    const hasLinks = (this.stored.flags & EntryFlag.forwardLinks) !== 0;
    let rest: Range | undefined = hasLinks ? forwardLinks(this.id) : undefined;
    while (rest !== undefined) {
      const [first] = reader.range({ ...rest, limit: 1 });
      if (first === undefined) break;
      const { link } = partsOfLinkKey(first.key);
      const type = schema.attributeByLink(link);
      if (type !== undefined) names.push(type.name);
      // One look an attribute, however many values it has.
      const next: Key | undefined = forwardLinks(this.id, link).end;
      rest = next === undefined ? undefined : { ...rest, start: next };
    }
    const memberLink = this.#known.member.linkId ?? 0;
    for (const _ of this.#view.linksTo(this.stored, memberLink)) {
      names.push('memberOf');
      break;
    }
    return names;
  }

  #descriptor(): readonly Value[] {
    const bytes = this.#view.descriptorBytes(this.descriptorId);
    return bytes === undefined ? [] : [bytes];
  }

  #names(ids: Iterable<number>): Value[] {
    const names: Value[] = [];
    for (const id of ids) {
      const dn = this.#view.dnOf(id);
      if (dn !== undefined) names.push(dn);
    }
    return names;
  }

  #materialise(values: readonly StoredValue[]): readonly Value[] {
    if (typeof values[0] !== 'number') return values.filter(isPlain);
    return this.#names(values.filter((value) => typeof value === 'number'));
  }
}

function isPlain(value: StoredValue): value is Value {
  return typeof value !== 'number';
}
