import { wildcard } from '@doublehop/powershell/objects/wildcard';
import { propertyOf } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import type { PsObject } from '@doublehop/powershell/objects/value';

/** Whether an object is meant by a filter. */
export type WqlFilter = (object: PsObject) => boolean;

/** Conditions that one filter joins. */
const MAX_CONDITIONS = 16;

const CONDITION = /^\s*(\w+)\s*(=|<>|!=|like)\s*(?:"([^"]*)"|'([^']*)'|(\w+))\s*/iu;

/**
 * The filter of `-Filter 'Name="winrm" and State="Running"'`: properties compared with values by
 * `=`, `<>` and `LIKE`, joined by AND (WQL's WHERE, as far as it goes here). Undefined for others.
 */
export function parseWql(text: string): WqlFilter | undefined {
  const filters: WqlFilter[] = [];
  let rest = text;
  while (filters.length < MAX_CONDITIONS) {
    const found = CONDITION.exec(rest);
    if (found === null) return undefined;
    const [whole, property = '', operator = '', double, single, bare = ''] = found;
    filters.push(condition(property, operator.toLowerCase(), double ?? single ?? bare));
    rest = rest.slice(whole.length);
    if (rest === '') return (object) => filters.every((fits) => fits(object));
    const [joint] = /^and\s/iu.exec(rest) ?? [];
    if (joint === undefined) return undefined;
    rest = rest.slice(joint.length);
  }
  return undefined;
}

function condition(property: string, operator: string, value: string): WqlFilter {
  const isEqual = (object: PsObject): boolean =>
    textOf(object, property).toLowerCase() === value.toLowerCase();
  if (operator === '=') return isEqual;
  if (operator !== 'like') return (object) => !isEqual(object);
  const fits = wildcard(value.replaceAll('%', '*').replaceAll('_', '?'));
  return (object) => fits(textOf(object, property));
}

function textOf(object: PsObject, property: string): string {
  return toText(propertyOf(object, property) ?? null);
}
