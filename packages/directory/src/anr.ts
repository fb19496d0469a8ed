import type { AssertionValue, Filter } from '@doublehop/ldap/filter';
import { SearchFlag, type Schema } from './schema/schema.ts';
import { toText } from './schema/syntax.ts';

/** aNR and its OID (MS-ADA1 2.42): no entry has it, filters about it mean other attributes. */
const ANR: ReadonlySet<string> = new Set(['anr', '1.2.840.113556.1.4.1208']);

/** Matched as a whole whatever is asked. */
const LEGACY = 'legacyExchangeDN';

/** Whether a clause is about ambiguous name resolution. */
export function isAnr(attribute: string): boolean {
  return ANR.has(attribute.toLowerCase());
}

/**
 * The filter that a clause about aNR stands for (MS-ADTS 3.1.1.3.1.3.4), with the dsHeuristics at
 * their defaults: any naming attribute starts with the value, or its first and last words start
 * given name and surname in either order. Undefined: the clause is so.
 */
export function expandAnr(
  schema: Schema,
  clause: Exclude<Filter, { kind: 'and' | 'or' | 'not' }>,
): Filter | undefined {
  if (clause.kind === 'present') return { kind: 'or', filters: [] };
  const asserted = clause.kind === 'substrings' ? clause.initial : clause.value;
  const text = asserted === undefined ? undefined : textOf(asserted)?.trimStart();
  if (text === undefined || text === '') return undefined;
  const isExact = text.startsWith('=');
  const value = isExact ? text.slice(1) : text;
  const match = (attribute: string, part: string): Filter =>
    isExact
      ? { kind: 'equality', attribute, value: part }
      : { kind: 'substrings', attribute, initial: part, any: [] };
  const filters: Filter[] = [];
  for (const { name, searchFlags } of schema.attributes()) {
    if ((searchFlags & SearchFlag.anr) === 0) continue;
    filters.push(
      name === LEGACY ? { kind: 'equality', attribute: name, value } : match(name, value),
    );
  }
  const space = value.indexOf(' ');
  if (space > 0 && space < value.length - 1) {
    const [one, two] = [value.slice(0, space), value.slice(space + 1)];
    const names = (given: string, sn: string): Filter => ({
      kind: 'and',
      filters: [match('givenName', given), match('sn', sn)],
    });
    filters.push(names(one, two), names(two, one));
  }
  return { kind: 'or', filters };
}

function textOf(value: AssertionValue): string | undefined {
  try {
    return toText(value);
  } catch {
    return undefined;
  }
}
