import type { LdapServer } from '@doublehop/ldap/server/server';
import { DomainControllerError } from './errors.ts';
import type { RequestHandler } from './kdc/net/handler.ts';
import { listenTcp } from './kdc/net/tcp.ts';
import { listenUdp } from './kdc/net/udp.ts';

/** Where a controller listens; a port that is 0 or absent is a free one. */
export interface DomainControllerAddress {
  /** An IP address: `127.0.0.1`. */
  readonly address: string;
  /** The KDC's, UDP and TCP. */
  readonly kdcPort?: number;
  /** Of the service that changes passwords, UDP and TCP. */
  readonly kpasswdPort?: number;
  /** LDAP's, TCP, and UDP for pings. */
  readonly ldapPort?: number;
  readonly ldapsPort?: number;
  /** Of the global catalog (MS-ADTS 3.1.1.3.1.10), in clear text and with TLS. */
  readonly gcPort?: number;
  readonly gcsPort?: number;
}

/** The ports of a controller that has started. */
export type Endpoints = Required<DomainControllerAddress>;

/** The ports that clients of Active Directory look for (MS-ADTS 3.1.1.3.1.10, RFC 3244 §1). */
export const WELL_KNOWN_PORTS: Omit<Endpoints, 'address'> = {
  kdcPort: 88,
  kpasswdPort: 464,
  ldapPort: 389,
  ldapsPort: 636,
  gcPort: 3268,
  gcsPort: 3269,
};

/** Something that listens. */
export interface Listener {
  close(): Promise<void>;
}

/** What is listened for. */
export interface Services {
  readonly kdc: RequestHandler;
  readonly kpasswd: RequestHandler;
  readonly cldap: RequestHandler;
  readonly ldap: LdapServer;
}

/** Starts every service; `listeners` gets what is to be closed, even where one cannot start. */
export async function listenAll(
  { address, ...ports }: DomainControllerAddress,
  { kdc, kpasswd, cldap, ldap }: Services,
  listeners: Listener[],
): Promise<Endpoints> {
  listeners.push(ldap);
  const { kdcPort = 0, kpasswdPort = 0, ldapPort = 0, ldapsPort = 0 } = ports;
  const { gcPort = 0, gcsPort = 0 } = ports;
  const tcp = (handler: RequestHandler) => async (port: number) => {
    const listener = await listenTcp(handler, { address, port });
    listeners.push(listener);
  };
  const gc = { host: address, globalCatalog: true } as const;
  return {
    address,
    kdcPort: await listenBoth(kdc, address, kdcPort, listeners, tcp(kdc)),
    kpasswdPort: await listenBoth(kpasswd, address, kpasswdPort, listeners, tcp(kpasswd)),
    ldapPort: await listenBoth(cldap, address, ldapPort, listeners, async (port) => {
      await listenLdap(ldap, { host: address, port });
    }),
    ldapsPort: await listenLdap(ldap, { host: address, port: ldapsPort, implicitTls: true }),
    gcPort: await listenLdap(ldap, { ...gc, port: gcPort }),
    gcsPort: await listenLdap(ldap, { ...gc, port: gcsPort, implicitTls: true }),
  };
}

/** How often a free port is looked for that is free for UDP and TCP. */
const PORT_TRIES = 16;

/** UDP, and `tcp` on the same port. */
async function listenBoth(
  handler: RequestHandler,
  address: string,
  wanted: number,
  listeners: Listener[],
  tcp: (port: number) => Promise<void>,
): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const udp = await listenUdp(handler, { address, port: wanted });
    try {
      await tcp(udp.port);
      listeners.push(udp);
      return udp.port;
    } catch (error) {
      await udp.close();
      if (wanted !== 0 || tries === PORT_TRIES) throw error;
    }
  }
}

async function listenLdap(
  ldap: LdapServer,
  where: Parameters<LdapServer['listen']>[0] & { readonly host: string },
): Promise<number> {
  try {
    const { port } = await ldap.listen(where);
    return port;
  } catch (cause) {
    const { host, port } = where;
    throw new DomainControllerError('listen', `cannot listen on TCP ${host}:${port}`, { cause });
  }
}
