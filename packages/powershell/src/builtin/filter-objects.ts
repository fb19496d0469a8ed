import type { Command, Invocation } from '../commands/command.ts';
import { failure } from '../commands/command.ts';
import { asList, compare, isEqual, isTrue, propertyOf } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { type PsValue, Scalar } from '../objects/value.ts';
import { wildcard } from '../objects/wildcard.ts';

type Test = (left: PsValue, right: PsValue) => boolean;

/** Comparisons of `Where-Object Name -eq x`. `-Match` needs a block: patterns run bounded there. */
const TESTS: Readonly<Record<string, Test>> = {
  EQ: isEqual,
  NE: (a, b) => !isEqual(a, b),
  GT: (a, b) => compare(a, b) > 0,
  GE: (a, b) => compare(a, b) >= 0,
  LT: (a, b) => compare(a, b) < 0,
  LE: (a, b) => compare(a, b) <= 0,
  Like: (a, b) => wildcard(toText(b))(toText(a)),
  NotLike: (a, b) => !wildcard(toText(b))(toText(a)),
  Contains: (a, b) => asList(a).some((item) => isEqual(item, b)),
  NotContains: (a, b) => !asList(a).some((item) => isEqual(item, b)),
  In: (a, b) => asList(b).some((item) => isEqual(a, item)),
  NotIn: (a, b) => !asList(b).some((item) => isEqual(a, item)),
};

/** Lets those objects through for which a block or a comparison is true. */
export function whereObject<S>(): Command<S> {
  return {
    name: 'Where-Object',
    synopsis: 'Selects objects by their property values.',
    module: 'Microsoft.PowerShell.Core',
    parameters: [
      { name: 'FilterScript', type: 'object', aliases: ['Property'], position: 0, mandatory: true },
      { name: 'Value', type: 'object', position: 1 },
      { name: 'InputObject', type: 'object', fromPipeline: true },
      ...Object.keys(TESTS).map((name) => ({ name, type: 'switch' as const })),
    ],
    begin: (invocation) => {
      const passes = testOf(invocation);
      return {
        process: async (item) => {
          if (await passes(item)) await invocation.streams.output(item);
        },
      };
    },
  };
}

/** Runs a block, or gives a property, for each object. */
export function forEachObject<S>(): Command<S> {
  return {
    name: 'ForEach-Object',
    synopsis: 'Does something with each object.',
    module: 'Microsoft.PowerShell.Core',
    parameters: [
      { name: 'Process', type: 'object', aliases: ['MemberName'], position: 0, mandatory: true },
      { name: 'InputObject', type: 'object', fromPipeline: true },
    ],
    begin: ({ bound, streams, invokeBlock }) => ({
      process: async (item) => {
        const what = bound['Process'] ?? null;
        const values = isBlock(what)
          ? await invokeBlock(what, item)
          : asList(propertyOf(item, toText(what)) ?? null);
        for (const value of values) await streams.output(value);
      },
    }),
  };
}

function testOf<S>({ bound, invokeBlock }: Invocation<S>): (item: PsValue) => Promise<boolean> {
  const what = bound['FilterScript'] ?? null;
  if (isBlock(what)) {
    return async (item) => {
      const values = await invokeBlock(what, item);
      return isTrue(values.length === 1 ? (values[0] ?? null) : values);
    };
  }
  const names = Object.keys(TESTS).filter((name) => bound[name] === true);
  const property = toText(what);
  const [name, ...more] = names;
  if (more.length > 0) {
    throw failure(
      `Only one comparison can be used at a time, not ${names.join(' and ')}.`,
      'AmbiguousParameterSet,Where-Object',
      'InvalidArgument',
    );
  }
  const test = name === undefined ? undefined : TESTS[name];
  const wanted = bound['Value'] ?? null;
  return async (item) => {
    const value = propertyOf(item, property) ?? null;
    return test === undefined ? isTrue(value) : test(value, wanted);
  };
}

function isBlock(value: PsValue): value is Scalar {
  return value instanceof Scalar && value.type === 'ScriptBlock';
}
