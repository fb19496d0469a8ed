import { PsObject, type PsValue } from '@doublehop/powershell/objects/value';

/** An enumeration's value: a number with a name (MS-PSRP 2.2.5.2.7). */
export function enumObject(type: string, text: string, value: number): PsObject {
  return new PsObject({ typeNames: enumTypes(type), text, base: { kind: 'primitive', value } });
}

/** Type names of an enumeration's values. */
export function enumTypes(type: string): readonly string[] {
  return [type, 'System.Enum', 'System.ValueType', 'System.Object'];
}

/** The name that a table gives a number; undefined: it has none. */
export function nameOf<T extends string>(
  table: Readonly<Record<T, number>>,
  value: number,
): T | undefined {
  // Object.keys of the table with these keys.
  return (Object.keys(table) as T[]).find((name) => table[name] === value);
}

/** MS-PSRP 2.2.3.4. */
export const PoolStates = {
  BeforeOpen: 0,
  Opening: 1,
  Opened: 2,
  Closed: 3,
  Closing: 4,
  Broken: 5,
  NegotiationSent: 6,
  NegotiationSucceeded: 7,
  Connecting: 8,
  Disconnected: 9,
} as const;
export type PoolState = keyof typeof PoolStates;

/** MS-PSRP 2.2.3.5. */
export const PipelineStates = {
  NotStarted: 0,
  Running: 1,
  Stopping: 2,
  Stopped: 3,
  Completed: 4,
  Failed: 5,
  Disconnected: 6,
} as const;
export type PipelineState = keyof typeof PipelineStates;

/** MS-PSRP 2.2.3.6 and 2.2.3.7: how threads are made; only carried. */
export const threadOptions = (value: number): PsValue =>
  enumObject(
    'System.Management.Automation.Runspaces.PSThreadOptions',
    ['Default', 'UseNewThread', 'ReuseThread', 'UseCurrentThread'][value] ?? String(value),
    value,
  );
export const APARTMENT_STATE: readonly string[] = enumTypes('System.Threading.ApartmentState');
export const apartmentState = (value: number): PsValue =>
  enumObject('System.Threading.ApartmentState', ['STA', 'MTA', 'Unknown'][value] ?? '', value);

/** MS-PSRP 2.2.3.8. */
export const STREAM_OPTIONS: readonly string[] = enumTypes(
  'System.Management.Automation.RemoteStreamOptions',
);

/** MS-PSRP 2.2.3.31: streams that a command merges, as bits. */
export const ResultType = {
  None: 0,
  Output: 1,
  Error: 2,
  Warning: 4,
  Verbose: 8,
  Debug: 16,
  Information: 32,
  All: 63,
  Null: 64,
} as const;

/** The value's text: names of its bits. */
export function resultTypesText(value: number): string {
  if (value === 0) return 'None';
  const names = Object.entries(ResultType).filter(
    ([name, bit]) => bit !== 0 && name !== 'All' && (value & bit) !== 0,
  );
  return names.map(([name]) => name).join(', ');
}

export const RESULT_TYPES: readonly string[] = enumTypes(
  'System.Management.Automation.Runspaces.PipelineResultTypes',
);
