import { baseOf, compare, isEqual, isTrue, itemsOf } from '../objects/convert.ts';
import { type PsValue } from '../objects/value.ts';
import { wildcard } from '../objects/wildcard.ts';
import type { OperatorName } from './ast.ts';
import type { Bounds } from './bounds.ts';
import { compilePattern } from './pattern.ts';
import { matchText } from './text-operators.ts';

export type ComparisonOperator = Extract<
  OperatorName,
  | 'eq'
  | 'ne'
  | 'gt'
  | 'ge'
  | 'lt'
  | 'le'
  | 'like'
  | 'notlike'
  | 'match'
  | 'notmatch'
  | 'contains'
  | 'notcontains'
  | 'in'
  | 'notin'
>;

/** What a comparison has besides its operands. */
export interface Comparing {
  readonly matchCase: boolean;
  readonly bounds: Bounds;
  /** Takes what `$Matches` becomes. */
  readonly setMatches: (matches: PsValue) => void;
}

/**
 * A comparison (about_Comparison_Operators): with a list on its left it gives the items that it is
 * true for; text is compared without case unless the operator has a `c`.
 */
export function compareValues(
  operator: ComparisonOperator,
  left: PsValue,
  right: PsValue,
  comparing: Comparing,
): PsValue {
  const { bounds } = comparing;
  if (operator === 'contains' || operator === 'notcontains') {
    return isAmong(left, right, comparing) === (operator === 'contains');
  }
  if (operator === 'in' || operator === 'notin') {
    return isAmong(right, left, comparing) === (operator === 'in');
  }
  const items = itemsOf(left);
  const test = testFor(operator, right, { ...comparing, isList: items !== undefined });
  if (items === undefined) return test(left);
  bounds.places(items.length);
  return items.filter(test);
}

function isAmong(items: PsValue, wanted: PsValue, { matchCase, bounds }: Comparing): boolean {
  const list = itemsOf(items) ?? [items];
  bounds.places(list.length);
  return list.some((item) => same(item, wanted, matchCase));
}

function testFor(
  operator: Exclude<ComparisonOperator, 'contains' | 'notcontains' | 'in' | 'notin'>,
  right: PsValue,
  { matchCase, bounds, setMatches, isList }: Comparing & { readonly isList: boolean },
): (item: PsValue) => boolean {
  switch (operator) {
    case 'eq':
      return (item) => same(item, right, matchCase);
    case 'ne':
      return (item) => !same(item, right, matchCase);
    case 'gt':
      return (item) => order(item, right, matchCase) > 0;
    case 'ge':
      return (item) => order(item, right, matchCase) >= 0;
    case 'lt':
      return (item) => order(item, right, matchCase) < 0;
    case 'le':
      return (item) => order(item, right, matchCase) <= 0;
    case 'like':
    case 'notlike': {
      const test = wildcard(bounds.textOf(right));
      const wanted = operator === 'like';
      return (item) => {
        const text = bounds.textOf(item);
        bounds.spend(text.length / 16);
        return test(text) === wanted;
      };
    }
    case 'match':
    case 'notmatch': {
      const pattern = compilePattern(bounds.textOf(right), { matchCase });
      const wanted = operator === 'match';
      return (item) => {
        const matches = matchText(bounds.textOf(item), pattern, bounds);
        if (matches !== undefined && !isList) setMatches(matches);
        return (matches !== undefined) === wanted;
      };
    }
  }
}

function same(left: PsValue, right: PsValue, matchCase: boolean): boolean {
  const a = baseOf(left);
  const b = baseOf(right);
  // A list on the right is equal to nothing but itself.
  if (itemsOf(b) !== undefined && itemsOf(a) === undefined && typeof a !== 'string') {
    return typeof a === 'boolean' ? a === isTrue(b) : false;
  }
  if (matchCase && typeof a === 'string' && typeof b === 'string') return a === b;
  return isEqual(left, right);
}

function order(left: PsValue, right: PsValue, matchCase: boolean): number {
  const first = compare(left, right);
  if (!matchCase || first !== 0) return first;
  const a = baseOf(left);
  const b = baseOf(right);
  // The culture's order has small letters before their capitals.
  if (typeof a !== 'string' || typeof b !== 'string' || a === b) return 0;
  return a > b ? -1 : 1;
}

/** The items of `a..b`, of whole numbers. */
export function rangeOf(from: number, to: number, bounds: Bounds): PsValue {
  const count = Math.abs(to - from) + 1;
  bounds.places(count);
  const step = to < from ? -1 : 1;
  return Array.from({ length: count }, (_, i) => from + i * step);
}
