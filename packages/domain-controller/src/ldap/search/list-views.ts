import type { ListTarget, ListViewRequest } from '@doublehop/ldap/controls';
import type { ResultCode } from '@doublehop/ldap/result-codes';
import { MAX_LIST_VIEWS, PAGED_SEARCH_LIFE } from '../../limits.ts';
import { keyOf, type Order, type Place } from './sort.ts';

/** A sorted list that a client looks at part by part. */
export interface ListView {
  readonly places: readonly Place[];
  readonly order: Order;
  /** Equal for requests that are about the same list. */
  readonly request: string;
  /** Whose it is: another bind on the connection ends it. */
  readonly owner: object;
}

interface Kept extends ListView {
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** The lists of one connection; the oldest gives way (MaxResultSetsPerConn). */
export class ListViews {
  readonly #kept = new Map<number, Kept>();
  readonly #clock: () => number;
  #last = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Keeps a list; the context ID names it. */
  keep(view: ListView): Uint8Array {
    const now = this.#clock();
    for (const [id, { expires }] of this.#kept) if (expires <= now) this.#kept.delete(id);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_LIST_VIEWS && oldest !== undefined) this.#kept.delete(oldest);
    this.#last += 1;
    this.#kept.set(this.#last, { ...view, expires: now + PAGED_SEARCH_LIFE });
    return idBytes(this.#last);
  }

  /** The list of a context ID, if it is this client's and has not been given up. */
  find(contextId: Uint8Array, owner: object): ListView | undefined {
    if (contextId.length !== ID_SIZE) return undefined;
    const id = Buffer.from(contextId).readUInt32BE(0);
    const found = this.#kept.get(id);
    if (found === undefined || found.owner !== owner) return undefined;
    if (found.expires <= this.#clock()) return undefined;
    return found;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** The part of a list that a request means. */
export interface ListPart {
  /** From here, up to but without there. */
  readonly start: number;
  readonly end: number;
  /** Position of the target, the first being 1. */
  readonly target: number;
}

/**
 * Finds the target and what is around it (MS-ADTS 3.1.1.3.4.1.17). The code instead where the
 * offset is 0 of a count that is not.
 */
export function partOf(
  { places, order }: Pick<ListView, 'places' | 'order'>,
  { beforeCount, afterCount, target }: ListViewRequest,
): ListPart | ResultCode {
  const position = positionOf(places, order, target);
  if (typeof position !== 'number') return position;
  return {
    start: Math.max(position - 1 - beforeCount, 0),
    end: Math.min(position + afterCount, places.length),
    target: position,
  };
}

function positionOf(
  places: readonly Place[],
  order: Order,
  target: ListTarget,
): number | ResultCode {
  if (target.kind === 'greaterThanOrEqual') {
    const wanted = keyOf(order, target.value);
    const sign = order.reverse ? -1 : 1;
    const reached = ({ key }: Place): boolean =>
      key === undefined || sign * order.compare(key, wanted) >= 0;
    return firstWhere(places, reached) + 1;
  }
  const { offset, contentCount } = target.value;
  const count = places.length;
  if (offset === 0) return contentCount === 0 ? count : 'offsetRangeError';
  if (contentCount === 0) return Math.min(offset, Math.max(count, 1));
  // The only one of one is the last; otherwise the first is the first and the last the last.
  if (contentCount === 1) return offset === 1 ? count : 1;
  const share = (Math.min(offset, contentCount) - 1) / (contentCount - 1);
  return 1 + Math.round((count - 1) * share);
}

/** Index of the first place from which on the condition holds. */
function firstWhere(places: readonly Place[], holds: (place: Place) => boolean): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const place = places[middle];
    if (place !== undefined && holds(place)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const ID_SIZE = 4;

function idBytes(id: number): Uint8Array {
  const bytes = Buffer.alloc(ID_SIZE);
  bytes.writeUInt32BE(id >>> 0, 0);
  return bytes;
}
