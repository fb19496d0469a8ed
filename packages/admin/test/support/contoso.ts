// A real domain in this process: KDC and LDAP on free ports of the loopback address, over a store
// in memory, with the hosts of the double hop.
import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { createDomainController, type DomainController } from '@doublehop/domain-controller/dc';
import { passwordKeys, saltOf } from '@doublehop/domain-controller/directory-keys';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import { type Krb5Config, krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { connect, type ConnectOptions } from '../../src/connect.ts';
import type { DomainConnection } from '../../src/connection.ts';

export const PASSWORD = 'Passw0rd.Administrator';
export const SERVERS = 'OU=Servers,OU=NA,DC=contoso,DC=com';

export interface Contoso {
  readonly controller: DomainController;
  readonly ldap: string;
  readonly ldaps: string;
  readonly config: Krb5Config;
  connectAs(user: string, options?: Partial<ConnectOptions>): Promise<DomainConnection>;
  close(): Promise<void>;
}

const clock = (): number => Date.now();
const random = pooledRandom();

/** Starts the domain; `fill` puts more into it before its controller starts. */
export async function startContoso(
  fill?: (directory: Directory) => Promise<unknown>,
): Promise<Contoso> {
  const store = memoryStore();
  const directory = new Directory({ store, clock, random });
  await createDomain(
    directory,
    {
      dnsName: 'contoso.com',
      netbiosName: 'CONTOSO',
      administratorPassword: PASSWORD,
      controllerName: 'DC',
      controllerAliases: ['localhost'],
    },
    random,
  );
  await populate(directory);
  await fill?.(directory);
  const controller = createDomainController({
    store,
    controllerName: 'DC',
    listen: { address: '127.0.0.1' },
    clock,
    random,
  });
  const { kdcPort, ldapPort, ldapsPort } = await controller.start();
  const config = krb5Config(parseProfile(krb5Conf(kdcPort)));
  const ldap = `ldap://localhost:${ldapPort}`;
  return {
    controller,
    ldap,
    ldaps: `ldaps://localhost:${ldapsPort}`,
    config,
    connectAs: async (user, options = {}) =>
      await connect({
        urls: [ldap],
        kerberos: clientOf(config, user),
        config,
        clock,
        random,
        ...options,
      }),
    close: async () => {
      await controller.close();
      await store.close();
    },
  };
}

/** Whoever has the password that all people of this domain share. */
export function clientOf(config: Krb5Config, user: string, password = PASSWORD): KerberosClient {
  return new KerberosClient({
    transport: configuredExchange(config, { resolver: noResolver, random, clock }),
    clock,
    random,
    cache: memoryCache(),
    account: {
      client: parsePrincipal(user, 'CONTOSO.COM'),
      secret: { kind: 'password', password },
    },
  });
}

async function populate(directory: Directory): Promise<void> {
  const salt = { samAccountName: 'alice', machine: false };
  const domain = { realm: 'CONTOSO.COM', dnsName: 'contoso.com' };
  const keys = { kvno: 1, keys: await passwordKeys(PASSWORD, saltOf(domain, salt)) };
  await directory.write((writer) => {
    for (const unit of ['OU=NA', 'OU=Servers,OU=NA', 'OU=Web,OU=Servers,OU=NA']) {
      writer.add(`${unit},DC=contoso,DC=com`, { objectClass: 'organizationalUnit' });
    }
    const hosts = ['ServerB', 'ServerC', 'JumpBox', 'OU=Web,ServerB1', 'OU=Web,ServerB2'];
    for (const text of hosts) {
      const [host = '', folder] = text.split(',').reverse();
      const parent = folder === undefined ? SERVERS : `${folder},${SERVERS}`;
      writer.add(`CN=${host},${parent}`, {
        objectClass: 'computer',
        sAMAccountName: `${host.toUpperCase()}$`,
        userAccountControl: '4096',
        dNSHostName: `${host.toLowerCase()}.contoso.com`,
        servicePrincipalName: [`HOST/${host}`, `HOST/${host.toLowerCase()}.contoso.com`],
      });
    }
    const users = 'CN=Users,DC=contoso,DC=com';
    const alice = { objectClass: 'user', sAMAccountName: 'alice', userAccountControl: '512' };
    const upn = { userPrincipalName: 'alice.smith@contoso.com' };
    writer.add(`CN=alice,${users}`, { ...alice, ...upn }, { keys });
    writer.add(`CN=Odd (*)\\, \\"Müller\\" 😀,${users}`, {
      objectClass: 'user',
      sAMAccountName: 'odd(x)&y',
      userAccountControl: '512',
    });
    // A user whose name is that of a computer without its dollar.
    writer.add(`CN=twin,${users}`, {
      objectClass: 'user',
      sAMAccountName: 'twin',
      userAccountControl: '512',
    });
    writer.add(`CN=TWIN,${SERVERS}`, {
      objectClass: 'computer',
      sAMAccountName: 'TWIN$',
      userAccountControl: '4096',
    });
    writer.add(`CN=Middles,${users}`, { objectClass: 'group', sAMAccountName: 'Middles' });
  });
}

function krb5Conf(kdcPort: number): string {
  return `[libdefaults]
  default_realm = CONTOSO.COM
  dns_lookup_kdc = false
[realms]
  CONTOSO.COM = {
    kdc = 127.0.0.1:${kdcPort}
  }
[domain_realm]
  localhost = CONTOSO.COM
  .contoso.com = CONTOSO.COM
`;
}
