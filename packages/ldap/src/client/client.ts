import { utf8 } from '@doublehop/wire/bytes';
import { findControl, pagedResults } from '../controls.ts';
import { LdapError } from '../errors.ts';
import { MAX_SASL_STEPS } from '../limits.ts';
import type { BindResponse } from '../messages/bind.ts';
import type { Control, ResultValue } from '../messages/common.ts';
import type { LdapMessage, Operation } from '../messages/message.ts';
import type { TextOrOctets } from '../messages/values.ts';
import { EXTENDED } from '../oids.ts';
import { resultCodeName } from '../result-codes.ts';
import type { Protection, SaslClientMechanism, SaslClientStep } from '../sasl/mechanism.ts';
import { parseLdapUrl } from '../url.ts';
import { Link, openSocket } from './link.ts';
import type { PendingOperation } from './pending.ts';
import { addRequest, modifyRequest, octetsOf, searchRequest } from './requests.ts';
import type {
  ClientChange,
  ClientItem,
  Done,
  ExtendedDone,
  LdapClientOptions,
  NewAttributes,
  OperationOptions,
  Rename,
  SearchAllOptions,
  SearchOptions,
} from './types.ts';

const EMPTY = new Uint8Array(0);
const DEFAULT_CONNECT_TIMEOUT = 10_000;
const DEFAULT_TIMEOUT = 30_000;
const DEFAULT_PAGE_SIZE = 1_000;

/**
 * A connection to an LDAP server. Operations may run side by side; each fails with an LdapError of
 * the server's result code or of a local condition. Referrals are surfaced, never followed.
 */
export class LdapClient {
  /** Host name of the URL, for the names of services. */
  readonly host: string;
  readonly #link: Link;
  readonly #options: LdapClientOptions;
  /** The bind in progress: nothing else is sent meanwhile (RFC 4511 §4.2.1). */
  #exclusive: Promise<unknown> = Promise.resolve();
  #layer: Protection = 'none';

  private constructor(link: Link, host: string, options: LdapClientOptions) {
    this.#link = link;
    this.host = host;
    this.#options = options;
  }

  /** Connects; with TLS in place where the URL or `startTls` says so. Throws `connectError`. */
  static async connect(options: LdapClientOptions): Promise<LdapClient> {
    const { scheme, host, port } = parseLdapUrl(options.url);
    const startTls = options.startTls === true;
    if (startTls && scheme === 'ldaps') {
      throw new LdapError('paramError', 'StartTLS inside ldaps:// makes no sense');
    }
    const timeout = options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT;
    const name = host === '' ? 'localhost' : host;
    const link = new Link(await openSocket(name, port, timeout), options.maxMessage);
    const client = new LdapClient(link, name, options);
    if (scheme === 'ldap' && !startTls) return client;
    const late = setTimeout(() => {
      link.destroy(new LdapError('connectError', `no TLS with ${name} in ${timeout} ms`));
    }, timeout);
    try {
      if (startTls) await client.extended(EXTENDED.startTls);
      await link.secure(name, options.tls ?? {});
    } catch (error) {
      link.destroy(new LdapError('connectError', 'TLS could not be started'));
      throw error;
    } finally {
      clearTimeout(late);
    }
    return client;
  }

  /** Whether TLS protects the connection. */
  get tls(): boolean {
    return this.#link.tls;
  }

  /** The SASL security layer in effect. */
  get layer(): Protection {
    return this.#layer;
  }

  /** tls-server-end-point of the server's certificate (RFC 5929 §4), with TLS. */
  get channelBinding(): Uint8Array | undefined {
    return this.#link.channelBinding;
  }

