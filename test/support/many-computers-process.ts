// A domain with many computers, some with awkward names and lists, and its controller.
//
//   many-computers-process.ts DIR SIZE     sends its ports over IPC, ends with the channel
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { createDomainController } from '@doublehop/domain-controller/dc';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { BASE, PASSWORD, SERVERS } from './many-computers.ts';

/** Entries in one unit of writes. */
const UNIT = 2000;
/** Computers of one folder. */
const PER_FOLDER = 500;

/** Lists that stood there before: every so many computers have one of them. */
const LISTS = [
  'O:BAD:(A;;0xf01ff;;;S-1-5-21-1-2-3-1104)',
  'O:SYG:SYD:AR(D;;GA;;;S-1-5-21-1-2-3-1105)(A;CI;GA;;;S-1-5-21-1-2-3-1106)',
  'O:BAD:(XA;;GA;;;S-1-5-21-1-2-3-1107;(Member_of {SID(BA)}))',
  'O:BAD:(OA;;CR;0e10c968-78fb-11d2-90d4-00c04f79dc55;;S-1-5-21-1-2-3-1108)',
].map((text) => encodeDescriptor(parseSddl(text)));

const [dir = '.', count = '1000'] = process.argv.slice(2);
const size = Number(count);
const random = pooledRandom();
const path = join(dir, 'store');

await provision();
const store = await lmdbStore({ path });
const controller = createDomainController({
  store,
  controllerName: 'DC',
  listen: { address: '127.0.0.1' },
  clock: Date.now,
  random,
  onDefect: (error) => {
    throw error;
  },
});
const { kdcPort, ldapPort, ldapsPort } = await controller.start();
process.on('disconnect', () => {
  void controller.close().then(async () => {
    await store.close();
    process.exit(0);
  });
});
process.send?.({ kdcPort, ldapPort, ldapsPort });

async function provision(): Promise<void> {
  const empty = await lmdbStore({ path, durability: 'process' });
  const directory = new Directory({ store: empty, clock: Date.now, random });
  const domain = { dnsName: 'many.example', netbiosName: 'MANY', controllerName: 'DC' };
  const about = { administratorPassword: PASSWORD, controllerAliases: ['localhost'] };
  await createDomain(directory, { ...domain, ...about }, random);
  await directory.write((writer) => {
    writer.add(SERVERS, { objectClass: 'organizationalUnit' });
    for (let folder = 0; folder * PER_FOLDER < size; folder += 1) {
      writer.add(folderOf(folder), { objectClass: 'organizationalUnit' });
    }
    writer.add(`CN=JumpBox,CN=Computers,${BASE}`, computer('JUMPBOX'));
  });
  for (let first = 0; first < size; first += UNIT) {
    await directory.write((writer) => {
      for (let number = first; number < Math.min(first + UNIT, size); number += 1) {
        const folder = folderOf(Math.floor(number / PER_FOLDER));
        const list = number % 10 === 0 ? LISTS[(number / 10) % LISTS.length] : undefined;
        writer.add(`CN=${commonName(number)},${folder}`, {
          ...computer(`HOST${number}`),
          ...(list === undefined ? {} : { 'msDS-AllowedToActOnBehalfOfOtherIdentity': list }),
        });
      }
    });
  }
  await empty.close();
}

/** Every second folder lies in the one before it. */
function folderOf(folder: number): string {
  const own = `OU=Folder ${folder}`;
  return folder % 2 === 0 ? `${own},${SERVERS}` : `${own},OU=Folder ${folder - 1},${SERVERS}`;
}

function commonName(number: number): string {
  return number % 100 === 0 ? `Müller\\, \\"${number}\\" 😀` : `Host ${number}`;
}

function computer(name: string): Readonly<Record<string, string | readonly string[]>> {
  const host = name.toLowerCase();
  return {
    objectClass: 'computer',
    sAMAccountName: `${name}$`,
    userAccountControl: '4096',
    dNSHostName: `${host}.many.example`,
    servicePrincipalName: [`HOST/${name}`, `HOST/${host}.many.example`],
  };
}
