import { indexOf } from './layout.ts';
import type { AttributeType } from './schema/schema.ts';
import type { Reader } from './store/store.ts';
import { fold } from './text.ts';

/** Classes that are remembered; where there are more, any may be in use. */
const MAX_CLASSES = 256;

/**
 * The service classes (`host` of `HOST/server`) that SPNs of the directory begin with: what no SPN
 * begins with need not be looked for. `host` stands for dozens of them, of which few are in use.
 */
export class ServiceClasses {
  readonly #type: AttributeType;
  /** Those of units of work of this process, whatever came of them. */
  readonly #written = new Set<string>();
  #committed = { revision: Number.NaN, classes: new Set<string>() };

  /** `type`: servicePrincipalName. */
  constructor(type: AttributeType) {
    this.#type = type;
  }

  /** Notes an SPN that a unit of work gives some entry. */
  write(spn: string): void {
    if (this.#written.size < MAX_CLASSES) this.#written.add(fold(classOf(spn)));
  }

  /**
   * Those of classes, in lower case, that may be in use in the store, which has this revision, or
   * in units of work that are being written.
   */
  among(reader: Reader, revision: number, names: readonly string[]): readonly string[] {
    if (names.length === 0) return names;
    if (this.#committed.revision !== revision) {
      this.#committed = { revision, classes: classesIn(reader, this.#type) };
    }
    const { classes } = this.#committed;
    if (classes.size >= MAX_CLASSES || this.#written.size >= MAX_CLASSES) return names;
    return names.filter((name) => classes.has(name) || this.#written.has(name));
  }
}

/** One look at the index for each class, however many SPNs there are. */
function classesIn(reader: Reader, { code }: AttributeType): Set<string> {
  const classes = new Set<string>();
  const { start: prefix = '', end } = indexOf(code);
  const within = end === undefined ? {} : { end };
  let start = prefix;
  while (classes.size < MAX_CLASSES) {
    const [first] = reader.range({ ...within, start, limit: 1 });
    if (first === undefined) break;
    const name = classOf(first.key.slice(prefix.length));
    classes.add(name);
    // Behind every value that begins with the class and a slash.
    start =
      first.key.charAt(prefix.length + name.length) === '/'
        ? `${prefix}${name}0`
        : `${first.key}\0`;
  }
  return classes;
}

function classOf(spn: string): string {
  const slash = spn.indexOf('/');
  return slash < 0 ? spn : spn.slice(0, slash);
}
