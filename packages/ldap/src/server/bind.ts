import { utf8 } from '@doublehop/wire/bytes';
import { LdapError } from '../errors.ts';
import { MAX_SASL_STEPS } from '../limits.ts';
import type { BindRequest } from '../messages/bind.ts';
import type {
  Protection,
  SaslServerContext,
  SaslServerFactory,
  SaslServerMechanism,
  SaslServerStep,
  SecurityLayer,
} from '../sasl/mechanism.ts';
import type { LdapHandler, LdapResult } from './handler.ts';
import type { ServerPolicy } from './policy.ts';
import { SUCCESS, failure } from './results.ts';
import type { Session } from './session.ts';

/** What a bind came to; the layer takes effect behind the response (RFC 4511 §4.2.2). */
export interface BindOutcome {
  readonly result: LdapResult;
  readonly saslCredentials?: Uint8Array | undefined;
  readonly layer?: SecurityLayer | undefined;
  /** The answer has the form of Sicily (MS-ADTS 5.1.1.1.3). */
  readonly sicily?: boolean;
  /** `simple`, `anonymous`, or the SASL mechanism. */
  readonly method: string;
  /** Who was, or wanted to be, bound. */
  readonly name: string | undefined;
  /** The error behind the result, for the log alone. */
  readonly cause?: unknown;
}

/** What binds are decided with. */
export interface BinderOptions<I> {
  readonly handler: LdapHandler<I>;
  readonly mechanisms: readonly SaslServerFactory[];
  readonly sicily: SaslServerFactory | undefined;
  readonly policy: ServerPolicy;
}

/**
 * The binds of one connection (RFC 4511 §4.2, RFC 4513 §5). A bind makes the session anonymous
 * before anything else; its success alone gives it an identity.
 */
export class Binder<I> {
  readonly #options: BinderOptions<I>;
  readonly #session: Session<I>;
  #exchange: Exchange | undefined;

  constructor(session: Session<I>, options: BinderOptions<I>) {
    this.#session = session;
    this.#options = options;
  }

  /** Forgets a SASL exchange that has begun: the client went on to something else. */
  reset(): void {
    this.#exchange = undefined;
  }

  /** Never rejects. */
  async bind(request: BindRequest): Promise<BindOutcome> {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#session.identity = undefined;
    const { authentication } = request;
    const sasl = authentication.kind === 'sasl';
    const sicily = SICILY.has(authentication.kind);
    const method = sicily ? 'sicily' : sasl ? authentication.value.mechanism : 'simple';
    try {
      if (request.version !== 3) throw new LdapError('protocolError', 'only LDAP version 3');
      if (authentication.kind === 'simple') {
        return await this.#simple(request.name, authentication.value);
      }
      if (sicily) return await this.#sicily(authentication, exchange);
      if (!sasl) throw new LdapError('authMethodNotSupported', 'not simple, not SASL');
      return await this.#sasl(method, authentication.value.credentials, exchange);
    } catch (error) {
      const { result, bug } = failure(error);
      const name = sasl || sicily ? undefined : request.name;
      const cause = error instanceof LdapError && !bug ? error.cause : error;
      return { result, method, name, cause, sicily };
    }
  }

