import { concat, equal, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import type { GssContext, GssStep } from '../../src/sasl/gss-context.ts';

/** What a fake context is told to be. */
export interface FakeGssOptions {
  /** Tokens that go back and forth before it stands; 2 is Kerberos with mutual authentication. */
  readonly tokens?: number;
  readonly integrity?: boolean;
  readonly confidentiality?: boolean;
  readonly peer?: string;
}

/**
 * A security context without cryptography: tokens are `token N`, a wrapped message is one octet of
 * sealing, one of its number, and the message, turned over where it is sealed.
 */
export class FakeGss implements GssContext {
  established = false;
  readonly integrity: boolean;
  readonly confidentiality: boolean;
  readonly peer: string | undefined;
  readonly #tokens: number;
  readonly #initiator: boolean;
  #next: number;
  #sent = 0;
  #received = 0;

  constructor(role: 'initiator' | 'acceptor', options: FakeGssOptions = {}) {
    this.#initiator = role === 'initiator';
    this.#next = this.#initiator ? 0 : 1;
    this.#tokens = options.tokens ?? 2;
    this.integrity = options.integrity ?? true;
    this.confidentiality = options.confidentiality ?? true;
    this.peer = this.#initiator ? undefined : (options.peer ?? 'alice@CONTOSO.COM');
  }

  step(token?: Uint8Array): GssStep {
    if (this.established) throw new Error('the context stands already');
    const opens = this.#initiator && this.#next === 0;
    const expected = opens ? undefined : `token ${this.#next - 1}`;
    if ((token === undefined ? undefined : fromUtf8(token)) !== expected) {
      throw new RangeError(`expected ${expected}`);
    }
    const mine = this.#next;
    this.#next += 2;
    // Whoever sends the last token stands with it, and whoever receives it.
    this.established = mine >= this.#tokens - 1;
    const out = mine < this.#tokens ? utf8(`token ${mine}`) : undefined;
    return { token: out, established: this.established };
  }

  wrap(message: Uint8Array, { seal }: { readonly seal: boolean }): Uint8Array {
    const head = Uint8Array.of(seal ? 1 : 0, this.#sent & 0xff);
    this.#sent += 1;
    return concat(head, seal ? message.map((octet) => octet ^ 0xff) : message);
  }

  unwrap(token: Uint8Array): { message: Uint8Array; sealed: boolean } {
    const [seal, number] = token;
    if (!equal(Uint8Array.of(number ?? -1), Uint8Array.of(this.#received & 0xff))) {
      throw new RangeError('a token is missing or comes twice');
    }
    this.#received += 1;
    const body = token.slice(2);
    const sealed = seal === 1;
    return { message: sealed ? body.map((octet) => octet ^ 0xff) : body, sealed };
  }
}
