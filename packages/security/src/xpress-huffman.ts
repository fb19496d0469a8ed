import { concat } from '@doublehop/wire/bytes';
import { SecurityError } from './errors.ts';
import { huffmanCodes, huffmanLengths, SYMBOLS } from './xpress-huffman-code.ts';

/** LZ77 with Huffman coding (MS-XCA 2.1, 2.2): how claims are packed in a PAC. */

const TABLE_SIZE = SYMBOLS / 2;
const BLOCK = 65_536;
const CODE_BITS = 15;
const MIN_MATCH = 3;
const LITERALS = 256;
const LONG_MATCH = 15;
/** A match that takes more than a byte for its length takes two. */
const LONGER_MATCH = 255;
const HASH_BITS = 13;

/**
 * Unpacks what has `size` bytes unpacked (MS-XCA 2.2.4). The caller bounds the size: no more
 * memory is taken, whatever the packed bytes say.
 */
export function decompressXpressHuffman(packed: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  const input = new BitReader(packed);
  let at = 0;
  while (at < size) {
    const table = decodingTable(input.bytes(TABLE_SIZE));
    input.start();
    const blockEnd = Math.min(size, at + BLOCK);
    while (at < blockEnd) {
      const symbol = input.symbol(table);
      if (symbol < LITERALS) {
        output[at] = symbol;
        at += 1;
      } else {
        at = copyMatch(input, symbol - LITERALS, output, at);
      }
    }
  }
  return output;
}

/**
 * Packs bytes: blocks of 65,536, each with codes of its own (MS-XCA 2.1.4). Undefined where that
 * would not make them fewer.
 */
export function compressXpressHuffman(bytes: Uint8Array): Uint8Array | undefined {
  const blocks: Uint8Array[] = [];
  let size = 0;
  for (let start = 0; start < bytes.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, bytes.length);
    const packed = packBlock(bytes.subarray(start, end), end === bytes.length);
    if (packed === undefined) return undefined;
    blocks.push(packed);
    size += packed.length;
  }
  return blocks.length === 0 || size >= bytes.length ? undefined : concat(...blocks);
}

/** One block, whose matches look back no further than its start; undefined: it became large. */
function packBlock(bytes: Uint8Array, last: boolean): Uint8Array | undefined {
  const tokens = findMatches(bytes);
  // Some decoders want the mark of the end, and two symbols are the fewest that have a code.
  const marked = last ? [...tokens, { symbol: LITERALS, length: 0, offset: 0 }] : tokens;
  const counts = Array.from({ length: SYMBOLS }, () => 0);
  for (const { symbol } of marked) counts[symbol] = (counts[symbol] ?? 0) + 1;
  counts[LITERALS] ||= 1;
  const lengths = huffmanLengths(counts, CODE_BITS);
  const codes = huffmanCodes(lengths);
  const output = new BitWriter(bytes.length);
  for (let index = 0; index < SYMBOLS; index += 2) {
    output.byte((lengths[index] ?? 0) | ((lengths[index + 1] ?? 0) << 4));
  }
  output.start();
  for (const { symbol, length, offset } of marked) {
    output.bits(lengths[symbol] ?? 0, codes[symbol] ?? 0);
    if (length !== 0) writeMatch(output, length - MIN_MATCH, offset);
  }
  return output.finish();
}

interface Token {
  readonly symbol: number;
  /** 0: a literal. */
  readonly length: number;
  readonly offset: number;
}

/** Greedy matching against the last place that began with the same three bytes. */
function findMatches(bytes: Uint8Array): Token[] {
  const last = new Int32Array(1 << HASH_BITS).fill(-1);
  const tokens: Token[] = [];
  let at = 0;
  while (at < bytes.length) {
    const from = at + MIN_MATCH <= bytes.length ? remember(bytes, at, last) : -1;
    const length = from < 0 ? 0 : matchLength(bytes, from, at);
    // An offset of 65,535 is the greatest that its bits can say.
    if (length < MIN_MATCH || at - from >= BLOCK) {
      tokens.push({ symbol: bytes[at] ?? 0, length: 0, offset: 0 });
      at += 1;
      continue;
    }
    const offset = at - from;
    const nibble = Math.min(length - MIN_MATCH, LONG_MATCH);
    tokens.push({ symbol: LITERALS + 16 * log2(offset) + nibble, length, offset });
    at += length;
  }
  return tokens;
}

function remember(bytes: Uint8Array, at: number, last: Int32Array): number {
  const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + MIN_MATCH);
  const hash = Math.imul(a | (b << 8) | (c << 16), 0x9e37_79b1) >>> (32 - HASH_BITS);
  const from = last[hash] ?? -1;
  last[hash] = at;
  return from;
}

function matchLength(bytes: Uint8Array, from: number, at: number): number {
  let length = 0;
  while (at + length < bytes.length && bytes[from + length] === bytes[at + length]) length += 1;
  return length;
}

