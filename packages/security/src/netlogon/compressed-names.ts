import { isUtf8 } from 'node:buffer';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import { MAX_NETLOGON_NAME } from '../limits.ts';

/** Octets of one label, and how far a pointer reaches (RFC 1035 §2.3.4, §4.1.4). */
const MAX_LABEL = 63;
const MAX_POINTER = 0x3fff;
const POINTER = 0xc0;

/**
 * Writes names one after the other, each suffix of labels once: later ones point to it (RFC 1035
 * §4.1.4, MS-ADTS 6.3.7). Offsets count from the start of the whole message, where `at` octets
 * stand before the first name.
 */
export class NameWriter {
  readonly #bytes: number[] = [];
  readonly #start: number;
  readonly #known = new Map<string, number>();

  constructor(at: number) {
    this.#start = at;
  }

  /** A name of labels between dots; the empty one is the root. */
  domain(name: string): void {
    this.#labels(name.split('.').filter((label) => label !== ''));
  }

  /** A name that is one label, whatever it holds: users and NetBIOS names. */
  label(name: string): void {
    this.#labels(name === '' ? [] : [name]);
  }

  /** What was written. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #labels(labels: readonly string[]): void {
    for (const [index, label] of labels.entries()) {
      const rest = JSON.stringify(labels.slice(index));
      const earlier = this.#known.get(rest);
      if (earlier !== undefined) {
        this.#bytes.push(POINTER | (earlier >> 8), earlier & 0xff);
        return;
      }
      const octets = utf8(label);
      if (octets.length > MAX_LABEL) throw new WireError('encode', 'a label is too long');
      const at = this.#start + this.#bytes.length;
      if (at <= MAX_POINTER) this.#known.set(rest, at);
      this.#bytes.push(octets.length, ...octets);
    }
    this.#bytes.push(0);
  }
}

/** A name that was read, and where what follows it begins. */
export interface CompressedName {
  readonly name: string;
  readonly next: number;
}

/**
 * Reads the name at an offset of a message. Throws WireError: pointers only point backwards, so
 * that reading ends.
 */
export function readCompressedName(bytes: Uint8Array, offset: number): CompressedName {
  const labels: string[] = [];
  let at = offset;
  let lowest = offset;
  let next: number | undefined;
  for (let size = 0; size <= MAX_NETLOGON_NAME; ) {
    const length = octet(bytes, at);
    if (length === 0) return { name: labels.join('.'), next: next ?? at + 1 };
    if (length >= POINTER) {
      const target = ((length & ~POINTER) << 8) | octet(bytes, at + 1);
      next ??= at + 2;
      if (target >= lowest)
        throw new WireError('pointer', 'a name points forwards', { offset: at });
      lowest = target;
      at = target;
      continue;
    }
    const label = bytes.subarray(at + 1, at + 1 + length);
    if (length > MAX_LABEL || label.length < length || !isUtf8(label)) {
      throw new WireError('value', 'a label is not valid', { offset: at });
    }
    labels.push(fromUtf8(label));
    at += 1 + length;
    size += 1 + length;
  }
  throw new WireError('oversize', 'a name is too long', { offset });
}

function octet(bytes: Uint8Array, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw new WireError('truncated', 'a name is cut short', { offset: at });
  return value;
}
