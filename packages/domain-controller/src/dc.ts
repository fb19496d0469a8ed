import { createSecureContext, type SecureContext } from 'node:tls';
import type { RandomSource } from '@doublehop/crypto/random';
import type { Account } from '@doublehop/directory/account';
import { Accounts } from '@doublehop/directory/accounts';
import { Directory } from '@doublehop/directory/directory';
import type { DomainInfo } from '@doublehop/directory/domain';
import type { Store } from '@doublehop/directory/store/store';
import type { ServerLimits } from '@doublehop/ldap/limits';
import type { LdapServerLog } from '@doublehop/ldap/server/events';
import { createLdapServer, type LdapServer } from '@doublehop/ldap/server/server';
import { createCldap } from './cldap/cldap.ts';
import { Lockouts } from './accounts/lockout.ts';
import { DomainControllerError } from './errors.ts';
import type { AuditSink } from './kdc/audit.ts';
import { createKdc, type Kdc } from './kdc/kdc.ts';
import type { RequestHandler } from './kdc/net/handler.ts';
import { RC4_BY_DEFAULT } from './kdc/keys.ts';
import { DEFAULT_KDC_SETTINGS, type KdcSettings } from './kdc/settings.ts';
import type { PasswordAuditSink } from './kpasswd/audit.ts';
import { createKpasswd, type Kpasswd } from './kpasswd/kpasswd.ts';
import { ldapAudit, type LdapAuditSink } from './ldap/audit.ts';
import { keepHouse } from './housekeeping.ts';
import { directoryHandler, rootDseOf } from './ldap/handler.ts';
import { SaslBinds } from './ldap/sasl-binds.ts';
import { DEFAULT_LDAP_SETTINGS, type LdapSettings } from './ldap/settings.ts';
import {
  type DomainControllerAddress,
  type Endpoints,
  listenAll,
  type Listener,
} from './listeners.ts';
import { type KeyAndCertificate, selfSignedCertificate } from './tls/self-signed.ts';

export type { DomainControllerAddress, Endpoints };

/** What a controller is made of. */
export interface DomainControllerOptions {
  /** Holds a domain (see `createDomain`); other processes may read it and write it. */
  readonly store: Store;
  /** NetBIOS name of this controller: `DC`. Its account is in the directory. */
  readonly controllerName: string;
  readonly listen: DomainControllerAddress;
  /** Absent: a certificate is made, signed by itself, for the controller's names. */
  readonly tls?: KeyAndCertificate;
  readonly kdc?: Partial<KdcSettings>;
  readonly ldap?: Partial<LdapSettings>;
  readonly ldapLimits?: Partial<ServerLimits>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** One event a KDC request. */
  readonly audit?: AuditSink;
  /** One event a change of a password by Kerberos. */
  readonly passwordAudit?: PasswordAuditSink;
  /** One event a bind or operation of LDAP. */
  readonly ldapAudit?: LdapAuditSink;
  readonly ldapLog?: LdapServerLog;
  /** Told of defects: exceptions that no request should be able to cause. */
  readonly onDefect?: (error: unknown) => void;
}

/** The whole controller: KDC, password service, LDAP and CLDAP on one directory, in one process. */
export interface DomainController {
  readonly domain: DomainInfo;
  readonly directory: Directory;
  readonly accounts: Accounts;
  /** The KDC without its sockets. */
  readonly kdc: Kdc;
  /** The password service without its sockets. */
  readonly kpasswd: Kpasswd;
  /** PEM of the certificate that LDAPS shows; what clients of a self-signed one have to trust. */
  readonly certificate: string;
  /** Listens; resolves when every service answers. Throws `listen`. */
  start(): Promise<Endpoints>;
  /** Stops listening and ends every connection. The store stays open: it is the caller's. */
  close(): Promise<void>;
}

