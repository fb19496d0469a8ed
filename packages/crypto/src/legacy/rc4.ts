/**
 * The RC4 stream cipher under a fresh key: encrypts or decrypts `data` into a new array. OpenSSL 3
 * keeps RC4 in a provider that is off by default. Broken as a cipher; here for RFC 4757 only.
 */
export function rc4(key: Uint8Array, data: Uint8Array): Uint8Array {
  const state = schedule(key);
  const out = new Uint8Array(data.length);
  let j = 0;
  for (let at = 0; at < data.length; at++) {
    const i = (at + 1) & 0xff;
    const a = state[i] ?? 0;
    j = (j + a) & 0xff;
    const b = state[j] ?? 0;
    state[i] = b;
    state[j] = a;
    out[at] = (data[at] ?? 0) ^ (state[(a + b) & 0xff] ?? 0);
  }
  return out;
}

function schedule(key: Uint8Array): Uint8Array {
  const state = new Uint8Array(256);
  for (let i = 0; i < 256; i++) {
    state[i] = i;
  }
  let j = 0;
  for (let i = 0; i < 256; i++) {
    const a = state[i] ?? 0;
    j = (j + a + (key[i % key.length] ?? 0)) & 0xff;
    state[i] = state[j] ?? 0;
    state[j] = a;
  }
  return state;
}
