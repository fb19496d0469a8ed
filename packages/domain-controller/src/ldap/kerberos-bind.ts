import type { Key } from '@doublehop/crypto/key';
import { type AcceptedContext, krb5Acceptor } from '@doublehop/kerberos/gss/acceptor';
import type { Negotiation } from '@doublehop/kerberos/gss/negotiation';
import { memoryReplayCache, type ReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import type { ServiceKeys } from '@doublehop/kerberos/gss/service-keys';
import type { Principal } from '@doublehop/kerberos/names';
import { LdapError } from '@doublehop/ldap/errors';
import { acceptedContext } from '@doublehop/ldap/sasl/kerberos';
import type { SaslOutcome, SaslServerContext } from '@doublehop/ldap/sasl/mechanism';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { decodePac, pacBuffer, PacType } from '@doublehop/security/pac/pac';
import { accountSid, tokenOf } from '@doublehop/security/pac/token';
import { verifyServicePac } from '@doublehop/security/pac/verify';
import { SecurityError } from '@doublehop/security/errors';
import { Keys } from '../kdc/keys.ts';
import { isOurRealm } from '../kdc/names.ts';
import { subjectOf } from './access/subject.ts';
import type { Caller, LdapContext } from './context.ts';
import { bindFailure, LogonFailure } from './failures.ts';
import type { LdapSettings } from './settings.ts';

/**
 * SASL binds with Kerberos: GSSAPI (RFC 4752) and GSS-SPNEGO (MS-ADTS 5.1.1.1.2), with the
 * controller's own keys. Whoever has a ticket to any service of the controller's account may come.
 */
export class KerberosBinds {
  readonly #context: LdapContext;
  readonly #settings: LdapSettings;
  readonly #keys: Keys;
  readonly #replayCache: ReplayCache = memoryReplayCache();

  constructor(context: LdapContext, settings: LdapSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#keys = new Keys(context.settings.encryptionTypes);
  }

  /** The client of a finished exchange, as the PAC of its ticket describes it. */
  callerOf(outcome: SaslOutcome): Caller {
    const { authorizationId = '' } = outcome;
    const accepted = acceptedContext(outcome);
    if (accepted === undefined) throw new TypeError('not a context of these mechanisms');
    const { acceptance, peer } = accepted;
    const caller = this.#described(acceptance.pac, acceptance.server);
    if (!isOurRealm(this.#context.domain, peer.realm)) throw bindFailure(LogonFailure.noSuchUser);
    if (!isSelf(authorizationId, caller, this.#context)) {
      throw new LdapError('authorizationDenied', 'nobody may act for others by SASL');
    }
    return caller;
  }

  /** The server's side of Kerberos for a connection. */
  acceptor({ channelBinding }: SaslServerContext): Negotiation<AcceptedContext> {
    const { clock, random, settings } = this.#context;
    const { allowBareKerberos, channelBinding: bindingPolicy } = this.#settings;
    return krb5Acceptor({
      keys: this.#serviceKeys,
      replayCache: this.#replayCache,
      clock,
      random,
      clockSkew: settings.clockSkew,
      etypes: settings.encryptionTypes,
      bareRequests: allowBareKerberos,
      ...(channelBinding === undefined
        ? {}
        : { channelBindings: { applicationData: channelBinding }, bindingPolicy }),
    });
  }

  readonly #serviceKeys: ServiceKeys = (server, etype, kvno) => {
    const rank = (one: { readonly kvno: number }): number => (one.kvno === kvno ? 0 : 1);
    return this.#keysOf(server)
      .filter(({ key }) => key.etype === etype)
      .sort((a, b) => rank(a) - rank(b))
      .map(({ key }) => key);
  };

  /** Keys of the controller's account, if the service is one of its own. */
  #keysOf({ name, realm }: Principal): { readonly kvno: number; readonly key: Key }[] {
    const { accounts, domain } = this.#context;
    if (!isOurRealm(domain, realm)) return [];
    accounts.refresh();
    const own = accounts.byName(`${domain.controller}$`);
    const spn = name.nameString.join('/');
    const owner = name.nameString.length > 1 ? accounts.bySpn(spn) : accounts.byName(spn);
    return own === undefined || owner?.sid !== own.sid ? [] : [...this.#keys.all(own)];
  }

  /** Who the PAC says the client is, once its server signature proved right (MS-PAC 2.8.1). */
  #described(bytes: Uint8Array | undefined, server: Principal): Caller {
    const { accounts } = this.#context;
    if (bytes === undefined) throw bindFailure(LogonFailure.noSuchUser);
    try {
      const pac = decodePac(bytes);
      const signed = this.#keysOf(server).some(({ key }) => verifyServicePac(pac, key).valid);
      if (!signed) throw bindFailure(LogonFailure.wrongPassword);
      const info = decodeLogonInfo(pacBuffer(pac, PacType.logonInfo) ?? new Uint8Array(0));
      const sid = accountSid(info);
      const account = accounts.bySid(sid);
      if (account === undefined) throw bindFailure(LogonFailure.noSuchUser);
      const token = tokenOf(info);
      const { samAccountName, dn } = account;
      return { ...subjectOf(this.#context, sid, token), samAccountName, dn };
    } catch (error) {
      if (!(error instanceof SecurityError)) throw error;
      throw bindFailure(LogonFailure.wrongPassword);
    }
  }
}

/** An authorization identity is taken where it is the client's own (RFC 4513 §5.2.1.8). */
function isSelf(authorizationId: string, caller: Caller, { domain }: LdapContext): boolean {
  const name = caller.samAccountName.toLowerCase();
  const own = new Set([
    '',
    `dn:${caller.dn.toLowerCase()}`,
    `u:${name}`,
    `u:${domain.netbiosName.toLowerCase()}\\${name}`,
    `u:${name}@${domain.dnsName}`,
  ]);
  return own.has(authorizationId.toLowerCase());
}
