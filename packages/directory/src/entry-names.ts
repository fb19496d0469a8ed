import { checkSuperior } from './checks.ts';
import { type Dn, parseDn, rdnKey } from './dn.ts';
import type { DomainInfo } from './domain.ts';
import type { Draft } from './draft.ts';
import { DirectoryError } from './errors.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import { childKey, ROOT_ID } from './layout.ts';
import { missing } from './names.ts';
import type { StoredEntry } from './record.ts';
import type { AttributeType, ClassType, Schema } from './schema/schema.ts';
import { textBytes } from './text.ts';
import { contextKey, type View } from './view.ts';

/** What names of entries are made with, in one unit of work. */
export interface NamingContext {
  readonly view: View;
  readonly schema: Schema;
  readonly known: KnownAttributes;
  readonly domain: () => DomainInfo | undefined;
}

/** Where a new entry is going to be. */
export interface Place {
  readonly parentId: number;
  /** The key of its name there. */
  readonly key: string;
}

/** How an entry is placed. */
export interface PlaceOptions {
  readonly system?: boolean;
  readonly contextHead?: boolean;
}

/** The place and the names of entries that are made or renamed, in one unit of work. */
export class EntryNames {
  readonly #context: NamingContext;

  constructor(context: NamingContext) {
    this.#context = context;
  }

  /** The parent of a new entry and the key of its name there. */
  place(dn: Dn, type: ClassType, options: PlaceOptions): Place {
    const { view, schema } = this.#context;
    const [rdn] = dn;
    this.checkType(rdn?.type ?? '', type);
    const { id, matched, above } = view.resolve(dn);
    if (id !== undefined) throw new DirectoryError('entryAlreadyExists', `${rdn?.value} exists`);
    if (above === undefined) {
      if (options.contextHead !== true || matched !== ROOT_ID) {
        throw missing(view, dn.slice(1), 'entry above');
      }
      return { parentId: ROOT_ID, key: childKey(ROOT_ID, textBytes(contextKey(dn))) };
    }
    const parent = view.entry(above);
    if (parent === undefined) throw new TypeError(`entry ${above} is in the tree only`);
    if (options.system !== true) checkSuperior(schema, type, this.classOf(parent));
    const name = rdn === undefined ? '' : rdnKey(rdn);
    return { parentId: above, key: childKey(above, textBytes(name)) };
  }

  /** The most specific class of an entry. */
  classOf(entry: StoredEntry): ClassType {
    const { known, schema } = this.#context;
    const type = schema.classType(String(entry.values(known.objectClass.code).at(-1) ?? ''));
    if (type === undefined) throw new TypeError(`entry ${entry.id} is of no known class`);
    return type;
  }

  /** The attribute that entries of a class are named by. */
  attributeOf(type: ClassType): AttributeType | undefined {
    return this.#context.schema.attribute(type.rdnAttribute === '' ? 'cn' : type.rdnAttribute);
  }

  /** Whether entries of a class may be named by an attribute; throws namingViolation, or so. */
  checkType(
    written: string,
    type: ClassType,
    code: 'namingViolation' | 'unwillingToPerform' = 'namingViolation',
  ): void {
    if (this.#context.schema.attribute(written) === this.attributeOf(type)) return;
    throw new DirectoryError(code, `a ${type.name} is not named by ${written}`);
  }

  /** Gives an entry its name as attributes. */
  setName(draft: Draft, name: string): void {
    draft.attributes.set(this.#context.known.name.code, [name]);
    const type = this.attributeOf(draft.type);
    if (type !== undefined) draft.attributes.set(type.code, [name]);
  }

  /** objectCategory points to a class object, once there are such objects (MS-ADTS 3.1.1.2.4). */
  setCategory(draft: Draft): void {
    const { view, schema } = this.#context;
    const type = needed(schema, 'objectCategory');
    const domain = this.#context.domain();
    if (draft.attributes.has(type.code) || domain === undefined) return;
    const dn = `CN=${draft.type.defaultCategory},${domain.schemaDn}`;
    // Entries are mostly of the same classes: their names are remembered as those of containers.
    let id = view.remembered(dn);
    if (id === undefined) {
      id = view.resolve(parseDn(dn)).id;
      if (id !== undefined) view.remember(dn, id);
    }
    draft.attributes.set(type.code, [id ?? draft.id]);
  }
}
