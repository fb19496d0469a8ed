import type { Command, CommandStage, Invocation } from '../commands/command.ts';
import { compare, isTrue, propertyOf, toNumber } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsObject, type PsValue, Scalar } from '../objects/value.ts';
import { propertyRequests, requestedValue } from './properties.ts';

const INPUT = { name: 'InputObject', type: 'object', fromPipeline: true } as const;

/** Sorts by properties or by the objects themselves; equal ones keep their order. */
export function sortObject<S>(): Command<S> {
  return {
    name: 'Sort-Object',
    synopsis: 'Sorts objects by property values.',
    module: 'Microsoft.PowerShell.Utility',
    parameters: [
      { name: 'Property', type: 'object', many: true, position: 0 },
      INPUT,
      { name: 'Descending', type: 'switch' },
      { name: 'Unique', type: 'switch' },
    ],
    begin: (invocation) => gathering((items) => sortItems(items, invocation)),
  };
}

/** Puts objects with the same value of a property together. */
export function groupObject<S>(): Command<S> {
  return {
    name: 'Group-Object',
    synopsis: 'Groups objects that contain the same value for specified properties.',
    module: 'Microsoft.PowerShell.Utility',
    parameters: [
      { name: 'Property', type: 'object', many: true, position: 0 },
      INPUT,
      { name: 'NoElement', type: 'switch' },
    ],
    begin: (invocation) => gathering((items) => groupItems(items, invocation)),
  };
}

/** Counts objects; sums, means and bounds of a property. */
export function measureObject<S>(): Command<S> {
  return {
    name: 'Measure-Object',
    synopsis: 'Calculates the numeric properties of objects.',
    module: 'Microsoft.PowerShell.Utility',
    parameters: [
      { name: 'Property', type: 'string', position: 0 },
      INPUT,
      { name: 'Sum', type: 'switch' },
      { name: 'Average', type: 'switch' },
      { name: 'Maximum', type: 'switch' },
      { name: 'Minimum', type: 'switch' },
    ],
    begin: (invocation) => new Measure(invocation),
  };
}

function gathering(end: (items: readonly PsValue[]) => Promise<void>): CommandStage {
  const items: PsValue[] = [];
  return {
    process: (item) => {
      items.push(item);
    },
    end: () => end(items),
  };
}

async function sortItems<S>(
  items: readonly PsValue[],
  { bound, streams, invokeBlock }: Invocation<S>,
): Promise<void> {
  const requests = propertyRequests(bound['Property']);
  const keyed: { item: PsValue; keys: PsValue[] }[] = [];
  for (const item of items) {
    const keys: PsValue[] = [];
    for (const request of requests) keys.push(await requestedValue(request, item, invokeBlock));
    keyed.push({ item, keys: requests.length === 0 ? [item] : keys });
  }
  const isDown = isTrue(bound['Descending'] ?? null);
  const order = (a: readonly PsValue[], b: readonly PsValue[]): number => {
    for (let i = 0; i < a.length; i += 1) {
      const one = compare(a[i] ?? null, b[i] ?? null);
      if (one !== 0) return (requests[i]?.descending ?? isDown) ? -one : one;
    }
    return 0;
  };
  let last: readonly PsValue[] | undefined;
  for (const { item, keys } of keyed.toSorted((a, b) => order(a.keys, b.keys))) {
    const isRepeat = last !== undefined && order(last, keys) === 0;
    if (!(isRepeat && isTrue(bound['Unique'] ?? null))) await streams.output(item);
    last = keys;
  }
}

async function groupItems<S>(
  items: readonly PsValue[],
  { bound, streams, invokeBlock }: Invocation<S>,
): Promise<void> {
  const requests = propertyRequests(bound['Property']);
  const groups = new Map<string, { values: PsValue[]; members: PsValue[] }>();
  for (const item of items) {
    const values: PsValue[] = [];
    for (const request of requests) values.push(await requestedValue(request, item, invokeBlock));
    if (requests.length === 0) values.push(item);
    const key = values.map((value) => toText(value).toLowerCase()).join('\0');
    const group = groups.get(key) ?? { values, members: [] };
    group.members.push(item);
    groups.set(key, group);
  }
  const typeNames = ['Microsoft.PowerShell.Commands.GroupInfo', 'System.Object'];
  for (const { values, members } of groups.values()) {
    const name = values.map(toText).join(', ');
    const properties = { Count: members.length, Name: name };
    const all = isTrue(bound['NoElement'] ?? null) ? properties : { ...properties, Group: members };
    await streams.output(new PsObject({ typeNames, properties: all }));
  }
}

class Measure<S> implements CommandStage {
  readonly #invocation: Invocation<S>;
  readonly #numbers: { count: number; sum: number; low: PsValue; high: PsValue } = {
    count: 0,
    sum: 0,
    low: null,
    high: null,
  };

  constructor(invocation: Invocation<S>) {
    this.#invocation = invocation;
  }

  async process(item: PsValue): Promise<void> {
    const { bound, streams } = this.#invocation;
    const name = bound['Property'];
    const value = name === undefined ? item : propertyOf(item, toText(name));
    if (value === undefined || value === null) return;
    const numbers = this.#numbers;
    numbers.count += 1;
    if (numbers.low === null || compare(value, numbers.low) < 0) numbers.low = value;
    if (numbers.high === null || compare(value, numbers.high) > 0) numbers.high = value;
    if (bound['Sum'] !== true && bound['Average'] !== true) return;
    const number = toNumber(value);
    if (number === undefined) {
      await streams.error({
        message: `Input object "${toText(value)}" is not numeric.`,
        errorId: 'NonNumericInputObject,Measure-Object',
        category: 'InvalidType',
        target: value,
        activity: 'Measure-Object',
      });
    } else numbers.sum += number;
  }

  async end(): Promise<void> {
    const { bound, streams } = this.#invocation;
    const { count, sum, low, high } = this.#numbers;
    const given = (name: string, value: PsValue): PsValue => (bound[name] === true ? value : null);
    const typeNames = ['Microsoft.PowerShell.Commands.GenericMeasureInfo', 'System.Object'];
    const properties = {
      Count: count,
      Average: given('Average', count === 0 ? null : new Scalar('Double', sum / count)),
      Sum: given('Sum', new Scalar('Double', sum)),
      Maximum: given('Maximum', high),
      Minimum: given('Minimum', low),
      Property: bound['Property'] ?? null,
    };
    await streams.output(new PsObject({ typeNames, properties }));
  }
}
