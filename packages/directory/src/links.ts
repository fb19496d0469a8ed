import { ChangeFlag, logChange } from './changes.ts';
import type { KnownAttributes } from './known-attributes.ts';
import {
  backKey,
  backLinks,
  entryKey,
  forwardKey,
  forwardLinks,
  partsOfLinkKey,
} from './layout.ts';
import { EntryFlag, StoredEntry, withFlag } from './record.ts';
import type { AttributeType } from './schema/schema.ts';
import type { Transaction } from './store/store.ts';
import { refused, Win32 } from './values.ts';

const NOTHING = new Uint8Array(0);

/** The link table within a transaction: both sides of every link are written together. */
export class LinkTable {
  readonly #tx: Transaction;
  readonly #known: KnownAttributes;

  constructor(tx: Transaction, known: KnownAttributes) {
    this.#tx = tx;
    this.#known = known;
  }

  has(owner: number, type: AttributeType, target: number): boolean {
    return this.#tx.get(forwardKey(owner, linkOf(type), target)) !== undefined;
  }

  hasAny(owner: number, type: AttributeType): boolean {
    const [first] = this.#tx.range({ ...forwardLinks(owner, linkOf(type)), limit: 1 });
    return first !== undefined;
  }

  /** The owner's record must have `EntryFlag.forwardLinks`; the target's is seen to here. */
  add(owner: number, type: AttributeType, target: number, usn: number): void {
    if (this.has(owner, type, target)) throw this.#exists(type);
    this.#tx.put(forwardKey(owner, linkOf(type), target), NOTHING);
    this.#tx.put(backKey(target, linkOf(type), owner), NOTHING);
    setFlag(this.#tx, target, EntryFlag.backLinks);
    this.#log(type, target, usn);
  }

  remove(owner: number, type: AttributeType, target: number, usn: number): void {
    if (!this.has(owner, type, target)) throw this.#missing(type);
    this.#tx.delete(forwardKey(owner, linkOf(type), target));
    this.#tx.delete(backKey(target, linkOf(type), owner));
    this.#log(type, target, usn);
  }

  /** Removes every link of one attribute. */
  clear(owner: number, type: AttributeType, usn: number): void {
    for (const target of this.targets(owner, type)) this.remove(owner, type, target, usn);
  }

  targets(owner: number, type: AttributeType): number[] {
    const links = this.#tx.range(forwardLinks(owner, linkOf(type)));
    return Array.from(links, ({ key }) => partsOfLinkKey(key).far);
  }

  /**
   * Removes every link from and to an entry that goes. Who pointed to it keeps uSNChanged and
   * whenChanged, as by Windows: a link that goes with its target is no write to its owner.
   */
  forget(id: number, usn: number): void {
    const memberLink = linkOf(this.#known.member);
    for (const { key } of Array.from(this.#tx.range(forwardLinks(id)))) {
      const { link, far } = partsOfLinkKey(key);
      this.#tx.delete(key);
      this.#tx.delete(backKey(far, link, id));
      if (link === memberLink) this.#log(this.#known.member, far, usn);
    }
    const owners = new Set<number>();
    for (const { key } of Array.from(this.#tx.range(backLinks(id)))) {
      const { link, far } = partsOfLinkKey(key);
      this.#tx.delete(key);
      this.#tx.delete(forwardKey(far, link, id));
      owners.add(far);
    }
    for (const owner of owners) logChange(this.#tx, { usn, id: owner, flags: ChangeFlag.linked });
  }

  /** Membership is part of what is derived from the member, though its entry does not change. */
  #log(type: AttributeType, target: number, usn: number): void {
    if (type === this.#known.member) {
      logChange(this.#tx, { usn, id: target, flags: ChangeFlag.linked });
    }
  }

  #exists(type: AttributeType): Error {
    if (type !== this.#known.member)
      return refused('attributeOrValueExists', type, 'has it already');
    return refused('entryAlreadyExists', type, 'has it already', Win32.memberInGroup);
  }

  #missing(type: AttributeType): Error {
    if (type !== this.#known.member) return refused('noSuchAttribute', type, 'has no such value');
    return refused('unwillingToPerform', type, 'has no such value', Win32.memberNotInGroup);
  }
}

/** Notes a fact on an entry's record. */
export function setFlag(tx: Transaction, id: number, flag: number): void {
  const key = entryKey(id);
  const bytes = tx.get(key);
  if (bytes === undefined || (new StoredEntry(id, bytes).flags & flag) !== 0) return;
  tx.put(key, withFlag(bytes, flag));
}

function linkOf(type: AttributeType): number {
  if (type.linkId === undefined) throw new TypeError(`${type.name} is not a link`);
  return type.linkId;
}
