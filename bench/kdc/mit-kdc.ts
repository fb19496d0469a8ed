import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Key } from '@doublehop/crypto/key';
import { etypes } from '@doublehop/crypto/numbers';
import { pooledRandom, type RandomSource } from '@doublehop/crypto/random';
import { stringToKeySync } from '@doublehop/crypto/string-to-key';
import { toHex } from '@doublehop/wire/bytes';
import { startMitKdc } from '../../test/peers/mit-kdc.ts';
import { runOrThrow } from '../../test/support/run.ts';
import type { BenchKdc } from './peer.ts';
import { hostAccount, keyOctets, REALM, realmSize, serviceName, userName } from './realm.ts';

const LOAD_TIMEOUT_MS = 600_000;
const ENCTYPES = ['aes256-cts-hmac-sha1-96', 'aes128-cts-hmac-sha1-96'];

/**
 * Starts MIT's krb5kdc as Debian configures it: DB2 store, PACs on, log in a file. Only what it
 * would write into its database at each AS request is off, for our KDC writes nothing there.
 */
export async function startMit(dir: string, accounts: number): Promise<BenchKdc> {
  const moduleSettings = ['disable_last_success = true', 'disable_lockout = true'];
  const kdc = await startMitKdc(dir, { realm: REALM, enctypes: ENCTYPES, moduleSettings });
  const tool = (...args: string[]): Promise<string> =>
    runOrThrow('/usr/sbin/kdb5_util', ['-r', REALM, ...args], {
      env: { ...kdc.env, KRB5_KDC_PROFILE: join(dir, 'kdc.conf') },
      timeout: LOAD_TIMEOUT_MS,
    });
  await kdc.kadmin(`addprinc -randkey -e ${ENCTYPES[0]}:normal ${MODEL}`);
  const model = join(dir, 'model.dump');
  await tool('dump', model, `${MODEL}@${REALM}`);
  const copies = join(dir, 'accounts.dump');
  writeFileSync(copies, dumpOf(readFileSync(model, 'utf8'), accounts));
  await tool('load', '-update', copies);
  return {
    name: 'mit',
    cases: ['as', 'tgs'],
    target: { address: kdc.address, port: kdc.port, accounts },
    pids: [kdc.pid],
    stop: kdc.stop,
  };
}

const MODEL = 'model';

/**
 * A dump with the record of the model once for each account, with the account's name and key. A
 * record is a line of tab-separated fields: `princ`, base length, length of the name, numbers of
 * tagged and key data, length of extra data, the name, …, the key encrypted, extra data.
 */
function dumpOf(model: string, accounts: number): string {
  const [header = '', record = ''] = model.split('\n');
  const fields = record.split('\t');
  const masterKey = stringToKeySync(etypes.aes256CtsHmacSha1, 'master', `${REALM}KM`);
  const random = pooledRandom();
  const line = (principal: string, account: string): string => {
    const name = `${principal}@${REALM}`;
    const key = sealedKey(masterKey, keyOctets(account), random);
    const [start, middle] = [fields.slice(0, 2), fields.slice(3, 6)];
    const rest = fields.slice(7, -2);
    return [...start, name.length, ...middle, name, ...rest, key, fields.at(-1)].join('\t');
  };
  const { users, hosts } = realmSize(accounts);
  const lines = [header];
  for (let number = 1; number <= users; number += 1) {
    lines.push(line(userName(number), userName(number)));
  }
  for (let number = 1; number <= hosts; number += 1) {
    lines.push(line(serviceName(number), hostAccount(number)));
  }
  return `${lines.join('\n')}\n`;
}

/** A key as the database has it: its length, then its octets encrypted with the master key. */
function sealedKey(masterKey: Key, octets: Uint8Array, random: RandomSource): string {
  const length = Uint8Array.of(octets.length & 0xff, octets.length >> 8);
  return toHex(length) + toHex(masterKey.encrypt(0, octets, random));
}