/** Makes a controller. Throws `no-domain` or `no-krbtgt` for a store that is not ready for one. */
export function createDomainController(given: DomainControllerOptions): DomainController {
  const { store, clock, random, controllerName } = given;
  const directory = new Directory({ store, clock, random });
  const accounts = new Accounts(directory);
  const { domain } = directory;
  if (domain === undefined) {
    throw new DomainControllerError('no-domain', 'the store holds no domain');
  }
  if (accounts.byName('krbtgt')?.keys === undefined) {
    throw new DomainControllerError('no-krbtgt', 'krbtgt has no keys: the domain is not complete');
  }
  if (accounts.byName(`${controllerName}$`)?.keys === undefined) {
    throw new DomainControllerError('config', `there is no account ${controllerName}$ with keys`);
  }
  const lockouts = new Lockouts({ directory, clock, onDefect: given.onDefect ?? ignore });
  // Every service counts wrong passwords in the same place.
  const types = typesOf(accounts.byName('krbtgt'));
  const options = { ...given, kdc: { ...types, ...given.kdc, lockouts } };
  const tls = options.tls ?? certificateOf(options, domain);
  const kdc = kdcOf(options, directory, accounts, domain);
  const kpasswd = kpasswdOf(options, directory, accounts, domain);
  const parts = { directory, accounts, domain, secure: secureContext(tls, options) };
  const { ldap, cldap } = ldapOf(options, parts);
  const listeners: Listener[] = [];
  let stopHousekeeping: (() => void) | undefined;
  const close = async (): Promise<void> => {
    stopHousekeeping?.();
    await Promise.all(listeners.splice(0).map((listener) => listener.close()));
    await lockouts.settle();
  };
  return {
    domain,
    directory,
    accounts,
    kdc,
    kpasswd,
    certificate: tls.cert,
    async start() {
      try {
        const bound = await listenAll(options.listen, { kdc, kpasswd, cldap, ldap }, listeners);
        const onDefect = given.onDefect ?? ignore;
        stopHousekeeping = keepHouse({ directory, clock, managed: { random }, onDefect });
        return bound;
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}

/** RC4 where the domain was made with it, which krbtgt's keys tell: as Windows once had it. */
function typesOf(krbtgt: Account | undefined) {
  const { encryptionTypes } = DEFAULT_KDC_SETTINGS;
  const legacy = krbtgt?.keys?.keys.some(({ etype }) => etype === RC4) === true;
  if (!legacy) return { encryptionTypes };
  return {
    encryptionTypes: [...encryptionTypes, RC4],
    defaultSupportedEncryptionTypes: RC4_BY_DEFAULT,
  };
}

const RC4 = 23;

function kdcOf(
  { kdc = {}, clock, random, controllerName, ...options }: DomainControllerOptions,
  directory: Directory,
  accounts: Accounts,
  { realm, dnsName, netbiosName, sid }: DomainInfo,
): Kdc {
  return createKdc({
    domain: { realm, dnsName, netbiosName, sid, controller: controllerName },
    directory,
    accounts,
    settings: { ...DEFAULT_KDC_SETTINGS, ...kdc },
    clock,
    random,
    audit: options.audit ?? ignore,
    onDefect: options.onDefect ?? ignore,
  });
}

function kpasswdOf(
  { kdc = {}, clock, random, controllerName, listen, ...options }: DomainControllerOptions,
  directory: Directory,
  accounts: Accounts,
  { realm, dnsName, netbiosName, sid }: DomainInfo,
): Kpasswd {
  return createKpasswd({
    directory,
    accounts,
    domain: { realm, dnsName, netbiosName, sid, controller: controllerName },
    settings: { ...DEFAULT_KDC_SETTINGS, ...kdc },
    address: listen.address,
    clock,
    random,
    audit: options.passwordAudit ?? ignore,
    onDefect: options.onDefect ?? ignore,
  });
}

/** What LDAPS and StartTLS show and speak. */
function secureContext(
  { cert, key }: KeyAndCertificate,
  { ldap }: DomainControllerOptions,
): SecureContext {
  const maxVersion = ldap?.tls ?? DEFAULT_LDAP_SETTINGS.tls;
  return createSecureContext({ cert, key, minVersion: 'TLSv1.2', maxVersion });
}

interface LdapParts {
  readonly directory: Directory;
  readonly accounts: Accounts;
  readonly domain: DomainInfo;
  readonly secure: SecureContext;
}

function ldapOf(
  { kdc, ldapLimits, ldapLog, clock, random, ...options }: DomainControllerOptions,
  { directory, accounts, domain, secure }: LdapParts,
): { readonly ldap: LdapServer; readonly cldap: RequestHandler } {
  const settings = { ...DEFAULT_LDAP_SETTINGS, ...options.ldap };
  const context = {
    directory,
    accounts,
    domain: { ...domain, controller: options.controllerName },
    settings: { ...DEFAULT_KDC_SETTINGS, ...kdc },
    clock,
    random,
  };
  const { onDefect = ignore } = options;
  const binds = new SaslBinds(context, settings);
  const cldap = createCldap({
    rootDse: (request, address) => rootDseOf(context, request, binds, address),
    address: options.listen.address,
    clock,
    onDefect,
  });
  const audit = options.ldapAudit && ldapAudit(options.ldapAudit, clock);
  const ldap = createLdapServer({
    handler: directoryHandler(context, binds),
    mechanisms: binds.mechanisms,
    sicily: binds.sicily,
    tls: secure,
    clock,
    limits: ldapLimits ?? {},
    policy: {
      allowUnsignedSasl: !settings.requireSigning,
      allowClearTextSimpleBind: settings.allowClearTextSimpleBind,
    },
    log(event) {
      if (event.kind === 'error') onDefect(event.error);
      audit?.(event);
      ldapLog?.(event);
    },
  });
  return { ldap, cldap };
}

function certificateOf(
  { controllerName, listen, clock, random }: DomainControllerOptions,
  { dnsName }: DomainInfo,
): KeyAndCertificate {
  const host = controllerName.toLowerCase();
  const names = [`${host}.${dnsName}`, host, dnsName, 'localhost', listen.address];
  return selfSignedCertificate({ names, now: clock(), random });
}

function ignore(): void {}
