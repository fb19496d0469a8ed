import type { RandomSource } from '@doublehop/crypto/random';
import { defaultEncryptionTypes } from '@doublehop/crypto/policy';
import type { Directory } from '@doublehop/directory/directory';
import type { DomainInfo } from '@doublehop/directory/domain';
import { provision } from '@doublehop/directory/provision';
import { addControllerAccount } from '@doublehop/directory/provision/controller';
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

/** What a controller says of its system; some clients choose by the version what they ask for. */
const OPERATING_SYSTEM = 'doublehop';
const OPERATING_SYSTEM_VERSION = '10.0 (17763)';

/**
 * Makes a domain in an empty directory, all or none: the entries of a new domain, random keys for
 * krbtgt, the administrator's password, and the controller's own account with its SPNs.
 */
export async function createDomain(
  directory: Directory,
  domain: NewDomain,
  random: RandomSource,
): Promise<DomainInfo> {
  const { dnsName, netbiosName, controllerName, sid, controllerAliases = [] } = domain;
  const { encryptionTypes = defaultEncryptionTypes } = domain;
  const names = { realm: dnsName.toUpperCase(), dnsName };
  const keysOf = (samAccountName: string, password: string) => {
    const salt = saltOf(names, { samAccountName, machine: samAccountName.endsWith('$') });
    return passwordKeys(password, salt, encryptionTypes);
  };
  const [administrator, controller] = await Promise.all([
    keysOf('Administrator', domain.administratorPassword),
    keysOf(`${controllerName}$`, randomPassword(random)),
  ]);
  const krbtgt = randomKeys(random, encryptionTypes);
  return await provision(directory, {
    dnsName,
    netbiosName,
    controllerName,
    random,
    ...(sid === undefined ? {} : { sid }),
    also: (writer, info) => {
      const users = `CN=Users,${info.dn}`;
      storeKeys(writer, `CN=Administrator,${users}`, administrator);
      const dn = addControllerAccount(writer, info, {
        aliases: controllerAliases,
        operatingSystem: OPERATING_SYSTEM,
        operatingSystemVersion: OPERATING_SYSTEM_VERSION,
      });
      storeKeys(writer, dn, controller);
      storeKeys(writer, `CN=krbtgt,${users}`, krbtgt, { kvno: 2 });
    },
  });
}