  /**
   * Simple bind (RFC 4513 §5.1). Throws `paramError` where the password would travel in clear text,
   * or is empty while a name is given: that would succeed without proving anything.
   */
  async bindSimple(name: string, password: string, options: OperationOptions = {}): Promise<Done> {
    const sealed = this.tls || this.#layer === 'confidentiality';
    if (password !== '' && !sealed && this.#options.allowClearTextPassword !== true) {
      throw new LdapError('paramError', 'a simple bind without TLS would show the password');
    }
    if (password === '' && name !== '') {
      throw new LdapError('paramError', 'a simple bind with a name needs a password');
    }
    const authentication = { kind: 'simple', value: utf8(password) } as const;
    return await this.#alone(async () => {
      const { response, controls } = await this.#bindStep(name, authentication, options);
      this.#link.release();
      return done(response, controls);
    });
  }

  /**
   * SASL bind (RFC 4513 §5.2); the mechanism's layer is in effect when it resolves. Throws
   * `authUnknown`, and closes, where the server succeeds without having proved what it had to.
   */
  async bindSasl(mechanism: SaslClientMechanism, options: OperationOptions = {}): Promise<Done> {
    if (this.#layer !== 'none') {
      throw new LdapError('paramError', 'a SASL layer is already in effect');
    }
    return await this.#alone(async () => {
      try {
        const outcome = await this.#exchange(mechanism, options);
        this.#link.release(mechanism.securityLayer);
        this.#layer = mechanism.securityLayer?.protection ?? 'none';
        return outcome;
      } catch (error) {
        if (error instanceof LdapError && error.resultCode !== undefined) this.#link.release();
        else this.#link.destroy(new LdapError('authUnknown', 'the SASL bind broke off'));
        throw error;
      }
    });
  }

  /** Entries and references as they come; returns the result. Leaving the loop abandons it. */
  async *search(options: SearchOptions): AsyncGenerator<ClientItem, Done, void> {
    const pending = await this.#start(searchRequest(options), options);
    const unlisten = this.#listen(pending, options.signal);
    try {
      for (;;) {
        const { operation, controls = [] } = await pending.next(this.#timeout(options));
        this.#link.taken();
        if (operation.kind === 'searchEntry') {
          const { objectName: dn, attributes } = operation.value;
          yield { kind: 'entry', dn, attributes, controls };
        } else if (operation.kind === 'searchReference') {
          yield { kind: 'reference', uris: operation.value, controls };
        } else if (operation.kind === 'searchDone') {
          this.#link.finish(pending);
          return done(operation.value, controls);
        } else if (operation.kind !== 'intermediateResponse') {
          throw unexpected(operation);
        }
      }
    } finally {
      unlisten();
      this.#link.abandon(pending);
    }
  }

  /** The same, page by page (RFC 2696): beyond the server's own limit on one answer. */
  async *searchAll(options: SearchAllOptions): AsyncGenerator<ClientItem, Done, void> {
    const { pageSize: size = DEFAULT_PAGE_SIZE, controls = [], ...rest } = options;
    let cookie: Uint8Array = EMPTY;
    for (;;) {
      const paged = [...controls, pagedResults.encode({ size, cookie })];
      const page = yield* this.search({ ...rest, controls: paged });
      cookie = findControl(page.controls, pagedResults)?.cookie ?? EMPTY;
      if (cookie.length === 0) return page;
    }
  }

  async add(dn: string, attributes: NewAttributes, options: OperationOptions = {}): Promise<Done> {
    return await this.#update(addRequest(dn, attributes), options);
  }

  async modify(
    dn: string,
    changes: readonly ClientChange[],
    options: OperationOptions = {},
  ): Promise<Done> {
    return await this.#update(modifyRequest(dn, changes), options);
  }

  async delete(dn: string, options: OperationOptions = {}): Promise<Done> {
    return await this.#update({ kind: 'deleteRequest', value: dn }, options);
  }

  async modifyDn(dn: string, rename: Rename, options: OperationOptions = {}): Promise<Done> {
    const { newRdn, deleteOldRdn = true, newSuperior } = rename;
    const value = { entry: dn, newRdn, deleteOldRdn, newSuperior };
    return await this.#update({ kind: 'modifyDnRequest', value }, options);
  }

  /** Whether the entry has the value (RFC 4511 §4.10). */
  async compare(
    dn: string,
    attribute: string,
    value: TextOrOctets,
    options: OperationOptions = {},
  ): Promise<boolean> {
    const request = { entry: dn, assertion: { attribute, value: octetsOf(value) } };
    const answer = await this.#ask({ kind: 'compareRequest', value: request }, options);
    if (answer.operation.kind !== 'compareResponse') throw unexpected(answer.operation);
    const code = resultCodeName(answer.operation.value.resultCode);
    if (code === 'compareTrue' || code === 'compareFalse') return code === 'compareTrue';
    throw failed(answer.operation.value);
  }

  /** An extended operation (RFC 4511 §4.12). */
  async extended(
    name: string,
    value?: Uint8Array,
    options: OperationOptions = {},
  ): Promise<ExtendedDone> {
    const request = { kind: 'extendedRequest', value: { name, value } } as const;
    const { operation, controls } = await this.#ask(request, options);
    if (operation.kind !== 'extendedResponse') throw unexpected(operation);
    const { name: responseName, value: responseValue } = operation.value;
    return { ...done(operation.value, controls), name: responseName, value: responseValue };
  }

  /** Whom the server takes the connection for: `u:…`, `dn:…`, or '' (RFC 4532). */
  async whoAmI(options: OperationOptions = {}): Promise<string> {
    const { value } = await this.extended(EXTENDED.whoAmI, undefined, options);
    return new TextDecoder().decode(value ?? EMPTY);
  }

  /** Unbinds and closes; operations in progress fail with serverDown. */
  async close(): Promise<void> {
    await this.#link.close(this.#timeout({}));
  }

  async #exchange(mechanism: SaslClientMechanism, options: OperationOptions): Promise<Done> {
    let step: SaslClientStep = await mechanism.start();
    for (let steps = 0; steps < MAX_SASL_STEPS; steps += 1) {
      const credentials = step.response;
      const value = { mechanism: mechanism.name, credentials };
      const answer = await this.#bindStep('', { kind: 'sasl', value }, options);
      const { response, controls } = answer;
      if (resultCodeName(response.resultCode) === 'saslBindInProgress') {
        step = await mechanism.step(response.saslCredentials ?? EMPTY);
        this.#link.release();
        continue;
      }
      const outcome = done(response, controls);
      if (response.saslCredentials !== undefined) {
        step = await mechanism.step(response.saslCredentials);
      }
      if (step.complete) return outcome;
      throw new LdapError('authUnknown', 'the server ended the exchange before its proof');
    }
    throw new LdapError('authUnknown', 'the exchange does not end');
  }

  async #bindStep(
    name: string,
    authentication: Extract<Operation, { kind: 'bindRequest' }>['value']['authentication'],
    options: OperationOptions,
  ): Promise<{ readonly response: BindResponse; readonly controls: readonly Control[] }> {
    const value = { version: 3, name, authentication };
    const pending = this.#link.request({ kind: 'bindRequest', value }, options.controls);
    const { operation, controls = [] } = await this.#answer(pending, options);
    if (operation.kind !== 'bindResponse') throw unexpected(operation);
    return { response: operation.value, controls };
  }

  async #update(request: Operation, options: OperationOptions): Promise<Done> {
    const { operation, controls = [] } = await this.#ask(request, options);
    if (operation.kind !== ANSWERS.get(request.kind)) throw unexpected(operation);
    // Sound: every kind in ANSWERS has an LDAPResult as its value.
    return done(operation.value as ResultValue, controls);
  }

  async #ask(request: Operation, options: OperationOptions): Promise<LdapMessage> {
    return await this.#answer(await this.#start(request, options), options);
  }

  /** Sends a request behind any bind in progress. */
  async #start(request: Operation, options: OperationOptions): Promise<PendingOperation> {
    if (options.signal?.aborted === true) throw cancelled();
    await this.#exclusive;
    return this.#link.request(request, options.controls);
  }

  async #answer(pending: PendingOperation, options: OperationOptions): Promise<LdapMessage> {
    const unlisten = this.#listen(pending, options.signal);
    try {
      const answer = await pending.next(this.#timeout(options));
      this.#link.finish(pending);
      return answer;
    } finally {
      unlisten();
      this.#link.abandon(pending);
    }
  }

  #listen(pending: PendingOperation, signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => undefined;
    const abort = () => {
      pending.fail(cancelled());
      this.#link.abandon(pending);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    return () => signal.removeEventListener('abort', abort);
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#exclusive.then(work);
    this.#exclusive = mine.catch(() => undefined);
    return await mine;
  }

  #timeout(options: OperationOptions): number {
    return options.timeout ?? this.#options.timeout ?? DEFAULT_TIMEOUT;
  }
}

const ANSWERS: ReadonlyMap<Operation['kind'], Operation['kind']> = new Map([
  ['addRequest', 'addResponse'],
  ['modifyRequest', 'modifyResponse'],
  ['deleteRequest', 'deleteResponse'],
  ['modifyDnRequest', 'modifyDnResponse'],
]);

/** The outcome of a result that is success; throws what it is otherwise. */
function done(result: ResultValue, controls: readonly Control[] = []): Done {
  if (result.resultCode !== 0) throw failed(result);
  return { message: textOf(result.message), controls };
}

function failed({ resultCode, message, matchedDn, referrals = [] }: ResultValue): LdapError {
  const code = resultCodeName(resultCode);
  const text = textOf(message);
  const detail = { matchedDn, referrals, resultCode };
  return new LdapError(code, text === '' ? code : text, detail);
}

/** Active Directory ends its texts with NUL. */
function textOf(message: string): string {
  const end = message.indexOf('\0');
  return end < 0 ? message : message.slice(0, end);
}

function cancelled(): LdapError {
  return new LdapError('userCancelled', 'the operation was aborted');
}

function unexpected({ kind }: Operation): LdapError {
  return new LdapError('decodingError', `the server answered with ${kind}`);
}