function writeMatch(output: BitWriter, length: number, offset: number): void {
  if (length >= LONG_MATCH) {
    const rest = length - LONG_MATCH;
    output.byte(Math.min(rest, LONGER_MATCH));
    if (rest >= LONGER_MATCH) output.u16(length);
  }
  const bits = log2(offset);
  output.bits(bits, offset - (1 << bits));
}

/** Copies a match, which may overlap itself; returns where the output then ends. */
function copyMatch(input: BitReader, code: number, output: Uint8Array, start: number): number {
  const length = matchLengthOf(input, code & LONG_MATCH);
  const bits = code >> 4;
  const offset = input.take(bits) + (1 << bits);
  if (offset > start) throw malformed('a match before the start');
  const end = start + length;
  if (end > output.length) throw malformed('a match past the end');
  for (let at = start; at < end; at += 1) output[at] = output[at - offset] ?? 0;
  return end;
}

function matchLengthOf(input: BitReader, nibble: number): number {
  if (nibble < LONG_MATCH) return nibble + MIN_MATCH;
  const byte = input.byte();
  if (byte < LONGER_MATCH) return byte + LONG_MATCH + MIN_MATCH;
  const word = input.u16();
  if (word < LONG_MATCH) throw malformed('a long match that is short');
  return word + MIN_MATCH;
}

/** For each 15 bits, the symbol that begins them and its length: `symbol << 4 | length`. */
function decodingTable(packed: Uint8Array): Uint16Array {
  const lengths: number[] = [];
  for (const [index, pair] of packed.entries()) {
    lengths[2 * index] = pair & 15;
    lengths[2 * index + 1] = pair >> 4;
  }
  const table = new Uint16Array(1 << CODE_BITS);
  let at = 0;
  for (let length = 1; length <= CODE_BITS; length += 1) {
    const span = 1 << (CODE_BITS - length);
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue;
      if (at + span > table.length) throw malformed('more codes than there can be');
      table.fill((symbol << 4) | length, at, at + span);
      at += span;
    }
  }
  if (at !== table.length) throw malformed('fewer codes than there must be');
  return table;
}

/** The 16-bit words of the codes, with bytes of long matches in between (MS-XCA 2.2.4). */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #bits = 0;
  #extra = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  start(): void {
    this.#bits = ((this.u16() << 16) | this.u16()) >>> 0;
    this.#extra = 16;
  }

  symbol(table: Uint16Array): number {
    const entry = table[this.#bits >>> (32 - CODE_BITS)] ?? 0;
    this.#drop(entry & 15);
    return entry >> 4;
  }

  take(count: number): number {
    if (count === 0) return 0;
    const value = this.#bits >>> (32 - count);
    this.#drop(count);
    return value;
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  u16(): number {
    const [low = 0, high = 0] = this.bytes(2);
    return low | (high << 8);
  }

  bytes(length: number): Uint8Array {
    const start = this.#at;
    if (start + length > this.#bytes.length) {
      throw new SecurityError('truncated', 'claim', 'packed bytes end early', { offset: start });
    }
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  #drop(count: number): void {
    this.#bits = (this.#bits << count) >>> 0;
    this.#extra -= count;
    if (this.#extra >= 0) return;
    this.#bits = (this.#bits | (this.u16() << -this.#extra)) >>> 0;
    this.#extra += 16;
  }
}

/** Words are reserved two ahead of the bytes in between, as the reader reads them. */
class BitWriter {
  readonly #bytes: Uint8Array;
  #at = 0;
  #first = 0;
  #second = 0;
  #word = 0;
  #free = 16;

  /** What would be more than `size` bytes is not written: packing was of no use then. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size + TABLE_SIZE + 4);
  }

  start(): void {
    this.#first = this.#at;
    this.#second = this.#at + 2;
    this.#at += 4;
  }

  byte(value: number): void {
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  u16(value: number): void {
    this.byte(value & 0xff);
    this.byte(value >> 8);
  }

  bits(count: number, value: number): void {
    if (this.#free >= count) {
      this.#free -= count;
      this.#word = (this.#word << count) | value;
      return;
    }
    const rest = count - this.#free;
    this.#put((this.#word << this.#free) | (value >> rest));
    this.#free = 16 - rest;
    this.#word = value & ((1 << rest) - 1);
  }

  /** The bytes; undefined if they were too many. */
  finish(): Uint8Array | undefined {
    this.#set(this.#first, this.#word << this.#free);
    this.#set(this.#second, 0);
    return this.#at > this.#bytes.length ? undefined : this.#bytes.slice(0, this.#at);
  }

  #put(word: number): void {
    this.#set(this.#first, word);
    this.#first = this.#second;
    this.#second = this.#at;
    this.#at += 2;
  }

  #set(at: number, word: number): void {
    this.#bytes[at] = word & 0xff;
    this.#bytes[at + 1] = (word >> 8) & 0xff;
  }
}

function log2(value: number): number {
  return 31 - Math.clz32(value);
}

function malformed(what: string): SecurityError {
  return new SecurityError('value', 'claim', `packed bytes have ${what}`);
}
