/** Service classes that one stands for, or the one that stands for it; in lower case. */
export interface Aliases {
  /** Whether the class stands for the others. */
  readonly stands: boolean;
  readonly aliases: readonly string[];
}

const NONE: Aliases = { stands: false, aliases: [] };

/**
 * What sPNMappings says (MS-ADTS 3.1.1.5.1.3): `host=alerter,appmgmt,…`. Read once for as long as
 * the values stay as they are.
 */
export class ServiceMappings {
  #values: readonly string[] = [];
  #aliases: ReadonlyMap<string, Aliases> = new Map();

  /** What a service class, in lower case, stands for, or else what stands for it. */
  aliasesOf(service: string, values: readonly string[]): Aliases {
    const known = this.#values;
    if (known.length !== values.length || !values.every((value, at) => value === known[at])) {
      this.#values = values;
      this.#aliases = parse(values);
    }
    return this.#aliases.get(service) ?? NONE;
  }
}

/** The first mapping that names a class wins. */
function parse(values: readonly string[]): ReadonlyMap<string, Aliases> {
  const all = new Map<string, Aliases>();
  for (const value of values) {
    const [left = '', right = ''] = value.toLowerCase().split('=');
    const head = left.trim();
    const aliases = right.split(',').map((one) => one.trim());
    if (!all.has(head)) all.set(head, { stands: true, aliases });
    for (const one of aliases) if (!all.has(one)) all.set(one, { stands: false, aliases: [head] });
  }
  return all;
}
