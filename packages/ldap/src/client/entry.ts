import { fromUtf8 } from '@doublehop/wire/bytes';
import type { Attribute } from '../messages/common.ts';

/** Anything with attributes. */
interface HasAttributes {
  readonly attributes: readonly Attribute[];
}

/** The values of an attribute by its name of any case, options included; none if absent. */
export function valuesOf(entry: HasAttributes, name: string): readonly Uint8Array[] {
  const wanted = name.toLowerCase();
  return entry.attributes.find(({ type }) => type.toLowerCase() === wanted)?.values ?? [];
}

/** The values of an attribute as texts. */
export function textsOf(entry: HasAttributes, name: string): readonly string[] {
  return valuesOf(entry, name).map(fromUtf8);
}

/** The first value of an attribute as text. */
export function textOf(entry: HasAttributes, name: string): string | undefined {
  const [value] = valuesOf(entry, name);
  return value === undefined ? undefined : fromUtf8(value);
}
