import { connect } from '@doublehop/admin/connect';
import type { DomainConnection } from '@doublehop/admin/connection';
import { AdminError } from '@doublehop/admin/errors';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import type { Krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import type { LabState } from '../folder/state.ts';
import type { System } from '../process/system.ts';
import { fullName, type Scenario } from '../scenario.ts';

export interface LabDirectoryOptions extends System {
  readonly scenario: Scenario;
  readonly state: LabState;
  readonly kerberos: KerberosClient;
  readonly config: Krb5Config;
}

/**
 * A sealed LDAP connection to the lab's controller, by whatever name of it. Throws AdminError: for
 * a controller that is not of this lab, too.
 */
export function labDirectory(
  server: string | undefined,
  { scenario, state, kerberos, config, clock, random }: LabDirectoryOptions,
): Promise<DomainConnection> {
  const { controller, dnsName } = scenario;
  const names = [controller, fullName(scenario, controller), dnsName];
  const own = names.map((one) => one.toLowerCase());
  if (server !== undefined && !own.includes(server.toLowerCase())) {
    const message =
      `Unable to contact the server ${server}. This may be because this server does not exist, ` +
      'it is currently down, or it does not have the Active Directory Web Services running. ' +
      `The lab has ${fullName(scenario, controller)}.`;
    return Promise.reject(new AdminError('unreachable', message, { subject: server }));
  }
  const url = `ldap://localhost:${state.controller.ldapPort}`;
  return connect({ urls: [url], kerberos, config, clock, random });
}
