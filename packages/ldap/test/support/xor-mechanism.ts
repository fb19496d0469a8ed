import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { LdapError } from '../../src/errors.ts';
import type {
  SaslClientMechanism,
  SaslClientStep,
  SaslServerFactory,
  SaslServerMechanism,
  SaslServerStep,
  SecurityLayer,
} from '../../src/sasl/mechanism.ts';

/** A layer that turns every octet, and marks a buffer with its number: order and loss show. */
export function xorLayer(maxSend = 100): SecurityLayer {
  let sent = 0;
  let received = 0;
  const turn = (bytes: Uint8Array) => bytes.map((octet) => octet ^ 0x5a);
  return {
    protection: 'confidentiality',
    maxSend,
    maxReceive: 1_000,
    wrap(bytes) {
      const out = new Uint8Array(bytes.length + 1);
      out[0] = sent & 0xff;
      sent += 1;
      out.set(turn(bytes), 1);
      return out;
    },
    unwrap(bytes) {
      if (bytes[0] !== (received & 0xff)) throw new Error('a buffer is missing');
      received += 1;
      return turn(bytes.subarray(1));
    },
  };
}

/** A client of the mechanism XOR: name, then the server's challenge in reverse. */
export class XorClient implements SaslClientMechanism {
  readonly name = 'XOR';
  readonly securityLayer: SecurityLayer | undefined;
  readonly #who: string;
  readonly #honest: boolean;

  constructor(who: string, options: { readonly layer?: boolean; readonly honest?: boolean } = {}) {
    this.#who = who;
    this.#honest = options.honest ?? true;
    this.securityLayer = options.layer === false ? undefined : xorLayer();
  }

  async start(): Promise<SaslClientStep> {
    return { response: utf8(this.#who), complete: false };
  }

  async step(challenge: Uint8Array): Promise<SaslClientStep> {
    if (fromUtf8(challenge) === 'welcome') return { complete: true };
    const response = this.#honest ? challenge.toReversed() : challenge;
    return { response, complete: false };
  }
}

/** The server of XOR. */
export function xorServer(options: { readonly layer?: boolean } = {}): SaslServerFactory {
  return { name: 'XOR', create: () => new XorServer(options.layer ?? true) };
}

class XorServer implements SaslServerMechanism {
  #who: string | undefined;
  readonly #layer: boolean;

  constructor(layer: boolean) {
    this.#layer = layer;
  }

  async step(response: Uint8Array | undefined): Promise<SaslServerStep> {
    const text = fromUtf8(response ?? new Uint8Array(0));
    if (this.#who === undefined) {
      this.#who = text;
      return { complete: false, challenge: utf8('nonce') };
    }
    if (text === 'broken') throw new RangeError('a bug in a token parser');
    if (text !== 'ecnon') throw new LdapError('invalidCredentials', 'wrong response');
    const layer = this.#layer ? xorLayer() : undefined;
    const outcome = { mechanism: 'XOR', peer: this.#who, layer };
    return { complete: true, challenge: utf8('welcome'), outcome };
  }
}
