import type { RandomSource } from '@doublehop/crypto/random';
import { defaultEncryptionTypes } from '@doublehop/crypto/policy';
import type { Directory } from '@doublehop/directory/directory';
import type { DomainInfo } from '@doublehop/directory/domain';
import { provision } from '@doublehop/directory/provision';
import type { Sid } from '@doublehop/security/sid';
import { passwordKeys, randomKeys, randomPassword, saltOf, storeKeys } from './directory-keys.ts';

/** A domain to be made with its first controller. */
export interface NewDomain {
  /** `contoso.com`. */
  readonly dnsName: string;
  /** `CONTOSO`. */
  readonly netbiosName: string;
  readonly administratorPassword: string;
  /** NetBIOS name of the controller: `DC`. */
  readonly controllerName: string;
  /** Further names under which clients reach the controller, `localhost` for instance. */
  readonly controllerAliases?: readonly string[];
  /** Absent: drawn from the random source. */
  readonly sid?: Sid;
  readonly encryptionTypes?: readonly number[];
}

/**
 * Makes a domain in an empty directory: the entries of a new domain, random keys for krbtgt, the
 * administrator's password, and the controller's own account with its SPNs. One unit of writes
 * each; a directory in which it broke off is not a domain and cannot be started.
 */
export async function createDomain(
  directory: Directory,
  domain: NewDomain,
  random: RandomSource,
): Promise<DomainInfo> {
  const { dnsName, netbiosName, sid, encryptionTypes = defaultEncryptionTypes } = domain;
  const identity = sid === undefined ? {} : { sid };
  const names = { realm: dnsName.toUpperCase(), dnsName };
  const keysOf = (samAccountName: string, password: string) => {
    const salt = saltOf(names, { samAccountName, machine: samAccountName.endsWith('$') });
    return passwordKeys(password, salt, encryptionTypes);
  };
  // Keys are derived on other threads while the entries are made on this one.
  const [administrator, controller, info] = await Promise.all([
    keysOf('Administrator', domain.administratorPassword),
    keysOf(`${domain.controllerName}$`, randomPassword(random)),
    provision(directory, { dnsName, netbiosName, random, ...identity }),
  ]);
  await directory.write((writer) => {
    const users = `CN=Users,${info.dn}`;
    storeKeys(writer, `CN=Administrator,${users}`, administrator);
    const dn = `CN=${domain.controllerName},OU=Domain Controllers,${info.dn}`;
    writer.add(dn, controllerAttributes(domain, info));
    storeKeys(writer, dn, controller);
    // krbtgt comes last: the KDC does not start without its keys.
    storeKeys(writer, `CN=krbtgt,${users}`, randomKeys(random, encryptionTypes), { kvno: 2 });
  });
  return info;
}

/** SERVER_TRUST_ACCOUNT and TRUSTED_FOR_DELEGATION: what every controller is (MS-ADTS 6.1.1.3). */
const CONTROLLER_CONTROL = 0x8_2000;

function controllerAttributes(
  { controllerName, controllerAliases = [] }: NewDomain,
  { dnsName, netbiosName }: DomainInfo,
): Record<string, string | readonly string[]> {
  const host = `${controllerName.toLowerCase()}.${dnsName}`;
  const names = [host, controllerName, ...controllerAliases];
  return {
    objectClass: 'computer',
    sAMAccountName: `${controllerName}$`,
    userAccountControl: String(CONTROLLER_CONTROL),
    dNSHostName: host,
    operatingSystem: 'doublehop',
    servicePrincipalName: [
      ...names.flatMap((name) => [`HOST/${name}`, `ldap/${name}`]),
      `RestrictedKrbHost/${host}`,
      `RestrictedKrbHost/${controllerName}`,
      `GC/${host}/${dnsName}`,
      `HOST/${host}/${netbiosName}`,
      `HOST/${host}/${dnsName}`,
      `ldap/${host}/${netbiosName}`,
      `ldap/${host}/${dnsName}`,
    ],
  };
}
