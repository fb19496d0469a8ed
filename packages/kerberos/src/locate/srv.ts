import type { RandomSource } from '@doublehop/crypto/random';
import { MAX_SERVERS } from '../limits.ts';
import type { SrvRecord } from './resolver.ts';

/**
 * The order in which to contact the targets of SRV records (RFC 2782, "Usage rules"): by priority,
 * and among equals drawn by weight. At most `MAX_SERVERS` are kept.
 */
export function orderSrv(records: readonly SrvRecord[], random: RandomSource): SrvRecord[] {
  const rest = records.slice(0, MAX_SERVERS).sort((a, b) => rank(a) - rank(b));
  const ordered: SrvRecord[] = [];
  for (let next = rest[0]; next !== undefined; next = rest[0]) {
    const { priority } = next;
    const peers = rest.filter((record) => record.priority === priority);
    const chosen = draw(peers, random) ?? next;
    ordered.push(chosen);
    rest.splice(rest.indexOf(chosen), 1);
  }
  return ordered;
}

/** One record with `.` as target says that there is no such service (RFC 2782, "Target"). */
export function deniesService(records: readonly SrvRecord[]): boolean {
  const [only, more] = records;
  return only !== undefined && more === undefined && /^\.?$/.test(only.target);
}

/** By priority; those of weight 0 first, so that they have a small chance of selection. */
function rank({ priority, weight }: SrvRecord): number {
  return priority * 2 + (weight === 0 ? 0 : 1);
}

function draw(peers: readonly SrvRecord[], random: RandomSource): SrvRecord | undefined {
  const total = peers.reduce((sum, { weight }) => sum + weight, 0);
  const octets = random(4);
  const number = new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0) % (total + 1);
  let sum = 0;
  return peers.find(({ weight }) => {
    sum += weight;
    return sum >= number;
  });
}
