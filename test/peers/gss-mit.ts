// MIT krb5's GSS-API through Python's bindings, in a process that ends with this one.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('gss-mit.py', import.meta.url));

/** What a step of MIT's gave. */
export interface MitStep {
  readonly token: Uint8Array | undefined;
  readonly complete: boolean;
  /** Once complete. */
  readonly flags: number;
  readonly initiator: string;
  readonly target: string;
}

export interface MitInitiate {
  readonly target: string;
  readonly mechanism: 'krb5' | 'spnego';
  readonly flags: number;
  readonly bindings?: Uint8Array | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** A Python process with MIT's library; one request at a time. */
export class MitGss {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #contexts = 0;

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn('/usr/bin/python3', [script], { env: { ...process.env, ...env } });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.pipe(process.stderr);
  }

  async initiate({ bindings, ...fields }: MitInitiate): Promise<MitContext> {
    return this.#begin('initiate', { ...fields, bindings: toHex(bindings) });
  }

  async accept(bindings?: Uint8Array): Promise<MitContext> {
    return this.#begin('accept', { bindings: toHex(bindings) });
  }

  stop(): void {
    this.#child.stdin.end();
  }

  async #begin(op: string, fields: Fields): Promise<MitContext> {
    this.#contexts += 1;
    const context = this.#contexts;
    await this.#ask({ op, context, ...fields });
    return new MitContext((name, more) => this.#ask({ op: name, context, ...more }));
  }

  async #ask(request: Fields): Promise<Fields> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the Python process has ended');
    // The script answers in this form alone.
    const answer = JSON.parse(value) as { readonly ok?: Fields; readonly error?: string };
    if (answer.ok === undefined) throw new Error(`MIT: ${answer.error}`);
    return answer.ok;
  }
}

/** One security context on MIT's side. Whatever GSS-API reports is thrown as an Error `MIT: …`. */
export class MitContext {
  readonly #ask: (op: string, fields: Fields) => Promise<Fields>;

  constructor(ask: (op: string, fields: Fields) => Promise<Fields>) {
    this.#ask = ask;
  }

  async step(token?: Uint8Array): Promise<MitStep> {
    const answer = await this.#ask('step', { token: toHex(token) });
    return {
      token: typeof answer['token'] === 'string' ? fromHex(answer['token']) : undefined,
      complete: answer['complete'] === true,
      flags: Number(answer['flags']),
      initiator: String(answer['initiator']),
      target: String(answer['target']),
    };
  }

  async wrap(message: Uint8Array, seal: boolean): Promise<Uint8Array> {
    const { token } = await this.#ask('wrap', { message: toHex(message), seal });
    return fromHex(token);
  }

  async unwrap(token: Uint8Array): Promise<{ message: Uint8Array; sealed: boolean }> {
    const { message, sealed } = await this.#ask('unwrap', { token: toHex(token) });
    return { message: fromHex(message), sealed: sealed === true };
  }

  async wrapIov(message: Uint8Array): Promise<{ header: Uint8Array; data: Uint8Array }> {
    const { header, data } = await this.#ask('wrapIov', { message: toHex(message) });
    return { header: fromHex(header), data: fromHex(data) };
  }

  async mic(message: Uint8Array): Promise<Uint8Array> {
    return fromHex((await this.#ask('mic', { message: toHex(message) }))['token']);
  }

  async verify(message: Uint8Array, token: Uint8Array): Promise<void> {
    await this.#ask('verify', { message: toHex(message), token: toHex(token) });
  }

  /** Writes the delegated ticket into a cache; returns whose it is. */
  async storeDelegated(ccache: string): Promise<string> {
    return String((await this.#ask('storeDelegated', { ccache }))['name']);
  }
}

function toHex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');
}

function fromHex(text: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(String(text), 'hex'));
}
