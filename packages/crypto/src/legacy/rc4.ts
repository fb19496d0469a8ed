/**
 * The RC4 stream cipher under a fresh key: encrypts or decrypts `data` into a new array. OpenSSL 3
 * keeps RC4 in a provider that is off by default. Broken as a cipher; here for RFC 4757 and NTLM
 * (MS-NLMP 3.4.3) only.
 */
export function rc4(key: Uint8Array, data: Uint8Array): Uint8Array {
  return new Rc4(key).apply(data);
}

/** The same as a stream that goes on from message to message. */
export class Rc4 {
  readonly #state: Uint8Array;
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array | Rc4) {
    if (key instanceof Rc4) {
      this.#state = key.#state.slice();
      this.#i = key.#i;
      this.#j = key.#j;
    } else {
      this.#state = schedule(key);
    }
  }

  /** A stream at the same place, which goes on by itself. */
  clone(): Rc4 {
    return new Rc4(this);
  }

  /** Encrypts or decrypts into a new array. */
  apply(data: Uint8Array): Uint8Array {
    const state = this.#state;
    const out = new Uint8Array(data.length);
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < data.length; at++) {
      i = (i + 1) & 0xff;
      const a = state[i] ?? 0;
      j = (j + a) & 0xff;
      const b = state[j] ?? 0;
      state[i] = b;
      state[j] = a;
      out[at] = (data[at] ?? 0) ^ (state[(a + b) & 0xff] ?? 0);
    }
    this.#i = i;
    this.#j = j;
    return out;
  }
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
