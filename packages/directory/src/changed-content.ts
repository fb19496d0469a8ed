import type { ChangedContent } from './changes.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { LinkChange } from './modify.ts';
import type { StoredAttributes, StoredValue } from './record.ts';

/**
 * Attributes that a change gave other values, for the change log; undefined where there is none to
 * tell of. What every change stamps is none.
 */
export function changedContent(
  { whenChanged, usnChanged }: KnownAttributes,
  attributes: StoredAttributes,
  before: StoredAttributes,
  links: readonly LinkChange[],
): ChangedContent | undefined {
  const codes = new Set<number>(links.map(({ type }) => type.code));
  for (const [code, values] of attributes) {
    if (code === whenChanged.code || code === usnChanged.code) continue;
    if (!sameValues(before.get(code), values)) codes.add(code);
  }
  for (const code of before.keys()) if (!attributes.has(code)) codes.add(code);
  if (codes.size === 0) return undefined;
  const events = links.map(({ type, target, operation }) => ({
    code: type.code,
    target,
    added: operation === 'add',
  }));
  return { codes: [...codes], links: events };
}

/** Whether nothing was written there but what was there. */
function sameValues(
  before: readonly StoredValue[] | undefined,
  now: readonly StoredValue[],
): boolean {
  if (before === now) return true;
  return before?.length === now.length && now.every((value, index) => value === before[index]);
}
