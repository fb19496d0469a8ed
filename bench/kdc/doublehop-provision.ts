// Makes the domain of a benchmark in an LMDB store: users, hosts, grants between hosts.
//
//   doublehop-provision.ts DIR ACCOUNTS
import { join } from 'node:path';
import { etypes } from '@doublehop/crypto/numbers';
import { pooledRandom } from '@doublehop/crypto/random';
import { setGrants } from '@doublehop/delegation/grants';
import type { KeySet } from '@doublehop/directory/account';
import type { AttributeInput } from '@doublehop/directory/entry';
import { Directory } from '@doublehop/directory/directory';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { fileTime } from '@doublehop/directory/writer-options';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import {
  CONTROLLER,
  DNS_NAME,
  hostAccount,
  hostDnsName,
  keyOctets,
  middlesOf,
  NETBIOS_NAME,
  realmSize,
  serviceName,
  userName,
} from './realm.ts';

/** Entries in one unit of writes. */
const UNIT = 2000;
const NORMAL_ACCOUNT = '512';
const WORKSTATION_TRUST_ACCOUNT = '4096';
const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

const [dir = '.', accounts = '1000'] = process.argv.slice(2);
const size = realmSize(Number(accounts));
const random = pooledRandom();
const store = await lmdbStore({ path: join(dir, 'store'), durability: 'process' });
const directory = new Directory({ store, clock: Date.now, random });
const { dn: base } = await createDomain(
  directory,
  {
    dnsName: DNS_NAME,
    netbiosName: NETBIOS_NAME,
    controllerName: CONTROLLER,
    administratorPassword: 'Passw0rd.admin',
  },
  random,
);
await inUnits(size.users, addUser);
const middles: Sid[] = [];
await inUnits(size.middles, (writer, number) => {
  const { sid } = addHost(writer, number);
  if (sid !== undefined) middles[number - 1] = sid;
});
// The middles are there; now they can be named.
await inUnits(size.middles, (writer, number) => {
  const changes = [{ operation: 'replace', attribute: RBCD, values: grants(number) } as const];
  writer.modify(hostDn(number), changes);
});
await inUnits(size.hosts - size.middles, (writer, number) => {
  addHost(writer, size.middles + number, grants(size.middles + number));
});
await store.close();

async function inUnits(
  count: number,
  work: (writer: DirectoryWriter, number: number) => void,
): Promise<void> {
  for (let first = 1; first <= count; first += UNIT) {
    const last = Math.min(count, first + UNIT - 1);
    await directory.write((writer) => {
      for (let number = first; number <= last; number += 1) work(writer, number);
    });
  }
}

function addUser(writer: DirectoryWriter, number: number): void {
  const name = userName(number);
  writer.add(
    `CN=User ${number},CN=Users,${base}`,
    {
      objectClass: 'user',
      sAMAccountName: name,
      displayName: `User ${number}`,
      userPrincipalName: `${name}@${DNS_NAME}`,
      userAccountControl: NORMAL_ACCOUNT,
    },
    { keys: keysOf(name), also: seen() },
  );
}

function addHost(writer: DirectoryWriter, number: number, descriptor?: readonly Uint8Array[]) {
  const name = hostAccount(number);
  const short = name.replace('$', '');
  return writer.add(
    hostDn(number),
    {
      objectClass: 'computer',
      sAMAccountName: name,
      userAccountControl: WORKSTATION_TRUST_ACCOUNT,
      dNSHostName: hostDnsName(number),
      servicePrincipalName: [
        `HOST/${short}`,
        `HOST/${hostDnsName(number)}`,
        `RestrictedKrbHost/${hostDnsName(number)}`,
        serviceName(number),
      ],
      ...(descriptor === undefined ? {} : { [RBCD]: descriptor }),
    },
    { keys: keysOf(name), also: seen() },
  );
}

/** Of a domain in operation: everybody has logged on in the last days. */
function seen(): AttributeInput {
  const time = String(fileTime(Date.now()));
  return { lastLogon: time, lastLogonTimestamp: time, logonCount: '100' };
}

function hostDn(number: number): string {
  return `CN=Host ${number},CN=Computers,${base}`;
}

/** The descriptor that lets the middles of a target act for users. */
function grants(target: number): Uint8Array[] {
  const sids = middlesOf(target, size).flatMap((middle) => middles[middle - 1] ?? []);
  const { descriptor } = setGrants(undefined, sids);
  return descriptor === undefined ? [] : [encodeDescriptor(descriptor)];
}

function keysOf(account: string): KeySet {
  return {
    kvno: 1,
    keys: [{ etype: etypes.aes256CtsHmacSha1, bytes: keyOctets(account) }],
  };
}
