import { writableType } from './checks.ts';
import type { AttributeInput, Value } from './entry.ts';
import type { ClassType, Schema } from './schema/schema.ts';
import { refused } from './values.ts';
import { isSchemaObject, isValue } from './writer-values.ts';

/** The caller's attributes under the names of the schema. */
export function givenValues(
  schema: Schema,
  input: AttributeInput,
  system: boolean,
): Map<string, readonly Value[]> {
  const given = new Map<string, readonly Value[]>();
  const kind = isSchemaObject(input) ? 'schema' : 'other';
  for (const [name, value] of Object.entries(input)) {
    const type = writableType(schema, name, system, kind);
    if (given.has(type.name)) throw refused('attributeOrValueExists', type, 'is given twice');
    given.set(type.name, isValue(value) ? [value] : value);
  }
  return given;
}

/** Those of classes that are auxiliary. */
export function auxiliaryClasses(schema: Schema, names: readonly string[]): ClassType[] {
  return names.flatMap((name) => {
    const type = schema.classType(name);
    return type?.category === 'auxiliary' ? [type] : [];
  });
}
