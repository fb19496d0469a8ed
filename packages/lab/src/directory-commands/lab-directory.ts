import { connect } from '@doublehop/admin/connect';
import type { DomainConnection } from '@doublehop/admin/connection';
import { AdminError } from '@doublehop/admin/errors';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import type { KdcTransport } from '@doublehop/kerberos/client/context';
import { type Krb5Config, krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import type { PersonCredential } from '../console/target.ts';
import { splitUser } from '../console/target.ts';
import { passwordClient } from '../console/tickets.ts';
import type { LabState, OtherDomainAddress } from '../folder/state.ts';
import type { System } from '../process/system.ts';
import { userOf } from '../remoting/caller.ts';
import { fullName, realmOf, type Scenario } from '../scenario.ts';

export interface LabDirectoryOptions extends System {
  readonly scenario: Scenario;
  /** Domains beside the lab's, without a trust. */
  readonly others: readonly Scenario[];
  readonly state: LabState;
  /** Tickets of whoever is logged on. */
  readonly kerberos: KerberosClient;
  /** The lab's KDC. */
  readonly transport: KdcTransport;
  readonly config: Krb5Config;
  /** Who that is: a domain without a trust knows nobody but its own users. */
  readonly self: PersonCredential;
  /** Somebody else. */
  readonly credential: PersonCredential | undefined;
}

/**
 * A sealed LDAP connection to a controller, by whatever name of it: the lab's, or that of a domain
 * beside it. The latter is logged on to with the name and the password of whoever asks, as Windows
 * does where no trust is: it goes well if an account there has both.
 *
 * Throws AdminError, for a controller that is not of this lab too, and KerberosError.
 */
export async function labDirectory(
  server: string | undefined,
  options: LabDirectoryOptions,
): Promise<DomainConnection> {
  const { scenario, others, state, config, clock, random } = options;
  if (server === undefined || namesOf(scenario).includes(server.toLowerCase())) {
    const { address, ldapPort } = state.controller;
    const url = `ldap://${address}:${ldapPort}`;
    return await connect({ urls: [url], kerberos: ownClient(options), config, clock, random });
  }
  const other = others.find((one) => namesOf(one).includes(server.toLowerCase()));
  const { otherDomain } = state.controller;
  if (other !== undefined && otherDomain !== undefined) {
    return await otherDirectory(other, otherDomain, options);
  }
  const known = [scenario, ...(otherDomain === undefined ? [] : others)];
  const controllers = known.map((one) => fullName(one, one.controller)).join(' and ');
  const message = `The lab has ${controllers}, and no ${server}.`;
  throw new AdminError('unreachable', message, { subject: server });
}

/** Names of a domain's controller, and of the domain. */
function namesOf(scenario: Scenario): readonly string[] {
  const { controller, dnsName, netbiosName } = scenario;
  const names = [controller, fullName(scenario, controller), dnsName, netbiosName];
  return names.map((one) => one.toLowerCase());
}

function ownClient(options: LabDirectoryOptions): KerberosClient {
  const { kerberos, credential, scenario, transport, clock, random } = options;
  if (credential === undefined) return kerberos;
  const { user, password } = credential;
  return passwordClient(userOf(scenario, user), password, { transport, clock, random });
}

async function otherDirectory(
  scenario: Scenario,
  { kdcPort, ldapPort }: OtherDomainAddress,
  options: LabDirectoryOptions,
): Promise<DomainConnection> {
  const { state, self, credential = self, clock, random } = options;
  const { address } = state.controller;
  const config = krb5Config(parseProfile(profileOf(scenario, address, kdcPort)));
  const transport = configuredExchange(config, { resolver: noResolver, random, clock });
  const { name } = splitUser(credential.user);
  const user = userOf(scenario, credential === self ? (name.split('@')[0] ?? name) : name);
  return await connect({
    urls: [`ldap://${address}:${ldapPort}`],
    kerberos: passwordClient(user, credential.password, { transport, clock, random }),
    config,
    clock,
    random,
  });
}

/** The other domain's KDC: by TCP, which is where it waits for its first client. */
function profileOf(scenario: Scenario, address: string, kdcPort: number): string {
  const realm = realmOf(scenario);
  return `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  udp_preference_limit = 1
[realms]
  ${realm} = {
    kdc = tcp/${address}:${kdcPort}
  }
[domain_realm]
  ${address} = ${realm}
`;
}
