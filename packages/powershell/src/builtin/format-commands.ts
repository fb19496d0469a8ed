import type { Command, CommandStage, Invocation } from '../commands/command.ts';
import { Formatter } from '../format/formatter.ts';
import type { ViewColumn } from '../format/view.ts';
import { isTrue } from '../objects/convert.ts';
import { PsObject, type PsValue } from '../objects/value.ts';
import { propertyRequests, requestedNames, requestedValue } from './properties.ts';

const PROPERTY = { name: 'Property', type: 'object', many: true, position: 0 } as const;
const INPUT = { name: 'InputObject', type: 'object', fromPipeline: true } as const;
const MODULE = 'Microsoft.PowerShell.Utility';

/** Objects as `Name : value` lines. Puts out text, where Windows has objects that are layouts. */
export function formatList<S>(): Command<S> {
  return {
    name: 'Format-List',
    synopsis: 'Formats the output as a list of properties in which each property is on a new line.',
    module: MODULE,
    parameters: [PROPERTY, INPUT, { name: 'Force', type: 'switch' }],
    begin: (invocation) => formatting(invocation, 'list'),
  };
}

/** Objects as rows of a table. Puts out text, where Windows has objects that are layouts. */
export function formatTable<S>(): Command<S> {
  return {
    name: 'Format-Table',
    synopsis: 'Formats the output as a table.',
    module: MODULE,
    parameters: [
      PROPERTY,
      INPUT,
      { name: 'AutoSize', type: 'switch' },
      { name: 'Wrap', type: 'switch' },
      { name: 'Force', type: 'switch' },
    ],
    begin: (invocation) => formatting(invocation, 'table'),
  };
}

/** All that comes as one text, as the console would show it. */
export function outString<S>(): Command<S> {
  return {
    name: 'Out-String',
    synopsis: 'Outputs input objects as a string.',
    module: MODULE,
    parameters: [INPUT, { name: 'Stream', type: 'switch' }, { name: 'Width', type: 'int' }],
    begin: ({ bound, streams, display }) => {
      const width = bound['Width'];
      const formatter = new Formatter({
        ...display,
        width: typeof width === 'number' ? width : display.width,
      });
      const lines: string[] = [];
      return {
        process: (item) => {
          lines.push(...formatter.push(item));
        },
        end: async () => {
          lines.push(...formatter.end());
          const isStream = isTrue(bound['Stream'] ?? null);
          if (!isStream) await streams.output(lines.map((line) => `${line}\r\n`).join(''));
          for (const line of isStream ? lines : []) await streams.output(line);
        },
      };
    },
  };
}

/** Takes everything and gives nothing. */
export function outNull<S>(): Command<S> {
  return {
    name: 'Out-Null',
    synopsis: 'Hides the output instead of sending it down the pipeline.',
    module: 'Microsoft.PowerShell.Core',
    parameters: [INPUT],
    begin: () => ({ process: () => {} }),
  };
}

/** What the console does with what comes to the end: nothing is changed here. */
export function outDefault<S>(name: 'Out-Default' | 'Out-Host'): Command<S> {
  return {
    name,
    synopsis: 'Sends output to the console that called.',
    module: 'Microsoft.PowerShell.Core',
    parameters: [INPUT],
    begin: ({ streams }) => ({ process: (item) => streams.output(item) }),
  };
}

function formatting<S>(invocation: Invocation<S>, as: 'list' | 'table'): CommandStage {
  const { bound, streams, display, invokeBlock } = invocation;
  const requests = propertyRequests(bound['Property']);
  const give = async (lines: readonly string[]): Promise<void> => {
    for (const line of lines) await streams.output(line);
  };
  const formatter = new Formatter({
    ...display,
    as,
    ...(requests.length > 0 && { columns: shown }),
  });
  return {
    process: async (item) => {
      if (requests.length === 0 || !(item instanceof PsObject)) return give(formatter.push(item));
      const chosen = new PsObject({ typeNames: item.typeNames });
      for (const request of requests) {
        for (const name of requestedNames(request, item)) {
          chosen.set(name, await requestedValue({ ...request, name }, item, invokeBlock));
        }
      }
      return give(formatter.push(chosen));
    },
    end: () => give(formatter.end()),
  };
}

/** After the choice all properties are shown: of a type's view only the choice is wanted. */
function shown(object: PsObject): readonly ViewColumn[] {
  return [...object.properties()].map(({ name }: { name: string; value: PsValue }) => ({
    label: name,
    property: name,
  }));
}
