import type { Command, CommandStage, Invocation } from '../commands/command.ts';
import { asList, isEqual, isTrue, propertyOf, toNumber } from '../objects/convert.ts';
import { PsObject, type PsValue } from '../objects/value.ts';
import { wildcard } from '../objects/wildcard.ts';
import { propertyRequests, requestedNames, requestedValue } from './properties.ts';
import { toText } from '../objects/text.ts';

/** Objects with some of their properties, or the first, the last, the different ones. */
export function selectObject<S>(): Command<S> {
  return {
    name: 'Select-Object',
    synopsis: 'Selects objects or properties of objects.',
    module: 'Microsoft.PowerShell.Utility',
    parameters: [
      { name: 'Property', type: 'object', many: true, position: 0 },
      { name: 'InputObject', type: 'object', fromPipeline: true },
      { name: 'ExcludeProperty', type: 'string', many: true },
      { name: 'ExpandProperty', type: 'string' },
      { name: 'First', type: 'int' },
      { name: 'Last', type: 'int' },
      { name: 'Skip', type: 'int' },
      { name: 'Unique', type: 'switch' },
    ],
    begin: (invocation) => new Selection(invocation),
  };
}

class Selection<S> implements CommandStage {
  readonly #invocation: Invocation<S>;
  readonly #first: number;
  readonly #last: number | undefined;
  readonly #seen: PsValue[] = [];
  #kept: PsValue[] = [];
  #skip: number;
  #given = 0;

  constructor(invocation: Invocation<S>) {
    const number = (name: string): number | undefined => {
      const value = invocation.bound[name];
      return value === undefined ? undefined : toNumber(value);
    };
    this.#invocation = invocation;
    this.#first = number('First') ?? Number.POSITIVE_INFINITY;
    this.#last = number('Last');
    this.#skip = number('Skip') ?? 0;
  }

  async process(item: PsValue): Promise<void> {
    if (this.#last !== undefined) {
      this.#kept.push(item);
      const most = this.#last + this.#skip;
      if (this.#kept.length > most) this.#kept = this.#kept.slice(-most);
    } else if (this.#skip > 0) this.#skip -= 1;
    else await this.#give(item);
  }

  async end(): Promise<void> {
    const kept = this.#kept.slice(
      0,
      this.#kept.length - (this.#last === undefined ? 0 : this.#skip),
    );
    for (const item of kept) await this.#give(item);
  }

  isSatisfied(): boolean {
    return this.#given >= this.#first;
  }

  async #give(item: PsValue): Promise<void> {
    if (this.isSatisfied()) return;
    for (const value of await this.#shaped(item)) {
      if (this.#isNew(value)) await this.#invocation.streams.output(value);
    }
    this.#given += 1;
  }

  #isNew(value: PsValue): boolean {
    if (!isTrue(this.#invocation.bound['Unique'] ?? null)) return true;
    if (this.#seen.some((other) => isEqual(other, value))) return false;
    this.#seen.push(value);
    return true;
  }

  async #shaped(item: PsValue): Promise<readonly PsValue[]> {
    const { bound, streams, invokeBlock } = this.#invocation;
    const expand = bound['ExpandProperty'];
    if (expand !== undefined) {
      const value = propertyOf(item, toText(expand));
      if (value !== undefined) return asList(value);
      await streams.error({
        message: `Property "${toText(expand)}" cannot be found.`,
        errorId: 'ExpandPropertyNotFound,Select-Object',
        category: 'InvalidArgument',
        target: item,
        activity: 'Select-Object',
      });
      return [];
    }
    if (bound['Property'] === undefined && bound['ExcludeProperty'] === undefined) return [item];
    const shaped = new PsObject({ typeNames: selectedNames(item) });
    const excluded = asList(bound['ExcludeProperty'] ?? null).map((one) => wildcard(toText(one)));
    for (const request of propertyRequests(bound['Property'] ?? ['*'])) {
      for (const name of requestedNames(request, item)) {
        const isExcluded = excluded.some((fits) => fits(name));
        const one = { ...request, name };
        if (!isExcluded) shaped.set(name, await requestedValue(one, item, invokeBlock));
      }
    }
    return [shaped];
  }
}

function selectedNames(item: PsValue): string[] {
  const [first] = item instanceof PsObject ? item.typeNames : [];
  const custom = ['System.Management.Automation.PSCustomObject', 'System.Object'];
  return first === undefined ? custom : [`Selected.${first}`, ...custom];
}
