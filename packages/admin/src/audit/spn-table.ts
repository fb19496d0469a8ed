import { fromUtf8, utf8 } from '@doublehop/wire/bytes';

const FIRST_SIZE = 1024;
const TWO_32 = 0x1_0000_0000;

/**
 * Service principal names of a whole domain, in twelve octets each: enough to find names that
 * stand on two accounts, of which the few candidates are then read again. Case does not count
 * (MS-ADTS 3.1.1.3.1.4.1: the attribute's equality is that of Unicode strings).
 */
export class SpnTable {
  #hashes = new Float64Array(FIRST_SIZE);
  #owners = new Uint32Array(FIRST_SIZE);
  #count = 0;

  /** How many names were added. */
  get size(): number {
    return this.#count;
  }

  /** Adds a name of the account with this number. */
  add(name: Uint8Array, owner: number): void {
    if (this.#count === this.#hashes.length) this.#grow();
    this.#hashes[this.#count] = hashOf(name);
    this.#owners[this.#count] = owner;
    this.#count += 1;
  }

  /** Hashes of names that more than one account has, as far as hashes tell. */
  suspects(): ReadonlySet<number> {
    const order = new Uint32Array(this.#count);
    for (let at = 0; at < order.length; at += 1) order[at] = at;
    const hashes = this.#hashes;
    order.sort((a, b) => (hashes[a] ?? 0) - (hashes[b] ?? 0));
    const found = new Set<number>();
    for (let at = 1; at < order.length; at += 1) {
      const one = order[at - 1] ?? 0;
      const other = order[at] ?? 0;
      const hash = hashes[one] ?? 0;
      if (hash === hashes[other] && this.#owners[one] !== this.#owners[other]) found.add(hash);
    }
    return found;
  }

  #grow(): void {
    const hashes = new Float64Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    const owners = new Uint32Array(this.#owners.length * 2);
    owners.set(this.#owners);
    this.#hashes = hashes;
    this.#owners = owners;
  }
}

/** 53 bits of a name without its case. */
export function hashOf(name: Uint8Array): number {
  let high = 0xdead_beef;
  let low = 0x41c6_ce57;
  const octets = name.every(isAscii) ? name : utf8(fromUtf8(name).toLowerCase());
  for (const octet of octets) {
    const folded = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
    high = Math.imul(high ^ folded, 0x9e37_79b1);
    low = Math.imul(low ^ folded, 0x5f35_6495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85eb_ca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2_ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85eb_ca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2_ae35);
  return TWO_32 * (low & 0x1f_ffff) + (high >>> 0);
}

function isAscii(octet: number): boolean {
  return octet < 0x80;
}
