import { PsDictionary, PsObject, type PsValue } from '@doublehop/powershell/objects/value';
import { dictionaryOf, Fields, plain, record } from './fields.ts';

/** What a client's host is like (MS-PSRP 2.2.3.14). */
export interface HostInfo {
  readonly isHostNull: boolean;
  readonly isUiNull: boolean;
  readonly isRawUiNull: boolean;
  /** Of a pipeline: use what was said of the pool's host. */
  readonly useRunspaceHost: boolean;
  /** Absent where there is no raw user interface. */
  readonly console?: ConsoleInfo;
}

/** Width and height, or column and row, in characters. */
export interface Pair {
  readonly x: number;
  readonly y: number;
}

/** `_hostDefaultData`; a peer that leaves something out leaves it undefined here. */
export interface ConsoleInfo {
  /** System.ConsoleColor, 0 to 15. */
  readonly foregroundColor?: number;
  readonly backgroundColor?: number;
  readonly cursorPosition?: Pair;
  readonly windowPosition?: Pair;
  /** Percent of a cell. */
  readonly cursorSize?: number;
  readonly bufferSize?: Pair;
  readonly windowSize?: Pair;
  readonly maxWindowSize?: Pair;
  readonly maxPhysicalWindowSize?: Pair;
  readonly windowTitle?: string;
}

/** No host: nothing can be asked of a person. */
export const NO_HOST: HostInfo = {
  isHostNull: true,
  isUiNull: true,
  isRawUiNull: true,
  useRunspaceHost: true,
};

export function hostInfoObject(info: HostInfo): PsObject {
  const { console } = info;
  return record({
    _isHostNull: info.isHostNull,
    _isHostUINull: info.isUiNull,
    _isHostRawUINull: info.isRawUiNull,
    _useRunspaceHost: info.useRunspaceHost,
    _hostDefaultData:
      console === undefined ? undefined : record({ data: new PsDictionary(entries(console)) }),
  });
}

/** Throws RemotingError `psrp`. */
export function hostInfoFrom(value: PsValue): HostInfo {
  const fields = new Fields(value);
  const info: HostInfo = {
    isHostNull: fields.bool('_isHostNull'),
    isUiNull: fields.bool('_isHostUINull'),
    isRawUiNull: fields.bool('_isHostRawUINull'),
    useRunspaceHost: fields.bool('_useRunspaceHost'),
  };
  const bag = fields.value('_hostDefaultData');
  const data = bag instanceof PsObject ? dictionaryOf(bag.get('data') ?? null) : undefined;
  return data === undefined ? info : { ...info, console: consoleFrom(data) };
}

const COLOR = 'System.ConsoleColor';
const COORDINATES = 'System.Management.Automation.Host.Coordinates';
const SIZE = 'System.Management.Automation.Host.Size';

type ItemShape = readonly [keyof ConsoleInfo, string];

/** MS-PSRP 2.2.3.14: by their keys, 0 to 9. */
const ITEMS: readonly ItemShape[] = [
  ['foregroundColor', COLOR],
  ['backgroundColor', COLOR],
  ['cursorPosition', COORDINATES],
  ['windowPosition', COORDINATES],
  ['cursorSize', 'System.Int32'],
  ['bufferSize', SIZE],
  ['windowSize', SIZE],
  ['maxWindowSize', SIZE],
  ['maxPhysicalWindowSize', SIZE],
  ['windowTitle', 'System.String'],
];

function entries(console: ConsoleInfo): (readonly [PsValue, PsValue])[] {
  const found: (readonly [PsValue, PsValue])[] = [];
  for (const [key, [name, type]] of ITEMS.entries()) {
    const item = console[name];
    if (item !== undefined) found.push([key, record({ T: type, V: itemValue(type, item) })]);
  }
  return found;
}

function itemValue(type: string, item: Pair | number | string): PsValue {
  if (typeof item !== 'object') return item;
  const { x, y } = item;
  return type === SIZE ? record({ width: x, height: y }) : record({ x, y });
}

function consoleFrom(data: PsDictionary): ConsoleInfo {
  const found: Partial<Record<keyof ConsoleInfo, unknown>> = {};
  for (const [key, [name, type]] of ITEMS.entries()) {
    const item = data.get(key);
    if (!(item instanceof PsObject)) continue;
    const value = itemFrom(type, item.get('V') ?? null);
    if (value !== undefined) found[name] = value;
  }
  // itemFrom gives for each name what ITEMS says of its type.
  return found as ConsoleInfo;
}

function itemFrom(type: string, value: PsValue): Pair | number | string | undefined {
  if (type === SIZE || type === COORDINATES) {
    if (!(value instanceof PsObject)) return undefined;
    const fields = new Fields(value);
    return type === SIZE
      ? { x: fields.int('width'), y: fields.int('height') }
      : { x: fields.int('x'), y: fields.int('y') };
  }
  const item = plain(value);
  if (type === 'System.String') return typeof item === 'string' ? item : undefined;
  return typeof item === 'number' ? item : undefined;
}
