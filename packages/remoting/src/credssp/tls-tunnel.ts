import { Duplex } from 'node:stream';
import { connect, type SecureContextOptions, TLSSocket, createSecureContext } from 'node:tls';
import { concat } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { subjectPublicKey } from './ts-request.ts';

/**
 * TLS whose records travel inside something else. Octets of the peer go in by `feed`; what is to be
 * sent to it comes out of `feed` and `write`.
 */
export class TlsTunnel {
  readonly #tls: TLSSocket;
  readonly #wire: Duplex;
  readonly #isServer: boolean;
  #records: Uint8Array[] = [];
  #plain: Uint8Array[] = [];
  #activity = 0;
  #isSecure = false;
  #failure: Error | undefined;

  private constructor(isServer: boolean, start: (wire: Duplex) => TLSSocket) {
    this.#isServer = isServer;
    this.#wire = new Duplex({
      read: () => {},
      write: (chunk: Uint8Array, _, done) => {
        this.#activity += 1;
        this.#records.push(chunk);
        done();
      },
    });
    this.#tls = start(this.#wire);
    this.#tls.on(isServer ? 'secure' : 'secureConnect', () => {
      this.#activity += 1;
      this.#isSecure = true;
    });
    this.#tls.on('data', (chunk: Uint8Array) => {
      this.#activity += 1;
      this.#plain.push(chunk);
    });
    this.#tls.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** TLS 1.2: the tickets that TLS 1.3 sends afterwards have no place in CredSSP's messages. */
  static server(context: Pick<SecureContextOptions, 'key' | 'cert'>): TlsTunnel {
    const secureContext = createSecureContext({ ...context, ...VERSIONS });
    return new TlsTunnel(true, (wire) => new TLSSocket(wire, { isServer: true, secureContext }));
  }

  /** Servers' certificates are mostly self-signed: CredSSP itself proves who has the key. */
  static client(host: string): TlsTunnel {
    const servername = /^[\d.:[\]]+$/u.test(host) ? {} : { servername: host };
    return new TlsTunnel(false, (socket) =>
      connect({ socket, rejectUnauthorized: false, ...servername, ...VERSIONS }),
    );
  }

  /** Whether the handshake is done. */
  get isSecure(): boolean {
    return this.#isSecure;
  }

  /** subjectPublicKey of the server's certificate. */
  get publicKey(): Uint8Array {
    const certificate = this.#isServer
      ? this.#tls.getX509Certificate()
      : this.#tls.getPeerX509Certificate();
    if (certificate === undefined) {
      throw new RemotingError('credssp', 'the TLS connection has no certificate');
    }
    const { publicKey } = certificate;
    return subjectPublicKey(publicKey.export({ type: 'spki', format: 'der' }));
  }

  /**
   * Octets at the end of each record that are not ciphertext of its contents (MS-WSMV 2.2.9.1.3).
   */
  get trailer(): number {
    const { name } = this.#tls.getCipher();
    if (/GCM|CCM|POLY1305/u.test(name)) return 16;
    if (name.endsWith('SHA384')) return 48;
    return name.endsWith('SHA256') ? 32 : 20;
  }

  /** Takes records of the peer. Gives what they say, and records to answer. */
  async feed(records: Uint8Array): Promise<{ plain: Uint8Array; records: Uint8Array }> {
    this.#activity += 1;
    if (records.length > 0) this.#wire.push(records);
    await this.#settle();
    const plain = concat(...this.#plain);
    this.#plain = [];
    return { plain, records: this.#takeRecords() };
  }

  /** Protects octets; they go in one record if they fit in one. */
  async write(plain: Uint8Array): Promise<Uint8Array> {
    this.#activity += 1;
    this.#tls.write(plain);
    await this.#settle();
    return this.#takeRecords();
  }

  close(): void {
    this.#tls.destroy();
    this.#wire.destroy();
  }

  #takeRecords(): Uint8Array {
    const records = concat(...this.#records);
    this.#records = [];
    return records;
  }

  /** TLS works in memory: it is done when it has been quiet for some turns of the event loop. */
  async #settle(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < QUIET_TURNS; quiet += 1) {
      if (seen !== this.#activity) quiet = 0;
      seen = this.#activity;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    const cause = this.#failure;
    if (cause !== undefined) {
      throw new RemotingError('credssp', `TLS inside CredSSP: ${cause.message}`, { cause });
    }
  }
}

const QUIET_TURNS = 4;
const VERSIONS = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
