import { managedKeys } from '@doublehop/domain-controller/accounts/managed/passwords';
import { decodePasswordBlob } from '@doublehop/domain-controller/accounts/managed/password-blob';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { LdapClient } from '@doublehop/ldap/client/client';
import { LdapError } from '@doublehop/ldap/errors';
import { type InitiatorWish, kerberosMechanism } from '@doublehop/ldap/sasl/kerberos';
import { LabError } from '../errors.ts';
import type { Host } from '../hosts/host.ts';
import { LogonId } from '../lsa/lsa.ts';
import { domainDn, fullName, realmOf } from '../scenario.ts';
import type { GmsaLogon } from './open-session.ts';
import { ACCESS_DENIED } from './refusals.ts';

/**
 * Gets the password of a group managed service account as the computer, and makes keys of it: what
 * a host does before it logs such an account on (MS-ADTS 3.1.1.4.5.39). `name` may be `gmsa`,
 * `gmsa$` or `CONTOSO\gmsa$`. Throws LabError `access-denied` where msDS-GroupMSAMembership does
 * not name the computer or there is no such account, `not-found` where no controller is known.
 */
export async function readManagedAccount(host: Host, name: string): Promise<GmsaLogon> {
  const { scenario, network } = host;
  const { directory } = network;
  if (directory === undefined) throw new LabError('not-found', 'no domain controller is known');
  const samAccountName = `${name.replace(/^.*\\/u, '').replace(/\$$/u, '')}$`;
  const password = await readPassword(host, directory, samAccountName);
  const realm = realmOf(scenario);
  const names = { realm, dnsName: scenario.dnsName };
  const keys = await managedKeys(password, names, samAccountName);
  password.fill(0);
  return {
    account: principal(realm, NameType.PRINCIPAL, samAccountName),
    keys: keys.map(({ etype, bytes }) => ({ etype, bytes: bytes.slice() })),
  };
}

async function readPassword(
  host: Host,
  { address, port }: NonNullable<Host['network']['directory']>,
  samAccountName: string,
): Promise<Uint8Array> {
  const { scenario, system, lsa } = host;
  const controller = fullName(scenario, scenario.controller);
  const server = principal(realmOf(scenario), NameType.SRV_INST, 'ldap', controller);
  const credentials = await lsa.serviceTicket(LogonId.SYSTEM, server);
  const client = await LdapClient.connect({ url: `ldap://${address}:${port}` });
  try {
    const { clock, random } = system;
    const start = (wish: InitiatorWish) => krb5Initiator({ credentials, clock, random, ...wish });
    // Sealed: a managed password is given to nobody else (ERROR_DS_CONFIDENTIALITY_REQUIRED).
    await client.bindSasl(kerberosMechanism(client, { start, layer: 'confidentiality' }));
    const attribute = 'msDS-ManagedPassword';
    const found = client.search({
      base: domainDn(scenario),
      filter: { kind: 'equality', attribute: 'sAMAccountName', value: samAccountName },
      attributes: [attribute],
    });
    for await (const item of found) {
      if (item.kind !== 'entry') continue;
      const value = item.attributes.find(({ type }) => type === attribute)?.values[0];
      if (value !== undefined) return decodePasswordBlob(value).current;
    }
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    throw refused(host, samAccountName, error);
  } finally {
    await client.close().catch(() => undefined);
  }
  throw refused(host, samAccountName);
}

function refused({ name }: Host, account: string, cause?: unknown): LabError {
  const message = `${name} may not retrieve the password of ${account}, or it does not exist`;
  return new LabError('access-denied', message, { ntStatus: ACCESS_DENIED, cause });
}
