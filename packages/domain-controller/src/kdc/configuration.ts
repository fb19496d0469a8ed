import type { Change } from '@doublehop/directory/changes';
import type { Directory } from '@doublehop/directory/directory';
import type { Entry } from '@doublehop/directory/entry';

/** Changes that are looked at one by one; beyond, everything is read again. */
const MAX_PENDING = 1024;

/**
 * What is made of the entries right below a container of the configuration partition. Asking for
 * it costs a comparison as long as none of them has changed, and none has come or gone.
 */
export class ConfigurationEntries<T> {
  readonly #directory: Directory;
  readonly #container: string;
  readonly #make: (entries: readonly Entry[]) => T;
  readonly #watched = new Set<number>();
  #containerId: number | undefined;
  #pending: Change[] | 'unknown' = 'unknown';
  #made: { readonly value: T } | undefined;

  /** `container` is the DN of the container up to the configuration partition. */
  constructor(directory: Directory, container: string, make: (entries: readonly Entry[]) => T) {
    this.#directory = directory;
    this.#container = container;
    this.#make = make;
    directory.onChange((changes) => {
      if (changes === 'unknown' || this.#pending === 'unknown') this.#pending = 'unknown';
      else this.#pending.push(...changes);
      if (this.#pending.length > MAX_PENDING) this.#pending = 'unknown';
    });
  }

  /** The same object for as long as nothing about the entries has changed. */
  get current(): T {
    // Asking for the view tells of what has changed.
    const { view } = this.#directory;
    const made = this.#made;
    const pending = this.#pending;
    if (made !== undefined && pending.length === 0) return made.value;
    this.#pending = [];
    const stale =
      made === undefined ||
      pending === 'unknown' ||
      this.#containerId === undefined ||
      pending.some(({ id }) => this.#watched.has(id) || this.#isBelow(view.entry(id)?.parentId));
    return stale ? this.#read() : made.value;
  }

  #isBelow(parent: number | undefined): boolean {
    return parent !== undefined && parent === this.#containerId;
  }

  #read(): T {
    const entries = this.#entries();
    this.#watched.clear();
    if (this.#containerId !== undefined) this.#watched.add(this.#containerId);
    for (const { id } of entries) this.#watched.add(id);
    const value = this.#make(entries);
    this.#made = { value };
    return value;
  }

  #entries(): readonly Entry[] {
    const { domain } = this.#directory;
    const name = `${this.#container},${domain?.configurationDn ?? ''}`;
    const base = domain === undefined ? undefined : this.#directory.find(name);
    this.#containerId = base?.id;
    if (base === undefined) return [];
    const filter = { kind: 'present', attribute: 'objectClass' } as const;
    return [...this.#directory.search({ base: { id: base.id }, scope: 'one', filter })];
  }
}
