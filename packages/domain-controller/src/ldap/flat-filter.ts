import type { AssertionValue, Filter } from '@doublehop/ldap/filter';
import { fromUtf8 } from '@doublehop/wire/bytes';

/** An entry that is no part of the directory: texts by attribute name. */
export type FlatEntry = ReadonlyMap<string, readonly string[]>;

/**
 * Whether a filter matches an entry of texts, which compare without regard to case. What AD
 * applies to the rootDSE (MS-ADTS 3.1.1.3.2): anything about an attribute that is not there is not
 * TRUE, its negation neither.
 */
export function matchesFilter(entry: FlatEntry, filter: Filter): boolean {
  return evaluate(entry, filter) === true;
}

/** TRUE, FALSE and Undefined of RFC 4511 §4.5.1.7. */
type Truth = boolean | undefined;

function evaluate(entry: FlatEntry, filter: Filter): Truth {
  switch (filter.kind) {
    case 'and':
      return combined(entry, filter.filters, false);
    case 'or':
      return combined(entry, filter.filters, true);
    case 'not': {
      const truth = evaluate(entry, filter.filter);
      return truth === undefined ? undefined : !truth;
    }
    case 'present':
      return valuesOf(entry, filter.attribute) !== undefined;
    case 'equality':
    case 'approx': {
      const wanted = textOf(filter.value);
      return valuesOf(entry, filter.attribute)?.some((value) => value.toLowerCase() === wanted);
    }
    case 'greaterOrEqual':
    case 'lessOrEqual':
    case 'substrings':
    case 'extensible':
      return undefined;
  }
}

/** AND is decided by a FALSE, OR by a TRUE; else one Undefined makes it Undefined. */
function combined(entry: FlatEntry, filters: readonly Filter[], decisive: boolean): Truth {
  let truth: Truth = !decisive;
  for (const filter of filters) {
    const one = evaluate(entry, filter);
    if (one === decisive) return decisive;
    if (one === undefined) truth = undefined;
  }
  return truth;
}

function valuesOf(entry: FlatEntry, attribute: string): readonly string[] | undefined {
  const wanted = attribute.toLowerCase();
  for (const [name, values] of entry) if (name.toLowerCase() === wanted) return values;
  return undefined;
}

function textOf(value: AssertionValue): string {
  return (typeof value === 'string' ? value : fromUtf8(value)).toLowerCase();
}
