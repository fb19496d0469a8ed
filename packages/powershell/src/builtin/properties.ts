import { isTrue, propertyOf } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsDictionary, PsObject, type PsValue, Scalar } from '../objects/value.ts';
import { isWildcard, wildcard } from '../objects/wildcard.ts';
import { failure, type InvokeBlock } from '../commands/command.ts';

/**
 * One thing that `-Property` asks for: a name, a pattern, or a name with a block that computes it.
 */
export interface PropertyRequest {
  readonly name: string;
  readonly block?: Scalar;
  /** Sort-Object's `@{e=…; Descending=$true}`. */
  readonly descending?: boolean;
}

/** Reads `-Property` arguments: names, blocks, or `@{Name=…; Expression=…}`. */
export function propertyRequests(value: PsValue | undefined): PropertyRequest[] {
  const list = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  return (list as readonly PsValue[]).map(requestOf); // isArray loses readonly
}

/** A request's value for one object. */
export async function requestedValue(
  { name, block }: PropertyRequest,
  item: PsValue,
  invokeBlock: InvokeBlock,
): Promise<PsValue> {
  if (block === undefined) return propertyOf(item, name) ?? null;
  const values = await invokeBlock(block, item);
  return values.length > 1 ? values : (values[0] ?? null);
}

/** The names of an object's properties that a request means: all that fit, for a pattern. */
export function requestedNames({ name, block }: PropertyRequest, item: PsValue): string[] {
  if (block !== undefined || !isWildcard(name)) return [name];
  const fits = wildcard(name);
  const names = item instanceof PsObject ? [...item.properties()].map((one) => one.name) : [];
  return names.filter((one) => fits(one));
}

function requestOf(value: PsValue): PropertyRequest {
  if (value instanceof Scalar && value.type === 'ScriptBlock') {
    return { name: String(value.value).trim(), block: value };
  }
  if (!(value instanceof PsDictionary)) return { name: toText(value) };
  const given = (names: readonly string[]): PsValue | undefined =>
    names.map((name) => value.get(name)).find((one) => one !== undefined);
  const expression = given(['Expression', 'e']);
  const label = given(['Name', 'Label', 'n', 'l']);
  if (expression === undefined) {
    throw failure(
      "A calculated property needs the key 'Expression', as in @{Name='n'; Expression={…}}.",
      'DictionaryKeyMissing',
      'InvalidArgument',
      value,
    );
  }
  const block = expression instanceof Scalar && expression.type === 'ScriptBlock' && expression;
  return {
    name: label === undefined ? toText(expression) : toText(label),
    block: block === false ? new Scalar('ScriptBlock', `$_.'${toText(expression)}'`) : block,
    descending: isTrue(value.get('Descending') ?? null),
  };
}
