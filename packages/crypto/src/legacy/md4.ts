/**
 * MD4 (RFC 1320), 16 bytes. OpenSSL 3 keeps it in a provider that is off by default, and RC4 keys
 * (RFC 4757 §2) are MD4 hashes. Broken as a hash; here for those two uses only.
 */
export function md4(data: Uint8Array): Uint8Array {
  const padded = pad(data);
  const words = new DataView(padded.buffer);
  const state: State = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  const block = new Int32Array(16);
  for (let at = 0; at < padded.length; at += 64) {
    for (let word = 0; word < 16; word++) {
      block[word] = words.getInt32(at + 4 * word, true);
    }
    compress(state, block);
  }
  const digest = new DataView(new ArrayBuffer(16));
  for (const [index, word] of state.entries()) {
    digest.setInt32(4 * index, word, true);
  }
  return new Uint8Array(digest.buffer);
}

type State = [number, number, number, number];

/** RFC 1320 §3.1 and §3.2: one bit, zeros, and the length in bits to a multiple of 64 bytes. */
function pad(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64);
  padded.set(data);
  padded[data.length] = 0x80;
  const length = new DataView(padded.buffer, padded.length - 8);
  length.setUint32(0, data.length << 3, true);
  length.setUint32(4, Math.floor(data.length / 2 ** 29), true);
  return padded;
}

/** The order of words in each round and the shifts of its four steps (RFC 1320 §3.4). */
const rounds = [
  { order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], shifts: [3, 7, 11, 19] },
  { order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], shifts: [3, 5, 9, 13] },
  { order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], shifts: [3, 9, 11, 15] },
] as const;

function compress(state: State, block: Int32Array): void {
  let [a, b, c, d] = state;
  for (const [round, { order, shifts }] of rounds.entries()) {
    for (const [step, word] of order.entries()) {
      const sum = (a + mix(round, b, c, d) + (block[word] ?? 0)) | 0;
      const shift = shifts[step & 3] ?? 0;
      [a, b, c, d] = [d, (sum << shift) | (sum >>> (32 - shift)), b, c];
    }
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
}

/** The round functions F, G and H with the constants of rounds two and three (RFC 1320 §3.4). */
function mix(round: number, x: number, y: number, z: number): number {
  if (round === 0) {
    return (x & y) | (~x & z);
  }
  return round === 1 ? ((x & y) | (x & z) | (y & z)) + 0x5a827999 : (x ^ y ^ z) + 0x6ed9eba1;
}