  async #simple(name: string, password: Uint8Array): Promise<BindOutcome> {
    const session = this.#session;
    const { handler, policy } = this.#options;
    if (password.length === 0) {
      // An empty password proves nothing, whoever is named (RFC 4513 §5.1.2, §6.3.1).
      if (name !== '' && policy.unauthenticatedBind === 'refuse') {
        throw new LdapError('unwillingToPerform', 'a name needs a password');
      }
      return { result: SUCCESS, method: 'anonymous', name };
    }
    if (!session.confidential && !policy.allowClearTextSimpleBind) {
      throw new LdapError('confidentialityRequired', 'simple binds need TLS');
    }
    session.identity = await handler.bindSimple(session, name, password);
    return { result: SUCCESS, method: 'simple', name };
  }

  /** Two binds with tokens of NTLM; both succeed (MS-ADTS 5.1.1.1.3). */
  async #sicily(
    { kind, value }: BindRequest['authentication'],
    earlier: Exchange | undefined,
  ): Promise<BindOutcome> {
    const { sicily } = this.#options;
    if (sicily === undefined) throw new LdapError('inappropriateAuthentication', NO_SICILY);
    const method = 'sicily';
    if (kind === 'sicilyDiscovery') {
      const saslCredentials = utf8(sicily.name);
      return { result: SUCCESS, saslCredentials, sicily: true, method, name: undefined };
    }
    // Sound: `bind` has let the kinds of Sicily through only, whose values are octets.
    const token = value as Uint8Array;
    const goesOn = kind === 'sicilyResponse' && earlier?.name === method;
    if (kind === 'sicilyResponse' && !goesOn) {
      throw new LdapError('invalidCredentials', 'a response to no challenge');
    }
    const exchange = goesOn ? earlier : this.#beginWith(method, sicily);
    const outcome = await this.#proceed(exchange, method, token);
    const { code } = outcome.result;
    return {
      ...outcome,
      sicily: true,
      result: code === 'saslBindInProgress' ? SUCCESS : outcome.result,
    };
  }

  async #sasl(
    mechanism: string,
    credentials: Uint8Array | undefined,
    earlier: Exchange | undefined,
  ): Promise<BindOutcome> {
    const exchange = earlier?.name === mechanism ? earlier : this.#begin(mechanism);
    return await this.#proceed(exchange, mechanism, credentials);
  }

  async #proceed(
    exchange: Exchange,
    mechanism: string,
    credentials: Uint8Array | undefined,
  ): Promise<BindOutcome> {
    exchange.steps += 1;
    if (exchange.steps > MAX_SASL_STEPS) {
      throw new LdapError('invalidCredentials', 'the exchange does not end');
    }
    const step = await this.#step(exchange, credentials);
    if (!step.complete) {
      this.#exchange = exchange;
      const result: LdapResult = { code: 'saslBindInProgress' };
      return { result, saslCredentials: step.challenge, method: mechanism, name: undefined };
    }
    const { outcome, challenge } = step;
    this.#checkLayer(outcome.layer);
    this.#session.identity = await this.#options.handler.bindSasl(this.#session, outcome);
    return {
      result: SUCCESS,
      saslCredentials: challenge,
      layer: outcome.layer,
      method: mechanism,
      name: outcome.peer,
    };
  }

  #begin(mechanism: string): Exchange {
    const factory = this.#options.mechanisms.find(({ name }) => name === mechanism);
    if (factory === undefined) {
      throw new LdapError('authMethodNotSupported', 'the SASL mechanism is not offered');
    }
    return this.#beginWith(mechanism, factory);
  }

  #beginWith(name: string, factory: SaslServerFactory): Exchange {
    if (this.#session.layer !== 'none') {
      // A second layer would have to begin inside the first one (MS-ADTS 5.1.1.1.2).
      throw new LdapError('unwillingToPerform', 'a SASL layer is already in effect');
    }
    return { name, steps: 0, mechanism: factory.create(this.#context()) };
  }

  #context(): SaslServerContext {
    const { tls, channelBinding } = this.#session;
    const { policy } = this.#options;
    const none = policy.allowUnsignedSasl || tls;
    const some = policy.allowLayerInsideTls || !tls;
    const layers: Protection[] = [];
    if (none) layers.push('none');
    if (some) layers.push('integrity', 'confidentiality');
    return { tls, channelBinding, layers: new Set(layers) };
  }

  async #step(
    { mechanism }: Exchange,
    credentials: Uint8Array | undefined,
  ): Promise<SaslServerStep> {
    try {
      return await mechanism.step(credentials);
    } catch (error) {
      if (error instanceof LdapError) throw error;
      // A token that does not verify: why is the log's business, not the client's.
      throw new LdapError('invalidCredentials', 'the credentials were not accepted', {
        cause: error,
      });
    }
  }

  #checkLayer(layer: SecurityLayer | undefined): void {
    if (layer === undefined && !this.#session.tls && !this.#options.policy.allowUnsignedSasl) {
      throw new LdapError('strongerAuthRequired', '00002028: binds need integrity or TLS');
    }
  }
}

const SICILY: ReadonlySet<BindRequest['authentication']['kind']> = new Set([
  'sicilyDiscovery',
  'sicilyNegotiate',
  'sicilyResponse',
] as const);

const NO_SICILY = 'Sicily is not offered';

interface Exchange {
  readonly name: string;
  steps: number;
  readonly mechanism: SaslServerMechanism;
}
