import { decodeGuid, type Guid } from '@doublehop/security/guid';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { construct } from './constructed.ts';
import type { Entry, Value, ValueStretch } from './entry.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { backLinks, forwardLinks, partsOfLinkKey } from './layout.ts';
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
  #class: string | undefined;
  #sid: Sid | 'none' | undefined;

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
    if (this.#sid === undefined) {
      const bytes = this.stored.bytes(this.#known.objectSid.code);
      this.#sid = bytes === undefined ? 'none' : decodeSid(bytes);
    }
    return this.#sid === 'none' ? undefined : this.#sid;
  }

  get isContextHead(): boolean {
    return (this.stored.flags & EntryFlag.contextHead) !== 0;
  }

  get descriptorId(): number {
    return this.stored.reference(this.#known.descriptor.code);
  }

  get structuralClass(): string {
    this.#class ??= String(this.stored.values(this.#known.objectClass.code).at(-1) ?? '');
    return this.#class;
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

  stretchOf(type: AttributeType, from: number, count: number): ValueStretch {
    if (type.constructed || !(type.forwardLink || type.backLink)) {
      const all = this.valuesOf(type);
      const values = all.slice(from, from + count);
      return { values, isMore: all.length > from + count, isEmpty: all.length === 0 };
    }
    const values: Value[] = [];
    let before = from;
    for (const id of this.linked(type)) {
      if (before > 0) before -= 1;
      else if (values.length === count) return { values, isMore: true, isEmpty: false };
      else {
        const dn = this.#view.dnOf(id);
        if (dn !== undefined) values.push(dn);
      }
    }
    return { values, isMore: false, isEmpty: values.length === 0 && before === from };
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

  /** Link attributes with a value, of both sides. */
  #linkAttributes(): string[] {
    const { flags } = this.stored;
    const names: string[] = [];
    if ((flags & EntryFlag.forwardLinks) !== 0) {
      for (const link of this.#linksIn((one) => forwardLinks(this.id, one))) {
        const type = this.#view.schema.attributeByLink(link);
        if (type !== undefined) names.push(type.name);
      }
    }
    if ((flags & EntryFlag.backLinks) !== 0) {
      for (const link of this.#linksIn((one) => backLinks(this.id, one))) {
        const type = this.#view.schema.attributeByLink(link + 1);
        if (type !== undefined && !type.constructed) names.push(type.name);
      }
    }
    return names;
  }

  /** The linkIDs in a stretch of the link table: one look each, however many links it has. */
  *#linksIn(rangeOf: (link?: number) => Range): Iterable<number> {
    let rest: Range | undefined = rangeOf();
    while (rest !== undefined) {
      const [first] = this.#view.reader.range({ ...rest, limit: 1 });
      if (first === undefined) return;
      const { link } = partsOfLinkKey(first.key);
      yield link;
      const next: Key | undefined = rangeOf(link).end;
      rest = next === undefined ? undefined : { ...rest, start: next };
    }
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
