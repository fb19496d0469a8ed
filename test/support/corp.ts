// Our domain controller on the ports of a real one, with a new domain and nothing else in it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultEncryptionTypes, legacyEncryptionTypes } from '@doublehop/crypto/policy';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Account } from '@doublehop/directory/account';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { createDomain, type NewDomain } from '@doublehop/domain-controller/create-domain';
import { createDomainController } from '@doublehop/domain-controller/dc';
import { type Endpoints, WELL_KNOWN_PORTS } from '@doublehop/domain-controller/listeners';
import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import type { KdcSettings } from '@doublehop/domain-controller/kdc/settings';
import type { LdapSettings } from '@doublehop/domain-controller/ldap/settings';
import { clientEnv, type Peer } from '../peers/peer.ts';
import { hostsFile } from './hosts.ts';
import { loopbackAddress } from './ports.ts';

/** How the domain differs from a new one with default settings. */
export interface CorpOptions {
  readonly settings?: Partial<KdcSettings>;
  readonly ldap?: Partial<LdapSettings>;
  /** RC4 beside AES: keys of type 23 for every account, which seal tickets (`--legacy-rc4`). */
  readonly legacyRc4?: boolean;
  /** More lines of [libdefaults] for the clients. */
  readonly libdefaults?: readonly string[];
  /** Changes the new domain before its controller starts. */
  readonly prepare?: (directory: Directory) => Promise<void>;
}

/** The running domain CORP.EXAMPLE, in this process. */
export interface Corp extends Peer {
  readonly domain: string;
  readonly netbios: string;
  readonly baseDn: string;
  /** NetBIOS name of the controller, and its DNS name. */
  readonly controller: string;
  readonly host: string;
  /** A hosts file with the names of the controller. */
  readonly hosts: string;
  readonly administrator: { readonly name: string; readonly password: string };
  /** PEM file of the certificate that LDAPS shows. */
  readonly caFile: string;
  readonly endpoints: Endpoints;
  readonly directory: Directory;
  readonly events: AuditEvent[];
  /** Exceptions that no request should be able to cause. */
  readonly defects: unknown[];
  readonly account: (name: string) => Account;
}

const DOMAIN = 'corp.example';
const CONTROLLER = 'DC1';
const ADMINISTRATOR = { name: 'Administrator', password: 'Passw0rd.admin' };

function newDomain(encryptionTypes: readonly number[]): NewDomain {
  return {
    dnsName: DOMAIN,
    netbiosName: 'CORP',
    administratorPassword: ADMINISTRATOR.password,
    controllerName: CONTROLLER,
    encryptionTypes,
  };
}

/** Starts the domain; needs root for its ports. Files are below `dir`. */
export async function startCorp(dir: string, options: CorpOptions = {}): Promise<Corp> {
  const random = pooledRandom();
  const clock = () => Date.now();
  const store = memoryStore();
  const types = [
    ...defaultEncryptionTypes,
    ...(options.legacyRc4 === true ? legacyEncryptionTypes : []),
  ];
  const directory = new Directory({ store, clock, random });
  await createDomain(directory, newDomain(types), random);
  await options.prepare?.(directory);
  const address = loopbackAddress();
  const events: AuditEvent[] = [];
  const defects: unknown[] = [];
  const controller = createDomainController({
    store,
    controllerName: CONTROLLER,
    listen: { address, ...WELL_KNOWN_PORTS },
    kdc: options.settings ?? {},
    ldap: options.ldap ?? {},
    clock,
    random,
    audit: (event) => events.push(event),
    onDefect: (error) => defects.push(error),
  });
  const endpoints = await controller.start();
  mkdirSync(dir, { recursive: true });
  const host = `${CONTROLLER.toLowerCase()}.${DOMAIN}`;
  const hosts = join(dir, 'hosts');
  writeFileSync(hosts, hostsFile({ [address]: [host, CONTROLLER.toLowerCase(), DOMAIN] }));
  const caFile = join(dir, 'ca.pem');
  writeFileSync(caFile, controller.certificate);
  const realm = DOMAIN.toUpperCase();
  const { libdefaults = [] } = options;
  return {
    realm,
    domain: DOMAIN,
    netbios: 'CORP',
    baseDn: controller.domain.dn,
    controller: CONTROLLER,
    host,
    hosts,
    administrator: ADMINISTRATOR,
    address,
    port: endpoints.kdcPort,
    dir,
    env: clientEnv(dir, { realm, kdc: address, kpasswd: address, libdefaults }),
    pid: process.pid,
    stop: () => controller.close(),
    caFile,
    endpoints,
    directory: controller.directory,
    events,
    defects,
    account(name) {
      const found = controller.accounts.byName(name);
      if (found === undefined) throw new Error(`the domain has no ${name}`);
      return found;
    },
  };
}

/** Types of keys that programs written for Active Directory know. */
const WINDOWS_TYPES = [17, 18, 23];

/** Keys of some accounts as JSON: `{"krbtgt":{"18":"hex",…}}`. */
export function keysJson(corp: Corp, names: readonly string[]): string {
  const entries = names.map((name) => {
    const { keys } = corp.account(name);
    const known = (keys?.keys ?? []).filter(({ etype }) => WINDOWS_TYPES.includes(etype));
    const byType = known.map(({ etype, bytes }) => [etype, Buffer.from(bytes).toString('hex')]);
    return [name, Object.fromEntries(byType)];
  });
  return JSON.stringify(Object.fromEntries(entries));
}
