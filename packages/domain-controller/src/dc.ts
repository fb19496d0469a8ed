import { createSecureContext, type SecureContext } from 'node:tls';
import type { RandomSource } from '@doublehop/crypto/random';
import { Accounts } from '@doublehop/directory/accounts';
import { Directory } from '@doublehop/directory/directory';
import type { DomainInfo } from '@doublehop/directory/domain';
import type { Store } from '@doublehop/directory/store/store';
import type { ServerLimits } from '@doublehop/ldap/limits';
import type { LdapServerLog } from '@doublehop/ldap/server/events';
import { createLdapServer, type LdapServer } from '@doublehop/ldap/server/server';
import { DomainControllerError } from './errors.ts';
import type { AuditSink } from './kdc/audit.ts';
import { createKdc, type Kdc } from './kdc/kdc.ts';
import type { RequestHandler } from './kdc/net/handler.ts';
import { listenTcp } from './kdc/net/tcp.ts';
import { listenUdp } from './kdc/net/udp.ts';
import { DEFAULT_KDC_SETTINGS, type KdcSettings } from './kdc/settings.ts';
import type { PasswordAuditSink } from './kpasswd/audit.ts';
import { createKpasswd, type Kpasswd } from './kpasswd/kpasswd.ts';
import { directoryHandler } from './ldap/handler.ts';
import { KerberosBinds } from './ldap/kerberos-bind.ts';
import { DEFAULT_LDAP_SETTINGS, type LdapSettings } from './ldap/settings.ts';
import { type KeyAndCertificate, selfSignedCertificate } from './tls/self-signed.ts';

/** Where a controller listens; a port that is 0 or absent is a free one. */
export interface DomainControllerAddress {
  /** An IP address: `127.0.0.1`. */
  readonly address: string;
  /** The KDC's, UDP and TCP. */
  readonly kdcPort?: number;
  /** Of the service that changes passwords, UDP and TCP. */
  readonly kpasswdPort?: number;
  readonly ldapPort?: number;
  readonly ldapsPort?: number;
}

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
  readonly ldapLog?: LdapServerLog;
  /** Told of defects: exceptions that no request should be able to cause. */
  readonly onDefect?: (error: unknown) => void;
}

/** The ports of a controller that has started. */
export interface Endpoints {
  readonly address: string;
  readonly kdcPort: number;
  readonly kpasswdPort: number;
  readonly ldapPort: number;
  readonly ldapsPort: number;
}

/** The whole controller: KDC, password service and LDAP on one directory, in one process. */
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
export function createDomainController(options: DomainControllerOptions): DomainController {
  const { store, clock, random, controllerName } = options;
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
  const tls = options.tls ?? certificateOf(options, domain);
  const kdc = kdcOf(options, accounts, domain);
  const kpasswd = kpasswdOf(options, directory, accounts, domain);
  const ldap = ldapOf(options, { directory, accounts, domain, secure: createSecureContext(tls) });
  const listeners: Listener[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(listeners.splice(0).map((listener) => listener.close()));
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
        return await listenAll(options.listen, { kdc, kpasswd, ldap }, listeners);
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}

interface Listener {
  close(): Promise<void>;
}

function kdcOf(
  { kdc = {}, clock, random, controllerName, ...options }: DomainControllerOptions,
  accounts: Accounts,
  { realm, dnsName, netbiosName, sid }: DomainInfo,
): Kdc {
  return createKdc({
    domain: { realm, dnsName, netbiosName, sid, controller: controllerName },
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

interface LdapParts {
  readonly directory: Directory;
  readonly accounts: Accounts;
  readonly domain: DomainInfo;
  readonly secure: SecureContext;
}

function ldapOf(
  { kdc, ldap, ldapLimits, ldapLog, clock, random, ...options }: DomainControllerOptions,
  { directory, accounts, domain, secure }: LdapParts,
): LdapServer {
  const settings = { ...DEFAULT_LDAP_SETTINGS, ...ldap };
  const context = {
    directory,
    accounts,
    domain: { ...domain, controller: options.controllerName },
    settings: { ...DEFAULT_KDC_SETTINGS, ...kdc },
    clock,
    random,
  };
  const binds = new KerberosBinds(context, settings);
  const { onDefect = ignore } = options;
  return createLdapServer({
    handler: directoryHandler(context, binds),
    mechanisms: binds.mechanisms,
    tls: secure,
    clock,
    limits: ldapLimits ?? {},
    policy: {
      allowUnsignedSasl: !settings.requireSigning,
      allowClearTextSimpleBind: settings.allowClearTextSimpleBind,
    },
    log(event) {
      if (event.kind === 'error') onDefect(event.error);
      ldapLog?.(event);
    },
  });
}

interface Services {
  readonly kdc: Kdc;
  readonly kpasswd: Kpasswd;
  readonly ldap: LdapServer;
}

async function listenAll(
  { address, kdcPort = 0, kpasswdPort = 0, ldapPort = 0, ldapsPort = 0 }: DomainControllerAddress,
  { kdc, kpasswd, ldap }: Services,
  listeners: Listener[],
): Promise<Endpoints> {
  listeners.push(ldap);
  const tickets = await listenBoth(kdc, address, kdcPort, listeners);
  const passwords = await listenBoth(kpasswd, address, kpasswdPort, listeners);
  const clear = await listenLdap(ldap, { host: address, port: ldapPort });
  const secure = await listenLdap(ldap, { host: address, port: ldapsPort, implicitTls: true });
  return {
    address,
    kdcPort: tickets,
    kpasswdPort: passwords,
    ldapPort: clear,
    ldapsPort: secure,
  };
}

/** How often a free port is looked for that is free for UDP and TCP. */
const PORT_TRIES = 16;

async function listenBoth(
  handler: RequestHandler,
  address: string,
  wanted: number,
  listeners: Listener[],
): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const tcp = await listenTcp(handler, { address, port: wanted });
    try {
      listeners.push(await listenUdp(handler, { address, port: tcp.port }), tcp);
      return tcp.port;
    } catch (error) {
      await tcp.close();
      if (wanted !== 0 || tries === PORT_TRIES) throw error;
    }
  }
}

async function listenLdap(
  ldap: LdapServer,
  where: { readonly host: string; readonly port: number; readonly implicitTls?: boolean },
): Promise<number> {
  try {
    const { port } = await ldap.listen(where);
    return port;
  } catch (cause) {
    const { host, port } = where;
    throw new DomainControllerError('listen', `cannot listen on TCP ${host}:${port}`, { cause });
  }
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
