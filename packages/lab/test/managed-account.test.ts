import { createDomainController } from '@doublehop/domain-controller/dc';
import { giveManagedPassword } from '@doublehop/domain-controller/accounts/managed/passwords';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Network } from '../src/hosts/network.ts';
import { openGmsaSession, openVirtualSession } from '../src/sessions/open-session.ts';
import { readManagedAccount } from '../src/sessions/managed-account.ts';
import { hostAccount } from '../src/scenario.ts';
import { labError, service, TestDomain } from './support/domain.ts';

let domain: TestDomain;
let network: Network;
let stop: () => Promise<void>;

beforeEach(async () => {
  domain = await TestDomain.make();
  const { store, directory, system } = domain;
  const { clock, random } = system;
  const dn = 'CN=gmsa,CN=Managed Service Accounts,DC=contoso,DC=com';
  const readers = parseSddl(`O:SYD:(A;;RP;;;${domain.account(hostAccount('ServerB')).sid})`);
  await directory.add(dn, {
    objectClass: 'msDS-GroupManagedServiceAccount',
    sAMAccountName: 'gmsa$',
    dNSHostName: 'gmsa.contoso.com',
    userAccountControl: '4096',
    'msDS-ManagedPasswordInterval': '30',
    'msDS-GroupMSAMembership': [encodeDescriptor(readers)],
  });
  await giveManagedPassword({ directory, clock, random }, dn);
  const controllerName = 'DC';
  const listen = { address: '127.0.0.1' };
  const dc = createDomainController({ store, controllerName, listen, clock, random });
  const { ldapPort } = await dc.start();
  stop = () => dc.close();
  network = {
    fileServer: () => undefined,
    winRm: () => undefined,
    directory: { address: '127.0.0.1', port: ldapPort },
  };
});
afterEach(async () => stop());

describe('a group managed service account (MS-ADTS 3.1.1.4.5.39)', () => {
  test('its host gets the password over sealed LDAP, and everything goes out as it', async () => {
    const host = domain.host('ServerB', { network });
    const logon = await readManagedAccount(host, String.raw`CONTOSO\gmsa$`);
    expect(formatPrincipal(logon.account)).toBe('gmsa$@CONTOSO.COM');
    const stranger = openVirtualSession(host, NOBODY).identity;
    const session = await openGmsaSession(host, stranger, logon);
    expect(session.identity.user).toBe(String.raw`CONTOSO\gmsa$`);
    const { client } = await session.ticketFor('in-session', service('ServerC', 'WSMAN'));
    expect(formatPrincipal(client)).toBe('gmsa$@CONTOSO.COM');
    session.logOff();
    expect(logon.keys.every(({ bytes }) => bytes.every((octet) => octet === 0))).toBe(true);
  });

  test('a host that is not allowed hears so, and so does one that asks for nobody', async () => {
    const other = await labError(readManagedAccount(domain.host('ServerC', { network }), 'gmsa'));
    expect(other).toMatchObject({ code: 'access-denied', detail: { ntStatus: 0xc000_0022 } });
    const nobody = readManagedAccount(domain.host('ServerB', { network }), 'nobody');
    expect((await labError(nobody)).code).toBe('access-denied');
  });

  test('without a controller there is none', async () => {
    const lost = readManagedAccount(domain.host('ServerB'), 'gmsa');
    expect((await labError(lost)).code).toBe('not-found');
  });
});

const NOBODY = {
  user: String.raw`CONTOSO\alice`,
  principal: 'alice@CONTOSO.COM',
  sid: 'S-1-5-21-1-2-3-1104',
  groups: [],
  via: [],
} as const;
