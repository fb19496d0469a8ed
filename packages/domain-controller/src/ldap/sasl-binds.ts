import { KerberosError } from '@doublehop/kerberos/errors';
import { isFramed, unframe } from '@doublehop/kerberos/gss/framing';
import { Mechanism } from '@doublehop/kerberos/gss/oids';
import { LdapError } from '@doublehop/ldap/errors';
import {
  establishedContext,
  kerberosServerMechanisms,
  rawServerMechanism,
} from '@doublehop/ldap/sasl/kerberos';
import type {
  SaslOutcome,
  SaslServerFactory,
  SaslServerMechanism,
} from '@doublehop/ldap/sasl/mechanism';
import { NtlmContext } from '../ntlm/context.ts';
import type { Caller, LdapContext } from './context.ts';
import { bindFailure, SecurityStatus } from './failures.ts';
import { KerberosBinds } from './kerberos-bind.ts';
import { callerOf } from './logon.ts';
import { ntlmAcceptor } from './ntlm-bind.ts';
import type { LdapSettings } from './settings.ts';

/**
 * Every bind that is more than a name and a password (MS-ADTS 5.1.1.1.2, 5.1.1.1.3): Kerberos, and
 * NTLM where the settings allow it.
 */
export class SaslBinds {
  readonly mechanisms: readonly SaslServerFactory[];
  /** NTLM without SASL around it; undefined where it is not allowed. */
  readonly sicily: SaslServerFactory | undefined;
  readonly #context: LdapContext;
  readonly #kerberos: KerberosBinds;

  constructor(context: LdapContext, settings: LdapSettings) {
    this.#context = context;
    const kerberos = new KerberosBinds(context, settings);
    this.#kerberos = kerberos;
    const ntlm =
      settings.ntlm === 'off'
        ? undefined
        : (server: Parameters<typeof ntlmAcceptor>[2]) => ntlmAcceptor(context, settings, server);
    const mechanisms = kerberosServerMechanisms((server) => kerberos.acceptor(server), ntlm);
    this.mechanisms = mechanisms.map((each) => telling(negotiating(each, mechanisms)));
    this.sicily = ntlm && telling(rawServerMechanism('NTLM', ntlm));
  }

  /** The client of a finished exchange. Throws invalidCredentials. */
  callerOf(outcome: SaslOutcome): Caller {
    const established = establishedContext(outcome);
    if (established instanceof NtlmContext && established.account !== undefined) {
      return callerOf(this.#context, established.account);
    }
    return this.#kerberos.callerOf(outcome);
  }
}

/**
 * Windows hands what it gets under either name to its security package, so that clients which
 * negotiate under the name GSSAPI, BloodHound's collector for one, are used to be understood:
 * theirs goes on as in GSS-SPNEGO, without RFC 4752's agreement on layers.
 */
function negotiating(
  factory: SaslServerFactory,
  all: readonly SaslServerFactory[],
): SaslServerFactory {
  const spnego = all.find(({ name }) => name === 'GSS-SPNEGO');
  if (factory.name !== 'GSSAPI' || spnego === undefined) return factory;
  return {
    name: factory.name,
    create(server) {
      let chosen: SaslServerMechanism | undefined;
      return {
        step(response) {
          const first = response ?? new Uint8Array(0);
          if (first.length > 0) {
            chosen ??= (isSpnego(first) ? spnego : factory).create(server);
          }
          return (chosen ?? factory.create(server)).step(response);
        },
      };
    },
  };
}

/** Whether a first token is an InitialContextToken of SPNEGO (RFC 4178 §4.1, RFC 2743 §3.1). */
function isSpnego(token: Uint8Array): boolean {
  return isFramed(token) && unframe(token).mechanism === Mechanism.SPNEGO;
}

/** A mechanism whose failures are told as Windows tells them; the log knows the cause. */
function telling(factory: SaslServerFactory): SaslServerFactory {
  return {
    name: factory.name,
    create(server) {
      const mechanism = factory.create(server);
      return {
        async step(response) {
          try {
            return await mechanism.step(response);
          } catch (cause) {
            if (!(cause instanceof KerberosError)) throw cause;
            const { code, message } = failureOf(cause);
            throw new LdapError(code, message, { cause });
          }
        },
      };
    },
  };
}

/** ERROR_INVALID_PARAMETER: a token that says nothing, or not what it should. */
const INVALID_PARAMETER = 0x57;

function failureOf({ detail: { gssStatus } }: KerberosError): LdapError {
  if (gssStatus !== 'GSS_S_BAD_BINDINGS') return bindFailure(INVALID_PARAMETER);
  return bindFailure(SecurityStatus.badBindings, SecurityStatus.badBindings);
}
